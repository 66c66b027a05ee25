--- A journal's records in Redis (6.2 or later), for many machines. They are a
-- stream that all read; the tasks among them stand once more in a second stream,
-- whose consumer group hands them to workers: who has one renews its lease, and
-- who does not loses it. What must be one step is a script that Redis runs.
local encode = require "yuanjing.journal.encode"
local json = require "yuanjing.json"
local link = require "yuanjing.journal.link"
local loop = require "yuanjing.loop"
local new_name = require "yuanjing.journal.name"

local redis = {}

local unpack = table.unpack or unpack

---@class yuanjing.journal.Redis: yuanjing.journal.Store
---@field private link? yuanjing.journal.Link
---@field private keys table<string, string>
---@field private last string the id of the last record that was read
---@field private generation string of the stream: how often it was compacted
---@field private cursor string where the search for lost leases goes on
local Redis = {}
Redis.__index = Redis

local ALIVE = 60 -- seconds that a process counts as living without a word
local PAGE = 1000

--- How often a process says that it lives, while a submit of its is under way.
Redis.BEAT = ALIVE / 3

local APPEND = [[
redis.call('SET', KEYS[4], 1, 'EX', ARGV[4])
redis.call('XADD', KEYS[1], '*', 'record', ARGV[1])
if ARGV[3] == 'task' and redis.call('SADD', KEYS[3], ARGV[2]) == 1 then
  redis.call('XADD', KEYS[2], '*', 'key', ARGV[2])
end
return 1]]

local READ = [[
local generation = redis.call('GET', KEYS[2]) or '0'
local from = generation == ARGV[2] and ARGV[1] or '-'
return { generation,
  redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[3]) }]]

local COMPACT = [[
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if (last and last[1] or '0-0') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
for record in ARGV[2]:gmatch('[^\n]+') do
  redis.call('XADD', KEYS[1], '*', 'record', record)
end
local kept = {}
for key in ARGV[3]:gmatch('[^\n]+') do kept[key] = true end
for _, key in ipairs(redis.call('SMEMBERS', KEYS[3])) do
  if not kept[key] then redis.call('SREM', KEYS[3], key) end
end
redis.call('INCR', KEYS[2])
return 1]]

