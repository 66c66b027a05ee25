--- A digest of a value: the SHA-256 of its JSON with the names in their order,
-- as `sha256sum` makes it. The same on every Lua and in every run, so that what
-- was written down about a call can be found again. Files count by their names
-- and sizes.
local core = require "yuanjing.core"
local media = require "yuanjing.media"

local write -- below, for values hold values

local function escape(char)
  return ("\\u%04x"):format(char:byte())
end

local function quote(text)
  return '"' .. text:gsub('["\\]', "\\%0"):gsub("[%z\1-\31]", escape) .. '"'
end

-- 1 and 1.0 are one number, as they are on LuaJIT.
local function number(value)
  local is_whole = value % 1 == 0 and math.abs(value) < 2 ^ 53
  return (is_whole and "%.0f" or "%.17g"):format(value)
end

local function list(items)
  local parts = {}
  for n, item in ipairs(items) do parts[n] = write(item) end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function object(fields)
  local names, parts, values = {}, {}, {}
  for name, value in pairs(fields) do
    names[#names + 1] = tostring(name)
    values[names[#names]] = value
  end
  table.sort(names)
  for n, name in ipairs(names) do
    parts[n] = quote(name) .. ":" .. write(values[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

-- One that can not be read has no size.
local function medium(given)
  local read = media.read(given) or {}
  return object { file = read.name or given.name or "", bytes = read.size }
end

-- What JSON has not counts by its type: an address would not be the same again.
local WRITERS = {
  string = quote, number = number, boolean = tostring,
  table = function(value)
    if media.is(value) then return medium(value) end
    return (value[1] ~= nil and list or object)(value)
  end,
}

function write(value)
  local writer = WRITERS[type(value)]
  return writer and writer(value) or quote(type(value))
end

--- The digest, in 64 hexadecimal digits. An empty table is an object. Raises for
--- a table that holds itself.
---@param value any
---@return string
return function(value)
  return core.sha256(write(value))
end
