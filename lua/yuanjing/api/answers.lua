--- What the platform says of tasks, in all the envelopes it uses (PLATFORM.md
-- section 6). Shared by the v1 and the legacy wire.
local ascii = require "yuanjing.ascii"
local envelope = require "yuanjing.api.envelope"
local number = require "yuanjing.number"

local answers = {
  --- Seconds a status query may take: it may hang until the task ends.
  QUERY_LIMIT = 60,
}

local FINAL = { SUCCEEDED = true, FAILED = true, UNKNOWN = true,
  CANCELED = true, CANCELLED = true, EXPIRED = true }

-- "resposne" is the wire's own spelling.
local WRAPPERS = { "data", "resposne", "response" }

local function is_record(value)
  return type(value) == "table" and value[1] == nil
end

local function holds_a_task(document)
  return document.taskid ~= nil or document.taskstatus ~= nil
    or document.image ~= nil or document.video ~= nil
end

-- What a wrapper says of itself, which is no status of a task.
local OF_WRAPPERS = { OK = true, ERROR = true }

local function status_of(document)
  local status = document.taskstatus or document.status
  status = type(status) == "string" and ascii.upper(status) or nil
  return not OF_WRAPPERS[status or ""] and status or nil
end

-- The task inside its wrappings, and its status: the innermost there is.
local function unwrap(document)
  local status = status_of(document)
  for _ = 1, 3 do
    if holds_a_task(document) then break end
    local inner
    for _, name in ipairs(WRAPPERS) do
      if is_record(document[name]) then inner = document[name] end
    end
    if not inner then break end
    document, status = inner, status_of(inner) or status
  end
  return document, status
end

-- 64-bit ids are strings; the wire may have made numbers of small ones.
local function id_of(document)
  local id = document.taskid
  if type(id) == "number" then return number.show(id) end
  return type(id) == "string" and id ~= "" and id or nil
end

local function list_of(value)
  if type(value) == "string" and value ~= "" then return { value } end
  local list = {}
  if type(value) == "table" then
    for _, item in ipairs(value) do
      list[#list + 1] = type(item) == "string" and item or nil
    end
  end
  return list
end

---@class yuanjing.ResultFields
---@field image? string URL of the first picture; of a video its cover
---@field images string[]
---@field video? string URL of the first video
---@field videos string[]
---@field audio? string
---@field audios string[]
---@field output? string URL of the first of what has no kind of its own
---@field outputs string[]
---@field text? string
---@field usage? table
---@field raw table the platform's own document

local function result_of(document)
  local result = { raw = document }
  for _, kind in ipairs { "image", "video", "audio", "output" } do
    local list = list_of(document[kind])
    result[kind .. "s"], result[kind] = list, list[1]
  end
  result.text = type(document.text) == "string" and document.text or nil
  result.usage = is_record(document.usage) and document.usage or nil
  return result
end

local function has_result(result)
  return result.image or result.video or result.audio or result.output
    or result.text
end

-- A task that failed, as the fields of an error.
local function task_failure(document, task, status)
  local failure = envelope.failure(document) or {}
  failure.kind = "task_failed"
  failure.message = failure.message
    or type(task.message) == "string" and task.message
    or ("the platform reported the status " .. status)
  return failure
end

-- "taskid=... not exist": it means "not yet" for a moment after the submit. The
-- word before tells it from a task that failed for lack of something else.
local function is_missing(document)
  local said = document.error or document.message
  return type(said) == "string"
    and ascii.lower(said):find("taskid.*not exist") ~= nil
end

---@class yuanjing.TaskAnswer
---@field id? string
---@field status? string in capitals
---@field result? yuanjing.ResultFields of a task that succeeded
---@field failure? table fields of an error: the task failed
---@field missing? boolean the platform does not know the task

--- What an answer to a status query says of the task; or nil and the fields of
--- an error when the query itself failed.
---@param document table
---@return yuanjing.TaskAnswer?
---@return table? failure
function answers.read_status(document)
  local task, status = unwrap(document)
  if not status then
    local failure = envelope.failure(document)
    if failure then return nil, failure end
    return nil, { kind = "decode", message = "the answer names no status" }
  end
  if is_missing(task) or is_missing(document) then
    return { status = status, missing = true }
  end
  local answer = { id = id_of(task), status = status }
  if status == "SUCCEEDED" then
    answer.result = result_of(task)
  elseif FINAL[status] then
    answer.failure = task_failure(document, task, status)
  end
  return answer
end

--- What an answer to a submit says: a task, with its result where it is finished
--- at once; or nil and the fields of an error.
---@param document table
---@return yuanjing.TaskAnswer?
---@return table? failure
function answers.read_submit(document)
  local task, status = unwrap(document)
  local id = id_of(task)
  local result = result_of(task)
  local failure = envelope.failure(document)
  if failure then
    failure.kind = id and "task_failed" or failure.kind
    return nil, failure
  end
  if has_result(result) and (status == "SUCCEEDED" or not id) then
    return { id = id, status = "SUCCEEDED", result = result }
  end
  if id then return { id = id, status = status or "CREATED" } end
  return nil, { kind = "decode",
    message = "the answer names neither a task nor a result" }
end

return answers
