-- talks: answers of a model for specs of conversations, and what a strict vendor
-- would say of the requests.
local json = require "yuanjing.base.json"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local talks = {}

-- Answers --------------------------------------------------------------------

local function wire_calls(calls)
  local list = {}
  for n, call in ipairs(calls) do
    list[n] = { index = n - 1, id = call.id or "call_" .. n, type = "function",
      ["function"] = { name = call[1], arguments = call[2] or "{}" } }
  end
  return list
end

--- A plain answer: a text; or calls, each { name, arguments, id = }.
---@param said { content?: string, calls?: table[], ended_by?: string, usage?: table, more?: table }
function talks.plain(said)
  local message = { role = "assistant", content = said.content or "" }
  for name, value in pairs(said.more or {}) do message[name] = value end
  message.tool_calls = said.calls and wire_calls(said.calls)
  return json.encode { id = "r", model = "m", usage = said.usage,
    choices = { { message = message, index = 0, finish_reason = said.ended_by
      or (said.calls and "tool_calls" or "stop") } } }
end

local function event(document)
  return "data: " .. json.encode(document) .. "\n\n"
end

--- The same as a stream, the arguments in two pieces; cut before its end where that
--- is asked for.
function talks.streamed(said)
  local out = {}
  local function delta(fields, reason)
    out[#out + 1] = event { choices = { { index = 0, delta = fields,
      finish_reason = reason } } }
  end
  for text in (said.content or ""):gmatch("[%z\1-\127\194-\244][\128-\191]*") do
    delta { content = text }
  end
  for n, call in ipairs(said.calls and wire_calls(said.calls) or {}) do
    local all = call["function"].arguments
    local half = math.floor(#all / 2)
    call["function"].arguments = all:sub(1, half)
    delta { tool_calls = { call } }
    delta { tool_calls = { { index = n - 1,
      ["function"] = { arguments = all:sub(half + 1) } } } }
  end
  if said.is_cut then return table.concat(out) end
  delta({}, said.ended_by or (said.calls and "tool_calls" or "stop"))
  if said.usage then out[#out + 1] = event { choices = {}, usage = said.usage } end
  return table.concat(out) .. "data: [DONE]\n\n"
end

-- Servers --------------------------------------------------------------------

--- A connection that answers one request with a body, and closes.
function talks.answer(body, status)
  return { { "request" }, { "send", scripted.answer(status or 200,
    { Connection = "close" }, body) } }
end

--- A server whose n-th request gets the n-th answer: a body, or the steps of a
--- connection; and a client there.
function talks.serve(answers, options)
  local connections = {}
  for n, answer in ipairs(answers) do
    connections[n] = type(answer) == "string" and talks.answer(answer) or answer
  end
  local server = support.serve { connections = connections }
  options = options or {}
  options.base_url, options.api_key = server.url, "sk-talk"
  return server, yuanjing.new(options)
end

--- The bodies that a server was sent, decoded.
function talks.sent(server)
  local bodies = {}
  for n, request in ipairs(server:requests()) do
    bodies[n] = assert(json.decode(request.body))
  end
  return bodies
end

-- The strict vendor ----------------------------------------------------------

local ROLES = { system = true, user = true, assistant = true, tool = true }

local check_content -- below

local function check_calls(messages, at, ids)
  for n, call in ipairs(messages[at].tool_calls) do
    local place = ("messages[%d].tool_calls[%d]"):format(at, n)
    local called = call["function"]
    assert(call.type == "function" and type(call.id) == "string"
      and call.id ~= "", place .. ": no call")
    assert(not ids[call.id], place .. ": its id is used twice")
    ids[call.id] = true
    assert(called.name:find("^[0-9A-Za-z_-]+$") and #called.name <= 64,
      place .. ": a bad name")
    local object = json.decode(called.arguments)
    assert(type(object) == "table" and object[1] == nil
      and called.arguments:find("^%s*{"), place .. ": arguments are no object")
    local result = messages[at + n]
    assert(result and result.role == "tool" and result.tool_call_id == call.id,
      place .. ": its result does not follow")
    check_content(result, place)
  end
  return at + #messages[at].tool_calls
end

function check_content(message, place)
  local content = message.content
  local is_text = type(content) == "string"
  assert(is_text or type(content) == "table" and content[1] ~= nil,
    place .. ": no content")
  assert(message.role == "assistant" and message.tool_calls or content ~= "",
    place .. ": it says nothing")
  for _, part in ipairs(is_text and {} or content) do
    assert(type(part) == "table" and type(part.type) == "string",
      place .. ": a bad part")
  end
end

--- Raises what a strict vendor would refuse in a request.
function talks.check(body)
  local messages, ids, at = body.messages, {}, 1
  assert(type(messages) == "table" and #messages > 0, "no messages")
  while at <= #messages do
    local message, place = messages[at], ("messages[%d]"):format(at)
    assert(ROLES[message.role], place .. ": a bad role")
    assert(message.role ~= "tool", place .. ": a result without a call")
    check_content(message, place)
    if message.tool_calls then at = check_calls(messages, at, ids) end
    at = at + 1
  end
  local last = messages[#messages]
  assert(last.role == "user" or last.role == "tool", "nothing to answer")
  assert(body.tools or not body.tool_choice, "tool_choice without tools")
end

return talks
