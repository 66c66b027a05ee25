--- Answers that fit a schema: how they are asked for, and what becomes of those
-- that do not fit.
local canonical = require "yuanjing.chat.schema.canonical"
local check = require "yuanjing.chat.schema.check"
local definition = require "yuanjing.chat.schema.definition"
local endings = require "yuanjing.protocol.chat.endings"
local errors = require "yuanjing.errors"
local found = require "yuanjing.chat.schema.found"
local structured = require "yuanjing.protocol.chat.structured"
local sums = require "yuanjing.chat.sums"
local tidy = require "yuanjing.chat.schema.tidy"

local asking = {}

---@class yuanjing.SchemaReport
---@field by "json_schema"|"json_object"|"prompt" how the answer was asked for
---@field refused? string[] the ways that the vendor did not take, each with its reason
---@field repairs integer how many more requests it took

---@class yuanjing.Asking
---@field repairs_left integer
---@field private _schema table
---@field private _ways string[] those that are left
---@field private _report yuanjing.SchemaReport
local methods = {}
local Asking = { __index = methods }

-- Words ----------------------------------------------------------------------

-- The schema goes along in words, too: a gateway may drop `response_format` and say
-- nothing of it (docs/platform.md#what-goes-out), and JSON mode wants the word JSON.
local function words_for(schema)
  return "Answer with one JSON value and nothing else. It has to fit this JSON "
    .. "schema:\n" .. canonical(schema)
end

local function joined(text, words)
  return text and text ~= "" and text .. "\n\n" .. words or words
end

-- Messages with the words in the system's, which may be new.
local function messages_with(messages, words)
  local list, first = {}, messages[1]
  local has_system = type(first) == "table" and first.role == "system"
    and type(first.content) == "string"
  list[1] = { role = "system",
    content = joined(has_system and first.content or nil, words) }
  for n = has_system and 2 or 1, #messages do list[#list + 1] = messages[n] end
  return list
end

local OURS = { schema = true, schema_by = true, repairs = true }

--- The parameters of a chat as they are sent for the schema.
---@param params table
---@return table
function methods:params(params)
  local copy, words = {}, words_for(self._schema)
  for name, value in pairs(params) do
    if not OURS[name] then copy[name] = value end
  end
  if type(copy.messages) == "table" and #copy.messages > 0 then
    copy.messages = messages_with(copy.messages, words)
  else
    copy.sys_prompt = joined(copy.sys_prompt, words)
  end
  copy.response_format = structured.format(self._ways[1], self._schema)
    or copy.response_format
  return copy
end

-- The ladder ---------------------------------------------------------------

--- Sends a chat, and again in the next way where the vendor refuses the one at
--- hand: it has taken nothing then.
---@param params table
---@param send fun(params: table): any, any
---@return any
---@return any err
function methods:send(params, send)
  while true do
    local answer, err = send(self:params(params))
    local is_refused = answer == nil and errors.is(err) and #self._ways > 1
      and structured.is_refusal(err)
    if not is_refused then return answer, err end
    local refused = self._report.refused or {}
    self._report.refused = refused
    refused[#refused + 1] = self._ways[1] .. ": " .. err.message
    table.remove(self._ways, 1)
  end
end

-- Judging --------------------------------------------------------------------

local function no_fit(reply, kind, message, problems)
  local err = errors.new { kind = kind, call = "client:chat",
    message = message, partial = reply.content, problems = problems }
  err.reply, err.usage = reply, reply.usage
  return err
end

function methods:_problems(value)
  if value == nil then return { "the answer has no JSON in it" } end
  return check.value(self._schema, value)
end

--- Puts what the answer means into `reply.data`. Nil and an error: it does not fit,
--- and whether it is worth to ask for another.
---@param reply yuanjing.Reply
---@return true?
---@return yuanjing.Error?
---@return boolean? is_worth_repair
function methods:judge(reply)
  self._report.by = self._ways[1]
  reply.schema = self._report
  local value = found.value(reply.content, function(candidate)
    return #self:_problems(candidate) == 0
  end)
  local problems = self:_problems(value)
  if #problems == 0 then
    reply.data = value
    return true
  end
  local text = table.concat(problems, "; ")
  if endings.is_cut(reply.finish_reason) then
    return nil, no_fit(reply, "truncated",
      ("the answer was cut off (%s): %s"):format(reply.finish_reason, text),
      problems), false
  end
  return nil, no_fit(reply, "decode",
    "the answer does not fit the schema: " .. text, problems), true
end

--- What is said to the model of an answer that does not fit.
---@param reply yuanjing.Reply
---@param err yuanjing.Error
---@return yuanjing.Message[]
function methods:complaint(reply, err)
  self.repairs_left = self.repairs_left - 1
  self._report.repairs = self._report.repairs + 1
  return { { role = "assistant", content = reply.content ~= "" and reply.content
    or "(nothing)" },
    { role = "user", content = ("That does not fit the schema: %s. Answer again, "
      .. "with the JSON value alone."):format(
      table.concat(err.problems, "; ")) } }
end

-- Making ---------------------------------------------------------------------

local IS_WAY = {}
for _, way in ipairs(structured.WAYS) do IS_WAY[way] = true end

local function problems_of(params)
  local problems = {}
  if type(params.schema) ~= "table" then
    return { "schema: expected table, got " .. type(params.schema) }
  end
  for n, problem in ipairs(definition.problems(params.schema)) do
    problems[n] = "schema: " .. problem
  end
  if params.schema_by ~= nil and not IS_WAY[params.schema_by] then
    problems[#problems + 1] = "schema_by: expected one of "
      .. table.concat(structured.WAYS, ", ")
  end
  local repairs = params.repairs
  if repairs ~= nil and (type(repairs) ~= "number" or repairs < 0) then
    problems[#problems + 1] = "repairs: expected a number from 0 on"
  end
  return problems
end

--- The asking for a schema; or nil and an error.
---@param params { schema: table, schema_by?: string, repairs?: integer, model?: string }
---@return yuanjing.Asking?
---@return yuanjing.Error?
function asking.new(params)
  local problems = problems_of(params)
  if #problems > 0 then
    return nil, errors.new { kind = "invalid_request", call = "client:chat",
      message = table.concat(problems, "; "), problems = problems, attempts = 0 }
  end
  local schema = tidy(params.schema)
  return setmetatable({ _schema = schema, repairs_left = params.repairs or 0,
    _ways = structured.ways(params.model, schema, params.schema_by),
    _report = { repairs = 0 } }, Asking)
end

-- A call of its own -----------------------------------------------------------

-- What was asked, as messages.
local function messages_of(params)
  if params.messages then return params.messages end
  local list = {}
  if params.sys_prompt then
    list[1] = { role = "system", content = params.sys_prompt }
  end
  list[#list + 1] = { role = "user", content = params.prompt }
  return list
end

local function with_complaint(params, complaint)
  local copy = {}
  for name, value in pairs(params) do copy[name] = value end
  copy.prompt, copy.sys_prompt, copy.messages = nil, nil, {}
  for _, item in ipairs(messages_of(params)) do
    copy.messages[#copy.messages + 1] = item
  end
  for _, item in ipairs(complaint) do
    copy.messages[#copy.messages + 1] = item
  end
  return copy
end

local function ask(self, params, send)
  local usage
  while true do
    local reply, err = self:send(params, send)
    if not reply then return nil, err end
    usage = sums.add(usage, reply.usage)
    reply.usage = usage
    local ok, problem, is_worth = self:judge(reply)
    if ok or reply.tool_calls then return reply end
    if not is_worth or self.repairs_left <= 0 then return nil, problem end
    params = with_complaint(params, self:complaint(reply, problem))
  end
end

--- A chat call with a schema; see Client:chat. A streamed answer is checked at its
--- end, and never repaired.
---@param settings table
---@param params table
---@param chat_send fun(settings: table, params: table): any, any
function asking.call(settings, params, chat_send)
  local self, err = asking.new(params)
  if not self then return nil, err end
  local function send(sent) return chat_send(settings, sent) end
  if params.stream ~= true then return ask(self, params, send) end
  local stream, problem = self:send(params, send)
  if stream then
    stream:judge_by(function(reply)
      if reply.tool_calls then return true end
      return self:judge(reply)
    end)
  end
  return stream, problem
end

return asking
