--- The legacy wire of 2026-03 (seed 004; PLATFORM.md section 2): other paths,
-- JSON throughout, images as URLs or as base64 inside it.
local answers = require "yuanjing.api.answers"
local form = require "yuanjing.api.form"
local json = require "yuanjing.json"
local reading = require "yuanjing.api.reading"
local texts = require "yuanjing.api.texts"
local v1 = require "yuanjing.api.v1"

local legacy = texts.new_wire("legacy", "/llmage/t2t")
legacy.models, legacy.request = v1.models, v1.request

-- A word that stands nowhere in the fields: nobody's prompt is taken for a file.
local function unused_word(object)
  local text = json.encode(object) or ""
  local n = 0
  while text:find(("yjfile%dx"):format(n), 1, true) do n = n + 1 end
  return ("yjfile%dx"):format(n)
end

-- The files become data URIs in the object, with a mark where the bytes go,
-- which come later.
local function embed_files(object, files)
  if #files == 0 then return nil end
  local embedded = { word = unused_word(object), pieces = {} }
  for n, file in ipairs(files) do
    local medium = file.medium
    object[file.name] = ("data:%s;base64,%s%d;"):format(medium.type,
      embedded.word, n)
    embedded.pieces[n] = { path = medium.path, data = medium.data,
      base64 = true }
  end
  return embedded
end

--- Submits a video. There is no submit of images on this wire.
---@param checked yuanjing.Checked
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error?
function legacy.submit(settings, _, checked)
  local object = form.object(checked.fields)
  local embedded = embed_files(object, checked.files)
  return form.submit(settings, { method = "POST", path = "/llmage/video",
    json = object, embedded = embedded, billable = true })
end

--- Asks how a task stands: a POST here, but one that costs nothing.
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error?
function legacy.task(settings, id)
  return reading.fetch_answer(settings, { method = "POST",
    path = "/llmage/tasks", json = { taskid = id },
    total = answers.QUERY_LIMIT }, answers.read_status)
end

return legacy
