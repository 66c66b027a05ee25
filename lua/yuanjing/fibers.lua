--- Coroutines of ours, which give way where a program would block. Who is woken
-- goes on when the queue is run, never inside the call that woke it: so a chain
-- of wakings is a loop and no recursion. Knows time, not the network.
local core = require "yuanjing.core"
local heap = require "yuanjing.heap"

local fibers = {}

---@class yuanjing.Fiber something that can wait: park() and wake()
---@field job? yuanjing.Job what runs in it
---@field private thread thread
---@field private timer { at: number, fiber: yuanjing.Fiber } in the heap of timers while it parks for a time
---@field private is_queued boolean
---@field problem? any what it is stopped with
---@field private patience integer
---@field private process table whose it is: of the process it was started in
local Fiber = {}
Fiber.__index = Fiber

-- OpenResty's own coroutines belong to a request each; it keeps Lua's under
-- another name.
local function original(name)
  return rawget(coroutine, "_" .. name) or coroutine[name]
end

local create, resume = original "create", original "resume"
local status, yield = original "status", original "yield"

local PARKED = {} -- tells our own yields from the user's
local timers = heap.new()
local queue, first, last = {}, 1, 0
local process = {}
local current

-- Of coroutines inside coroutines, each of which takes Lua 5.4 about four of its
-- 200 C levels.
local depth, MAX_DEPTH = 0, 30

-- How often a fiber that is told to end may wait all the same.
local PATIENCE = 16

local function enqueue(fiber)
  if fiber.is_queued then return end
  fiber.is_queued = true
  last = last + 1
  queue[last] = fiber
end

local function set_timer(fiber, at)
  fiber.timer.at = at
  timers:push(fiber.timer)
end

-- Lets it go on until it parks. A yield that is not ours gives way to everybody
-- once.
local function go_on(fiber)
  local outer = current
  current, depth = fiber, depth + 1
  local ok, tag = resume(fiber.thread)
  current, depth = outer, depth - 1
  if not ok then
    error(debug.traceback(fiber.thread, tostring(tag)), 0)
  end
  if tag ~= PARKED and status(fiber.thread) ~= "dead" then
    set_timer(fiber, core.now())
  end
end

--- The fiber that runs now. In a coroutine of the user's inside one it is none:
--- a yield from there would reach the user.
---@return yuanjing.Fiber?
function fibers.current()
  if current and coroutine.running() == current.thread then return current end
end

--- The fiber in whose course this happens, in whatever coroutine of its.
---@return yuanjing.Fiber?
function fibers.innermost()
  return current
end

--- Starts a fiber, which runs at once until it parks (in the queue's turn when
--- fibers have started fibers too often). `run` must not raise.
---@param job? yuanjing.Job what runs in it
---@param run fun(fiber: yuanjing.Fiber)
function fibers.start(job, run)
  local fiber = setmetatable({ job = job, is_queued = false,
    patience = PATIENCE, process = process }, Fiber)
  fiber.thread = create(function() run(fiber) end)
  fiber.timer = { fiber = fiber }
  if depth < MAX_DEPTH then
    go_on(fiber)
  else
    enqueue(fiber)
  end
end

-- Tells a fiber that is to end so. NB: one that catches that again and again is
-- left where it stands: it would never give way.
local function raise_problem(self)
  self.patience = self.patience - 1
  if self.patience < 0 then yield(PARKED) end
  error(self.problem, 0)
end

--- Gives way until somebody wakes it, or for so many seconds. It may come back
--- early: whoever parks looks again. Raises what stop() was given.
---@param seconds? number
function Fiber:park(seconds)
  if self.problem then raise_problem(self) end
  if seconds then set_timer(self, core.now() + seconds) end
  yield(PARKED)
  timers:remove(self.timer)
  if self.problem then raise_problem(self) end
end

--- Lets it go on when the queue is run next.
function Fiber:wake()
  if self.process == process then enqueue(self) end
end

--- Has it raise that problem where it parks, and whenever it parks again: now,
--- if it is parked (in the queue's turn when many stop each other).
function Fiber:stop(problem)
  if self.process ~= process then return end
  self.problem = problem
  if status(self.thread) ~= "suspended" then return end
  if depth < MAX_DEPTH then go_on(self) else enqueue(self) end
end

--- When the first timer is due; now, when somebody waits in the queue; or nil.
---@return number?
function fibers.due()
  if first <= last then return core.now() end
  return timers[1] and timers[1].at
end

--- Puts those in the queue whose time has come.
function fibers.wake_due()
  local now = timers[1] and core.now()
  while timers[1] and timers[1].at <= now do
    enqueue(timers:pop().fiber)
  end
end

--- Lets those go on who are in the queue now, until that time at the latest, but
--- one at least. Whether there was anybody.
---@param ends? number on the clock of core.now()
---@return boolean
function fibers.run(ends)
  local stop = last
  local did = first <= stop
  while first <= stop and first <= last do
    local fiber = queue[first]
    queue[first] = nil
    first = first + 1
    fiber.is_queued = false
    if status(fiber.thread) == "suspended" then go_on(fiber) end
    if ends and core.now() >= ends then break end
  end
  return did
end

--- Whether a fiber runs now: what it wakes goes on later.
function fibers.is_running()
  return depth > 0
end

--- Forgets them all but the one that runs: in a forked child they are the
--- parent's.
function fibers.forget()
  timers, queue, first, last, process = heap.new(), {}, 1, 0, {}
  if current then current.process = process end
end

return fibers
