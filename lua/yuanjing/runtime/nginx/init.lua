--- Waiting in an nginx worker (OpenResty, or nginx with its Lua module). Each
-- light thread that waits has a waiter, which yields to nginx. One timer
-- thread, the pump, advances all transfers and jobs while something is in
-- flight, and then ends. It waits for the core's descriptor in an nginx
-- thread (`thread_pool yuanjing threads=1;`, or the pool called default);
-- without one, and while work comes all the time, it polls every millisecond or
-- so.
--
-- A pump needs a timer that may run, a connection, and perhaps a thread; a
-- busy worker may have none left. So no waiter relies on it: when nothing has
-- been advanced for a moment, one of the waiters does the pump's work.
local process = require "ngx.process"
local semaphore = require "ngx.semaphore"

local collector = require "yuanjing.base.collector"
local core = require "yuanjing.core"

local ngx = rawget(_G, "ngx")
local running, is_yieldable = coroutine.running, core.is_yieldable
local nginx = {}

-- Phases in which a wait can yield, without patches to nginx and OpenSSL.
local YIELDABLE = { rewrite = true, server_rewrite = true, access = true,
  content = true, timer = true, ssl_cert = true }

-- In seconds. NB: sleep(0) does not yield without a patch to nginx.
local SHORTEST_NAP = 0.001

-- Phases in which a wait only delays a process that begins or ends. In other
-- phases it would stop all requests of the worker.
local BLOCKING = { init = true, init_worker = true, exit_worker = true }

-- Waiters ------------------------------------------------------------------

---@class yuanjing.NginxWaiter of one of nginx's light threads
---@field job? yuanjing.Job the job that runs there
---@field private semaphore table
---@field private is_parked boolean
---@field private is_woken boolean since it was parked last
---@field problem? any what interrupt() was given
---@field private is_raised? boolean whether check() has raised it
---@field context? table[] the request's ngx.ctx, where the waiter holds more
---@field threads? table those that it has started, and how many
local Waiter = {}
Waiter.__index = Waiter

local WEAK_KEYS, WEAK_VALUES = { __mode = "k" }, { __mode = "v" }

local waiters = setmetatable({}, WEAK_KEYS) -- thread -> its waiter

-- NB: nginx reuses the threads of a request that has ended.
local function is_left_over(waiter)
  return waiter.is_parked or waiter.context and waiter.context[1] ~= ngx.ctx
end

--- The waiter of the running thread, or nil: no thread of this phase can yield.
---@return yuanjing.NginxWaiter?
function nginx.waiter_of_thread()
  local thread = running()
  local waiter = thread and waiters[thread]
  if waiter and not is_left_over(waiter) then return waiter end
  if not thread or not YIELDABLE[ngx.get_phase()] then return nil end
  waiter = setmetatable({ semaphore = assert(semaphore.new()),
    is_parked = false, is_woken = false }, Waiter)
  waiters[thread] = waiter
  return waiter
end

--- The waiter of the running thread, or nil where it can not yield: in the
--- wrong phase, or below a C function (the callback of gsub(), for example).
---@return yuanjing.NginxWaiter?
function nginx.waiter()
  return is_yieldable() and nginx.waiter_of_thread() or nil
end

--- Why a wait would stop the worker here, or nil; and whether a C function
--- below is the only reason.
---@return string?
---@return boolean?
function nginx.obstacle()
  if nginx.waiter() then return nil end
  local phase = ngx.get_phase()
  if BLOCKING[phase] then return nil end
  if YIELDABLE[phase] then return "a request can not wait", true end
  return ("nothing can wait in nginx's phase %q: call yuanjing.async there, or "
    .. "ngx.timer.at"):format(phase)
end

--- Ties a waiter to the request that runs: nginx may give its thread to another.
function nginx.bind(waiter)
  waiter.context = waiter.context or setmetatable({ ngx.ctx }, WEAK_VALUES)
end

--- Forgets the waiter of the running thread, which ends.
function nginx.forget_waiter()
  waiters[running()] = nil
end

--- ngx.timer.at, which raises "no memory" where a worker's first timer finds no
--- connection left: that is a result here.
---@return true?
---@return string? problem
function nginx.timer_at(...)
  local has_returned, ok, problem = pcall(ngx.timer.at, ...)
  if not has_returned then return nil, ok end
  return ok, problem
end

