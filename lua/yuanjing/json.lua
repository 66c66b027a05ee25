--- JSON as this module needs it, over a cjson instance of its own: the host's
-- settings stay the host's. What comes in holds no null and no number that is
-- another one than was sent.
local need = require "yuanjing.need"
local core = need "yuanjing.core"

local cjson = need("cjson").new()

local json = {}

local NULL = cjson.null

-- cjson's words come with "file:line:" in front.
local function plain(problem)
  return (tostring(problem):gsub("^[^:]+:%d+: ", ""))
end

-- Encoding -----------------------------------------------------------------

-- cjson 2.1.0 writes 14 digits: a longer integer would go out as another one.
local LARGEST = 1e14

-- What a value of each type has that JSON has not, in words; nil: nothing.
local FAULTS = {
  string = function(value)
    return core.utf8_error(value) and "the text is not UTF-8"
  end,
  number = function(value)
    local size = math.abs(value)
    if size ~= size or size == math.huge then
      return "JSON has no " .. tostring(value)
    end
    return value % 1 == 0 and size >= LARGEST and size <= 2 ^ 64
      and "an integer of more than 14 digits: send it as a string"
  end,
  boolean = function() return nil end,
  table = function() return nil end,
}

local function fault_of(value)
  local check = FAULTS[type(value)]
  if check then return check(value) end
  if value == NULL then return nil end
  return ("a %s can not be written as JSON"):format(type(value))
end

-- "messages[1].content: why" for the first fault in a value. A table that
-- holds itself has no end: what cjson says of it stands.
local function find_fault(value, path, depth)
  local fault = fault_of(value)
  if fault then return (path ~= "" and path .. ": " or "") .. fault end
  if type(value) ~= "table" or depth > 100 then return nil end
  for key, item in pairs(value) do
    local place = type(key) == "number" and ("%s[%g]"):format(path, key)
      or path .. (path ~= "" and "." or "") .. tostring(key)
    fault = type(key) == "string" and fault_of(key)
    if fault then return ("%s: in the name: %s"):format(place, fault) end
    fault = find_fault(item, place, depth + 1)
    if fault then return fault end
  end
end

-- cjson takes any bytes, and long integers by halves.
local function is_sound(text)
  return not text:find("e+", 1, true) and not core.utf8_error(text)
end

--- A value as JSON; never raises. An empty table is an object. What JSON can not
--- hold (functions, cycles, NaN, bytes that are not UTF-8, integers of more than
--- 14 digits) is refused with a message that names the place.
---@param value any
---@return string? text
---@return string? message
function json.encode(value)
  local ok, text = pcall(cjson.encode, value)
  if ok and is_sound(text) then return text end
  local fault = find_fault(value, "", 0)
  if fault or not ok then return nil, fault or plain(text) end
  return text
end

-- Decoding -----------------------------------------------------------------

local PROBLEMS = { incomplete = "it breaks off", invalid = "no JSON",
  null = "nothing but null" }

--- The first JSON value of a text that may hold more, and what is behind it; or
--- nil, a message, and whether the text breaks off ("incomplete") or is no JSON
--- ("invalid", "null"). The value holds no null: the field is not there. An
--- integer of more than 15 digits comes as a string (64-bit ids are strings,
--- PLATFORM.md section 2); on Lua 5.4 every other whole number is an integer.
---@param text string
---@return any value
---@return string rest_or_message
---@return "incomplete"|"invalid"|"null"|nil verdict
function json.decode_first(text)
  text = text:gsub("^\239\187\191", "")
  local value, used = core.decode(text)
  if value == nil then return nil, PROBLEMS[used], used end
  return value, text:sub(used + 1)
end

--- The value of a JSON text, as decode_first() has it; never raises.
---@param text string
---@return any value nil too for the text "null"
---@return string? message
function json.decode(text)
  local value, used, used_by_null = core.decode(text)
  local stop = value == nil and used_by_null or used
  if type(stop) == "number" and stop < #text then
    return nil, "more than one value"
  end
  if value == nil then return nil, PROBLEMS[used] end
  return value
end

return json
