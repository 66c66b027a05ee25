--- Waiting. This is the only module that decides to wait, and how. A caller
-- opens a transfer here and waits until the transfer is ready. A job yields;
-- in an nginx worker the request yields to nginx; the main program blocks.
-- Everything else in flight goes on meanwhile.
local core = require "yuanjing.core"
local fibers = require "yuanjing.runtime.fibers"
local lazy = require "yuanjing.base.lazy"
local errors = lazy.kept "yuanjing.errors"

local loop = {}

core.start() -- takes most of a millisecond, which a game's frame does not have

local pool -- of this process
local is_polled = false -- a foreign event loop polls the pool's descriptor

-- Whether the host calls in, with update() or step(): then a job must not
-- block, because the host would freeze. LÖVE is recognised before its first
-- frame.
local is_driven = rawget(_G, "love") ~= nil
local has_frames = is_driven

-- nginx's own worker threads have an `ngx` as well, but nothing to wait with:
-- a call there blocks, as in a program.
local ngx = rawget(_G, "ngx")
local nginx = ngx and ngx.get_phase and require("yuanjing.runtime.nginx")
local threads = nginx and require("yuanjing.runtime.nginx.threads")
local requests = nginx and require("yuanjing.runtime.nginx.requests")

--- This process's pool. A pool made before a fork belongs to the parent, and
--- so do its jobs.
---@return yuanjing.core.Pool
function loop.pool()
  if not pool or not pool:is_mine() then
    local fresh, err = loop.try_pool()
    if not fresh then error(err, 0) end
  end
  return pool
end

--- The same; or nil and an error where the process has no descriptor left.
---@return yuanjing.core.Pool?
---@return yuanjing.Error?
function loop.try_pool()
  if pool and pool:is_mine() then return pool end
  if pool then fibers.forget() end
  local fresh, message = core.pool()
  if not fresh then
    return nil, errors.new { kind = "io", message = message, attempts = 0 }
  end
  pool, is_polled = fresh, false
  return pool
end

-- Moving on ----------------------------------------------------------------

local function is_late(ends)
  return ends and core.now() >= ends
end

-- Resumes the waiters of ready transfers until the time `ends`, but at least
-- one. Returns whether there was any.
local function dispatch_ready(ends)
  local dispatched = false
  repeat
    local did, more, waiter = fibers.dispatch(pool, ends)
    if waiter then waiter:resume() end
    dispatched = dispatched or did
  until not more or is_late(ends)
  return dispatched
end

-- Puts the waiters of ready transfers in the queue.
local function requeue_ready_waiters()
  local change = fibers.begin()
  for waiter in pool.ready, pool do fibers.of(waiter):wake() end
  fibers.finish(change)
end

-- Resumes the waiters that are ready, and those that they wake, until the time
-- `ends`, but at least one of each. Returns whether there was any.
local function deliver(ends)
  local did = false
  fibers.wake_due()
  repeat
    local dispatched, ran = dispatch_ready(ends), fibers.run(ends)
    did = did or dispatched or ran
  until not ran or is_late(ends)
  if ends then requeue_ready_waiters() end
  return did
end

-- Pending work, now or at a later time, ends the foreign loop's poll.
local function set_alarm()
  if is_polled then pool:alarm(fibers.due()) end
end

-- Advances the pool with its method `move`, then resumes the ready waiters
-- with `resume` until the time `ends`, if there may be any. Returns whether there
-- was any, and whether more sockets may be ready. NB: a debug hook may raise before
-- the alarm is set, and a foreign loop that polls the pool would never call again:
-- pool:guard() sets the alarm then.
local function turn(move, seconds, resume, ends)
  local moved, more, is_ready = move(pool, seconds, true)
  if not moved and more ~= "interrupted" then error(more, 0) end
  local did = (is_ready ~= false or fibers.due()) and resume(ends) or false
  if is_polled then set_alarm() end
  return did, moved and more
end

