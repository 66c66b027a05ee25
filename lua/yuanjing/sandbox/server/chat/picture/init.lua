--- What can be seen in a picture's bytes: its kind, its size and, of a PNG or a
-- usual JPEG, its main colour.
local colours = require "yuanjing.sandbox.server.chat.picture.colours"
local jpeg = require "yuanjing.sandbox.server.chat.picture.jpeg"
local png = require "yuanjing.sandbox.server.chat.picture.png"

local picture = {}

---@class yuanjing.sandbox.Picture
---@field kind "PNG"|"JPEG"|"GIF"|"WebP"|"BMP"
---@field width integer
---@field height integer
---@field colour? { zh: string, en: string }

-- A number of several bytes, the least of them first.
local function little(bytes, position, count)
  local value = 0
  for i = count - 1, 0, -1 do
    value = value * 256 + (bytes:byte(position + i) or 0)
  end
  return value
end

local function webp_size(bytes)
  local kind = bytes:sub(13, 16)
  if kind == "VP8X" then
    return little(bytes, 25, 3) + 1, little(bytes, 28, 3) + 1
  elseif kind == "VP8 " then
    return little(bytes, 27, 2) % 16384, little(bytes, 29, 2) % 16384
  elseif kind == "VP8L" then
    local bits = little(bytes, 22, 4)
    return bits % 16384 + 1, math.floor(bits / 16384) % 16384 + 1
  end
end

-- The bytes that begin a kind, and what reads its size and its colours.
local KINDS = {
  { "PNG", "^\137PNG\r\n\26\n", png.size, png.each },
  { "JPEG", "^\255\216\255", jpeg.size, jpeg.each },
  { "GIF", "^GIF8[79]a", function(bytes)
    return little(bytes, 7, 2), little(bytes, 9, 2)
  end },
  { "WebP", "^RIFF....WEBP", webp_size },
  { "BMP", "^BM", function(bytes)
    return little(bytes, 19, 4), little(bytes, 23, 4)
  end },
}

-- The colour of most places; of a cut picture those that are there count.
local function main_colour(each, bytes)
  local counts, main = {}, nil
  pcall(each, bytes, function(red, green, blue)
    local colour = colours.name(red, green, blue)
    counts[colour] = (counts[colour] or 0) + 1
    if not main or counts[colour] > counts[main] then main = colour end
  end)
  return main
end

--- What is seen | nil: these are no picture's bytes.
---@param bytes string
---@return yuanjing.sandbox.Picture?
function picture.look(bytes)
  for _, kind in ipairs(KINDS) do
    if bytes:find(kind[2]) then
      local ok, width, height = pcall(kind[3], bytes)
      if not ok or not width then return nil end
      return { kind = kind[1], width = width, height = height,
        colour = kind[4] and main_colour(kind[4], bytes) }
    end
  end
end

return picture
