--- The size and the colours of a JPEG. Of each block of 8x8 pixels the first
-- coefficient is its mean; the others are skipped. A progressive picture begins
-- with a scan that has the first coefficients alone.
local bit = require "bit"

local jpeg = {}

-- Segments -----------------------------------------------------------------

local function uint16(bytes, position)
  local high, low = bytes:byte(position, position + 1)
  return high * 256 + low
end

-- Calls `visit(marker, first, last)` for each segment up to the picture's data;
-- returns where that begins.
local function each_segment(bytes, visit)
  local at = 3
  while at + 3 < #bytes do
    local marker = bytes:byte(at + 1)
    if bytes:byte(at) ~= 255 then return nil end
    local length = uint16(bytes, at + 2)
    visit(marker, at + 4, at + 1 + length)
    at = at + 2 + length
    if marker == 0xDA then return at end
  end
end

local function is_frame(marker)
  return marker >= 0xC0 and marker <= 0xCF and marker ~= 0xC4 and
    marker ~= 0xC8 and marker ~= 0xCC
end

local function read_frame(bytes, marker, at)
  local frame = { marker = marker, height = uint16(bytes, at + 1),
    width = uint16(bytes, at + 3), parts = {} }
  for n = 1, bytes:byte(at + 5) do
    local id, sampling, quantizer = bytes:byte(at + 3 + n * 3, at + 5 + n * 3)
    frame.parts[n] = { id = id, across = math.floor(sampling / 16),
      down = sampling % 16, quantizer = quantizer, last = 0, sum = 0, blocks = 0 }
  end
  return frame
end

-- Huffman codes: by length and code, the symbol.
local function read_codes(bytes, at, last, tables)
  while at <= last do
    local name, code, symbol = bytes:byte(at), 0, at + 17
    local codes = {}
    for length = 1, 16 do
      codes[length] = {}
      for _ = 1, bytes:byte(at + length) do
        codes[length][code] = bytes:byte(symbol)
        code, symbol = code + 1, symbol + 1
      end
      code = code * 2
    end
    tables[name], at = codes, symbol
  end
end

-- Only the first factor of each table is needed.
local function read_factors(bytes, at, last, factors)
  while at <= last do
    local name = bytes:byte(at)
    local is_wide = name >= 16
    factors[name % 16] = is_wide and uint16(bytes, at + 1) or bytes:byte(at + 1)
    at = at + 1 + (is_wide and 128 or 64)
  end
end

local function read_scan(bytes, at, frame)
  local count = bytes:byte(at)
  local _, last, shift = bytes:byte(at + 1 + count * 2, at + 3 + count * 2)
  frame.has_rest, frame.unit = last > 0, 2 ^ (shift % 16)
  frame.is_whole = count == #frame.parts
  for n = 1, count do
    local id, names = bytes:byte(at + n * 2 - 1, at + n * 2)
    for _, part in ipairs(frame.parts) do
      if part.id == id then
        part.dc, part.ac = math.floor(names / 16), 16 + names % 16
      end
    end
  end
end

local function read_head(bytes)
  local head = { codes = {}, factors = {}, restart = 0 }
  head.data = each_segment(bytes, function(marker, first, last)
    if is_frame(marker) then head.frame = read_frame(bytes, marker, first) end
    if marker == 0xC4 then read_codes(bytes, first, last, head.codes) end
    if marker == 0xDB then read_factors(bytes, first, last, head.factors) end
    if marker == 0xDD then head.restart = uint16(bytes, first) end
    if marker == 0xDA then read_scan(bytes, first, head.frame) end
  end)
  return head
end

---@param bytes string
---@return integer? width
---@return integer? height
function jpeg.size(bytes)
  local frame = read_head(bytes).frame
  if frame then return frame.width, frame.height end
end

-- Bits ---------------------------------------------------------------------

local Bits = {}
Bits.__index = Bits

function Bits:next()
  if self.left == 0 then
    local byte = self.bytes:byte(self.at) or error("the data is cut")
    self.at = self.at + (byte == 255 and 2 or 1) -- behind 255 a 0 is stuffed
    self.byte, self.left = byte, 8
  end
  self.left = self.left - 1
  return bit.band(bit.rshift(self.byte, self.left), 1)
end

function Bits:number(count)
  local value = 0
  for _ = 1, count do value = value * 2 + self:next() end
  return value
end

function Bits:symbol(codes)
  local code = 0
  for length = 1, 16 do
    code = code * 2 + self:next()
    local symbol = codes[length][code]
    if symbol then return symbol end
  end
  error "no such code"
end

-- Goes on behind a restart marker.
function Bits:restart()
  local at = self.bytes:find("\255[\208-\215]", self.at)
  self.at, self.left = (at or #self.bytes) + 2, 0
end

-- Blocks -------------------------------------------------------------------

local function skip_rest(bits, codes)
  local k = 1
  while k < 64 do
    local symbol = bits:symbol(codes)
    local run, size = math.floor(symbol / 16), symbol % 16
    if size == 0 and run < 15 then return end
    bits:number(size)
    k = k + run + 1
  end
end

local function read_block(bits, part, codes, has_rest)
  local size = bits:symbol(codes[part.dc])
  local value = bits:number(size)
  if size > 0 and value < 2 ^ (size - 1) then value = value - 2 ^ size + 1 end
  part.last = part.last + value
  part.sum, part.blocks = part.sum + part.last, part.blocks + 1
  if has_rest then skip_rest(bits, codes[part.ac]) end
end

local function units_in(frame)
  local across, down = 1, 1
  for _, part in ipairs(frame.parts) do
    if #frame.parts > 1 then
      across, down = math.max(across, part.across), math.max(down, part.down)
    end
  end
  return math.ceil(frame.width / (8 * across)) *
    math.ceil(frame.height / (8 * down))
end

-- The mean of a part in the unit that was read last.
local function level(part, head)
  local mean = part.sum / part.blocks * head.frame.unit
  return mean * head.factors[part.quantizer] / 8 + 128
end

local function read_unit(bits, head)
  local parts = head.frame.parts
  for _, part in ipairs(parts) do
    part.sum, part.blocks = 0, 0
    local count = #parts == 1 and 1 or part.across * part.down
    for _ = 1, count do
      read_block(bits, part, head.codes, head.frame.has_rest)
    end
  end
end

local function show_unit(head, visit)
  local parts = head.frame.parts
  local y = level(parts[1], head)
  if #parts < 3 then return visit(y, y, y) end
  local cb = level(parts[2], head) - 128
  local cr = level(parts[3], head) - 128
  visit(y + 1.402 * cr, y - 0.344 * cb - 0.714 * cr, y + 1.772 * cb)
end

--- Calls `visit(red, green, blue)` for each unit of 8x8 or 16x16 pixels. A cut
--- picture raises, behind the units that are there.
---@param bytes string
---@param visit fun(red: number, green: number, blue: number)
function jpeg.each(bytes, visit)
  local head = read_head(bytes)
  local frame = head.frame
  if not frame or frame.marker > 0xC2 or not frame.is_whole then return end
  local bits = setmetatable({ bytes = bytes, at = head.data, left = 0 }, Bits)
  for n = 0, units_in(frame) - 1 do
    if head.restart > 0 and n > 0 and n % head.restart == 0 then
      bits:restart()
      for _, part in ipairs(frame.parts) do part.last = 0 end
    end
    read_unit(bits, head)
    show_unit(head, visit)
  end
end

return jpeg
