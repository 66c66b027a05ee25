--- A sound as it comes: whole samples, though the pieces that bring them end
-- anywhere, and whether it is whole at its end.
local types = require "yuanjing.base.media.types"
local wav = require "yuanjing.speech.wav"

---@class yuanjing.Sound
---@field format? string "wav", "mp3", "pcm"; nil: unknown
---@field type? string "audio/wav"
---@field sample_rate? integer
---@field channels? integer
---@field bits? integer
---@field received integer bytes that have been handed out
---@field header? yuanjing.WavHeader
---@field private frame integer bytes that stay together
---@field private pending string
---@field private is_known? boolean the first bytes have been looked at
---@field private asked? string
---@field private failure? table
---@field private pull fun(): string?, table?
local Sound = {}
Sound.__index = Sound

local sound = {}

local PCM_FRAME = 2 -- 16 bits

--- A sound of what pull() brings: bytes; nil at the end; nil and the fields of an
--- error.
---@param pull fun(): string?, table?
---@param asked? string the format that it should have, where nothing tells it
---@return yuanjing.Sound
function sound.new(pull, asked)
  return setmetatable({ pull = pull, asked = asked, pending = "", frame = 1, received = 0 },
    Sound)
end

--- What is known of it from elsewhere; its own bytes know better.
---@param told { type?: string, format?: string, sample_rate?: integer }
function Sound:describe(told)
  self.type = self.type or told.type
  self.format = self.format or told.format
  self.sample_rate = self.sample_rate or told.sample_rate
end

-- Adds the next bytes to those that wait; false at the end. A failure is kept: it
-- counts once what came before it has been handed out.
local function pull_more(self)
  if self.failure then return nil, self.failure end
  local bytes, failure = self.pull()
  self.failure = failure
  if failure then return nil, failure end
  if not bytes then return false end
  self.pending = self.pending .. bytes
  return true
end

local function read_header(self)
  local header = wav.read(self.pending)
  while header == nil and pull_more(self) do header = wav.read(self.pending) end
  if not header then return end
  self.header, self.frame = header, header.frame
  self.format, self.sample_rate = "wav", header.sample_rate
  self.channels, self.bits = header.channels, header.bits
end

-- What the first bytes say, or else what is told of them.
local function describe(self)
  local head = self.pending:sub(1, types.HEAD)
  local name, mime = types.match("sound", head, self.type)
  self.format = self.format or self.asked
  if types.of_bytes(head) or not self.format then
    self.format = name:match("%.([0-9a-z]+)$") or self.format
  end
  self.type = mime ~= "application/octet-stream" and mime or self.type
  if self.format == "pcm" then
    self.frame, self.bits = PCM_FRAME, 16
    self.channels = self.channels or 1
  end
end

--- Looks at the first bytes; true, or nil and the fields of an error.
---@return true?
---@return table? failure
function Sound:begin()
  self.is_known = true
  while #self.pending < types.HEAD do
    if not pull_more(self) then break end
  end
  if self.pending == "" then
    return nil, self.failure or { kind = "decode", message = "the answer holds no sound" }
  end
  describe(self)
  if wav.may_be(self.pending) then read_header(self) end
  return true
end

local function hand_out(self, count)
  local bytes = self.pending:sub(1, count)
  self.pending = self.pending:sub(count + 1)
  self.received = self.received + count
  return bytes
end

local function truncated(message)
  return nil, { kind = "truncated", message = message }
end

local function finish(self)
  local header, size = self.header, self.received + #self.pending
  local problem = header and wav.problem(header, size)
  if header and size == header.length then
    return nil, { kind = "decode", message = "the answer holds no sound" }
  end
  if problem then return truncated(problem) end
  if not header and #self.pending > 0 then
    return truncated "the sound ends in the middle of a sample"
  end
  if #self.pending > 0 then return hand_out(self, #self.pending) end
  return nil
end

-- How many of the bytes that are here may go out: the header of a WAV file as a
-- piece of its own, then whole samples.
local function ready(self)
  local header = self.header
  if header and self.received == 0 then return header.length end
  return #self.pending - #self.pending % self.frame
end

-- Whether a connection broke behind all that a WAV file says it has.
local function is_proven_whole(self, failure)
  local header = self.header
  return failure.is_break and header and not header.is_open
    and self.received + #self.pending >= header.total
end

--- The next bytes: first the header, if it is a WAV file, then whole samples. Nil
--- at the end; nil and the fields of an error.
---@return string?
---@return table? failure
function Sound:next()
  local more, failure = true, nil
  if not self.is_known then more, failure = self:begin() end
  while more and ready(self) == 0 do more, failure = pull_more(self) end
  if failure and not is_proven_whole(self, failure) then return nil, failure end
  if not more then return finish(self) end
  return hand_out(self, ready(self))
end

return sound
