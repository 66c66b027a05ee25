--- `yuanjing sandbox`: the platform on loopback, until Ctrl-C.
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local exits = require "yuanjing.cli.exits"
local output = require "yuanjing.cli.output"
local say = require("yuanjing.base.language").say
local scenario = require "yuanjing.sandbox.server.scenario"
local session = require "yuanjing.cli.session"
local yuanjing = require "yuanjing"

local command = {
  name = "sandbox",
  summary = "Run the platform on this machine, until Ctrl-C.",
}

local to_port = session.to_number(
  "port: a number from 1 to 65535 is expected, not '%s'",
  function(port) return port % 1 == 0 and port >= 1 and port <= 65535 end)
local to_seconds = session.to_number("seconds are expected, not '%s'",
  function(seconds) return seconds >= 0 end)
local to_speed = session.to_number("a speed above 0 is expected, not '%s'",
  function(speed) return speed > 0 end)

local SECONDS = {
  { "--latency", "Seconds between two chunks of a stream." },
  { "--task-seconds", "Seconds from the submit of a task to its end." },
  { "--verify-seconds", "Seconds that the link of a verification is good." },
}

function command.options(parser)
  parser:option("--port", "The port; any free one unless given.")
    :convert(to_port)
  parser:option("--dir", "Where its files go and stay; otherwise temporary.")
  for _, row in ipairs(SECONDS) do
    parser:option(row[1], row[2]):convert(to_seconds)
  end
  parser:option("--speed", "How many of its seconds pass in one of yours.")
    :convert(to_speed)
  parser:flag("--list", "List the scenarios (header X-Sandbox) and exit.")
  parser:flag("--json", "Say where it is as JSON, in one line.")
end

local NOTICE = [[
The 元境 sandbox is running.
  url         %s
  key         %s
  access log  %s
  error log   %s

In another terminal:
  export YUANJING_API_KEY=%s
  export YUANJING_BASE_URL=%s
  export YUANJING_ASSET_URL=%s
  yuanjing chat "你好"

Ctrl-C ends it.
]]

local function announce(sandbox, arguments)
  if arguments.json then
    return output.json { url = sandbox.url, asset_url = sandbox.asset_url,
      api_key = sandbox.api_key, logs = sandbox.logs }
  end
  io.stdout:write(say(NOTICE, sandbox.url, sandbox.api_key,
    sandbox.logs.access, sandbox.logs.error, sandbox.api_key, sandbox.url,
    sandbox.asset_url))
  io.stdout:flush()
end

-- Seconds between two looks for signals, and at whether all still runs.
local LOOK = 0.2

local SIGINT = 2

-- The process that started this one. Where it can not be read this command hears of
-- its end by SIGHUP alone.
local function parent()
  local file = io.open "/proc/self/status"
  local text = file and file:read("*a")
  if file then file:close() end
  return text and text:match("\nPPid:[ \t]*([0-9]+)")
end

local function is_running(sandbox)
  local file = io.open(sandbox.dir .. "/nginx.pid")
  if file then file:close() end
  return file ~= nil
end

-- Waits until Ctrl-C, or until the parent or nginx has ended.
local function stay(sandbox)
  local first = parent()
  while is_running(sandbox) and parent() == first
    and not core.caught_signal() do
    yuanjing.sleep(LOOK)
  end
end

local function status_of(signal)
  return signal == SIGINT and exits.OK or 128 + signal
end

local function start(arguments)
  return require("yuanjing.sandbox").start {
    port = arguments.port, dir = arguments.dir, latency = arguments.latency,
    task_seconds = arguments.task_seconds,
    verify_seconds = arguments.verify_seconds, speed = arguments.speed,
  }
end

function command.run(arguments)
  if arguments.list then
    io.stdout:write(scenario.listing())
    return exits.OK
  end
  core.catch_signals() -- from here on: one during the start must end it, too
  local sandbox, err = start(arguments)
  local is_ok = false
  if sandbox then
    announce(sandbox, arguments)
    stay(sandbox)
    is_ok = is_running(sandbox)
    sandbox:stop()
  end
  if core.caught_signal() then return status_of(core.caught_signal()) end
  if is_ok then return exits.OK end
  return output.fail(arguments, err or errors.new { kind = "io",
    message = say "nginx has ended by itself" })
end

return command
