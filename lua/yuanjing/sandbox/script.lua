--- The client side of a script: checks what a test requests, and writes it to
-- a file in the sandbox's folder. The server reads that file before each
-- request, so it applies to every request that is sent later, and uses no
-- connection.
local ascii = require "yuanjing.base.ascii"
local calls = require "yuanjing.sandbox.calls"
local check = require "yuanjing.base.check"
local endpoints = require "yuanjing.sandbox.server.endpoints"
local json = require "yuanjing.base.json"
local literal = require "yuanjing.sandbox.literal"
local mistake = require "yuanjing.base.check.mistake"
local scenario = require "yuanjing.sandbox.server.scenario"

local script = {}

---@class (exact) yuanjing.sandbox.Answer
---@field model? string for requests whose model has this text in it
---@field prompt? string for requests whose prompt has this text in it; for a
--- query or a download the prompt of its task counts
---@field times? number how many requests it answers; 1. math.huge: all
---@field scenario? string "name[=value]; ...": `yuanjing sandbox --list`
---@field delay? number seconds before the answer begins
---@field break_after? integer breaks the connection after so many bytes of the
--- body
---@field status? integer of HTTP; 200
---@field error? string {"error": text}
---@field body? string the exact bytes; for a file without `status` its content,
--- which supports ranges
---@field json? table the body, as JSON
---@field headers? table<string, string>
---@field retry_after? number seconds
---@field content? string the text of a chat
---@field chunks? (string|number)[] the text of a chat in chunks; a number is
--- a pause in seconds
---@field gap? number seconds before each chunk; the sandbox's latency
---@field tool_calls? yuanjing.sandbox.AnswerCall[] the tools that a chat calls
---@field reasoning? string the reasoning of a chat
---@field reasoning_content? string the same, by its name on the wire
---@field finish_reason? string of a chat; "stop", or "tool_calls" with these
---@field usage? { prompt_tokens: integer?, completion_tokens: integer?, total_tokens: integer? }
---@field seconds? number from the submit of a task, or an upload, to its end
---@field fails? string the task or asset fails, with this text

local function set_of(...)
  local set = {}
  for _, name in ipairs { ... } do set[name] = true end
  return set
end

local SCALARS, NUMBERS = set_of("string", "number"), set_of("number")

local CHAT = set_of("chat")
local WORK = set_of("image", "video", "upload")

-- The type, the least number (default 0), and the types allowed in a table.
-- `reply` fields are sent unchanged; they exclude `made` fields, which change
-- the answer that the endpoint makes.
local FIELDS = {
  model = { "string" }, prompt = { "string" }, times = { "number", least = 1 },
  scenario = { "string" }, delay = { "number", least = 0 }, break_after = { "number", least = 0 },
  status = { "number", least = 200, reply = true },
  error = { "string", reply = true },
  body = { "string", reply = true },
  json = { "table", reply = true },
  headers = { "table", items = SCALARS }, retry_after = { "number", least = 0 },
  content = { "string", made = CHAT },
  chunks = { "table", items = SCALARS, made = CHAT },
  tool_calls = { "table", made = CHAT },
  gap = { "number", least = 0, made = CHAT }, reasoning = { "string", made = CHAT },
  reasoning_content = { "string", made = CHAT },
  finish_reason = { "string", made = CHAT },
  usage = { "table", items = NUMBERS, made = CHAT },
  seconds = { "number", least = 0, made = WORK }, fails = { "string", made = WORK },
}

local NAMES = {} -- of the endpoints
for _, name in pairs(endpoints) do NAMES[name] = true end

-- What is wrong in a table, or nil.
local function item_problem(name, list, allowed)
  for key, item in pairs(list) do
    if not allowed[type(item)] then
      return ("%s[%s]: a %s"):format(name, tostring(key), type(item))
    end
  end
end

-- What is wrong with one field, or nil.
local function field_problem(endpoint, name, value)
  local known = FIELDS[name]
  local problem = check.value(name, value, known)
  if problem then return problem end
  if known.made and not known.made[endpoint] then
    return ("%s: means nothing to %s"):format(name, endpoint)
  end
  return known.items and item_problem(name, value, known.items)
end

-- The first name, by the alphabet, of a field with this mark, or nil.
local function first_with(answer, mark)
  local first
  for name in pairs(answer) do
    if FIELDS[name][mark] and (not first or ascii.less(name, first)) then first = name end
  end
  return first
end

local function problem_of(endpoint, answer)
  for name, value in pairs(answer) do
    if not FIELDS[name] then
      return mistake.of_name("field", name, FIELDS)
    end
    local problem = field_problem(endpoint, name, value)
    if problem then return problem end
  end
  local reply, made = first_with(answer, "reply"), first_with(answer, "made")
  if reply and made then
    return ("%s and %s exclude each other"):format(reply, made)
  elseif answer.body and answer.json then
    return "body and json exclude each other"
  elseif answer.reasoning and answer.reasoning_content then
    return "reasoning and reasoning_content are the same: give one"
  end
  return answer.scenario and scenario.problem(answer.scenario)
end

--- Checks an answer and converts it for the server; raises at the caller's
--- caller.
---@param endpoint string
---@param answer yuanjing.sandbox.Answer
---@return table
function script.answer(endpoint, answer)
  local function refuse(problem)
    error("box:answer: " .. problem, 4)
  end
  if not NAMES[endpoint] then
    refuse(("unknown endpoint %q"):format(tostring(endpoint)))
  elseif type(answer) ~= "table" then
    refuse(("expected table, got %s"):format(type(answer)))
  end
  local problem = problem_of(endpoint, answer)
  if problem then refuse(problem) end
  local given = { to = endpoint, times = 1 }
  for name, value in pairs(answer) do given[name] = value end
  if answer.json then
    given.body, problem = json.encode(answer.json)
    if not given.body then refuse("json: " .. problem) end
    given.json = nil
  end
  if answer.tool_calls then
    given.tool_calls, problem = calls.read(answer.tool_calls)
    if not given.tool_calls then refuse(problem) end
  end
  given.reasoning = given.reasoning or given.reasoning_content
  return given
end

--- Sends a command to the server. It applies to every later request.
---@param dir string
---@param command "answer"|"advance"|"clear"
---@param value? any
function script.write(dir, command, value)
  local file = assert(io.open(dir .. "/script", "a"))
  assert(file:write(literal(command), ", ", literal(value or true), "\n"))
  assert(file:close())
end

return script