--- Whether threads.spawn() works here.
function nginx.can_spawn()
  local phase = ngx.get_phase()
  return phase ~= "init" and phase ~= "exit_worker"
end

--- Whether threads.detach() works here, before the running code goes on.
function nginx.can_detach()
  return not BLOCKING[ngx.get_phase()]
end

--- See yuanjing.Waiter. NB: code that catches the error again and again still
--- yields each time.
function Waiter:check()
  if not self.problem then return end
  if self.is_raised then ngx.sleep(SHORTEST_NAP) end
  self.is_raised = true
  error(self.problem, 0)
end

-- Moving on ------------------------------------------------------------------

-- Seconds of work at a time: other requests get their turn.
local BUDGET = 0.002

-- Seconds between two searches for requests that are gone. The pump waits at
-- most so long while a thread waits for it.
local WATCH = 0.1

-- KiB of work for the collector at a time.
local COLLECT = 200

-- Without a thread, a nap takes this part of the time since the last activity.
local NAP, LONGEST_NAP = 0.1, 0.04

-- Seconds that a pump has to begin, and that the mover may be away before
-- another waiter takes over.
local GRACE, STALL = 0.05, 0.3

-- Seconds until a pump that has not begun is requested again.
local AGAIN = 1

-- The longest single wait for a semaphore; the same for a waiter of a
-- transfer; and for that waiter until it has seen a pump run.
local LONG, LOOK, SHORT = 86400, 0.4, 0.05

local loop -- advanced by the pump
local asked -- when the pump was requested, while it does not run
local is_pumping, pump_waiter = false, nil
local nap_ends = 0 -- of the pump's nap
local has_opened = false -- a transfer, since the pump's last step
local mover -- the waiter that advanced the loop last: the pump's, or another
local stepping -- the waiter that advances the pool right now
local trusted = 0 -- until this time the mover is assumed to be alive
local swept = 0 -- when requests that are gone were last searched for

-- A transfer without a waiter may have been dropped. The collector ends it,
-- but a worker with little to do would not collect for minutes.
local function sweep(now)
  if now - swept < WATCH then return end
  swept = now
  if loop.drop_gone() then collector.step(COLLECT) end
end

-- Advances everything. Returns whether there was work, or more is left.
local function step(waiter)
  local now = core.now()
  mover, stepping, trusted = waiter, waiter, now + STALL
  local did = loop.drive(BUDGET) or core.now() - now >= BUDGET
  sweep(now)
  stepping = nil
  return did
end

local function nap_after(busy, now)
  return math.max(SHORTEST_NAP, math.min(LONGEST_NAP, NAP * (now - busy)))
end

-- Returns whether the waiter was woken.
local function wait(waiter, seconds)
  local ok, problem = waiter.semaphore:wait(seconds)
  if not ok and problem ~= "timeout" and not waiter.problem then
    error(problem, 0)
  end
  return ok
end

-- The waiter can be woken only while it is parked.
local function park(waiter, how, seconds)
  waiter.is_parked, waiter.is_woken = true, false
  how(waiter, seconds)
  waiter.is_parked = false
end

-- Wakes another waiter of a transfer, which checks that something is driving
-- the loop.
local function hand_over(waiter)
  trusted = 0
  for _, other in ipairs(loop.pool():waiters()) do
    if other ~= waiter and other.is_parked and not other:is_gone() then
      return other:wake()
    end
  end
end

-- Waits, and does the pump's work meanwhile: until the waiter is woken, or
-- another mover takes over.
local function substitute_pump(waiter)
  local busy = core.now()
  repeat
    local ok, did = pcall(step, waiter)
    if not ok then ngx.log(ngx.ERR, "yuanjing: ", did) end
    if ok and did then busy = core.now() end
    nginx.keep_moving()
  until wait(waiter, nap_after(busy, core.now())) or mover ~= waiter
  if mover == waiter then hand_over(waiter) end
end

--- Waits until its transfer is ready. See yuanjing.Waiter.
function Waiter:suspend()
  if core.now() > trusted then return park(self, substitute_pump) end
  park(self, wait, is_pumping and LOOK or SHORT)
end

-- In whole milliseconds, as nginx counts, and at least one, so that it yields.
local function patience(seconds)
  if not seconds or seconds > LONG then return LONG end
  return math.max(1, math.ceil(seconds * 1000)) / 1000
end

