--- The size and the colours of a PNG.
local zlib = require "yuanjing.sandbox.server.zlib"

local png = {}

local MOST = 64 * 1024 * 1024 -- bytes of a picture that are looked at

local function uint32(bytes, position)
  local a, b, c, d = bytes:byte(position, position + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

---@param bytes string
---@return integer? width
---@return integer? height
function png.size(bytes)
  if bytes:sub(13, 16) ~= "IHDR" then return nil end
  return uint32(bytes, 17), uint32(bytes, 21)
end

-- Chunks -------------------------------------------------------------------

-- What stands in the chunks of a kind.
local function data_of(bytes, wanted)
  local out, at = {}, 9
  while at + 8 <= #bytes do
    local length, kind = uint32(bytes, at), bytes:sub(at + 4, at + 7)
    if kind == wanted then
      out[#out + 1] = bytes:sub(at + 8, at + 7 + length)
    end
    at = at + length + 12
  end
  return table.concat(out)
end

-- Filters ------------------------------------------------------------------

local function paeth(left, up, corner)
  local guess = left + up - corner
  local a, b, c = math.abs(guess - left), math.abs(guess - up),
    math.abs(guess - corner)
  if a <= b and a <= c then return left end
  return b <= c and up or corner
end

local FILTERS = {
  [0] = function() return 0 end,
  function(left) return left end,
  function(_, up) return up end,
  function(left, up) return math.floor((left + up) / 2) end,
  paeth,
}

-- Undoes the filters in place: rows of `stride` bytes behind the filter's own.
local function unfilter(raw, height, stride, step)
  for y = 0, height - 1 do
    local row = y * (stride + 1) + 1
    local above = row - stride - 1
    local filter = FILTERS[raw[row - 1]]
    for x = 0, stride - 1 do
      local left = x >= step and raw[row + x - step] or 0
      local up = y > 0 and raw[above + x] or 0
      local corner = x >= step and y > 0 and raw[above + x - step] or 0
      raw[row + x] = (raw[row + x] + filter(left, up, corner)) % 256
    end
  end
end

-- Colours ------------------------------------------------------------------

local CHANNELS = { [0] = 1, [2] = 3, [3] = 1, [4] = 2, [6] = 4 }

-- Reads the pixel at a place: red, green, blue, and how much of it is seen.
local function reader(kind, palette, raw)
  if kind == 3 then
    return function(at)
      local index = raw[at] * 3
      local red, green, blue = palette:byte(index + 1, index + 3)
      return red, green, blue, 1
    end
  elseif kind == 0 or kind == 4 then
    return function(at)
      return raw[at], raw[at], raw[at], kind == 4 and raw[at + 1] / 255 or 1
    end
  end
  return function(at)
    return raw[at], raw[at + 1], raw[at + 2], kind == 6 and raw[at + 3] / 255 or 1
  end
end

local SAMPLES = 100 -- across, and as many down

local function step_for(length)
  return math.max(1, math.floor(length / SAMPLES))
end

--- Calls `visit(red, green, blue)` for pixels all over the picture. Pictures with
--- other than 8 bits, and interlaced ones, are not read.
---@param bytes string
---@param visit fun(red: number, green: number, blue: number)
function png.each(bytes, visit)
  local width, height = png.size(bytes)
  local depth, kind, _, _, interlaced = bytes:byte(25, 29)
  local step = CHANNELS[kind]
  if depth ~= 8 or interlaced ~= 0 or not step then return end
  local stride = width * step
  local size = (stride + 1) * height
  if size > MOST then return end
  local raw, length = zlib.inflate(data_of(bytes, "IDAT"), size)
  if not raw or length < size then return end
  unfilter(raw, height, stride, step)
  local read = reader(kind, data_of(bytes, "PLTE"), raw)
  for y = 0, height - 1, step_for(height) do
    for x = 0, width - 1, step_for(width) do
      local red, green, blue, opacity = read(y * (stride + 1) + 1 + x * step)
      if opacity > 0.5 then visit(red, green, blue) end
    end
  end
end

return png
