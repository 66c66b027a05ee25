--- Texts on the wire: what a chat call sends, and what a reply and a chunk
-- hold (docs/platform.md#chat-streams). The v1 and the legacy wire differ in
-- the path.
local assembly = require "yuanjing.protocol.chat.assembly"
local envelope = require "yuanjing.protocol.answer.envelope"
local failures = require "yuanjing.protocol.answer.failure"
local json = require "yuanjing.base.json"
local lazy = require "yuanjing.base.lazy"
local number = require "yuanjing.base.number"
local reading = require "yuanjing.protocol.answer.reading"
local sending = require "yuanjing.protocol.sending"
local sse = require "yuanjing.protocol.chat.sse"
local usage = require "yuanjing.spending.usage"

local form = lazy.module "yuanjing.protocol.form" -- loaded by what has checked
local messages = lazy.module "yuanjing.protocol.chat.messages"
local sent_tools = lazy.module "yuanjing.protocol.chat.sent_tools"
local think_tags = lazy.module "yuanjing.protocol.chat.think_tags"

local texts = {}

-- Failures -----------------------------------------------------------------

local function filled(value)
  return type(value) == "string" and value ~= "" and value or nil
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

-- What is wrong with a document, where it says so.
local function told_failure(document)
  return failures.of(document) or task_failure(document)
end

local function named(failure)
  if failure then failure.kind = failures.named_kind(failure) end
  return failure
end

-- An answer is at hand, and nothing of it has been read.
local NOTHING_BEFORE = { lengths = { content = 0, reasoning = 0 }, usual = 0 }

-- Streams ------------------------------------------------------------------

-- Half a surrogate pair may be in the text: its other half may come later.
local HALF = "\\u[dD][89a-fA-F]"

-- What stands in the place of an event and is no JSON object.
local function read_word(text, value, is_failing)
  local said = type(value) == "string" and value or text
  local is_number = value ~= nil and type(value) ~= "string"
    or text:find("^[ \t-\r]*null[ \t-\r]*$") ~= nil
  if is_failing then return failures.whole(said, true) end
  if is_number or failures.is_sign_of_life(said) then return nil end
  local document, failure = envelope.read(text)
  if document then -- of a sort: what came with it is a warning
    failure = { kind = "decode", message = "an event is not readable" }
  end
  failure.body = failure.body or text
  return failure
end

local function read_document(parts, document, before, is_failing)
  local failure = told_failure(document)
  local taken, choice_failure = parts:take(document, before)
  parts.unread = parts.unread or not (taken.has_place or taken.is_alone)
    and json.encode(document) or nil
  failure = failure or choice_failure
  local is_known = taken.has_place or taken.has_usage
  if not failure and (is_failing or not is_known) then
    failure = failures.whole(document, is_failing)
  end
  if is_failing and failure and failure.message == failures.UNTOLD then
    failure.message = json.encode(document) or failure.message
  end
  return taken, named(failure)
end

--- Reads an event that the core has not: what it brings, if anything, and what
--- is wrong.
---@param parts yuanjing.Assembly takes what it brings
---@param text string
---@param before table see Assembly:take
---@param is_failing boolean it is named as a failure
---@return yuanjing.Taken?
---@return table? failure fields of an error
function texts.read_event(parts, text, before, is_failing)
  local has_halves = text:find(HALF) ~= nil
  local value = json.decode(text, has_halves)
  parts.has_halves = parts.has_halves or has_halves
  if type(value) ~= "table" then
    return nil, named(read_word(text, value, is_failing))
  end
  if value[1] == nil then
    return read_document(parts, value, before, is_failing)
  end
  local last, failure
  for _, item in ipairs(value) do
    if type(item) == "table" and not failure then
      local taken
      taken, failure = read_document(parts, item, before, is_failing)
      if last then
        taken.content = last.content .. taken.content
        taken.reasoning = last.reasoning .. taken.reasoning
        taken.is_progress = taken.is_progress or last.is_progress
      end
      last = taken
    end
  end
  return last, failure
end

--- What is wrong with lines that are no events: HTML, or the text of an error.
---@param text string
---@return table? failure fields of an error
function texts.read_aside(text)
  local _, failure = envelope.read(text)
  local is_page = text:find("^[ \t-\r]*<[A-Za-z!?]") ~= nil
  local is_told = type(failure) == "table" and failure.kind ~= "decode"
  return type(failure) == "table" and (is_page or is_told) and failure or nil
end

-- Calls --------------------------------------------------------------------

-- With files beside the prompt it is a form, and `checked` is what goes into that.
local function chat_request(path, settings, body, checked)
  local request = { method = "POST", path = path, json = body,
    stream = body.stream, billable = "chat", refusal = envelope.refusal,
    usage = envelope.usage,
    about = { model = body.model, category = body.catelogid } }
  if type(body.messages) == "table" then
    request.embedded, request.length = messages.put(body, body.messages)
    request.most_bytes = settings.validate and messages.MOST_BYTES or nil
  end
  if checked then
    request.json, request.about = nil, form.about(checked)
    request.parts, request.length = form.parts(checked)
  end
  return request
end

-- A chunk where a reply was to come: the rest is behind it.
local function is_chunk(document)
  local choices = document.choices
  local choice = type(choices) == "table" and choices[1]
  return type(choice) == "table" and type(choice.delta) == "table"
end

local function problem_of(parts, taken, document, failure)
  if failure or taken.has_place and not parts:problem() then return failure end
  return failures.whole(document) or { kind = "decode",
    message = parts:problem() or "the answer holds no text" }
end

-- The reply in a document; or nil and what is wrong.
local function read_reply(document, asked)
  local parts = assembly.new(asked)
  local taken, failure = read_document(parts, document, NOTHING_BEFORE, false)
  failure = problem_of(parts, taken, document, failure)
  if failure then return nil, named(failure) end
  local content, reasoning = parts:release(NOTHING_BEFORE)
  return parts:reply(taken.content .. content, taken.reasoning .. reasoning,
    document)
end

--- What an answer is compared with.
---@param body table
---@param has_think_tags? boolean its thoughts are in its text
---@return table
function texts.asked(body, has_think_tags)
  return { n = body.n, tools = body.tools and sent_tools.of(body) or nil,
    think_tags = has_think_tags and think_tags.new() or nil }
end

--- A plain chat call. `asked` is that of texts.asked; `read_stream(response)` turns a body in the manner of a
--- stream into a reply.
---@return yuanjing.Reply?
---@return yuanjing.Error?
local function chat(path, settings, body, asked, read_stream, checked)
  local response, err = sending.send(settings,
    chat_request(path, settings, body, checked))
  if not response then return nil, err end
  if sse.is_stream(response.body) then return read_stream(response) end
  local document
  document, err = reading.object(response)
  if not document then return nil, err end
  if is_chunk(document) then return read_stream(response) end
  local reply, failure = read_reply(document, asked)
  if not reply then return reading.failed(failure, response) end
  usage.add(settings, body.model, reply.usage)
  return reply
end

--- A streamed chat call: the response, whose transfer brings the chunks; or nil
--- and an error.
local function chat_stream(path, settings, body, checked)
  return sending.send(settings, chat_request(path, settings, body, checked))
end

--- A wire with its chat calls, to which the rest is added.
---@param name string
---@param path string of its chat calls
function texts.new_wire(name, path)
  return {
    name = name, read_event = texts.read_event,
    read_aside = texts.read_aside, assembly = assembly, asked = texts.asked,
    chat = function(...) return chat(path, ...) end,
    chat_stream = function(...) return chat_stream(path, ...) end,
  }
end

return texts
