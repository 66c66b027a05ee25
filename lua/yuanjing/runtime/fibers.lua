--- Fibers: coroutines that yield where a program would block. A woken fiber
-- runs when the queue is run, never inside the call that woke it: so a chain
-- of wakings is a loop and not a recursion. Knows time, not the network.
local core = require "yuanjing.core"
local heap = require "yuanjing.base.heap"

local fibers = {}

---@class yuanjing.Fiber something that can wait: park() and wake()
---@field job? yuanjing.Job the job that runs in it
---@field private thread thread suspended: it is parked, or not started yet
---@field private at number|false the time of its timer, while it is in the heap
---@field private is_queued boolean
---@field private has_begun boolean or will, even if the code that started it fails
---@field problem? any what interrupt() was given
---@field private patience? integer
---@field private process table identity of the process that started it
local Fiber = {}
Fiber.__index = Fiber

-- In OpenResty, coroutine functions create coroutines that belong to a
-- request; it keeps Lua's own functions under other names.
local function original(name)
  return rawget(coroutine, "_" .. name) or coroutine[name]
end

local create, status, yield = original "create", original "status",
  original "yield"
local running, switch, innermost = coroutine.running, core.switch, core.fiber
local is_yieldable = core.is_yieldable -- nginx's Lua module hides Lua's own

local timers = heap.new()
local queue, first, last = {}, 1, 0
local process = {}

-- By their threads. NB: fiber and thread keep each other alive.
local fiber_of = setmetatable({}, { __mode = "kv" })

-- Depth of coroutines inside coroutines: each takes Lua 5.4 about four of its
-- 200 C levels.
local depth, MAX_DEPTH = 0, 30

-- Changes of the queue and the timers that have begun and not ended. NB: an
-- error of a debug hook, or lack of memory, may interrupt one at any
-- instruction: then the count stays too high, and the next step repairs the
-- queue, see mend().
local changes = 0

-- The fiber that runs in each change. A fiber in neither the queue nor the
-- timers could be collected, and mend() would not find it.
local going = {}
local mending -- the set of all fibers, during mend()

-- How often a fiber may wait after interrupt() before it is abandoned.
local PATIENCE = 16

local function enqueue(fiber)
  if fiber.is_queued then return end
  changes = changes + 1
  queue[last + 1] = fiber
  last = last + 1
  fiber.is_queued = true
  changes = changes - 1
end

local function set_timer(fiber, at)
  changes = changes + 1
  fiber.at = at
  timers:push(fiber)
  changes = changes - 1
end

local function is_parked(fiber)
  return status(fiber.thread) == "suspended"
end

-- A job whose fiber is gone has ended, or it would be awaited for ever; a
-- cancelled job ends where it waits.
local function mend_job(fiber, is_gone)
  local job = fiber.job
  if not job then return end
  if is_gone then
    job:broken_off()
  elseif job.done and not fiber.problem then
    fiber.problem = job:why_ended()
    core.interrupt(fiber.thread)
  end
end

-- After an interrupted change: rebuilds the queue with every fiber in it. A
-- fiber that was not due checks its condition and waits again.
local function mend()
  local all = mending or {}
  for _, fiber in pairs(fiber_of) do all[fiber] = true end
  for _, fiber in pairs(going) do all[fiber] = true end
  mending = all
  timers, queue, first, last = heap.new(), {}, 1, 0
  for fiber in pairs(all) do
    fiber.at, fiber.is_queued, fiber.place = false, false, nil
    if fiber.process == process then
      local is_gone = status(fiber.thread) == "dead"
      if fiber.has_begun and not is_gone then enqueue(fiber) end
      mend_job(fiber, is_gone)
    end
  end
  mending = nil
end

local function mend_if_broken()
  if changes == 0 or innermost() then return end
  mend()
  changes, depth = 0, 0
end

--- Begins a change; other changes may begin and end inside it.
---@return integer change for finish()
function fibers.begin()
  mend_if_broken()
  changes = changes + 1
  return changes
end

--- Ends a change.
---@param change integer
function fibers.finish(change)
  if changes ~= change then mend() end
  changes = change - 1
end

-- After a fiber stopped running: it has ended; or user code yielded, which
-- lets every other fiber run once; or it failed: returns why.
local function leave(fiber, ok, problem)
  if is_parked(fiber) then
    set_timer(fiber, core.now())
  elseif fiber.job then
    fiber.job:broken_off(problem)
  elseif ok == nil then
    return problem
  end
end

-- Raises the failure of a fiber that has no job.
local function raise(fiber, problem)
  if type(problem) ~= "string" then error(problem, 0) end
  error(debug.traceback(fiber.thread, problem), 0)
end

-- Runs a fiber until it parks.
local function go_on(fiber)
  local before, change, problem = depth, changes + 1, nil
  changes = change
  going[change] = fiber
  if fiber.at then timers:remove(fiber) end
  fiber.at = false
  depth = before + 1
  local waits, why = switch(fiber.thread)
  depth = before
  if not waits then problem = leave(fiber, waits, why) end
  if changes ~= change then mend() end
  going[change] = nil
  changes = change - 1
  if problem then raise(fiber, problem) end
end

--- The fiber that runs now, if it can yield here. Inside a coroutine of the
--- user it is nil: a yield from there would reach the user. Below a C function
--- (the callback of gsub(), for example), which no yield can cross, it is nil
--- too.
---@return yuanjing.Fiber?
---@return yuanjing.Fiber? around the fiber that runs now, whether or not it can yield
function fibers.current()
  local thread = innermost()
  if not thread then return nil end
  local fiber = fiber_of[thread]
  return running() == thread and is_yieldable() and fiber or nil, fiber
