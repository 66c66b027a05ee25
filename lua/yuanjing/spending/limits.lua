--- The limits of a client: how many billable calls may be open at once, be
-- sent in a minute, and be sent in all. This module queues the callers, first
-- come, first served. A store counts, so that several processes can share the
-- counters.
--
-- A call is open until its answer has arrived; a stream until it has ended. A
-- submit is open until its own answer, not until the end of its task: a
-- program that submits ten tasks and then awaits them would otherwise wait for
-- ever.
local ascii = require "yuanjing.base.ascii"
local collector = require "yuanjing.base.collector"
local heartbeat = require "yuanjing.runtime.heartbeat"
local finalizer = require "yuanjing.base.finalizer"
local loop = require "yuanjing.runtime.loop"
local memory = require "yuanjing.spending.stores.memory"
local number = require "yuanjing.base.number"

local limits = {}

---@class (exact) yuanjing.Bounds a missing field sets no limit
---@field in_flight? integer calls open at the same time
---@field per_minute? integer calls sent in any 60 seconds
---@field total? integer calls sent in all
---@field cost? number money that the calls of this process may cost in all, by told prices

-- A store decides whether one more call may go, and learns that a call is
-- over. One store may serve many clients and processes.
--
-- acquire(bounds) returns a ticket, and the call counts from now on. Otherwise
-- it returns nil and one of:
-- - the seconds until it is worth asking again (math.huge: when a call of this
--   process ends), and the name of the limit;
-- - the name of a limit that is used up for good;
-- - the fields of an error of the store itself.
-- It may wait. Only one caller in a process asks at a time.
--
-- stamp(ticket, delay): the call is sent only now, so many seconds after
-- acquire(); it counts in per_minute from now. release(ticket, is_unsent,
-- delay): the call is over; either nothing of it was sent, or it counts from
-- acquire() plus the delay. Both must neither raise nor wait.
--
-- If tickets are leases, renew(tickets) is called every HEARTBEAT seconds with
-- those of open calls. It may wait, and must not raise.
---@class yuanjing.LimitStore
---@field acquire fun(self, bounds: yuanjing.Bounds): any, number|string|table|nil, string?
---@field stamp? fun(self, ticket: any, delay: number)
---@field release fun(self, ticket: any, is_unsent: boolean?, delay: number?)
---@field renew? fun(self, tickets: any[])
---@field left? fun(self, bounds: yuanjing.Bounds): number how many calls are left of the total
---@field HEARTBEAT? number seconds

---@class yuanjing.Limits
---@field bounds yuanjing.Bounds
---@field store yuanjing.LimitStore
---@field spent number money, by prices that were told
---@field private queue table entries by place, from `first` to `last`, with holes
---@field private dropped yuanjing.Slot[] whose calls the collector found unreachable
---@field private pool? yuanjing.core.Pool of the process that the queue belongs to
---@field private open table<yuanjing.Slot, true> whose leases are renewed
---@field private stop_renewing? fun()
local Limits = { __name = "yuanjing.Limits" }
local methods = {}
Limits.__index = methods

---@class yuanjing.Slot of a call that is open
---@field private ticket any
---@field private asked number time of acquire(), on the loop's clock
---@field private sent number seconds from then until it was sent
local Slot = {}
Slot.__index = Slot

-- Seconds between two checks: by the first in the queue for dropped calls, and
-- by the others for waiters before them that are gone.
local LOOK, LOOK_BEHIND = 0.1, 1

-- A part of the collector's work at each check, so that it has seen everything
-- after a few seconds.
local function collect_some()
  collector.step(collectgarbage("count") / 16)
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

-- NB: nginx removes waiting threads without notice when their request ends.
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

-- Stops renewing the leases when the last open call ends.
local function leave_open(self, slot)
  self.open[slot] = nil
  if next(self.open) or not self.stop_renewing then return end
  self.stop_renewing()
  self.stop_renewing = nil
end

-- The platform counts the calls of a minute when they arrive, so they count
-- from then here too, and not from their turn. The longest travel time, in
-- seconds:
local WAY = 2

--- The call is sent now, perhaps once more.
function Slot:send()
  self.sent = loop.now() - self.asked
  local store = self.limits.store
  if store.stamp then store:stamp(self.ticket, self.sent) end
end

--- The call is over. Only the first call of this method counts.
---@param is_unsent? boolean nothing of it was sent
function Slot:leave(is_unsent)
  if self.is_left then return end
  self.is_left = true
  leave_open(self.limits, self)
  if is_unsent then self.limits:spend(-(self.cost or 0)) end
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

-- A stream that is not closed stays open until it is collected.
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

-- Asks the store, if the entry is the first in the queue. Returns a ticket; or
-- nil and the fields of an error; or nil, nil, the seconds until it is worth
-- asking again, and the limit.
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

-- The longest single wait. A call may be open only because its object is not
-- collected yet.
local function nap_of(delay, bound)
  if bound ~= "in_flight" then return delay end
  collect_some()
  return math.min(delay, LOOK)
end

-- Waits until it is called, or for so long; park() may return early.
local function park_until_called(entry, seconds)
  local ends = loop.now() + seconds
  while not entry.is_called and loop.now() < ends do
    entry.waiter:park(math.max(0, ends - loop.now()))
  end
end

local function await_turn(self, entry, ends, report)
  local is_reported = false
  while true do
    entry.is_called = false
    local ticket, failure, delay, bound = ask(self, entry)
    if ticket or failure then return ticket, failure end
    local left = ends - loop.now()
    if left <= 0 then return nil, too_late(self, bound) end
    if not is_reported then
      is_reported = true
      report { bound = bound, ahead = self.queue.count - 1,
        delay = bound == "per_minute" and delay or nil }
    end
    park_until_called(entry, math.min(left, nap_of(delay, bound)))
  end
end

-- After a fork: the waiters and the open calls belong to the parent.
local function begin_anew(self)
  self.pool, self.queue = loop.pool(), new_queue()
  self.open, self.stop_renewing = setmetatable({}, { __mode = "k" }), nil
end

--- How many calls are left of the total, where the store knows it without asking
--- anybody; else math.huge.
---@return number
function methods:left()
  return self.store.left and self.store:left(self.bounds) or math.huge
end

--- Adds to what was spent.
---@param cost number
function methods:spend(cost)
  self.spent = self.spent + cost
end

--- Charges a call that has its turn; or ends the turn and returns the fields of
--- an error.
---@param slot yuanjing.Slot
---@param cost number 0: it is charged afterwards, and may go while any is left
---@return table? failure
function methods:charge(slot, cost)
  local most = self.bounds.cost
  if not most then return nil end
  if self.spent + cost > most or self.spent >= most then
    slot:leave(true)
    return refusal(self, "cost")
  end
  slot.cost = cost
  self:spend(cost)
end

--- Waits for a turn, until the time `ends`. Returns a slot, to be left when
--- the call is over; or nil and the fields of an error of kind `limit`. Calls
--- `report` once if it has to wait.
---@param ends number on the loop's clock
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

--- Limits with counters of their own, or with those of a store.
---@param bounds yuanjing.Bounds
---@param store? yuanjing.LimitStore
---@return yuanjing.Limits
function limits.new(bounds, store)
  return setmetatable({ bounds = bounds, store = store or memory.new(),
    dropped = {}, spent = 0 }, Limits)
end

return limits
