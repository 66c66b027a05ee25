--- JSON as this module needs it: what the platform sends comes in through a
-- private cjson instance, what we send goes out through an encoder of our own.
--
-- The encoder is ours because Debian's lua-cjson 2.1.0 allows 14 digits at
-- most: an integer seed of 15 digits comes out rounded, and so does a Lua 5.4
-- integer. It also names the place of a fault ("messages[1].content: ...") and
-- leaves "/" alone, which base64 is full of. JSON is UTF-8, so the UTF-8 check
-- lives here as well.
local cjson = require("cjson").new() -- the host's settings stay the host's

local json = {}

local find, format, gsub, sub = string.find, string.format, string.gsub,
  string.sub
local NULL = cjson.null
local MAX_DEPTH = 1000 -- as cjson and the C core read
local REPLACEMENT = "\239\191\189" -- U+FFFD

-- UTF-8 --------------------------------------------------------------------

-- Every well-formed sequence beyond ASCII, the most frequent one first. One
-- may not be found inside another: each starts with a byte of its own.
local SEQUENCES = {
  "[\225-\236\238\239][\128-\191][\128-\191]",
  "[\194-\223][\128-\191]",
  "\224[\160-\191][\128-\191]",
  "\237[\128-\159][\128-\191]",
  "\240[\144-\191][\128-\191][\128-\191]",
  "[\241-\243][\128-\191][\128-\191][\128-\191]",
  "\244[\128-\143][\128-\191][\128-\191]",
}

---@param text string
---@return boolean
function json.is_utf8(text)
  for _, sequence in ipairs(SEQUENCES) do
    if not find(text, "[\128-\255]") then return true end
    -- NB: replaced, not removed, or the bytes around could join to a new one.
    text = gsub(text, sequence, "x")
  end
  return not find(text, "[\128-\255]")
end

local function sequence_end(run, position)
  for _, sequence in ipairs(SEQUENCES) do
    local _, stop = find(run, "^" .. sequence, position)
    if stop then return stop end
  end
end

local function mend_run(run)
  local out, position = {}, 1
  while position <= #run do
    local stop = sequence_end(run, position)
    out[#out + 1] = stop and sub(run, position, stop) or REPLACEMENT
    position = (stop or position) + 1
  end
  return table.concat(out)
end

--- The same text with U+FFFD for every byte that is not part of UTF-8.
---@param text string
---@return string
function json.mend_utf8(text)
  if json.is_utf8(text) then return text end
  return (gsub(text, "[\128-\255]+", mend_run))
end

-- Encoding -----------------------------------------------------------------

local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}
local UNSAFE = "[^\32\33\35-\91\93-\126\128-\255]" -- \0 too, on every Lua

local function escape(char)
  return ESCAPES[char] or format("\\u%04x", char:byte())
end

-- "messages[1].content: " for { "messages", 1, "content" }, "" for the root.
local function place(path)
  local names = {}
  for i, key in ipairs(path) do
    local index = type(key) == "number"
    names[i] = index and ("[%d]"):format(key) or "." .. tostring(key)
  end
  if #names == 0 then return "" end
  return gsub(table.concat(names), "^%.", "") .. ": "
end

-- Leaves the walk; json.encode() catches the table and makes it a message.
local function fault(walk, what)
  error({ fault = place(walk.path) .. what }, 0)
end

local function encode_string(walk, text)
  if not json.is_utf8(text) then fault(walk, "the text is not UTF-8") end
  if find(text, UNSAFE) then text = gsub(text, UNSAFE, escape) end
  return '"' .. text .. '"'
end

-- The shortest digits that read back as the same number.
local function encode_float(number)
  for digits = 15, 16 do
    local text = format("%." .. digits .. "g", number)
    if tonumber(text) == number then return text end
  end
  return format("%.17g", number)
end

local function encode_number(walk, number)
  if number ~= number or number == math.huge or number == -math.huge then
    fault(walk, "JSON has no " .. tostring(number))
  end
  if math.type and math.type(number) == "integer" then
    return format("%d", number)
  end
  if number % 1 == 0 and number > -2 ^ 53 and number < 2 ^ 53 then
    return format("%.0f", number)
  end
  return (gsub(encode_float(number), ",", ".")) -- a locale's decimal comma
end

