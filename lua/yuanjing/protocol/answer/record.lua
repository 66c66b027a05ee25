--- Reads the fields of a decoded record.
local ascii = require "yuanjing.base.ascii"
local json = require "yuanjing.base.json"
local number = require "yuanjing.base.number"

local record = {
  --- The fields that the platform wraps its answers in, and how many wrappings
  --- may stand one inside another. "resposne" is the platform's own spelling.
  WRAPPINGS = { "data", "resposne", "response" },
  MOST_WRAPPINGS = 3,
}

-- The texts that Python makes of a vendor's null.
local ABSENT = { [""] = true, none = true, null = true }

--- A text that is not empty, or a number as a text; nil for anything else. So an
--- id or a code is a string, even if the platform sent a number.
---@param value any
---@return string?
function record.word(value)
  if type(value) == "string" then return value ~= "" and value or nil end
  if type(value) ~= "number" then return nil end
  return number.show(value)
end

--- The word in the first of these fields that holds one.
---@param fields table
---@param names string[]
---@return string?
function record.first_word(fields, names)
  for i = 1, #names do
    local value = fields[names[i]] -- most are not there
    local found = value ~= nil and record.word(value)
    if found then return found end
  end
end

--- A copy of the record with its names in lower case.
---@param fields table
---@return table
function record.lowered(fields)
  local copy = {}
  for name, value in pairs(fields) do
    if type(name) == "string" then copy[ascii.lower(name)] = value end
  end
  return copy
end

--- Whether a value is empty: null, false, 0, "", "None", or a table that holds
--- only such values.
---@param value any
---@return boolean
function record.is_empty(value)
  if type(value) == "string" then
    return ABSENT[ascii.lower(ascii.trim(value))] or false
  end
  if type(value) ~= "table" then
    return value == nil or value == false or value == 0 or value == json.null
  end
  for _, inner in pairs(value) do
    if not record.is_empty(inner) then return false end
  end
  return true
end

return record
