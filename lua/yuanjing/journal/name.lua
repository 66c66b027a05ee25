--- A name that nobody else has: 48 random bits in hexadecimal.
---@return string
local function new_name()
  local source = assert(io.open("/dev/urandom", "rb"))
  local bytes = source:read(6)
  source:close()
  return (bytes:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

return new_name
