--- A journal's records in a file, one line each: eight digits of the SHA-256 of
-- the rest, a blank, and JSON: a list of the record and its number among those
-- that the process has written. A torn or damaged line is known by its checksum.
-- Processes keep each other out by locks on a file beside it, "<path>.lock",
-- which stays: byte 0 for whoever appends, another for whoever compacts, and one
-- byte, by a number that nobody else has, for as long as a process lives. The path
-- is that of the file itself, by whatever links a process came to it.
local core = require "yuanjing.core"
local encode = require "yuanjing.journal.encode"
local loop = require "yuanjing.runtime.loop"
local new_name = require "yuanjing.journal.name"

local file = {}

---@class yuanjing.journal.File: yuanjing.journal.Store
---@field path string
---@field damaged integer lines that could not be read
---@field private place? string the path without links
---@field private data? yuanjing.core.File
---@field private locks? yuanjing.core.File
---@field private offset number where the next line begins that is not read
---@field private last_at number where the line before that begins
---@field private last_sum string its first bytes
---@field private room number up to where the disk is known to have room
---@field private written integer records
---@field private queue table[] records that are read and not handed over
---@field private is_compacting? boolean a job of this process does
---@field private is_anew boolean the queue begins with the first of all
local File = {}
File.__index = File

local APPENDING, COMPACTING = 0, 2 ^ 50
local PATIENCE = 10 -- seconds that others may take to append
local LONG_PATIENCE = 60 -- and to compact
local NAP = 0.005 -- seconds between two looks whether they have
local BLOCK = 2 ^ 17 -- bytes that are read at a time
local ROOM = 2 ^ 16
local OUTCOME = 2 ^ 12 -- bytes that what comes of a submit takes, and more
local COLLECT = rawget(_G, "jit") and 256 or 768 -- KiB; LuaJIT does more for one
local SUM = 9 -- bytes that a line begins with

-- Some of the collector's work, for each block of a long journal: it would take
-- twice its memory else.
local function collect_some(bytes)
  if bytes >= BLOCK then collectgarbage("step", COLLECT) end
end

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

local function begin_anew(self, data)
  if self.data then self.data:close() end
  self.data, self.offset, self.room = data, 0, 0
  self.last_at, self.last_sum = 0, ""
  self.queue, self.is_anew, self.damaged = {}, true, 0
  return core.sync_folder(self.place)
end

-- NB: whoever may write the journal may lock it.
local function open_locks(self, place, data)
  if self.locks then self.locks:close() end
  local locks, problem = core.file(place .. ".lock")
  if not locks then return nil, problem end
  locks:copy_mode(data) -- fails on another user's file, whose mode is right
  local owner = new_name()
  local ok, why = locks:lock(slot_of(owner))
  if not ok then return nil, why or "its lock is another's" end
  self.locks, self.owner, self.place = locks, owner, place
  return true
end

local function open(self)
  local data, problem = core.file(self.path)
  if not data then return nil, problem end
  local ok = true
  local place, why = core.resolve(self.path)
  if not place then return nil, why end
  if place ~= self.place or not self.locks:is_mine() then
    ok, problem = open_locks(self, place, data)
  end
  if not ok then return nil, problem end
  return begin_anew(self, data)
end

-- Whether what was read last is still there. If not the file was replaced by its
-- backup, say, and what was read is void.
local function goes_on(self)
  if self.offset == 0 then return true end
  local size = self.data:size()
  return size and size >= self.offset
    and self.data:read(self.last_at, SUM) == self.last_sum
end

-- NB: a forked child has its parent's locks, and would end them for nobody.
local function check_open(self)
  if self.locks and self.locks:is_mine() and self.data:is_at(self.path)
    and goes_on(self) then
    return true
  end
  return open(self)
end

-- Reading ------------------------------------------------------------------

