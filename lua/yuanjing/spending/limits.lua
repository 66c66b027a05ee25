--- The limits of a client: how many calls that cost may be open, go out in a
-- minute, and go out in all. Here is who may go and who waits, first come, first
-- served; the counting is a store's, so that others than this process's memory
-- can do it.
--
-- A call is open until its answer is here; a streamed one until its stream has
-- ended. A submit is open until its own answer and not until the end of its
-- task: who submits ten tasks and then awaits them would wait for ever for the
-- end of a task that nobody asks for yet.
local ascii = require "yuanjing.base.ascii"
local heartbeat = require "yuanjing.runtime.heartbeat"
local finalizer = require "yuanjing.base.finalizer"
local loop = require "yuanjing.runtime.loop"
local memory = require "yuanjing.spending.stores.memory"
local number = require "yuanjing.base.number"

local limits = {}

---@class (exact) yuanjing.Bounds none where nothing is given
---@field in_flight? integer calls open at a time
---@field per_minute? integer calls in any 60 seconds
---@field total? integer calls in all; those of which nothing was sent do not count

-- Whether one more call may go, and that it is over: all that a store has to
-- know. One store may serve many clients and processes.
--
-- acquire(bounds) returns a ticket, and the call counts from now on. Or nil and
-- - the seconds until it is worth asking again (math.huge: when a call has ended
--   in this process), and the name of the bound;
-- - the name of a bound that is used up for good;
-- - the fields of an error of the store's own.
-- It may wait. Only one caller in a process asks at a time.
--
-- stamp(ticket, delay) says that its call goes out only now, so many seconds after
-- it was asked for: in per_minute it counts from now. release(ticket, is_unsent,
-- delay) says that the call is over; and that nothing of it was sent, or from when
-- it counts. Both must neither raise nor wait.
--
-- Where tickets are leases, renew(tickets) comes every HEARTBEAT seconds with those
-- whose calls are open. It may wait, and must not raise.
---@class yuanjing.LimitStore
---@field acquire fun(self, bounds: yuanjing.Bounds): any, number|string|table|nil, string?
---@field stamp? fun(self, ticket: any, delay: number)
---@field release fun(self, ticket: any, is_unsent: boolean?, delay: number?)
---@field renew? fun(self, tickets: any[])
---@field HEARTBEAT? number seconds

---@class yuanjing.Limits
---@field bounds yuanjing.Bounds
---@field store yuanjing.LimitStore
---@field private queue table entries by place, from `first` to `last`, with holes
---@field private dropped yuanjing.Slot[] that the collector took from their owners
---@field private pool? yuanjing.core.Pool of the process that the queue is of
---@field private open table<yuanjing.Slot, true> whose leases are renewed
---@field private stop_renewing? fun()
local Limits = { __name = "yuanjing.Limits" }
local methods = {}
Limits.__index = methods

---@class yuanjing.Slot of a call that is open
---@field private ticket any
---@field private asked number when its turn was asked for, on the clock of the loop
---@field private sent number seconds after that when it was sent
local Slot = {}
Slot.__index = Slot

-- Seconds between two looks of the first in the queue for what has been dropped,
-- and of the others for those before them who are gone.
local LOOK, LOOK_BEHIND = 0.1, 1

-- Of the collector's work at each look: a part of all there is, so that it has
-- seen everything after a few seconds.
local function collect_some()
  collectgarbage("step", math.ceil(collectgarbage("count") / 16))
end

-- The queue ----------------------------------------------------------------

local function new_queue()
  return { first = 1, last = 0, count = 0 }
end

local function join(queue, entry)
  queue.last, queue.count = queue.last + 1, queue.count + 1
  entry.place, queue[queue.last] = queue.last, entry
end

local function quit(queue, entry)
  if queue[entry.place] ~= entry then return end
  queue[entry.place], queue.count = nil, queue.count - 1
end

-- NB: nginx takes those who wait away without a word when their request ends.
local function is_gone(waiter)
  return waiter.is_gone and waiter:is_gone()
end

local function first_of(queue)
  while queue.first <= queue.last do
    local entry = queue[queue.first]
    if entry and not is_gone(entry.waiter) then return entry end
    if entry then quit(queue, entry) end
    queue.first = queue.first + 1
  end
end

local function wake_first(self)
  local entry = first_of(self.queue)
  if not entry then return end
  entry.is_called = true
  entry.waiter:wake()
  loop.requeue_ready()
end

-- Slots --------------------------------------------------------------------

-- The last call turns off the light.
local function leave_open(self, slot)
  self.open[slot] = nil
  if next(self.open) or not self.stop_renewing then return end
  self.stop_renewing()
  self.stop_renewing = nil
end

-- Whoever counts the calls of a minute at the other end counts when they arrive:
-- so they count from then, and not from their turn. The longest way in seconds that
-- is reckoned with:
local WAY = 2

--- The call goes out now, perhaps once more.
function Slot:send()
  self.sent = loop.now() - self.asked
  local store = self.limits.store
  if store.stamp then store:stamp(self.ticket, self.sent) end
end

