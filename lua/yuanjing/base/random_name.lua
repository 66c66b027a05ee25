local core = require "yuanjing.core"

--- A unique name: 48 random bits in hexadecimal.
---@return string
local function new_name()
  return (core.random(6):gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

return new_name
