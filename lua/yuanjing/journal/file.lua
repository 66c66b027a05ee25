--- A journal's records in a file, one line each: eight digits of the SHA-256 of
-- the rest, a blank, and JSON: a list of the record and its number among those
-- that the process has written. A torn or damaged line is known by its checksum.
-- Processes keep each other out by locks on a file beside it, "<path>.lock",
-- which stays: byte 0 for whoever appends, and one byte, by a number that nobody
-- else has, for as long as a process lives.
local core = require "yuanjing.core"
local encode = require "yuanjing.journal.encode"
local loop = require "yuanjing.loop"
local new_name = require "yuanjing.journal.name"

local file = {}

---@class yuanjing.journal.File: yuanjing.journal.Store
---@field path string
---@field damaged integer lines that could not be read
---@field private data? yuanjing.core.File
---@field private locks? yuanjing.core.File
---@field private offset number where the next line begins that is not read
---@field private room number up to where the disk is known to have room
---@field private written integer records
---@field private queue table[] records that are read and not handed over
---@field private is_anew boolean the queue begins with the first of all
local File = {}
File.__index = File

local APPENDING = 0
local PATIENCE = 10 -- seconds that others may take to append, or to compact
local NAP = 0.005 -- seconds between two looks whether they have
local BLOCK = 2 ^ 20
local ROOM = 2 ^ 16
local OUTCOME = 2 ^ 12 -- bytes that what comes of a submit takes, and more

-- Lines --------------------------------------------------------------------

-- NB: LuaJIT knows a long string by a few of its bytes, the last among them:
-- without a number there, all lines would be one to its table of strings.
local function line_of(record, number)
  local text, problem = encode { record, number }
  if not text then return nil, problem end
  return core.sha256(text):sub(1, 8) .. " " .. text .. "\n"
end

-- The record of the line that stands there; nil: it is damaged.
local function record_of(text, from, to)
  if to - from < 9 or text:sub(from, from + 8)
    ~= core.sha256(text, from + 9, to):sub(1, 8) .. " " then
    return nil
  end
  local record = core.decode(text, from + 10) -- the first of the list
  return type(record) == "table" and record.key and record or nil
end

-- Opening ------------------------------------------------------------------

-- Nil for what is no name of ours.
local function slot_of(owner)
  local number = tonumber(owner or "", 16)
  return number and number + 1
end

local function reopen(self)
  local data, problem = core.file(self.path)
  if not data then return nil, problem end
  if self.data then self.data:close() end
  self.data, self.offset, self.room = data, 0, 0
  self.queue, self.is_anew, self.damaged = {}, true, 0
  return core.sync_folder(self.path)
end

local function open(self)
  if self.locks then self.locks:close() end
  local locks, problem = core.file(self.path .. ".lock")
  if not locks then return nil, problem end
  local owner = new_name()
  local ok, why = locks:lock(slot_of(owner))
  if not ok then return nil, why or "its lock is another's" end
  self.locks, self.owner = locks, owner
  return reopen(self)
end

-- NB: a forked child has its parent's locks, and would end them for nobody.
local function check_open(self)
  if not self.locks or not self.locks:is_mine() then return open(self) end
  if not self.data:is_at(self.path) then return reopen(self) end
  return true
end

-- Reading ------------------------------------------------------------------

local function take_lines(self, text, take)
  local from, stop = 1, text:find("\n", 1, true)
  while stop do
    local record = record_of(text, from, stop - 1)
    if record then
      take(record)
    else
      self.damaged = self.damaged + 1
    end
    from, stop = stop + 1, text:find("\n", stop + 1, true)
  end
  self.offset = self.offset + from - 1
  return text:sub(from)
end

