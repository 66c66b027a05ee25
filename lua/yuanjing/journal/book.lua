--- What a journal's records add up to: an entry for each submit. All clients that
-- share a journal share this, whatever store the records are in. A record holds
-- what is new of one submit, and repeats what the submit is about, so that it
-- says enough where an earlier one was lost. How records add up depends as little
-- as can be on their order, for who writes last need not know most: states only
-- go forward, lists of files are joined, and "forgotten" is a state of its own:
-- an entry that is not there may be one that has not been read yet.
local backlog = require "yuanjing.runtime.backlog"
local lazy = require "yuanjing.base.lazy"
local loop = require "yuanjing.runtime.loop"

local book = {}

---@alias yuanjing.journal.Take fun(record: table, is_ours?: boolean) ours: the store needs it no more
---@alias yuanjing.journal.Merged fun(records: table[]): table[] what is left of all records
---@alias yuanjing.journal.Kept fun(): (fun(): table?)?, string? for a loop: what is left of those that were read

---@class yuanjing.journal.Store where the records are; docs/journal.md
---@field owner string of this process, which nobody else has; after read()
---@field append fun(self, record: table, durable?: boolean): true?, string?, boolean? the last: it may be there
---@field read fun(self, take: yuanjing.journal.Take, restart: fun()): true?, string?
---@field compact fun(self, merged: yuanjing.journal.Merged, kept: yuanjing.journal.Kept): true?, string?
---@field is_alive fun(self, owner: string): boolean
---@field may_lose? boolean what it has taken may be gone after all

---@class yuanjing.journal.Entry one submit
---@field key string its name in the journal
---@field at integer Unix time of the submit, by the clock of who submitted it
---@field state "sending"|"unknown"|"refused"|"running"|"failed"|"done"|"forgotten"
---@field kind "image"|"video"
---@field model? string
---@field category? string
---@field note? string
---@field digest string of the parameters
---@field media { name: string, size: integer }[]
---@field api "v1"|"legacy"
---@field owner string the process that submitted it
---@field id? string the task's
---@field status? string the task's, in capitals
---@field result? table<string, string[]|string> its URLs, by kind; its text
---@field saved? string[] paths
---@field error? { kind: string, message: string }
---@field dead? { attempts: integer, error: string, at: integer }|false workers gave it up
---@field submitted? true what came of its submit was recorded
---@field changed? integer Unix time of the last record

---@class yuanjing.journal.Book
---@field private source string|table
---@field store? yuanjing.journal.Store
---@field entries table<string, yuanjing.journal.Entry> by key
---@field order yuanjing.journal.Entry[] as they were submitted
---@field by_id table<string, yuanjing.journal.Entry>
---@field in_flight table<string, table> the submits of this process, by key
---@field private open? table<string, yuanjing.journal.Entry[]> not over, by digest; once somebody has asked
---@field private unwritten yuanjing.Backlog of { record: table, durable?: boolean }
---@field private written { at: number, record: table }[] of late, where it may be lost
---@field private last integer
local Book = {}
Book.__index = Book

local METHODS = { "append", "read", "compact", "is_alive" }

local function clear(self)
  self.entries, self.order, self.by_id, self.open = {}, {}, {}, nil
end

-- Merging ------------------------------------------------------------------

-- A state is followed by those behind it alone. A task that one process took for
-- lost and another has the result of is done.
local RANK = { sending = 1, unknown = 2, refused = 3, running = 4, failed = 5,
  done = 6, forgotten = 7 }

local OPEN = { sending = true, running = true, unknown = true }

local TYPES = { key = "string", at = "number", kind = "string",
  model = "string", category = "string", note = "string", digest = "string",
  media = "table", api = "string", owner = "string", id = "string",
  status = "string", result = "table", saved = "table", error = "table",
  changed = "number", state = "string", submitted = "boolean" }

-- What a submit is about: each later record repeats it.
local ABOUT = { "at", "kind", "api", "model", "category", "note", "digest" }

-- What even a record that comes too late may add.
local LASTING = { owner = true, media = true, id = true, submitted = true }
for _, name in ipairs(ABOUT) do LASTING[name] = true end

-- Others may have written into the store, too.
local function is_sound(name, value)
  local wanted = TYPES[name]
  if name == "state" then return RANK[value] ~= nil end
  return not wanted or type(value) == wanted
end

