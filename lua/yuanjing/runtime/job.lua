--- Jobs: functions that run concurrently. They advance whenever any code
-- waits, by update() in a game, or by the host's own loop.
local errors = require "yuanjing.errors"
local failures = require "yuanjing.runtime.job_failures"
local loop = require "yuanjing.runtime.loop"
local cancel_scope = require "yuanjing.runtime.cancel_scope"

local job = {}

---@class yuanjing.Job
---@field done boolean it has returned, failed, or been cancelled
---@field traceback? string where it failed
---@field private _waiter yuanjing.Waiter
---@field private _waiters? table<yuanjing.Waiter, boolean> those that await it
---@field private _run? function until it starts
---@field private _arguments? { n: integer } until it starts
---@field private _pool yuanjing.core.Pool of the process it was started in
---@field private _scope? yuanjing.CancelScope once it has started
---@field private _results? { n: integer }
---@field private _error? any what it failed with; raised unless a yuanjing.Error
---@field private _failure? yuanjing.JobFailure once it has failed
local methods = {}
local Job = {}
Job.__index = methods
Job.__name = "yuanjing.Job"

local unpack, traceback = table.unpack or unpack, debug.traceback

-- Life ---------------------------------------------------------------------

-- A later await() gets the result again; those that wait now go on in the
-- queue's turn. NB: a debug hook or lack of memory may interrupt this function
-- anywhere; then it is called again.
local function finish(self)
  self.done = true
  for waiter in pairs(self._waiters or {}) do waiter:wake() end
  self._waiters = nil
end

local function fail(self, problem)
  local text = self.traceback or tostring(problem)
  self._error = type(problem) == "string" and text or problem
  self._failure = failures.new(problem, text)
  finish(self)
  self._scope:cancel()
  loop.requeue_ready()
end

local function complete(self, ok, ...)
  if self.done then return end -- it was cancelled
  if not ok then return fail(self, (...)) end
  self._results = { n = select("#", ...), ... }
  finish(self)
end

-- The traceback can only be taken before the stack is unwound.
local function handler_of(self)
  return function(problem)
    if not self.done then
      self.traceback = traceback(tostring(problem), 2)
    end
    return problem
  end
end

-- Ends a job and what it has begun. A job that waits raises the error there; a
-- job that runs goes on until it waits. NB: it may be interrupted anywhere,
-- and is called again then.
local function stop(self)
  if self.done and not self._is_stopping then return end
  self._is_stopping = true
  self._error = self._error or errors.new { kind = "cancelled",
    call = "job:cancel", message = "the job was cancelled" }
  finish(self)
  if self._scope then self._scope:cancel() end
  self._is_stopping = nil
  if self._waiter then self._waiter:interrupt(self._error) end
end

-- The arguments for xpcall(). The job drops its own arguments here: they may
-- be large.
local function begin(self, waiter)
  local run, arguments = self._run, self._arguments
  self._run, self._arguments = nil, nil
  self._waiter, self._scope = waiter, cancel_scope.new()
  return run, handler_of(self), unpack(arguments, 1, arguments.n)
end

-- NB: complete() may run out of memory; callers of await() must not wait for
-- ever.
local function run_in(waiter)
  local self = waiter.job
  if self.done then return end
  local ok, problem = pcall(complete, self, xpcall(begin(self, waiter)))
  if not ok then methods.broken_off(self, problem) end
end

