--- Conversations: their messages, what each request used, and the next question.
-- The messages are plain data: a program can keep them anywhere and send them again.
local ask_of = require "yuanjing.chat.conversation.ask"
local arguments = require "yuanjing.chat.tools.arguments"
local check = require "yuanjing.base.check"
local dry_run = require "yuanjing.spending.dry_run"
local errors = require "yuanjing.errors"
local job = require "yuanjing.runtime.job"
local json = require "yuanjing.base.json"
local loop = require "yuanjing.runtime.loop"
local messages_of = require "yuanjing.chat.message"
local question = require "yuanjing.chat.conversation.question"
local run = require "yuanjing.chat.tools.run"
local saved = require "yuanjing.chat.conversation.saved"
local streams = require "yuanjing.chat.conversation.stream"
local tools_of = require "yuanjing.chat.tools.tool"
local turns = require "yuanjing.chat.conversation.turns"

local conversation = {}

---@class yuanjing.ConversationOptions: yuanjing.ChatParams
---@field system? string what holds for all of it; replaces that of a loaded one
---@field tools? (yuanjing.Tool|yuanjing.ToolOptions|table)[] that the model may call
---@field max_steps? integer how many answers with calls an ask may have (8); then comes one without tools
---@field parallel? boolean|integer run the calls of an answer at the same time, so many at a time
---@field echo_reasoning? boolean whether thoughts go out again; default: as the model needs it
---@field on_event? fun(event: yuanjing.Event) is told of calls of tools
---@field load? string path of a saved one
---@field from_json? string a saved one, as talk:to_json() gives it
---@field messages? yuanjing.Message[] what was said before
---@field ledger? yuanjing.LedgerRow[]

---@class yuanjing.Conversation
---@field messages yuanjing.Message[] what was said; plain data
---@field ledger yuanjing.LedgerRow[] what it cost; plain data
---@field params table what goes out with each request, and max_steps and their like; plain data
---@field tools any[]
---@field tools_by_name table<string, yuanjing.Tool>
---@field on_event? fun(event: yuanjing.Event)
---@field private _settings table
---@field private _asks? yuanjing.Ask that is under way
---@field private _open { stream?: yuanjing.TalkStream } that may be forgotten
local methods = { MAX_STEPS = 8 }
local Conversation = { __index = methods, __name = "yuanjing.Conversation" }

local function invalid(call, message, problems)
  return errors.new { kind = "invalid_request", call = call, attempts = 0,
    message = message, problems = problems }
end

-- One at a time --------------------------------------------------------------

-- The collector may have taken a stream that was not read to its end.
local function forget_dropped(self)
  local ask = self._asks
  if self._open.stream or not ask or not ask.is_streamed then return end
  ask:abandon()
  self._asks = nil
end

-- Ends the ask of a stream that the program has dropped, so that the next can begin.
local function free(self, call)
  local open = self._open.stream
  if open and not open:is_busy() then open:close() end
  forget_dropped(self)
  if not self._asks then return true end
  return nil, invalid(call, "an ask of this conversation is under way: "
    .. "wait for it, or talk:cancel()")
end

local function ended(self, ask)
  if self._asks == ask then self._asks = nil end
end

-- Waits for work of an ask in a job, which talk:cancel() can end.
local function wait(ask, fn, ...)
  local work = job.async(fn, ...)
  ask.job = work
  local ok, value, err = pcall(work.await, work)
  ask.job = nil
  if ok then return value, err end
  work:cancel()
  error(value, 0)
end

local function run_whole(self, ask)
  local ok, reply, err = pcall(wait, ask, ask.run, ask)
  ended(self, ask)
  if not ok then
    ask:abandon()
    error(reply, 0)
  end
  if reply then return reply end
  return nil, ask:failed(err)
end

local function run_streamed(self, ask)
  local ok, stream, err = pcall(streams.open, ask, wait, function()
    ended(self, ask)
  end)
  if not ok then
    ended(self, ask)
    ask:abandon()
    error(stream, 0)
  end
  self._open.stream, ask.is_streamed = stream, stream ~= nil
  if stream then loop.scope_add(stream, stream.close) end
  return stream, err
end

local function begin(self, call, said, options, is_single)
  loop.check_wait()
  local ok, err = free(self, call)
  if not ok then return nil, err end
  local ask
  ask, err = ask_of.new(self, said, options, is_single)
  if not ask then return nil, err end
  self._asks = ask
  local is_stream = options.stream == true
  return dry_run.unwrap((is_stream and run_streamed or run_whole)(self, ask))
