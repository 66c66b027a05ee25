--- The server: this folder's code runs inside nginx's LuaJIT. It follows the
-- platform's contract, and shares no code with the client.
--
--   request -> route, auth -> scenario -> handler makes a play -> play:run()
local auth = require "yuanjing.sandbox.server.auth"
local clock = require "yuanjing.sandbox.server.clock"
local guard = require "yuanjing.sandbox.server.guard"
local journal = require "yuanjing.sandbox.server.request_log"
local play = require "yuanjing.sandbox.server.play"
local received = require "yuanjing.sandbox.server.media.received"
local request = require "yuanjing.sandbox.server.request"
local routes = require "yuanjing.sandbox.server.routes"
local scenario = require "yuanjing.sandbox.server.scenario"
local script = require "yuanjing.sandbox.server.script"
local tasks = require "yuanjing.sandbox.server.media.tasks"

local server = {}

local settings -- set once, before the first request

--- Called in the configuration phase.
---@param given { keys: string[], latency: number, task_seconds: number,
--- verify_seconds: number, speed: number }
function server.configure(given)
  settings = given
  auth.configure(given.keys)
  journal.configure(given.keys)
  guard.unblock_signals()
  guard.leave_terminal()
end

--- Called when the process begins to serve.
function server.begin()
  local prefix = ngx.config.prefix()
  clock.begin(settings.speed)
  journal.open(prefix .. "access.log")
  script.open(prefix .. "script")
  guard.watch_parent()
  local file = assert(io.open(prefix .. "ready", "w"))
  file:write(tostring(ngx.worker.pid()), "\n")
  file:close()
end

local function refuse(seen, route)
  if not route.open and seen.auth ~= "ok" then return auth.refusal() end
  if seen.too_large then return request.too_large(seen) end
end

local function respond(seen, route)
  local answer = scenario.perform(seen, script.handler(seen, route.handle))
  if route.polled then clock.pace(answer) end
  script.add_headers(seen, answer)
  return answer
end

--- content_by_lua: a request has come.
function server.answer()
  script.update()
  local route, refusal = routes.find(ngx.var.uri, ngx.req.get_method())
  if route and ngx.req.get_method() == "POST" then tasks.posted(ngx.var.uri) end
  local seen = request.read(auth, settings)
  if route and route.submits then seen.received = received.of(seen) end
  refusal = refusal or refuse(seen, route)
  if not refusal then script.take(seen) end
  journal.arrived(seen)
  play.run(refusal or respond(seen, route))
end

--- log_by_lua: an answer has ended, one way or the other.
function server.log()
  journal.ended()
end

return server
