--- A small picture: a gradient between two colours that depend on a text. The
-- PNG is not compressed, so it needs no zlib.
local bit = require "bit"

local png = {}

local function uint32(number)
  return string.char(bit.band(bit.rshift(number, 24), 255),
    bit.band(bit.rshift(number, 16), 255), bit.band(bit.rshift(number, 8), 255),
    bit.band(number, 255))
end

local function chunk(kind, data)
  return uint32(#data) .. kind .. data .. uint32(ngx.crc32_long(kind .. data))
end

local function adler32(data)
  local a, b = 1, 0
  for i = 1, #data do
    a = (a + data:byte(i)) % 65521
    b = (b + a) % 65521
  end
  return b * 65536 + a
end

-- zlib's framing around one stored block of up to 65535 bytes.
local function stored(data)
  local low, high = #data % 256, math.floor(#data / 256)
  return "\120\1" .. "\1" .. string.char(low, high, 255 - low, 255 - high) ..
    data .. uint32(adler32(data))
end

local function colours(text)
  local hash = ngx.md5_bin(text)
  return { hash:byte(1, 3) }, { hash:byte(4, 6) }
end

local function rows(width, height, from, to)
  local out = {}
  for y = 0, height - 1 do
    out[#out + 1] = "\0" -- no filter
    for x = 0, width - 1 do
      local part = (x + y) / (width + height - 2)
      out[#out + 1] = string.char(
        math.floor(from[1] + (to[1] - from[1]) * part),
        math.floor(from[2] + (to[2] - from[2]) * part),
        math.floor(from[3] + (to[3] - from[3]) * part))
    end
  end
  return table.concat(out)
end

--- The bytes of the file.
---@param text string
---@param width integer
---@param height integer
---@return string
function png.draw(text, width, height)
  local from, to = colours(text)
  local head = uint32(width) .. uint32(height) .. "\8\2\0\0\0" -- RGB, 8 bits
  return "\137PNG\r\n\26\n" .. chunk("IHDR", head) ..
    chunk("IDAT", stored(rows(width, height, from, to))) .. chunk("IEND", "")
end

return png
