--- Writes that failed for now. They are kept in memory, in order, and tried
-- again: by a timer, before the next write, and when the Lua state closes
-- normally (not after kill -9, or os.exit without closing the state).
local heartbeat = require "yuanjing.runtime.heartbeat"
local finalizer = require "yuanjing.base.finalizer"
local loop = require "yuanjing.runtime.loop"

local backlog = {}

---@class yuanjing.Backlog
---@field items any[] the oldest first
---@field private write fun(item: any): true?, string?
---@field private due number time of the next try, on the loop's clock
---@field private pause number seconds between two tries
---@field private stop_timer? fun()
---@field private guard? table finalizer that writes the remaining items at the end
local methods = {}
local Backlog = { __index = methods }

local TICK, LONGEST = 0.5, 15 -- seconds

local function write_first(self)
  local item = self.items[1]
  local ok, done, problem = pcall(self.write, item)
  if not ok then done, problem = nil, done end
  -- NB: in nginx another thread may have written it meanwhile.
  if done and self.items[1] == item then table.remove(self.items, 1) end
  return done, problem
end

local function relax(self)
  self.pause, self.due, self.guard = TICK, 0, nil
  if self.stop_timer then self.stop_timer() end
  self.stop_timer = nil
end

--- Tries to write all of them now.
---@return true?
---@return string? problem
function methods:flush()
  while #self.items > 0 do
    local done, problem = write_first(self)
    if not done then
      self.due = loop.now() + self.pause
      self.pause = math.min(LONGEST, 2 * self.pause)
      return nil, problem
    end
  end
  relax(self)
  return true
end

--- Whether items wait and it is too early to try again: each try may block the
--- process for seconds.
---@return boolean
function methods:must_wait()
  return #self.items > 0 and loop.now() < self.due
end

-- NB: made after the connection or file that it needs: when the state closes,
-- finalizers run in the opposite order.
local function new_guard(self)
  return finalizer.attach({}, function() pcall(self.flush, self) end)
end

--- Keeps an item until it is written.
---@param item any
function methods:push(item)
  self.items[#self.items + 1] = item
  if self.stop_timer then return end
  self.guard, self.due = new_guard(self), loop.now() + self.pause
  self.stop_timer = heartbeat(loop.detach, TICK, function()
    if not self:must_wait() then self:flush() end
  end)
end

--- A backlog for items that `write(item)` could not write. It returns true, or
--- nil and why not; writing an item twice must do no harm.
---@param write fun(item: any): true?, string?
---@return yuanjing.Backlog
function backlog.new(write)
  return setmetatable({ items = {}, write = write, due = 0, pause = TICK },
    Backlog)
end

return backlog
