--- Speech and transcription on the wire (docs/platform.md#speech): seen in the
-- platform's public source, not yet confirmed live.
local ascii = require "yuanjing.base.ascii"
local categories = require "yuanjing.protocol.category"
local envelope = require "yuanjing.protocol.answer.envelope"
local failures = require "yuanjing.protocol.answer.failure"
local form = require "yuanjing.protocol.form"
local json = require "yuanjing.base.json"
local reading = require "yuanjing.protocol.answer.reading"
local sending = require "yuanjing.protocol.sending"
local types = require "yuanjing.base.media.types"

local PATHS = require("yuanjing.protocol.endpoints").v1

local speech = {
  --- The fields that have other names here than on the wire.
  FIELDS = { text = "prompt", voice = "speaker" },
  CATEGORY = "tts", TRANSCRIPTION = "asr", SOUND = "audio_file",
}

-- Speech -------------------------------------------------------------------

--- Has a text spoken: the response, whose transfer brings the sound; or nil and an
--- error.
---@param settings table
---@param fields { [1]: string, [2]: any }[]
---@return yuanjing.Response?
---@return yuanjing.Error?
function speech.speak(settings, fields)
  local body = form.object(fields)
  return sending.send(settings, { method = "POST", path = PATHS.speech, json = body,
    hold = true, billable = "speech", refusal = envelope.refusal,
    about = { model = body.model, category = body[categories.FIELD],
      params = body } })
end

--- The format that was asked for, in the words of most APIs.
---@param given table
---@return string?
function speech.asked_format(given)
  for _, name in ipairs { "format", "response_format", "audio_format" } do
    if type(given[name]) == "string" then return ascii.lower(given[name]) end
  end
end

-- How a text begins that is no sound.
local TEXTS = { '^[ \t-\r]*{[ \t-\r]*["\'}]', '^[ \t-\r]*%[[ \t-\r]*[{"]',
  "^[ \t-\r]*<[A-Za-z!?]", "^[ \t-\r]*data:", "^[ \t-\r]*event:",
  "^[ \t-\r]*id:", "^[ \t-\r]*retry:" }

-- Types whose answer is the sound itself.
local function is_of_sound(mime)
  return mime:find("^audio/") or mime:find("octet%-stream") or mime:find("^video/")
end

--- Whether an answer that begins so is a text, whatever its type.
---@param head string
---@return boolean
function speech.is_text(head)
  return ascii.matches_any(head:gsub("^\239\187\191", ""), TEXTS)
end

--- Whether the answer is the sound itself, and not a text that has it. The type
--- says so where it is one of a sound; elsewhere it may be anything
--- (docs/platform.md#what-comes-back), and the first bytes do.
---@param headers table<string, string>
---@param head string
---@return boolean
function speech.is_sound(headers, head)
  if speech.is_text(head) then return false end
  local mime = ascii.lower(headers["content-type"] or "")
  local known = types.of_bytes(head)
  return is_of_sound(mime) ~= nil or known ~= nil and is_of_sound(known) ~= nil
end

--- What a binary answer's head says of its sound.
---@param headers table<string, string>
---@return { type?: string, format?: string, sample_rate?: integer }
function speech.described(headers)
  local mime = ascii.lower(headers["content-type"] or "")
  local name = mime:match("^[ \t-\r]*(audio/[0-9a-z.+-]+)")
  local is_pcm = name == "audio/pcm" or name == "audio/l16"
    or name == "audio/x-pcm"
  return { type = name, format = is_pcm and "pcm" or nil,
    sample_rate = tonumber(mime:match("rate[ \t]*=[ \t]*\"?(%d+)")) }
end

--- The documents in an event of an answer; or nil and the fields of an error.
---@param text string
---@return table[]?
---@return table? failure
function speech.documents(text)
  local document = json.decode(text)
  local failure
  if type(document) ~= "table" then document, failure = envelope.read(text) end
  if document == nil then
    document = failure.document
    failure.body = failure.body or text
  end
  if document == nil then return nil, failure end
  return json.is_object(document) and { document } or document
end

--- What is wrong with an answer that has no sound in it.
---@param document? table the last that came
---@return table failure
function speech.silence(document)
  local failure = document and failures.whole(document) or { kind = "decode",
    message = document and "the answer holds no sound" or "the answer is empty" }
  local body = document and json.encode(document)
  failure.body = failure.body or body
  failure.task = failure.task or body and (reading.named_in(body, "taskid")
    or reading.named_in(body, "task_id"))
  return failure
end

--- The failure as an error of the call that the response answers.
---@return nil
---@return yuanjing.Error
speech.failed = reading.failed

-- Transcription ------------------------------------------------------------

-- The segments as the platform has them, but for what is none.
local function segments_of(document)
  local list = document.segments
  if type(list) ~= "table" then return nil end
  local segments = {}
  for _, segment in ipairs(list) do
    if json.is_object(segment) and type(segment.text) == "string" then
      segments[#segments + 1] = { text = segment.text, raw = segment,
        start = tonumber(segment.start), ["end"] = tonumber(segment["end"]) }
    end
  end
  return segments
end

local function inner_of(document)
  local data = document.data
  return type(document.text) ~= "string" and json.is_object(data)
    and type(data.text) == "string" and data or document
end

-- What was heard; or nil and the fields of an error. A sound may be silent: then
-- the text is empty.
local function read_transcript(document)
  local failure = failures.of(document)
  if failure then return nil, failure end
  local inner = inner_of(document)
  if type(inner.text) ~= "string" then
    return nil, { kind = "decode", message = "the answer holds no text" }
  end
  return { text = inner.text, segments = segments_of(inner),
    language = type(inner.language) == "string" and inner.language or nil,
    duration = tonumber(inner.duration),
    usage = json.is_object(inner.usage) and inner.usage
      or json.is_object(document.usage) and document.usage or nil,
    raw = document }
end

--- Has a sound written down.
---@param settings table
---@param checked yuanjing.Checked
---@return table? transcript
---@return yuanjing.Error?
function speech.transcribe(settings, checked)
  local request = { method = "POST", path = PATHS.transcription,
    billable = "transcription", about = form.about(checked) }
  if #checked.files > 0 then
    request.parts, request.length = form.parts(checked)
  else
    request.json = form.object(checked.fields)
  end
  return sending.fetch_answer(settings, request, read_transcript)
end

return speech
