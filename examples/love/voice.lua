--- Yuan's voice: what is written in her bubble is spoken, a sentence at a time,
-- while the rest is still being written. The sound is read in a job and played from
-- a queue, so that no frame waits for it. Silent, and without cost, where it is
-- switched off or there is no sound device.
--
-- Speech is seen in the platform's public source, not yet confirmed live.
local ffi = require "ffi"
local platform = require "platform"
local yuanjing = require "yuanjing"

local voice = {
  is_on = false,
  model = os.getenv("YUANJING_VOICE_MODEL") or "tts-1",
  spoken = {}, -- the sentences so far, of this answer
  played = 0,  -- bytes that the device has been given
}

local RATE, BITS, CHANNELS = 24000, 16, 1 -- as models speak
local BUFFERS, BUFFER = 8, 4800           -- a tenth of a second each, in bytes
local AHEAD = 48000                       -- bytes that wait to be played
local ENDS = { "。", "！", "？", "%.%s", "!%s", "%?%s", "\n" }

local source, job
local text, taken = "", 0     -- what is in the bubble, and how much was spoken
local sentences, sound = {}, "" -- what is to be said, and to be played

-- The device ----------------------------------------------------------------

-- A queue that the device plays; false: there is no device.
local function open()
  local ok, made = pcall(love.audio.newQueueableSource, RATE, BITS, CHANNELS,
    BUFFERS)
  return ok and made:getFreeBufferCount() > 0 and made
end

--- Switches it on or off.
function voice.switch(is_on)
  if is_on and source == nil then source = open() end
  voice.is_on = is_on and source ~= false
  if not voice.is_on then voice.hush() end
end

--- Whether there is something to switch.
function voice.has_device()
  return source ~= false
end

-- Gives the device what has come, as far as it has room.
local function feed()
  local is_last = job == nil or job.done
  while #sound >= (is_last and 2 or BUFFER) and source:getFreeBufferCount() > 0 do
    local size = math.min(BUFFER, #sound - #sound % 2)
    local data = love.sound.newSoundData(size / 2, RATE, BITS, CHANNELS)
    ffi.copy(data:getFFIPointer(), sound, size)
    source:queue(data)
    sound, voice.played = sound:sub(size + 1), voice.played + size
  end
  if not source:isPlaying() and source:getFreeBufferCount() < BUFFERS then
    source:play()
  end
end

-- Speaking --------------------------------------------------------------------

-- Whether a sound can be put into the queue as it is.
local function is_playable(speech)
  return speech.sample_rate == RATE and speech.bits == BITS
    and speech.channels == CHANNELS
end

-- One sentence: its sound waits until there is room for it.
local function say(sentence)
  local speech, err = platform.client:speak {
    model = voice.model, text = sentence, stream = true,
  }
  if not speech or not is_playable(speech) then return speech, err end
  local is_header = speech.format == "wav" -- which comes first, and alone
  for bytes in speech:chunks() do
    if not is_header then sound = sound .. bytes end
    is_header = false
    repeat yuanjing.sleep(0) until #sound < AHEAD -- a slow reader slows the sender
  end
  return true
end

-- A voice that fails is no reason to stop the game: she goes on in writing.
local function say_all()
  while sentences[1] do
    local sentence = table.remove(sentences, 1)
    local ok, said, err = pcall(say, sentence)
    if not ok or not said then
      voice.err = ok and err or said
      sentences = {}
    end
  end
end

local function add(sentence)
  if not sentence:find("%w") and not sentence:find("[\128-\255]") then return end
  voice.spoken[#voice.spoken + 1] = sentence
  sentences[#sentences + 1] = sentence
  if job == nil or job.done then job = yuanjing.async(say_all) end
end

-- Where the first sentence ends behind that byte; nil: it goes on.
local function end_of_sentence(from)
  local first
  for _, mark in ipairs(ENDS) do
    local _, last = text:find(mark, from)
    if last and (not first or last < first) then first = last end
  end
  return first
end

local function take_sentences(is_done)
  local last = end_of_sentence(taken + 1)
  while last do
    add(text:sub(taken + 1, last))
    taken = last
    last = end_of_sentence(taken + 1)
  end
  if is_done and taken < #text then
    add(text:sub(taken + 1))
    taken = #text
  end
end

--- Stops at once: nothing more is sent, played or paid for.
function voice.hush()
  if job then job:cancel() end
  job, sentences, sound, text, taken = nil, {}, "", "", 0
  voice.spoken, voice.played = {}, 0
  if source then source:stop() end
end

--- Once a frame: speaks what is new in the bubble.
function voice.update(bubble)
  if not voice.is_on then return end
  local is_new = bubble.text:sub(1, #text) ~= text
  if is_new or not bubble:is_open() and text ~= "" then voice.hush() end
  if not bubble:is_open() then return end
  text = bubble.text
  take_sentences(bubble.state == "done" and not bubble.err)
  feed()
end

return voice
