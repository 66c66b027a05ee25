--- The state of a journal, merged from its records: one entry for each submit.
-- All clients with the same journal share one book, whatever its store. A
-- record holds the changes of one submit and repeats its description, in case
-- an earlier record was lost. The result depends on the order of records as
-- little as possible, because the last writer need not know most: states only
-- go forward, lists of files are joined, and "forgotten" is a state: an
-- absent entry may be one that is not read yet.
local backlog = require "yuanjing.runtime.backlog"
local errors = require "yuanjing.errors"
local lazy = require "yuanjing.base.lazy"
local loop = require "yuanjing.runtime.loop"

local book = {}

---@alias yuanjing.journal.Take fun(record: table, is_ours?: boolean) ours: the store does not use the table again
---@alias yuanjing.journal.Merged fun(records: table[]): table[] the records that remain of all
---@alias yuanjing.journal.Kept fun(): (fun(): table?)?, string? an iterator of the records that remain of those read

---@class yuanjing.journal.Store storage of the records; docs/journal.md
---@field owner string unique name of this process; set by read()
---@field append fun(self, record: table, durable?: boolean): true?, string?, boolean? maybe_stored
---@field read fun(self, take: yuanjing.journal.Take, restart: fun()): true?, string?
---@field compact fun(self, merged: yuanjing.journal.Merged, kept: yuanjing.journal.Kept): true?, string?
---@field is_alive fun(self, owner: string): boolean
---@field may_lose? boolean stored records may be lost

---@class yuanjing.journal.Entry one submit
---@field key string its name in the journal
---@field at integer Unix time of the submit, by the clock of the process that submitted it
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
---@field dead? { attempts: integer, error: string, at: integer }|false workers gave up
---@field submitted? true the outcome of its submit was recorded
---@field changed? integer Unix time of the last record

---@class yuanjing.journal.Book
---@field private source string|table
---@field store? yuanjing.journal.Store
---@field entries table<string, yuanjing.journal.Entry> by key
---@field order yuanjing.journal.Entry[] as they were submitted
---@field by_id table<string, yuanjing.journal.Entry>
---@field in_flight table<string, table> the submits of this process, by key
---@field private open? table<string, yuanjing.journal.Entry[]> not over, by digest; made when it is first needed
---@field private backlog yuanjing.Backlog of { record: table, durable?: boolean }
---@field private written { at: number, record: table }[] recent records, if the store may lose them
---@field private last integer
local Book = {}
Book.__index = Book

local METHODS = { "append", "read", "compact", "is_alive" }

local function clear(self)
  self.entries, self.order, self.by_id, self.open = {}, {}, {}, nil
end

-- Merging ------------------------------------------------------------------

-- A state is replaced only by those behind it. A task that one process
-- considers lost, and of which another has the result, is done.
local RANK = { sending = 1, unknown = 2, refused = 3, running = 4, failed = 5,
  done = 6, forgotten = 7 }

local OPEN = { sending = true, running = true, unknown = true }

local TYPES = { key = "string", at = "number", kind = "string",
  model = "string", category = "string", note = "string", digest = "string",
  media = "table", api = "string", owner = "string", id = "string",
  status = "string", result = "table", saved = "table", error = "table",
  changed = "number", state = "string", submitted = "boolean" }

-- The description of a submit: each later record repeats it.
local ABOUT = { "at", "kind", "api", "model", "category", "note", "digest" }

-- The fields that even a late record may add.
local LASTING = { owner = true, media = true, id = true, submitted = true }
for _, name in ipairs(ABOUT) do LASTING[name] = true end

-- Checks types: other programs may write into the store, too.
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