-- Turns until the budget is spent, or a look has shown all ready sockets.
local function turns(budget, ends)
  local any, did, more = false
  repeat
    did, more = turn(pool.step, budget, deliver, ends)
    any = any or did
    budget = more and ends and ends - core.now() or 0
  until budget <= 0
  return any
end

--- Does the work that is ready, for about so many seconds at most; never
--- waits.
---@param budget? number seconds
---@return boolean did whether a waiter was resumed
function loop.step(budget)
  local ends = budget and core.now() + budget
  loop.pool()
  budget = budget and math.max(0, budget)
  if is_polled then return pool:guard(turns, budget, ends) end
  return turns(budget, ends)
end

--- As step(), for a host that calls it repeatedly.
---@param budget? number seconds
function loop.drive(budget)
  is_driven = true
  return loop.step(budget)
end

--- As drive(), once a frame; costs almost nothing while nothing is in flight.
---@param budget number seconds
function loop.update(budget)
  is_driven, has_frames = true, true
  if pool and (pool:count() > 0 or fibers.due()) then
    loop.step(budget)
  end
end

-- Queues the waiters that became ready by an operation between two steps. NB:
-- nothing is resumed here: user code may be running.
function loop.requeue_ready()
  loop.pool()
  requeue_ready_waiters()
  if not fibers.is_running() then set_alarm() end
end

-- Waiters ------------------------------------------------------------------

-- A waiter is a fiber, an nginx light thread, the main program (there is one),
-- or a blocked fiber: one that can not yield where it is, and blocks as the
-- program does. park() returns when the waiter is woken, after so many
-- seconds, or early: the caller checks its condition again. It raises the
-- problem that interrupt() was given. suspend() and check() are its halves:
-- the wait and the raise.
---@class yuanjing.Waiter
---@field park fun(self, seconds: number?)
---@field suspend? fun(self)
---@field check? fun(self)
---@field wake fun(self) resumes it when the queue is run next
---@field resume? fun(self) resumes it, at once if possible
---@field interrupt? fun(self, problem: any) raises the problem where it is parked
---@field problem? any what interrupt() was given
---@field job? yuanjing.Job
---@field subscribed? yuanjing.core.Transfer the transfer that it waits for

local PROGRAM = {}

-- Waits until something happens; not at all if a waiter is ready. A signal
-- ends the wait early: back in Lua, its hook (Ctrl-C) may run.
function PROGRAM.park(_, seconds)
  if nginx then loop.check_wait() end
  loop.pool()
  local due = fibers.due()
  if due then
    seconds = math.max(0, math.min(seconds or math.huge, due - core.now()))
  elseif not seconds and pool:count() == 0 then
    error("nothing is in flight: this would wait for ever", 0)
  end
  if is_polled then return pool:guard(turn, pool.wait, seconds, deliver) end
  turn(pool.wait, seconds, deliver)
end

function PROGRAM.wake() end

local ACROSS_C = " inside the callback of a function of C (string.gsub, "
  .. "table.sort, require, __tostring, ...): make the call before that, and use "
  .. "its result there"

---@class yuanjing.BlockedFiber: yuanjing.Waiter
---@field fiber yuanjing.Fiber
local Blocked = {}

local OWN = { park = true, wake = true, subscribed = true, fiber = true }

-- Everything else comes from its fiber, except that it can not be suspended.
function Blocked:__index(name)
  if OWN[name] then return Blocked[name] end
  if name == "suspend" then return nil end
  return self.fiber[name]
end

function Blocked.wake() end

-- Why nothing can wait here -------------------------------------------------

local ACROSS_COROUTINE = "a job can not wait in a coroutine of its own while "
  .. "update() or another event loop drives it: wait in the job itself and hand "
  .. "on what came, or return an iterator such as stream:text()"

local function obstacle_here()
  local fiber, around = fibers.current()
  if fiber then return nil end
  if around then
    if not is_driven then return nil end
    return fibers.is_inside_coroutine() and ACROSS_COROUTINE
      or "a job can not wait" .. ACROSS_C
  end
  local obstacle, is_below_c = nil, false
  if nginx then obstacle, is_below_c = nginx.obstacle() end
  return is_below_c and obstacle .. ACROSS_C or obstacle
