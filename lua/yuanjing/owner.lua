--- Who answers for what was begun: a job, or a request of nginx. When it comes to
-- a bad end, what it began ends with it. Nothing is kept alive by being owned.
local owner = {}

---@class yuanjing.Owner: { [table]: fun(thing: table) } what ends each thing
local methods = {}
local Owner = { __index = methods, __mode = "k" }

---@param thing table a transfer, a job
---@param cancel fun(thing: table) ends it, and must not raise
function methods:own(thing, cancel)
  self[thing] = cancel
end

--- Ends all that it owns and that has not ended.
function methods:cancel()
  local things = {}
  for thing, cancel in pairs(self) do
    things[thing], self[thing] = cancel, nil
  end
  for thing, cancel in pairs(things) do cancel(thing) end
end

---@return yuanjing.Owner
function owner.new()
  return setmetatable({}, Owner)
end

return owner
