--- POST /llmage/v1/audio/speech: a text becomes a melody. And the sounds that
-- have an address.
local files = require "yuanjing.sandbox.server.media.files"
local json = require "yuanjing.sandbox.server.json"
local memory = require "yuanjing.sandbox.server.speech.memory"
local play = require "yuanjing.sandbox.server.play"
local request = require "yuanjing.sandbox.server.request"
local shapes = require "yuanjing.sandbox.server.speech.shapes"
local tone = require "yuanjing.sandbox.server.speech.tone"

local say = {}

local FORMATS = { wav = true, pcm = true }

local function speed_of(value)
  local speed = tonumber(value or 1)
  return speed and speed >= 0.25 and speed <= 4 and speed or nil
end

-- What was asked; or nil and the refusal.
local function read(seen)
  local fields = seen.fields
  for _, name in ipairs { "model", "prompt" } do
    local value, refusal = request.required(seen, name)
    if not value then return nil, refusal end
    if type(value) ~= "string" then
      return nil, play.fail(400, "Invalid parameter " .. name)
    end
  end
  local format = fields.response_format or fields.format or "wav"
  local speed = speed_of(fields.speed)
  if fields.catelogid ~= nil and fields.catelogid ~= "tts" then
    return nil, play.fail(400, "Invalid parameter catelogid")
  elseif not speed then
    return nil, play.fail(400, "Invalid parameter speed: 0.25 to 4")
  elseif not FORMATS[format] then
    return nil, play.fail(400, "Invalid parameter format: wav, pcm")
  end
  return { text = fields.prompt, voice = tostring(fields.speaker or ""),
    speed = speed, is_pcm = format == "pcm" }
end

local function usage_of(text)
  local _, count = text:gsub("[^\128-\191]", "")
  return json.record("characters", count, "prompt_tokens", count,
    "completion_tokens", 0, "total_tokens", count)
end

-- The sound in all its forms: the sandbox will know each when it hears it.
local function spoken(asked, seen)
  local pcm = tone.samples(asked.text, asked.voice, asked.speed)
  local wav = tone.header(#pcm) .. pcm
  local sent = tone.header(#pcm, seen.is_open_wav) .. pcm
  for _, sound in ipairs { pcm, wav, sent } do memory.said(sound, asked.text) end
  return { pcm = pcm, wav = wav, is_pcm = asked.is_pcm, damage = seen.damage,
    sound = asked.is_pcm and pcm or sent, usage = usage_of(asked.text),
    latency = seen.latency }
end

---@param seen yuanjing.sandbox.Seen
function say.speak(seen)
  local asked, refusal = read(seen)
  if not asked then return refusal end
  local usual = request.is_true(seen.fields.stream) and "lines" or "json"
  return shapes[seen.shape or usual](spoken(asked, seen))
end

--- GET /sandbox/speech?id=: needs no key.
---@param seen yuanjing.sandbox.Seen
function say.get(seen)
  local id, extension = (seen.query.id or ""):match("^(%x+)%.(%w+)$")
  local sound = id and memory.sound_at(id)
  if not sound then return play.text(404, "404: Not Found") end
  return files.send(seen, { id = id, at = 0, odd = {},
    name = "speech." .. extension,
    type = extension == "pcm" and "audio/pcm" or "audio/wav",
    open = function()
      return { size = #sound, read = function(_, offset, length)
        return sound:sub(offset + 1, offset + length)
      end }
    end })
end

return say
