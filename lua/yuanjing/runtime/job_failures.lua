--- Failures of jobs that no code awaits. Each is reported once, after a moment
-- in which the job may still be awaited: to stderr (in nginx to its log) and
-- to the hook `yuanjing.on_error`. Failures that remain when Lua closes are
-- reported then.
local finalizer = require "yuanjing.base.finalizer"
local lazy = require "yuanjing.base.lazy"
local loop = lazy.module "yuanjing.runtime.loop" -- loaded, where there is a job

local failures = {}

--- Seconds from a failure until its report; in a game it is the next frame.
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

-- The keys are failures, except `finalizer`, which finalizer.attach() adds.
local unreported = finalizer.attach({}, function(all)
  for failure in pairs(all) do
    if type(failure) == "table" then write(failure) end
  end
end)

-- An error raised by the hook reaches the code that drives the loop: update()
-- in a game.
local function report(failure)
  if not unreported[failure] then return end
  unreported[failure] = nil
  write(failure)
  local hook = hooks.on_error
  if hook then hook(failure.problem, failure.traceback) end
end

--- A failure that will be reported, unless handled() is called before.
---@param problem any
---@param traceback string
---@return yuanjing.JobFailure
function failures.new(problem, traceback)
  local failure = { problem = problem, traceback = traceback }
  unreported[failure] = true
  loop.after(failures.GRACE, function() report(failure) end)
  return failure
end

--- The failure was returned to a caller: it is not reported any more.
---@param failure yuanjing.JobFailure
function failures.handled(failure)
  unreported[failure] = nil
end

--- Sets the table in which the hook on_error is looked up.
---@param table { on_error?: fun(problem: any, traceback: string) }
function failures.look_in(table)
  hooks = table
end

return failures
