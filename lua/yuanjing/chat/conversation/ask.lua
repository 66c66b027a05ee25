--- One question of a conversation, through all its steps: an answer, the tools it
-- calls, the next answer, and so on. Nothing of it is part of the conversation
-- until it is whole.
local chat = require "yuanjing.chat.call"
local asking = require "yuanjing.chat.schema.asking"
local dry_run = require "yuanjing.spending.dry_run"
local endings = require "yuanjing.protocol.chat.endings"
local errors = require "yuanjing.errors"
local events = require "yuanjing.events"
local ledger = require "yuanjing.chat.conversation.ledger"
local message = require "yuanjing.chat.message"
local run = require "yuanjing.chat.tools.run"
local sendable = require "yuanjing.chat.conversation.sendable"
local sums = require "yuanjing.chat.sums"
local tool_calls = require "yuanjing.protocol.chat.tool_calls"

local ask = {}

---@class yuanjing.ToolCallEvent a conversation is about to run a tool
---@field type "tool_call"
---@field id string
---@field name string
---@field arguments? table
---@field raw string the arguments as the model wrote them
---@field step integer which answer of its ask the call was in

---@class yuanjing.ToolResultEvent the call is answered
---@field type "tool_result"
---@field id string
---@field name string
---@field arguments? table
---@field raw string
---@field step integer
---@field result? any what the tool returned
---@field error? string why there is no result
---@field text string what the model gets
---@field elapsed? number seconds that the tool took

---@class yuanjing.Ask
---@field talk yuanjing.Conversation
---@field job? yuanjing.Job in which it waits
---@field is_cancelled? true
---@field is_streamed? boolean its first answer has begun; the owner of the stream reads the rest
---@field private _params table of its requests, but for what changes from step to step
---@field private _on_event? fun(event: yuanjing.Event)
---@field private _is_single boolean one request, whose calls stay open
---@field private _said yuanjing.Message[] not yet part of the conversation
---@field private _complaint yuanjing.Message[] of an answer that did not fit a schema
---@field private _steps yuanjing.Step[]
---@field private _seen table<string, integer> calls that were made
---@field private _number integer of requests
---@field private _why "ask"|"repair"|"last"
---@field private _asking? yuanjing.Asking of a schema
---@field private _ends_by? "max_steps"|"limit"
---@field private _usage? table
---@field private _current table of the ledger
local methods = {}
local Ask = { __index = methods }

-- Asking ---------------------------------------------------------------------

