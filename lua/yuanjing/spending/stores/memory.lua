--- The counters of yuanjing.spending.limits in this process's memory. The
-- calls of the last minute are a heap by time: a minute is full when it holds
-- as many as the limit.
local heap = require "yuanjing.base.heap"
local loop = require "yuanjing.runtime.loop"

local memory = {
  --- The seconds of per_minute.
  MINUTE = 60,
}

---@class yuanjing.MemoryStore: yuanjing.LimitStore
---@field private open integer
---@field private spent integer
---@field private recent table tickets of the last minute's calls
---@field private pool yuanjing.core.Pool of the process that the open calls belong to
local Store = {}
Store.__index = Store

-- After a fork: the child is never notified that the parent's open calls end.
local function adopt(self)
  if self.pool == loop.pool() then return end
  self.pool, self.open = loop.pool(), 0
end

local function window_delay(self, most)
  local recent, over = self.recent, loop.now() - memory.MINUTE
  while recent[1] and recent[1].at <= over do recent:pop() end
  return #recent < most and 0 or recent[1].at - over
end

--- See yuanjing.LimitStore.
function Store:acquire(bounds)
  adopt(self)
  if self.spent >= (bounds.total or math.huge) then return nil, "total" end
  if self.open >= (bounds.in_flight or math.huge) then
    return nil, math.huge, "in_flight"
  end
  local most = bounds.per_minute
  local delay = most and window_delay(self, most) or 0
  if delay > 0 then return nil, delay, "per_minute" end
  local ticket = { pool = self.pool, asked = loop.now() }
  ticket.at = ticket.asked
  if most then self.recent:push(ticket) end
  self.open, self.spent = self.open + 1, self.spent + 1
  return ticket
end

--- See yuanjing.LimitStore.
function Store:stamp(ticket, delay)
  if not ticket.place then return end -- it is not counted, or not any longer
  self.recent:remove(ticket)
  ticket.at = ticket.asked + delay
  self.recent:push(ticket)
end

--- See yuanjing.LimitStore.
function Store:release(ticket, is_unsent, delay)
  if ticket.pool ~= self.pool then return end
  self.open = self.open - 1
  if not is_unsent then return self:stamp(ticket, delay) end
  self.spent = self.spent - 1
  self.recent:remove(ticket)
end

--- See yuanjing.LimitStore.
function Store:left(bounds)
  return (bounds.total or math.huge) - self.spent
end

---@return yuanjing.MemoryStore
function memory.new()
  return setmetatable({ open = 0, spent = 0, recent = heap.new() }, Store)
end

return memory
