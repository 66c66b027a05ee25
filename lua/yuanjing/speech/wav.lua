--- The head of a WAV file (RIFF, WAVE): chunks, each with a name and a length, of
-- which `fmt ` describes the sound and `data` holds it. Who makes a sound while he
-- sends it does not know how long it will be, and writes a mark in the place of
-- the lengths.
local wav = {}

local LONGEST = 65536 -- bytes before the sound that are looked through
local MARK = 0x7fff0000 -- a length from here on is none
local MOST = 2 ^ 32 - 1

---@class yuanjing.WavHeader
---@field length integer bytes before the sound
---@field bytes integer of the sound, as the file says
---@field total integer of the file, as the file says
---@field is_open boolean its length is a mark, and it goes on to the end
---@field format integer 1: whole numbers
---@field channels integer
---@field sample_rate integer
---@field frame integer bytes of one sample of all channels
---@field bits integer of one sample

local function number(text, at, count)
  local value = 0
  for n = at + count - 1, at, -1 do value = value * 256 + text:byte(n) end
  return value
end

local function is_mark(length) return length == 0 or length >= MARK end

local function header_of(head, format, at)
  local bytes = number(head, at + 4, 4)
  local frame = number(head, format + 12, 2)
  return { length = at + 7, bytes = bytes, is_open = is_mark(bytes),
    total = number(head, 5, 4) + 8,
    format = number(head, format, 2), channels = number(head, format + 2, 2),
    sample_rate = number(head, format + 4, 4), frame = math.max(1, frame),
    bits = number(head, format + 14, 2) }
end

--- Whether these bytes are the beginning of a WAV file, as far as they go.
---@param head string
---@return boolean
function wav.may_be(head)
  local magic = head:sub(1, 4)
  return magic == ("RIFF"):sub(1, #magic)
    and head:sub(9, 12) == ("WAVE"):sub(1, math.max(0, #head - 8))
end

--- The header; nil: it is not all there yet; false: there is none.
---@param head string the first bytes of a file
---@return yuanjing.WavHeader|false|nil
function wav.read(head)
  if not wav.may_be(head) then return false end
  local at, format = 13, nil
  while at + 7 <= #head and at < LONGEST do
    local name, length = head:sub(at, at + 3), number(head, at + 4, 4)
    if name == "data" then
      return format ~= nil and header_of(head, format, at)
    end
    if name == "fmt " then
      if length < 16 then return false end
      if at + 7 + 16 > #head then return nil end
      format = at + 8
    end
    at = at + 8 + length + length % 2
  end
  if at >= LONGEST then return false end
  return nil
end

--- What is wrong with a file that has so many bytes; nil: nothing.
---@param header yuanjing.WavHeader
---@param size integer
---@return string? problem
function wav.problem(header, size)
  local came = size - header.length
  if header.is_open then
    return came % header.frame ~= 0
      and "the sound ends in the middle of a sample" or nil
  end
  return came < header.bytes and ("%.0f of %.0f bytes of the sound came")
    :format(came, header.bytes) or nil
end

local function encode(value)
  local bytes = {}
  for n = 1, 4 do
    bytes[n] = string.char(value % 256)
    value = (value - value % 256) / 256
  end
  return table.concat(bytes)
end

-- The bytes of the sound, of a file that is longer than it says.
local function sound_in(header, size)
  local rest = size - header.length
  return rest - rest % header.frame
end

--- Writes the lengths that the file has into its header, where that has marks, or
--- the lengths of a first piece.
---@param file yuanjing.core.File
---@param header yuanjing.WavHeader
---@param size integer bytes of the file
---@return true?
---@return string? problem
function wav.mend(file, header, size)
  local is_right = not header.is_open and header.total >= size
    and not is_mark(header.total - 8)
  if is_right or size - 8 > MOST then return true end
  local bytes = (header.is_open or header.total < size)
    and sound_in(header, size) or header.bytes
  local ok, problem = file:write(encode(size - 8), 4)
  if ok then ok, problem = file:write(encode(bytes), header.length - 4) end
  return ok, problem
end

return wav
