--- Waiting. The only room that decides to wait, and how: whoever needs an
-- answer opens a transfer here and asks for news of it. A job gives way; in an
-- nginx worker the request does, to nginx; the program itself blocks, and
-- everything else that is in flight goes on meanwhile.
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local fibers = require "yuanjing.runtime.fibers"

local loop = {}

local pool -- of this process
local is_polled = false -- somebody else watches the pool's descriptor

-- Whether the host calls in, with update() or step(): then a job must not block,
-- for the host would stand still. A game is known before its first frame.
local is_driven = rawget(_G, "love") ~= nil
local has_frames = is_driven

-- nginx's own worker threads have an `ngx` as well, but nothing to wait with: a
-- call there is a program's.
local ngx = rawget(_G, "ngx")
local nginx = ngx and ngx.get_phase and require("yuanjing.runtime.nginx")

--- This process's pool. One made before a fork belongs to the parent, and so do
--- its jobs.
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

-- Tells the news, until that time at the latest, but to one at least. Whether
-- there was anybody.
local function dispatch_ready(ends)
  local dispatched = false
  repeat
    local did, more, waiter = fibers.dispatch(pool, ends)
    if waiter then waiter:resume() end
    dispatched = dispatched or did
  until not more or is_late(ends)
  return dispatched
end

-- Who has news goes on when the queue is run next.
local function requeue_ready_waiters()
  local change = fibers.begin()
  for waiter in pool.ready, pool do fibers.of(waiter):wake() end
  fibers.finish(change)
end

-- Lets those go on who have news, and whom they wake, until that time at the
-- latest, but one of each at least. Whether there was anybody.
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

-- What is left to do, or will be, ends the wait of whoever polls.
local function set_alarm()
  if is_polled then pool:alarm(fibers.due()) end
end

-- Moves the pool on with its method `move`, then resumes the waiters that have
-- news with `tell`, until that time. Returns whether there was any. NB: a debug
-- hook may raise before the alarm is set, and a foreign loop that polls the pool
-- would never call again: pool:guard() sets the alarm then.
local function turn(move, seconds, tell, ends)
  local moved, problem = move(pool, seconds, true)
  if not moved and problem ~= "interrupted" then error(problem, 0) end
  local did = tell(ends)
  if is_polled then set_alarm() end
  return did
end

--- Handles what there is to do, for so many seconds or a bit more; never waits.
---@param budget? number seconds
---@return boolean did whether anybody had news
function loop.step(budget)
  local ends = budget and core.now() + budget
  local step = loop.pool().step
  budget = budget and math.max(0, budget)
  if is_polled then return pool:guard(turn, step, budget, deliver, ends) end
  return turn(step, budget, deliver, ends)
end

--- As step(), for a host that calls it again and again.
---@param budget? number seconds
function loop.drive(budget)
  is_driven = true
  loop.step(budget)
end

--- As drive(), once a frame, at the price of nothing when nothing is in flight.
---@param budget number seconds
function loop.update(budget)
  is_driven, has_frames = true, true
  if pool and (pool:count() > 0 or fibers.due()) then
    loop.step(budget)
  end
end

-- Has those hear in their turn of what was done between two steps. NB: none of
-- them goes on in here: it is called in the midst of the user's own course.
function loop.requeue_ready()
  loop.pool()
  requeue_ready_waiters()
  if not fibers.is_running() then set_alarm() end
end

-- Waiters ------------------------------------------------------------------

-- Who waits, and how, is one of four: a fiber; a waiter in nginx; the program
-- itself, of which there is one; or a fiber that can not give way where it is, and
-- blocks as the program does. park() comes back when it was woken, after so many
-- seconds, or early: its caller looks again. What it was stopped with it raises.
-- suspend() and check() are its halves: the wait, and the raising.
---@class yuanjing.Waiter
---@field park fun(self, seconds: number?)
---@field suspend? fun(self)
---@field check? fun(self)
---@field wake fun(self) has it go on when the queue is run next
---@field resume? fun(self) has it go on, at once if that can be
---@field interrupt? fun(self, problem: any) has it raise that where it is parked
---@field problem? any what it was stopped with
---@field job? yuanjing.Job
---@field subscribed? yuanjing.core.Transfer whose news it waits for

local PROGRAM = {}

-- Waits until something happens; not at all where there are news. A signal ends
-- the wait early: back in Lua, its hook (Ctrl-C) may run.
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

-- All else is its fiber's, but that it can not rest.
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

-- So many fibers block inside each other that no other may go on here.
local function block_alone(seconds, is_heard)
  if not seconds and not is_heard then
    error("too many jobs await each other" .. ACROSS_C, 0)
  end
  turn(pool.wait, seconds, requeue_ready_waiters)
