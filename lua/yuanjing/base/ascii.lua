--- Case and order of texts by their bytes, as HTTP and JSON need them. Lua's
-- own lower(), upper(), `<` and the classes %a %l %u %w %s %p %c of its
-- patterns follow the host's locale: in Turkish lower("FAILED") is not
-- "failed", and in some locales the bytes of a Chinese character count as
-- letters or blanks. So compare such texts with these functions and with
-- plain sets like [A-Za-z]; %d and %x are the same everywhere.
local ascii = {}

local LOWER, UPPER = {}, {} -- faster than a function
for letter in ("ABCDEFGHIJKLMNOPQRSTUVWXYZ"):gmatch "." do
  local small = string.char(letter:byte() + 32)
  LOWER[letter], UPPER[small] = small, letter
end

---@param text string
---@return string
function ascii.lower(text)
  return (text:gsub("[A-Z]", LOWER))
end

---@param text string
---@return string
function ascii.upper(text)
  return (text:gsub("[a-z]", UPPER))
end

--- Whether the first text comes before the second, byte by byte; for table.sort.
---@param first string
---@param second string
---@return boolean
function ascii.less(first, second)
  for at = 1, math.min(#first, #second) do
    local one, other = first:byte(at), second:byte(at)
    if one ~= other then return one < other end
  end
  return #first < #second
end

local function is_blank(byte)
  return byte == 32 or byte ~= nil and byte >= 9 and byte <= 13
end

--- The text without the blanks around it.
--- NB: "%s+$" would try each blank in the midst of a text anew.
---@param text string
---@return string
function ascii.trim(text)
  if not is_blank(text:byte()) and not is_blank(text:byte(-1)) then return text end
  local from = text:find("[^ \t-\r]")
  return from and text:match("^.*[^ \t-\r]", from) or ""
end

--- Whether one of the patterns is found in the text.
---@param text string
---@param patterns string[]
---@return boolean
function ascii.matches_any(text, patterns)
  for _, pattern in ipairs(patterns) do
    if text:find(pattern) then return true end
  end
  return false
end

return ascii
