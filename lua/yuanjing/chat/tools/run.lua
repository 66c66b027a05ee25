--- Runs what a model has asked for. Whatever goes wrong there becomes a text for
-- the model, which can try again or do without.
local ascii = require "yuanjing.base.ascii"
local arguments = require "yuanjing.chat.tools.arguments"
local canonical = require "yuanjing.chat.schema.canonical"
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local job = require "yuanjing.runtime.job"
local json = require "yuanjing.base.json"
local loop = require "yuanjing.runtime.loop"

local run = {}

---@class yuanjing.Step a call and what became of it
---@field id string
---@field name string
---@field arguments? table
---@field raw string the arguments as the model wrote them
---@field repaired? string what had to be mended in them to read them
---@field result? any what the tool returned
---@field error? string why there is no result
---@field text string what the model was told
---@field elapsed? number seconds that the tool took
---@field step integer which answer of this ask the call was in

-- Texts --------------------------------------------------------------------

local MOST_BYTES = 256 * 1024 -- of a result: it goes out again with each request

-- Replaces bytes that are not UTF-8: with them the conversation could not be
-- sent again.
local function readable(text)
  if not core.utf8_error(text) then return text end
  return (text:gsub("[\128-\255]+", function(bytes)
    return core.utf8_error(bytes) and "\239\191\189" or bytes
  end))
end

local function shortened(text)
  if #text <= MOST_BYTES then return text end
  return ("%s\n(cut: the result has %d bytes)"):format(
    errors.cap(text, MOST_BYTES), #text)
end

local function text_of(value)
  if type(value) == "string" then return value ~= "" and value or "(nothing)" end
  if value == nil then return "done" end
  local text, problem = json.encode(value)
  if text then return canonical(value) end
  return nil, "the result can not be written as JSON: " .. problem
end

--- What the model is told of a result, or of an error.
---@param value any
---@param problem? any
---@return string text
---@return string? error
function run.told(value, problem)
  local text
  if problem == nil then text, problem = text_of(value) end
  if text then return shortened(readable(text)) end
  problem = shortened(readable(tostring(problem)))
  return "error: " .. problem, problem
end

-- Running ------------------------------------------------------------------

-- Removes the "file:line:" of an error message, which tells the model nothing.
local function plain(problem)
  if type(problem) ~= "string" then return tostring(problem) end
  return (problem:gsub("^[^\n]-:%d+: ", ""))
end

local function guarded(tool, args)
  local ok, value, problem = pcall(tool.run, args)
  if not ok then return nil, plain(value) end
  if value == nil and problem ~= nil then return nil, tostring(problem) end
  return value
end

-- A tool runs in a job of its own, so that it may wait; the job ends when the
-- ask ends.
local function start(tool, step)
  local started = loop.now()
  local work = job.async(guarded, tool, step.arguments)
  return function()
    local value, problem = work:await()
    step.elapsed, step.result = loop.now() - started, value
    step.text, step.error = run.told(value, problem)
  end
end

local function refuse(step, problem)
  step.text, step.error = run.told(nil, problem)
  return function() end
end

local function names_of(tools)
  local names = {}
  for name in pairs(tools) do names[#names + 1] = name end
  table.sort(names, ascii.less)
  return #names > 0 and table.concat(names, ", ") or "none"
end

--- An ask that comes to this number of equal calls refuses the last of them.
run.MOST_REPEATS = 3

-- Counts equal calls in one ask; whether this one is to be refused.
local function is_repeated(seen, step)
  local key = step.name .. " " .. canonical(step.arguments)
  seen[key] = (seen[key] or 0) + 1
  return seen[key] >= run.MOST_REPEATS
end

-- Begins a call; returns a function that waits for its end.
local function begin(tools, step, call, seen)
  local tool = tools[call.name]
  if not tool then
    return refuse(step, ("there is no tool %q; there are: %s"):format(call.name,
      names_of(tools)))
  end
  local args, problem, repaired = arguments.of(tool, call)
  step.arguments, step.repaired = args or call.arguments, repaired
  if not args then return refuse(step, problem) end
  if is_repeated(seen, step) then
    return refuse(step, "not run: this call was made twice before with the "
      .. "same arguments; use what came of it, or do something else")
  end
  return start(tool, step)
end

--- Whether the program has to answer a call: its tool has no function to run.
---@param tools table<string, yuanjing.Tool>
---@param call yuanjing.ToolCall
---@return boolean
function run.is_for_user(tools, call)
  local tool = tools[call.name]
  return tool ~= nil and tool.run == nil
end

--- Runs calls, one after the other, or `parallel` of them at a time. `emit` is called
--- with each step before it begins and when it is over.
---@param tools table<string, yuanjing.Tool>
---@param calls yuanjing.ToolCall[]
---@param seen table<string, integer> calls of this ask
---@param parallel integer
---@param emit fun(kind: "tool_call"|"tool_result", step: yuanjing.Step)
---@param number integer of the answer they are in
---@return yuanjing.Step[] in the order of the calls
function run.calls(tools, calls, seen, parallel, emit, number)
  local steps, waiting = {}, {}
  local function finish_first()
    local first = table.remove(waiting, 1)
    first.wait()
    emit("tool_result", first.step)
  end
  for n, call in ipairs(calls) do
    local step = { id = call.id, name = call.name, raw = call.raw,
      arguments = call.arguments, step = number }
    steps[n] = step
    emit("tool_call", step)
    if #waiting == parallel then finish_first() end
    waiting[#waiting + 1] = { step = step,
      wait = begin(tools, step, call, seen) }
    if parallel == 1 then finish_first() end
  end
  while #waiting > 0 do finish_first() end
  return steps
end

return run
