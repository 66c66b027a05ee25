--- A digest of a value: the SHA-256 of its JSON with the names in their order,
-- as `sha256sum` makes it. The same on every Lua, in every locale and in every
-- run, so that what was written down about a call can be found again. Files count
-- by their names and sizes.
local core = require "yuanjing.core"
local media = require "yuanjing.base.media"
local sorted_json = require "yuanjing.base.sorted_json"

local function escape(char)
  return ("\\u%04x"):format(char:byte())
end

local function quote(text)
  return '"' .. text:gsub('["\\]', "\\%0"):gsub("[%z\1-\31]", escape) .. '"'
end

-- NB: 17 digits, though fewer would do: the digests in journals that exist were
-- made with them. 1 and 1.0 are one number, as they are on LuaJIT.
local function number(value)
  return core.number(value, 17) or tostring(value)
end

-- One that can not be read has no size.
local function described(medium)
  local read = media.read(medium) or {}
  return { file = read.name or medium.name or "", bytes = read.size,
    url = read.url }
end

-- What JSON has not counts by its type: an address would not be the same again.
local write = sorted_json.writer {
  string = quote, number = number, boolean = tostring,
  table = function(value, write)
    if media.is(value) then value = described(value) end
    return sorted_json.table_text(value, write)
  end,
  other = function(value) return quote(type(value)) end,
}

--- The digest, in 64 hexadecimal digits. An empty table is an object. Raises for
--- a table that holds itself.
---@param value any
---@return string
return function(value)
  return core.sha256(write(value))
end
