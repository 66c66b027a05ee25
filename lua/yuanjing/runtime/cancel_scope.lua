--- A cancel scope owns what a job, or an nginx request, has begun. When the
-- job or request fails or is cancelled, the scope cancels those things. The
-- scope holds them weakly: it keeps nothing alive.
local cancel_scope = {}

---@class yuanjing.CancelScope: { [table]: fun(thing: table) } what ends each thing
local methods = {}
local CancelScope = { __index = methods, __mode = "k" }

---@param thing table a transfer, a job
---@param cancel fun(thing: table) ends it, and must not raise
function methods:add(thing, cancel)
  self[thing] = cancel
end

--- Cancels everything in the scope that has not ended.
function methods:cancel()
  local things = {}
  for thing in pairs(self) do things[thing] = true end
  for thing in pairs(things) do
    local cancel = self[thing]
    -- NB: not earlier, or an error of a debug hook would lose the others.
    self[thing] = nil
    if cancel then cancel(thing) end
  end
end

---@return yuanjing.CancelScope
function cancel_scope.new()
  return setmetatable({}, CancelScope)
end

return cancel_scope
