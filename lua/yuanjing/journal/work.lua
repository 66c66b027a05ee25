--- Workers: any number of processes that take a journal's tasks one by one,
-- await each, and pass its result to the user. A worker holds a task as long
-- as it renews the lease. A task is finished only when on_result has returned
-- and its end is in the journal.
local check = require "yuanjing.base.check"
local compaction = require "yuanjing.journal.compaction"
local errors = require "yuanjing.errors"
local job = require "yuanjing.runtime.job"
local loop = require "yuanjing.runtime.loop"
local merging = require "yuanjing.journal.merging"
local new_name = require "yuanjing.base.random_name"

local work = {}

---@class yuanjing.Lease of a task that on_result handles
---@field number integer higher than that of every lease of the task before
---@field lost boolean another worker may have the task by now
---@field attempt integer how often on_result was called for the task: 1, 2, ...

---@class (exact) yuanjing.WorkOptions
---@field on_result fun(task: yuanjing.Task, result: yuanjing.Result?, err: yuanjing.Error?, ...) then number, lease
---@field concurrency? integer tasks at a time (50)
---@field lease? number seconds without a heartbeat until others take a worker's tasks (60)
---@field attempts? integer how often on_result may fail before the task is given up (5)
---@field interval? number seconds between two queries of a task; default: from 3 to 15
---@field drain? boolean returns when no task is left; default: never

-- The type of each option, its bounds and its default.
local OPTIONS = {
  on_result = { "function", needed = true },
  drain = { "boolean" },
  concurrency = { "number", least = 1, most = 2 ^ 31, is_whole = true,
    default = 50 },
  attempts = { "number", least = 1, most = 2 ^ 31, is_whole = true, default = 5 },
  lease = { "number", least = 0.1, most = 86400, default = 60 },
  interval = { "number", least = 0.001, most = 86400 },
}

local PAUSE = 0.2 -- seconds between two rounds
local LONG_PAUSE = 5 -- at most, while the store fails
local RETRY = 1 -- seconds until the first retry
local LONGEST = 60 -- seconds between two retries, at most
local LOOK = 1 -- seconds between two reads of the journal
local TIDY = 60 -- seconds between two searches for lost and old items

--- Raises an error for wrong options, at the caller's caller.
---@param options yuanjing.WorkOptions
function work.check_options(options)
  check.options("journal:work", options, OPTIONS, 3)
end

-- Leases -------------------------------------------------------------------

-- Another worker has the item, or may have it: interrupts the code that
-- handles it, at its next wait. If the queue was lost, the task's record
-- queues it again. NB: it must not block: there may be more items to lose.
local function lose(worker, item)
  if item.lease.lost then return end
  item.lease.lost = true
  local err = errors.new { kind = "cancelled", code = "worker.lost",
    call = "journal:work", task = item.task,
    message = "the lease was lost: another worker may have the task" }
  if item.waiter then item.waiter:interrupt(err) end
  worker.warn(err, err.code, item.task)
  worker.tidied = -math.huge
  if item.record then worker.book:keep(item.record, true) end
end

