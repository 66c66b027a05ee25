--- Who answers for what was begun: a job, or a request of nginx. When it comes to
-- a bad end, what it began ends with it. Nothing is kept alive by being owned.
local owner = {}

---@class yuanjing.Owner
---@field private things table<table, fun(thing: table)> each with what ends it
local Owner = {}
Owner.__index = Owner

local WEAK = { __mode = "k" }

---@param thing table a transfer, a job
---@param cancel fun(thing: table) ends it, and must not raise
function Owner:own(thing, cancel)
  self.things[thing] = cancel
end

--- Ends all that it owns and that has not ended.
function Owner:cancel()
  local things = self.things
  self.things = setmetatable({}, WEAK)
  for thing, cancel in pairs(things) do cancel(thing) end
end

---@return yuanjing.Owner
function owner.new()
  return setmetatable({ things = setmetatable({}, WEAK) }, Owner)
end

return owner
