--- Percent-encoding of texts in URLs, such as %20.
local percent = {}

local function escape(char)
  return ("%%%02X"):format(char:byte())
end

--- The text with unsafe bytes as %XX.
---@param text string
---@param unsafe? string a set of a pattern; default: all but letters, digits and -._~
---@return string
function percent.encode(text, unsafe)
  if not unsafe and text:find("^[0-9A-Za-z._~-]*$") then return text end
  return (text:gsub(unsafe or "[^0-9A-Za-z._~-]", escape))
end

--- The text with its escapes decoded. A percent sign that begins no escape stays.
---@param text string
---@return string
function percent.decode(text)
  return (text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

return percent
