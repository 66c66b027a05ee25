--- Where the sound stands in a JSON document of a spoken text, and how it is
-- written there. Each API that the platform hands on has its own place
-- (docs/platform.md#speech), and the place alone says which coding it is: a
-- text in hexadecimal is good base64, too.
local ascii = require "yuanjing.base.ascii"
local failures = require "yuanjing.protocol.answer.failure"
local json = require "yuanjing.base.json"
local words = require "yuanjing.protocol.task.words"
local records = require "yuanjing.protocol.answer.record"

local documents = {}

---@alias yuanjing.SoundCoding "base64"|"hex"|"url"

---@class yuanjing.SpeechPart what a document brings
---@field sounds { coding: yuanjing.SoundCoding, text: string }[]
---@field is_end? boolean it says that nothing more will come
---@field is_done? boolean or only that all is well, which each line may say
---@field is_going_on? boolean it says that more will come
---@field is_repeated? boolean its sound is all of it, once more if pieces came
---@field usage? table
---@field format? string "mp3", as the answer calls it
---@field sample_rate? integer
---@field rest table the document without its sound

-- { coding, path ... }. "data" is the platform's own wrapping, or MiniMax's
-- field; see `minimax`.
local PLACES = {
  { "base64", "audio" },                   -- the platform; OpenAI's events
  { "base64", "audio_data" },              -- Mistral
  { "base64", "audio", "data" }, { "url", "audio", "url" },
  { "base64", "output", "audio", "data" }, -- Qwen
  { "url", "output", "audio", "url" },
  { "url", "audio_url" },
}

local OF_MINIMAX = { { "hex", "data", "audio" } }

local function is_minimax(document)
  return json.is_object(document.base_resp)
    or json.is_object(document.data) and type(document.data.status) == "number"
end

-- The value at a path, which is taken out of the document.
local function take(document, path)
  local place = document
  for n = 2, #path - 1 do
    place = place[path[n]]
    if not json.is_object(place) then return nil end
  end
  local name = path[#path]
  local value = place[name]
  if type(value) ~= "string" and (json.is_object(value)
    or type(value) ~= "table") then
    return nil
  end
  place[name] = nil
  return value
end

-- A URL has ":" in it, and no coding has.
local function coding_of(text, documented)
  local is_url = ascii.lower(text:sub(1, 8)):find("^https?://")
    or ascii.lower(text:sub(1, 5)) == "data:"
  return is_url and "url" or documented
end

local function add(part, coding, value)
  if type(value) == "table" then
    for _, item in ipairs(value) do add(part, coding, item) end
  elseif type(value) == "string" and value ~= "" then
    part.sounds[#part.sounds + 1] = { coding = coding_of(value, coding),
      text = value }
  end
end

-- Of bytes and the URL of the same bytes, the bytes.
local function add_all(part, document, places)
  for _, path in ipairs(places) do
    local value = take(document, path)
    if path[1] ~= "url" or #part.sounds == 0 then add(part, path[1], value) end
  end
end

-- The record that the platform has wrapped an answer in, taken off.
local function unwrapped(document, wraps)
  if wraps == records.MOST_WRAPPINGS or is_minimax(document) then return document end
  for _, name in ipairs(records.WRAPPINGS) do
    local inner = document[name]
    local says_so = name ~= "data" or type(document.status) == "string"
      or document.success == true
    if json.is_object(inner) and says_so then return unwrapped(inner, wraps + 1) end
  end
  return document
end

local function text_at(record, ...)
  for _, name in ipairs { ... } do
    local value = json.is_object(record) and record[name]
    if type(value) == "string" and value ~= "" then return value end
  end
end

local function number_at(record, ...)
  for _, name in ipairs { ... } do
    local value = json.is_object(record) and tonumber(record[name])
    if value and value > 0 then return value end
  end
end

local function describe(part, document)
  local info = document.extra_info -- MiniMax
  part.format = text_at(document, "format", "audio_format", "response_format")
    or text_at(info, "audio_format")
  part.sample_rate = number_at(document, "sample_rate")
    or number_at(info, "audio_sample_rate")
  for _, place in ipairs { document, document.output, document.data } do
    if json.is_object(place) and json.is_object(place.usage) then
      part.usage = place.usage
    end
  end
end

-- What a document says of whether it is the last. The event that ends a speech
-- of OpenAI is called speech.audio.done.
local function judge(part, document)
  local name = text_at(document, "type", "event") or ""
  local meaning = words.meaning(words.status(document.status) or "")
  local stage = is_minimax(document) and json.is_object(document.data)
    and document.data.status
  local reason = text_at(document.output, "finish_reason")
    or text_at(document, "finish_reason")
  part.is_repeated = stage == 2
  part.is_end = ascii.lower(name):find("%f[^%z./_]done$") ~= nil or stage == 2
    or reason ~= nil and reason ~= "null" or document.finish == "1"
    or part.is_end
  part.is_done = part.is_end or meaning == "succeeded" or part.is_done
  part.is_going_on = not part.is_done and (meaning == "going" or stage == 1)
end

--- What a document brings; or nil and the fields of an error. Takes the sound out
--- of the document.
---@param document table
---@param is_named? boolean its event is named as a failure
---@return yuanjing.SpeechPart?
---@return table? failure
function documents.read(document, is_named)
  local failure = failures.of(document)
    or is_named and failures.whole(document, true)
  if failure then return nil, failure end
  local part = { sounds = {}, rest = document }
  judge(part, document)
  local inner = unwrapped(document, 0)
  if inner ~= document then judge(part, inner) end
  describe(part, inner)
  add_all(part, inner, is_minimax(inner) and OF_MINIMAX or PLACES)
  if #part.sounds > 0 or not json.is_object(inner.data)
    or type(inner.data.audio) ~= "string" or inner.data.audio == "" then
    return part
  end
  return nil, { kind = "decode", message = "the answer does not say how the "
    .. "sound in it is written: data.audio without a status beside it" }
end

return documents
