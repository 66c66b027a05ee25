--- Which address is answered by what. `open`: no key is asked for.
local chat = require "yuanjing.sandbox.server.chat"
local models = require "yuanjing.sandbox.server.models"
local play = require "yuanjing.sandbox.server.play"
local scenario = require "yuanjing.sandbox.server.scenario"

local routes = {}

local function elsewhere()
  return play.text(200, "this is where the scenario `redirect` leads to")
end

local function list_scenarios()
  return play.text(200, scenario.listing())
end

local TABLE = {
  ["/llmage/v1/models"] = { GET = { handle = models.list } },
  ["/llmage/v1/chat/completions"] = { POST = { handle = chat.complete } },
  ["/llmage/t2t"] = { POST = { handle = chat.complete } },
  ["/sandbox/scenarios"] = { GET = { handle = list_scenarios, open = true } },
  ["/sandbox/elsewhere"] = {
    GET = { handle = elsewhere, open = true },
    POST = { handle = elsewhere, open = true },
  },
}

--- The route | nil, the refusal.
---@param seen yuanjing.sandbox.Seen
function routes.find(seen)
  local methods = TABLE[seen.path]
  if not methods then return nil, play.text(404, "404: Not Found") end
  local route = methods[seen.method] or
    seen.method == "HEAD" and methods.GET
  if not route then return nil, play.text(405, "405: Method Not Allowed") end
  return route
end

return routes
