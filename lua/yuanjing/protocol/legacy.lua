--- The legacy wire of 2026-03 (docs/platform/api-legacy.md): other
-- paths, JSON throughout, images as URLs or as base64 inside it.
local embed = require "yuanjing.protocol.embed"
local form = require "yuanjing.protocol.form"
local lazy = require "yuanjing.base.lazy"
local reading = require "yuanjing.protocol.answer.reading"
local texts = require "yuanjing.protocol.chat.call"
local v1 = require "yuanjing.protocol.v1"
local answers = lazy.module "yuanjing.protocol.task.answer"

local PATHS = require("yuanjing.protocol.endpoints").legacy

local legacy = texts.new_wire("legacy", PATHS.chat)
legacy.models, legacy.request = v1.models, v1.request

--- Submits a video. There is no submit of images on this wire.
---@param checked yuanjing.Checked
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error?
function legacy.submit(settings, _, checked)
  local object = form.object(checked.fields)
  local embedded, length = embed.files(object, checked.files)
  return form.submit(settings, { method = "POST", path = PATHS.video,
    json = object, embedded = embedded, length = length, billable = "video",
    about = form.about(checked), transno = checked.transno,
    before_sending = checked.before_sending })
end

--- Asks how a task stands: a POST here, but one that costs nothing.
---@param seconds? number that the query may take, retries and all
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error?
function legacy.task(settings, id, seconds)
  return reading.fetch_answer(settings, { method = "POST",
    path = PATHS.task, json = { taskid = id },
    total = answers.query_limit(seconds) }, answers.read_status)
end

return legacy
