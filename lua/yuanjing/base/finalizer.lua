--- Finalizers for tables: Lua 5.1 and LuaJIT have them for userdata only.
local finalizer = {}

local new_proxy = rawget(_G, "newproxy")

--- Calls `finish(thing)` when nothing refers to the thing any more; returns
--- the thing. NB: the collector calls it inside any code, so it must neither
--- raise nor wait.
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
