--- A journal's records in a file, one line each: eight digits of the SHA-256
-- of the rest, a blank, and JSON: a list of the record and its number in the
-- process. The checksum reveals a torn or damaged line. Processes exclude
-- each other by locks on a file beside it, "<path>.lock", which stays: byte 0
-- while one appends, another byte while one compacts, and one byte, at a
-- random place, as long as a process lives. The path is that of the file
-- itself, with all links resolved.
local collector = require "yuanjing.base.collector"
local core = require "yuanjing.core"
local encode = require "yuanjing.journal.encode"
local files = require "yuanjing.base.files"
local loop = require "yuanjing.runtime.loop"
local new_name = require "yuanjing.base.random_name"

local file = {}

---@class yuanjing.journal.File: yuanjing.journal.Store
---@field path string
---@field damaged integer lines that could not be read
---@field private place? string the path without links
---@field private data? yuanjing.core.File
---@field private locks? yuanjing.core.File
---@field private offset number of the next line to read
---@field private last_at number of the line before that
---@field private last_sum string its first bytes
---@field private reserved number up to this offset the disk space is reserved
---@field private written integer records
---@field private queue table[] records that were read and not passed on
---@field private is_compacting? boolean a job of this process compacts
---@field private is_reread boolean the queue begins with the first record
local File = {}
File.__index = File

local APPENDING, COMPACTING = 0, 2 ^ 50
local PATIENCE = 10 -- seconds that other processes may take to append
local LONG_PATIENCE = 60 -- seconds that they may take to compact
local NAP = 0.005 -- seconds between two tries
local BLOCK = 2 ^ 17 -- bytes that are read at a time
local RESERVE = 2 ^ 16
local OUTCOME = 2 ^ 12 -- bytes reserved for the outcome of a submit
local COLLECT = rawget(_G, "jit") and 256 or 768 -- KiB; LuaJIT frees more for one
local SUM = 9 -- bytes of the checksum and the blank

-- A part of the collector's work for each block of a long journal: otherwise
-- reading it would take twice the memory.
local function collect_some(bytes)
  if bytes >= BLOCK then collector.step(COLLECT) end
end

-- Lines --------------------------------------------------------------------

-- NB: LuaJIT hashes a long string by a few of its bytes, the last among them:
-- without a number there, all lines would have the same hash.
local function line_of(record, number)
  local text, problem = encode { record, number }
  if not text then return nil, problem end
  return core.sha256(text):sub(1, 8) .. " " .. text .. "\n"
end

-- The record of a line; nil: the line is damaged.
local function record_of(text, from, to)
  if to - from < 9 or text:sub(from, from + 8)
    ~= core.sha256(text, from + 9, to):sub(1, 8) .. " " then
    return nil
  end
  local record = core.decode(text, from + 10) -- the first of the list
  return type(record) == "table" and record.key and record or nil
end

-- Opening ------------------------------------------------------------------

-- Nil for a name that is not ours. NB: with a base of 16 tonumber() ends at 32 bits
-- in LuaJIT on Windows.
local function slot_of(owner)
  local digits = (owner or ""):match("^%x+$")
  return digits and tonumber("0x" .. digits) + 1
end

local function begin_anew(self, data)
  if self.data then self.data:close() end
  self.data, self.offset, self.reserved = data, 0, 0
  self.last_at, self.last_sum = 0, ""
  self.queue, self.is_reread, self.damaged = {}, true, 0
  return core.sync_folder(self.place)
end

-- NB: every process that may write the journal may lock it.
local function open_locks(self, place, data)
  if self.locks then self.locks:close() end
  local locks, problem = core.file(place .. ".lock")
  if not locks then return nil, problem end
  locks:copy_mode(data) -- fails for another user's file, whose mode is right
  local owner = new_name()
  local ok, why = locks:lock(slot_of(owner))
  if not ok then return nil, why or "its lock is another's" end
  self.locks, self.owner, self.place = locks, owner, place
  return true
end

-- How a line begins; NULs are what a power cut may leave.
local HEAD = ("[0-9a-f%z]"):rep(8) .. "[ %z][%[%z]"