local function add_all(list, items)
  for _, item in ipairs(items) do list[#list + 1] = item end
end

local function all_messages(self)
  local list = {}
  add_all(list, self.talk.messages)
  add_all(list, self._said)
  add_all(list, self._complaint)
  return list
end

-- The model is to answer, so there has to be something that is not answered.
local function nothing_to_answer(list)
  local last = list[#list]
  if last and (last.role == "user" or last.role == "tool") then return nil end
  return errors.new { kind = "invalid_request", call = "talk:send", attempts = 0,
    message = "there is nothing to answer: the last message is the model's own" }
end

-- A forced choice holds for the first step, or the model could never answer.
function methods:_next_params(list, is_stream)
  local params = {}
  for name, value in pairs(self._params) do params[name] = value end
  params.messages, params.stream = message.with_readable(list), is_stream or nil
  local takes_tools = self._why ~= "last" and #self.talk.tools > 0
  params.tools = takes_tools and self.talk.tools or nil
  if not takes_tools or self._number > 1 then params.tool_choice = nil end
  return params
end

function methods:_send(params)
  local watched, current = ledger.watch(self.talk.ledger, self.talk._settings,
    { model = params.model or chat.DEFAULT_MODEL, why = self._why,
      step = self._number })
  self._current = current
  local answer, err = chat.send(watched, params)
  if not answer then ledger.close(current, nil, err) end
  return answer, err
end

--- The next request: a reply, or a stream where that is asked for.
---@param is_stream? boolean
---@return yuanjing.Reply|yuanjing.Stream|nil
---@return yuanjing.Error?
function methods:request(is_stream)
  local list = sendable(all_messages(self), { model = self._params.model,
    echo_reasoning = self._echo_reasoning })
  local err = nothing_to_answer(list)
  if err then return nil, err end
  self._number = self._number + 1
  local params = self:_next_params(list, is_stream)
  local function send(sent) return self:_send(sent) end
  if self._asking then return self._asking:send(params, send) end
  return send(params)
end

-- Answers --------------------------------------------------------------------

local function emit(self, kind, step)
  local event = { type = kind, id = step.id, name = step.name,
    arguments = step.arguments, raw = step.raw, step = step.step,
    result = step.result, error = step.error, text = step.text,
    elapsed = step.elapsed }
  events.emit(self.talk._settings, event)
  events.emit({ on_event = self._on_event }, event)
end

local function result_message(id, text)
  return { role = "tool", tool_call_id = id, content = text }
end

-- Calls that are not to be run are answered all the same.
function methods:_refuse_calls(calls, why)
  for _, call in ipairs(calls) do
    self._said[#self._said + 1] = result_message(call.id, "not run: " .. why)
  end
end

-- Runs the calls. Returns whether some are left for the program to answer.
function methods:_run_calls(calls)
  local ours, others = {}, 0
  for _, call in ipairs(calls) do
    if run.is_for_user(self.talk.tools_by_name, call) then
      others = others + 1
    else
      ours[#ours + 1] = call
    end
  end
  local steps = run.calls(self.talk.tools_by_name, ours, self._seen,
    self._parallel, function(kind, step) emit(self, kind, step) end,
    self._number)
  for _, step in ipairs(steps) do
    self._steps[#self._steps + 1] = step
    self._said[#self._said + 1] = result_message(step.id, step.text)
  end
  return others > 0
end

-- The answer as what was asked for; nil and an error, or nil: there is another
-- request to come.
function methods:_judge(reply)
  if not self._asking or reply.tool_calls then return reply end
  local ok, err, is_worth = self._asking:judge(reply)
  if ok then return reply end
  if not is_worth or self._asking.repairs_left <= 0 then return nil, err end
  self._said[#self._said] = nil
  self._complaint = self._asking:complaint(reply, err)
  self._why = "repair"
  return nil
end

-- Adds what was asked and answered to the conversation.
function methods:_conclude(reply)
  add_all(self.talk.messages, self._said)
  reply.steps, reply.usage = self._steps, self._usage
  reply.ended_by = self._ends_by or reply.ended_by
  return reply
end

-- What lets the next request be the last one, if anything does: there is to be an
-- answer.
function methods:_bound()
  if self._number >= self._max_steps then return "max_steps" end
  local limits = self.talk._settings.limits
  return limits and limits:left() == 1 and "limit" or nil
end

-- What an answer with calls leads to: the reply, or nil for one more request.
function methods:_take_calls(reply)
  local calls = reply.tool_calls
  if endings.is_cut(reply.finish_reason) then
    self:_refuse_calls(calls, "the answer was cut off")
    return reply
  elseif self._is_single then
    return reply
  elseif self._why == "last" then
    self:_refuse_calls(calls, "there are no more steps")
    return reply
  end
  if self:_run_calls(calls) then return reply end
  self._ends_by = self:_bound()
  if self._ends_by then self._why = "last" end
end

-- What the model said, to the letter: sendable() mends it each time.
local function said_in(reply)
  local copy = {}
  for name, value in pairs(reply.message) do copy[name] = value end
  copy.tool_calls = reply.tool_calls and tool_calls.to_wire(reply.tool_calls)
  return copy
end

--- Takes an answer: the reply, where the ask is over; nil and an error; or nil,
--- where it goes on with another request().
---@param reply yuanjing.Reply
---@return yuanjing.Reply?
---@return yuanjing.Error?
function methods:take(reply)
  ledger.close(self._current, reply)
  self._usage = sums.add(self._usage, reply.usage)
  self._said[#self._said + 1] = said_in(reply)
  local over, err
  if reply.tool_calls then
    over = self:_take_calls(reply)
  else
    over, err = self:_judge(reply)
  end
  if err then return nil, err end
  return over and self:_conclude(over)
end

--- Asks, and does all that it takes until there is an answer.
---@return yuanjing.Reply?
---@return yuanjing.Error?
function methods:run()
  while true do
    local reply, err = self:request()
    if reply then reply, err = self:take(reply) end
    if reply or err then return reply, err end
  end
end

-- Ends -----------------------------------------------------------------------

--- The error of an ask, with the messages of that ask. The conversation itself is as
--- before.
---@param err any
---@return any
function methods:failed(err)
  if self.is_cancelled then
    err = errors.new { kind = "cancelled", call = "talk:ask",
      message = "the ask was cancelled" }
  end
  ledger.close(self._current, nil, err)
  if errors.is(err) and not dry_run.is(err) then
    err.messages, err.steps = self._said, self._steps
  end
  return err
end

--- Ends an ask whose stream was collected.
function methods:abandon()
  ledger.close(self._current)
end

-- Making ---------------------------------------------------------------------

-- What is no field of a request.
local OURS = { schema = true, schema_by = true, repairs = true, stream = true,
  max_steps = true, parallel = true, echo_reasoning = true, on_event = true }

local function parallel_of(value)
  if value == true then return math.huge end
  return type(value) == "number" and math.max(1, value) or 1
end

local function first_of(value, default)
  if value == nil then return default end
  return value
end

local function merged(talk, options)
  local all = {}
  for name, value in pairs(talk.params) do all[name] = value end
  for name, value in pairs(options) do all[name] = value end
  return all
end

--- An ask; or nil and an error.
---@param talk yuanjing.Conversation
---@param said? yuanjing.Message what is asked
---@param options table parameters of this ask alone
---@param is_single? boolean
---@return yuanjing.Ask?
---@return yuanjing.Error?
function ask.new(talk, said, options, is_single)
  local all, params, schema_asking = merged(talk, options), {}, nil
  if all.schema ~= nil then
    local err
    schema_asking, err = asking.new(all)
    if not schema_asking then return nil, err end
  end
  for name, value in pairs(all) do
    if not OURS[name] then params[name] = value end
  end
  return setmetatable({ talk = talk, _params = params, _said = { said },
    _complaint = {}, _steps = {}, _seen = {}, _number = 0, _why = "ask",
    _current = {}, _asking = schema_asking, _is_single = is_single or false,
    _on_event = first_of(options.on_event, talk.on_event),
    _max_steps = first_of(all.max_steps, talk.MAX_STEPS),
    _parallel = parallel_of(all.parallel), _echo_reasoning = all.echo_reasoning,
  }, Ask)
end

return ask
