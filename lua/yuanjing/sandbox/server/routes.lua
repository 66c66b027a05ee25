--- The handler of each path. `open`: needs no key. `submits`: the log has its
-- details. `polled`: clients repeat it.
local account = require "yuanjing.sandbox.server.account"
local chat = require "yuanjing.sandbox.server.chat"
local confirm = require "yuanjing.sandbox.server.assets.confirm"
local files = require "yuanjing.sandbox.server.media.files"
local hear = require "yuanjing.sandbox.server.speech.hear"
local links = require "yuanjing.sandbox.server.assets.links"
local models = require "yuanjing.sandbox.server.models"
local paths = require "yuanjing.protocol.endpoints"
local play = require "yuanjing.sandbox.server.play"
local query = require "yuanjing.sandbox.server.media.query"
local say = require "yuanjing.sandbox.server.speech.say"
local scenario = require "yuanjing.sandbox.server.scenario"
local submit = require "yuanjing.sandbox.server.media.submit"
local upload = require "yuanjing.sandbox.server.assets.upload"
local verify = require "yuanjing.sandbox.server.assets.verify"

local routes = {}

local function elsewhere()
  return play.text(200, "this is where the scenario `redirect` leads to")
end

local function list_scenarios()
  return play.text(200, scenario.listing())
end

local TABLE = {
  [paths.v1.models] = { GET = { handle = models.list } },
  [paths.v1.chat] = { POST = { handle = chat.complete } },
  [paths.legacy.chat] = { POST = { handle = chat.complete } },
  [paths.v1.image] = {
    POST = { handle = submit.image, submits = true },
  },
  [paths.v1.video] = {
    POST = { handle = submit.video, submits = true },
  },
  [paths.v1.speech] = { POST = { handle = say.speak } },
  [paths.v1.transcription] = { POST = { handle = hear.transcribe } },
  [paths.legacy.video] = { POST = { handle = submit.legacy, submits = true } },
  [paths.v1.task] = { GET = { handle = query.status, polled = true } },
  [paths.legacy.task] = {
    GET = { handle = query.status, polled = true },
    POST = { handle = query.status, polled = true },
  },
  [paths.account.history] = { GET = { handle = account.history } },
  [paths.account.balance] = { GET = { handle = account.balance } },
  [paths.account.prices] = { GET = { handle = account.prices } },
  [paths.results.file] = { GET = { handle = files.get, open = true } },
  [paths.assets.verify] = {
    POST = { handle = verify.begin },
  },
  [paths.assets.groups] = {
    POST = { handle = verify.groups, polled = true },
  },
  [paths.assets.upload] = {
    POST = { handle = upload.take, submits = true },
  },
  [paths.assets.status] = {
    POST = { handle = upload.status, polled = true },
  },
  [paths.assets.assets] = { POST = { handle = upload.list } },
  ["/reallife_asset/h5"] = {
    GET = { handle = confirm.show, open = true },
    POST = { handle = confirm.press, open = true },
  },
  ["/reallife_asset/file"] = { GET = { handle = links.get, open = true } },
  ["/sandbox/speech"] = { GET = { handle = say.get, open = true } },
  ["/sandbox/tasks"] = { GET = { handle = query.list, open = true } },
  ["/sandbox/scenarios"] = { GET = { handle = list_scenarios, open = true } },
  ["/sandbox/elsewhere"] = {
    GET = { handle = elsewhere, open = true },
    POST = { handle = elsewhere, open = true },
  },
}

--- The route; or nil and the error.
---@param path string
---@param method string
function routes.find(path, method)
  local methods = TABLE[path]
  if not methods then return nil, play.text(404, "404: Not Found") end
  local route = methods[method] or method == "HEAD" and methods.GET
  if not route then return nil, play.text(405, "405: Method Not Allowed") end
  return route
end

return routes
