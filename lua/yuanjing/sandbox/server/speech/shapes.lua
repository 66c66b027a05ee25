--- The shapes in which APIs answer with a sound: each is a function that makes a
-- play of what was said (docs/platform.md#speech).
local json = require "yuanjing.sandbox.server.json"
local memory = require "yuanjing.sandbox.server.speech.memory"
local play = require "yuanjing.sandbox.server.play"
local results = require "yuanjing.sandbox.server.media.results"

local shapes = {}

---@class yuanjing.sandbox.Melody
---@field wav string
---@field pcm string
---@field sound string the one that was asked for
---@field is_pcm boolean
---@field usage table
---@field latency number
---@field damage? fun(text: string, n: integer): string what becomes of the n-th piece

local PIECES = 6
local record = json.record

-- Six pieces, of odd lengths: they end within samples.
local function pieces_of(said)
  local size = math.max(1, math.ceil(#said.sound / PIECES))
  if size % 2 == 0 then size = size + 1 end
  local list = {}
  for at = 1, #said.sound, size do
    list[#list + 1] = said.sound:sub(at, at + size - 1)
  end
  return list
end

local function hex(bytes)
  return (bytes:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

-- The texts of the pieces in a coding.
local function coded(said, encode, pieces)
  local list = {}
  for n, piece in ipairs(pieces or pieces_of(said)) do
    local text = encode(piece)
    list[n] = said.damage and said.damage(text, n) or text
  end
  return list
end

local function whole(said, encode)
  return coded(said, encode, { said.sound })[1]
end

local function items_of(list, make)
  local items = {}
  for n, text in ipairs(list) do items[n] = make(text, n) end
  return items
end

-- The platform's own ----------------------------------------------------------

--- {"status", "audio": base64}, the sound in one piece.
function shapes.json(said)
  return play.json(200, record("status", "SUCCEEDED",
    "audio", whole(said, ngx.encode_base64), "usage", said.usage))
end

--- The same in several lines.
function shapes.lines(said)
  local list = coded(said, ngx.encode_base64)
  return play.stream(items_of(list, function(text, n)
    local line = record("status", "SUCCEEDED", "audio", text)
    if n == #list then line = record("status", "SUCCEEDED", "audio", text,
      "usage", said.usage) end
    return { raw = json.encode(line) .. "\n" }
  end), said.latency)
end

--- A URL in the place of the sound.
function shapes.url(said)
  return play.json(200, record("status", "SUCCEEDED",
    "audio", ("http://%s/sandbox/speech?id=%s.%s"):format(results.host(),
      memory.place(said.sound), said.is_pcm and "pcm" or "wav"),
    "usage", said.usage))
end

-- Of other APIs ---------------------------------------------------------------

--- The sound itself.
function shapes.binary(said)
  local kind = said.is_pcm and "audio/pcm;rate=24000" or "audio/wav"
  local items = { }
  for n, piece in ipairs(pieces_of(said)) do items[n] = { raw = piece } end
  local made = play.stream(items, said.latency)
  made.headers["Content-Type"] = kind
  return made
end

--- Qwen: events, with several lines of data each, and a URL in the last one.
function shapes.qwen(said)
  local items = items_of(coded(said, ngx.encode_base64), function(text, n)
    local document = json.encode(record("output", record("finish_reason", "null",
      "audio", record("data", text, "url", ""))))
    return { raw = ("id:%d\nevent:result\n:HTTP_STATUS/200\ndata:%s\ndata:%s\n\n")
      :format(n, document:sub(1, 1), document:sub(2)) }
  end)
  local url = ("http://%s/sandbox/speech?id=%s.wav"):format(results.host(),
    memory.place(said.wav))
  items[#items + 1] = { raw = "id:99\nevent:result\ndata:" .. json.encode(
    record("output", record("finish_reason", "stop", "audio",
      record("data", "", "url", url)), "usage", said.usage)) .. "\n\n" }
  return play.stream(items, said.latency)
end

--- OpenAI: speech.audio.delta and speech.audio.done.
function shapes.openai(said)
  local items = items_of(coded(said, ngx.encode_base64), function(text)
    return { chunk = record("type", "speech.audio.delta", "audio", text) }
  end)
  items[#items + 1] = { chunk = record("type", "speech.audio.done",
    "usage", said.usage) }
  return play.stream(items, said.latency)
end

-- The part of MiniMax's answer that tells how it went.
local function hex_record(text, stage, said)
  local document = record("data", record("audio", text, "status", stage))
  local info = stage == 2 and record("audio_format",
    said.is_pcm and "pcm" or "wav", "audio_sample_rate", 24000) or nil
  document = record("data", document.data, "extra_info", info or json.null,
    "base_resp", record("status_code", 0, "status_msg", "success"))
  return document
end

--- MiniMax, in one piece: hexadecimal digits.
function shapes.hex(said)
  return play.json(200, hex_record(whole(said, hex), 2, said))
end

--- MiniMax, in pieces; the last one has all of the sound once more.
function shapes.minimax(said)
  local items = items_of(coded(said, hex), function(text)
    return { chunk = hex_record(text, 1, said) }
  end)
  items[#items + 1] = { chunk = hex_record(hex(said.sound), 2, said) }
  return play.stream(items, said.latency)
end

--- A task in the place of the sound.
function shapes.task()
  return play.json(200, record("taskid", "936759404378734592",
    "status", "CREATED"))
end

return shapes
