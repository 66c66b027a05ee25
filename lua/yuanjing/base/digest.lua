--- The digest of a value: the SHA-256 of its JSON with sorted names, as
-- `sha256sum` makes it. It is the same on every Lua, in every locale and in
-- every run, so that the journal entry of a call can be found again. A file
-- counts by its name and size.
local core = require "yuanjing.core"
local media = require "yuanjing.base.media"
local sorted_json = require "yuanjing.base.json.sorted"

local function escape(char)
  return ("\\u%04x"):format(char:byte())
end

local function quote(text)
  return '"' .. text:gsub('["\\]', "\\%0"):gsub("[%z\1-\31]", escape) .. '"'
end

-- NB: 17 digits, although fewer would be enough: the digests in existing
-- journals were made with them. 1 and 1.0 are the same number, as on LuaJIT.
local function number(value)
  return core.number(value, 17) or tostring(value)
end

-- A medium that can not be read has no size.
local function described(medium)
  local read = media.read(medium) or {}
  return { file = read.name or medium.name or "", bytes = read.size,
    url = read.url }
end

-- Types that JSON does not have count by their name: their addresses change.
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
