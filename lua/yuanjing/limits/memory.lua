--- The counters of yuanjing.limits in this process's memory. The calls of the
-- last minute are a ring of as many times as a minute may have: it is full when
-- the oldest of them is not a minute old.
local loop = require "yuanjing.loop"

local memory = {
  --- Seconds that per_minute means.
  MINUTE = 60,
}

---@class yuanjing.MemoryStore: yuanjing.LimitStore
---@field private open integer
---@field private spent integer
---@field private count integer of the times that were put into the ring
---@field private ring number[]
---@field private pool yuanjing.core.Pool of the process that the open calls are of
local Store = {}
Store.__index = Store

-- Of calls that a parent had open before a fork nobody tells here that they end.
local function adopt(self)
  if self.pool == loop.pool() then return end
  self.pool, self.open = loop.pool(), 0
end

local function window_delay(self, most)
  local oldest = self.ring[self.count % most + 1]
  return oldest and oldest + memory.MINUTE - loop.now() or 0
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
  if most then
    self.ring[self.count % most + 1] = loop.now()
    self.count = self.count + 1
  end
  self.open, self.spent = self.open + 1, self.spent + 1
  return { pool = self.pool }
end

function Store:release(ticket, is_unsent)
  if ticket.pool ~= self.pool then return end
  self.open = self.open - 1
  if is_unsent then self.spent = self.spent - 1 end
end

---@return yuanjing.MemoryStore
function memory.new()
  return setmetatable({ open = 0, spent = 0, count = 0, ring = {} }, Store)
end

return memory
