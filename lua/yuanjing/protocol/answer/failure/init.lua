--- Finds the failure that a decoded document reports, in the forms of all APIs
-- behind the platform. of() finds a failure that is marked as one, in any
-- document. whole() is for a document that holds nothing else: there a message
-- alone counts as a failure.
local ascii = require "yuanjing.base.ascii"
local codes = require "yuanjing.protocol.answer.failure.code"
local json = require "yuanjing.base.json"
local lazy = require "yuanjing.base.lazy"
local record = require "yuanjing.protocol.answer.record"

-- Only failures need them.
local kinds = lazy.kept "yuanjing.protocol.answer.failure.kind"
local names = lazy.kept "yuanjing.protocol.answer.failure.names"
local signs = lazy.kept "yuanjing.protocol.answer.failure.signs"
local texts = lazy.kept "yuanjing.protocol.answer.failure.text"

local failures = {
  --- The message of a failure that has none.
  UNTOLD = "the platform reported a failure without a text",
  is_empty = record.is_empty,
}

--- See signs.of_life().
function failures.is_sign_of_life(text) return signs.of_life(text) end

--- See kinds.named().
function failures.named_kind(failure) return kinds.named(failure) end

local word = record.word

local FAILING = { ERROR = true, FAILED = true, FAILURE = true, FAIL = true }
local TASK_FIELDS = { "taskid", "task_id" }
local STATUS_FIELDS = { "status", "taskstatus" }

-- Marked failures ----------------------------------------------------------

local function status_word(document)
  for _, name in ipairs(STATUS_FIELDS) do
    local status = document[name]
    local found = type(status) == "string" and status:find("^[ \t-\r]*[EeFf]")
      and ascii.upper(ascii.trim(status))
    if found and FAILING[found] then return found end
  end
end

local function fails(document)
  local err = document.error
  return err ~= nil and not record.is_empty(err) or status_word(document) ~= nil
    or document.success == false or codes.tell_failure(document)
    or document.object == "error"
end

-- The message of a failure without a text.
local function spelled_out(document)
  local err = document.error
  local spelled = type(err) == "table"
    and (word(err.code) or word(err.type) or json.encode(err))
  if spelled then return spelled end
  local status = status_word(document)
  return status and ("the platform reported the status " .. status)
    or failures.UNTOLD
end

-- The task that a failure is about: its id must not get lost.
local function task_of(document)
  local id = record.first_word(document, TASK_FIELDS)
    or json.is_object(document.data)
    and record.first_word(document.data, TASK_FIELDS)
  return id and { id = id, status = status_word(document) } or nil
end

-- A failure from inside the document, with the task that the document names.
local function with_task(failure, document)
  failure.task = failure.task or task_of(document)
  return failure
end

-- The platform's or the vendor's own word for the failure.
local function type_of(document)
  local err = document.error
  return json.is_object(err) and word(err.type)
    or document.object == "error" and word(document.type) or nil
end

local function describe(document)
  local failure = texts.failure(texts.find(document) or spelled_out(document))
  failure.code = failure.code or codes.of(document)
  failure.type, failure.task = type_of(document), task_of(document)
  failure.state = status_word(document)
  return failure
end

local function failure_within(document, wraps)
  if not json.is_object(document) then return nil end
  if fails(document) then return describe(document) end
  if wraps == record.MOST_WRAPPINGS then return nil end
  for _, name in ipairs(record.WRAPPINGS) do
    local inner = document[name]
    local failure = inner ~= nil and failure_within(inner, wraps + 1)
    if failure then return with_task(failure, document) end
  end
end

--- The failure that a decoded document reports, or nil. A task with the status
--- FAILED and an asset with Failed are failures, too: then `state` is FAILED. A
--- query that failed has the state ERROR or none.
---@param document any
---@return yuanjing.Failure?
function failures.of(document)
  return failure_within(document, 0)
end

-- A document as a whole ----------------------------------------------------

-- The failure that an item of a list inside the document reports.
local function failure_in_lists(document, wraps)
  local fields = record.lowered(document)
  for _, name in ipairs(wraps < record.MOST_WRAPPINGS and names.LISTS or {}) do
    local value, failure = fields[name], nil
    if json.is_object(value) then
      failure = failure_in_lists(value, wraps + 1)
    elseif type(value) == "table" then
      failure = failures.whole(value)
    end
    if failure then return with_task(failure, document) end
  end
end

local function of_text(text, is_named)
  if texts.reads_like_error(text) then return texts.failure(text) end
  return is_named and { kind = "platform", message = text } or nil
end

local function of_items(list, is_named)
  for _, item in ipairs(list) do
    local failure = failures.whole(item, is_named)
    if failure then return failure end
  end
end

--- The failure in a document that has no text of a model, no known part of a
--- chunk and no usage: a message, a code, or a list that holds one. Nil for a
--- document without these, such as a sign of life.
---@param document any
---@param is_named? boolean the event's name says that it is a failure
---@return yuanjing.Failure?
function failures.whole(document, is_named)
  if type(document) == "string" then return of_text(document, is_named) end
  if type(document) ~= "table" then return nil end
  if document[1] ~= nil then return of_items(document, is_named) end
  local failure = failures.of(document)
  if failure then return failure end
  if is_named or signs.of_failure(document) then return describe(document) end
  return failure_in_lists(document, 0)
end

return failures
