--- JSON as this module needs it. Decoded values have null in lists only, and
-- no number that differs from the number that was sent.
local dependency = require "yuanjing.base.dependency"
local core = dependency "yuanjing.core"
local cjson = require "yuanjing.base.json.cjson"
local number = require "yuanjing.base.number"

local json = {}

local NULL = cjson.null

--- null in a decoded list; a field that is null is absent.
json.null = NULL

--- Whether a decoded value is an object: a table with names. An empty table is
--- one, because it can not be told apart from an empty list.
---@param value any
---@return boolean
function json.is_object(value)
  return type(value) == "table" and value[1] == nil
end

--- Whether a table has no keys but 1 to n. An empty one is a list, too.
---@param value table
---@return boolean
function json.is_list(value)
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  return count == #value
end

-- Removes "file:line:" from cjson's message.
local function plain(problem)
  return (tostring(problem):gsub("^[^:]+:%d+: ", ""))
end

-- Encoding -----------------------------------------------------------------

-- cjson rounds a number to 14 digits and writes the decimal point of the
-- locale in which it was loaded: so it gets only integers of at most 14
-- digits. Any other number goes through it as a text between two bytes that
-- UTF-8 does not have, and the marks and quotes are removed from the output.
local LARGEST = 1e14
local MARK = "\255"
local MARKED = '"' .. MARK .. '([^"' .. MARK .. ']*)' .. MARK .. '"'
local MOST_DEPTH = 1000 -- cjson's

local function is_plain(value)
  return value % 1 == 0 and value > -LARGEST and value < LARGEST
end

-- The name for a key, or nil and what is wrong with it.
local function name_of(fields, key)
  if type(key) ~= "number" or is_plain(key) then return key end
  local name, problem = number.text(key, "JSON")
  if name and rawget(fields, name) ~= nil then
    return nil, "it is there twice"
  end
  return name, problem
end

local mark_all -- declared here because tables hold tables

-- The value with its special numbers marked; the same value if it has none.
-- Raises if a number can not be written, see find_fault().
local function mark(value, marks, depth)
  if type(value) == "table" then return mark_all(value, marks, depth) end
  if type(value) ~= "number" or is_plain(value) then return value end
  marks.count = marks.count + 1
  return MARK .. assert(number.text(value, "JSON")) .. MARK
end

local function copy_of(value)
  local copy = {}
  for key, item in next, value do copy[key] = item end
  local metatable = getmetatable(value) -- newer cjson asks it for lists
  return type(metatable) == "table" and setmetatable(copy, metatable) or copy
end

-- NB: raw access, as in cjson.
function mark_all(value, marks, depth)
  local copy
  assert(depth <= MOST_DEPTH)
  for key, item in next, value do
    local name, problem = name_of(value, key)
    assert(not problem)
    local marked = mark(item, marks, depth + 1)
    if not rawequal(marked, item) or name ~= key then
      copy = copy or copy_of(value)
      rawset(copy, key, nil)
      rawset(copy, name, marked)
    end
  end
  return copy or value
end

-- NB: the backlog is written in a finalizer when the state closes. LuaJIT's
-- compiled loops over next() may never end there.
local jit = rawget(_G, "jit")
if jit then
  jit.off(mark_all)
  jit.off(copy_of)
end

-- For each type: why JSON can not hold the value, or nil.
local FAULTS = {
  string = function(value)
    return core.utf8_error(value) and "the text is not UTF-8"
  end,
  number = function(value)
    return not is_plain(value) and select(2, number.text(value, "JSON"))
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

local function name_fault(fields, key)
  if type(key) == "string" then return fault_of(key) end
  return type(key) == "number" and select(2, name_of(fields, key))
end

-- "messages[1].content: why" for the first fault in a value. NB: the depth
-- limit also ends the search in a table that contains itself.
local function find_fault(value, path, depth)
  if depth > MOST_DEPTH then
    return "nested too deep, or a table that holds itself"
  end
  local fault = fault_of(value)
  if fault then return (path ~= "" and path .. ": " or "") .. fault end
  if type(value) ~= "table" then return nil end
  for key, item in next, value do
    local name = number.show(key)
    local place = type(key) == "number" and ("%s[%s]"):format(path, name)
      or path .. (path ~= "" and "." or "") .. name
    fault = name_fault(value, key)
    if fault then return ("%s: in the name: %s"):format(place, fault) end
    fault = find_fault(item, place, depth + 1)
    if fault then return fault end
  end
end

-- False where a number was marked that the text does not have: a text of the
-- value looked like a mark.
local function encode_marked(value)
  local marks = { count = 0 }
  local text, count = cjson.encode(mark(value, marks, 0)):gsub(MARKED, "%1")
  return count == marks.count and text
end

-- NB: cjson accepts any bytes. False: the value has a fault. A long conversation
-- holds a special number seldom: it is not walked in Lua to find none.
local function encode(value)
  local is_plain_value = core.is_plain(value)
  local text = is_plain_value and cjson.encode(value) or encode_marked(value)
  return text and not core.utf8_error(text) and text
end

--- A value as JSON; never raises. An empty table is an object. Every number is
--- written so that it is read as the same number, whatever the locale. What
--- JSON can not hold (functions, cycles, NaN, bytes that are not UTF-8,
--- doubles that may be rounded integers) is refused with a message that names
--- the place.
---@param value any
---@return string? text
---@return string? message
function json.encode(value)
  local ok, text = pcall(encode, value)
  if ok and text then return text end
  return nil, find_fault(value, "", 0) or plain(text)
end

-- Decoding -----------------------------------------------------------------

local PROBLEMS = { incomplete = "it breaks off", invalid = "no JSON",
  null = "nothing but null" }

-- Where a text begins: behind the mark that some editors put before it.
local function start_of(text)
  return text:byte() == 239 and text:find("^\239\187\191") and 4 or 1
end

--- The first JSON value of a text that may hold more, and the text behind it;
--- or nil, a message, and whether the text is cut off ("incomplete") or not
--- JSON ("invalid", "null"). A field that is null is absent; in a list null
--- keeps its place, as json.null. An integer of more than 15 digits becomes a
--- string (ids are strings, docs/platform.md#what-comes-back); on Lua 5.4 every other
--- whole number is an integer.
---@param text string
---@return any value
---@return string rest_or_message
---@return "incomplete"|"invalid"|"null"|nil verdict
function json.decode_first(text)
  local from = start_of(text)
  local value, used = core.decode(text, from)
  if value == nil then return nil, PROBLEMS[used], used end
  return value, text:sub(from + used)
end

--- The value of a JSON text, as decode_first() has it; never raises. Half a
--- surrogate pair becomes U+FFFD. With `keep_halves` it stays, for texts that
--- are pieces of one text and that core.sound() joins.
---@param text string
---@param keep_halves? boolean
---@return any value nil too for the text "null"
---@return string? message
function json.decode(text, keep_halves)
  local from = start_of(text)
  local value, used, used_by_null = core.decode(text, from, keep_halves)
  local stop = value == nil and used_by_null or used
  if type(stop) == "number" and from - 1 + stop < #text then
    return nil, "more than one value"
  end
  if value == nil then return nil, PROBLEMS[used] end
  return value
end

return json
