--- The meaning of status words. The platform has five of its own, but also passes
-- on those of its vendors: "succeed", "COMPLETED", "task_failed", "超时".
local ascii = require "yuanjing.base.ascii"

local words = {}

-- The first row that contains a part of the status gives the meaning. So a status
-- with RETRYING goes on even if it also has FAILED, and START_ERROR is a failure.
local MEANINGS = {
  { "going", { "RETRYING", "RETRY", "RETRIED" } },
  { "failed", { "FAILED", "FAIL", "FAILS", "FAILURE", "ERROR", "ERRORED",
    "ERR", "REJECTED", "REJECT", "REFUSED", "DENIED", "BLOCKED", "FILTERED",
    "TIMEOUT", "TIMEDOUT", "OUT", "CANCELED", "CANCELLED", "CANCEL",
    "EXPIRED", "EXPIRE", "UNKNOWN", "ABORTED", "ABORT", "TERMINATED",
    "STOPPED", "KILLED", "CRASHED", "DEAD", "LOST", "INVALID", "VIOLATION",
    "UNSUCCESSFUL", "UNSUCCESS", "EXCEPTION", "BANNED", "DELETED",
    "MODERATED", "NSFW" } },
  { "going", { "IN", "IS", "WAITING", "WAIT", "PENDING", "QUEUED", "QUEUE",
    "QUEUEING", "QUEUING", "RUNNING", "RUN", "PROCESSING", "PROCESS",
    "PROGRESS", "INPROGRESS", "PREPARING", "STARTING", "STARTED", "START",
    "CREATED", "CREATING", "SUBMITTED", "SUBMITTING", "SUBMIT", "ACCEPTED",
    "RECEIVED", "SCHEDULED", "SCHEDULING", "GENERATING", "RENDERING",
    "UPLOADING", "DOWNLOADING", "HANDLING", "WORKING", "DOING", "EXECUTING",
    "INITIALIZING", "INITIALIZED", "INIT", "NEW", "RESUMING", "PAUSED",
    "DELAYED", "THROTTLED", "CANCELING", "CANCELLING", "STOPPING",
    "FINISHING", "COMPLETING", "FINALIZING" } },
  { "succeeded", { "SUCCEEDED", "SUCCEED", "SUCCEEDS", "SUCCESS",
    "SUCCESSFUL", "SUCCESSFULLY", "SUCESS", "SUCC", "COMPLETED", "COMPLETE",
    "COMPLETION", "DONE", "FINISHED", "FINISH", "READY", "GENERATED",
    "PROCESSED" } },
}

local RANK = {}
for rank, row in ipairs(MEANINGS) do
  for _, word in ipairs(row[2]) do RANK[word] = rank end
end

-- The first text that the status contains gives the meaning.
local CHINESE = {
  { "未完成", "going" }, { "未成功", "failed" }, { "失败", "failed" },
  { "错误", "failed" }, { "出错", "failed" }, { "超时", "failed" },
  { "取消", "failed" }, { "拒绝", "failed" }, { "过期", "failed" },
  { "异常", "failed" }, { "违规", "failed" }, { "终止", "failed" },
  { "中止", "failed" }, { "不通过", "failed" }, { "未通过", "failed" },
  { "处理中", "going" }, { "进行中", "going" }, { "生成中", "going" },
  { "运行中", "going" }, { "执行中", "going" }, { "排队", "going" },
  { "等待", "going" }, { "已创建", "going" }, { "已提交", "going" },
  { "成功", "succeeded" }, { "完成", "succeeded" }, { "结束", "succeeded" },
}

local function fold(text)
  return RANK[text] and text or ascii.upper(text)
end

--- A status as users see it: in capitals, without blanks around it.
---@param value any
---@return string?
function words.status(value)
  if type(value) ~= "string" then return nil end
  local status = fold(value)
  if RANK[status] then return status end
  status = ascii.trim(status)
  return status ~= "" and status or nil
end

-- "taskFailed" and "task-failed" have the same parts.
local function parts_of(text)
  local spread = text:gsub("([a-z])([A-Z])", "%1_%2")
  local parts = {}
  for part in fold(spread):gmatch("[A-Z]+") do parts[part] = true end
  return parts
end

-- The meaning of an English status. NOT_FINISHED has none: it may be going on or
-- have failed.
local function english(text)
  local parts, first = parts_of(text), nil
  for part in pairs(parts) do
    local rank = RANK[part]
    if rank and (not first or rank < first) then first = rank end
  end
  local meaning = first and MEANINGS[first][1]
  return not (parts.NOT and meaning == "succeeded") and meaning or nil
end

local BARE = { FAILED = true, FAIL = true, FAILS = true, FAILURE = true,
  ERROR = true, ERRORED = true, ERR = true }

--- Whether a text is only a status word, and no reason. "timeout" is a reason.
---@param text string
---@return boolean
function words.is_bare(text)
  local word = fold(text)
  local rank = RANK[word]
  return rank ~= nil and (MEANINGS[rank][1] ~= "failed" or BARE[word] == true)
end

--- The meaning of a status word; nil for an unknown word.
---@param text string
---@return "going"|"failed"|"succeeded"|nil
function words.meaning(text)
  local rank = RANK[text]
  if rank then return MEANINGS[rank][1] end
  for _, row in ipairs(text:find("[\128-\255]") and CHINESE or {}) do
    if text:find(row[1], 1, true) then return row[2] end
  end
  return english(text)
end

return words
