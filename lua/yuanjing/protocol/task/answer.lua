--- Reads answers about tasks, in all envelopes that the platform uses
-- (docs/platform.md#tasks). Both protocols, v1 and legacy, use it.
local ascii = require "yuanjing.base.ascii"
local envelope = require "yuanjing.protocol.answer.envelope"
local json = require "yuanjing.base.json"
local kinds = require "yuanjing.protocol.task.kinds"
local links = require "yuanjing.protocol.task.links"
local record = require "yuanjing.protocol.answer.record"
local LISTS = kinds.LISTS
local reasons = require "yuanjing.protocol.task.reasons"
local types = require "yuanjing.base.media.types"
local words = require "yuanjing.protocol.task.words"

local answers = {}

local QUERY_LIMIT = 60

--- The time limit of a status query: it may hang until the task ends.
---@param left? number seconds that the caller has left
---@return number
function answers.query_limit(left)
  return math.min(QUERY_LIMIT, left or QUERY_LIMIT)
end

-- Records that may contain the task. "resposne" is the platform's own spelling.
local WRAPPERS = { "data", "resposne", "response", "result", "task" }

local ID_FIELDS = { "taskid", "task_id", "taskId" }
local STATUS_FIELDS = { "taskstatus", "task_status", "taskStatus", "status",
  "task_state", "state" }

local function id_of(document)
  return record.first_word(document, ID_FIELDS)
end

-- The status in a record. OK and ERROR describe the answer, and not the task;
-- but an ERROR beside the task's id is the task's.
local function status_of(document)
  for i = 1, #STATUS_FIELDS do
    local value = document[STATUS_FIELDS[i]]
    local status = value ~= nil and words.status(value)
    if status and status ~= "OK" and (status ~= "ERROR" or id_of(document)) then
      return status
    end
  end
end

local function holds_a_task(document, id)
  return id ~= nil or document.taskstatus ~= nil
    or document.image ~= nil or document.video ~= nil
end

-- A record, or the only task in a list.
local function record_in(value)
  if type(value) ~= "table" then return nil end
  if value[1] == nil then return value end
  local only = #value == 1 and value[1]
  return json.is_object(only) and id_of(only) and only or nil
end

local function inside(document)
  for i = 1, #WRAPPERS do
    local value = document[WRAPPERS[i]]
    local found = value ~= nil and record_in(value)
    if found then return found end
  end
end

-- Finds the innermost task in the wrappings: its record, its status and its id.
local function unwrap(document)
  local status, id = status_of(document), id_of(document)
  local own_id = id
  for _ = 1, 3 do
    if status and holds_a_task(document, own_id) then break end
    local inner = inside(document)
    local inner_status = inner and status_of(inner)
    if not inner or id and not inner_status then break end
    document, status, own_id = inner, inner_status or status, id_of(inner)
    id = id or own_id
  end
  return document, status, id
end

-- Results --------------------------------------------------------------------

---@class yuanjing.ResultFields
---@field image? string URL of the first picture; of a video its cover
---@field images string[]
---@field video? string URL of the first video
---@field videos string[]
---@field audio? string
---@field audios string[]
---@field output? string URL of the first file of no known kind
---@field outputs string[]
---@field text? string
---@field usage? table
---@field problems? string[] files that were promised and have no address: "image 2: why"
---@field reason? string why there is no file and no text, if the platform says so
---@field raw table the platform's own document

-- Fields for files of any kind: the name of the file or its declared type shows
-- the kind.
local ANY_KIND = { "url", "urls", "result_url", "resultUrl", "file_url",
  "download_url", "results", "result", "creations", "files", "data" }
local CONTAINERS = { "output", "result", "results", "task_result", "taskResult",
  "data", "content", "response", "resposne", "task" }

local function kind_of(link)
  return kinds.of_type(link:match("^data:([A-Za-z]+)/") or types.of_name(
    (link:match("path=([^&#]+)") or link:gsub("[?#].*$", ""))))
end

local function add_lost(result, kind, lost)
  local places = {}
  for n in pairs(lost) do places[#places + 1] = n end
  table.sort(places, function(one, other) return one < other end)
  for _, n in ipairs(places) do
    result.problems = result.problems or {}
    result.problems[#result.problems + 1] = ("%s %d: %s"):format(kind, n,
      lost[n])
  end
end

-- Adds the files in a field. A field of no certain kind, without any address, is
-- something else: then no file is reported as lost.
local function take_field(result, kind, value, base)
  local found, lost = links.of(value, base, kind == nil)
  for _, link in ipairs(found) do
    local list = result[LISTS[kind or kind_of(link)]]
    list[#list + 1] = link
  end
  if #found > 0 or kind and kind ~= "output" then
    add_lost(result, kind or "file", lost)
  end
end

local function has_file(result)
  for i = 1, #kinds do
    if result[LISTS[kinds[i]]][1] then return true end
  end
  return false
end

-- NB: in the size that most take, or the table would grow with each field.
local function new_result()
  local result = { raw = nil, text = nil, usage = nil, task = nil, reason = nil,
    problems = nil, video = nil, image = nil }
  for i = 1, #kinds do result[LISTS[kinds[i]]] = {} end
  return result
end

-- Adds the files in the fields of each kind. NB: an output that is an object is a
-- container.
local function collect_named(result, document, base)
  for _, kind in ipairs(kinds) do
    local names = kinds.FIELDS[kind]
    for i = 1, #names do
      local value = document[names[i]] -- most are not there
      if value ~= nil and (kind ~= "output" or not json.is_object(value)) then
        take_field(result, kind, value, base)
      end
    end
  end
end

-- Adds the files from further inside, for each kind that has none yet: the same
-- file may be at both places.
local function merge(result, inner)
  for _, kind in ipairs(kinds) do
    local list = LISTS[kind]
    if not result[list][1] then result[list] = inner[list] end
  end
  result.problems = result.problems or inner.problems
end

local function collect(document, base, depth)
  local result = new_result()
  if not json.is_object(document) or depth > 4 then return result end
  collect_named(result, document, base)
  for i = 1, #CONTAINERS do
    local inner = document[CONTAINERS[i]]
    if inner ~= nil then merge(result, collect(inner, base, depth + 1)) end
  end
  for _, name in ipairs(has_file(result) and {} or ANY_KIND) do
    if document[name] ~= nil then
      take_field(result, nil, document[name], base)
      if has_file(result) then break end
    end
  end
  return result
end

-- The result in a document. `task` is the record inside its wrappings.
local function result_of(document, task, base)
  local result = collect(document, base, 0)
  result.raw = task
  for _, kind in ipairs(kinds) do result[kind] = result[LISTS[kind]][1] end
  result.text = type(task.text) == "string" and task.text or nil
  result.usage = json.is_object(task.usage) and task.usage
    or json.is_object(document.usage) and document.usage or nil
  if not has_file(result) and not result.text then
    result.reason = reasons.of(document)
  end
  return result
end

-- Whether a file has an absolute URL. An output may also be a line of a log.
local function has_address(result)
  for _, kind in ipairs(kinds) do
    local link = result[kind]
    if link and link:find("^[A-Za-z][0-9A-Za-z+.-]*:") then return true end
  end
  return false
end

-- Answers --------------------------------------------------------------------

-- The fields of an error for a task that failed.
local function task_failure(document, status)
  local failure = envelope.failure(document) or {}
  local message, code = reasons.of(document)
  failure.kind = "task_failed"
  failure.code = failure.code or code
  failure.message = message or code and ("the platform reported the status %s: "
    .. "%s"):format(status, code) or failure.message
    or ("the platform reported the status " .. status)
  return failure
end

-- "taskid=... not exist". For a moment after the submit it means "not yet". NB:
-- the word "taskid" must be there: a task may fail because something else does
-- not exist.
local function is_missing(document)
  local said = document.error or document.message
  return type(said) == "string"
    and ascii.lower(said):find("taskid.*not exist") ~= nil
end

---@class yuanjing.TaskAnswer
---@field id? string
---@field status? string in capitals
---@field result? yuanjing.ResultFields of a task that succeeded
---@field failure? table fields of an error: the task failed, or is missing
---@field missing? boolean the platform does not know the task

-- The meaning of an answer by its status word, and the result, if the word allows
-- one. An unknown word is final if there is also a result or a reason.
local function meaning_of(document, task, status, base)
  local meaning = status and words.meaning(status)
  if meaning == "going" or meaning == "failed" then return meaning end
  local result = result_of(document, task, base or "")
  local is_over = has_address(result) or status and result.text
  if meaning or is_over then return "succeeded", result end
  return status and reasons.are_stated(document) and "failed" or "going", result
end

--- Reads the answer to a status query; or returns nil and the fields of an error
--- if the query itself failed.
---@param document table
---@param base? string the platform's URL
---@return yuanjing.TaskAnswer?
---@return table? failure
function answers.read_status(document, base)
  local task, status, id = unwrap(document)
  if is_missing(task) or task ~= document and is_missing(document) then
    return { status = status, missing = true, failure = { kind = "not_found",
      message = "the platform does not know the task (any more)" } }
  end
  local query_failure = not status and envelope.failure(document)
  if query_failure then return nil, query_failure end
  local meaning, result = meaning_of(document, task, status, base)
  if not status and meaning ~= "succeeded" then
    return nil, { kind = "decode", message = "the answer names no status" }
  end
  local answer = { id = id, status = status or "SUCCEEDED" }
  if meaning == "succeeded" then
    answer.result = result
  elseif meaning == "failed" then
    answer.failure = task_failure(document, status)
  end
  return answer
end

-- The failure in the answer to a submit, or nil. A final status without a reason
-- is not the end of the task: a query returns the reason.
local function submit_failure(document, status, id)
  local failure = envelope.failure(document)
  local failed = status and words.meaning(status) == "failed"
    and reasons.of(document) ~= nil
  if not failure and not failed then return nil end
  local message, code = reasons.of(document)
  failure = failure or { kind = "platform",
    task = id and { id = id, status = status } }
  failure.message = message or failure.message
  failure.code = failure.code or code
  failure.kind = id and "task_failed" or failure.kind
  return failure
end

--- Reads the answer to a submit: a task, with its result if it is already
--- finished; or returns nil and the fields of an error.
---@param document table
---@param base? string the platform's URL
---@return yuanjing.TaskAnswer?
---@return table? failure
function answers.read_submit(document, base)
  local task, status, id = unwrap(document)
  local failure = submit_failure(document, status, id)
  if failure then return nil, failure end
  local meaning, result = meaning_of(document, task, status, base)
  if not id and not result then
    result = result_of(document, task, base or "")
  end
  if result and (has_file(result) or result.text)
    and (meaning == "succeeded" or not id) then
    return { id = id, status = "SUCCEEDED", result = result }
  end
  id = id or status and record.word(task.id)
  if id then return { id = id, status = status or "CREATED" } end
  return nil, { kind = "decode",
    message = "the answer names neither a task nor a result" }
end

return answers
