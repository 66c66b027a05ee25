--- Rooms that are entered when somebody first asks for something in them: what a
-- program never uses it does not load.
local later = {}

--- The room of that name, as require() takes it.
---@param name string
---@return table
function later.room(name)
  return setmetatable({}, {
    __index = function(self, key)
      local room = require(name)
      setmetatable(self, { __index = room })
      return room[key]
    end,
  })
end

--- A function in it.
---@param name string
---@param key string
---@return function
function later.fn(name, key)
  return function(...) return require(name)[key](...) end
end

return later
