--- Waiting in an nginx worker (OpenResty, or nginx with its Lua module): who
-- waits has a waiter, which gives way to nginx; one timer's thread, the pump,
-- moves everything on while something is in flight, and ends with it. It waits
-- for the core's descriptor in a thread of nginx's own (`thread_pool yuanjing
-- threads=1;`, or one that is called default), else it looks every few
-- milliseconds.
--
-- A pump needs a timer that may run, a connection, and perhaps a thread; a busy
-- worker may have none left. So no waiter relies on it: when nothing has
-- been moved on for a moment, one of those who wait does it in the pump's place.
local process = require "ngx.process"
local semaphore = require "ngx.semaphore"

local core = require "yuanjing.core"
local cancel_scope = require "yuanjing.runtime.cancel_scope"

local ngx = rawget(_G, "ngx")
local running, is_yieldable = coroutine.running, core.is_yieldable
local nginx = {}

-- Where a wait can give way, without patches to nginx and OpenSSL.
local YIELDABLE = { rewrite = true, server_rewrite = true, access = true,
  content = true, timer = true, ssl_cert = true }

-- In seconds. NB: sleep(0) gives way to nobody without a patch to nginx.
local SHORTEST_NAP = 0.001

-- Where a wait stops nobody but a process that begins or ends. Elsewhere it
-- would stop all requests of the worker.
local BLOCKING = { init = true, init_worker = true, exit_worker = true }

-- Seats --------------------------------------------------------------------

---@class yuanjing.NginxWaiter of one of nginx's light threads
---@field job? yuanjing.Job what runs there
---@field private semaphore table
---@field private is_parked boolean
---@field private is_woken boolean since it was parked
---@field problem? any what it is stopped with
---@field private is_raised? boolean of that
---@field private context? table[] the request's, where more hangs on the waiter
---@field private threads? table that it has started, and how many
local Waiter = {}
Waiter.__index = Waiter

local WEAK_KEYS, WEAK_VALUES = { __mode = "k" }, { __mode = "v" }

local waiters = setmetatable({}, WEAK_KEYS) -- thread -> its waiter

-- NB: nginx gives the threads of a request that has ended to the next one.
local function is_left_over(waiter)
  return waiter.is_parked or waiter.context and waiter.context[1] ~= ngx.ctx
end

-- The waiter of whoever runs here, or nil: no thread of this phase can give way.
---@return yuanjing.NginxWaiter?
local function waiter_here()
  local thread = running()
  local waiter = thread and waiters[thread]
  if waiter and not is_left_over(waiter) then return waiter end
  if not thread or not YIELDABLE[ngx.get_phase()] then return nil end
  waiter = setmetatable({ semaphore = assert(semaphore.new()),
    is_parked = false, is_woken = false }, Waiter)
  waiters[thread] = waiter
  return waiter
end

--- The waiter of whoever runs here, or nil: here nothing can give way. Nor can it
--- below a function of C, in the callback of gsub() for one.
---@return yuanjing.NginxWaiter?
function nginx.waiter()
  return is_yieldable() and waiter_here() or nil
end

--- Why a wait would stop the worker here, or nil; and whether only since this is
--- below a function of C.
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

local function bind(waiter)
  waiter.context = waiter.context or setmetatable({ ngx.ctx }, WEAK_VALUES)
end

--- See yuanjing.Waiter. NB: one that catches its end again and again gives way
--- at least.
function Waiter:check()
  if not self.problem then return end
  if self.is_raised then ngx.sleep(SHORTEST_NAP) end
  self.is_raised = true
  error(self.problem, 0)
end

-- Moving on ------------------------------------------------------------------

-- Of work in one go: the requests beside get their turn.
local BUDGET = 0.002

-- Seconds between two looks for requests that are gone. The pump is away so long at most
-- while a thread waits for it.
local WATCH = 0.1

-- Of the collector's work, in KiB.
local COLLECT = 200

-- Without a thread: a part of the time since there was anything to do.
local NAP, LONGEST_NAP = 0.3, 0.04

-- Seconds that a pump has to begin, and that whoever moves things on may be away
-- before somebody else does.
local GRACE, STALL = 0.05, 0.3

-- Seconds until a pump that has not begun is asked for again.
local AGAIN = 1

-- The longest that a semaphore is waited for in one go; by one that waits for a
-- transfer; and by that one until it has seen that a pump runs.
local LONG, LOOK, SHORT = 86400, 0.4, 0.05

local loop -- that is moved on
local asked -- when the pump was asked for, while it does not run
local is_pumping, pump_waiter = false, nil
local mover -- the pump's waiter, or another: who moved everything on last
local stepping -- the waiter that moves the pool on right now
local trusted = 0 -- until when that is reason enough to wait
local swept = 0 -- when those who are gone were last looked for

