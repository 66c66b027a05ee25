--- The journal: a paid task is never lost. The intent is written before a
-- submit is sent; then the task's id, each change, the result's URLs, and
-- where they were saved. Only clients with a journal load this module.
local protocols = require "yuanjing.protocol"
local heartbeat = require "yuanjing.runtime.heartbeat"
local book_of = require "yuanjing.journal.book"
local digest = require "yuanjing.base.digest"
local errors = require "yuanjing.errors"
local events = require "yuanjing.events"
local form = require "yuanjing.protocol.form"
local lazy = require "yuanjing.base.lazy"
local loop = require "yuanjing.runtime.loop"
local task = require "yuanjing.task.task"

local journal = {}

---@class yuanjing.Journal
---@field private _settings table
---@field private _book yuanjing.journal.Book
local methods = {}
local Journal = { __name = "yuanjing.Journal", __index = methods }

local KINDS = { "image", "video", "audio", "output" }

local function io_error(book, problem, call)
  return errors.new { kind = "io", call = call, attempts = call and 0,
    message = book:name() .. ": " .. tostring(problem) }
end

local function warn(settings, message, about)
  events.emit(settings, { type = "warning", message = message, task = about })
end

-- Handles ------------------------------------------------------------------

local function result_of(entry)
  local recorded = entry.result or {}
  local result = { raw = recorded, text = recorded.text }
  for _, kind in ipairs(KINDS) do
    local list = recorded[kind .. "s"] or {}
    result[kind .. "s"], result[kind] = list, list[1]
  end
  return result
end

-- NB: `at` is by the submitter's clock. A "no such task" from the platform is
-- not final for a while from now on, as for a new task.
local function about_of(entry)
  return { model = entry.model, category = entry.category, note = entry.note,
    entry = entry, submitted = loop.now() }
end

local function failure_of(entry)
  local recorded = entry.error
  if recorded and errors.kinds[recorded.kind]
    and type(recorded.message) == "string" then
    return errors.new(recorded)
  end
  return errors.new { kind = "task_failed", message = "why was not recorded" }
end

-- The task of an entry, or nil if it has none.
local function handle(settings, entry)
  if not entry.id and entry.state ~= "done" then return nil end
  local about = about_of(entry)
  about.error = entry.state == "failed" and failure_of(entry) or nil
  about.is_recorded = entry.state == "done"
  local made = task.new(settings, protocols.of { api = entry.api or settings.api }, {
    id = entry.id, status = entry.status,
    result = entry.state == "done" and result_of(entry) or nil }, about)
  if made.error then made.error.task = made end
  return made
end

local function shown(settings, entry)
  local copy = { at = 0, media = {} } -- if their record was lost
  for name, value in pairs(entry) do copy[name] = value end
  copy.dead = entry.dead or nil
  copy.state = settings.journal:state_of(entry)
  copy.task = handle(settings, entry)
  return copy
end

-- Recording ----------------------------------------------------------------

-- Errors after which the platform has certainly not accepted the submit:
-- nothing was sent, or the platform refused it. A truncated answer and a 5xx
-- prove nothing.
local REFUSED = { invalid_request = true, auth = true, balance = true,
  rate_limit = true, limit = true, not_found = true, platform = true,
  transport = true }

local function is_refused(err)
  return REFUSED[err.kind] or err.retryable or err.attempts == 0
end

local function brief(err)
  return { kind = err.kind, message = err.message }
end

local function urls_of(result)
  local urls = { text = result.text }
  for _, kind in ipairs(KINDS) do
    local list = result[kind .. "s"]
    urls[kind .. "s"] = list and list[1] and list or nil
  end
  return urls
end

local function outcome_of(answer, err)
  if answer then
    return { id = answer.id, status = answer.status,
      state = answer.result and "done" or "running",
      result = answer.result and urls_of(answer.result) }
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

local function media_of(checked)
  local media = {}
  for i, file in ipairs(checked.files) do
    media[i] = { name = file.medium.name, size = file.medium.size }
  end
  return media
