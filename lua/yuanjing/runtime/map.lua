--- A function over a list, a few items at a time, each in a job of its own.
local check = require "yuanjing.base.check"
local job = require "yuanjing.runtime.job"
local loop = require "yuanjing.runtime.loop"

local map = {}

---@alias yuanjing.MapFunction fun(item: any, index: integer): any, yuanjing.Error?
---@alias yuanjing.Mapped table<integer, any> what the function returned, by index

local AT_ONCE = 8

---@class (exact) yuanjing.MapOptions
---@field at_once? integer how many items are worked on at a time (8)

local OPTIONS = { at_once = { "number", least = 1, is_whole = true } }

local function cancel_all(workers)
  for _, worker in ipairs(workers) do worker:cancel() end
end

local function work(state)
  while state.next <= state.n do
    local i = state.next
    state.next = i + 1
    state.results[i], state.errors[i] =
      job.async(state.run, state.list[i], i):await()
  end
end

-- A mistake in the function ends the whole map: each other item would meet it
-- too.
local function run_worker(state)
  local ok, problem = pcall(work, state)
  if ok then return end
  state.next = state.n + 1
  state.mistake = state.mistake or { what = problem } -- it may be nil
  cancel_all(state.workers)
end

local function await_all(state)
  for _, worker in ipairs(state.workers) do worker:await() end
  if state.mistake then error(state.mistake.what, 0) end
end

--- Calls run(item, index) for each item of a list, `at_once` of them at a
--- time, and returns the results and the errors, each by the item's index. An
--- error that the function returns, or raises with assert(), belongs to its
--- item. Any other value that it raises cancels all items and is raised here.
--- Cancelling the job that called map() cancels all items too.
---@param list any[]
---@param run yuanjing.MapFunction
---@param options? yuanjing.MapOptions
---@return yuanjing.Mapped results
---@return yuanjing.Failures errors
function map.map(list, run, options)
  options = options == nil and {} or options
  check.table("yuanjing.map", list)
  if type(run) ~= "function" then
    error(("yuanjing.map: expected function, got %s"):format(type(run)), 2)
  end
  check.table("yuanjing.map: options", options)
  check.options("yuanjing.map", options, OPTIONS)
  loop.check_wait()
  local state = { list = list, run = run, n = #list, next = 1, results = {},
    errors = {}, workers = {} }
  for i = 1, math.min(options.at_once or AT_ONCE, state.n) do
    state.workers[i] = job.async(run_worker, state)
  end
  local ok, problem = pcall(await_all, state)
  if ok then return state.results, state.errors end
  cancel_all(state.workers)
  error(problem, 0)
end

return map
