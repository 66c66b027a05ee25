--- A record as JSON. Bytes that are not UTF-8 (in a path, or in a vendor's
-- text) become question marks: a damaged record is better than none.
local core = require "yuanjing.core"
local json = require "yuanjing.base.json"

local function readable(value)
  if type(value) == "string" then
    return core.utf8_error(value) and value:gsub("[\128-\255]", "?") or value
  end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = readable(item) end
  return copy
end

---@param value table
---@return string? text
---@return string? problem
return function(value)
  local text = json.encode(value)
  if text then return text end
  return json.encode(readable(value))
end
