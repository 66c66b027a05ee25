--- What all commands that call the platform share: their options, a client
-- made from them, and a run that Ctrl-C ends properly.
local config = require "yuanjing.cli.config"
local core = require "yuanjing.core"
local exits = require "yuanjing.cli.exits"
local number = require "yuanjing.base.number"
local output = require "yuanjing.cli.output"
local protocols = require "yuanjing.protocol"
local say = require("yuanjing.base.language").say
local terminal = require "yuanjing.cli.terminal.terminal"
local yuanjing = require "yuanjing"

local session = {}

-- Seconds between two checks for signals, which also redraw the progress.
local TICK = 0.1

-- Seconds between two checks for signals at a typed prompt.
local LOOK = 0.5

-- Options ------------------------------------------------------------------

--- Makes a converter for argparse, of finite numbers.
---@param wanted string the message about another text: "a number is expected, not '%s'"
---@param is_good fun(value: number): boolean
function session.to_number(wanted, is_good)
  return function(text)
    local value = number.read(text)
    if value and value < math.huge and is_good(value) then return value end
    return nil, say(wanted, text)
  end
end

session.to_seconds = session.to_number("seconds are expected, not '%s'",
  function(seconds) return seconds > 0 end)

--- Converter for argparse: a path, an id or a key. It is empty when a shell
--- variable is not set.
function session.to_name(text)
  if text ~= "" then return text end
  return nil, say "a name is expected, not ''"
end

--- Adds the options of all commands that call the platform.
function session.options(parser)
  parser:group("Connection",
    parser:option("--base-url", "Where the platform is; default: "
      .. "$YUANJING_BASE_URL, the file of `yuanjing config`, "
      .. "https://opencomputing.ai."):argname "URL",
    parser:option("--asset-url", "The same for real-person assets; default: "
      .. "$YUANJING_ASSET_URL, the same file."):argname "URL",
    parser:option("--api", "The wire spoken; default: v1.")
      :choices(protocols.NAMES),
    parser:option("--ca-file", "A PEM file of certificates; default: "
      .. "$CURL_CA_BUNDLE, $SSL_CERT_FILE, else the system's."):argname "FILE",
    parser:option("--timeout", "The most that one call may take.")
      :argname "SECONDS":convert(session.to_seconds),
    parser:flag("--trust-redirects", "Let a download be led from https to "
      .. "http, and into a private network."))
  parser:group("Output",
    parser:flag("--json", "JSON on stdout, for scripts."),
    parser:flag("-v --verbose", "Tell on stderr what goes out and comes in."),
    parser:flag("--dry-run", "Send nothing, show what would be sent."))
end

-- Events -------------------------------------------------------------------

local STEPS = { "name", "connect", "tls", "answer" }

local function milliseconds(steps)
  local parts = {}
  for _, step in ipairs(STEPS) do
    if steps and steps[step] then
      parts[#parts + 1] = ("%s %.0f"):format(step, steps[step] * 1000)
    end
  end
  return #parts > 0 and (" (ms: %s)"):format(table.concat(parts, ", ")) or ""
end

local LOG_LINES = {
  request = function(event)
    return ("> %s %s"):format(event.call:match("^[^ \t-\r]+"), event.url)
  end,
  response = function(event)
    return say("< %d in %s s%s", event.status, number.fixed(event.elapsed, 2),
      milliseconds(event.steps))
  end,
  error = function(event) return "! " .. tostring(event.error) end,
  retry = function(event)
    return say("~ again in %s s", number.fixed(event.delay, 1))
  end,
  ["end"] = function(event)
    local tokens = event.usage and event.usage.total_tokens
    return say("< whole in %s s%s", number.fixed(event.elapsed, 2),
      tokens and say(", %s tokens", number.show(tokens)) or "")
  end,
}

local function log_event(event)
  local line = LOG_LINES[event.type]
  if line then output.note(line(event), "dim") end
end

-- Running ------------------------------------------------------------------

---@class yuanjing.cli.Hooks
---@field on_event? fun(event: yuanjing.Event)
---@field tick? fun() ten times a second
---@field over? fun() before the result is printed
---@field interrupted? fun(): string message after an interruption

--- A client made from the arguments, the environment, and the user's file. Raises
--- a yuanjing.Error if that file has mistakes.
---@param arguments table
---@param hooks? yuanjing.cli.Hooks
---@return yuanjing.Client
function session.client(arguments, hooks)
  local on_event = hooks and hooks.on_event
  local settings, err = config.in_force(arguments)
  if err then error(err, 0) end
  return yuanjing.new { api_key = settings.api_key.value,
    base_url = settings.base_url.value, asset_url = settings.asset_url.value,
    api = settings.api.value,
    ca_file = arguments.ca_file, timeout = arguments.timeout,
    dry_run = arguments.dry_run, trust_redirects = arguments.trust_redirects,
    on_event = function(event)
      if on_event then on_event(event) end
      if arguments.verbose then log_event(event) end
    end }
end

local function follow(job, hooks)
  while not job.done do
    job:await(TICK)
    if hooks.tick then hooks.tick() end
    if core.caught_signal() then job:cancel() end
  end
  if hooks.over then hooks.over() end
end

--- As run(), but keeps catching signals, for a further attempt.
function session.attempt(arguments, work, hooks)
  hooks = hooks or {}
  core.catch_signals()
  local job = yuanjing.async(work, session.client(arguments, hooks))
  follow(job, hooks)
  local signal = core.caught_signal()
  local ok, err = job:await()
  if ok then return exits.OK end
  if err.kind ~= "cancelled" or not signal then
    return output.fail(arguments, err)
  end
  if terminal.can_redraw(terminal.STDERR) then
    terminal.write(terminal.STDERR, "\r\27[K") -- over the ^C of the terminal
  end
  output.note("yuanjing: " .. (hooks.interrupted and hooks.interrupted()
    or say "interrupted"))
  return 128 + signal
end

--- Runs work(client) and checks for signals meanwhile. `work` returns true, or
--- nil and a yuanjing.Error; the first Ctrl-C cancels it, the second ends the
--- process.
---@param arguments table
---@param work fun(client: yuanjing.Client): true?, yuanjing.Error?
---@param hooks? yuanjing.cli.Hooks
---@return integer status
function session.run(arguments, work, hooks)
  local status = session.attempt(arguments, work, hooks)
  session.leave()
  return status
end

--- Stops catching signals, after attempts.
function session.leave()
  core.release_signals()
end

--- A line typed at a terminal behind a prompt sign, which goes to stdout; nil at
--- the end (Ctrl-D), or nil and the exit status after a signal.
-- NB: it polls before it reads: a signal just before a read would not
-- interrupt the read. A terminal delivers single lines, so no line is left in
-- the buffer.
---@param sign string
---@return string?
---@return integer? status
function session.typed(sign)
  core.catch_signals()
  terminal.write(terminal.STDOUT, sign)
  local signal
  repeat
    local is_there = core.pollfd(terminal.STDIN, LOOK)
    signal = core.caught_signal()
  until is_there or signal
  local line = not signal and terminal.read_line() or nil
  signal = signal or not line and core.caught_signal()
  if not line then terminal.write(terminal.STDOUT, "\n") end
  return line, signal and 128 + signal
end

--- If the value is the description of a dry run: prints it and returns true.
---@param arguments table
---@param value any
---@return boolean
function session.shows_request(arguments, value)
  local is_request = type(value) == "table" and rawget(value, "dry_run")
  if not is_request then return false end
  if arguments.json then
    output.json(value)
  else
    output.print { tostring(value) }
  end
  return true
end

return session
