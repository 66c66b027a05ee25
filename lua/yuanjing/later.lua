--- A room that is entered when somebody first asks for something in it: what a
-- program never uses it does not load.
---@param name string as require() takes it
---@return table room
return function(name)
  return setmetatable({}, {
    __index = function(self, key)
      local room = require(name)
      setmetatable(self, { __index = room })
      return room[key]
    end,
  })
end
