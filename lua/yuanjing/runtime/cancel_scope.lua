--- Who answers for what was begun: a job, or a request of nginx. When it comes to
-- a bad end, what it began ends with it. Nothing is kept alive by being owned.
local cancel_scope = {}

---@class yuanjing.CancelScope: { [table]: fun(thing: table) } what ends each thing
local methods = {}
local CancelScope = { __index = methods, __mode = "k" }

---@param thing table a transfer, a job
---@param cancel fun(thing: table) ends it, and must not raise
function methods:add(thing, cancel)
  self[thing] = cancel
end

--- Ends all that it owns and that has not ended.
function methods:cancel()
  local things = {}
  for thing in pairs(self) do things[thing] = true end
  for thing in pairs(things) do
    local cancel = self[thing]
    self[thing] = nil -- NB: no earlier, or a cancel() that is broken off by what
    if cancel then cancel(thing) end -- a debug hook raises would lose the rest
  end
end

---@return yuanjing.CancelScope
function cancel_scope.new()
  return setmetatable({}, CancelScope)
end

return cancel_scope