-- How many items the list has, 0 for named fields and for the empty table.
local function list_length(walk, value)
  local count, top, named = 0, 0, false
  for key in pairs(value) do
    if type(key) == "number" then
      if key < 1 or key % 1 ~= 0 then
        fault(walk, ("the key %s is no place in a list"):format(key))
      end
      count, top = count + 1, math.max(top, key)
    elseif type(key) == "string" then
      named = true
    else
      fault(walk, ("a key can not be a %s"):format(type(key)))
    end
  end
  if count > 0 and named then
    fault(walk, "the table mixes list items and named fields")
  end
  if count ~= top then fault(walk, "the list has holes") end
  return count
end

local write -- mutual recursion

local function write_at(walk, key, value)
  local path = walk.path
  path[#path + 1] = key
  write(walk, value)
  path[#path] = nil
end

local function write_list(walk, list, length)
  local out = walk.out
  out[#out + 1] = "["
  for i = 1, length do
    if i > 1 then out[#out + 1] = "," end
    write_at(walk, i, list[i])
  end
  out[#out + 1] = "]"
end

local function write_record(walk, record)
  local out, keys = walk.out, {}
  for key in pairs(record) do keys[#keys + 1] = key end
  table.sort(keys) -- the same request is the same bytes
  out[#out + 1] = "{"
  for i, key in ipairs(keys) do
    local comma = i > 1 and "," or ""
    out[#out + 1] = comma .. encode_string(walk, key) .. ":"
    write_at(walk, key, record[key])
  end
  out[#out + 1] = "}"
end

local function write_table(walk, value)
  if walk.open[value] then fault(walk, "the table holds itself") end
  if #walk.path >= MAX_DEPTH then
    error({ fault = ("nested deeper than %d tables"):format(MAX_DEPTH) }, 0)
  end
  walk.open[value] = true
  local length = list_length(walk, value)
  if length > 0 then
    write_list(walk, value, length)
  else
    write_record(walk, value)
  end
  walk.open[value] = nil
end

local function write_boolean(walk, value)
  walk.out[#walk.out + 1] = tostring(value)
end

local WRITERS = {
  ["nil"] = function(walk) walk.out[#walk.out + 1] = "null" end,
  boolean = write_boolean,
  number = function(walk, value)
    walk.out[#walk.out + 1] = encode_number(walk, value)
  end,
  string = function(walk, value)
    walk.out[#walk.out + 1] = encode_string(walk, value)
  end,
  table = write_table,
}

function write(walk, value)
  local writer = WRITERS[type(value)]
  if writer then return writer(walk, value) end
  if value == NULL then return WRITERS["nil"](walk) end -- somebody's cjson.null
  fault(walk, ("a %s can not be written as JSON"):format(type(value)))
end

--- A value as JSON text. Never raises. Integers are exact, other numbers read
--- back the same; an empty table is an object; fields come sorted by name.
--- Functions, cycles, lists with holes, NaN and text that is not UTF-8 are
--- refused with a message that names the place.
---@param value any
---@return string? text
---@return string? message
function json.encode(value)
  local walk = { out = {}, path = {}, open = {} }
  local ok, problem = pcall(write, walk, value)
  if ok then return table.concat(walk.out) end
  return nil, type(problem) == "table" and problem.fault or tostring(problem)
end

-- Decoding -----------------------------------------------------------------

-- cjson reads every number as a double, so an integer of 17 digits would come
-- out as another one. Such an integer is put in quotes before cjson sees it.
local DIGITS_16 = ("%d"):rep(16)
local BIG_INTEGER = "^%-?" .. DIGITS_16 .. "%d*$"

-- An integer of 16 digits up to 2^53 is exact. Both sides have no leading
-- zeros, so text compares as numbers do.
local function is_exact(digits)
  return #digits == 16 and digits <= "9007199254740992"
end

local function quote_if_big(token)
  if not find(token, BIG_INTEGER) then return nil end
  if is_exact((gsub(token, "^%-", ""))) then return nil end
  return '"' .. token .. '"'
end

-- Where the string that opens at `quote` ends; nil: it does not.
local function string_end(text, quote)
  local position = quote + 1
  while true do
    local at = find(text, '["\\]', position)
    if not at or sub(text, at, at) == '"' then return at end
    position = at + 2
  end
end

-- NB: only what stands outside of strings is changed.
local function quote_big_integers(text)
  local out, position = {}, 1
  while position <= #text do
    local quote = find(text, '"', position, true)
    local outside = sub(text, position, (quote or 0) - 1)
    out[#out + 1] = gsub(outside, "[%w.+-]+", quote_if_big)
    if not quote then break end
    local stop = string_end(text, quote) or #text
    out[#out + 1] = sub(text, quote, stop)
    position = stop + 1
  end
  return table.concat(out)
end

local function has_big_integer(text)
  return find(text, "[%s:,%[]%-?" .. DIGITS_16) or
    find(text, "^%-?" .. DIGITS_16)
end

-- The escape at `position` (a backslash): what to write for it, and its
-- length. Half of a surrogate pair, which some vendors send where a chunk cut
-- an emoji, becomes U+FFFD; cjson would refuse the whole document.
local function mend_escape(text, position)
  local unit = text:match("^\\u[dD]([89a-fA-F])%x%x", position)
  if not unit then
    local length = #(text:match("^\\u%x%x%x%x", position) or "\\x")
    return sub(text, position, position + length - 1), length
  end
  if find(unit, "[89abAB]") and
    find(text, "^\\u[dD][c-fC-F]%x%x", position + 6) then
    return sub(text, position, position + 11), 12
  end
  return "\\ufffd", 6
end

local function mend_surrogates(text)
  local out, position = {}, 1
  while true do
    local at = find(text, "\\", position, true)
    if not at then break end
    out[#out + 1] = sub(text, position, at - 1)
    local escaped, length = mend_escape(text, at)
    out[#out + 1] = escaped
    position = at + length
  end
  out[#out + 1] = sub(text, position)
  return table.concat(out)
end

-- cjson 2.1.0 gives floats for integers on Lua 5.4 ("5.0"); newer ones do not.
local to_integer = math.type and
  math.type(cjson.decode("[1]")[1]) == "float" and math.tointeger or nil

local settle -- mutual recursion

-- A null in a list is dropped and the rest moves up: a hole would make `#`
-- mean nothing.
local function settle_list(list)
  local kept, length = 0, #list
  for i = 1, length do
    local item = settle(list[i])
    list[i] = nil
    if item ~= nil then
      kept = kept + 1
      list[kept] = item
    end
  end
  return list
end

local function settle_record(record)
  for key, value in pairs(record) do
    record[key] = settle(value) -- an existing field: allowed while walking
  end
  return record
end

function settle(value)
  if type(value) == "table" then
    if value[1] ~= nil then return settle_list(value) end
    return settle_record(value)
  end
  if value == NULL then return nil end
  if to_integer and type(value) == "number" then
    return to_integer(value) or value
  end
  return value
end

local function needs_settling(text)
  return to_integer or find(text, "null", 1, true)
end

-- Raises what cjson raises.
local function read(text)
  if has_big_integer(text) then text = quote_big_integers(text) end
  local value = cjson.decode(text)
  if needs_settling(text) then value = settle(value) end
  return value
end

local function try(text)
  local ok, value = pcall(read, text)
  if not ok then return nil, tostring(value) end
  if value == nil then return nil, "nothing but null" end
  return value
end

local function without_bom(text)
  if sub(text, 1, 3) == "\239\187\191" then return sub(text, 4) end
  return text
end

local function has_surrogates(text)
  return find(text, "\\u[dD][89a-fA-F]")
end

local function decode(text)
  local value, message = try(text)
  if value == nil and has_surrogates(text) then
    local mended = try(mend_surrogates(text))
    if mended ~= nil then return mended end
  end
  return value, message
end

--- The value of a JSON text; never raises. Compare with nil: false is a value.
--- Nulls are gone, at any depth: the field is absent, a list closes up. An
--- integer beyond 2^53 comes as a string of its digits, for a number would
--- silently be another one; on Lua 5.4 every other whole number is an integer.
--- Half surrogate pairs become U+FFFD, a byte order mark is skipped.
---@param text string
---@return any value
---@return string? message
function json.decode(text)
  if type(text) ~= "string" then return nil, "not a text" end
  return decode(without_bom(text))
end

local function first_end(text)
  local length, verdict = require("yuanjing.core").json_end(text)
  if length or not has_surrogates(text) then return text, length, verdict end
  text = mend_surrogates(text)
  return text, require("yuanjing.core").json_end(text)
end

--- The first JSON value of a text that may hold more behind it, and what is
--- behind it ("" when nothing is).
---@param text string
---@return any value
---@return string rest_or_message
---@return "incomplete"|"invalid"|nil verdict with a nil value
function json.decode_first(text)
  local value, message = json.decode(text)
  if value ~= nil then return value, "" end
  if type(text) ~= "string" then return nil, message, "invalid" end
  local length, verdict
  text, length, verdict = first_end(without_bom(text))
  if not length then return nil, message, verdict or "invalid" end
  value, message = decode(sub(text, 1, length))
  if value == nil then return nil, message, "invalid" end
  return value, sub(text, length + 1)
end

return json
