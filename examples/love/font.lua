--- A font that has Chinese, if this machine has one; else LÖVE's own.
local utf8 = require "utf8"

local font = {}

local SIZE = 18
local CHAR = "[%z\1-\127\194-\244][\128-\191]*"

-- What Windows and macOS bring.
local BROUGHT = { "C:/Windows/Fonts/msyh.ttc", "C:/Windows/Fonts/simhei.ttf",
  "/System/Library/Fonts/PingFang.ttc",
  "/System/Library/Fonts/STHeiti Light.ttc" }

-- Linux has fontconfig. NB: on Windows a command would open a window.
local function candidates()
  if love.system.getOS() == "Windows" then return BROUGHT end
  local pipe = io.popen("fc-match -f '%{file}' ':lang=zh-cn' 2>/dev/null")
  local found = pipe and pipe:read("*a") or ""
  if pipe then pipe:close() end
  return { found, unpack(BROUGHT) }
end

-- LÖVE opens files of the game alone: others are handed to it as bytes.
local function read(path)
  local file = io.open(path, "rb")
  local bytes = file and file:read("*a")
  if file then file:close() end
  return bytes and love.filesystem.newFileData(bytes, path)
end

local function load(path)
  local data = read(path)
  if not data then return nil end
  local ok, made = pcall(love.graphics.newFont, data, SIZE)
  if not ok or not made:hasGlyphs("元") then return nil end
  return made, love.graphics.newFont(data, 13)
end

function font.load()
  for _, path in ipairs(candidates()) do
    font.text, font.small = load(path)
    if font.text then break end
  end
  font.has_chinese = font.text ~= nil
  font.text = font.text or love.graphics.newFont(SIZE)
  font.small = font.small or love.graphics.newFont(13)
end

-- A character that can be drawn, or nothing. LÖVE raises on bad UTF-8.
local known = setmetatable({}, { __index = function(self, char)
  local is_good = utf8.len(char) == 1
    and (char == "\n" or font.text:hasGlyphs(char))
  self[char] = is_good and char or ""
  return self[char]
end })

--- The text without what the font can not draw, such as most emoji.
function font.drawable(text)
  local out = {}
  for char in text:gmatch(CHAR) do out[#out + 1] = known[char] end
  return table.concat(out)
end

local widths = setmetatable({}, { __index = function(self, char)
  self[char] = font.text:getWidth(char)
  return self[char]
end })

--- How wide a drawable character is.
function font.width(char)
  return widths[char]
end

return font
