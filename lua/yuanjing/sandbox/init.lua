--- The platform on your own machine: `require("yuanjing.sandbox").start()`.
--
-- Starts an nginx with its Lua module on loopback, in its own folder. This
-- needs no C: a small shell script runs nginx as long as a pipe from this
-- process is open, so nginx ends with this process, even if it is killed. The
-- server's code is in sandbox/server/ and runs inside nginx.
require "yuanjing.base.dependency" "yuanjing.core"
local check = require "yuanjing.base.check"
local conf = require "yuanjing.sandbox.conf"
local errors = require "yuanjing.errors"
local journal = require "yuanjing.sandbox.request_log"
local machine = require "yuanjing.sandbox.machine"
local ports = require "yuanjing.sandbox.ports"
local process = require "yuanjing.sandbox.process"
local script = require "yuanjing.sandbox.script"

local DEFAULT_KEY = "sk-sandbox"
local LATENCY = 0.025 -- seconds between two chunks of a stream
local TASK_SECONDS = 1
local VERIFY_SECONDS = 120
local MOST = 1e9 -- seconds, and times as fast
local SECONDS = { "number", least = 0, most = MOST,
  what = "a number of seconds, 0 or more" }
local ATTEMPTS = 20 -- ports to try, if none is given

---@class yuanjing.sandbox.Options
---@field port? integer any free one unless given
---@field keys? string[] the keys it accepts, {"sk-sandbox"} unless given
---@field latency? number seconds between two chunks of a stream
---@field task_seconds? number seconds from the submit of a task to its end, and
--- from the upload of an asset to Active; 1
---@field verify_seconds? number seconds that a verification link is good; 120
---@field speed? number seconds of the sandbox that pass in one real second; 1. All
--- seconds given to it are its own
---@field dir? string where its files go; kept afterwards. Without: temporary

---@class yuanjing.Sandbox
---@field url string "http://127.0.0.1:PORT"
---@field asset_url string the same: one server plays both hosts
---@field api_key string the first of its keys
---@field options yuanjing.Options the URLs and the key, for yuanjing.new
---@field port integer
---@field dir string
---@field logs { access: string, error: string } access is JSON lines
---@field private _process yuanjing.sandbox.Process?
---@field private _cleared integer requests before the last clear()
local methods = {}
local Sandbox = { __index = methods, __name = "yuanjing.Sandbox" }

--- Ends the sandbox and waits until nginx is gone; removes the folder unless
--- it was given. Does nothing if the sandbox has ended already.
function methods:stop()
  local running = self._process
  self._process = nil
  if running then running:stop() end
end

--- The requests that the server has received since the start or the last
--- clear(), the oldest first. A request without an answer has no `status` yet;
--- it is 499 if the client disconnected before the answer.
---@param endpoint? string only requests to it: "chat", "task" ...
---@return yuanjing.sandbox.Request[]
function methods:requests(endpoint)
  local list = {}
  for _, request in ipairs(journal.read(self.logs.access)) do
    if request.id > self._cleared and
      (not endpoint or request.endpoint == endpoint) then
      list[#list + 1] = request
    end
  end
  return list
end

-- A stopped sandbox has no folder to write to.
local function send(self, call, command, value)
  if not self._process then error(call .. ": the sandbox is stopped", 3) end
  script.write(self.dir, command, value)
end

--- Scripts the answer for the next request to this endpoint, or for the next
--- one with the given model and prompt: docs/testing.md. Scripted answers are
--- used in order; when none is left or fits, the endpoint answers as usual.
---@param endpoint string chat, image, video, task, file, models, verify,
--- groups, upload, status or assets
---@param answer yuanjing.sandbox.Answer
function methods:answer(endpoint, answer)
  send(self, "box:answer", "answer", script.answer(endpoint, answer))
end

--- Moves its clock forward: tasks advance, links expire.
---@param seconds number
function methods:advance(seconds)
  local problem = check.value("box:advance", seconds, SECONDS)
  if problem then error(problem, 2) end
  send(self, "box:advance", "advance", seconds)
end

--- Resets the sandbox for the next test: forgets answers, requests, tasks,
--- groups and assets, and resets the clock.
function methods:clear()
  send(self, "box:clear", "clear")
  self._cleared = journal.last(self.logs.access)
end

Sandbox.__gc = methods.stop -- Lua 5.4; elsewhere the pipe is collected
Sandbox.__close = methods.stop

function Sandbox:__tostring()
  local state = self._process and "" or ", stopped"
  return ("yuanjing.Sandbox (%s%s)"):format(self.url, state)
end

local function is_key_list(value)
  if type(value) ~= "table" or #value == 0 then return false end
  for _, key in ipairs(value) do
    if type(key) ~= "string" then return false end
  end
  return true
end

local OPTIONS = {
  port = { "number", least = 1, most = 65535, is_whole = true },
  keys = { "table", is = is_key_list, what = "a list of strings" },
  latency = SECONDS, task_seconds = SECONDS, verify_seconds = SECONDS,
  speed = { "number", above = 0, most = MOST },
  dir = "string",
}

local function io_error(message)
  return errors.new { kind = "io", message = "sandbox: " .. message }
end

local function new(host, running, port, keys)
  local url = ("http://127.0.0.1:%d"):format(port)
  return setmetatable({
    url = url, asset_url = url, api_key = keys[1], port = port,
    options = { base_url = url, asset_url = url, api_key = keys[1] },
    dir = host.dir,
    logs = {
      access = host.dir .. "/access.log",
      error = host.dir .. "/error.log",
    },
    _process = running, _cleared = 0,
  }, Sandbox)
end

-- Tries one port. Returns the running process; or nil, a message, and whether
-- the port was taken.
local function try(host, port, options)
  local ok, message = conf.write(host, port, {
    keys = options.keys or { DEFAULT_KEY },
    latency = options.latency or LATENCY,
    task_seconds = options.task_seconds or TASK_SECONDS,
    verify_seconds = options.verify_seconds or VERIFY_SECONDS,
    speed = options.speed or 1,
  })
  if not ok then return nil, message end
  return process.start(host)
end

local function try_ports(host, options)
  local candidates = options.port and { options.port } or
    ports.candidates(host.dir, ATTEMPTS)
  local running, message, taken
  for _, port in ipairs(candidates) do
    running, message, taken = try(host, port, options)
    if running then return running, port end
    if not taken then return nil, message end
  end
  if options.port then
    return nil, ("port %d is in use"):format(options.port)
  end
  return nil, "no free port found"
end

--- Starts a sandbox, which can answer when this returns. Error kinds: io, if
--- there is no nginx with its Lua module, or the port is taken.
---@param options? yuanjing.sandbox.Options
---@return yuanjing.Sandbox? sandbox
---@return yuanjing.Error? err
local function start(options)
  options = options or {}
  check.options("sandbox.start", options, OPTIONS)
  local host, message = machine.prepare(options.dir)
  if not host then return nil, io_error(message) end
  local running, port = try_ports(host, options)
  if not running then
    machine.discard(host)
    return nil, io_error(port)
  end
  return new(host, running, port, options.keys or { DEFAULT_KEY })
end

return { start = start }
