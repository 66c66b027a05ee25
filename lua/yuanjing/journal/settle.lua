--- Settles the unknown entries of a journal by the history of the account, and
-- records what it says. An entry is bought again by nobody here.
local dry_run = require "yuanjing.spending.dry_run"
local merging = require "yuanjing.journal.merging"
local settling = require "yuanjing.account.settle"

local settle = {}

-- A submit with files may take so long to be sent; then nothing of it is under
-- way any more.
local LONGEST_UPLOAD = 3600

-- When the last byte of a submit may have left: its process may have ended a
-- moment ago.
local function latest_of(entry)
  local now = os.time()
  if not entry.media or #entry.media == 0 then return entry.at end
  return math.min(now, entry.at + LONGEST_UPLOAD)
end

local function wanted_of(entry)
  return { transno = entry.transno, at = entry.at, latest = latest_of(entry),
    kind = entry.kind, model = entry.model, category = entry.category,
    digest = entry.digest }
end

local ANSWERED = { running = true, done = true, failed = true }

-- The submits that the platform answered, as far as they carried a number.
local function known_in(book, since)
  local known = {}
  for _, entry in ipairs(book.order) do
    if entry.transno and ANSWERED[entry.state] and entry.at >= since then
      known[#known + 1] = { transno = entry.transno, id = entry.id,
        at = entry.at, kind = entry.kind, took = entry.took }
    end
  end
  return known
end

local BEFORE = 3600 -- seconds of known calls before the first unknown one

-- The entries to settle, and from when on calls are of interest.
local function unknown_in(book)
  local entries, since = {}, math.huge
  for _, entry in ipairs(book.order) do
    if book:state_of(entry) == "unknown" and entry.at then
      entries[#entries + 1], since = entry, math.min(since, entry.at)
    end
  end
  return entries, since - BEFORE
end

local NOT_RECEIVED = "the platform's history does not have it"

-- What the journal records of an outcome; nil: the entry stays unknown.
local function changes_of(found)
  if found.outcome == "not_received" then
    return { state = "refused",
      error = { kind = "transport", message = NOT_RECEIVED } }
  end
  if found.task then
    return { id = found.task, status = found.status,
      state = found.is_failed and "failed" or "running",
      error = found.is_failed and { kind = "task_failed",
        message = found.reason or found.status } or nil }
  end
  if found.is_failed then
    return { state = "failed", status = found.status,
      error = { kind = "task_failed", message = found.reason or found.status } }
  end
end

local function write(book, entry, found)
  local changes = changes_of(found)
  if not changes then return end
  changes.owner, changes.media = entry.owner, entry.media
  changes.submitted, changes.changed = true, os.time()
  book:write(merging.record(entry, changes), true)
end

--- Settles the unknown entries. Returns them with what became of each, or the
--- description of a dry run.
---@param book yuanjing.journal.Book that has been read
---@param timeout? number seconds
---@return { entry: yuanjing.journal.Entry, found: table }[]|yuanjing.DryRun
---@return yuanjing.Error? err of a history that could not be read
function settle.run(settings, book, timeout)
  local entries, since = unknown_in(book)
  local wanted, list = {}, {}
  for n, entry in ipairs(entries) do wanted[n] = wanted_of(entry) end
  local settled, err = settling.calls(settings, wanted, known_in(book, since),
    timeout)
  if err and dry_run.is(err) then return err end
  book:refresh() -- it took a while
  for n, entry in ipairs(entries) do
    local now = book.entries[entry.key] or entry
    if book:state_of(now) == "unknown" then write(book, now, settled[n]) end
    list[n] = { entry = book.entries[entry.key] or now, found = settled[n] }
  end
  return list, err
end

return settle
