--- Breaks text into lines: between words, and between Chinese characters, but
-- with no full stop at the start of a line and no opening bracket at its end.
local wrap = {}

local CHAR = "[%z\1-\127\194-\244][\128-\191]*"

local function set_of(characters)
  local set = {}
  for char in characters:gmatch(CHAR) do set[char] = true end
  return set
end

local NEVER_FIRST = set_of " 、。,.!?;:”’)》」』】〉…—~!?,;:%)]}"
local NEVER_LAST = set_of "“‘(《「『【〈([{"

-- From the CJK punctuation on; what lies below is written with blanks.
local function is_wide(char)
  return char:byte() >= 0xE3
end

local function may_break(before, after)
  if NEVER_FIRST[after] or NEVER_LAST[before] then return false end
  return before == " " or is_wide(before) or is_wide(after)
end

-- The pieces that stay together: words with the blanks behind them, characters
-- with their punctuation. A word too long for a line is broken anywhere.
local function pieces(text, limit, width_of)
  local list, piece, width, before = {}, "", 0, nil
  for char in text:gmatch(CHAR) do
    local more = width_of(char)
    if before and (may_break(before, char) or width + more > limit) then
      list[#list + 1] = { text = piece, width = width }
      piece, width = "", 0
    end
    piece, width, before = piece .. char, width + more, char
  end
  list[#list + 1] = { text = piece, width = width }
  return list
end

local function wrap_paragraph(text, limit, width_of, lines)
  local line, width = "", 0
  for _, piece in ipairs(pieces(text, limit, width_of)) do
    local blanks = #piece.text:match(" *$") * width_of(" ")
    if line ~= "" and width + piece.width - blanks > limit then
      lines[#lines + 1] = line
      line, width = "", 0
    end
    line, width = line .. piece.text, width + piece.width
  end
  lines[#lines + 1] = line
end

--- The lines of a UTF-8 text, none wider than the limit.
---@param text string
---@param limit number
---@param width_of fun(char: string): number
---@return string[]
function wrap.lines(text, limit, width_of)
  local lines = {}
  for paragraph in (text .. "\n"):gmatch("(.-)\n") do
    wrap_paragraph(paragraph, limit, width_of, lines)
  end
  return lines
end

return wrap
