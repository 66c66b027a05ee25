--- Failures of jobs that nobody awaits. Each is told once, after a moment in which
-- somebody may still await it: to stderr, in nginx to its log, and to the hook
-- `yuanjing.on_error`. What is left when Lua closes is told then.
local finalizer = require "yuanjing.base.finalizer"
local loop = require "yuanjing.runtime.loop"

local failures = {}

--- Seconds from a failure until it is told; in a game it is the next frame.
failures.GRACE = 0.25

---@class yuanjing.JobFailure
---@field problem any what was raised
---@field traceback string

local stderr = io.stderr
local ngx = rawget(_G, "ngx")
local hooks = {}

local function write(failure)
  local text = "yuanjing: a job failed and nobody awaited it: "
    .. failure.traceback
  if ngx and ngx.log then return ngx.log(ngx.ERR, text) end
  stderr:write(text, "\n")
end

-- By themselves; what else is there (its finalizer) is none.
local unreported = finalizer.attach({}, function(all)
  for failure in pairs(all) do
    if type(failure) == "table" then write(failure) end
  end
end)

-- What the hook raises reaches whoever moves the jobs on: update() in a game.
local function report(failure)
  if not unreported[failure] then return end
  unreported[failure] = nil
  write(failure)
  local hook = hooks.on_error
  if hook then hook(failure.problem, failure.traceback) end
end

--- Has it told, unless handled() is called before.
---@param problem any
---@param traceback string
---@return yuanjing.JobFailure
function failures.new(problem, traceback)
  local failure = { problem = problem, traceback = traceback }
  unreported[failure] = true
  loop.after(failures.GRACE, function() report(failure) end)
  return failure
end

--- Somebody has got it.
---@param failure yuanjing.JobFailure
function failures.handled(failure)
  unreported[failure] = nil
end

--- Where the hook on_error is looked up.
---@param table { on_error?: fun(problem: any, traceback: string) }
function failures.look_in(table)
  hooks = table
end

return failures