--- See yuanjing.Waiter.
function Waiter:park(seconds)
  self:check()
  park(self, wait, patience(seconds))
  self:check()
end

function Waiter:wake()
  if not self.is_parked or self.is_woken then return end
  self.is_woken = true
  self.semaphore:post(1)
end

--- See yuanjing.Waiter. nginx itself resumes the thread, later.
Waiter.resume = Waiter.wake

--- Raises the problem where the waiter is parked, and whenever it parks again.
--- A thread that waits in nginx's own calls goes on until then.
function Waiter:interrupt(problem)
  self.problem = problem
  self:wake()
end

--- Whether its request has ended while it waited: nginx removes waiting
--- threads without notice. Then no thread waits for the semaphore, or takes
--- what was posted.
function Waiter:is_gone()
  return self.is_parked and self ~= stepping
    and self.semaphore:count() == (self.is_woken and 1 or 0)
end

-- The pump -----------------------------------------------------------------

local POOLS = { "yuanjing", "default" }

-- The types of process in which nginx starts its thread pools.
local HAS_THREADS = { worker = true, single = true }

-- These failures are temporary: the next try may succeed.
local PASSING = { ["no available Lua vm"] = true,
  ["ngx_thread_task_post failed"] = true }

local pool_at -- in POOLS; past its end: no thread watches the descriptor

local function first_pool()
  local has_threads = ngx.run_worker_thread and HAS_THREADS[process.type()]
  return has_threads and 1 or #POOLS + 1
end

-- Returns whether a thread waited for the descriptor.
local function watch()
  local threads = POOLS[pool_at]
  local fd = threads and loop.watched_fd()
  if not fd then return false end
  local ok, problem = ngx.run_worker_thread(threads, "yuanjing.core", "pollfd",
    fd, WATCH)
  loop.unwatch()
  if ok then return true end
  if PASSING[problem] then return false end
  ngx.log(ngx.INFO, "yuanjing: no thread does the waiting: ", problem)
  pool_at = pool_at + 1
  return watch()
end

-- Work that a request brings ends a long nap. A short one needs no semaphore,
-- which costs more than the rest of a step.
local function nap(busy, now)
  local seconds = nap_after(busy, now)
  if seconds <= SHORTEST_NAP then return ngx.sleep(seconds) end
  nap_ends = now + seconds
  park(pump_waiter, wait, seconds)
end

-- Returns whether there was work: a transfer that was opened is some.
local function pump_once()
  local had_opened = has_opened
  has_opened = false
  return step(pump_waiter) or had_opened
end

-- Waits until there may be work. NB: while work comes again within a nap's time
-- a nap costs less than a wait in a thread, and what comes meanwhile is read in
-- one turn.
local function pump()
  local busy, is_dense = core.now(), false
  pump_waiter = nginx.waiter()
  step(pump_waiter)
  while loop.pool():count() > 0 do
    local from = core.now()
    local has_napped = is_dense or not watch()
    if has_napped then nap(busy, from) end
    local is_short = has_napped or core.now() - from < SHORTEST_NAP
    local did = pump_once()
    if did then busy = core.now() end
    is_dense = did and is_short
  end
end

-- NB: it runs even if the timer is called early: a worker that shuts down
-- still has requests.
local function run_pump()
  if is_pumping then return end
  is_pumping, asked = true, nil
  pool_at = pool_at or first_pool()
  local ok, problem = pcall(pump)
  while not ok do
    ngx.log(ngx.ERR, "yuanjing: ", problem)
    ngx.sleep(1)
    ok, problem = pcall(pump)
  end
  is_pumping, pump_waiter = false, nil
end

--- Keeps the pump running while something is in flight. nginx may refuse a
--- timer or never run it, when it has too many. Then the pump is requested
--- again.
function nginx.keep_moving(other)
  loop = other or loop
  local now = core.now()
  has_opened = true
  if pump_waiter and nap_ends - now > SHORTEST_NAP then pump_waiter:wake() end
  if is_pumping or asked and now - asked < AGAIN or not nginx.can_spawn() then
    return
  end
  asked = now
  local ok, problem = nginx.timer_at(0, run_pump)
  if not ok then return ngx.log(ngx.WARN, "yuanjing: ", problem) end
  trusted = math.max(trusted, now + GRACE)
end

--- Wakes the pump: perhaps nothing is in flight now.
function nginx.wake_pump()
  if is_pumping then loop.pool():wake() end
end

return nginx