local TAKE = [[
redis.pcall('XGROUP', 'CREATE', KEYS[1], 'workers', '0', 'MKSTREAM')
local lost = redis.call('XAUTOCLAIM', KEYS[1], 'workers', ARGV[1], ARGV[2],
  ARGV[4], 'COUNT', ARGV[3])
local items = { lost[1] }
local function add(entries)
  for _, entry in ipairs(entries) do
    if entry then
      items[#items + 1] = entry[1]
      items[#items + 1] = entry[2][2]
    end
  end
end
add(lost[2])
local left = ARGV[3] - (#items - 1) / 2
if left > 0 then
  local new = redis.call('XREADGROUP', 'GROUP', 'workers', ARGV[1], 'COUNT',
    left, 'STREAMS', KEYS[1], '>')
  if new then add(new[1][2]) end
end
return items]]

local HOLD = [[
local held = {}
for i = 2, #ARGV do
  local id = ARGV[i]
  local who = redis.call('XPENDING', KEYS[1], 'workers', id, id, 1)[1]
  if who and who[2] == ARGV[1] then
    redis.call('XCLAIM', KEYS[1], 'workers', ARGV[1], 0, id, 'JUSTID')
    held[#held + 1] = id
  end
end
return held]]

local FINISH = [[
redis.call('XACK', KEYS[1], 'workers', ARGV[1])
return redis.call('XDEL', KEYS[1], ARGV[1])]]

-- The stream's entries that came before one with that id are read.
local function behind(id)
  return id == "" and "-" or "(" .. id
end

local function begin_anew(self)
  self.owner, self.process = new_name(), loop.pool()
  self.last, self.generation, self.cursor = "", "none", "0-0"
end

local function alive_key(self, owner)
  return self.keys.alive .. ":" .. tostring(owner)
end

-- The reply of a call; nil and why there is none.
local function call(self, ...)
  if not self.link then return nil, self.problem end
  if self.process ~= loop.pool() then begin_anew(self) end -- after a fork
  return self.link:call(...)
end

-- Records ------------------------------------------------------------------

local HAS_TASK = { running = true, done = true, failed = true }

--- Adds a record. How safe it is then is for Redis' settings to say.
---@param record table
---@return true?
---@return string? message
function Redis:append(record)
  local text, problem = encode(record)
  if not text then return nil, problem end
  local keys = self.keys
  local reply, why = call(self, "EVAL", APPEND, 4, keys.records, keys.work,
    keys.queued, alive_key(self, self.owner), text, record.key,
    HAS_TASK[record.state] and "task" or "", ALIVE)
  return reply and true, why
end

-- One page: how many records it had.
local function read_page(self, take, restart)
  local last, keys = self.last, self.keys
  local reply, problem = call(self, "EVAL", READ, 2, keys.records,
    keys.generation, behind(last), self.generation, PAGE)
  if not reply then return nil, problem end
  if self.last ~= last then return PAGE end -- in nginx another read meanwhile
  local generation, entries = reply[1], reply[2]
  if generation ~= self.generation then restart() end
  self.generation = generation
  for _, entry in ipairs(entries) do
    local record = json.decode(entry[2][2])
    if type(record) == "table" and record.key then take(record) end
    self.last = entry[1]
  end
  return #entries
end

--- See yuanjing.journal.Store.
---@param take fun(record: table)
---@param restart fun()
---@return true?
---@return string? message
function Redis:read(take, restart)
  local count, problem
  repeat
    count, problem = read_page(self, take, restart)
  until not count or count < PAGE
  return count and true, problem
end

-- All records as they stand, and the id of the last.
local function read_all(self)
  local other = setmetatable({ last = "", generation = "none" },
    { __index = self })
  local records = {}
  local ok, problem = Redis.read(other, function(record)
    records[#records + 1] = record
  end, function() records = {} end)
  return ok and records, problem or other.last
end

local function lines_of(records)
  local lines, keys = {}, {}
  for i, record in ipairs(records) do
    lines[i], keys[i] = assert(encode(record)), record.key
  end
  return table.concat(lines, "\n"), table.concat(keys, "\n")
end

local TRIES = 10 -- others may add records meanwhile

--- See yuanjing.journal.Store.
---@param merged fun(records: table[]): table[]
---@return true?
---@return string? message
function Redis:compact(merged)
  for _ = 1, TRIES do
    local records, last = read_all(self)
    if not records then return nil, last end
    local lines, keys = lines_of(merged(records))
    local reply, problem = call(self, "EVAL", COMPACT, 3, self.keys.records,
      self.keys.generation, self.keys.queued, last == "" and "0-0" or last,
      lines, keys)
    if not reply then return nil, problem end
    if reply == 1 then return true end
  end
  return nil, "others write all the time; try again"
end

--- Tells the others that this process lives.
function Redis:beat()
  return call(self, "SET", alive_key(self, self.owner), 1, "EX", ALIVE)
end

--- Whether a process of that name has been heard of lately.
---@param owner string
---@return boolean
function Redis:is_alive(owner)
  return call(self, "EXISTS", alive_key(self, owner)) ~= 0
end

-- Work ---------------------------------------------------------------------

--- Takes up to so many tasks whose turn it is: new ones, and those of workers
--- whose leases are over.
---@param worker string a name that no other worker has
---@param lease number seconds
---@param count integer
---@return { id: string, key: string }[]?
---@return string? message
function Redis:take(worker, lease, count)
  local reply, problem = call(self, "EVAL", TAKE, 1, self.keys.work, worker,
    ("%.0f"):format(lease * 1000), count, self.cursor)
  if not reply then return nil, problem end
  self.cursor = reply[1]
  local items = {}
  for i = 2, #reply, 2 do
    items[#items + 1] = { id = reply[i], key = reply[i + 1] }
  end
  return items
end

--- Renews the leases of those of the items that are still this worker's: a set
--- of their ids.
---@param worker string
---@param ids string[]
---@return table<string, boolean>?
---@return string? message
function Redis:hold(worker, ids)
  local reply, problem = call(self, "EVAL", HOLD, 1, self.keys.work, worker,
    unpack(ids))
  if not reply then return nil, problem end
  local held = {}
  for _, id in ipairs(reply) do held[id] = true end
  return held
end

--- Nobody is to have this item again.
---@param id string
---@return true?
---@return string? message
function Redis:finish(id)
  local reply, problem = call(self, "EVAL", FINISH, 1, self.keys.work, id)
  return reply and true, problem
end

--- How many items wait or are with workers.
---@return integer?
---@return string? message
function Redis:left()
  return call(self, "XLEN", self.keys.work)
end

--- Connects to nothing yet.
---@param url string
---@return yuanjing.journal.Redis
function redis.new(url)
  local connection, problem, address = link.new(url)
  local self = setmetatable({ link = connection, problem = problem,
    keys = link.keys(address, { "records", "generation", "work", "queued",
      "alive" }) }, Redis)
  begin_anew(self)
  return self
end

return redis
