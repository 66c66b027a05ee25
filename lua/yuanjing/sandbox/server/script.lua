--- Scripted answers of a test: a queue for each endpoint, filled from a file
-- to which the test's process appends its commands (sandbox/script.lua). The
-- log is the way back.
--
-- A scripted answer is sent unchanged, or changes the endpoint's answer; most
-- of its fields are scenarios under other names.
local chat = require "yuanjing.sandbox.server.chat"
local clock = require "yuanjing.sandbox.server.clock"
local endpoints = require "yuanjing.sandbox.server.endpoints"
local groups = require "yuanjing.sandbox.server.assets.groups"
local play = require "yuanjing.sandbox.server.play"
local results = require "yuanjing.sandbox.server.media.results"
local scenario = require "yuanjing.sandbox.server.scenario"
local shelf = require "yuanjing.sandbox.server.assets.shelf"
local tasks = require "yuanjing.sandbox.server.media.tasks"

local script = {}

local queues = {} -- by endpoint: the answers, oldest first

-- The file -----------------------------------------------------------------

local COMMANDS = {
  answer = function(answer)
    local queue = queues[answer.to] or {}
    queues[answer.to], queue[#queue + 1] = queue, answer
  end,
  advance = clock.advance,
  clear = function()
    queues = {}
    clock.reset()
    scenario.forget()
    tasks.forget()
    groups.forget()
    shelf.forget()
  end,
}

local file, read_to = nil, 0

---@param path string
function script.open(path)
  file = assert(io.open(path, "a+"))
end

--- Executes new commands. A line without an end is still being written.
function script.update()
  file:seek("set", read_to)
  local text = file:read("*a"):match("^.*\n")
  if not text then return end
  read_to = read_to + #text
  for line in text:gmatch("[^\n]+") do
    local command, value = assert(loadstring("return " .. line))()
    COMMANDS[command](value)
  end
end

-- Choosing -----------------------------------------------------------------

-- The task of a query or a download, or nil.
local function task_of(seen)
  local id = seen.query.taskid or seen.fields.taskid or
    results.read_path(seen.query.path or "")
  return type(id) == "string" and tasks.find(id) or nil
end

local function holds(text, part)
  return not part or
    type(text) == "string" and text:find(part, 1, true) ~= nil
end

local function matches(answer, seen)
  if not answer.model and not answer.prompt then return true end
  local task = task_of(seen)
  local fields = task or seen.fields
  return holds(fields.model or fields.llmid, answer.model) and
    holds(task and task.prompt or chat.prompt(fields), answer.prompt)
end

local function choose(queue, seen)
  for i, answer in ipairs(queue) do
    if matches(answer, seen) then
      answer.times = answer.times - 1
      if answer.times <= 0 then table.remove(queue, i) end
      return answer
    end
  end
end

-- Fields of a scripted answer, and the scenarios that implement them.
local SCENARIOS = {
  { "content", "say" }, { "reasoning", "reasoning" },
  { "finish_reason", "finish" }, { "seconds", "task" },
  { "fails", "task-fails" }, { "gap", "slow" }, { "delay", "stall-head" },
  { "break_after", "break" },
}

local function steps_of(answer)
  local steps = {}
  for _, pair in ipairs(SCENARIOS) do
    local value = answer[pair[1]]
    if value then steps[#steps + 1] = { name = pair[2], value = value } end
  end
  return steps
end

--- Gives the request the next scripted answer that fits it, if there is one.
---@param seen yuanjing.sandbox.Seen
function script.take(seen)
  local queue = queues[endpoints[seen.path]]
  local answer = queue and choose(queue, seen)
  if not answer then return end
  seen.answer, seen.steps = answer, steps_of(answer)
  seen.overrides = { chunks = answer.chunks, usage = answer.usage,
    calls = answer.tool_calls }
  if answer.scenario then
    seen.scenario = seen.scenario .. "; " .. answer.scenario
  end
end

-- Answering ----------------------------------------------------------------

local function reply(answer)
  local status = answer.status or 200
  if answer.body then return play.body(status, answer.body) end
  return play.fail(status, answer.error or ("status %d"):format(status))
end

-- The body of a file has ranges and the other features of a download.
local function is_reply(answer)
  local is_file = answer.to == "file" and not answer.status
  return answer.status or answer.error or answer.body and not is_file
end

--- Makes the answer to this request.
---@param seen yuanjing.sandbox.Seen
---@param handle fun(seen: yuanjing.sandbox.Seen): yuanjing.sandbox.Play
---@return fun(seen: yuanjing.sandbox.Seen): yuanjing.sandbox.Play
function script.handler(seen, handle)
  if not seen.answer or not is_reply(seen.answer) then return handle end
  return function() return reply(seen.answer) end
end

--- Adds the scripted headers.
---@param seen yuanjing.sandbox.Seen
---@param result yuanjing.sandbox.Play
function script.add_headers(seen, result)
  local answer = seen.answer or {}
  for name, value in pairs(answer.headers or {}) do
    result.headers[name] = value
  end
  if answer.retry_after then
    result.headers["Retry-After"] = clock.retry_after(answer.retry_after)
  end
end

return script
