--- Small readers of the fields of a decoded record.
local ascii = require "yuanjing.base.ascii"
local json = require "yuanjing.base.json"
local number = require "yuanjing.base.number"

local record = {
  --- The fields that the platform wraps its answers in, and how many wrappings
  --- may stand one inside another. "resposne" is the platform's own spelling.
  WRAPPINGS = { "data", "resposne", "response" },
  MOST_WRAPPINGS = 3,
}

-- What a vendor's null looks like after Python made a string of it.
local ABSENT = { [""] = true, none = true, null = true }

--- A text, or the digits of a number; nil for all else. Ids and codes are
--- strings here, whatever the wire made of them.
---@param value any
---@return string?
function record.word(value)
  if type(value) == "string" then return value ~= "" and value or nil end
  if type(value) ~= "number" then return nil end
  return number.show(value)
end

--- The first of the fields that holds a word.
---@param fields table
---@param names string[]
---@return string?
function record.first_word(fields, names)
  for _, name in ipairs(names) do
    local found = record.word(fields[name])
    if found then return found end
  end
end

--- A copy of the record with its names in small letters.
---@param fields table
---@return table
function record.lowered(fields)
  local copy = {}
  for name, value in pairs(fields) do
    if type(name) == "string" then copy[ascii.lower(name)] = value end
  end
  return copy
end

--- Whether a value says nothing: null, false, 0, "", "None", and a table of
--- nothing but those.
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