local function joined(paths, more)
  local list, seen = {}, {}
  for _, path in ipairs(paths) do seen[path], list[#list + 1] = true, path end
  for _, path in ipairs(more) do
    if not seen[path] then list[#list + 1] = path end
  end
  return list
end

-- What has got another name is known by that alone.
local function without(paths, former)
  local list = {}
  for _, path in ipairs(paths) do
    if path ~= former then list[#list + 1] = path end
  end
  return list
end

local JOIN = {
  changed = function(old, new) return math.max(old, new) end,
  saved = function(old, new, record)
    return joined(without(old, record.former), new)
  end,
}

local function remove(list, item)
  for i = #list, 1, -1 do
    if list[i] == item then table.remove(list, i) end
  end
end

local function add_open(self, entry)
  local alike = self.open[entry.digest]
  if alike then alike[#alike + 1] = entry return end
  self.open[entry.digest] = { entry }
end

local function remove_open(self, entry)
  local alike = self.open[entry.digest] or {}
  remove(alike, entry)
  if #alike == 0 then self.open[entry.digest] = nil end
end

local function index(self, entry, was_open)
  if entry.id then self.by_id[entry.id] = entry end
  local is_open = OPEN[entry.state] or false
  if not self.open or not entry.digest or is_open == was_open then return end
  local change = is_open and add_open or remove_open
  change(self, entry)
end

local function add_entry(self, entry, key)
  self.entries[key] = entry
  self.order[#self.order + 1] = entry
  return entry
end

-- The state of before has no say in what comes behind it.
local function go_forward(entry, record)
  if record.error == nil then entry.error = nil end
end

-- What the record says of that, if it is to be believed.
local function merged_value(entry, record, name, is_late)
  local old, value = entry[name], record[name]
  if not is_sound(name, value) then return old end
  if old ~= nil and JOIN[name] then return JOIN[name](old, value, record) end
  if is_late and (old ~= nil or not LASTING[name]) then return old end
  return value
end

-- The first record of an entry becomes the entry where it may: a long journal is
-- read in half the memory then.
local function adopt(self, record)
  for name, value in pairs(record) do
    if not is_sound(name, value) then record[name] = nil end
  end
  if record.media and #record.media == 0 then record.media = nil end
  record.former = nil
  index(self, add_entry(self, record, record.key), false)
end

local function merge(self, record, is_ours)
  if type(record.key) ~= "string" then return end
  local entry = self.entries[record.key]
  if not entry and is_ours then return adopt(self, record) end
  entry = entry or add_entry(self, {}, record.key)
  local now, new = RANK[entry.state] or 0, RANK[record.state]
  local was_open, is_late = OPEN[entry.state] or false, new and new < now
  if new and new > now then go_forward(entry, record) end
  for name in pairs(record) do
    entry[name] = merged_value(entry, record, name, is_late)
  end
  entry.former = nil
  index(self, entry, was_open)
end

--- A record of what is new of an entry, which says enough without the others.
---@param entry table of a book, or what was known of it before
---@param news table
---@return table
function book.record(entry, news)
  local record = { key = entry.key, id = entry.id }
  for _, name in ipairs(ABOUT) do record[name] = entry[name] end
  for name, value in pairs(news) do record[name] = value end
  return record
end

-- Compaction ---------------------------------------------------------------

-- Who still holds a handle of a task that was forgotten may write of it: for so
-- long its grave is kept. A task lives for less at the platform.
local GRAVE = 7 * 86400 -- seconds

-- The one record that is left of an entry, if any.
local function rest_of(entry, now)
  if entry.state == "refused" then return nil end
  if entry.state ~= "forgotten" then return entry end
  if now - (entry.changed or 0) > GRAVE then return nil end
  return { key = entry.key, state = "forgotten", changed = entry.changed }
end

-- For a loop: the records that are left of a book.
local function each_left(self)
  local order, now, i = self.order, os.time(), 0
  return function()
    while i < #order do
      i = i + 1
      local record = rest_of(order[i], now)
      if record then return record end
    end
  end
end

-- One record for each entry that still says something.
local function merged(records)
  local all, left = setmetatable({}, Book), {}
  clear(all)
  for _, record in ipairs(records) do merge(all, record) end
  for record in each_left(all) do left[#left + 1] = record end
  return left
end

-- The store ----------------------------------------------------------------

--- Where it is in Redis; nil: it is not.
---@return string?
function Book:redis_url()
  local source = self.source
  return type(source) == "string" and source:match("^rediss?://.*") or nil
end

local function store_of(self)
  if type(self.source) == "table" then return self.source end
  local room = self:redis_url() and "redis" or "file"
  return lazy.load("yuanjing.journal.stores." .. room).new(self.source)
end

local function open(self)
  self.store = self.store or store_of(self)
  return self.store
end

-- What this process has written is kept for so many seconds where the store may
-- lose it: a replica that takes over has not heard of the last of it.
local MEMORY = 600

local function remember(self, record)
  if not self.store.may_lose then return end
  local written, now = self.written, loop.now()
  while written[1] and now - written[1].at > MEMORY do
    table.remove(written, 1)
  end
  written[#written + 1] = { at = now, record = record }
end

-- Whether the entry says all that the record does of how it stands: or a compaction
-- has left out what was refused, or forgotten. NB: a later record alone does not tell
-- that the one was there which queued the task.
local function says(entry, record)
  if not entry then return record.state == "refused" end
  if entry.state == "forgotten" then return true end
  if record.submitted and not entry.submitted then return false end
  return not record.state or (RANK[entry.state] or 0) >= RANK[record.state]
end

-- All was read anew. What this process knows holds, though nobody else may. NB: the
-- record of the submit may be lost along with it, and its place in the queue: so it
-- is written as durable as that.
local function assert_own(self)
  for _, item in ipairs(self.unwritten.items) do merge(self, item.record) end
  for _, item in ipairs(self.written) do
    if not says(self.entries[item.record.key], item.record) then
      self:keep(item.record, true)
    end
  end
end

--- Reads what others have added.
---@return true?
---@return string? message
function Book:refresh()
  local is_anew = false
  local ok, problem = open(self):read(function(record, is_ours)
    merge(self, record, is_ours == true)
  end, function()
    is_anew = true
    clear(self)
  end)
  self.is_anew = self.is_anew or is_anew
  if ok and self.is_anew then
    self.is_anew = false
    assert_own(self)
  end
  return ok, problem
end

--- Adds a record, behind those that could not be written before; with `durable`
--- it is on the disk when this returns.
---@param record table key, and what is new
---@param durable? boolean
---@return true?
---@return string? message
---@return boolean? is_unsure it may be there all the same
function Book:append(record, durable)
  local ok, problem, is_unsure = self.unwritten:flush()
  if ok then
    ok, problem, is_unsure = open(self):append(record, durable)
  end
  if not ok then return nil, problem, is_unsure end
  remember(self, record)
  if not self:refresh() then merge(self, record) end
  return true
end

--- Keeps a record of what was learnt: it holds here at once, and is written as soon
--- as it can be.
---@param record table key, and what is new
---@param durable? boolean
function Book:keep(record, durable)
  self.unwritten:push { record = record, durable = durable }
  merge(self, record)
end

--- Adds a record of what was learnt, as append() does; or keeps it where that can
--- not be done now.
---@param record table key, and what is new
---@param durable? boolean
---@return true?
---@return string? message why not now; none where it was not tried, so soon after
function Book:write(record, durable)
  local ok, problem
  if not self.unwritten:must_wait() then
    ok, problem = self:append(record, durable)
  end
  if not ok then self:keep(record, durable) end
  return ok, problem
end

--- Writes what could not be written before.
---@return true?
---@return string? message
function Book:flush()
  return self.unwritten:flush()
end

---@return true?
---@return string? message
function Book:compact()
  local ok, problem = self:refresh()
  if not ok then return nil, problem end
  return self.store:compact(merged, function()
    local well, why = self:refresh()
    return well and each_left(self), why
  end)
end

-- Asking -------------------------------------------------------------------

--- A name that no other entry has.
---@return string
function Book:new_key()
  self.last = self.last + 1
  return ("%s-%d"):format(self.store.owner, self.last)
end

--- How an entry stands, by what is known of its process: "unknown" where nobody
--- is left to hear of its submit's outcome.
---@param entry yuanjing.journal.Entry
---@return string
function Book:state_of(entry)
  if entry.state ~= "sending" then return entry.state end
  local is_awaited = self.in_flight[entry.key]
    or entry.owner ~= self.store.owner and self.store:is_alive(entry.owner)
  return is_awaited and "sending" or "unknown"
end

--- The last submit with that digest that is not over, if there is one.
---@param digest string
---@return yuanjing.journal.Entry?
function Book:find_open(digest)
  if not self.open then
    self.open = {}
    for _, entry in ipairs(self.order) do index(self, entry, false) end
  end
  local alike = self.open[digest]
  return alike and alike[#alike]
end

--- What the journal is, for messages.
---@return string
function Book:name()
  if type(self.source) == "table" then return "the journal" end
  return "the journal " .. self.source:gsub("//.*@", "//")
end

--- Raises when a store lacks a method. Nothing is opened yet.
---@param source string|yuanjing.journal.Store path, URL of Redis, or a store
---@return yuanjing.journal.Book
function book.new(source)
  if source == "" then error("journal: an empty path", 0) end
  for _, name in ipairs(type(source) == "table" and METHODS or {}) do
    if type(source[name]) ~= "function" then
      error(("journal: the store has no method %q"):format(name), 0)
    end
  end
  local self = setmetatable({ source = source, last = 0, written = {},
    in_flight = setmetatable({}, { __mode = "v" }) }, Book)
  self.unwritten = backlog.new(function(item)
    local ok, problem = open(self):append(item.record, item.durable)
    if ok then remember(self, item.record) end
    return ok, problem
  end)
  clear(self)
  return self
end

return book