end

-- Too many fibers block inside each other: no other fiber is resumed here.
local function block_alone(seconds, is_subscribed)
  if not seconds and not is_subscribed then
    error("too many jobs await each other" .. ACROSS_C, 0)
  end
  turn(pool.wait, seconds, requeue_ready_waiters)
end

function Blocked:park(seconds, is_subscribed)
  loop.check_wait()
  self.fiber:check()
  if fibers.is_deep() then
    block_alone(seconds, is_subscribed)
  else
    PROGRAM.park(nil, seconds)
  end
  self.fiber:check()
end

--- Raises, in one sentence, where a call could not wait. To be called before
--- the call does anything.
function loop.check_wait()
  local obstacle = obstacle_here()
  if obstacle then error(obstacle, 0) end
end

local function waiter_here()
  local fiber, around = fibers.current()
  if fiber then return fiber end
  if around then return setmetatable({ fiber = around }, Blocked) end
  return nginx and nginx.waiter() or PROGRAM
end

--- The waiter for the code that runs here. Checks for a fork first, or the
--- wait would use the parent's pool.
---@return yuanjing.Waiter
function loop.waiter()
  loop.pool()
  return waiter_here()
end

--- Runs a function concurrently, for that job: at once, until it waits. The
--- function must not raise.
---@param job? yuanjing.Job
---@param run fun(waiter: yuanjing.Waiter) gets its own waiter
function loop.spawn(job, run)
  loop.pool()
  local spawn = nginx and nginx.can_spawn() and threads.spawn or fibers.start
  spawn(job, run)
end

--- Runs a function concurrently, as spawn() does, but in no scope: neither the
--- end of a job nor that of a request ends it. NB: nginx may have too many
--- timers and never run it.
---@param run fun(waiter: yuanjing.Waiter) gets its own waiter
function loop.detach(run)
  loop.pool()
  local spawn = nginx and nginx.can_detach() and threads.detach or fibers.start
  spawn(nil, run)
end

-- The cancel scope of the code that runs here (a job or a request), or nil.
local function scope_here()
  local fiber = fibers.innermost()
  if fiber then return fiber.job end
  return requests and requests.cancel_scope()
end

--- Adds a thing to the cancel scope of the code that runs here, if there is
--- one.
---@param thing table
---@param cancel fun(thing: table) ends it, and must not raise
function loop.scope_add(thing, cancel)
  local scope = scope_here()
  if scope then scope:add(thing, cancel) end
end

-- Transfers ----------------------------------------------------------------

--- Starts an exchange.
---@param request yuanjing.core.Request
---@return yuanjing.core.Transfer?
---@return string? message
---@return string? kind of error
function loop.open(request)
  loop.check_wait()
  local mine, err = loop.try_pool()
  if not mine then return nil, err.message, err.kind end
  local transfer, message, kind = mine:open(request)
  if not transfer then return nil, message, kind end
  loop.scope_add(transfer, transfer.cancel)
  if nginx then nginx.keep_moving(loop) end
  return transfer
end

--- Returns when the transfer may be ready to be read. Only for a transfer that
--- has more to come.
---@param transfer yuanjing.core.Transfer
function loop.subscribe(transfer)
  local me = waiter_here()
  if me == PROGRAM then return me:park() end
  if not me.suspend then return me:park(nil, true) end
  me:check()
  transfer:subscribe(me)
  me.subscribed = transfer
  me:suspend()
  me.subscribed = nil
  transfer:subscribe(nil)
  me:check()
end

--- Waits when a reader of the transfer has no event: either the reader
--- returned "pending", or a fiber waited inside the reader and was woken,
--- which is nil. Returns whether the transfer is to be read again.
---@param transfer yuanjing.core.Transfer
---@param event? string
---@return boolean
function loop.await(transfer, event)
  if event == "pending" then
    loop.subscribe(transfer)
  elseif event == nil then
    transfer:subscribe(nil)
    waiter_here():check()
  end
  return event == nil or event == "pending"