end

-- Asking ---------------------------------------------------------------------

--- Asks: runs the tools that the model calls, until there is an answer. Where that
--- fails the conversation is as it was before, and `err.messages` has what was
--- said in it. With `stream = true` the answer is a yuanjing.TalkStream. Error kinds:
--- those of Client:chat, and cancelled.
---@param asked string|yuanjing.Question
---@return yuanjing.Reply?
---@return yuanjing.Error? err
---@overload fun(self: yuanjing.Conversation, asked: { stream: true }): yuanjing.TalkStream?, yuanjing.Error?
---@nodiscard
function methods:ask(asked)
  if type(asked) ~= "string" and type(asked) ~= "table" then
    error(("talk:ask: expected string or table, got %s"):format(type(asked)), 2)
  end
  local said, options = question.read(asked)
  if not said then
    return nil, invalid("talk:ask", table.concat(options, "; "), options)
  end
  return begin(self, "talk:ask", said, options)
end

--- Sends the messages so far in one request, for a loop of your own. Its calls are
--- not run: pending() has them, and answer() answers them. Error kinds: those of ask.
---@param options? yuanjing.ChatParams of this request alone
---@return yuanjing.Reply?
---@return yuanjing.Error? err
---@nodiscard
function methods:send(options)
  if options ~= nil and type(options) ~= "table" then
    error(("talk:send: expected table, got %s"):format(type(options)), 2)
  end
  local problems = {}
  question.check(options or {}, problems)
  if problems[1] then
    return nil, invalid("talk:send", table.concat(problems, "; "), problems)
  end
  return begin(self, "talk:send", nil, options or {}, true)
end

