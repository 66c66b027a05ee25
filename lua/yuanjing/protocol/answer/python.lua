--- Reads a Python dict, which the platform prints by mistake: "{'error': 'x'}".
-- Each token is rewritten as JSON; the JSON decoder then accepts or refuses it.
local json = require "yuanjing.base.json"

local python = {}

local WORDS = { True = "true", False = "false", None = "null" }
local BRACKETS = { ["("] = "[", [")"] = "]", ["["] = "[", ["]"] = "]",
  ["{"] = "{", ["}"] = "}", [","] = ",", [":"] = ":" }
local ESCAPES = { n = "\\n", r = "\\r", t = "\\t", ["\\"] = "\\\\",
  ['"'] = '\\"' }

-- The escape whose backslash is at `at`, as JSON, and the place of its end.
local function read_escape(text, at)
  local byte = text:match("^x(%x%x)", at + 1)
  if byte then return "\\u00" .. byte, at + 3 end
  local unit = text:match("^u(%x%x%x%x)", at + 1)
  if unit then return "\\u" .. unit, at + 5 end
  local char = text:sub(at + 1, at + 1)
  return ESCAPES[char] or char, at + 1
end

-- The string whose quote is at `start`, as JSON, and the place of its end.
local function read_string(text, start)
  local quote = text:sub(start, start)
  local out, from = {}, start + 1
  while true do
    local at = text:find("[\\\"']", from)
    if not at then return nil end
    out[#out + 1] = text:sub(from, at - 1)
    local char = text:sub(at, at)
    if char == quote then return '"' .. table.concat(out) .. '"', at end
    local stop = at
    if char == "\\" then
      out[#out + 1], stop = read_escape(text, at)
    else
      out[#out + 1] = char == '"' and '\\"' or char
    end
    from = stop + 1
  end
end

local function read_token(text, at)
  local char = text:sub(at, at)
  if char == "'" or char == '"' then return read_string(text, at) end
  if BRACKETS[char] then return BRACKETS[char], at end
  local word = text:match("^[A-Za-z]+", at)
  if word then return WORDS[word], at + #word - 1 end
  local number = text:match("^[-+.%deE]+", at)
  if number then return number, at + #number - 1 end
end

local function to_json(text)
  local out, at = {}, text:find("[^ \t-\r]")
  while at do
    local token, stop = read_token(text, at)
    if not token then return nil end
    if token == "]" and out[#out] == "," then out[#out] = nil end -- "(1,)"
    out[#out + 1] = token
    at = text:find("[^ \t-\r]", stop + 1)
  end
  return table.concat(out)
end

--- The dict as a table, or nil.
---@param text string
---@return table?
function python.read(text)
  if not text:find("^[ \t-\r]*{[ \t-\r]*['\"]") then return nil end
  local converted = to_json(text)
  local document = converted and json.decode(converted)
  return type(document) == "table" and document or nil
end

return python