end

local function warn_of_duplicate(settings, book, record)
  local other = book:find_open(record.digest)
  if not other then return end
  local what = other.id and ("task %s (%s)"):format(other.id, other.status)
    or "a submit whose task is not known (yet)"
  warn(settings, "the same parameters were submitted before: " .. what,
    handle(settings, other) or { note = other.note, status = other.state })
end

-- The description of a submit; the journal adds its key later.
local function intent_of(settings, kind, checked, note)
  return { state = "sending", at = os.time(), kind = kind, api = settings.api,
    model = checked.model, category = checked.category, note = note,
    digest = digest(form.about(checked).params), media = media_of(checked) }
end

local function write(settings, record, durable)
  record.changed = os.time()
  local ok, problem = settings.journal:write(record, durable)
  if ok or not problem then return end
  warn(settings, io_error(settings.journal, problem).message
    .. " (what is to be written is kept, and written as soon as that can be "
    .. "done)", { id = record.id, status = record.status })
end

-- It is unknown whether the intent was written, but certain that nothing was
-- sent: records that.
local function take_back(settings, intent, problem)
  settings.journal:keep(book_of.record(intent, { state = "refused",
    changed = os.time(), error = { kind = "io", message = tostring(problem) } }))
end

-- Nothing is sent before this has returned true.
local function intend(settings, kind, intent)
  local book = settings.journal
  local ok, problem = book:refresh()
  local is_unsure
  if ok then
    intent.key, intent.owner = book:new_key(), book.store.owner
    warn_of_duplicate(settings, book, intent)
    ok, problem, is_unsure = book:append(intent, true)
  end
  if ok then return true end
  if is_unsure then take_back(settings, intent, problem) end
  intent.key = nil
  return nil, io_error(book, problem, "client:" .. kind)
end

local function do_nothing() end

local function spawn(run) loop.spawn(nil, run) end

-- Sends heartbeats of this process, if the store uses them. They end when the
-- returned function is called, or with the nginx request.
local function keep_alive(store)
  if not store.HEARTBEAT then return do_nothing end
  return heartbeat(spawn, store.HEARTBEAT, function() store:heartbeat() end)
end

-- For a submit that never got its turn, so that no intent was written: adds
-- one record, if possible.
local function note_refusal(settings, intent, err)
  local book = settings.journal
  if err.kind == "io" or not book:refresh() then return end
  intent.key, intent.owner = book:new_key(), book.store.owner
  book:append(book_of.record(intent, { state = "refused", error = brief(err) }))
end

local function conclude(settings, intent, answer, failure)
  local outcome = outcome_of(answer, failure)
  outcome.owner, outcome.media = intent.owner, intent.media
  outcome.submitted = true
  write(settings, book_of.record(intent, outcome), true)
end

local INTERRUPTED = { kind = "cancelled", message = "the call was broken off" }

--- Submits. The intent is on the disk before anything is sent, but only when
--- the turn under the limits has come: a process that dies while it waits for
--- its turn leaves nothing behind. The outcome follows.
---@param settings table
---@param protocol table
---@param kind "image"|"video"
---@param checked yuanjing.Checked
---@param note? string
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error? err
---@return yuanjing.journal.Entry? its entry
function journal.submit(settings, protocol, kind, checked, note)
  local intent = intent_of(settings, kind, checked, note)
  local in_flight, call, stop = settings.journal.in_flight, {}, do_nothing
  checked.before_sending = function()
    local done, err = intend(settings, kind, intent)
    if not done then return nil, err end
    in_flight[intent.key] = call -- NB: weak: nginx may drop the call
    stop = keep_alive(settings.journal.store)
    return true
  end
  local ok, answer, failure = pcall(protocol.submit, settings, kind, checked)
  stop()
  local key = intent.key
  if key and not ok then
    conclude(settings, intent, nil, INTERRUPTED)
  elseif key then
    conclude(settings, intent, answer, failure)
  elseif ok and failure then
    note_refusal(settings, intent, failure)
  end
  if key and in_flight[key] == call then in_flight[key] = nil end
  if not ok then error(answer, 0) end
  return answer, failure, key and intent
