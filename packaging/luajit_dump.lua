--- LuaJIT writes the named fields of a constant table in an order that differs from
-- run to run. This sorts them, so that equal sources give equal bytecode. The format
-- is that of LuaJIT's lj_bcdump.h, version 2.
local STRIPPED = 2 -- a bit of the flags

-- Reading: each returns what it read and where it stopped, or only the latter.

local function number(text, at)
  local value, scale = 0, 1
  while true do
    local byte = text:byte(at)
    value, scale, at = value + byte % 128 * scale, scale * 128, at + 1
    if byte < 128 then return value, at end
  end
end

local function past_numbers(text, at, count)
  for _ = 1, count do
    local _
    _, at = number(text, at)
  end
  return at
end

-- Behind nil and booleans (0 to 2) is nothing, behind 3 an integer, behind 4 both
-- halves of a double, behind any greater one a string of that length and 5.
local function past_item(text, at)
  local kind
  kind, at = number(text, at)
  if kind >= 5 then return at + kind - 5 end
  return past_numbers(text, at, kind > 2 and kind - 2 or 0)
end

local function sorted_fields(text, at, count)
  local fields, first = {}, at
  for n = 1, count do
    local stop = past_item(text, past_item(text, at))
    fields[n], at = text:sub(at, stop - 1), stop
  end
  table.sort(fields)
  local sorted = table.concat(fields)
  assert(#sorted == at - first)
  return sorted, at
end

-- A table's constants: items of its list, and its named fields.
local function past_table(text, at, parts)
  local items, fields, sorted
  items, at = number(text, at)
  fields, at = number(text, at)
  for _ = 1, items do at = past_item(text, at) end
  parts[#parts + 1] = text:sub(parts.done, at - 1)
  sorted, at = sorted_fields(text, at, fields)
  parts[#parts + 1], parts.done = sorted, at
  return at
end

-- A constant of a function: another function, a table, numbers of 64 bits, or a
-- string of that length and 5.
local NUMBERS = { [0] = 0, [2] = 2, [3] = 2, [4] = 4 }

local function past_constant(text, at, parts)
  local kind
  kind, at = number(text, at)
  if kind == 1 then return past_table(text, at, parts) end
  if kind >= 5 then return at + kind - 5 end
  return past_numbers(text, at, NUMBERS[kind])
end

local function past_function(text, at, parts, is_stripped)
  local size, constants, codes, debug, upvalues, stop
  size, at = number(text, at)
  stop, upvalues = at + size, text:byte(at + 3)
  constants, at = number(text, at + 4)
  at = past_numbers(text, at, 1)
  codes, at = number(text, at)
  if not is_stripped then
    debug, at = number(text, at)
    at = past_numbers(text, at, debug > 0 and 2 or 0)
  end
  at = at + 4 * codes + 2 * upvalues
  for _ = 1, constants do at = past_constant(text, at, parts) end
  assert(at <= stop)
  return stop
end

--- A dump, with its tables in order.
---@param text string of string.dump
---@return string
return function(text)
  assert(text:find("^\27LJ\2"), "not a dump of LuaJIT 2.1")
  local flags, at = number(text, 5)
  local is_stripped = math.floor(flags / STRIPPED) % 2 == 1
  if not is_stripped then
    local length
    length, at = number(text, at)
    at = at + length
  end
  local parts = { done = 1 }
  while text:byte(at) ~= 0 do
    at = past_function(text, at, parts, is_stripped)
  end
  parts[#parts + 1] = text:sub(parts.done)
  return table.concat(parts)
end
