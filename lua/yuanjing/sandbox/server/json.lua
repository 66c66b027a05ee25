--- JSON in the platform's (Python's) style: blanks after comma and colon,
-- fields in a given order, \uXXXX for everything beyond ASCII.
--
-- Pure Lua, because nginx's LuaJIT may not have cjson; separate from the
-- client's JSON, so that a fault there is not hidden here.
local json = {}

local find, format, sub = string.find, string.format, string.sub
local floor = math.floor

--- null, for reading and writing.
json.null = setmetatable({}, { __tostring = function() return "null" end })

--- An object whose fields are written in this order: name, value, name, ...
--- Fields added later come last; a field set to nil is left out.
function json.record(...)
  local list, order, record = { ... }, {}, {}
  for i = 1, select("#", ...), 2 do
    order[#order + 1] = list[i]
    record[list[i]] = list[i + 1]
  end
  return setmetatable(record, { order = order })
end

--- A deep copy.
function json.copy(value)
  if type(value) ~= "table" or value == json.null then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = json.copy(item) end
  return setmetatable(copy, getmetatable(value))
end

-- Writing ------------------------------------------------------------------

local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

local function escape(char)
  return ESCAPES[char] or format("\\u%04x", char:byte())
end

local FIRST_BYTE = { 0, 192, 224, 240 } -- to subtract, by length

-- \uXXXX for one UTF-8 character; two of them beyond U+FFFF.
local function escape_wide(char)
  local code = char:byte() - FIRST_BYTE[#char]
  for i = 2, #char do code = code * 64 + char:byte(i) - 128 end
  if code < 0x10000 then return format("\\u%04x", code) end
  code = code - 0x10000
  return format("\\u%04x\\u%04x", 0xD800 + floor(code / 1024),
    0xDC00 + code % 1024)
end

local function write_string(text, style)
  text = text:gsub('[%z\1-\31"\\]', escape)
  if style.ascii then
    text = text:gsub("[\194-\244][\128-\191]+", escape_wide)
  end
  return '"' .. text .. '"'
end

local function write_number(number)
  return format(number % 1 == 0 and "%.0f" or "%.14g", number)
end

-- The names of an object's fields: declared ones first, then the others,
-- sorted.
local function names(object)
  local order, known, others = {}, {}, {}
  for _, name in ipairs((getmetatable(object) or {}).order or {}) do
    known[name] = true
    if object[name] ~= nil then order[#order + 1] = name end
  end
  for name in pairs(object) do
    if not known[name] then others[#others + 1] = name end
  end
  table.sort(others)
  for _, name in ipairs(others) do order[#order + 1] = name end
  return order
end

local write -- mutual recursion

local function write_table(value, style)
  local out = {}
  if not getmetatable(value) then
    for i, item in ipairs(value) do out[i] = write(item, style) end
    return "[" .. table.concat(out, style.comma) .. "]"
  end
  for i, name in ipairs(names(value)) do
    out[i] = write_string(name, style) .. ": " .. write(value[name], style)
  end
  return "{" .. table.concat(out, style.comma) .. "}"
end

function write(value, style)
  local kind = type(value)
  if value == json.null then return "null" end
  if kind == "table" then return write_table(value, style) end
  if kind == "string" then return write_string(value, style) end
  if kind == "number" then return write_number(value) end
  return tostring(value)
end

--- A value as JSON. A plain table is a list, a record is an object.
---@param value any
---@param style? { ascii: boolean?, comma: string? }
---@return string
function json.encode(value, style)
  style = style or {}
  return write(value, { ascii = style.ascii, comma = style.comma or ", " })
end

-- Reading ------------------------------------------------------------------

local function fail(position, what)
  error({ message = ("%s at byte %d"):format(what, position) }, 0)
end

local function skip(text, position)
  return find(text, "[^ \t\r\n]", position) or #text + 1
end

local function utf8_char(code)
  if code < 0x80 then return string.char(code) end
  local tail = string.char(128 + code % 64)
  if code < 0x800 then return string.char(192 + floor(code / 64)) .. tail end
  tail = string.char(128 + floor(code / 64) % 64) .. tail
  if code < 0x10000 then
    return string.char(224 + floor(code / 4096)) .. tail
  end
  return string.char(240 + floor(code / 262144),
    128 + floor(code / 4096) % 64) .. tail
end

-- The character of the \u escape at `position`, and the position of its end.
local function read_unicode(text, position)
  local hex = text:match("^\\u(%x%x%x%x)", position)
  if not hex then fail(position, "bad escape") end
  local code = tonumber(hex, 16)
  local low = text:match("^\\u([dD][c-fC-F]%x%x)", position + 6)
  if code >= 0xD800 and code < 0xDC00 and low then
    code = 0x10000 + (code - 0xD800) * 1024 + tonumber(low, 16) - 0xDC00
    return utf8_char(code), position + 12
  end
  return utf8_char(code), position + 6
end

local UNESCAPES = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n",
  r = "\r", t = "\t",
}

local function read_string(text, position)
  local out, at = {}, position + 1
  while true do
    local stop = find(text, '["\\%z\1-\31]', at) or fail(at, "open string")
    out[#out + 1] = sub(text, at, stop - 1)
    local char = sub(text, stop, stop)
    if char == '"' then return table.concat(out), stop + 1 end
    if char ~= "\\" then fail(stop, "control character") end
    local plain = UNESCAPES[sub(text, stop + 1, stop + 1)]
    if plain then
      out[#out + 1], at = plain, stop + 2
    else
      out[#out + 1], at = read_unicode(text, stop)
    end
  end
end

local read -- mutual recursion

-- Reads a list or an object; `item` reads one of its elements.
local function read_many(text, position, close, item)
  local at = skip(text, position + 1)
  if sub(text, at, at) == close then return at + 1 end
  while true do
    at = skip(text, item(at))
    local char = sub(text, at, at)
    if char == close then return at + 1 end
    if char ~= "," then fail(at, "comma expected") end
    at = skip(text, at + 1)
  end
end

local function read_list(text, position)
  local list = {}
  return list, read_many(text, position, "]", function(at)
    list[#list + 1], at = read(text, at)
    return at
  end)
end

local function read_object(text, position)
  local object = json.record()
  local order = getmetatable(object).order -- written as it was read
  return object, read_many(text, position, "}", function(at)
    if sub(text, at, at) ~= '"' then fail(at, "name expected") end
    local name
    name, at = read_string(text, at)
    at = skip(text, at)
    if sub(text, at, at) ~= ":" then fail(at, "colon expected") end
    if object[name] == nil then order[#order + 1] = name end
    object[name], at = read(text, skip(text, at + 1))
    return at
  end)
end

local WORDS = { ["true"] = true, ["false"] = false, null = json.null }

local function read_plain(text, position)
  local word = text:match("^[%w.+-]+", position) or fail(position, "value")
  local value = WORDS[word]
  if value == nil and word:find("^%-?%d[%d.eE+-]*$") then
    value = tonumber(word)
  end
  if value == nil then fail(position, "unknown word") end
  return value, position + #word
end

local READERS = { ['"'] = read_string, ["["] = read_list, ["{"] = read_object }

function read(text, position)
  local reader = READERS[sub(text, position, position)] or read_plain
  return reader(text, position)
end

local function read_all(text)
  local value, position = read(text, skip(text, 1))
  if skip(text, position) <= #text then fail(position, "more text") end
  return value
end

--- The value of a JSON text; or nil and a message. Null is json.null.
---@param text string
---@return any value
---@return string? message
function json.decode(text)
  local ok, value = pcall(read_all, text)
  if ok then return value end
  return nil, type(value) == "table" and value.message or tostring(value)
end

return json
