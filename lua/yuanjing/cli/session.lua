--- What every command that calls the platform does: the options they share, a
-- client by them, and a run that Ctrl-C ends in good order.
local core = require "yuanjing.core"
local exits = require "yuanjing.cli.exits"
local number = require "yuanjing.base.number"
local output = require "yuanjing.cli.output"
local terminal = require "yuanjing.cli.terminal.terminal"
local yuanjing = require "yuanjing"

local session = {}

-- Seconds between two looks at the signals, and two pictures of a progress.
local TICK = 0.1

-- Seconds between two looks at the signals where somebody types.
local LOOK = 0.5

-- Options ------------------------------------------------------------------

--- For argparse: a number of seconds.
function session.to_seconds(text)
  local seconds = number.read(text)
  if seconds and seconds > 0 and seconds < math.huge then return seconds end
  return nil, ("seconds are expected, not '%s'"):format(text)
end

--- For argparse: a path, an id or a key. A variable of the shell that is not set
--- leaves it empty.
function session.to_name(text)
  if text ~= "" then return text end
  return nil, "a name is expected, not ''"
end

--- Adds the options of every command that calls the platform.
function session.options(parser)
  parser:group("Connection",
    parser:option("--base-url", "Where the platform is; default: "
      .. "$YUANJING_BASE_URL, else https://opencomputing.ai."):argname "URL",
    parser:option("--asset-url", "The same for real-person assets; default: "
      .. "$YUANJING_ASSET_URL."):argname "URL",
    parser:option("--api", "The wire spoken; default: v1.")
      :choices { "v1", "legacy" },
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

local TOLD = {
  request = function(event)
    return ("> %s %s"):format(event.call:match("^[^ \t-\r]+"), event.url)
  end,
  response = function(event)
    return ("< %d in %s s%s"):format(event.status, number.fixed(event.elapsed, 2),
      milliseconds(event.steps))
  end,
  error = function(event) return "! " .. tostring(event.error) end,
  retry = function(event)
    return ("~ again in %s s"):format(number.fixed(event.delay, 1))
  end,
  ["end"] = function(event)
    local tokens = event.usage and event.usage.total_tokens
    return ("< whole in %s s%s"):format(number.fixed(event.elapsed, 2),
      tokens and (", %s tokens"):format(number.show(tokens)) or "")
  end,
}

local function log_event(event)
  local line = TOLD[event.type]
  if line then output.say(line(event), "dim") end
end

-- Running ------------------------------------------------------------------

---@class yuanjing.cli.Hooks
---@field on_event? fun(event: yuanjing.Event)
---@field tick? fun() ten times a second
---@field over? fun() before the end is told
---@field interrupted? fun(): string what to say of it

--- A client as the arguments say.
---@param arguments table
---@param hooks? yuanjing.cli.Hooks
---@return yuanjing.Client
function session.client(arguments, hooks)
  local on_event = hooks and hooks.on_event
  return yuanjing.new { base_url = arguments.base_url,
    asset_url = arguments.asset_url, api = arguments.api,
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

--- As run(), but the signals stay with us, for more of it.
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
    terminal.write(terminal.STDERR, "\r\27[K") -- over the ^C
  end
  output.say("yuanjing: " .. (hooks.interrupted and hooks.interrupted()
    or "interrupted"))
  return 128 + signal
end

--- Runs work(client) beside a look at the signals. It returns true, or nil and
--- a yuanjing.Error; the first Ctrl-C cancels it, the second ends the process.
---@param arguments table
---@param work fun(client: yuanjing.Client): true?, yuanjing.Error?
---@param hooks? yuanjing.cli.Hooks
---@return integer status
function session.run(arguments, work, hooks)
  local status = session.attempt(arguments, work, hooks)
  session.leave()
  return status
end

--- Gives the signals back, after attempts.
function session.leave()
  core.release_signals()
end

--- A line typed at a terminal, behind that sign; nil at the end (Ctrl-D), or
--- nil and the status to end with when a signal came first.
-- NB: it looks before it reads, for a signal right before a read would not end
-- that. A terminal gives one line at a time, so none waits in a buffer.
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
  local line = not signal and io.read("*l") or nil
  if not line then terminal.write(terminal.STDOUT, "\n") end
  return line, signal and 128 + signal
end

--- With --dry-run what a call returns is what it would have sent: shows it, and
--- says so.
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
