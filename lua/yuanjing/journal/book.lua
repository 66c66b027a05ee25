--- What a journal's records add up to: an entry for each submit. A record holds
-- what is new of one; later ones count. All clients that share a journal share
-- this.
local later = require "yuanjing.later"
local book = {}

---@class yuanjing.journal.Store where the records are; docs/journal.md
---@field owner string of this process, which nobody else has; after read()
---@field append fun(self, record: table, durable: boolean?): true?, string?
---@field read fun(self, take: fun(record: table), restart: fun()): true?, string?
---@field compact fun(self, merged: fun(records: table[]): table[]): true?, string?
---@field is_alive fun(self, owner: string): boolean

---@class yuanjing.journal.Entry one submit
---@field key string its name in the journal
---@field at integer Unix time of the submit
---@field state "sending"|"running"|"done"|"failed"|"refused"|"unknown"|"forgotten"
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
---@field changed? integer Unix time of the last record

---@class yuanjing.journal.Book
---@field private source string|table
---@field store? yuanjing.journal.Store
---@field entries table<string, yuanjing.journal.Entry> by key
---@field order yuanjing.journal.Entry[] as they were submitted
---@field by_id table<string, yuanjing.journal.Entry>
---@field in_flight table<string, table> the submits of this process, by key
---@field private alike table<string, yuanjing.journal.Entry[]> by digest
---@field private last integer
local Book = {}
Book.__index = Book

local METHODS = { "append", "read", "compact", "is_alive" }

local function clear(self)
  self.entries, self.order, self.by_id, self.alike = {}, {}, {}, {}
end

-- Merging ------------------------------------------------------------------

local function begin(self, record)
  local entry = { at = 0, media = {} }
  self.entries[record.key] = entry
  self.order[#self.order + 1] = entry
  if record.digest then
    local alike = self.alike[record.digest] or {}
    self.alike[record.digest] = alike
    alike[#alike + 1] = entry
  end
  return entry
end

local function merge(self, record)
  local entry = self.entries[record.key] or begin(self, record)
  for name, value in pairs(record) do entry[name] = value end
  if entry.id then self.by_id[entry.id] = entry end
end

local GONE = { forgotten = true, refused = true }

-- One record for each entry that still says something.
local function merged(records)
  local all, kept = setmetatable({}, Book), {}
  clear(all)
  for _, record in ipairs(records) do merge(all, record) end
  for _, entry in ipairs(all.order) do
    if not GONE[entry.state] then kept[#kept + 1] = entry end
  end
  return kept
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
  return later.load("yuanjing.journal." .. room).new(self.source)
end

--- Reads what others have added.
---@return true?
---@return string? message
function Book:refresh()
  self.store = self.store or store_of(self)
  return self.store:read(function(record) merge(self, record) end,
    function() clear(self) end)
end

--- Adds a record; with `durable` it is on the disk when this returns.
---@param record table key, and what is new
---@param durable? boolean
---@return true?
---@return string? message
function Book:append(record, durable)
  local ok, problem = self.store:append(record, durable)
  if not ok then return nil, problem end
  return self:refresh()
end

---@return true?
---@return string? message
function Book:compact()
  local ok, problem = self:refresh()
  if ok then ok, problem = self.store:compact(merged) end
  return ok, problem
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

local OPEN = { sending = true, running = true, unknown = true }

--- The last submit with that digest that is not over, if there is one.
---@param digest string
---@return yuanjing.journal.Entry?
function Book:find_open(digest)
  local alike = self.alike[digest] or {}
  for i = #alike, 1, -1 do
    if OPEN[alike[i].state] then return alike[i] end
  end
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
  local self = setmetatable({ source = source, last = 0,
    in_flight = setmetatable({}, { __mode = "v" }) }, Book)
  clear(self)
  return self
end

return book
