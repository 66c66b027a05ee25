--- The counters of yuanjing.spending.limits in Redis (6.2 or later), beside
-- the journal, for all processes that share it. Each step is a script that
-- Redis runs with its own clock. An open call is a lease, so that the calls
-- of a killed process do not block others for ever. A time that is too far in
-- the future was set before the clock was put back: it becomes the latest
-- possible time.
local backlog = require "yuanjing.runtime.backlog"
local link = require "yuanjing.redis.connection"
local loop = require "yuanjing.runtime.loop"
local memory = require "yuanjing.spending.stores.memory"
local new_name = require "yuanjing.base.random_name"
local number = require "yuanjing.base.number"

local unpack = table.unpack or unpack

local redis = {
  --- Seconds that a call counts as open without a heartbeat of its process; a
  --- journal treats a process as alive for the same time. A timeout of the
  --- call can not replace it: a stream has no longest time, and a submit may
  --- take ten minutes.
  LEASE = 60,
  --- Seconds that the other callers wait for the first in the queue without a
  --- heartbeat.
  SILENCE = 1,
}

---@class yuanjing.RedisStore: yuanjing.LimitStore
---@field private link? yuanjing.journal.Link
---@field private problem? string why there is no connection
---@field private name string for messages
---@field private keys table<string, string>
---@field private lease number
---@field private process_name? string of this process
---@field private process? yuanjing.core.Pool of the process with that name
---@field private asking? table the ticket that is requested, until it is granted
---@field private last integer number of a ticket
---@field private backlog yuanjing.Backlog changes that Redis does not have yet
local Store = {}
Store.__index = Store

-- Seconds between two requests of a caller that waits: no other process can
-- wake it.
local PACE = 0.1

-- Seconds for an answer. The connection gives up long before; nginx may have
-- too many timers, and never begin.
local PATIENCE = 30

-- The sets: open calls, by the end of their leases; the last minute's calls,
-- by time; waiting tickets, by their arrival; and the same, by the time when
-- they are dropped. Among callers with the same limits the first one goes
-- first: otherwise a process with many calls would never leave a turn to
-- others. A ticket that is open has been granted before: the connection broke
-- before the answer.
local ACQUIRE = [[
local open, recent, spent, waiting, deadlines = unpack(KEYS)
local id, lease, minute = ARGV[1], ARGV[2] * 1e6, ARGV[3] * 1e6
local pace, silence = ARGV[4] * 1e6, ARGV[5] * 1e6
local in_flight, per_minute = tonumber(ARGV[6]), tonumber(ARGV[7])
local total = tonumber(ARGV[8])
local time = redis.call('TIME')
local now = time[1] * 1e6 + time[2]

local slack = minute / 240 -- for a call whose process reports nothing more

local function pull_back(set, latest)
  local from = ('(%.0f'):format(latest)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', set, from, '+inf')) do
    redis.call('ZADD', set, latest, id)
  end
end

local function delay()
  pull_back(open, now + lease)
  pull_back(recent, now + slack)
  pull_back(deadlines, now + minute + silence)
  redis.call('ZREMRANGEBYSCORE', open, '-inf', now)
  redis.call('ZREMRANGEBYSCORE', recent, '-inf', now - minute)
  if in_flight and redis.call('ZCARD', open) >= in_flight then
    return pace, 'in_flight'
  end
  local oldest = per_minute and redis.call('ZRANGE', recent, -per_minute,
    -per_minute, 'WITHSCORES')[2]
  if oldest then return oldest + minute - now, 'per_minute' end
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', deadlines, '-inf', now)) do
    redis.call('ZREM', waiting, gone)
    redis.call('ZREM', deadlines, gone)
  end
  local first = redis.call('ZRANGE', waiting, 0, 0)[1]
  if first and first ~= id then
    return pace, in_flight and 'in_flight' or 'per_minute'
  end
end

-- A write may cost Redis a sync of its disk, so it is not done at each
-- request.
local function join_queue(back)
  local known = redis.call('ZSCORE', deadlines, id)
  if known and tonumber(known) > back + silence / 2 then return end
  redis.call('ZADD', waiting, 'NX', now, id)
  redis.call('ZADD', deadlines, back + silence, id)
  for _, key in ipairs { waiting, deadlines } do
    redis.call('PEXPIRE', key, math.ceil((minute + silence) / 1e3))
  end
end

local function granted()
  return { 'granted', ('%.0f'):format(now) }
end

if redis.call('ZSCORE', open, id) then return granted() end
if total and tonumber(redis.call('GET', spent) or 0) >= total then
  return { 'total' }
end
local wait, bound = delay()
if wait then
  join_queue(now + wait)
  return { bound, math.ceil(wait) }
end
redis.call('ZREM', waiting, id)
redis.call('ZREM', deadlines, id)
redis.call('ZADD', open, now + lease, id)
redis.call('PEXPIRE', open, math.ceil(lease / 1e3))
redis.call('ZADD', recent, now + slack, id)
redis.call('PEXPIRE', recent, math.ceil((minute + slack) / 1e3))
redis.call('INCR', spent)
return granted()]]

-- For a call that goes on, that is over, or of which nothing was sent. An
-- unsent call is subtracted once, even if it is reported late or repeatedly.
local UPDATE = [[
local open, recent, spent, returned = unpack(KEYS)
local id, at, state = unpack(ARGV)
if state ~= 'open' then redis.call('ZREM', open, id) end
if state ~= 'unsent' then
  redis.call('ZADD', recent, 'XX', 'GT', at, id)
elseif redis.call('SET', returned, 1, 'NX', 'EX', 86400) then
  redis.call('ZREM', recent, id)
  if tonumber(redis.call('GET', spent) or 0) > 0 then
    redis.call('DECR', spent)
  end
end
return 1]]