-- Those who were woken since the mover looked, and have not gone on yet. NB: whose
-- request has ended never will.
local n_woken = 0

-- The last of them has the pump look again, in the same turn of nginx.
local function count_out(waiter)
  if not waiter.is_woken or waiter == pump_waiter then return end
  n_woken = n_woken - 1
  if n_woken == 0 and pump_waiter then pump_waiter:wake() end
end

-- What nobody waits for has perhaps been dropped, and is ended by the
-- collector, which a worker with little to do would not hear of for minutes.
local function sweep(now)
  if now - swept < WATCH then return end
  swept = now
  if loop.drop_gone() then collectgarbage("step", COLLECT) end
end

-- Moves everything on. Whether there was anything to do, or there is more.
local function step(waiter)
  local now = core.now()
  mover, stepping, trusted, n_woken = waiter, waiter, now + STALL, 0
  local did = loop.step(BUDGET) or core.now() - now >= BUDGET
  sweep(now)
  stepping = nil
  return did
end

local function nap_after(busy)
  local seconds = NAP * (core.now() - busy)
  return math.max(SHORTEST_NAP, math.min(LONGEST_NAP, seconds))
end

-- Whether the waiter was woken.
local function wait(waiter, seconds)
  local ok, problem = waiter.semaphore:wait(seconds)
  if not ok and problem ~= "timeout" and not waiter.problem then
    error(problem, 0)
  end
  return ok
end

-- While the waiter is parked it may be woken.
local function park(waiter, how, seconds)
  waiter.is_parked, waiter.is_woken = true, false
  how(waiter, seconds)
  waiter.is_parked = false
  count_out(waiter)
end

-- Has another that waits for a transfer look whether things move on.
local function hand_over(waiter)
  trusted = 0
  for _, other in ipairs(loop.pool():waiters()) do
    if other ~= waiter and other.is_parked and not other:is_gone() then
      return other:wake()
    end
  end
end

-- Waits in the pump's place, and moves everything on meanwhile: until the waiter
-- is woken, or somebody else moves things on.
local function substitute_pump(waiter)
  local busy = core.now()
  repeat
    local ok, did = pcall(step, waiter)
    if not ok then ngx.log(ngx.ERR, "yuanjing: ", did) end
    if ok and did then busy = core.now() end
    nginx.keep_moving()
  until wait(waiter, nap_after(busy)) or mover ~= waiter
  if mover == waiter then hand_over(waiter) end
end

--- Waits for news of a transfer. See yuanjing.Waiter.
function Waiter:suspend()
  if core.now() > trusted then return park(self, substitute_pump) end
  park(self, wait, is_pumping and LOOK or SHORT)
end

-- In whole milliseconds, as nginx counts, and at least one: it gives way.
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
  if self ~= pump_waiter then n_woken = n_woken + 1 end
  self.semaphore:post(1)
end

--- See yuanjing.Waiter. It is nginx that lets it go on.
Waiter.resume = Waiter.wake

--- Has it raise that problem where it is parked, and whenever it parks again.
--- What waits in nginx's own calls meanwhile goes on until then.
function Waiter:interrupt(problem)
  self.problem = problem
  self:wake()
end

--- Whether its request has ended while it waited: nginx takes those that wait
--- away without a word. Then nobody waits for the semaphore, or takes what was
--- posted.
function Waiter:is_gone()
  return self.is_parked and self ~= stepping
    and self.semaphore:count() == (self.is_woken and 1 or 0)
end

-- Jobs ---------------------------------------------------------------------

-- One that has ended stays with its parent until that waits for it: so this is
-- done now and then, or a timer that goes on for days would keep them all.
local function reap(threads)
  local left = 0
  for thread in pairs(threads.all) do
    if coroutine.status(thread) == "zombie" then
      threads.all[thread] = nil
      ngx.thread.wait(thread)
    else
      left = left + 1
    end
  end
  threads.n, threads.most = left, 2 * left + 8
end

local function run_with_waiter(job, run)
  local waiter = nginx.waiter()
  waiter.job = job
  bind(waiter)
  run(waiter)
  waiters[running()] = nil
end

local function spawn_thread(waiter, job, run)
  bind(waiter)
  local threads = waiter.threads
  if not threads then
    threads = { all = setmetatable({}, WEAK_KEYS), n = 0, most = 8 }
    waiter.threads = threads
  end
  if threads.n >= threads.most then reap(threads) end
  threads.n = threads.n + 1
  threads.all[assert(ngx.thread.spawn(run_with_waiter, job, run))] = true
end

