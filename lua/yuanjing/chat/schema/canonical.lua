--- A value as JSON that is always the same text for the same value.
local json = require "yuanjing.base.json"
local number = require "yuanjing.base.number"
local sorted_json = require "yuanjing.base.json.sorted"

local function encode(value)
  return json.encode(value) or json.encode(tostring(value))
end

--- Raises for a table that holds itself.
---@type fun(value: any): string
return sorted_json.writer {
  string = encode, boolean = tostring,
  number = function(value) return number.text(value, "JSON") or "null" end,
  other = function() return "null" end,
}
