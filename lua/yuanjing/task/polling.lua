--- Polling: how often to query, for how long, and which failures end it. The
-- caller sends the query.
local check = require "yuanjing.base.check"
local loop = require "yuanjing.runtime.loop"

local polling = {}

---@class (exact) yuanjing.Pace seconds between two queries: from `first`, growing to `longest`
---@field first number
---@field longest number

local GROWTH, JITTER = 1.4, 0.25
local MIN_ASKED, MAX_ASKED = 0.001, 60 -- seconds that an answer may request

-- Failures that a further query can not repair; all others may be temporary.
local LASTING = { auth = true, not_found = true, task_failed = true,
  invalid_request = true, cancelled = true, dry_run = true }

-- The options of a wait for one task, and of a wait for many.
polling.OF_ONE = { timeout = "number", interval = "number",
  on_update = "function" }
local OF_MANY = { timeout = "number", interval = "number",
  on_update = "function", in_flight = "number" }

--- Checks the options of a wait; raises at the caller's caller.
---@param name string of the call
---@param options table
---@param rules? table<string, string> those it knows; default: all
function polling.check_options(name, options, rules)
  check.options(name, options, rules or OF_MANY, 3)
end

--- Splits the options of a call that waits and then does something else:
--- returns those of the wait, checked, and the others. Raises at the caller's
--- caller.
---@param name string of the call
---@param options table
---@return table wait
---@return table rest
function polling.split(name, options)
  check.table(name, options, 3)
  local wait, rest = {}, {}
  for key, value in pairs(options) do
    local part = polling.OF_ONE[key] and wait or rest
    part[key] = value
  end
  check.options(name, wait, polling.OF_ONE, 3)
  return wait, rest
end

local function jittered(seconds)
  return seconds * (1 - JITTER * loop.jitter())
end

--- Seconds until the query after the n-th: the caller's interval, or the time
--- that the last answer requested (Retry-After), or the pace.
---@param pace yuanjing.Pace
---@param n integer
---@param fixed? number
---@param asked? number
function polling.interval(pace, n, fixed, asked)
  if fixed then return fixed end
  if asked then return math.max(MIN_ASKED, math.min(MAX_ASKED, asked)) end
  return jittered(math.min(pace.longest, pace.first * GROWTH ^ (n - 1)))
end

--- Whether an error ends the wait.
---@param err yuanjing.Error
function polling.is_lasting(err)
  return LASTING[err.kind] or false
end

--- Polls until there is an answer: `ask(left)`, with the seconds left, returns
--- it; or nil, perhaps an error, and the requested pause. Returns the answer;
--- nil and a lasting error; or nil, the last temporary error if any, and true
--- when the time is over.
---@param pace yuanjing.Pace
---@param options { timeout: number, interval?: number }
---@param ask fun(left: number): any, yuanjing.Error?, number?
---@return any answer
---@return yuanjing.Error? err
---@return boolean? is_late
function polling.run(pace, options, ask)
  local ends = loop.now() + options.timeout
  for n = 1, math.huge do
    local answer, err, asked = ask(ends - loop.now())
    if answer ~= nil then return answer end
    if err and polling.is_lasting(err) then return nil, err end
    local nap = polling.interval(pace, n, options.interval, asked)
    local left = ends - loop.now()
    loop.sleep(math.max(0, math.min(nap, left)))
    if nap > left then return nil, err, true end
  end
end

return polling
