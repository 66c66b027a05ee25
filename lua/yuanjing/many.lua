--- Many tasks at once: one schedule, a few queries at a time, each task asked
-- when its own time has come.
local loop = require "yuanjing.loop"
local task_of = require "yuanjing.task"

local many = {}

local IN_FLIGHT = 4

-- The schedule: entries by their time, a heap.

local function push(heap, entry)
  local at = #heap + 1
  while at > 1 do
    local parent = math.floor(at / 2)
    if heap[parent].at <= entry.at then break end
    heap[at] = heap[parent]
    at = parent
  end
  heap[at] = entry
end

local function pop(heap)
  local first, last = heap[1], table.remove(heap)
  if first == last then return first end
  local at = 1
  while true do
    local child = 2 * at
    if child > #heap then break end
    if child < #heap and heap[child + 1].at < heap[child].at then
      child = child + 1
    end
    if heap[child].at >= last.at then break end
    heap[at] = heap[child]
    at = child
  end
  heap[at] = last
  return first
end

local function finish(state, entry, result, err)
  state.open = state.open - 1
  state.finished[#state.finished + 1] = { entry.key, result, err }
end

local function tell(state, entry)
  local task = entry.task
  if task.status ~= entry.told and state.options.on_update then
    state.options.on_update(task)
  end
  entry.told = task.status
end

-- Asks once; the entry is finished or goes back into the schedule.
local function ask(state, entry)
  local task = entry.task
  local ok, err = task:refresh()
  tell(state, entry)
  if task.result then return finish(state, entry, task.result) end
  if not ok and (task.error or task_of.is_lasting(err)) then
    return finish(state, entry, nil, err)
  end
  entry.n, entry.last = entry.n + 1, err
  entry.at = loop.now() + task_of.interval(entry.n, state.options.interval)
  if entry.at > state.ends then
    entry.at = state.ends
    entry.is_late = true
  end
  push(state.heap, entry)
end

-- One of the few that ask. It ends when nothing is left to ask, or when nobody
-- holds the state any more: whoever waited has left.
local function work(shared)
  while shared.state and #shared.state.heap > 0 do
    local nap = shared.state.heap[1].at - loop.now()
    if nap > 0 then
      loop.sleep(nap)
    else
      local state = shared.state
      local entry = pop(state.heap)
      if entry.is_late then
        finish(state, entry, nil, task_of.timed_out(entry.task, entry.last))
      else
        ask(state, entry)
      end
    end
  end
end

local function new_state(tasks, options)
  local state = { heap = {}, finished = {}, open = 0, options = options,
    ends = task_of.deadline(options) }
  for key, task in pairs(tasks) do
    state.open = state.open + 1
    push(state.heap, { key = key, task = task, at = loop.now(), n = 0 })
  end
  return state
end

local function start(state)
  local shared = setmetatable({ state = state }, { __mode = "v" })
  local workers = math.min(state.options.in_flight or IN_FLIGHT, state.open)
  for _ = 1, workers do
    loop.start(function() work(shared) end)
  end
end

--- For a loop: each task's key with its result, or nil and its error, in the
--- order they end. Leaving the loop leaves the tasks as they are.
---@param tasks table<any, yuanjing.Task>
---@param options? yuanjing.AwaitOptions
---@return fun(): any, yuanjing.Result?, yuanjing.Error?
function many.as_completed(tasks, options)
  local state = new_state(tasks, task_of.check_options("as_completed",
    options or {}))
  start(state)
  return function()
    if state.open > 0 or #state.finished > 0 then
      loop.wait_until(function() return #state.finished > 0 end)
      local entry = table.remove(state.finished, 1)
      return entry[1], entry[2], entry[3]
    end
  end
end

--- Waits for all of them: their results, and the errors of those that failed,
--- both by the tasks' own keys.
---@param tasks table<any, yuanjing.Task>
---@param options? yuanjing.AwaitOptions
---@return table<any, yuanjing.Result> results
---@return table<any, yuanjing.Error> errors
function many.await_all(tasks, options)
  local results, failures = {}, {}
  for key, result, err in many.as_completed(tasks, options) do
    results[key], failures[key] = result, err
  end
  return results, failures
end

return many
