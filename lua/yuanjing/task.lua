--- A task: work that the platform does in its own time. The handle knows its id,
-- asks how it stands, and waits for it by the rules of PLATFORM.md section 6.
local dry_run = require "yuanjing.dry_run"
local errors = require "yuanjing.errors"
local later = require "yuanjing.later"
local loop = require "yuanjing.loop"
local polling = require "yuanjing.polling"
local result_of = require "yuanjing.result"
local settings_of = require "yuanjing.settings"
local target_of = require "yuanjing.download.target"
local usage = require "yuanjing.usage"
local journal = later.room "yuanjing.journal"

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
---@field private _submitted? number when, on the clock of the loop
---@field private _pause? number seconds that the last answer asked to wait
---@field private _entry? string its key in the journal
---@field private _is_recorded? boolean its result is the journal's
local methods = {}
local Task = {}
Task.__index = methods
Task.__name = "yuanjing.Task"

local TIMEOUT = 1800

--- The platform asks its vendors every 10-30 s: asking it more often than every
--- 3 s tells nothing (PLATFORM.md section 6).
task.PACE = { first = 4, longest = 15 }

-- A task is unknown to the status query for a moment after its submit.
local UNKNOWN_AT_FIRST = 60

-- NB: several may have asked at a time; and of what a journal has recorded
-- another handle has heard.
local function count(self, result)
  if self.done or self._is_recorded then return end
  usage.add(self._settings, self.model, result.usage, {
    images = result.video and 0 or #result.images, -- else it is a cover
    videos = #result.videos })
end

local function record(self)
  if not self._entry then return end
  journal.update(self._settings, self, self._entry)
end

-- What an answer says, into the handle. A final word of a submit without a
-- result or a reason is not the end: the query has them.
local function take(self, answer)
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

local function is_young(self)
  return self._submitted ~= nil
    and loop.now() - self._submitted < UNKNOWN_AT_FIRST
end

local function take_missing(self)
  if is_young(self) then return self end
  return fail(self, { kind = "not_found",
    message = "the platform does not know the task (any more)" })
end

-- A query may hang as long as the task runs; but not before it is sent.
local function hangs(err)
  return err.kind == "timeout" and err.code ~= "no_connection"
end

--- Asks how it stands, for so many seconds at most; see Task:refresh.
---@param seconds number
---@return yuanjing.Task?
---@return yuanjing.Error? err
function task.refresh(self, seconds)
  if self.error then return nil, self.error end
  if self.done then return self end
  local answer, err, pause = self._api.task(
    settings_of.within(self._settings, seconds), self.id)
  self._pause = pause
  if not answer then
    if hangs(err) then return self end
    if errors.is(err) then err.task = self end
    return nil, err
  end
  if answer.missing then return take_missing(self) end
  take(self, answer)
  if answer.failure then return fail(self, answer.failure) end
  record(self)
  return self
end

--- Asks how it stands: itself, with `status`, `done` and `result` as they are
--- now; or nil and an error, of kind task_failed when it failed, not_found when
--- the platform does not know it (tasks vanish after a day or two), and any kind
--- of a query that failed, which says nothing of the task. One that is not
--- answered in time is none: the task is as it was, and may be running.
--- Source: seeds/002, "查询任务状态".
---@return yuanjing.Task?
---@return yuanjing.Error? err
function methods:refresh()
  return dry_run.told(task.refresh(self, math.huge))
end

--- When a wait ends, on the clock of the loop.
function task.deadline(options)
  return loop.now() + (options.timeout or TIMEOUT)
end

--- The error of a wait that took too long: the task itself is as good as ever.
function task.timed_out(self, last)
  return errors.new { kind = "timeout", task = self, call = "task:await",
    retryable = true, message = ("still %s; await it again, or get a handle "
      .. "by client:task(%q)"):format(self.status, tostring(self.id))
      .. (last and " (the last query said: " .. last.message .. ")" or "") }
end

-- Tells on_update of a new status, or of none yet.
local function tell(self, options, told)
  if self.status ~= told and options.on_update then options.on_update(self) end
  return self.status
end

---@class (exact) yuanjing.AwaitOptions
---@field timeout? number seconds (1800)
---@field interval? number seconds between queries; default: Retry-After, or 3 to 15 with jitter
---@field on_update? fun(task: yuanjing.Task) called when the status has changed
---@field in_flight? integer of await_all and as_completed: queries at a time (4)

local function await(self, options)
  local told
  local wait = { timeout = options.timeout or TIMEOUT,
    interval = options.interval }
  local result, err, is_late = polling.run(task.PACE, wait, function(left)
    local _, problem = task.refresh(self, left)
    told = tell(self, options, told)
    return self.result, problem, self._pause
  end)
  if is_late then return nil, task.timed_out(self, err) end
  return result, err
end

--- Waits until it is done: its result; or nil and an error. A wait that times
--- out (kind timeout) leaves the task good to await again; what fails in passing
--- does not end it.
---@param options? yuanjing.AwaitOptions
---@return yuanjing.Result?
---@return yuanjing.Error? err
function methods:await(options)
  options = options or {}
  polling.check_options("task:await", options)
  return dry_run.told(await(self, options))
end

-- What is for the wait, and what is for the file.
local function divide(options)
  local wait, save = {}, {}
  for key, value in pairs(options) do
    (polling.OPTIONS[key] and wait or save)[key] = value
  end
  return wait, save
end

---@class (exact) yuanjing.AwaitAndSaveOptions: yuanjing.AwaitOptions
---@field on_progress? fun(received: integer, total: integer?) bytes; no total where the server names none
---@field kind? "video"|"image"|"audio"|"output" default: the first there is, in this order
---@field index? integer which of that kind (1)

--- Waits until it is done, then saves its result; takes the options of await()
--- and of Result:save(). `timeout` is for the wait: a file takes the time it
--- takes. That a file can be made there is seen before it waits. Error kinds:
--- those of await(), and of Result:save().
---@param path string
---@param options? yuanjing.AwaitAndSaveOptions
---@return string? path
---@return yuanjing.Error? err
function methods:save(path, options)
  options = options or {}
  result_of.check_save(path, options, polling.OPTIONS)
  local wait, save = divide(options)
  local target, problem = target_of.of(path)
  if not target then
    return nil, errors.new { kind = "io", message = problem, task = self }
  end
  local result, err = await(self, wait)
  if not result then return dry_run.told(nil, err) end
  return result:save(path, save)
end

function Task:__tostring()
  return ("yuanjing.Task %s (%s)"):format(self.id or "without an id",
    self.status)
end

--- A handle. `answer` is what the submit said; without one it is for an id of
--- another time.
---@param api table task(settings, id) asks for an answer
---@return yuanjing.Task?
---@return yuanjing.Error? err
function task.new(settings, api, answer, about)
  about = about or {}
  local self = setmetatable({ id = answer.id, status = answer.status or "CREATED",
    done = false, model = about.model, category = about.category,
    note = about.note, _settings = settings, _api = api,
    _submitted = about.submitted, _entry = about.entry,
    _is_recorded = about.is_recorded }, Task)
  take(self, answer)
  if about.error then self.done, self.error = true, about.error end
  return self
end

return task
