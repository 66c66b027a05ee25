--- A task: work that takes the platform some time. The handle knows the task's
-- id, queries its status, and waits for it by the rules of
-- docs/platform.md#tasks.
local check = require "yuanjing.base.check"
local dry_run = require "yuanjing.spending.dry_run"
local errors = require "yuanjing.errors"
local loop = require "yuanjing.runtime.loop"
local polling = require "yuanjing.task.polling"
local result_of = require "yuanjing.task.result"
local target_of = require "yuanjing.task.download.target"
local usage = require "yuanjing.spending.usage"

local task = {}

---@class yuanjing.Task
---@field id? string the platform's; none where an image was answered at once
---@field status string in capitals: CREATED, PENDING, RUNNING, SUCCEEDED, FAILED, ...
---@field model? string
---@field category? string
---@field done boolean nothing will change any more
---@field result? yuanjing.Result of a task that succeeded
---@field error? yuanjing.Error of a task that failed
---@field note? string the user's own
---@field private _submitted? number when, on the clock of the loop; nil: unknown
---@field private _made number when the handle was made
---@field private _missing? yuanjing.Error the last query's, if the platform did not know the task
---@field private _pause? number seconds that the last answer asked to wait
---@field private _entry? yuanjing.journal.Entry of it in the journal; the settings have a recorder then
---@field private _is_recorded? boolean its result is the journal's
local methods = {}
local Task = {}
Task.__index = methods
Task.__name = "yuanjing.Task"

local TIMEOUT = 1800

