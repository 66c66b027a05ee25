--- Awaiting many tasks: one schedule, a few queries at a time, each task
-- queried when it is due.
local dry_run = require "yuanjing.spending.dry_run"
local heap = require "yuanjing.base.heap"
local job = require "yuanjing.runtime.job"
local loop = require "yuanjing.runtime.loop"
local polling = require "yuanjing.task.polling"
local task_of = require "yuanjing.task.task"

local await_many = {}

---@alias yuanjing.Tasks table<any, yuanjing.Task> by keys of the caller's
---@alias yuanjing.Results table<any, yuanjing.Result> by the same keys
---@alias yuanjing.Failures table<any, yuanjing.Error> by the same keys
---@alias yuanjing.NextResult fun(): any, yuanjing.Result?, yuanjing.Error?

local IN_FLIGHT = 4

local function wake(state)
  if state.waiter then state.waiter:wake() end
end

local function finish(state, entry, result, err)
  state.open = state.open - 1
  state.finished[#state.finished + 1] = { entry.key,
    dry_run.unwrap(result, err) }
  wake(state)
end

local function note_update(state, entry)
  local task = entry.task
  if task.status ~= entry.told and state.options.on_update then
    state.updates[#state.updates + 1] = task
    wake(state)
  end
  entry.told = task.status
end

-- Sends one query; the entry is finished or goes back into the schedule.
local function ask(state, entry)
  local task = entry.task
  local ok, err = task_of.refresh(task, state.ends - loop.now())
  note_update(state, entry)
  if task.result then return finish(state, entry, task.result) end
  if not ok and (task.error or polling.is_lasting(err)) then
    return finish(state, entry, nil, err)
  end
  entry.n, entry.last = entry.n + 1, err
  entry.at = loop.now()
    + polling.interval(task_of.PACE, entry.n, state.options.interval,
      task._pause)
  if entry.at > state.ends then
    entry.at = state.ends
    entry.is_late = true
  end
  state.heap:push(entry)
end

-- A worker sends queries until none is left, or the caller stops waiting.
local function work(state)
  while state.waiter and #state.heap > 0 do
    local nap = state.heap[1].at - loop.now()
    if nap > 0 then
      loop.sleep(nap)
    else
      local entry = state.heap:pop()
      if entry.is_late then
        finish(state, entry, nil, task_of.timed_out(entry.task, entry.last))
      else
        ask(state, entry)
      end
    end
  end
end

-- An error raised in a worker is raised in the caller.
local function run_worker(state)
  local ok, problem = pcall(work, state)
  state.workers = state.workers - 1
  if not ok then state.problem = problem end
  wake(state)
end

local function new_state(tasks, options)
  local state = { heap = heap.new(), finished = {}, updates = {}, open = 0,
    workers = 0, options = options,
    ends = task_of.deadline(options) }
  for key, task in pairs(tasks) do
    state.open = state.open + 1
    state.heap:push { key = key, task = task, at = loop.now(), n = 0 }
  end
  return state
end

local function start_workers(state)
  local most = math.max(1, state.options.in_flight or IN_FLIGHT)
  for _ = state.workers + 1, math.min(most, state.open) do
    state.workers = state.workers + 1
    job.async(run_worker, state)
  end
end

local function has_news(state)
  return #state.finished > 0 or #state.updates > 0 or state.problem
end

-- Sends queries until there is something to report. NB: no query is sent
-- between two calls, so a loop can be left at any time; queries that are due
-- by then are sent at the beginning of the next call.
local function await_change(state)
  loop.check_wait()
  state.waiter = loop.waiter()
  start_workers(state)
  while not has_news(state) do state.waiter:park() end
  state.waiter = nil
  if state.problem then error(state.problem, 0) end
end

-- Runs on_update in the caller, not in a job: it may raise, or call this
-- module.
local function report_updates(state)
  while #state.updates > 0 do
    state.options.on_update(table.remove(state.updates, 1))
  end
end

--- An iterator: each task's key with its result, or nil and its error, in the
--- order in which they end. Leaving the loop leaves the tasks as they are, and
--- stops the queries. Error kinds: those of task:await(), each for its own
--- task.
---@param tasks yuanjing.Tasks
---@param options? yuanjing.AwaitOptions
---@return yuanjing.NextResult
function await_many.as_completed(tasks, options)
  options = options or {}
  polling.check_options("as_completed", options)
  local state = new_state(tasks, options)
  return function()
    while #state.finished == 0 do
      if state.open == 0 then return nil end
      await_change(state)
      report_updates(state)
    end
    local entry = table.remove(state.finished, 1)
    return entry[1], entry[2], entry[3]
  end
end

--- Waits for all tasks: returns their results, and the errors of those that
--- failed, both by the tasks' own keys. Error kinds: those of task:await().
---@param tasks yuanjing.Tasks
---@param options? yuanjing.AwaitOptions
---@return yuanjing.Results results
---@return yuanjing.Failures errors
function await_many.await_all(tasks, options)
  options = options or {}
  polling.check_options("await_all", options)
  local results, failures = {}, {}
  for key, result, err in await_many.as_completed(tasks, options) do
    results[key], failures[key] = result, err
  end
  return results, failures
end

return await_many