end

function Blocked:park(seconds, is_heard)
  loop.check_wait()
  self.fiber:check()
  if fibers.is_deep() then
    block_alone(seconds, is_heard)
  else
    PROGRAM.park(nil, seconds)
  end
  self.fiber:check()
end

--- Raises, in one sentence, where a call could not wait: before it does anything.
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

--- Who would wait here. A fork is noticed by now, or the wait would be the
--- parent's.
---@return yuanjing.Waiter
function loop.waiter()
  loop.pool()
  return waiter_here()
end

--- Runs it by itself, for that job: at once, until it waits. It must not raise.
---@param job? yuanjing.Job
---@param run fun(waiter: yuanjing.Waiter) with its own
function loop.spawn(job, run)
  loop.pool()
  local spawn = nginx and nginx.can_spawn() and nginx.spawn or fibers.start
  spawn(job, run)
end

--- Runs it by itself, as spawn() does, and for nobody: neither the end of a job
--- nor that of a request ends it. NB: nginx may have too many timers, and never
--- run it.
---@param run fun(waiter: yuanjing.Waiter) with its own
function loop.detach(run)
  loop.pool()
  local spawn = nginx and nginx.can_detach() and nginx.detach or fibers.start
  spawn(nil, run)
end

-- Who answers for what is begun here, if anybody does.
local function scope_here()
  local fiber = fibers.innermost()
  if fiber then return fiber.job end
  return nginx and nginx.cancel_scope()
end

--- Has whoever runs here answer for it.
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

--- Returns when there may be news of the transfer, of which more has to come.
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

--- Waits when a reader of the transfer has nothing: it is "pending", or it was
--- a fiber that waited in the reader and was woken, which is nil. Whether it is to
--- be read again.
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

--- As subscribe(); at once, and true, when nothing more will come.
---@param transfer yuanjing.core.Transfer
---@return boolean? over
function loop.wait(transfer)
  if transfer:done() then return true end
  loop.subscribe(transfer)
end

--- Returns when the head of the answer is here, or none will come.
---@param transfer yuanjing.core.Transfer
function loop.wait_head(transfer)
  while not transfer:status() and not loop.wait(transfer) do end
end

--- Returns when nothing more will come.
---@param transfer yuanjing.core.Transfer
function loop.wait_done(transfer)
  while not loop.wait(transfer) do end
end

--- Ends the transfers whose waiters are gone without a word, and their jobs.
--- Whether some that are in flight have nobody who waits for them.
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

--- Ends an exchange, and the wait of whoever reads it.
---@param transfer yuanjing.core.Transfer
function loop.close(transfer)
  local waiter = transfer:waiter()
  transfer:close()
  if not waiter then return end
  fibers.of(waiter):wake()
  loop.requeue_ready()
end

local lingering = {}

--- Lets a transfer whose answer is read run out by itself for a moment, so that
--- its connection can serve again; nobody waits for it. What it holds stays with
--- whoever holds it.
---@param transfer yuanjing.core.Transfer
function loop.linger(transfer)
  for other in pairs(lingering) do
    if other:done() then lingering[other] = nil end
  end
  if transfer:done() then return end
  transfer:discard(2)
  pool:step()
  loop.requeue_ready() -- that was perhaps others' news
  if not transfer:done() then lingering[transfer] = true end
end

-- Time ---------------------------------------------------------------------

--- Waits, and lets everything in flight go on.
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

--- Raises at the caller of the caller when that is no number of seconds.
---@param name string of the call
---@param value any
function loop.check_seconds(name, value)
  if type(value) == "number" and value == value then return end
  local got = type(value) == "number" and "nan" or type(value)
  error(("%s: expected number of seconds, got %s"):format(name, got), 3)
end

--- A number from 0 to 1, so that not everybody comes back at the same moment.
--- Not math.random: its sequence is the host's.
---@return number
function loop.jitter()
  return (core.now() * 1e4) % 1
end

--- Runs it by itself after a moment in which who would know of a failure may hear
--- of it: the frame of a game, else so many seconds. In nginx at once where no
--- timer may run.
---@param seconds number
---@param run fun()
function loop.after(seconds, run)
  if nginx and nginx.can_detach() then return nginx.after(seconds, run) end
  fibers.start(nil, function(me)
    me:park(has_frames and 0 or seconds)
    run()
  end)
end

--- From now on somebody else watches the descriptor and calls drive().
---@return integer? fd none with poll(2)
function loop.watched_fd()
  local fd = loop.pool():fd()
  is_polled, is_driven = true, true
  set_alarm()
  return fd
end

return loop