end

local function state_of(self)
  if self.error then return "failed" end
  return self.done and "done" or "running"
end

-- The current entry, or the known one if the store has lost it. Nil if it was
-- forgotten.
local function find_entry(settings, entry)
  settings.journal:refresh()
  local now = settings.journal.entries[entry.key] or entry
  return now.state ~= "forgotten" and now or nil
end

--- Writes the changes of a task that has an entry.
---@param settings table
---@param self yuanjing.Task
---@param entry yuanjing.journal.Entry as last known
function journal.update(settings, self, entry)
  local now, state = find_entry(settings, entry), state_of(self)
  if not now or now.state == "done" or now.id == self.id
    and now.status == self.status and now.state == state
    and settings.journal.entries[entry.key] then
    return
  end
  write(settings, book_of.record(now, { id = self.id, status = self.status,
    state = state, result = self.result and urls_of(self.result),
    error = self.error and brief(self.error) }))
end

--- Writes where a result was saved.
---@param settings table
---@param entry yuanjing.journal.Entry as last known
---@param path string
---@param former? string its path before it was renamed
function journal.saved(settings, entry, path, former)
  local now = find_entry(settings, entry)
  if not now then return end
  write(settings, book_of.record(now, { saved = { path }, former = former }))
end

--- What the journal knows of a task, for task.new(), or nil.
---@param settings table
---@param id string
---@return table?
function journal.about(settings, id)
  local book = settings.journal
  local entry = book:refresh() and book.by_id[id]
  return entry and about_of(entry)
end

-- Queries ------------------------------------------------------------------