local function take_lines(self, text, take)
  local from, stop = 1, text:find("\n", 1, true)
  while stop do
    local record = record_of(text, from, stop - 1)
    if record then
      take(record, true)
    else
      self.damaged = self.damaged + 1
    end
    self.last_at = self.offset + from - 1
    self.last_sum = text:sub(from, math.min(stop, from + SUM - 1))
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
    collect_some(#bytes)
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
  for _, record in ipairs(queue) do take(record, true) end
  ok, problem = catch_up(self, take)
  return ok and true, problem
end

-- Writing ------------------------------------------------------------------

local function collect(self)
  local queue = self.queue
  return catch_up(self, function(record) queue[#queue + 1] = record end)
end

-- Runs it while nobody else has that lock; false: another process has, or it was
-- replaced meanwhile. What was there before is read first, so that nobody waits
-- while a long journal is read. NB: to this process's own jobs a lock says nothing:
-- who appends must not wait.
local function try(self, act, at)
  local ok, problem = check_open(self)
  if ok then ok, problem = collect(self) end
  if not ok then return nil, problem end
  ok, problem = self.locks:lock(at or APPENDING)
  if not ok then return ok, problem end
  local well, done, why = pcall(function()
    if not self.data:is_at(self.path) or not goes_on(self) then return false end
    return act()
  end)
  self.locks:unlock(at or APPENDING)
  if not well then error(done, 0) end
  return done, why
end

-- As try(), again and again while others have it: meanwhile everything else goes
-- on.
local function alone(self, act, at, patience)
  local ends = loop.now() + (patience or PATIENCE)
  local done, problem = try(self, act, at)
  while done == false and loop.now() < ends do
    loop.sleep(NAP)
    done, problem = try(self, act, at)
  end
  if done ~= false then return done, problem end
  return nil, ("another process has held its lock for %d s"):format(
    patience or PATIENCE)
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

-- For whoever reads it: the record itself is the caller's.
local function copy_of(record)
  local copy = {}
  for name, value in pairs(record) do copy[name] = value end
  return copy
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
    self.last_at, self.last_sum = self.offset, line:sub(1, SUM)
    self.offset = self.offset + #line
    self.queue[#self.queue + 1] = copy_of(record)
    return true
  end)
end

-- Compaction ---------------------------------------------------------------

local function write_records(new, records)
  local lines, size, number = {}, 0, 0
  local function write()
    local ok, problem = new:append(table.concat(lines))
    collect_some(size)
    lines, size = {}, 0
    return ok, problem
  end
  for record in records do
    number = number + 1
    lines[#lines + 1] = line_of(record, number)
    size = size + #(lines[#lines] or "")
    local ok, problem = true, nil
    if size > BLOCK then ok, problem = write() end
    if not ok then return nil, problem end
  end
  return write()
end

-- Copies the whole lines from there on, which others have added since: where the
-- next begins. What stands behind the last is a torn one, or still written.
local function copy_lines(self, new, from)
  local size = BLOCK
  while true do
    local bytes, problem = self.data:read(from, size)
    local lines = bytes and bytes:match("^.*\n")
    local ok = bytes
    if lines then ok, problem = new:append(lines) end
    if not ok then return nil, problem end
    if not lines and #bytes < size then return from end
    from, size = from + #(lines or ""), lines and BLOCK or 2 * size
  end
end

-- NB: only the last of it, with little left to copy, keeps others from appending.
local function step_in(self, new, beside, from, data)
  return alone(self, function()
    if self.data ~= data then
      return nil, "it was replaced meanwhile; try again"
    end
    local done, problem = copy_lines(self, new, from)
    if done then done, problem = new:sync() end
    if done then done, problem = os.rename(beside, self.place) end
    if not done then return nil, problem end
    return open(self)
  end)
end

local function replace(self, records, from)
  local beside, data = self.place .. ".new", self.data
  os.remove(beside)
  local new, problem = core.file(beside)
  local ok = new
  if ok then ok, problem = new:copy_mode(data) end
  if ok then ok, problem = write_records(new, records) end
  if ok then
    from, problem = copy_lines(self, new, from)
    ok = from
  end
  if ok then ok, problem = new:sync() end
  if ok then ok, problem = step_in(self, new, beside, from, data) end
  if new then new:close() end
  if not ok then os.remove(beside) end
  return ok, problem
end

local function compact(self, kept)
  if self.data:link_count() > 1 then
    return nil, "the file has another name (a hard link), which would keep "
      .. "the old records"
  end
  local records, problem = kept()
  if not records then return nil, problem end
  return replace(self, records, self.offset)
end

--- See yuanjing.journal.Store. Others may append meanwhile, but not compact.
---@param kept fun(): (fun(): table?)?, string?
---@return true?
---@return string? message
function File:compact(_, kept)
  while self.is_compacting do loop.sleep(NAP) end -- by another job
  self.is_compacting = true
  local well, ok, problem = pcall(alone, self, function()
    return compact(self, kept)
  end, COMPACTING, LONG_PATIENCE)
  self.is_compacting = false
  if not well then error(ok, 0) end
  return ok, problem
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
