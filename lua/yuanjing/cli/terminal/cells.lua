--- The width of a text in a terminal, where most Chinese characters take two
-- cells and an accent takes none. Also removes control characters from
-- foreign texts.
local cells = {}

local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"

-- From, to, cells; sorted. Other characters take one cell. From Unicode's
-- EastAsianWidth.txt (W and F); ranges are joined where nothing narrow is
-- between.
local RANGES = {
  { 0x300, 0x36f, 0 }, { 0x1100, 0x115f, 2 }, { 0x200b, 0x200f, 0 },
  { 0x20d0, 0x20ff, 0 }, { 0x231a, 0x231b, 2 }, { 0x23e9, 0x23ec, 2 },
  { 0x2614, 0x2615, 2 }, { 0x26a1, 0x26a1, 2 }, { 0x2705, 0x2705, 2 },
  { 0x2728, 0x2728, 2 }, { 0x274c, 0x274c, 2 }, { 0x2e80, 0x303e, 2 },
  { 0x3041, 0x4dbf, 2 }, { 0x4e00, 0xa4cf, 2 }, { 0xa960, 0xa97f, 2 },
  { 0xac00, 0xd7a3, 2 }, { 0xf900, 0xfaff, 2 }, { 0xfe00, 0xfe0f, 0 },
  { 0xfe30, 0xfe6f, 2 }, { 0xff00, 0xff60, 2 }, { 0xffe0, 0xffe6, 2 },
  { 0x16fe0, 0x18cff, 2 }, { 0x1b000, 0x1b2ff, 2 }, { 0x1f300, 0x1f64f, 2 },
  { 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1f9ff, 2 }, { 0x1fa70, 0x1faff, 2 },
  { 0x20000, 0x3fffd, 2 },
}

local LEADS = { 0x00, 0xc0, 0xe0, 0xf0 } -- of 1, 2, 3, 4 bytes

local function code_of(character)
  local code = character:byte() - LEADS[math.min(#character, 4)]
  for i = 2, #character do code = code * 64 + character:byte(i) - 0x80 end
  return code
end

local function width_of(character)
  if #character == 1 then return 1 end
  local code = code_of(character)
  for _, range in ipairs(RANGES) do
    if code < range[1] then return 1 end
    if code <= range[2] then return range[3] end
  end
  return 1
end

--- The width of a text in one line, in cells.
---@param text string
---@return integer
function cells.width(text)
  local width = 0
  for character in text:gmatch(CHARACTER) do
    width = width + width_of(character)
  end
  return width
end

--- The beginning of the text that fits, with "..." if it was cut.
---@param text string
---@param most integer cells
---@return string
function cells.cut(text, most)
  if cells.width(text) <= most then return text end
  local kept, width = {}, 0
  for character in text:gmatch(CHARACTER) do
    width = width + width_of(character)
    if width > most - 3 then break end
    kept[#kept + 1] = character
  end
  return table.concat(kept) .. ("..."):sub(1, math.max(0, most))
end

--- The text, padded with blanks to that width.
---@param text string
---@param width integer cells
---@return string
function cells.pad(text, width)
  return text .. (" "):rep(width - cells.width(text))
end

--- A text of the platform or a model without control characters, which could
--- control the terminal. Tabs and line ends stay.
---@param text string
---@return string
function cells.harmless(text)
  return (text:gsub("[%z\1-\8\11-\31\127]", ""):gsub("\194[\128-\159]", ""))
end

return cells
