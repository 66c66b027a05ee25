--- Something done when the collector takes a table: 5.1 and LuaJIT have
-- finalizers for userdata alone.
local finalizer = {}

local new_proxy = rawget(_G, "newproxy")

--- Has `finish(thing)` called when nothing holds the thing any more; returns it.
--- NB: in the midst of whatever runs then, so it must neither raise nor wait.
---@generic T: table
---@param thing T
---@param finish fun(thing: T)
---@return T
function finalizer.attach(thing, finish)
  local function collect() finish(thing) end
  if new_proxy then
    thing.finalizer = new_proxy(true)
    getmetatable(thing.finalizer).__gc = collect
  else
    thing.finalizer = setmetatable({}, { __gc = collect })
  end
  return thing
end

return finalizer
