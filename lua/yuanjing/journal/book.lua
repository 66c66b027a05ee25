--- The state of a journal: its entries, merged from the records of a store. All
-- clients with the same journal share one book, whatever its store.
local backlog = require "yuanjing.runtime.backlog"
local errors = require "yuanjing.errors"
local lazy = require "yuanjing.base.lazy"
local loop = require "yuanjing.runtime.loop"
local merging = require "yuanjing.journal.merging"
local redis_url = require "yuanjing.redis.url"

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

---@class yuanjing.journal.Book: yuanjing.journal.Entries
---@field private source string|table
---@field store? yuanjing.journal.Store
---@field in_flight table<string, table> the submits of this process, by key
---@field private backlog yuanjing.Backlog of { record: table, durable?: boolean }
---@field private written { at: number, record: table }[] recent records, if the store may lose them
---@field private last integer
local Book = {}
Book.__index = Book

local METHODS = { "append", "read", "compact", "is_alive" }

-- The store ----------------------------------------------------------------

--- The journal's URL if it is in Redis, or nil.
---@return string?
function Book:redis_url()
  local source = self.source
  return type(source) == "string" and redis_url.is(source) and source or nil
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

-- After the whole store was read again: restores what this process knows. NB:
-- the record of the submit may be lost together with its place in the queue:
-- so it is written durably again.
local function assert_own(self)
  for _, item in ipairs(self.backlog.items) do merging.merge(self, item.record) end
  for _, item in ipairs(self.written) do
    if not merging.contains_state(self.entries[item.record.key], item.record) then
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
    merging.merge(self, record, is_ours == true)
  end, function()
    is_reread = true
    merging.clear(self)
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
  if not self:refresh() then merging.merge(self, record) end
  return true
end

--- Keeps a record of a fact: it counts here at once, and is written as soon as
--- possible.
---@param record table key and changes
---@param durable? boolean
function Book:keep(record, durable)
  self.backlog:push { record = record, durable = durable }
  merging.merge(self, record)
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
  return self.store:compact(merging.merged, function()
    local is_fresh, why = self:refresh()
    return is_fresh and merging.each_left(self), why
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
  return merging.find_open(self, digest)
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
  merging.clear(self)
  return self
end

return book
