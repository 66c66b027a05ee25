--- Workers: any number of processes that take a journal's tasks one by one,
-- await each, and hand its result to the user. A task is with one worker as long
-- as that renews its lease.
local errors = require "yuanjing.errors"
local job = require "yuanjing.job"
local loop = require "yuanjing.loop"
local new_name = require "yuanjing.journal.name"

local work = {}

---@class (exact) yuanjing.WorkOptions
---@field on_result fun(task: yuanjing.Task, result: yuanjing.Result?, err: yuanjing.Error?) a task has ended
---@field concurrency? integer tasks at a time (50)
---@field lease? number seconds that a worker may be silent before others take its tasks (60)
---@field interval? number seconds between two queries of a task; default: from 3 to 15
---@field drain? boolean returns when no task is left; default: never

local OPTIONS = { on_result = "function", concurrency = "number",
  lease = "number", interval = "number", drain = "boolean" }

local PAUSE = 0.2 -- seconds between two looks at what there is
local RETRY = 1

--- Raises at the caller of the caller what is wrong with the options.
---@param options yuanjing.WorkOptions
function work.check_options(options)
  if type(options) ~= "table" then
    error(("journal:work: expected table, got %s"):format(type(options)), 3)
  end
  for name, value in pairs(options) do
    if type(value) ~= OPTIONS[name] then
      error(("journal:work: %s: expected %s, got %s"):format(tostring(name),
        OPTIONS[name] or "no such option", type(value)), 3)
    end
  end
  if not options.on_result then
    error("journal:work: on_result: missing", 3)
  end
end

-- Asks until there is an answer: what must not be left out.
local function insist(worker, ask, ...)
  while true do
    local answer, problem = ask(...)
    if answer then return answer end
    worker.warn(problem)
    loop.sleep(RETRY)
  end
end

local function is_held(worker, item)
  local store = worker.store
  return insist(worker, store.hold, store, worker.name, { item.id })[item.id]
end

-- The task's result, or why it has none; nothing where others have it by now.
local function await(worker, item, task)
  while not worker.lost[item.id] do
    local result, err = task:await { interval = worker.options.interval }
    if result or task.error then return result, err end
    if err.kind ~= "timeout" then
      worker.warn(err)
      loop.sleep(RETRY)
    end
  end
end

-- Whether there is nothing more to do about it. NB: the lease is made sure of at
-- the last moment, and lasts from there.
local function handle(worker, item)
  insist(worker, worker.book.refresh, worker.book)
  local task = worker.task_of(item.key)
  if not task then return true end -- forgotten
  local result, err = await(worker, item, task)
  if not is_held(worker, item) then return false end
  worker.options.on_result(task, result, err)
  return true
end

local function is_cancelled(problem)
  return errors.is(problem) and problem.kind == "cancelled"
end

-- What on_result raises leaves the task to be handled again, when the lease is
-- over; a worker that is cancelled leaves it, too.
local function run(worker, item)
  local ok, is_over = pcall(handle, worker, item)
  if ok and is_over then
    insist(worker, worker.store.finish, worker.store, item.id)
  elseif not ok and not is_cancelled(is_over) then
    worker.warn(is_over)
  end
end

local function start(worker, item)
  worker.count = worker.count + 1
  worker.held[item.id] = true
  job.async(function()
    local ok, problem = pcall(run, worker, item)
    worker.held[item.id], worker.lost[item.id] = nil, nil
    worker.count = worker.count - 1
    if not ok then error(problem, 0) end
  end)
end

local function take(worker)
  local options = worker.options
  local free = options.concurrency - worker.count
  if free < 1 then return end
  local items, problem = worker.store:take(worker.name, options.lease, free)
  if not items then return worker.warn(problem) end
  for _, item in ipairs(items) do
    if not worker.held[item.id] then start(worker, item) end
  end
end

local function renew(worker)
  if loop.now() < worker.renewed + worker.options.lease / 3 then return end
  worker.renewed = loop.now()
  local ids = {}
  for id in pairs(worker.held) do ids[#ids + 1] = id end
  if #ids == 0 then return end
  local held, problem = worker.store:hold(worker.name, ids)
  if not held then return worker.warn(problem) end
  for _, id in ipairs(ids) do worker.lost[id] = not held[id] or nil end
end

local function is_drained(worker)
  return worker.options.drain and worker.count == 0
    and worker.store:left() == 0
end

--- See Journal:work.
---@param book yuanjing.journal.Book open
---@param options yuanjing.WorkOptions
---@param task_of fun(key: string): yuanjing.Task? of an entry
---@param warn fun(problem: any)
function work.run(book, options, task_of, warn)
  local worker = { book = book, store = book.store, name = new_name(),
    task_of = task_of, warn = warn, held = {}, lost = {}, count = 0,
    renewed = loop.now(), options = { on_result = options.on_result,
      concurrency = options.concurrency or 50, lease = options.lease or 60,
      interval = options.interval, drain = options.drain } }
  repeat
    renew(worker)
    take(worker)
    loop.sleep(math.min(PAUSE, worker.options.lease / 3))
  until is_drained(worker)
end

return work