-- How many bytes stand behind the last whole line: of a record that is being
-- written, or was, by a process that is gone.
local function catch_up(self, take)
  local torn = ""
  repeat
    local bytes, problem = self.data:read(self.offset + #torn, BLOCK)
    if not bytes then return nil, problem end
    torn = take_lines(self, torn .. bytes, take)
  until #bytes == 0
  return #torn
end

--- Has `take` have each record since the last time; and before that calls
--- `restart` where these are all there are: then what was known is void.
---@param take fun(record: table)
---@param restart fun()
---@return true?
---@return string? message
function File:read(take, restart)
  local ok, problem = check_open(self)
  if not ok then return nil, problem end
  if self.is_anew then restart() end
  local queue = self.queue
  self.queue, self.is_anew = {}, false
  for _, record in ipairs(queue) do take(record) end
  ok, problem = catch_up(self, take)
  return ok and true, problem
end

-- Writing ------------------------------------------------------------------

-- Runs it while nobody else writes; false: another process does. NB: `act` must
-- not wait: to this process's own jobs the lock says nothing.
local function try(self, act)
  local ok, problem = check_open(self)
  if not ok then return nil, problem end
  ok, problem = self.locks:lock(APPENDING)
  if not ok then return ok, problem end
  local well, done, why = pcall(function()
    ok, problem = check_open(self) -- it may have been replaced meanwhile
    if not ok then return nil, problem end
    return act()
  end)
  self.locks:unlock(APPENDING)
  if not well then error(done, 0) end
  return done, why
end

-- As try(), again and again while others write: meanwhile everything else goes
-- on.
local function alone(self, act)
  local ends = loop.now() + PATIENCE
  local done, problem = try(self, act)
  while done == false and loop.now() < ends do
    loop.sleep(NAP)
    done, problem = try(self, act)
  end
  if done ~= false then return done, problem end
  return nil, ("another process has held its lock for %d s"):format(PATIENCE)
end

-- As alone(), for what must be written even if whoever waits for that is
-- cancelled: a task's id.
local function surely_alone(self, act)
  local done, problem = try(self, act)
  if done ~= false then return done, problem end
  local ends, is_over = loop.now() + 2 * PATIENCE, false
  loop.detach(function()
    local well
    well, done, problem = pcall(alone, self, act)
    if not well then done, problem = nil, tostring(done) end
    is_over = true
  end)
  while not is_over and loop.now() < ends do loop.sleep(NAP) end
  if is_over then return done, problem end
  return nil, "nginx has not run the timer that writes it"
end

local function collect(self)
  local queue = self.queue
  return catch_up(self, function(record) queue[#queue + 1] = record end)
end

local function cut_torn(self)
  local torn, problem = collect(self)
  if not torn or torn == 0 then return torn, problem end
  self.room = 0
  return self.data:truncate(self.offset)
end

-- What comes of a submit must not find the disk full.
local function make_room(self, length)
  local needed = self.offset + length + OUTCOME
  if needed <= self.room then return true end
  local ok, problem = self.data:reserve(length + ROOM)
  if ok then self.room = self.offset + length + ROOM end
  return ok, problem
end

--- Adds a record; with `durable` it is on the disk when this returns.
---@param record table
---@param durable? boolean
---@return true?
---@return string? message
function File:append(record, durable)
  self.written = self.written + 1
  local line, problem = line_of(record, self.written)
  if not line then return nil, problem end
  local is_intent = record.state == "sending"
  return (is_intent and alone or surely_alone)(self, function()
    local ok, why = cut_torn(self)
    if ok and is_intent then ok, why = make_room(self, #line) end
    if ok then ok, why = self.data:append(line, durable) end
    if not ok then return nil, why end
    self.offset = self.offset + #line
    self.queue[#self.queue + 1] = record
    return true
  end)
end

local function write_beside(path, records)
  os.remove(path)
  local new, problem = core.file(path)
  local ok, lines, size = new, {}, 0
  for i, record in ipairs(records) do
    lines[#lines + 1] = line_of(record, i)
    size = size + #(lines[#lines] or "")
    if ok and (size > BLOCK or i == #records) then
      ok, problem = new:append(table.concat(lines))
      lines, size = {}, 0
    end
  end
  if ok then ok, problem = new:sync() end
  if new then new:close() end
  return ok, problem
end

--- Replaces all records by what `merged` makes of them, whole or not at all.
---@param merged fun(records: table[]): table[]
---@return true?
---@return string? message
function File:compact(merged)
  return alone(self, function()
    local beside = self.path .. ".new"
    local ok, problem = reopen(self)
    if ok then ok, problem = collect(self) end
    if ok then ok, problem = write_beside(beside, merged(self.queue)) end
    if ok then ok, problem = os.rename(beside, self.path) end
    if not ok then
      os.remove(beside)
      return nil, problem
    end
    return reopen(self)
  end)
end

--- Whether the process that has written under that name still runs.
---@param owner string
---@return boolean
function File:is_alive(owner)
  local slot = slot_of(owner)
  return slot ~= nil and self.locks:is_locked(slot) == true
end

--- Opens nothing yet.
---@param path string
---@return yuanjing.journal.File
function file.new(path)
  return setmetatable({ path = path, damaged = 0, written = 0 }, File)
end

return file
