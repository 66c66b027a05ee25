--- Reads the answer of a call: the bytes become a document, or an error that
-- keeps the body.
local envelope = require "yuanjing.protocol.answer.envelope"
local exchange = require "yuanjing.http.exchange"
local failures = require "yuanjing.protocol.answer.failure"
local http = require "yuanjing.http.call"
local json = require "yuanjing.base.json"

local reading = {}

--- Makes a failure an error of the call, of the kind that its code names.
---@return nil
---@return yuanjing.Error
function reading.failed(failure, response)
  failure.kind = failure.kind or "platform"
  if failure.message then failure.kind = failures.named_kind(failure) end
  failure.status = failure.status or response.status
  failure.body = failure.body or response.body
  return nil, response.call:fail(failure)
end

--- The id in that field of an incomplete answer, as a record: the call is billed
--- even if the answer broke off.
---@param body string
---@param name string
---@return { id: string }?
function reading.named_in(body, name)
  local field = '"' .. name .. '"[ \t-\r]*:[ \t-\r]*'
  local id = body:match(field .. '"([0-9A-Za-z_-]+)"')
    or body:match(field .. "(%d+)[ \t-\r]*[,}]")
  return id and { id = id } or nil
end

-- The task that is named in an answer that can not be decoded.
local function task_in(body)
  return reading.named_in(body, "taskid") or reading.named_in(body, "task_id")
end

-- If the transfer broke off, that is the error, and not what the incomplete body
-- looks like.
local function unreadable(failure, response)
  local broken = response.failure
  if broken then
    broken.task = broken.task or task_in(response.body)
    return nil, broken
  end
  failure.task = failure.task or task_in(response.body)
  return reading.failed(failure, response)
end

-- The document if it is an object, or the only object in a list.
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

--- The JSON object of an answer, even if it reports a failure; or nil and an
--- error.
---@param response yuanjing.Response
---@return table?
---@return yuanjing.Error?
function reading.object(response)
  local document, problem = envelope.document(response.body)
  if not document then return unreadable(problem, response) end
  local object = object_of(document)
  if not object then return no_object(document, response) end
  return object
end

local function is_whole(body) return envelope.document(body) ~= nil end

-- Sends a request. Returns the object in its answer and the response; or nil and
-- an error.
local function fetch(settings, request)
  request.refusal, request.usage = envelope.refusal, envelope.usage
  request.is_whole = is_whole
  local response, err = http.send(settings, request)
  if not response then return nil, err end
  local document, problem = reading.object(response)
  return document, document and response or problem
end

-- NB: most heads have no field that begins with R, and are not read.
local function pause_after(head)
  if head:find("\nR", 1, true) or head:find("\nr", 1, true) then
    return envelope.retry_after(exchange.headers(head))
  end
end

--- Sends a request and reads the object in its answer with `read`, which also
--- gets the platform's URL. A failure in the answer becomes an error of the call.
---@param read fun(document: table, base: string): any, table?
---@return any answer
---@return yuanjing.Error? err
---@return number? pause seconds until the next request, if the answer asks for it
function reading.fetch_answer(settings, request, read)
  local document, response = fetch(settings, request)
  if not document then return nil, response end
  local answer, failure = read(document, settings[request.base or "base_url"])
  if not answer then
    -- A document without the expected fields may still hold a message.
    failure = failure.kind == "decode" and failures.whole(document) or failure
    failure.task = failure.task or task_in(response.body)
    return reading.failed(failure, response)
  end
  if answer.failure then
    answer.failure.body, answer.failure.status = response.body, response.status
    answer.failure = response.call:describe(answer.failure)
  end
  return answer, nil, pause_after(response.head)
end

return reading
