--- The bytes of a PNG file: a byte a pixel, and a palette.
local bit = require "bit"
local zlib = require "yuanjing.sandbox.server.zlib"

local png = {}

local function uint32(number)
  return string.char(bit.band(bit.rshift(number, 24), 255),
    bit.band(bit.rshift(number, 16), 255), bit.band(bit.rshift(number, 8), 255),
    bit.band(number, 255))
end

local function chunk(kind, data)
  return uint32(#data) .. kind .. data .. uint32(ngx.crc32_long(kind .. data))
end

local function palette_of(canvas)
  local out = {}
  for n, colour in ipairs(canvas.palette) do
    out[n] = string.char(colour[1], colour[2], colour[3])
  end
  return table.concat(out)
end

---@param canvas yuanjing.sandbox.Canvas
---@return string
function png.encode(canvas)
  local head = uint32(canvas.width) .. uint32(canvas.height) .. "\8\3\0\0\0"
  return "\137PNG\r\n\26\n" .. chunk("IHDR", head) ..
    chunk("PLTE", palette_of(canvas)) ..
    chunk("IDAT", zlib.deflate(canvas.pixels, canvas.stride * canvas.height)) ..
    chunk("IEND", "")
end

return png
