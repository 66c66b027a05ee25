--- What a text sounds like here: a melody, a note a character, on a scale of five
-- notes, so that every text is one to listen to. The same text, voice and speed
-- are the same sound.
local tone = {}

tone.SAMPLE_RATE = 24000

local NOTE = 0.11 -- seconds
local MOST = 300 -- notes
local SCALE = { 0, 2, 4, 7, 9, 12, 14, 16 } -- half tones above the voice
local LOUD = 9000 -- of 32767

local floor, sin = math.floor, math.sin

-- The numbers of the characters; bytes that are no UTF-8 count, too.
local function characters(text)
  local list = {}
  for char in text:gmatch("[%z\1-\127\192-\255][\128-\191]*") do
    local code = 0
    for n = 1, #char do code = (code * 64 + char:byte(n)) % 1000003 end
    list[#list + 1] = { char = char, code = code }
  end
  return list
end

local function is_pause(char)
  return char:find("^[%s%p]$") ~= nil or char == "，" or char == "。"
    or char == "？" or char == "！" or char == "、"
end

local function sample(value)
  value = floor(value)
  if value < 0 then value = value + 65536 end
  return string.char(value % 256, floor(value / 256))
end

-- One note: it begins at once and fades, with an octave above it.
local function add_note(out, count, frequency)
  local step = 2 * math.pi * frequency / tone.SAMPLE_RATE
  local fade, rise = math.exp(-4 / count), tone.SAMPLE_RATE / 200
  local loud = LOUD
  for n = 1, count do
    loud = loud * fade
    out[#out + 1] = sample(loud * math.min(1, n / rise)
      * (sin(step * n) + 0.3 * sin(2 * step * n)))
  end
end

local function lowest_of(voice)
  return 180 + tonumber(ngx.md5(voice):sub(1, 2), 16) -- 180 to 435 Hz
end

--- The sound as 16 bits a sample, one channel, without a header.
---@param text string
---@param voice string
---@param speed number
---@return string
function tone.samples(text, voice, speed)
  local out, lowest = {}, lowest_of(voice)
  local count = floor(NOTE * tone.SAMPLE_RATE / speed)
  for n, item in ipairs(characters(text)) do
    if n > MOST then break end
    local half_tones = SCALE[item.code % #SCALE + 1]
    add_note(out, count,
      is_pause(item.char) and 0 or lowest * 2 ^ (half_tones / 12))
  end
  return table.concat(out)
end

local function little_endian(value, count)
  local bytes = {}
  for n = 1, count do
    bytes[n] = string.char(value % 256)
    value = floor(value / 256)
  end
  return table.concat(bytes)
end

--- The header of a WAV file for it. `is_open`: as of a sender that does not know
--- how long the sound will be.
---@param length integer bytes of the sound
---@param is_open? boolean
---@return string
function tone.header(length, is_open)
  local mark = is_open and 4294967295
  return "RIFF" .. little_endian(mark or length + 36, 4) .. "WAVEfmt "
    .. little_endian(16, 4) .. little_endian(1, 2) .. little_endian(1, 2)
    .. little_endian(tone.SAMPLE_RATE, 4)
    .. little_endian(tone.SAMPLE_RATE * 2, 4) .. little_endian(2, 2)
    .. little_endian(16, 2) .. "data" .. little_endian(mark or length, 4)
end

return tone