-- A worker that ends calls its timers before their time.
local function run_timed(premature, job, run)
  if premature and job then job:cancel() end
  run_with_waiter(job, run)
end

--- Whether spawn() works here.
function nginx.can_spawn()
  local phase = ngx.get_phase()
  return phase ~= "init" and phase ~= "exit_worker"
end

--- Whether detach() works here, before whoever is here goes on.
function nginx.can_detach()
  return not BLOCKING[ngx.get_phase()]
end

--- Runs it in a timer, or never: nginx has so many of them.
---@param job? yuanjing.Job
---@param run fun(waiter: yuanjing.NginxWaiter)
---@return true?
---@return string? problem
function nginx.detach(job, run)
  return ngx.timer.at(0, run_timed, job, run)
end

--- Runs it in a timer after so many seconds, or at once where there are too many
--- timers.
---@param seconds number
---@param run fun()
function nginx.after(seconds, run)
  if not ngx.timer.at(seconds, run) then run() end
end

--- Runs it in a light thread of this request; where that can have none, in a
--- timer.
---@param job yuanjing.Job
---@param run fun(waiter: yuanjing.NginxWaiter)
function nginx.spawn(job, run)
  local waiter = nginx.waiter()
  if waiter then return spawn_thread(waiter, job, run) end
  assert(nginx.detach(job, run))
end

-- Requests -----------------------------------------------------------------

local scopes = setmetatable({}, WEAK_KEYS) -- by the request's ngx.ctx

-- Ends the request as nginx itself does when the client leaves.
local function leave(scope)
  scope:cancel()
  if is_pumping then loop.pool():wake() end -- that was perhaps the last
  ngx.exit(499)
end

-- NB: works with `lua_check_client_abort on`, and where the user has no handler
-- of his own; else the pump finds out that nobody waits any more. A handler is
-- forgotten at the end of its phase, and refused where there is one already.
local function watch_client(scope)
  pcall(ngx.on_abort, function() leave(scope) end)
end

--- Who answers for what is begun here: the job, or the request.
---@return yuanjing.CancelScope|yuanjing.Job|nil
function nginx.cancel_scope()
  local waiter = waiter_here()
  if not waiter then return nil end
  if waiter.job then return waiter.job end
  local context = ngx.ctx
  local scope = scopes[context]
  if not scope then
    scope = cancel_scope.new()
    scopes[context] = scope
  end
  watch_client(scope)
  return scope
end

-- The pump -----------------------------------------------------------------

local POOLS = { "yuanjing", "default" }

-- The processes that nginx starts its thread pools in.
local HAS_THREADS = { worker = true, single = true }

-- That it failed says nothing of the next time.
local PASSING = { ["no available Lua vm"] = true,
  ["ngx_thread_task_post failed"] = true }

local pool_at -- in POOLS; past its end: no thread does the waiting

local function first_pool()
  local has_threads = ngx.run_worker_thread and HAS_THREADS[process.type()]
  return has_threads and 1 or #POOLS + 1
end

-- Whether a thread did the waiting.
local function watch(fd)
  local pool = fd and POOLS[pool_at]
  if not pool then return false end
  local ok, problem = ngx.run_worker_thread(pool, "yuanjing.core", "pollfd", fd,
    WATCH)
  if ok then return true end
  if PASSING[problem] then return false end
  ngx.log(ngx.INFO, "yuanjing: no thread does the waiting: ", problem)
  pool_at = pool_at + 1
  return watch(fd)
end

-- To those who were woken, for a nap's time at most: the rest of nginx gets its
-- turn in a nap. When it napped last.
local function give_way(busy, napped)
  if n_woken > 0 and core.now() - napped < SHORTEST_NAP then
    park(pump_waiter, wait, SHORTEST_NAP)
    return napped
  end
  ngx.sleep(nap_after(busy))
  return core.now()
end

local function pump()
  local fd, busy = loop.watched_fd(), core.now()
  local napped = busy
  pump_waiter = nginx.waiter()
  step(pump_waiter)
  while loop.pool():count() > 0 do
    if not watch(fd) then napped = give_way(busy, napped) end
    if step(pump_waiter) then busy = core.now() end
  end
end

-- NB: also when called prematurely, for an old worker has its requests still.
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

--- Has the pump run while something is in flight. A timer may be refused, or
--- never run: where there are too many. Then it is asked for again.
function nginx.keep_moving(whom)
  loop = whom or loop
  local now = core.now()
  if is_pumping or asked and now - asked < AGAIN or not nginx.can_spawn() then
    return
  end
  asked = now
  local ok, problem = ngx.timer.at(0, run_pump)
  if not ok then return ngx.log(ngx.WARN, "yuanjing: ", problem) end
  trusted = math.max(trusted, now + GRACE)
end

return nginx