--- The platform queries its vendors every 10-30 s: queries more often than
--- every 3 s show nothing new (docs/platform.md#tasks).
task.PACE = { first = 4, longest = 15 }

-- A new task is unknown to the status query for a moment. For a handle from an
-- id, the time of the submit is unknown: another process may have submitted it
-- a second ago.
local UNKNOWN_AT_FIRST = 60

-- NB: several queries may run at a time, and another handle may have counted a
-- result from a journal.
local function count(self, result)
  if self.done or self._is_recorded then return end
  usage.add(self._settings, self.model, result.usage, {
    images = result.video and 0 or #result.images, -- else it is a cover
    videos = #result.videos })
end

local function record(self)
  if not self._entry then return end
  self._settings.recorder:update(self._entry, self)
end

-- Copies an answer into the handle. A final status of a submit without a
-- result or a reason is not the end: a query returns them.
local function take(self, answer)
  if self._missing then
    self.done, self.error, self._missing = false, nil, nil
  end
  self.status = answer.status or self.status
  if answer.result then
    count(self, answer.result)
    self.done, self.result = true, result_of.new(answer.result, self)
  end
end

local function fail(self, fields)
  fields.task = self
  self.done, self.error = true, errors.new(fields)
  record(self)
  return nil, self.error
end

local function take_missing(self, failure)
  self._missing = failure
  local age = loop.now() - (self._submitted or self._made)
  if age < UNKNOWN_AT_FIRST then return self end
  return fail(self, failure)
end

-- "No such task": refresh() returns it, but a wait goes on until the first
-- minute is over.
local function not_known_yet(self)
  local err = errors.new(self._missing)
  err.message = "the platform does not know the task (yet)"
  err.hint = "await waits for one that was submitted a moment ago"
  err.retryable = true
  return fail(self, err)
end

-- Whether the state is final. "Not found" is not: the task can be queried
-- again.
local function has_ended(self)
  return self.done and not self._missing
end

-- A query that was sent may hang as long as the task runs.
local function hangs(err)
  return err.kind == "timeout" and err.code ~= "no_connection"
end

--- Queries the status, for so many seconds at most; see Task:refresh.
---@param seconds number
---@return yuanjing.Task?
---@return yuanjing.Error? err
function task.refresh(self, seconds)
  if has_ended(self) then
    return not self.error and self or nil, self.error
  end
  local answer, err, pause = self._api.task(self._settings, self.id,
    seconds)
  self._pause = pause
  if not answer then
    if hangs(err) then return self end
    if errors.is(err) then err.task = self end
    return nil, err
  end
  if answer.missing then return take_missing(self, answer.failure) end
  take(self, answer)
  if answer.failure then return fail(self, answer.failure) end
  record(self)
  return self
end

--- Queries the status. Returns the task itself, with its current `status`,
--- `done` and `result`; or nil and an error, of kind task_failed if it failed,
--- not_found if the platform does not know it (tasks vanish after a day or
--- two), or any kind of a failed query, which does not change the task. A
--- query that is not answered in time is no error: the task stays as it was,
--- and may be running. The same holds for an unknown task in its first minute.
--- A task that was not found can be queried again: another process may have
--- submitted it a moment ago.
--- Source: docs/platform/api-v1.md#查询任务状态.
---@return yuanjing.Task?
---@return yuanjing.Error? err
function methods:refresh()
  local same, err = task.refresh(self, math.huge)
  if same and self._missing and not self._submitted then
    return not_known_yet(self)
  end
  return dry_run.unwrap(same, err)
end

--- The end of a wait, on the loop's clock.
function task.deadline(options)
  return loop.now() + (options.timeout or TIMEOUT)
end

--- The error of a wait that took too long: the task itself is not affected.
function task.timed_out(self, last)
  local summary = self._missing
    and "the platform does not know the task (yet)" or "still " .. self.status
  return errors.new { kind = "timeout", task = self, call = "task:await",
    retryable = true, summary = summary, message = ("%s; await it again, or "
      .. "get a handle by client:task(%q)"):format(summary, tostring(self.id))
      .. (last and " (the last query said: " .. last.message .. ")" or "") }
end

--- About how many seconds it may still take: the median of the tasks of the same
--- model and duration in the client's journal; and from how many that is. Nil
--- without a journal, or where none like it has ended.
---@return number? seconds
---@return integer? count
function methods:remaining()
  if self.done or not self._entry then return nil end
  return self._settings.recorder:remaining(self._entry)
end

-- Calls on_update for a new status.
local function report(self, options, reported)
  if self.status ~= reported and options.on_update then options.on_update(self) end
  return self.status
end

---@class (exact) yuanjing.AwaitOptions
---@field timeout? number seconds (1800)
---@field interval? number seconds between queries; default: Retry-After, or 3 to 15 with jitter
---@field on_update? fun(task: yuanjing.Task) called when the status has changed
---@field in_flight? integer of await_all and as_completed: queries at a time (4)

local function await(self, options)
  local reported
  local wait = { timeout = options.timeout or TIMEOUT,
    interval = options.interval }
  local result, err, is_late = polling.run(task.PACE, wait, function(left)
    local _, problem = task.refresh(self, left)
    reported = report(self, options, reported)
    return self.result, problem, self._pause
  end)
  if is_late then return nil, task.timed_out(self, err) end
  return result, err
end

--- Waits until the task is done and returns its result; or nil and an error. A
--- wait that times out (kind timeout) can be repeated; temporary failures do
--- not end it.
---@param options? yuanjing.AwaitOptions
---@return yuanjing.Result?
---@return yuanjing.Error? err
function methods:await(options)
  options = options or {}
  polling.check_options("task:await", options)
  return dry_run.unwrap(await(self, options))
end

---@class (exact) yuanjing.TaskSaveOptions: yuanjing.SaveOptions
---@field timeout? number seconds of the wait (1800)
---@field interval? number seconds between queries
---@field on_update? fun(task: yuanjing.Task) called when the status has changed

--- Waits until the task is done, then saves its result; takes the options of
--- await() and of Result:save(). `timeout` is for the wait; the download has
--- no total timeout. Before it waits it checks that the file can be written.
--- Error kinds: those of await(), and of Result:save().
---@param path string
---@param options? yuanjing.TaskSaveOptions
---@return string? path
---@return yuanjing.Error? err
function methods:save(path, options)
  local wait, save = polling.split("task:save", options or {})
  result_of.check_save(path, save)
  local ok, problem = target_of.check(path)
  if not ok then
    return nil, errors.new { kind = "io", message = problem, task = self }
  end
  local result, err = await(self, wait)
  if not result then return dry_run.unwrap(nil, err) end
  return result:save(path, save)
end

check.methods("task", methods, "_settings")

function Task:__tostring()
  return ("yuanjing.Task %s (%s)"):format(self.id or "without an id",
    self.status)
end

--- A handle. `answer` is the submit's answer; without it the handle is for the
--- id of an earlier task.
---@param api table task(settings, id) asks for an answer
---@return yuanjing.Task?
---@return yuanjing.Error? err
function task.new(settings, api, answer, about)
  about = about or {}
  local self = setmetatable({ id = answer.id, status = answer.status or "CREATED",
    done = false, model = about.model, category = about.category,
    note = about.note, _settings = settings, _api = api,
    _submitted = about.submitted, _made = loop.now(), _entry = about.entry,
    _is_recorded = about.is_recorded }, Task)
  take(self, answer)
  if about.error then
    self.done, self.error = true, about.error
    self._missing = about.error.kind == "not_found" and about.error or nil
  end
  return self
end

return task
