--- The protocol of the legacy API of 2026-03 (docs/platform/api-legacy.md):
-- other paths, and all requests are JSON. It holds images as URLs or in base64.
local embed = require "yuanjing.protocol.embed"
local form = require "yuanjing.protocol.form"
local lazy = require "yuanjing.base.lazy"
local reading = require "yuanjing.protocol.answer.reading"
local sending = require "yuanjing.protocol.sending"
local texts = require "yuanjing.protocol.chat.call"
local v1 = require "yuanjing.protocol.v1"
local answers = lazy.module "yuanjing.protocol.task.answer"

local PATHS = require("yuanjing.protocol.endpoints").legacy

local legacy = texts.new_wire("legacy", PATHS.chat)
legacy.models, legacy.request = v1.models, v1.request

--- Submits a video. The legacy API takes no images.
---@param checked yuanjing.Checked
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error?
function legacy.submit(settings, _, checked)
  local object = form.object(checked.fields)
  local embedded, length = embed.files(object, checked.files)
  return sending.submit(settings, { method = "POST", path = PATHS.video,
    json = object, embedded = embedded, length = length, billable = "video",
    about = form.about(checked), transno = checked.transno,
    before_sending = checked.before_sending })
end

--- Queries the status of a task. This POST costs nothing.
---@param seconds? number that the query may take, retries and all
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error?
function legacy.task(settings, id, seconds)
  return reading.fetch_answer(settings, { method = "POST",
    path = PATHS.task, json = { taskid = id },
    total = answers.query_limit(seconds) }, answers.read_status)
end

return legacy