-- The current entries that `wanted` accepts, each converted by `show`.
local function select_entries(self, wanted, show)
  local book = self._book
  local ok, problem = book:refresh()
  if not ok then return nil, io_error(book, problem) end
  local list = {}
  for _, entry in ipairs(book.order) do
    if entry.state ~= "forgotten" and wanted(entry) then
      list[#list + 1] = (show or shown)(self._settings, entry)
    end
  end
  return list
end

--- The tasks that have not ended, as far as the journal knows: handles to
--- await, the oldest first. Error kinds: io.
---@return yuanjing.Task[]?
---@return yuanjing.Error? err
function methods:pending()
  return select_entries(self, function(entry)
    return entry.state == "running" and entry.id
  end, handle)
end

--- The submits with an unknown outcome: perhaps sent, by a process that died,
--- or by a call that ended in outcome_unknown or a similar error. They may
--- have been billed. Error kinds: io.
---@return yuanjing.journal.Entry[]?
---@return yuanjing.Error? err
function methods:unknown()
  return select_entries(self, function(entry)
    return self._book:state_of(entry) == "unknown"
  end)
end

---@class (exact) yuanjing.Wanted
---@field note? string
---@field model? string
---@field since? number seconds since 1970

local WANTED = { note = "string", model = "string", since = "number" }

local function check_wanted(wanted)
  if type(wanted) ~= "table" then
    error(("journal:find: expected table, got %s"):format(type(wanted)), 3)
  end
  for name, value in pairs(wanted) do
    if type(value) ~= WANTED[name] then
      error(("journal:find: %s: expected %s, got %s"):format(tostring(name),
        WANTED[name] or "no such field", type(value)), 3)
    end
  end
end

--- All entries with that note, of that model, submitted since that time, the
--- oldest first. Each has its `task` if there is one. Error kinds: io.
---@param wanted yuanjing.Wanted
---@return yuanjing.journal.Entry[]?
---@return yuanjing.Error? err
function methods:find(wanted)
  check_wanted(wanted)
  return select_entries(self, function(entry)
    return (not wanted.note or entry.note == wanted.note)
      and (not wanted.model or entry.model == wanted.model)
      and (not wanted.since or (entry.at or 0) >= wanted.since)
  end)
end

--- The tasks that workers gave up: on_result raised an error, or ended its
--- process, too often. `entry.dead` has the number of attempts and the last
--- error. Each task is paid for: see retry(). Error kinds: io.
---@return yuanjing.journal.Entry[]?
---@return yuanjing.Error? err
function methods:dead()
  return select_entries(self, function(entry) return entry.dead end)
end

-- The store, if it can hand tasks to workers.
local function store_of_work(self, name)
  local book = self._book
  local ok, problem = book:refresh()
  if not book.store.take then
    error(("journal:%s: only a journal in Redis has leases"):format(name), 3)
  end
  if not ok then return nil, io_error(book, problem) end
  return book.store
end

--- Takes pending tasks and passes each to on_result(task, result, err, number,
--- lease) when it has ended: at least once, and never to two workers at a time
--- while a lease is valid. Any number of processes may do this; each goes on
--- until its job is cancelled, or with `drain` until no task is left. A task
--- for which on_result fails `attempts` times is given up: see dead(). Raises
--- if the journal has no leases: it must be in Redis. Error kinds: io, if it
--- can not begin; later faults are warnings to on_event, and it goes on.
---@param options yuanjing.WorkOptions
---@return true?
---@return yuanjing.Error? err
function methods:work(options)
  local work = lazy.load "yuanjing.journal.work"
  local settings = self._settings
  work.check_options(options)
  local store, err = store_of_work(self, "work")
  if not store then return nil, err end
  work.run(self._book, options, {
    task_of = function(entry) return handle(settings, entry) end,
    warn = function(why, code, about)
      events.emit(settings, { type = "warning", code = code, task = about,
        message = "a worker: " .. tostring(why) })
    end })
  return true
end

local function entry_of(book, given)
  if type(given) ~= "table" then return nil end
  local known = given._entry or given
  return book.entries[known.key or ""] or book.by_id[given.id or ""]
end

-- Calls `act(entry)` for the given task or entry.
local function with_entry(self, given, act)
  local book = self._book
  local ok, problem = book:refresh()
  local entry = ok and entry_of(book, given)
  if ok and not entry then
    return nil, errors.new { kind = "not_found",
      message = book:name() .. " has no such task" }
  end
  if ok then ok, problem = act(book, entry) end
  if not ok then return nil, io_error(book, problem) end
  return true
end

--- Makes the journal forget a task, or an entry as unknown() returns it. The
--- platform is not told. Error kinds: io, not_found.
---@param given yuanjing.Task|yuanjing.journal.Entry
---@return true?
---@return yuanjing.Error? err
function methods:forget(given)
  return with_entry(self, given, function(book, entry)
    return book:append({ key = entry.key, state = "forgotten",
      changed = os.time() }, true)
  end)
end

--- Gives a task that was given up to the workers again, with all its attempts.
--- Raises if the journal has no leases. Error kinds: io, not_found.
---@param given yuanjing.Task|yuanjing.journal.Entry
---@return true?
---@return yuanjing.Error? err
function methods:retry(given)
  local store, err = store_of_work(self, "retry")
  if not store then return nil, err end
  return with_entry(self, given, function(book, entry)
    local record = book_of.record(entry, { dead = false,
      changed = os.time() })
    local ok, problem = store:queue({ record })
    if ok then book:refresh() end
    return ok, problem
  end)
end

--- Rewrites the journal with one record for each task, without those that were
--- forgotten or refused by the platform. Other processes can use it meanwhile.
--- Error kinds: io.
---@return true?
---@return yuanjing.Error? err
function methods:compact()
  local ok, problem = self._book:compact()
  if not ok then return nil, io_error(self._book, problem) end
  return true
end

function Journal:__tostring()
  return ("yuanjing.Journal (%s)"):format(self._book:name())
end

--- The journal of a client.
---@return yuanjing.Journal
function journal.of(settings)
  return setmetatable({ _settings = settings, _book = settings.journal },
    Journal)
end

return journal
