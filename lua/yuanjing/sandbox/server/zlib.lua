--- zlib, which every nginx brings for its compression: inside, or beside it.
local ffi = require "ffi"

local zlib = {}

ffi.cdef [[
  int uncompress(unsigned char *to, unsigned long *size,
    const unsigned char *from, unsigned long length);
  int compress2(unsigned char *to, unsigned long *size,
    const unsigned char *from, unsigned long length, int level);
]]

local function find()
  for _, library in ipairs { ffi.C, "libz.so.1", "z" } do
    local ok, loaded = true, library
    if type(library) == "string" then ok, loaded = pcall(ffi.load, library) end
    if ok and pcall(function() return loaded.compress2 end) then return loaded end
  end
end

local library = find()

--- Up to `size` bytes, and their number; nil without zlib or of other bytes.
---@param packed string
---@param size integer
---@return ffi.cdata*? bytes
---@return integer? length
function zlib.inflate(packed, size)
  if not library then return nil end
  local out = ffi.new("unsigned char[?]", size)
  local length = ffi.new("unsigned long[1]", size)
  if library.uncompress(out, length, packed, #packed) ~= 0 then return nil end
  return out, tonumber(length[0])
end

-- Without zlib ---------------------------------------------------------------

local function adler32(bytes, size)
  local a, b = 1, 0
  for i = 0, size - 1 do
    a = (a + bytes[i]) % 65521
    b = (b + a) % 65521
  end
  return string.char(math.floor(b / 256), b % 256, math.floor(a / 256), a % 256)
end

local BLOCK = 65535

local function stored(bytes, size)
  local out = { "\120\1" }
  for at = 0, size - 1, BLOCK do
    local length = math.min(BLOCK, size - at)
    local low, high = length % 256, math.floor(length / 256)
    out[#out + 1] = string.char(at + length == size and 1 or 0, low, high,
      255 - low, 255 - high) .. ffi.string(bytes + at, length)
  end
  return table.concat(out) .. adler32(bytes, size)
end

local FASTEST = 1

--- The bytes as a zlib stream.
---@param bytes ffi.cdata*
---@param size integer
---@return string
function zlib.deflate(bytes, size)
  if not library then return stored(bytes, size) end
  local room = size + math.floor(size / 1000) + 64
  local out = ffi.new("unsigned char[?]", room)
  local length = ffi.new("unsigned long[1]", room)
  assert(library.compress2(out, length, bytes, size, FASTEST) == 0)
  return ffi.string(out, length[0])
end

return zlib
