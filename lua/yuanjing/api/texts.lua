--- Texts on the wire: what a chat call sends, and what a reply and a chunk hold
-- (PLATFORM.md sections 3 to 5). The v1 and the legacy wire differ in the path.
local envelope = require "yuanjing.api.envelope"
local form = require "yuanjing.api.form"
local json = require "yuanjing.json"
local number = require "yuanjing.number"
local reading = require "yuanjing.api.reading"
local usage = require "yuanjing.usage"

local texts = {}

local function filled(value)
  return type(value) == "string" and value ~= "" and value or nil
end

-- `choices[1]` and the places in it that hold text: a reply has a message, a
-- chunk a delta.
local function first_choice(document)
  local choices = document.choices
  local choice = type(choices) == "table" and choices[1]
  return type(choice) == "table" and choice or {}
end

-- The same text stands in two places: one of them counts (section 5).
local function pick(document, name)
  local choice = first_choice(document)
  local place = choice.delta or choice.message
  return type(place) == "table" and filled(place[name])
    or filled(document[name])
end

---@class yuanjing.Reply
---@field content string
---@field reasoning_content? string
---@field finish_reason? string
---@field ended_by string the finish_reason, "stop" where the platform gives none
---@field usage? table<string, any>
---@field id? string
---@field model? string
---@field raw table the platform's own document (of a stream: its last chunk)

local function reply_of(document)
  local finish_reason = filled(first_choice(document).finish_reason)
  return {
    content = pick(document, "content") or "",
    reasoning_content = pick(document, "reasoning_content"),
    finish_reason = finish_reason, ended_by = finish_reason or "stop",
    usage = type(document.usage) == "table" and document.usage or nil,
    id = filled(document.id), model = filled(document.model), raw = document,
  }
end

-- Whether it has a place for a text, if an empty one: else it is no answer.
local function is_reply(document)
  return next(first_choice(document)) ~= nil
    or type(document.content) == "string"
    or type(document.reasoning_content) == "string"
end

-- A task is work that is paid for: its id must not get lost.
local function task_failure(document)
  local id = document.taskid
  if type(id) == "number" then id = number.show(id) end
  if not filled(id) or document.choices ~= nil then return nil end
  return { kind = "platform", task = { id = id,
    status = filled(document.status) },
    message = "the platform answered with a task instead of a text" }
end

--- What is wrong with a chunk or a reply, as fields of an error; nil: nothing.
---@param document table
---@return table?
function texts.failure(document)
  local failure = envelope.failure(document)
  if not failure then return task_failure(document) end
  failure.kind = failure.kind or "platform"
  return failure
end

local function begins_stream(body)
  return body:find("^\239?\187?\191?[ \t-\r]*data:")
    or body:find("^[ \t-\r]*:")
end

local function is_chunk(document)
  return type(first_choice(document).delta) == "table"
end

-- Calls --------------------------------------------------------------------

-- With files it is a form, and `checked` is what goes into that.
local function chat_request(path, body, checked)
  local request = { method = "POST", path = path, json = body,
    stream = body.stream, billable = "chat", refusal = envelope.refusal,
    usage = envelope.usage,
    about = { model = body.model, category = body.catelogid } }
  if checked then
    request.json, request.about = nil, form.about(checked)
    request.parts, request.length = form.parts(checked)
  end
  return request
end

--- A plain chat call. `read_stream(response)` turns a body in the manner of a
--- stream into a reply.
---@return yuanjing.Reply?
---@return yuanjing.Error?
local function chat(path, settings, body, read_stream, checked)
  local response, err = form.send(settings, chat_request(path, body, checked))
  if not response then return nil, err end
  if begins_stream(response.body) then return read_stream(response) end
  local document
  document, err = reading.object(response)
  if not document then return nil, err end
  if is_chunk(document) then return read_stream(response) end
  local failure = texts.failure(document)
  if not failure and not is_reply(document) then
    failure = { kind = "decode", message = "the answer holds no text" }
  end
  if failure then return reading.failed(failure, response) end
  local reply = reply_of(document)
  usage.add(settings, body.model, reply.usage)
  return reply
end

--- A streamed chat call: the response, whose transfer brings the chunks; or nil
--- and an error.
local function chat_stream(path, settings, body, checked)
  return form.send(settings, chat_request(path, body, checked))
end

--- The reply that a stream adds up to.
---@return yuanjing.Reply
function texts.stream_reply(content, reasoning, finish_reason, last_chunk)
  local document = json.decode(last_chunk or "")
  local reply = reply_of(type(document) == "table" and document or {})
  reply.content = content
  reply.reasoning_content = reasoning
  reply.finish_reason = finish_reason or reply.finish_reason
  reply.ended_by = reply.finish_reason or "stop"
  return reply
end

--- A wire with its chat calls, to which the rest is added.
---@param name string
---@param path string of its chat calls
function texts.new_wire(name, path)
  return {
    name = name, failure = texts.failure, stream_reply = texts.stream_reply,
    chat = function(...) return chat(path, ...) end,
    chat_stream = function(...) return chat_stream(path, ...) end,
  }
end

return texts
