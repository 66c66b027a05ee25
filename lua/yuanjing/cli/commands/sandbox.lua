--- `yuanjing sandbox`: the platform on loopback, until Ctrl-C.
local errors = require "yuanjing.errors"
local output = require "yuanjing.cli.output"
local say = require("yuanjing.base.language").say
local scenario = require "yuanjing.sandbox.server.scenario"
local session = require "yuanjing.cli.session"
local shell = require "yuanjing.sandbox.shell"

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

-- $1 the sandbox's folder. Returns when this process, its parent or nginx has
-- ended, or after Ctrl-C, which os.execute hides from this process.
local WAIT = [==[
mother() {
  sed -n 's/^PPid:[[:space:]]*//p' "/proc/$PPID/status" 2>/dev/null ||
    ps -o ppid= -p "$PPID"
}
first=$(mother)
while kill -0 "$PPID" && kill -0 "$(cat "$1/nginx.pid")" &&
  test "$(mother)" = "$first"; do
  sleep 1
done 2>/dev/null
]==]

local function is_running(sandbox)
  local file = io.open(sandbox.dir .. "/nginx.pid")
  if file then file:close() end
  return file ~= nil
end

function command.run(arguments)
  if arguments.list then
    io.stdout:write(scenario.listing())
    return 0
  end
  local sandbox, err = require("yuanjing.sandbox").start {
    port = arguments.port, dir = arguments.dir, latency = arguments.latency,
    task_seconds = arguments.task_seconds,
    verify_seconds = arguments.verify_seconds, speed = arguments.speed,
  }
  if not sandbox then return output.fail(arguments, err) end
  announce(sandbox, arguments)
  os.execute(shell.command(WAIT, sandbox.dir))
  local is_ok = is_running(sandbox)
  sandbox:stop()
  if is_ok then return 0 end
  return output.fail(arguments, errors.new { kind = "io",
    message = say "nginx has ended by itself" })
end

return command
