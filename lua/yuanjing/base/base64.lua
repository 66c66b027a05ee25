--- Bytes to base64 and back (RFC 4648).
local base64 = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
  .. "0123456789+/"
local DIGITS = { [("="):byte()] = 0 }
for i = 1, #ALPHABET do DIGITS[ALPHABET:byte(i)] = i - 1 end

local function bytes_of_four(four)
  local a, b, c, d = four:byte(1, 4)
  local bits = ((DIGITS[a] * 64 + DIGITS[b]) * 64 + DIGITS[c]) * 64 + DIGITS[d]
  local low = bits % 65536
  return string.char((bits - low) / 65536, (low - low % 256) / 256,
    low % 256)
end

--- What is wrong with a text as strict base64; nil: nothing.
---@param text string
---@return string? problem
function base64.problem(text)
  local at = text:find("[^0-9A-Za-z+/]")
  if at and not text:find("^==?$", at) then
    return ("byte %d is no base64"):format(at)
  end
  if #text % 4 ~= 0 then return "its last four characters are not all there" end
end

--- The bytes of strict base64, of which problem() has nothing to say.
---@param text string
---@return string
function base64.decode(text)
  local pad = #text:match("=*$")
  local data = text:gsub("....", bytes_of_four)
  return pad > 0 and data:sub(1, -1 - pad) or data
end

--- The bytes of base64 as people write it: with blanks, with the letters for URLs,
--- without padding; nil: it is none.
---@param text string
---@return string?
function base64.decode_any(text)
  text = text:gsub("[ \t-\r]+", ""):gsub("-", "+"):gsub("_", "/")
  local digits, pad = text:match("^([0-9A-Za-z+/]*)(=*)$")
  if not digits or #pad > 2 or #digits % 4 == 1 then return nil end
  return base64.decode(digits .. ("="):rep(-#digits % 4))
end

-- Two characters for each 12 bits.
local function new_pairs()
  local pairs_of, at = {}, 0
  for first in ALPHABET:gmatch "." do
    for second in ALPHABET:gmatch "." do
      pairs_of[at] = first .. second
      at = at + 1
    end
  end
  return pairs_of
end

--- The base64 of bytes, with its padding.
---@param data string
---@return string
function base64.encode(data)
  local pairs_of, out, size = new_pairs(), {}, #data
  for at = 1, size, 3 do
    local a, b, c = data:byte(at, at + 2)
    local bits = a * 65536 + (b or 0) * 256 + (c or 0)
    local low = bits % 4096
    out[#out + 1] = pairs_of[(bits - low) / 4096]
    out[#out + 1] = pairs_of[low]
  end
  local missing = -size % 3
  local text = table.concat(out)
  return text:sub(1, #text - missing) .. ("="):rep(missing)
end

return base64