--- Called when the fiber is gone: at its end, or interrupted before by an
--- error that may be raised anywhere (a debug hook's error, lack of memory).
---@private
---@param problem? any
function methods:broken_off(problem)
  if self.done and not self._waiters then return end
  if not self._results and not self._error then
    self._error = problem or "the job was broken off"
    self._failure = failures.new(self._error, tostring(self._error))
  end
  finish(self)
end

--- The error that its fiber raises where it waits.
---@private
function methods:why_ended() return self._error end

local NO_ARGUMENTS = { n = 0 }

--- Starts a job: `run(...)` runs until it waits for something, and goes on
--- whenever that is ready. The job owns what it begins: its streams and jobs
--- end with it when it fails or is cancelled.
---@param run function
---@param ... any
---@return yuanjing.Job
function job.async(run, ...)
  if type(run) ~= "function" then
    error(("yuanjing.async: expected function, got %s"):format(type(run)), 2)
  end
  local n = select("#", ...)
  -- NB: with the fields that come later, or the table would grow with each.
  local self = setmetatable({ done = false, _run = run,
    _arguments = n > 0 and { n = n, ... } or NO_ARGUMENTS, _pool = nil,
    _waiter = nil, _scope = nil, _results = nil }, Job)
  local pool, err = loop.try_pool()
  if not pool then
    self.done, self._error = true, err
    return self
  end
  self._pool = pool
  loop.scope_add(self, stop)
  loop.spawn(self, run_in)
  loop.requeue_ready()
  return self
end

-- NB: a cancelled job may still run, to clean up. What it begins then is
-- cancelled at once, before anything is sent or billed.
---@private
function methods:add(thing, cancel)
  if self.done then return cancel(thing) end
  self._scope:add(thing, cancel)
end

--- Ends the job now, and what it has begun: its streams are closed, and where
--- it waits an error of kind `cancelled` is raised, so that it can clean up.
--- await() returns that error. A job that is done stays as it is.
function methods:cancel()
  local me = loop.waiter()
  local problem = me.problem
  stop(self)
  if me.problem ~= problem then error(me.problem, 0) end
  loop.requeue_ready()
end

local function timed_out()
  return nil, errors.new { kind = "timeout", call = "job:await",
    retryable = true, message = "the job is not done yet; await it again" }
end

local function park_until_done(self, me, ends)
  repeat
    me:park(ends and math.max(0, ends - loop.now()))
  until self.done or ends and loop.now() >= ends
end

-- Returns false when the timeout comes first.
local function wait_done(self, timeout)
  if self.done then return true end
  if self._pool ~= loop.pool() then stop(self) end -- in a forked child
  if self.done then return true end
  local me, waiters = loop.waiter(), self._waiters or {}
  self._waiters, waiters[me] = waiters, true
  local ok, problem = pcall(park_until_done, self, me,
    timeout and loop.now() + timeout)
  waiters[me] = nil
  if not ok then error(problem, 0) end
  return self.done
end

--- Waits for the end of the job and returns what its function returned.
--- Returns nil and an error: of kind `timeout` when that takes too long (the
--- job goes on), of kind `cancelled`, or the yuanjing.Error that the function
--- raised. Any other value that it raised is raised here, with its traceback.
---@param timeout? number seconds
---@return any ... what the function returned
function methods:await(timeout)
  if timeout ~= nil then loop.check_seconds("job:await", timeout) end
  if not self.done and loop.waiter().job == self then
    error("job:await: a job can not await itself", 2)
  end
  if not wait_done(self, timeout) then return timed_out() end
  if self._failure then failures.handled(self._failure) end
  local results = self._results
  if results then return unpack(results, 1, results.n) end
  if errors.is(self._error) then return nil, self._error end
  error(self._error, 0)
end

function Job:__tostring()
  return ("yuanjing.Job (%s)"):format(not self.done and "running"
    or self._results and "done" or self._failure and "failed" or "cancelled")
end

--- Waits; everything in flight goes on.
---@param seconds number seconds
function job.sleep(seconds)
  loop.check_seconds("yuanjing.sleep", seconds)
  loop.sleep(seconds)
end

local FRAME_BUDGET = 0.002

--- Advances every job and never waits: call it once a frame in a game. It
--- takes about `budget` seconds at most; the remaining work is done in the
--- next call.
---@param budget? number seconds (0.002)
function job.update(budget)
  if budget ~= nil then loop.check_seconds("yuanjing.update", budget) end
  loop.update(budget or FRAME_BUDGET)
end

return job
