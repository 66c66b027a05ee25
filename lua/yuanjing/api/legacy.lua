--- The legacy wire of 2026-03 (seed 004; PLATFORM.md section 2): other paths,
-- JSON throughout, images as URLs or as base64 inside it.
local answers = require "yuanjing.api.answers"
local form = require "yuanjing.api.form"
local reading = require "yuanjing.api.reading"
local texts = require "yuanjing.api.texts"
local v1 = require "yuanjing.api.v1"

local legacy = { name = "legacy", failure = texts.failure,
  stream_reply = texts.stream_reply, models = v1.models,
  request = v1.request }

local CHAT = "/llmage/t2t"

--- See texts.chat.
function legacy.chat(settings, params, read_stream)
  return texts.chat(CHAT, settings, params, read_stream)
end

--- See texts.chat_stream.
function legacy.chat_stream(settings, params)
  return texts.chat_stream(CHAT, settings, params)
end

-- A mark that stands in the JSON where a file's base64 goes.
local function mark_of(n)
  return ("<yuanjing file %d>"):format(n)
end

-- The files become data URIs in the object; their bytes come later.
local function embed_files(object, files)
  local pieces = {}
  for n, file in ipairs(files) do
    local medium = file.medium
    object[file.name] = ("data:%s;base64,%s"):format(medium.type, mark_of(n))
    pieces[mark_of(n)] = { path = medium.path, data = medium.data,
      base64 = true }
  end
  return pieces
end

--- Submits a video. There is no submit of images on this wire.
---@param checked yuanjing.Checked
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error?
function legacy.submit(settings, _, checked)
  local object = form.object(checked.fields)
  local pieces = embed_files(object, checked.files)
  return form.submit(settings, { method = "POST", path = "/llmage/video",
    json = object, embedded = next(pieces) and pieces, billable = true })
end

--- Asks how a task stands: a POST here, but one that costs nothing.
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error?
function legacy.task(settings, id)
  local document, response = reading.fetch(settings, { method = "POST",
    path = "/llmage/tasks", json = { taskid = id }, total = 60 })
  if not document then return nil, response end
  local answer, failure = answers.read_status(document)
  if not answer then return reading.failed(failure, response) end
  return answer
end

return legacy
