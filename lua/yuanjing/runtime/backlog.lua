--- Writes that could not be done yet. They are kept in memory, in their order,
-- and tried again: by a timer, before the next write, and when the process ends
-- in good order (not after kill -9 or os.exit without closing the state).
local heartbeat = require "yuanjing.runtime.heartbeat"
local finalizer = require "yuanjing.base.finalizer"
local loop = require "yuanjing.runtime.loop"

local backlog = {}

---@class yuanjing.Backlog
---@field items any[] the oldest first
---@field private write fun(item: any): true?, string?
---@field private due number on the clock of the loop: not tried again before
---@field private pause number seconds between two tries
---@field private stop_timer? fun()
---@field private guard? table has the rest written when the process ends
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

--- Whether something waits, and it is too early to try again: each try may
--- block the process for seconds.
---@return boolean
function methods:must_wait()
  return #self.items > 0 and loop.now() < self.due
end

-- NB: made after the connection or the file that it needs, so the collector
-- finishes it before those when the state is closed.
local function new_guard(self)
  return finalizer.attach({}, function() pcall(self.flush, self) end)
end

--- Keeps it until it is written.
---@param item any
function methods:push(item)
  self.items[#self.items + 1] = item
  if self.stop_timer then return end
  self.guard, self.due = new_guard(self), loop.now() + self.pause
  self.stop_timer = heartbeat(loop.detach, TICK, function()
    if not self:must_wait() then self:flush() end
  end)
end

--- A backlog of what `write(item)` could not write: that returns true, or nil and
--- why not; being called twice for one item it does no harm.
---@param write fun(item: any): true?, string?
---@return yuanjing.Backlog
function backlog.new(write)
  return setmetatable({ items = {}, write = write, due = 0, pause = TICK },
    Backlog)
end

return backlog