--- Adds what the user says, for send(). Error kinds: invalid_request.
---@param asked string|yuanjing.Question
---@return true?
---@return yuanjing.Error?
function methods:say(asked)
  local said, problems = question.read(asked)
  if not said then
    return nil, invalid("talk:say", table.concat(problems, "; "), problems)
  end
  self.messages[#self.messages + 1] = said
  return true
end

-- Calls ----------------------------------------------------------------------

local function call_of(self, wire)
  local described = wire["function"] or {}
  local raw = described.arguments or "{}"
  local object = json.decode(raw)
  local call = { id = wire.id, name = described.name or "", raw = raw,
    arguments = type(object) == "table" and object[1] == nil and object or nil }
  local tool = self.tools_by_name[call.name]
  local args, problem = arguments.of(tool or { check = false }, call)
  call.arguments, call.error = args or call.arguments, problem
  return call
end

local function last_answer(messages)
  for n = #messages, 1, -1 do
    if messages[n].role == "assistant" then return n end
  end
end

--- The calls of the last answer that nobody has answered.
---@return yuanjing.ToolCall[]
function methods:pending()
  local at, answered, calls = last_answer(self.messages), {}, {}
  for n = (at or 0) + 1, #self.messages do
    local item = self.messages[n]
    if item.role == "tool" then answered[item.tool_call_id] = true end
  end
  for _, wire in ipairs(at and self.messages[at].tool_calls or {}) do
    if not answered[wire.id] then calls[#calls + 1] = call_of(self, wire) end
  end
  return calls
end

--- Answers a call, with a result or with why there is none. Error kinds:
--- invalid_request, where no call of that id waits.
---@param id string of a pending call
---@param result any a text, or what JSON can hold
---@param problem? any
---@return true?
---@return yuanjing.Error?
function methods:answer(id, result, problem)
  for _, call in ipairs(self:pending()) do
    if call.id == id then
      self.messages[#self.messages + 1] = { role = "tool", tool_call_id = id,
        content = (run.told(result, problem)) }
      return true
    end
  end
  return nil, invalid("talk:answer",
    ("no call %s waits for an answer"):format(tostring(id)))
end

--- Ends the ask that is under way, also from inside a tool: the ask returns an error
--- of kind cancelled. Calls that wait for an answer get "not run" as their answer.
function methods:cancel()
  forget_dropped(self)
  local ask = self._asks
  if not ask then
    for _, call in ipairs(self:pending()) do
      self:answer(call.id, "not run: it was cancelled")
    end
    return
  end
  ask.is_cancelled = true
  if self._open.stream then self._open.stream:interrupt() end
  if ask.job then ask.job:cancel() end
end

-- Keeping ----------------------------------------------------------------------

--- Drops all but the last so many turns, each from a user's message to the last
--- answer to it. Instructions stay, and so does the newest turn.
---@param options { keep: integer }
---@return yuanjing.Message[] dropped
function methods:trim(options)
  local keep = type(options) == "table" and options.keep
  if type(keep) ~= "number" or keep ~= keep or keep < 0 then
    error("talk:trim: expected { keep = how many turns }", 2)
  end
  return turns.trim(self.messages, math.floor(keep))
end

--- All of it but the tools as a text: `from_json` reads that. Error kinds:
--- invalid_request, where something in it is no data.
---@return string?
---@return yuanjing.Error?
function methods:to_json()
  return saved.encode(self, "talk:to_json")
end

--- Writes all of it but the tools to a file, whole or not at all: `load` reads that.
--- Error kinds: io, invalid_request.
---@param path string
---@return true?
---@return yuanjing.Error?
function methods:save(path)
  if type(path) ~= "string" or path == "" then
    error(("talk:save: expected a path, got %s"):format(type(path)), 2)
  end
  local text, err = saved.encode(self, "talk:save")
  if not text then return nil, err end
  return saved.write(path, text, "talk:save")
end

check.methods("talk", methods, "messages")

function Conversation:__tostring()
  return ("yuanjing.Conversation (%d messages)"):format(#self.messages)
end

-- Making -----------------------------------------------------------------------

local RULES = { system = "string", tools = "table", model = "string",
  max_steps = { "number", least = 1, is_whole = true },
  echo_reasoning = "boolean", on_event = "function", load = "string",
  from_json = "string", messages = "table", ledger = "table" }

-- What belongs to one call, or is said in other words here.
local STRANGE = { prompt = "talk:ask", sys_prompt = "system",
  stream = "talk:ask { ..., stream = true }" }

local CALL = "client:conversation"

-- NB: any other field goes out with each request.
local function check_options(options)
  for name, value in pairs(options) do
    local problem = RULES[name] and check.value(name, value, RULES[name])
      or STRANGE[name] and ("%s: see %s"):format(name, STRANGE[name])
    if problem then error(CALL .. ": " .. problem, 4) end
  end
end

local NOT_SAVED = { tools = true, on_event = true, load = true,
  from_json = true, messages = true, ledger = true, system = true }

local function copy_of(list)
  local copy = {}
  for n, item in ipairs(list or {}) do copy[n] = item end
  return copy
end

-- What there is to begin with: plain data, or nil and an error.
local function first_data(options)
  if options.load then return saved.read(options.load, CALL) end
  if options.from_json then return saved.decode(options.from_json, CALL) end
  local problems = {}
  if options.messages and #options.messages > 0 then
    messages_of.check(options.messages, problems, true)
  end
  if problems[1] then
    return nil, invalid(CALL, table.concat(problems, "; "), problems)
  end
  return { params = {}, messages = copy_of(options.messages),
    ledger = copy_of(options.ledger) }
end

local function set_system(messages, system)
  if not system then return end
  local first = messages[1]
  if first and first.role == "system" then table.remove(messages, 1) end
  table.insert(messages, 1, { role = "system", content = system })
end

local function by_name(tools)
  local named = {}
  for _, tool in ipairs(tools) do
    local described = type(tool) == "table" and tool["function"]
    if tools_of.is(tool) then
      named[tool.name] = tool
    elseif type(described) == "table" and described.name then
      named[described.name] = { name = described.name, check = false }
    end
  end
  return named
end

--- A conversation; see Client:conversation.
---@param settings table
---@param options yuanjing.ConversationOptions
---@return yuanjing.Conversation?
---@return yuanjing.Error?
function conversation.new(settings, options)
  check_options(options)
  local data, err = first_data(options)
  if not data then return nil, err end
  local problems = {}
  local tools = tools_of.read(options.tools or {}, problems)
  if problems[1] then error(CALL .. ": " .. problems[1], 3) end
  for name, value in pairs(options) do
    if not NOT_SAVED[name] then data.params[name] = value end
  end
  set_system(data.messages, options.system)
  return setmetatable({ messages = data.messages, ledger = data.ledger,
    params = data.params, tools = tools, tools_by_name = by_name(tools),
    on_event = options.on_event, _settings = settings,
    _open = setmetatable({}, { __mode = "v" }) }, Conversation)
end

return conversation
