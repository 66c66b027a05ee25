--- The bytes of a result: a small real file, followed by padding up to the
-- requested size, which is computed when it is read. The file stays valid: in
-- an MP4 the padding is a `free` box, and readers of a PNG ignore what
-- follows its end.
local bit = require "bit"
local clip = require "yuanjing.sandbox.server.media.clip"
local png = require "yuanjing.sandbox.server.media.picture.png"
local scene = require "yuanjing.sandbox.server.media.picture.scene"

local content = {}

---@class yuanjing.sandbox.Content
---@field size integer
---@field private _head string
local methods = {}
local Content = { __index = methods }

-- A prime, so that a read from a wrong offset gives other bytes.
local PERIOD = 65521

local function make_block()
  local state, out = 1, {}
  for i = 1, PERIOD do
    state = state * 16807 % 2147483647
    out[i] = string.char(math.floor(state / 128) % 256)
  end
  local block = table.concat(out)
  return block .. block
end

local block -- made on first use

-- `length` bytes of padding, at most one period.
local function filling(offset, length)
  block = block or make_block()
  local from = offset % PERIOD
  return block:sub(from + 1, from + length)
end

--- Up to `length` bytes from an offset; at least one before the end.
---@param offset integer
---@param length integer
---@return string
function methods:read(offset, length)
  length = math.min(length, self.size - offset)
  if offset < #self._head then
    return self._head:sub(offset + 1, offset + length)
  end
  return filling(offset - #self._head, math.min(length, PERIOD))
end

local function uint32(number)
  local high = math.floor(number / 65536)
  return string.char(bit.rshift(high, 8), bit.band(high, 255),
    math.floor(number / 256) % 256, number % 256)
end

local function box(kind, data)
  return uint32(#data + 8) .. kind .. data
end

-- The head of a free box that extends to `size`.
local function free_head(size)
  if size < 4294967296 then return uint32(size) .. "free" end
  return uint32(1) .. "free" .. uint32(math.floor(size / 4294967296)) ..
    uint32(size % 4294967296)
end

-- A film contains the description of its task, so that each is unique.
local function film(text, size)
  local head = clip.bytes() .. box("free", text)
  local left = (size or 0) - #head
  return left >= 16 and head .. free_head(left) or head
end

-- Silence: 8000 samples of 8 bits a second.
local function sound()
  local samples = ("\128"):rep(800)
  local function uint32le(number) return uint32(number):reverse() end
  return "RIFF" .. uint32le(36 + #samples) .. "WAVEfmt " .. uint32le(16) ..
    "\1\0\1\0" .. uint32le(8000) .. uint32le(8000) .. "\1\0\8\0data" ..
    uint32le(#samples) .. samples
end

local SIDE = 512 -- pixels of a picture, across and down
local last = {} -- the last picture: most are asked for in parts, or twice

local function picture(text)
  if last.text ~= text then
    last = { text = text, bytes = png.encode(scene.draw(text, SIDE, SIDE)) }
  end
  return last.bytes
end

local MAKERS = {
  png = picture,
  mp4 = film,
  wav = sound,
}

--- The content of a file with this name, or nil.
---@param name string
---@param text string what it is made from
---@param size? integer at least so large
---@return yuanjing.sandbox.Content?
function content.new(name, text, size)
  local make = MAKERS[name:match("%.(%w+)$")]
  if not make then return nil end
  local head = make(text, size)
  return setmetatable({ _head = head, size = math.max(#head, size or 0) },
    Content)
end

return content
