--- Every reader of bodies, on any bytes: none raises, each returns the types
-- of its annotations, and an error can be shown.
local answers = require "yuanjing.protocol.task.answer"
local assembly = require "yuanjing.protocol.chat.assembly"
local cjson = require("cjson").new()
local core = require "yuanjing.core"
local envelope = require "yuanjing.protocol.answer.envelope"
local errors = require "yuanjing.errors"
local failures = require "yuanjing.protocol.answer.failure"
local json = require "yuanjing.base.json"
local python = require "yuanjing.protocol.answer.python"
local reading = require "yuanjing.protocol.answer.reading"
local texts = require "yuanjing.protocol.chat.call"
local checks = require "checks"

local check = checks.check
local NULL = cjson.null

-- Checks a failure, and the error made from it.
local function check_failure(failure, is_utf8)
  checks.check_failure(failure)
  check(not is_utf8 or not core.utf8_error(failure.message), "no UTF-8:",
    failure.message)
  checks.check_error(errors.new(failure, checks.KEY), is_utf8)
end

-- Nulls are in lists only, which have no holes; if Lua has integers, whole
-- numbers are integers.
local function check_values(value, depth, in_list)
  check(value ~= NULL or in_list, "a null")
  if math.type and type(value) == "number" and value % 1 == 0
    and math.abs(value) < 2 ^ 63 then
    check(math.type(value) == "integer", "a float", tostring(value))
  end
  if type(value) ~= "table" then return end
  local count, length = 0, #value
  for key, item in pairs(value) do
    if type(key) == "number" then count = count + 1 end
    check_values(item, depth + 1, type(key) == "number")
  end
  check(count == length, "a list with holes")
end

-- Whether it equals cjson's value, except for nulls, and for integers of many
-- digits, which are strings here.
local function is_same(value, theirs)
  if theirs == cjson.null then return value == nil or value == NULL end
  if type(value) == "string" and type(theirs) == "number" then
    return #value > 15 and tonumber(value) + 0.0 == theirs
  end
  if type(theirs) ~= "table" then
    return value == theirs or value ~= value and theirs ~= theirs
  end
  local n = 0
  for key, item in pairs(theirs) do
    if type(key) == "string" and not is_same(value[key], item) then
      return false
    elseif type(key) == "number" then
      n = n + 1
    end
  end
  return n == #value
end

-- cjson refuses half a surrogate pair; the core accepts it.
local HALF = "\\u[dD][89a-fA-F]"

local function check_decode(body)
  if body:find(HALF) then return end
  local ok, theirs = pcall(cjson.decode, body)
  local value, message = json.decode(body)
  if value == nil then
    check(type(message) == "string", "no message")
  else
    check_values(value, 0)
  end
  check(ok == (value ~= nil or message == "nothing but null"),
    "cjson says otherwise")
  if ok then check(is_same(value, theirs), "cjson makes something else of it") end
end

local function check_decode_first(body)
  local value, rest, verdict = json.decode_first(body)
  check(type(rest) == "string", "rest or message is a", type(rest))
  if value == nil then
    check(verdict == "incomplete" or verdict == "invalid"
      or verdict == "null", "verdict",
      tostring(verdict))
  else
    check(#rest < #body, "nothing was read")
  end
end

local function check_read(body, is_utf8)
  local document, problem = envelope.read(body)
  if document == nil then
    check_failure(problem, is_utf8)
    check(problem.body == body, "another body")
  else
    check(type(document) == "table", "document is a", type(document))
    check(problem == nil or type(problem) == "string", "warning is a",
      type(problem))
  end
end

-- The first lines of the body are headers as well.
local function check_refusal(body, is_utf8)
  local first, second, third = body:match("^([^\n]*)\n?([^\n]*)\n?([^\n]*)")
  local headers = { ["retry-after"] = first, date = second, location = third }
  local STATUSES = { 301, 400, 401, 404, 413, 418, 429, 500, 503, 999 }
  local status = STATUSES[#body % #STATUSES + 1]
  local failure = envelope.refusal(status, headers, body)
  check(failure.status == status, "another status")
  check_failure(failure, is_utf8)
  checks.check_failure(envelope.refusal(status, nil, body))
end

local function check_result(result)
  for _, name in ipairs { "image", "video", "audio", "output" } do
    local list = result[name .. "s"]
    for _, url in ipairs(list) do
      check(type(url) == "string", name, "is a", type(url))
    end
    check(list[1] == result[name], "another", name)
  end
  check(result.text == nil or type(result.text) == "string", "text")
  check(result.usage == nil or type(result.usage) == "table", "usage")
end

local function check_answer(answer, failure, is_utf8)
  if not answer then return check_failure(failure, is_utf8) end
  check(answer.id == nil or type(answer.id) == "string" and answer.id ~= "",
    "id is a", type(answer.id))
  check(answer.status == nil or answer.status == answer.status:upper(),
    "status")
  if answer.result then check_result(answer.result) end
  if answer.failure then check_failure(answer.failure, is_utf8) end
end

-- Only objects get here: reading.object checks that.
local function check_document(document, is_utf8)
  local failure = failures.whole(document)
  if failure then check_failure(failure, is_utf8) end
  local answer, problem = answers.read_status(document)
  check_answer(answer, problem, is_utf8)
  answer, problem = answers.read_submit(document)
  check_answer(answer, problem, is_utf8)
end

local call = {}

function call.fail(_, failure)
  return errors.new(failure, checks.KEY)
end

-- A complete body, and a truncated one.
local function check_object(body, is_utf8)
  for _, broken in ipairs { false, true } do
    local document, err = reading.object { status = 200, body = body,
      call = call,
      failure = broken and call:fail { kind = "truncated", message = "x" } }
    if document then
      check(document[1] == nil, "a list")
      check_document(document, is_utf8)
    else
      checks.check_error(err, is_utf8)
    end
  end
end

local function check_python(body)
  local document = python.read(body)
  check(document == nil or type(document) == "table", "a Python",
    type(document))
  if document then check_values(document, 0) end
end

local NOTHING = { usual = 0, lengths = { content = 0, reasoning = 0 },
  text = function() return "" end }

local function check_reply(body, is_utf8)
  local parts = assembly.new()
  for line in body:gmatch("[^\n]+") do
    local taken, failure = texts.read_event(parts, line, NOTHING, false)
    if failure then check_failure(failure, is_utf8) end
    if taken then
      check(type(taken.content) == "string" and type(taken.reasoning)
        == "string", "what was taken")
    end
  end
  parts:release(NOTHING)
  local reply = parts:reply("a", "")
  check(reply.content == "a" and type(reply.raw) == "table"
    and type(reply.ended_by) == "string" and #reply.choices > 0, "a reply")
end

local function check_failures(body, is_utf8)
  local failure = envelope.failure((json.decode(body)))
  if failure then check_failure(failure, is_utf8) end
end

-- All checks at once would be too slow: the first byte chooses one.
local CHECKS = { check_decode, check_decode_first, check_read, check_refusal,
  check_object, check_python, check_reply, check_failures }

return function(text)
  local body = checks.with_key(text:sub(2))
  local check_one = CHECKS[(text:byte() or 0) % #CHECKS + 1]
  check_one(body, not core.utf8_error(body))
end
