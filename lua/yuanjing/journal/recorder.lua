--- Records the calls of a client in its journal: a paid task is never lost. The
-- intent is written before a submit is sent; then the task's id, each change, the
-- result's URLs, and where they were saved. settings.lua makes a recorder for each
-- client with a journal and puts it into the client's settings. Submits, tasks and
-- results call it there, so they do not depend on the journal.
local digest = require "yuanjing.base.digest"
local events = require "yuanjing.events"
local form = require "yuanjing.protocol.form"
local handles = require "yuanjing.journal.handles"
local heartbeat = require "yuanjing.runtime.heartbeat"
local loop = require "yuanjing.runtime.loop"
local merging = require "yuanjing.journal.merging"
local number = require "yuanjing.base.number"

local recorder = {}

---@class yuanjing.Recorder
---@field private settings table of the client: its `on_event`, its `api`
---@field private book yuanjing.journal.Book which derived clients share
local methods = {}
local Recorder = { __name = "yuanjing.Recorder", __index = methods }

local function warn(self, message, about)
  events.emit(self.settings, { type = "warning", message = message,
    task = about })
end

local function write(self, record, durable)
  record.changed = os.time()
  local ok, problem = self.book:write(record, durable)
  if ok or not problem then return end
  warn(self, self.book:failure(problem).message
    .. " (what is to be written is kept, and written as soon as that can be "
    .. "done)", { id = record.id, status = record.status })
end

local function brief(err)
  return { kind = err.kind, message = err.message }
end

-- Before a submit -----------------------------------------------------------

local function media_of(checked)
  local media = {}
  for i, file in ipairs(checked.files) do
    media[i] = { name = file.medium.name, size = file.medium.size }
  end
  return media
end

-- Tasks of the same duration take about as long.
local function seconds_of(checked)
  for _, field in ipairs(checked.fields) do
    if field[1] == "duration" then return number.read(field[2]) end
  end
  return number.read(checked.seconds)
end

-- The description of a submit; the journal adds its key later.
local function intent_of(settings, kind, checked, note)
  return { state = "sending", at = os.time(), kind = kind, api = settings.api,
    model = checked.model, category = checked.category, note = note,
    digest = digest(form.about(checked).params), media = media_of(checked),
    transno = checked.transno, seconds = seconds_of(checked) }
end

local function warn_of_duplicate(self, intent)
  local other = self.book:find_open(intent.digest)
  if not other then return end
  local what = other.id and ("task %s (%s)"):format(other.id, other.status)
    or "a submit whose task is not known (yet)"
  warn(self, "the same parameters were submitted before: " .. what,
    handles.task(self.settings, other)
      or { note = other.note, status = other.state })
end

-- It is unknown whether the intent was written, but certain that nothing was
-- sent: records that.
local function take_back(self, intent, problem)
  self.book:keep(merging.record(intent, { state = "refused",
    changed = os.time(), error = { kind = "io", message = tostring(problem) } }))
end

-- Nothing is sent before this has returned true.
local function intend(self, intent)
  local book = self.book
  local ok, problem = book:refresh()
  local is_unsure
  if ok then
    intent.key, intent.owner = book:new_key(), book.store.owner
    intent.at = os.time() -- it may have waited for its turn
    warn_of_duplicate(self, intent)
    ok, problem, is_unsure = book:append(intent, true)
  end
  if ok then return true end
  if is_unsure then take_back(self, intent, problem) end
  intent.key = nil
  return nil, book:failure(problem, "client:" .. intent.kind)
end

local function do_nothing() end

local function spawn(run) loop.spawn(nil, run) end

-- Sends heartbeats of this process, if the store uses them. They end when the
-- returned function is called, or with the nginx request.
local function keep_alive(store)
  if not store.HEARTBEAT then return do_nothing end
  return heartbeat(spawn, store.HEARTBEAT, function() store:heartbeat() end)
end

-- After a submit -------------------------------------------------------------

-- Errors after which the platform has certainly not accepted the submit:
-- nothing was sent, or the platform refused it. A truncated answer and a 5xx
-- prove nothing.
local REFUSED = { invalid_request = true, auth = true, balance = true,
  rate_limit = true, limit = true, not_found = true, platform = true,
  transport = true }

local function is_refused(err)
  return REFUSED[err.kind] or err.retryable or err.attempts == 0
end

local function outcome_of(answer, err)
  if answer then
    return { id = answer.id, status = answer.status,
      state = answer.result and "done" or "running",
      result = answer.result and handles.urls(answer.result) }
  end
  local found = err.task
  if found then
    return { id = found.id, status = found.status,
      state = err.kind == "task_failed" and "failed" or "running",
      error = brief(err) }
  end
  return { state = is_refused(err) and "refused" or "unknown",
    error = brief(err) }