end

--- As subscribe(); returns true at once when nothing more will come.
---@param transfer yuanjing.core.Transfer
---@return boolean? over
function loop.wait(transfer)
  if transfer:done() then return true end
  loop.subscribe(transfer)
end

--- Returns when the head of the answer has arrived, or none will come.
---@param transfer yuanjing.core.Transfer
function loop.wait_head(transfer)
  while not transfer:status() and not loop.wait(transfer) do end
end

--- Returns when nothing more will come.
---@param transfer yuanjing.core.Transfer
function loop.wait_done(transfer)
  while not loop.wait(transfer) do end
end

--- Ends the transfers whose waiters are gone (nginx removes them without
--- notice), and their jobs. Returns whether a transfer in flight has no
--- waiter.
---@return boolean
function loop.drop_gone()
  local waiters = pool:waiters()
  for _, subscriber in ipairs(waiters) do
    local waiter = fibers.of(subscriber)
    if waiter.is_gone and waiter:is_gone() then
      waiter.subscribed:subscribe(nil)
      waiter.subscribed:close()
      if waiter.job then waiter.job:cancel() end
    end
  end
  return pool:count() > #waiters
end

--- Ends an exchange, and the wait of its reader.
---@param transfer yuanjing.core.Transfer
function loop.close(transfer)
  local waiter = transfer:waiter()
  transfer:close()
  if not waiter then return end
  fibers.of(waiter):wake()
  loop.requeue_ready()
end

local lingering, cursor = {}, 0

-- Lets go of those that are done, two at a time: each call looks at two, in
-- turn, so that what it costs does not grow with their number.
local function release_lingering()
  for _ = 1, math.min(2, #lingering) do
    local last = #lingering
    cursor = cursor % last + 1
    if lingering[cursor]:done() then
      lingering[cursor] = lingering[last]
      lingering[last] = nil
    end
  end
end

--- Lets a transfer whose answer has been read finish in the background for a
--- moment, so that its connection can be used again. The caller still owns
--- what the transfer holds.
---@param transfer yuanjing.core.Transfer
function loop.linger(transfer)
  release_lingering()
  if transfer:done() then return end
  transfer:discard(2)
  pool:step()
  loop.requeue_ready() -- the step may have made other transfers ready
  if not transfer:done() then lingering[#lingering + 1] = transfer end
end

-- Time ---------------------------------------------------------------------

--- Waits; everything in flight goes on.
---@param seconds number
function loop.sleep(seconds)
  local ends = core.now() + seconds
  local me, left = loop.waiter(), seconds
  repeat
    me:park(math.max(0, left))
    left = ends - core.now()
  until left <= 0
end

loop.now = core.now

--- Raises, at the caller's caller, unless the value is a number of seconds.
---@param name string of the call
---@param value any
function loop.check_seconds(name, value)
  if type(value) == "number" and value == value then return end
  local got = type(value) == "number" and "nan" or type(value)
  error(("%s: expected number of seconds, got %s"):format(name, got), 3)
end

--- A number from 0 to 1 that spreads clients, so that they do not all return
--- at the same moment. Not math.random: its sequence belongs to the host.
---@return number
function loop.jitter()
  return (core.now() * 1e4) % 1
end

--- Runs a function after a delay in which the program may still handle a
--- failure: one frame in a game, else so many seconds. In nginx it runs at
--- once where no timer is allowed.
---@param seconds number
---@param run fun()
function loop.after(seconds, run)
  if nginx and nginx.can_detach() then return threads.after(seconds, run) end
  fibers.start(nil, function(me)
    me:park(has_frames and 0 or seconds)
    run()
  end)
end

--- For a foreign loop that watches the descriptor from now on and calls
--- drive().
---@return integer? fd none on Windows
function loop.watched_fd()
  local fd = loop.pool():fd()
  is_polled, is_driven = true, true
  set_alarm()
  return fd
end

--- The descriptor is not watched until watched_fd() is called again.
function loop.unwatch()
  loop.pool():fd(false)
  is_polled = false
end

return loop