-- NB: a call whose lease ran out is open all the same, and counts again.
local RENEW = [[
local time = redis.call('TIME')
local now = time[1] * 1e6 + time[2]
for i = 2, #ARGV do
  redis.call('ZADD', KEYS[1], now + ARGV[1] * 1e6, ARGV[i])
end
return redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[1] * 1e3))]]

local function call(self, ...)
  if not self.link then return nil, self.problem end
  return self.link:call(...)
end

-- Tickets ------------------------------------------------------------------

-- A ticket that was not granted is requested again: so it keeps its place in
-- the queue, and a grant whose answer was lost does not count twice.
local function next_ticket(self)
  if self.process ~= loop.pool() then -- after a fork
    self.process_name, self.process, self.asking = new_name(), loop.pool(), nil
  end
  if not self.asking then
    self.last = self.last + 1
    self.asking = { id = self.process_name .. "-" .. self.last,
      process = self.process }
  end
  return self.asking
end

local function ask(self, ticket, bounds)
  local keys = self.keys
  local queue = (":%s:%s"):format(number.show(bounds.in_flight or ""),
    number.show(bounds.per_minute or ""))
  return call(self, "EVAL", ACQUIRE, 5, keys.open, keys.recent, keys.spent,
    keys.waiting .. queue, keys.deadlines .. queue, ticket.id, self.lease,
    memory.MINUTE, PACE, redis.SILENCE, bounds.in_flight or "",
    bounds.per_minute or "", bounds.total or "")
end

-- Whether the waiter can no longer use a grant.
local function is_over(waiter)
  return waiter.problem or waiter.is_gone and waiter:is_gone()
end

-- NB: it may run after nginx removed the asker's thread, whose locals are nil
-- then: so it uses only upvalues of a function that has returned.
local function asking_for(self, question)
  return function()
    local ticket = question.ticket
    self.backlog:flush() -- or what was not spent might be missing
    local reply, problem = ask(self, ticket, question.bounds)
    if reply and reply[1] == "granted" then
      self.asking, ticket.granted = nil, tonumber(reply[2])
      if is_over(question.waiter) then
        self:release(ticket, true)
      end
    end
    question.reply, question.problem = reply or false, problem
    question.waiter:wake()
  end
end

local function io_error(self, problem)
  return { kind = "io",
    message = ("%s: %s"):format(self.name, tostring(problem)) }
end

--- See yuanjing.LimitStore. The request runs in a fiber or timer of its own,
--- because nginx may remove the waiting thread meanwhile; the queue of
--- yuanjing.spending.limits notices waiters that are gone only while they are
--- parked.
function Store:acquire(bounds)
  local question = { waiter = loop.waiter(), ticket = next_ticket(self),
    bounds = bounds, problem = "nginx has too many timers" }
  local ends = loop.now() + PATIENCE
  loop.detach(asking_for(self, question))
  while question.reply == nil and loop.now() < ends do
    question.waiter:park(math.max(0, ends - loop.now()))
  end
  local reply = question.reply
  if not reply then return nil, io_error(self, question.problem) end
  if reply[1] == "total" then return nil, "total" end
  if reply[1] ~= "granted" then return nil, reply[2] / 1e6, reply[1] end
  return question.ticket
end

local function write(self, change)
  local keys, ticket = self.keys, change.ticket
  local reply, problem = call(self, "EVAL", UPDATE, 4, keys.open, keys.recent,
    keys.spent, keys.spent .. ":" .. ticket.id, ticket.id, change.at, change.state)
  return reply and true, problem
end

-- A change that Redis did not get is written when Redis is back: its total
-- would be wrong.
local function report(self, ticket, state, delay)
  if ticket.process ~= loop.pool() then return end
  local change = { ticket = ticket, state = state,
    at = ("%.0f"):format(ticket.granted + delay * 1e6) }
  loop.detach(function()
    if self.backlog:must_wait() or not write(self, change) then
      self.backlog:push(change)
    end
  end)
end

local LATE = 0.1 -- seconds; shorter delays are reported when the call ends

--- See yuanjing.LimitStore.
function Store:stamp(ticket, delay)
  if delay > LATE then report(self, ticket, "open", delay) end
end

--- See yuanjing.LimitStore.
function Store:release(ticket, is_unsent, delay)
  report(self, ticket, is_unsent and "unsent" or "over", delay or 0)
end

local PIECE = 1000 -- tickets: Lua takes some thousand arguments

--- See yuanjing.LimitStore.
function Store:renew(tickets)
  for from = 1, #tickets, PIECE do
    local ids = {}
    for i = from, math.min(#tickets, from + PIECE - 1) do
      ids[#ids + 1] = tickets[i].id
    end
    call(self, "EVAL", RENEW, 1, self.keys.open, self.lease, unpack(ids))
  end
end

--- Does not connect yet.
---@param url string of the journal
---@return yuanjing.RedisStore
function redis.new(url)
  local connection, problem, address = link.new(url)
  local self = setmetatable({ link = connection, problem = problem, last = 0,
    name = "the limits in " .. url:gsub("//.*@", "//"), lease = redis.LEASE,
    HEARTBEAT = redis.LEASE / 3, keys = link.keys(address, { "open", "recent",
      "spent", "waiting", "deadlines" }) }, Store)
  self.backlog = backlog.new(function(change) return write(self, change) end)
  return self
end

return redis
