--- The escapes of a URL's texts: %20 and the like.
local percent = {}

local function escape(char)
  return ("%%%02X"):format(char:byte())
end

--- The text with each byte as %XX that may not stand as it is.
---@param text string
---@param unsafe? string set of a pattern; default: all but letters, digits and -._~
---@return string
function percent.encode(text, unsafe)
  return (text:gsub(unsafe or "[^0-9A-Za-z._~-]", escape))
end

--- The text without its escapes. A percent sign that begins none stays.
---@param text string
---@return string
function percent.decode(text)
  return (text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

return percent
