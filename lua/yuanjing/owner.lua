--- Who answers for what was begun: a job, or a request of nginx. When it comes to
-- a bad end, what it began ends with it. Nothing is kept alive by being owned.
local owner = {}

---@class yuanjing.Owner
---@field private things table<table, boolean>
local Owner = {}
Owner.__index = Owner

local WEAK = { __mode = "k" }

---@param thing { cancel: fun(self) } a transfer, a job
function Owner:own(thing)
  self.things[thing] = true
end

--- Ends all that it owns and that has not ended.
function Owner:cancel()
  local things = self.things
  self.things = setmetatable({}, WEAK)
  for thing in pairs(things) do thing:cancel() end
end

---@return yuanjing.Owner
function owner.new()
  return setmetatable({ things = setmetatable({}, WEAK) }, Owner)
end

return owner