-- Removes the former name of a renamed file.
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
  local equal = self.open[entry.digest]
  if equal then equal[#equal + 1] = entry return end
  self.open[entry.digest] = { entry }
end

local function remove_open(self, entry)
  local equal = self.open[entry.digest] or {}
  remove(equal, entry)
  if #equal == 0 then self.open[entry.digest] = nil end
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

-- An error belongs to its state: a new state removes it.
local function go_forward(entry, record)
  if record.error == nil then entry.error = nil end
end

-- The new value of a field: the record's, if it is valid and not outdated.
local function merged_value(entry, record, name, is_late)
  local old, value = entry[name], record[name]
  if not is_sound(name, value) then return old end
  if old ~= nil and JOIN[name] then return JOIN[name](old, value, record) end
  if is_late and (old ~= nil or not LASTING[name]) then return old end
  return value
end

-- The first record becomes the entry itself if it may: reading a long journal
-- then takes half the memory.
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

--- A record of an entry's changes, complete without the other records.
---@param entry table of a book, or an earlier copy
---@param changes table
---@return table
function book.record(entry, changes)
  local record = { key = entry.key, id = entry.id }
  for _, name in ipairs(ABOUT) do record[name] = entry[name] end
  for name, value in pairs(changes) do record[name] = value end
  return record
end

-- Compaction ---------------------------------------------------------------

-- A handle of a forgotten task may still write records: so the "forgotten"
-- record is kept for so long. A task lives for less at the platform.
local FORGOTTEN_LIFE = 7 * 86400 -- seconds

-- The single record that remains of an entry, or nil.
local function remaining_record(entry, now)
  if entry.state == "refused" then return nil end
  if entry.state ~= "forgotten" then return entry end
  if now - (entry.changed or 0) > FORGOTTEN_LIFE then return nil end
  return { key = entry.key, state = "forgotten", changed = entry.changed }
end

-- An iterator of the records that remain of a book.
local function each_left(self)
  local order, now, i = self.order, os.time(), 0
  return function()
    while i < #order do
      i = i + 1
      local record = remaining_record(order[i], now)
      if record then return record end
    end
  end
end

-- One record for each entry that is still needed.
local function merged(records)
  local all, left = setmetatable({}, Book), {}
  clear(all)
  for _, record in ipairs(records) do merge(all, record) end
  for record in each_left(all) do left[#left + 1] = record end
  return left
end

-- The store ----------------------------------------------------------------

--- The journal's URL if it is in Redis, or nil.
---@return string?
function Book:redis_url()
  local source = self.source
  return type(source) == "string" and source:match("^rediss?://.*") or nil
end

local function store_of(self)
  if type(self.source) == "table" then return self.source end
  local kind = self:redis_url() and "redis" or "file"
  return lazy.load("yuanjing.journal.stores." .. kind).new(self.source)
end

local function open(self)
  self.store = self.store or store_of(self)
  return self.store
end

-- Seconds that this process keeps its own records, if the store may lose them:
-- a replica that takes over may lack the last ones.
local MEMORY = 600

local function remember(self, record)
  if not self.store.may_lose then return end
  local written, now = self.written, loop.now()
  while written[1] and now - written[1].at > MEMORY do
    table.remove(written, 1)
  end
  written[#written + 1] = { at = now, record = record }
end

-- Whether the entry contains the state of the record, or a compaction left it
-- out because it was refused or forgotten. NB: a later record does not prove
-- that the record is there which queued the task.
local function contains_state(entry, record)
  if not entry then return record.state == "refused" end
  if entry.state == "forgotten" then return true end
  if record.submitted and not entry.submitted then return false end
  return not record.state or (RANK[entry.state] or 0) >= RANK[record.state]
end

-- After the whole store was read again: restores what this process knows. NB:
-- the record of the submit may be lost together with its place in the queue:
-- so it is written durably again.
local function assert_own(self)
  for _, item in ipairs(self.backlog.items) do merge(self, item.record) end
  for _, item in ipairs(self.written) do
    if not contains_state(self.entries[item.record.key], item.record) then
      self:keep(item.record, true)
    end
  end
end

--- Reads what other processes have added.
---@return true?
---@return string? message
function Book:refresh()
  local is_reread = false
  local ok, problem = open(self):read(function(record, is_ours)
    merge(self, record, is_ours == true)
  end, function()
    is_reread = true
    clear(self)
  end)
  self.is_reread = self.is_reread or is_reread
  if ok and self.is_reread then
    self.is_reread = false
    assert_own(self)
  end
  return ok, problem
end

--- Adds a record, after the records of the backlog; with `durable` it is on
--- the disk when this returns.
---@param record table key and changes
---@param durable? boolean
---@return true?
---@return string? message
---@return boolean? is_unsure the record may be stored all the same
function Book:append(record, durable)
  local ok, problem, is_unsure = self.backlog:flush()
  if ok then
    ok, problem, is_unsure = open(self):append(record, durable)
  end
  if not ok then return nil, problem, is_unsure end
  remember(self, record)
  if not self:refresh() then merge(self, record) end
  return true
end

--- Keeps a record of a fact: it counts here at once, and is written as soon as
--- possible.
---@param record table key and changes
---@param durable? boolean
function Book:keep(record, durable)
  self.backlog:push { record = record, durable = durable }
  merge(self, record)
end

--- Adds a record of a fact, as append() does, or keeps it if that is
--- impossible now.
---@param record table key and changes
---@param durable? boolean
---@return true?
---@return string? message why not now; nil if it was too early for another try
function Book:write(record, durable)
  local ok, problem
  if not self.backlog:must_wait() then
    ok, problem = self:append(record, durable)
  end
  if not ok then self:keep(record, durable) end
  return ok, problem
end

--- Writes the backlog.
---@return true?
---@return string? message
function Book:flush()
  return self.backlog:flush()
end

---@return true?
---@return string? message
function Book:compact()
  local ok, problem = self:refresh()
  if not ok then return nil, problem end
  return self.store:compact(merged, function()
    local is_fresh, why = self:refresh()
    return is_fresh and each_left(self), why
  end)
end

-- Queries ------------------------------------------------------------------

--- A new unique key.
---@return string
function Book:new_key()
  self.last = self.last + 1
  return ("%s-%d"):format(self.store.owner, self.last)
end

--- The state of an entry, considering its process: "unknown" if no process
--- waits for the outcome of its submit any more.
---@param entry yuanjing.journal.Entry
---@return string
function Book:state_of(entry)
  if entry.state ~= "sending" then return entry.state end
  local is_awaited = self.in_flight[entry.key]
    or entry.owner ~= self.store.owner and self.store:is_alive(entry.owner)
  return is_awaited and "sending" or "unknown"
end

--- The last open submit with that digest, or nil.
---@param digest string
---@return yuanjing.journal.Entry?
function Book:find_open(digest)
  if not self.open then
    self.open = {}
    for _, entry in ipairs(self.order) do index(self, entry, false) end
  end
  local equal = self.open[digest]
  return equal and equal[#equal]
end

--- The journal's name, for messages.
---@return string
function Book:name()
  if type(self.source) == "table" then return "the journal" end
  return "the journal " .. self.source:gsub("//.*@", "//")
end

--- The error of a journal that can not be read or written.
---@param problem any
---@param call? string that was to be recorded, and was not sent
---@return yuanjing.Error
function Book:failure(problem, call)
  return errors.new { kind = "io", call = call, attempts = call and 0,
    message = self:name() .. ": " .. tostring(problem) }
end

--- Raises when a store lacks a method. Opens nothing yet.
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
  self.backlog = backlog.new(function(item)
    local ok, problem = open(self):append(item.record, item.durable)
    if ok then remember(self, item.record) end
    return ok, problem
  end)
  clear(self)
  return self
end

return book
