--- POST /llmage/v1/audio/transcriptions: what the sandbox has said itself it
-- understands; of any other sound it says how long it is.
local json = require "yuanjing.sandbox.server.json"
local memory = require "yuanjing.sandbox.server.speech.memory"
local play = require "yuanjing.sandbox.server.play"

local hear = {}

---@class yuanjing.sandbox.Heard a sound that came
---@field md5 string
---@field size integer
---@field start string its first bytes

local function of_bytes(bytes)
  return { md5 = ngx.md5(bytes), size = #bytes, start = bytes:sub(1, 64) }
end

-- A URL of the sandbox's own; others it does not fetch.
local function of_url(url)
  local id = url:match("/sandbox/speech%?id=(%x+)")
  local sound = id and memory.sound_at(id)
  return sound and of_bytes(sound)
    or { md5 = ngx.md5(url), size = 0, start = "" }
end

local function of_text(text)
  if text:find("^https?://") then return of_url(text) end
  local bytes = ngx.decode_base64((text:gsub("^data:[^,]*,", "")))
  return bytes and of_bytes(bytes)
end

-- The sound of a request; nil and what is wrong.
local function find(seen)
  local form = seen.form
  if form and form.problem then
    return nil, "Malformed multipart body: " .. form.problem
  end
  for _, file in ipairs(seen.files) do
    if file.name == "audio_file" then
      return { md5 = file.md5, size = file.size,
        start = form.starts[file.md5] or "" }
    end
  end
  local text = seen.fields.audio_file
  if type(text) ~= "string" or text == "" then
    return nil, "Missing required parameter: audio_file"
  end
  local heard = of_text(text)
  return heard, not heard and "Invalid parameter audio_file" or nil
end

local function number(text, at)
  local value = 0
  for n = at + 3, at, -1 do value = value * 256 + text:byte(n) end
  return value
end

-- Seconds of a WAV file; nil: it is something else.
local function seconds_of(heard)
  local start = heard.start
  if #start < 44 or not start:find("^RIFF....WAVEfmt ") then return nil end
  local rate = number(start, 29)
  return rate > 0 and math.max(0, heard.size - 44) / rate or nil
end

local function sentence(heard, seconds)
  if seconds then
    return ("A sound of %.1f seconds, which this sandbox has not said.")
      :format(seconds)
  end
  return ("A sound of %d bytes, which this sandbox has not said.")
    :format(heard.size)
end

-- A segment a sentence, each as long as it has characters.
local function segments_of(text, seconds)
  local list, parts, all = {}, {}, 0
  for _, mark in ipairs { "。", "！", "？", "%. ", "%! ", "%? " } do
    text = text:gsub(mark, "%0\0")
  end
  for part in text:gmatch("%Z+") do
    parts[#parts + 1], all = part, all + #part
  end
  local from = 0
  for n, part in ipairs(parts) do
    local to = from + seconds * #part / all
    list[n] = json.record("id", n - 1, "start", from, "end", to, "text", part)
    from = to
  end
  return list
end

---@param seen yuanjing.sandbox.Seen
function hear.transcribe(seen)
  local heard, problem = find(seen)
  if not heard then return play.fail(400, problem) end
  local seconds = seconds_of(heard)
  local text = seen.heard or memory.text_of(heard.md5) or sentence(heard, seconds)
  return play.json(200, json.record("status", "SUCCEEDED", "text", text,
    "segments", seconds and segments_of(text, seconds) or nil,
    "duration", seconds, "usage", json.record("seconds", seconds or 0,
      "total_tokens", math.ceil((seconds or 0) * 25))))
end

return hear