local function held_items(worker)
  local items = {}
  for item in pairs(worker.held) do items[#items + 1] = item end
  return items
end

-- While Redis does not answer, the state of the leases is unknown: then a
-- lease ends by our own clock.
local function lose_expired(worker)
  for _, item in ipairs(held_items(worker)) do
    if loop.now() - item.held > worker.lease then lose(worker, item) end
  end
  loop.requeue_ready()
end

-- The store failed: warns, and the rounds become less frequent.
local function note_failure(worker, problem)
  worker.is_failing = true
  lose_expired(worker)
  worker.warn(problem)
end

local function renew(worker)
  if loop.now() < worker.renewed + worker.lease / 3 then return end
  worker.renewed = loop.now()
  local items, ids, from = held_items(worker), {}, loop.now()
  if #items == 0 then return end
  for i, item in ipairs(items) do ids[i] = item.id end
  local held, problem = worker.store:hold(worker.name, ids)
  if not held then return note_failure(worker, problem) end
  for _, item in ipairs(items) do
    if held[item.id] then item.held = from else lose(worker, item) end
  end
  loop.requeue_ready()
end

-- Repeats an operation until it succeeds: for what must not be skipped.
local function retry(worker, ask, ...)
  local pause = RETRY
  while true do
    local answer, problem = ask(...)
    if answer then return answer end
    worker.warn(problem)
    loop.sleep(pause)
    pause = math.min(LONGEST, 2 * pause)
  end
end

-- One task -----------------------------------------------------------------

-- The entry of an item. If the journal has lost its record, the item's copy is
-- written again. Nil if no record is known.
local function find_entry(worker, item)
  local book = worker.book
  retry(worker, book.refresh, book)
  local record = item.record
  if not book.entries[item.key] and record then
    book:write(merging.record(record, { state = record.state,
      status = record.status, result = record.result, error = record.error,
      changed = os.time() }))
  end
  return book.entries[item.key]
end

-- The task's result, or why it has none. A permanent failure is retried less
-- and less often, with a warning each time.
local function await(worker, task)
  local pause = RETRY
  while true do
    local result, err = task:await { interval = worker.options.interval }
    if result or task.error then return result, err end
    if err.kind ~= "timeout" then
      worker.warn(err)
      loop.sleep(pause)
      pause = math.min(LONGEST, 2 * pause)
    end
  end
end

local function has_better(worker, item)
  for other in pairs(worker.waiting) do
    if other.attempts < item.attempts then return true end
  end
  return false
end

-- A task that was held by a worker that died may kill this process too, and
-- its other tasks: so few such tasks run at a time, those with the fewest
-- attempts first; more run at a time as they succeed.
local function await_turn(worker, item)
  worker.waiting[item] = true
  while worker.suspect_count >= worker.trust or has_better(worker, item) do
    loop.sleep(PAUSE / 4)
  end
  worker.waiting[item] = nil
  item.is_suspect, worker.suspect_count = true, worker.suspect_count + 1
end

-- Gives up the item: it goes to the dead letters, for the user to look at.
local function give_up(worker, item, problem)
  local entry = worker.book.entries[item.key] or { key = item.key }
  local text = errors.cap(tostring(problem), 500)
  worker.warn(("gave up task %s after %d attempts: %s"):format(
    tostring(entry.id or item.key), item.attempts, text))
  retry(worker, worker.store.finish, worker.store, item,
    merging.record(entry, { changed = os.time(),
      dead = { attempts = item.attempts, error = text, at = os.time() } }))
end

local function finish(worker, item)
  local book = worker.book
  if item.is_suspect then worker.trust = worker.trust + 1 end
  retry(worker, book.flush, book) -- its end must be written first
  retry(worker, worker.store.finish, worker.store, item)
end

-- NB: the lease is confirmed at the last moment, and is full from then on.
local function begin(worker, item)
  local from = loop.now()
  local answer = retry(worker, worker.store.begin, worker.store, item,
    worker.lease)
  if not answer.is_held then return false end
  item.attempts, item.held = item.attempts + 1, from
  item.lease.attempt = item.attempts
  return true
end

local function handle(worker, item, result, err)
  if item.was_held then await_turn(worker, item) end
  if not begin(worker, item) then return end
  local ok, problem = pcall(worker.options.on_result, item.task, result, err,
    item.number, item.lease)
  if ok then return finish(worker, item) end
  if item.waiter.problem then error(problem, 0) end -- it was interrupted
  worker.warn(problem)
  if item.attempts >= worker.attempts then
    return give_up(worker, item, problem)
  end
  item.attempts = item.attempts - 1 -- leave() counts it
  retry(worker, worker.store.leave, worker.store, item, worker.lease, true)
end

local function run(worker, item)
  local entry = find_entry(worker, item)
  if not entry then
    return give_up(worker, item, "the journal has no record of this task")
  elseif entry.state == "forgotten" then
    return finish(worker, item)
  elseif item.attempts >= worker.attempts then
    return give_up(worker, item, "on_result did not return: its process ended")
  end
  item.task = worker.task_of(entry)
  if not item.task then
    return give_up(worker, item, "the journal knows no id of this task")
  end
  return handle(worker, item, await(worker, item.task))
end

-- An interrupted item is released at once for other workers. NB: any other
-- error is a fault of this module or of a store.
local function release(worker, item, problem)
  if item.lease.lost then return end
  local is_stopped = item.waiter.problem ~= nil
  if not is_stopped then worker.warn(problem) end
  if item.lease.attempt > 0 then item.attempts = item.lease.attempt - 1 end
  worker.store:leave(item, worker.lease, not is_stopped)
end

local function start(worker, item)
  item.lease = { number = item.number, lost = false, attempt = 0 }
  worker.count, worker.held[item] = worker.count + 1, true
  job.async(function()
    item.waiter = loop.waiter()
    local ok, problem = pcall(run, worker, item)
    if not ok then pcall(release, worker, item, problem) end
    worker.held[item], worker.waiting[item] = nil, nil
    worker.count = worker.count - 1
    if item.is_suspect then worker.suspect_count = worker.suspect_count - 1 end
  end)
end

-- The worker ----------------------------------------------------------------

local function take(worker)
  local free, from = worker.concurrency - worker.count, loop.now()
  if free < 1 then return end
  local items, problem = worker.store:take(worker.name, worker.lease, free)
  if not items then return note_failure(worker, problem) end
  for _, item in ipairs(items) do
    item.held = from
    start(worker, item)
  end
end

-- The records of pending tasks: each of them must have an item in the queue.
local function pending_records(worker)
  local records = {}
  for _, entry in ipairs(worker.book.order) do
    if entry.state == "running" and not entry.dead then
      records[#records + 1] = merging.record(entry, { state = "running",
        status = entry.status })
    end
  end
  return records
