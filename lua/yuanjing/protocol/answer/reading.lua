--- What every call does with its answer: the bytes become a document, or an
-- error that has what came.
local envelope = require "yuanjing.protocol.answer.envelope"
local failures = require "yuanjing.protocol.answer.failure"
local http = require "yuanjing.http.call"
local json = require "yuanjing.base.json"

local reading = {}

--- The failure as an error of that call, of the kind that its code names.
---@return nil
---@return yuanjing.Error
function reading.failed(failure, response)
  failure.kind = failure.kind or "platform"
  if failure.message then failure.kind = failures.named_kind(failure) end
  failure.status = failure.status or response.status
  failure.body = failure.body or response.body
  return nil, response.call:fail(failure)
end

--- What has its id in that field of an answer that is not whole: it is paid for
--- all the same.
---@param body string
---@param name string
---@return { id: string }?
function reading.named_in(body, name)
  local field = '"' .. name .. '"[ \t-\r]*:[ \t-\r]*'
  local id = body:match(field .. '"([0-9A-Za-z_-]+)"')
    or body:match(field .. "(%d+)[ \t-\r]*[,}]")
  return id and { id = id } or nil
end

-- The task that is named in an answer which is not read as one.
local function task_in(body)
  return reading.named_in(body, "taskid") or reading.named_in(body, "task_id")
end

-- The broken transfer comes before what its half body looks like, but not
-- before what a whole one says.
local function unreadable(failure, response)
  local broken = response.failure
  if broken and not failure.document then
    broken.task = broken.task or task_in(response.body)
    return nil, broken
  end
  failure.task = failure.task or task_in(response.body)
  return reading.failed(failure, response)
end

-- The object that a document is, or that is alone in a list.
local function object_of(document)
  if json.is_object(document) then return document end
  return #document == 1 and json.is_object(document[1]) and document[1] or nil
end

local function no_object(document, response)
  local failure = failures.whole(document) or { kind = "decode",
    message = "the answer is no JSON object" }
  failure.task = failure.task or task_in(response.body)
  return reading.failed(failure, response)
end

--- The JSON object of an answer, whatever it says; or nil and an error.
---@param response yuanjing.Response
---@return table?
---@return yuanjing.Error?
function reading.object(response)
  local document, problem = envelope.read(response.body)
  if document == nil then
    if problem.document then return problem.document end
    return unreadable(problem, response)
  end
  local object = object_of(document)
  if not object then return no_object(document, response) end
  return object
end

local function is_whole(body)
  local document, problem = envelope.read(body)
  return (document or problem.document) ~= nil
end

-- The object that a request is answered with, and the response.
local function fetch(settings, request)
  request.refusal, request.usage = envelope.refusal, envelope.usage
  request.is_whole = is_whole
  local response, err = http.send(settings, request)
  if not response then return nil, err end
  local document, problem = reading.object(response)
  return document, document and response or problem
end

--- Sends a request and has `read` say what its answer means; it is given the
--- platform's URL, too. A failure in an answer becomes an error of this call.
---@param read fun(document: table, base: string): any, table?
---@return any answer
---@return yuanjing.Error? err
---@return number? pause seconds that the answer asks to wait before the next
function reading.fetch_answer(settings, request, read)
  local document, response = fetch(settings, request)
  if not document then return nil, response end
  local answer, failure = read(document, settings[request.base or "base_url"])
  if not answer then
    -- What names nothing that was asked for may still be a message.
    failure = failure.kind == "decode" and failures.whole(document) or failure
    failure.task = failure.task or task_in(response.body)
    return reading.failed(failure, response)
  end
  if answer.failure then
    answer.failure.body, answer.failure.status = response.body, response.status
    answer.failure = response.call:describe(answer.failure)
  end
  return answer, nil, envelope.retry_after(response.headers)
end

return reading