--- The call is over. Only the first time counts.
---@param is_unsent? boolean nothing of it was sent
function Slot:leave(is_unsent)
  if self.is_left then return end
  self.is_left = true
  leave_open(self.limits, self)
  local delay = math.min(loop.now() - self.asked, self.sent + WAY)
  self.limits.store:release(self.ticket, is_unsent,
    not is_unsent and delay or nil)
  wake_first(self.limits)
end

local function drop(slot)
  if slot.is_left then return end
  local dropped = slot.limits.dropped
  dropped[#dropped + 1] = slot
end

-- A stream that nobody has closed is open until it is collected.
local function release_dropped(self)
  while #self.dropped > 0 do table.remove(self.dropped):leave() end
end

local function renew(self)
  collect_some()
  release_dropped(self)
  local tickets = {}
  for slot in pairs(self.open) do tickets[#tickets + 1] = slot.ticket end
  if #tickets > 0 then self.store:renew(tickets) end
end

local function enter_open(self, slot)
  if not self.store.renew then return end
  self.open[slot] = true
  self.stop_renewing = self.stop_renewing
    or heartbeat(loop.detach, self.store.HEARTBEAT, function() renew(self) end)
end

local function new_slot(self, ticket, asked)
  local slot = setmetatable({ limits = self, ticket = ticket, asked = asked,
    sent = 0, is_left = false }, Slot)
  finalizer.attach(slot, drop)
  enter_open(self, slot)
  loop.scope_add(slot, slot.leave)
  return slot
end

-- Turns --------------------------------------------------------------------

local function shown(bounds)
  local list = {}
  for name, most in pairs(bounds) do
    list[#list + 1] = name .. " = " .. number.show(most)
  end
  table.sort(list, ascii.less)
  return table.concat(list, ", ")
end

local function too_late(self, bound)
  return { kind = "limit", code = bound, retryable = true,
    message = ("its turn did not come in time (%s)"):format(
      shown(self.bounds)) }
end

local function refusal(self, why)
  if type(why) == "table" then return why end
  return { kind = "limit", code = why,
    message = ("%s = %s is used up"):format(why,
      number.show(self.bounds[why])) }
end

-- Asks the store for the first in the queue. A ticket; nil and the fields of an
-- error; or nil, nil, the seconds until it is worth asking again, and the bound.
local function ask(self, entry)
  if first_of(self.queue) ~= entry then
    return nil, nil, entry.waiter.is_gone and LOOK_BEHIND or math.huge
  end
  release_dropped(self)
  entry.asked = loop.now()
  local ticket, why, bound = self.store:acquire(self.bounds)
  if ticket then return ticket end
  if type(why) ~= "number" then return nil, refusal(self, why) end
  return nil, nil, why, bound
end

-- The longest that it waits in one go. What nobody holds any more is perhaps a
-- call that is open.
local function nap_of(delay, bound)
  if bound ~= "in_flight" then return delay end
  collect_some()
  return math.min(delay, LOOK)
end

-- Waits until it is called, or for so long; park() may come back early.
local function rest(entry, seconds)
  local ends = loop.now() + seconds
  while not entry.is_called and loop.now() < ends do
    entry.waiter:park(math.max(0, ends - loop.now()))
  end
end

local function await_turn(self, entry, ends, report)
  local is_told = false
  while true do
    entry.is_called = false
    local ticket, failure, delay, bound = ask(self, entry)
    if ticket or failure then return ticket, failure end
    local left = ends - loop.now()
    if left <= 0 then return nil, too_late(self, bound) end
    if not is_told then
      is_told = true
      report { bound = bound, ahead = self.queue.count - 1,
        delay = bound == "per_minute" and delay or nil }
    end
    rest(entry, math.min(left, nap_of(delay, bound)))
  end
end

-- After a fork: those who wait, and the calls that are open, are a parent's.
local function begin_anew(self)
  self.pool, self.queue = loop.pool(), new_queue()
  self.open, self.stop_renewing = setmetatable({}, { __mode = "k" }), nil
end

--- Waits for a turn, until that time at the latest: a slot, to be left when the
--- call is over; or nil and the fields of an error, of kind limit. `tell` hears
--- when it has to wait.
---@param ends number on the clock of the loop
---@param report fun(event: { bound?: string, ahead: integer, delay?: number })
---@return yuanjing.Slot?
---@return table? failure
function methods:enter(ends, report)
  if self.pool ~= loop.pool() then begin_anew(self) end
  local queue, entry = self.queue, { waiter = loop.waiter() }
  join(queue, entry)
  local ok, ticket, failure = pcall(await_turn, self, entry, ends, report)
  quit(queue, entry)
  local slot = ok and ticket and new_slot(self, ticket, entry.asked)
  wake_first(self)
  if not ok then error(ticket, 0) end
  return slot, failure
end

--- Limits with counters of their own, or in a store.
---@param bounds yuanjing.Bounds
---@param store? yuanjing.LimitStore
---@return yuanjing.Limits
function limits.new(bounds, store)
  return setmetatable({ bounds = bounds, store = store or memory.new(),
    dropped = {} }, Limits)
end

return limits