end

--- The fiber that runs now, also inside a coroutine of the user.
---@return yuanjing.Fiber?
function fibers.innermost()
  return fiber_of[innermost() or false]
end

--- Whether a coroutine of the user runs inside a fiber.
---@return boolean
function fibers.is_inside_coroutine()
  local thread = innermost()
  return thread ~= nil and running() ~= thread
end

--- The waiter: the fiber of a thread, or the value itself.
---@param waiter thread|yuanjing.Waiter
---@return yuanjing.Waiter
function fibers.of(waiter)
  return fiber_of[waiter] or waiter
end

--- Lets the pool resume the fibers that wait in readers, until the time
--- `ends`, but at least one. Returns whether one was resumed; whether more may
--- be ready; and the next waiter, if it is no such fiber.
---@param pool yuanjing.core.Pool
---@param ends? number on the clock of core.now()
---@return boolean did
---@return boolean more
---@return yuanjing.Waiter?
function fibers.dispatch(pool, ends)
  local before, change, problem = depth, changes + 1, nil
  changes = change
  depth = before + 1
  local did, waiter, waits, why = pool:dispatch(ends)
  depth = before
  local fiber = waiter and fiber_of[waiter]
  if fiber then
    going[change] = fiber
    problem = leave(fiber, waits, why)
    going[change] = nil
  end
  if changes ~= change then mend() end
  changes = change - 1
  if problem then raise(fiber, problem) end
  return did, waiter ~= nil, not fiber and waiter or nil
end

--- Starts a fiber, which runs at once until it parks (later, in the queue's
--- turn, when too many fibers start fibers). `run` must not raise.
---@param job? yuanjing.Job what runs in it
---@param run fun(fiber: yuanjing.Fiber)
function fibers.start(job, run)
  if not innermost() then depth = 0 end
  local fiber = setmetatable({ job = job, process = process, at = false,
    is_queued = false, has_begun = false, problem = false, thread = false },
    Fiber)
  fiber.thread = create(function()
    fiber.has_begun = true
    run(fiber)
  end)
  fiber_of[fiber.thread] = fiber
  if depth < MAX_DEPTH then return go_on(fiber) end
  enqueue(fiber)
  fiber.has_begun = true
end

--- Raises what interrupt() was given. NB: a fiber that catches the error again
--- and again is abandoned here: it would never yield.
function Fiber:check()
  if not self.problem then return end
  self.patience = (self.patience or PATIENCE) - 1
  if self.patience < 0 then yield(self.thread) end
  error(self.problem, 0)
end

--- Yields until wake(). It may return early: the caller checks its condition
--- again. NB: a fiber that yields its own thread is parked; any other yield is
--- the user's.
function Fiber:suspend()
  yield(self.thread)
end

--- As suspend(), for so many seconds at most. Raises what interrupt() was
--- given, before or meanwhile.
---@param seconds? number
function Fiber:park(seconds)
  self:check()
  if seconds then set_timer(self, core.now() + seconds) end
  yield(self.thread)
  self:check()
end

--- Runs it now, if it is parked.
function Fiber:resume()
  if is_parked(self) and self.process == process then go_on(self) end
end

--- Runs it when the queue is run next.
function Fiber:wake()
  if self.process == process then enqueue(self) end
end

--- Raises the problem where the fiber parks, and whenever it parks again: now,
--- if it is parked (in the queue's turn when many interrupt each other).
function Fiber:interrupt(problem)
  if self.process ~= process then return end
  local change = fibers.begin()
  self.problem = problem
  core.interrupt(self.thread)
  if is_parked(self) then
    if depth < MAX_DEPTH then go_on(self) else enqueue(self) end
  end
  fibers.finish(change)
end

--- When the first timer is due; now, if a fiber is queued or a change was
--- interrupted; or nil.
---@return number?
function fibers.due()
  if first <= last or changes > 0 and not innermost() then return core.now() end
  return timers[1] and timers[1].at
end

--- Queues the fibers whose timers are due.
function fibers.wake_due()
  if changes > 0 then mend_if_broken() end
  local now = timers[1] and core.now()
  while timers[1] and timers[1].at <= now do
    changes = changes + 1
    enqueue(timers[1]) -- NB: before pop(), or an interruption would lose it
    timers:pop()
    changes = changes - 1
  end
end

--- Runs the fibers that are in the queue now, until the time `ends`, but at
--- least one. Returns whether there was any.
---@param ends? number on the clock of core.now()
---@return boolean
function fibers.run(ends)
  local stop = last
  local did = first <= stop
  while first <= stop and first <= last do
    local fiber, change = queue[first], changes + 1
    changes = change
    going[change] = fiber
    queue[first] = nil
    first = first + 1
    fiber.is_queued = false
    if is_parked(fiber) then go_on(fiber) end
    going[change] = nil
    changes = change - 1
    if ends and core.now() >= ends then break end
  end
  return did
end

--- Whether a fiber runs now: the fibers that it wakes run later.
function fibers.is_running()
  return innermost() ~= nil
end

--- Whether too many fibers run inside each other to run another here.
function fibers.is_deep()
  return depth >= MAX_DEPTH
end

--- Forgets all fibers but the running one: in a forked child they are the
--- parent's.
function fibers.forget()
  timers, queue, first, last, process = heap.new(), {}, 1, 0, {}
  local current = fibers.innermost()
  if current then current.process = process end
end

return fibers