end

-- Nil if it is unknown. An empty queue with pending tasks was lost: it is
-- filled again.
local function is_empty(worker)
  local left, problem = worker.store:left()
  if left and left > 0 then return false end
  local ok = left and worker.book:refresh()
  if not ok then return nil, problem end
  local records = pending_records(worker)
  if #records == 0 then return true end
  return worker.store:queue(records, true) and false
end

-- NB: a writer must notice when a replica lacks what it wrote: see
-- Book:refresh().
local function look(worker)
  if loop.now() < worker.looked + LOOK then return end
  worker.looked = loop.now()
  local ok, problem = worker.book:refresh()
  if not ok then note_failure(worker, problem) end
end

local function tidy(worker)
  if loop.now() < worker.tidied + TIDY then return end
  worker.tidied = loop.now()
  local ok, problem = worker.store:adopt()
  if ok then ok, problem = compaction.trim(worker.store, worker.book.entries) end
  if not ok then return note_failure(worker, problem) end
  if worker.count == 0 then is_empty(worker) end
end

local function is_drained(worker)
  return worker.options.drain and worker.count == 0 and is_empty(worker)
end

local STEPS = { renew, look, tidy, take }

-- One round; returns the seconds until the next.
local function go_round(worker)
  worker.is_failing = false
  for _, step in ipairs(STEPS) do
    if not worker.is_failing then step(worker) end
  end
  worker.pause = worker.is_failing and math.min(LONG_PAUSE, 2 * worker.pause)
    or PAUSE
  return math.min(worker.pause, worker.lease / 3)
end

local function with_defaults(options)
  local all = {}
  for name, option in pairs(OPTIONS) do
    all[name] = options[name] == nil and option.default or options[name]
  end
  return all
end

--- See Journal:work.
---@param book yuanjing.journal.Book open
---@param options yuanjing.WorkOptions
---@param client table task_of(entry), warn(problem, code?, task?)
function work.run(book, options, client)
  local all = with_defaults(options)
  local worker = { book = book, store = book.store, name = new_name(),
    task_of = client.task_of, warn = client.warn,
    held = {}, waiting = {}, count = 0, suspect_count = 0, renewed = loop.now(),
    looked = loop.now(), tidied = -math.huge, options = all, concurrency = all.concurrency,
    attempts = all.attempts, lease = all.lease,
    trust = math.ceil(all.concurrency / 10), pause = PAUSE }
  repeat
    loop.sleep(go_round(worker))
  until is_drained(worker)
end

return work