-- Whether a file is, by its beginning, somebody else's: it would be lost, for what is
-- no record is dropped. Its first line may be torn or damaged.
local function is_foreign(data)
  local text = data:read(0, BLOCK) or ""
  local head = text:sub(1, 10) .. ("00000000 ["):sub(#text + 1)
  return not (head:find(HEAD) or text:find("\n" .. HEAD))
end

local function open(self)
  local data, problem = core.file(self.path)
  if not data then return nil, problem end
  if is_foreign(data) then
    data:close()
    return nil, "the file is no journal"
  end
  local ok = true
  local place, why = core.resolve(self.path)
  if not place then return nil, why end
  if place ~= self.place or not self.locks:is_mine() then
    ok, problem = open_locks(self, place, data)
  end
  if not ok then return nil, problem end
  return begin_anew(self, data)
end

-- Whether the line that was read last is still there. If not, the file was
-- replaced (by its backup, for example), and what was read is invalid.
local function goes_on(self)
  if self.offset == 0 then return true end
  local size = self.data:size()
  return size and size >= self.offset
    and self.data:read(self.last_at, SUM) == self.last_sum
end

-- NB: a forked child shares its parent's locks, and must not release them.
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

-- Reads new lines. Returns how many bytes follow the last whole line: of a
-- record that is being written, or that a dead process left incomplete.
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

--- Passes each record since the last call to `take`. Before that it calls
--- `restart` if these are all records: then earlier ones are invalid.
---@param take fun(record: table)
---@param restart fun()
---@return true?
---@return string? message
function File:read(take, restart)
  local ok, problem = check_open(self)
  if not ok then return nil, problem end
  if self.is_reread then restart() end
  local queue = self.queue
  self.queue, self.is_reread = {}, false
  for _, record in ipairs(queue) do take(record, true) end
  ok, problem = catch_up(self, take)
  return ok and true, problem
end

-- Writing ------------------------------------------------------------------

local function collect(self)
  local queue = self.queue
  return catch_up(self, function(record) queue[#queue + 1] = record end)
end

-- Runs `act` under a lock; returns false if another process has it, or the
-- file was replaced meanwhile. It reads new records before, so that other
-- processes do not wait while a long journal is read. NB: the lock does not
-- exclude jobs of this process: code that appends must not wait.
local function try_locked(self, act, at)
  local ok, problem = check_open(self)
  if ok then ok, problem = collect(self) end
  if not ok then return nil, problem end
  ok, problem = self.locks:lock(at or APPENDING)
  if not ok then return ok, problem end
  local is_ok, done, why = pcall(function()
    if not self.data:is_at(self.path) or not goes_on(self) then return false end
    return act()
  end)
  self.locks:unlock(at or APPENDING)
  if not is_ok then error(done, 0) end
  return done, why
end

-- As try_locked(), again and again while other processes have the lock;
-- everything else goes on meanwhile.
local function locked(self, act, at, patience)
  local ends = loop.now() + (patience or PATIENCE)
  local done, problem = try_locked(self, act, at)
  while done == false and loop.now() < ends do
    loop.sleep(NAP)
    done, problem = try_locked(self, act, at)
  end
  if done ~= false then return done, problem end
  return nil, ("another process has held its lock for %d s"):format(
    patience or PATIENCE)
end

-- As locked(), for what must be written even if the waiting job is cancelled: a
-- task's id.
local function surely_locked(self, act)
  local done, problem = try_locked(self, act)
  if done ~= false then return done, problem end
  local ends, is_over = loop.now() + 2 * PATIENCE, false
  loop.detach(function()
    local is_ok
    is_ok, done, problem = pcall(locked, self, act)
    if not is_ok then done, problem = nil, tostring(done) end
    is_over = true
  end)
  while not is_over and loop.now() < ends do loop.sleep(NAP) end
  if is_over then return done, problem end
  return nil, "nginx has not run the timer that writes it"
end

local function cut_torn(self)
  local torn, problem = collect(self)
  if not torn or torn == 0 then return torn, problem end
  self.reserved = 0
  return self.data:truncate(self.offset)
end

-- Reserves disk space: the outcome of a submit must not find the disk full.
local function reserve(self, length)
  local needed = self.offset + length + OUTCOME
  if needed <= self.reserved then return true end
  local ok, problem = self.data:reserve(length + RESERVE)
  if ok then self.reserved = self.offset + length + RESERVE end
  return ok, problem
end

-- For the reader: the record itself belongs to the caller.
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
  return (is_intent and locked or surely_locked)(self, function()
    local ok, why = cut_torn(self)
    if ok and is_intent then ok, why = reserve(self, #line) end
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

-- Copies the whole lines from an offset on, which other processes have added.
-- Returns the offset behind them: there a line is torn, or is being written.
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

-- Some systems replace no file that is open: there ours is closed, and while
-- another process has the journal open it stays as it is.
local function take_place(self, beside)
  local ok, problem = files.rename(beside, self.place)
  if not ok then
    self.data:close()
    ok, problem = files.rename(beside, self.place)
  end
  local is_open, why = open(self)
  return ok and is_open, problem or why
end

-- NB: this blocks others from appending, but only for the last lines.
local function step_in(self, new, beside, from, data)
  return locked(self, function()
    if self.data ~= data then
      return nil, "it was replaced meanwhile; try again"
    end
    local done, problem = copy_lines(self, new, from)
    if done then done, problem = new:sync() end
    if not done then return nil, problem end
    return take_place(self, beside)
  end)
end

local function replace(self, records, from)
  local beside, data = self.place .. ".new", self.data
  files.remove(beside)
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
  if not ok then files.remove(beside) end
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

--- See yuanjing.journal.Store. Other processes may append meanwhile, but not
--- compact.
---@param kept fun(): (fun(): table?)?, string?
---@return true?
---@return string? message
function File:compact(_, kept)
  while self.is_compacting do loop.sleep(NAP) end -- another job compacts
  self.is_compacting = true
  local is_ok, ok, problem = pcall(locked, self, function()
    return compact(self, kept)
  end, COMPACTING, LONG_PATIENCE)
  self.is_compacting = false
  if not is_ok then error(ok, 0) end
  return ok, problem
end

--- Whether the process that wrote under that name still runs.
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
