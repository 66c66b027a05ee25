--- Has a sound written down.
local form = require "yuanjing.protocol.form"
local loop = require "yuanjing.runtime.loop"
local media = require "yuanjing.base.media"
local params = require "yuanjing.speech.params"
local protocols = require "yuanjing.protocol"
local task = require "yuanjing.task.task"
local usage = require "yuanjing.spending.usage"
local wire = require "yuanjing.protocol.speech.call"

local transcribe = {}

---@class yuanjing.TranscribeParams
---@field file yuanjing.AnyMedium the sound: a path, a yuanjing.file, yuanjing.bytes, a URL
---@field model? string
---@field language? string
---@field category? string asr when not given
---@field [string] any goes out untouched

---@class yuanjing.Transcript
---@field text string what was heard; empty where nothing was
---@field segments? yuanjing.Segment[] nil: the platform sent none
---@field language? string
---@field duration? number seconds of sound
---@field usage? table
---@field raw table the platform's own document
local Transcript = {}

---@class yuanjing.Segment
---@field text string
---@field start? number seconds
---@field end? number seconds
---@field raw table

function Transcript:__tostring() return self.text end

local OF_FILE = { file = true, [wire.SOUND] = true }
local TYPES = { model = "string", language = "string", category = "string" }

local function check(given, validate)
  local file = given.file
  if file == nil then file = given[wire.SOUND] end
  local problems = params.problems(given, validate and TYPES or {}, {})
  local medium, problem
  if file == nil then
    problem = "missing"
  else
    medium, problem = media.read_to_send(file)
  end
  if problem then problems[#problems + 1] = "file: " .. problem end
  return medium, problems
end

-- What goes out: the fields, and the sound as a file or as a URL among them.
local function checked_of(given, medium, problems)
  local fields = params.fields(given, wire.TRANSCRIPTION, {}, OF_FILE)
  local checked = { model = given.model, category = wire.TRANSCRIPTION,
    fields = fields, files = {} }
  if medium then form.add_media(checked, wire.SOUND, { medium }) end
  if #checked.files == 0 then return checked end
  form.check(fields, function(name, problem)
    problems[#problems + 1] = ("%s: %s"):format(name, problem)
  end)
  return checked
end

local function with_task(settings, given, err)
  if err.task then
    err.task = task.new(settings, protocols.of(settings), err.task,
      { model = given.model, submitted = loop.now() })
  end
  return nil, err
end

--- See Client:transcribe.
---@param settings table
---@param given yuanjing.TranscribeParams
---@return yuanjing.Transcript?
---@return yuanjing.Error?
function transcribe.call(settings, given)
  local medium, problems = check(given, settings.validate)
  local checked = checked_of(given, medium, problems)
  if #problems > 0 then return params.refused("client:transcribe", problems) end
  local transcript, err = wire.transcribe(settings, checked)
  if not transcript then return with_task(settings, given, err) end
  usage.add(settings, given.model, transcript.usage)
  return setmetatable(transcript, Transcript)
end

return transcribe
