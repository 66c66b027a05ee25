--- A picture of at most 256 colours: a byte a pixel, as PNG stores it, so that most
-- of a shape is filled by memset. The edges of shapes are smooth: their pixels get
-- colours between those of the two sides, as long as there are colours left.
local ffi = require "ffi"

local canvas = {}

---@alias yuanjing.sandbox.Colour { [1]: number, [2]: number, [3]: number }

---@class yuanjing.sandbox.Canvas
---@field width integer
---@field height integer
---@field stride integer bytes of a row; the first of them is its filter, none
---@field pixels ffi.cdata*
---@field palette yuanjing.sandbox.Colour[]
---@field private _index table<integer, integer> by red, green and blue
---@field private _between table<integer, integer> by the two colours and a share
local methods = {}
local Canvas = { __index = methods }

---@param width integer
---@param height integer
---@return yuanjing.sandbox.Canvas
function canvas.new(width, height)
  return setmetatable({ width = width, height = height, stride = width + 1,
    pixels = ffi.new("uint8_t[?]", (width + 1) * height),
    palette = {}, _index = {}, _between = {} }, Canvas)
end

-- Colours ------------------------------------------------------------------

---@param from yuanjing.sandbox.Colour
---@param to yuanjing.sandbox.Colour
---@param share number 0: from, 1: to
---@return yuanjing.sandbox.Colour
function canvas.mix(from, to, share)
  local mixed = {}
  for n = 1, 3 do
    mixed[n] = math.floor(from[n] + (to[n] - from[n]) * share + 0.5)
  end
  return mixed
end

local function nearest(palette, colour)
  local best, least = 0, math.huge
  for n, other in ipairs(palette) do
    local away = 0
    for k = 1, 3 do away = away + (other[k] - colour[k]) ^ 2 end
    if away < least then best, least = n - 1, away end
  end
  return best
end

--- The number of a colour; of the one most like it when there are 256.
---@param colour yuanjing.sandbox.Colour
---@return integer
function methods:index(colour)
  local key = (colour[1] * 256 + colour[2]) * 256 + colour[3]
  local index = self._index[key]
  if not index then
    local palette = self.palette
    if #palette < 256 then
      palette[#palette + 1] = colour
      index = #palette - 1
    else
      index = nearest(palette, colour)
    end
    self._index[key] = index
  end
  return index
end

local STEPS = 4 -- shares of an edge's colour that are told apart
local MOST_BETWEEN = 200 -- colours; the rest of the 256 are kept for shapes

-- Puts a share of a colour on a pixel.
local function touch(self, at, top, share)
  local step = math.floor(share * STEPS + 0.5)
  local below = self.pixels[at]
  if step <= 0 or below == top then return end
  if step >= STEPS then
    self.pixels[at] = top
    return
  end
  local key = (top * 256 + below) * STEPS + step
  local index = self._between[key]
  if not index then
    local palette = self.palette
    if #palette < MOST_BETWEEN then
      index = self:index(canvas.mix(palette[below + 1], palette[top + 1],
        step / STEPS))
    else
      index = step * 2 > STEPS and top or below
    end
    self._between[key] = index
  end
  self.pixels[at] = index
end

-- Shapes -------------------------------------------------------------------

--- Rows of colours from one to another; y in pixels.
function methods:gradient(first, last, from, to, bands)
  local pixels, stride = self.pixels, self.stride
  for y = math.max(0, first), math.min(self.height, last) - 1 do
    local band = math.floor((y - first) / (last - first) * bands)
    local index = self:index(canvas.mix(from, to, band / math.max(1, bands - 1)))
    ffi.fill(pixels + y * stride + 1, self.width, index)
  end
end

-- An edge's pixels in a row, where it is flat: it covers them bit by bit.
local MOST_SLOPE = 8

-- Half the width of an edge's blur, where it goes so far aside from row to row.
local function blur_of(slope)
  return math.max(0.5, math.min(MOST_SLOPE, math.abs(slope) / 2))
end

-- The part of a row between two edges, each with half the width of its blur. NB:
-- without a closure in here, which LuaJIT would not compile.
local function span(self, y, left, left_blur, right, right_blur, top)
  local row = y * self.stride + 1
  local first = math.max(0, math.floor(left - left_blur))
  local last = math.min(self.width, math.ceil(right + right_blur))
  local from = math.max(first, math.ceil(left + left_blur))
  local to = math.min(last, math.floor(right - right_blur))
  if to > from then
    ffi.fill(self.pixels + row + from, to - from, top)
  else
    from, to = last, last
  end
  for n = first, last - 1 - (to - from) do
    local x = n < from and n or n + to - from
    touch(self, row + x, top,
      math.min((x + 0.5 - left + left_blur) / (2 * left_blur),
        (right + right_blur - x - 0.5) / (2 * right_blur)))
  end
end

-- Where the edges cross the middle of a row, from left to right, each with its
-- blur: x, blur, x, blur ...
local function crossings(points, middle, found)
  local count, before = 0, #points - 1
  local above = points[before + 1] <= middle
  for n = 1, #points, 2 do
    local x, y = points[n], points[n + 1]
    if (y <= middle) ~= above then
      local slope = (x - points[before]) / (y - points[before + 1])
      local at, place = x + (middle - y) * slope, count
      while place > 0 and found[place - 1] > at do
        found[place + 1], found[place + 2] = found[place - 1], found[place]
        place = place - 2
      end
      found[place + 1] = at
      found[place + 2] = blur_of(slope)
      count = count + 2
    end
    before, above = n, y <= middle
  end
  return count
end

--- Fills an ellipse; all in pixels.
---@param x number its middle
---@param y number
---@param across number half its width
---@param down number half its height
---@param colour yuanjing.sandbox.Colour
function methods:oval(x, y, across, down, colour)
  local index = self:index(colour)
  for row = math.max(0, math.floor(y - down)),
    math.min(self.height, math.ceil(y + down)) - 1 do
    local t = (row + 0.5 - y) / down
    if t * t < 1 then
      local part = math.sqrt(1 - t * t)
      local half, blur = across * part, blur_of(across / down * t / part)
      span(self, row, x - half, blur, x + half, blur, index)
    end
  end
end

--- Fills a polygon; its points are x, y, x, y ... in pixels.
---@param points number[]
---@param colour yuanjing.sandbox.Colour
function methods:polygon(points, colour)
  local top, bottom = math.huge, -math.huge
  for n = 2, #points, 2 do
    top, bottom = math.min(top, points[n]), math.max(bottom, points[n])
  end
  local index, found = self:index(colour), {}
  for y = math.max(0, math.floor(top)), math.min(self.height, bottom + 1) - 1 do
    for n = 1, crossings(points, y + 0.5, found), 4 do
      span(self, y, found[n], found[n + 1], found[n + 2], found[n + 3], index)
    end
  end
end

return canvas
