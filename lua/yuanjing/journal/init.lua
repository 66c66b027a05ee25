--- The journal as its user sees it: the recorded submits of a client, handles of
-- their tasks, and the workers on them. recorder.lua writes the records.
local check = require "yuanjing.base.check"
local errors = require "yuanjing.errors"
local events = require "yuanjing.events"
local handles = require "yuanjing.journal.handles"
local lazy = require "yuanjing.base.lazy"
local merging = require "yuanjing.journal.merging"

local journal = {}

---@class yuanjing.Journal
---@field private _settings table
---@field private _book yuanjing.journal.Book
local methods = {}
local Journal = { __name = "yuanjing.Journal", __index = methods }

-- Queries ------------------------------------------------------------------

local function shown(settings, entry)
  local copy = { at = 0, media = {} } -- if their record was lost
  for name, value in pairs(entry) do copy[name] = value end
  copy.dead = entry.dead or nil
  copy.state = settings.journal:state_of(entry)
  copy.task = handles.task(settings, entry)
  return copy
end

-- The current entries that `wanted` accepts, each converted by `show`.
local function select_entries(self, wanted, show)
  local book = self._book
  local ok, problem = book:refresh()
  if not ok then return nil, book:failure(problem) end
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
  end, handles.task)
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

---@class yuanjing.SettledEntry: yuanjing.journal.Entry
---@field outcome "billed"|"not_received"|"still_unknown"
---@field reason? string why it is still unknown, or what else is known
---@field usage? table as the history has it
---@field amount? number money that it cost, as the history has it

local function settled_entry(settings, row)
  local entry, found = shown(settings, row.entry), row.found
  entry.outcome, entry.reason = found.outcome, found.reason
  entry.usage, entry.amount = found.usage, found.amount
  return entry
end

--- Looks for the submits of unknown() in the history of the account, by the
--- numbers that they carried (`reconcile = true`), and records what it finds:
--- one that the platform has is `billed` and has its task; one that never
--- arrived is `not_received`, and its state is refused; all others are
--- `still_unknown`, with the reason. Nothing is sent again. It waits up to
--- `timeout` seconds, for the history may lag. Returns the entries, each with
--- its `outcome`, and the error of a history that could not be read. Seen in
--- the platform's public source, not yet confirmed live. Error kinds: io.
---@param options? yuanjing.SettleOptions
---@return yuanjing.SettledEntry[]?
---@return yuanjing.Error? err
function methods:settle(options)
  options = options or {}
  check.options("journal:settle", options,
    lazy.load("yuanjing.account.settle").OPTIONS)
  local ok, problem = self._book:refresh()
  if not ok then return nil, self._book:failure(problem) end
  local rows, err = lazy.load("yuanjing.journal.settle").run(self._settings,
    self._book, options.timeout)
  if rows.dry_run then return rows end
  local list = {}
  for n, row in ipairs(rows) do
    list[n] = settled_entry(self._settings, row)
  end
  return list, err
end

---@class (exact) yuanjing.Wanted
---@field note? string
---@field model? string
---@field since? number seconds since 1970

local WANTED = { note = "string", model = "string", since = "number" }

--- All entries with that note, of that model, submitted since that time, the
--- oldest first. Each has its `task` if there is one. Error kinds: io.
---@param wanted yuanjing.Wanted
---@return yuanjing.journal.Entry[]?
---@return yuanjing.Error? err
function methods:find(wanted)
  check.options("journal:find", wanted, WANTED)
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
  if not ok then return nil, book:failure(problem) end
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
    task_of = function(entry) return handles.task(settings, entry) end,
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
  if not ok then return nil, book:failure(problem) end
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
    local record = merging.record(entry, { dead = false,
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
  if not ok then return nil, self._book:failure(problem) end
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