end

-- For a submit that never got its turn, so that no intent was written: adds
-- one record, if possible.
local function note_refusal(self, intent, err)
  local book = self.book
  if err.kind == "io" or not book:refresh() then return end
  intent.key, intent.owner = book:new_key(), book.store.owner
  book:append(merging.record(intent, { state = "refused", error = brief(err) }))
end

local function conclude(self, intent, answer, failure)
  local outcome = outcome_of(answer, failure)
  outcome.owner, outcome.media = intent.owner, intent.media
  outcome.took = intent.transno and os.difftime(os.time(), intent.at) or nil
  outcome.submitted = true
  write(self, merging.record(intent, outcome), true)
end

local INTERRUPTED = { kind = "cancelled", message = "the call was broken off" }

--- Submits. The intent is on the disk before anything is sent, but only when
--- the turn under the limits has come: a process that dies while it waits for
--- its turn leaves nothing behind. The outcome follows.
---@param protocol table
---@param kind "image"|"video"
---@param checked yuanjing.Checked
---@param note? string
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error? err
---@return yuanjing.journal.Entry? its entry
function methods:submit(protocol, kind, checked, note)
  local settings, book = self.settings, self.book
  local intent = intent_of(settings, kind, checked, note)
  local in_flight, call, stop = book.in_flight, {}, do_nothing
  checked.before_sending = function()
    local done, err = intend(self, intent)
    if not done then return nil, err end
    in_flight[intent.key] = call -- NB: weak: nginx may drop the call
    stop = keep_alive(book.store)
    return true
  end
  local ok, answer, failure = pcall(protocol.submit, settings, kind, checked)
  stop()
  local key = intent.key
  if key and not ok then
    conclude(self, intent, nil, INTERRUPTED)
  elseif key then
    conclude(self, intent, answer, failure)
  elseif ok and failure then
    note_refusal(self, intent, failure)
  end
  if key and in_flight[key] == call then in_flight[key] = nil end
  if not ok then error(answer, 0) end
  return answer, failure, key and intent
end

-- Of a task ------------------------------------------------------------------

local function state_of(task)
  if task.error then return "failed" end
  return task.done and "done" or "running"
end

-- The current entry, or the known one if the store has lost it. Nil if it was
-- forgotten.
local function find_entry(self, entry)
  self.book:refresh()
  local now = self.book.entries[entry.key] or entry
  return now.state ~= "forgotten" and now or nil
end

local function says(entry, task)
  return entry.id == task.id and entry.status == task.status
    and entry.state == state_of(task)
end

--- Writes the changes of a task that has an entry.
---@param entry yuanjing.journal.Entry as last known
---@param task yuanjing.Task
function methods:update(entry, task)
  local now = find_entry(self, entry)
  if not now or now.state == "done" then return end
  if says(now, task) and self.book.entries[entry.key] then return end
  write(self, merging.record(now, { id = task.id, status = task.status,
    state = state_of(task), ended = task.result and os.time() or nil,
    result = task.result and handles.urls(task.result),
    error = task.error and brief(task.error) }))
end

-- Seconds that tasks of the same model and duration took.
local function times_like(self, entry)
  local times = {}
  for _, other in ipairs(self.book.order) do
    if other.ended and other.at and other.model == entry.model
      and other.category == entry.category and other.seconds == entry.seconds
    then
      times[#times + 1] = other.ended - other.at
    end
  end
  table.sort(times, function(a, b) return a < b end)
  return times
end

--- The seconds that a task may still take, by the median of those like it in the
--- journal, and of how many; nil: there are none.
---@param entry yuanjing.journal.Entry
---@return number?
---@return integer? count
function methods:remaining(entry)
  local times = times_like(self, entry)
  if #times == 0 then return nil end
  local median = times[math.ceil(#times / 2)]
  return math.max(0, median - (os.time() - entry.at)), #times
end

--- Writes where a result was saved.
---@param entry yuanjing.journal.Entry as last known
---@param path string
---@param former? string its path before it was renamed
function methods:saved(entry, path, former)
  local now = find_entry(self, entry)
  if not now then return end
  write(self, merging.record(now, { saved = { path }, former = former }))
end

--- What the journal knows of a task, for task.new(), or nil.
---@param id string
---@return table?
function methods:about(id)
  local entry = self.book:refresh() and self.book.by_id[id]
  return entry and handles.about(entry)
end

---@param settings table of a client with a journal
---@return yuanjing.Recorder
function recorder.new(settings)
  return setmetatable({ settings = settings, book = settings.journal },
    Recorder)
end

return recorder
