--- A journal's records in Redis (6.2 or later), for many machines: a stream
-- that all processes read. Its tasks are also handed to workers, see
-- yuanjing.journal.leases. Each atomic step is a script that Redis runs.
local collector = require "yuanjing.base.collector"
local compaction = require "yuanjing.journal.compaction"
local encode = require "yuanjing.journal.encode"
local json = require "yuanjing.base.json"
local leases = require "yuanjing.journal.leases"
local link = require "yuanjing.redis.connection"
local loop = require "yuanjing.runtime.loop"
local new_name = require "yuanjing.base.random_name"

local redis = {}

---@class yuanjing.journal.Redis: yuanjing.journal.Store
---@field private link? yuanjing.journal.Link
---@field private problem? string why there is no connection
---@field private keys table<string, string>
---@field private last string the id of the last record that was read
---@field private last_text string that record
---@field private generation string of the stream, new with each compaction
local Redis = {}
Redis.__index = Redis

local KEYS = { "records", "generation", "work", "queued", "alive", "schedule",
  "holders", "attempts", "number" }

local ALIVE = 60 -- seconds without a heartbeat until a process counts as dead
-- KiB of the collector's work for each page: LuaJIT hashes long strings by a
-- few of their bytes, so thousands of dead ones that are alike would slow it
-- down.
local COLLECT = 1024
local PAGE = 200 -- records: more would block other clients of Redis

--- A replica that takes over may lack the last records.
Redis.may_lose = true

--- Seconds between heartbeats of a process, while it has a submit in flight.
Redis.HEARTBEAT = ALIVE / 3

-- A task is queued once, together with its record, so that a worker can begin
-- even if the record was lost.
local APPEND = [[
local records, alive, work, queued, schedule = unpack(KEYS)
local record, seconds, key = unpack(ARGV)
redis.call('SET', alive, 1, 'EX', seconds)
redis.call('XADD', records, '*', 'record', record)
if key and redis.call('SADD', queued, key) == 1 then
  local id = redis.call('XADD', work, '*', 'key', key, 'record', record)
  redis.call('ZADD', schedule, 0, id)
end
return 1]]

local READ = [[
local from = ARGV[1] == '' and '-' or ARGV[1]
return { redis.call('GET', KEYS[2]) or '0',
  redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[2]) }]]

local function begin_anew(self)
  self.owner, self.process = new_name(), loop.pool()
  self.last, self.last_text, self.generation = "", "", "none"
end

local function alive_key(self, owner)
  return self.keys.alive .. ":" .. tostring(owner)
end

--- The reply of a command; or nil, why there is none, and whether the command
--- may have been executed all the same.
---@private
function Redis:call(...)
  if not self.link then return nil, self.problem end
  if self.process ~= loop.pool() then begin_anew(self) end -- after a fork
  return self.link:call(...)
end

-- Records ------------------------------------------------------------------

local HAS_TASK = { running = true, done = true, failed = true }

-- True for the outcome of a submit, which is durable, and not for a later
-- change: if the set of queued tasks is lost, a later change would queue them
-- again.
local function is_new_task(record, durable)
  return HAS_TASK[record.state] and (durable or not record.changed)
end

--- Adds a record. Redis' settings decide how safe it is then.
---@param record table
---@param durable? boolean
---@return true?
---@return string? message
---@return boolean? is_unsure the record may be stored all the same
function Redis:append(record, durable)
  local text, problem = encode(record)
  if not text then return nil, problem end
  local keys = self.keys
  local reply, why, is_unsure = self:call("EVAL", APPEND, 5, keys.records,
    alive_key(self, self.owner), keys.work, keys.queued, keys.schedule, text,
    ALIVE, is_new_task(record, durable) and record.key or nil)
  return reply and true, why, is_unsure
end

-- The record that was read last must be the first of what comes next.
-- Otherwise it is another stream (it was compacted or deleted, or a replica
-- took over that lacks the last records), and ids of the old stream are
-- invalid. NB: a replica whose clock is behind may give the same id to another
-- record.
local function goes_on(self, generation, entries)
  if generation ~= self.generation then return false end
  local first = entries[1]
  return self.last == ""
    or first and first[1] == self.last and first[2][2] == self.last_text
end

local function take_entry(self, entry, take)
  local record = json.decode(entry[2][2])
  if type(record) == "table" and record.key then take(record, true) end
  self.last, self.last_text = entry[1], entry[2][2]
end

-- Reads one page; returns whether there may be more.
local function read_page(self, take, restart)
  local last, keys = self.last, self.keys
  local reply, problem = self:call("EVAL", READ, 2, keys.records,
    keys.generation, last, PAGE)
  if not reply then return nil, problem end
  if self.last ~= last then return true end -- in nginx another read came first
  local generation, entries = reply[1], reply[2]
  if not goes_on(self, generation, entries) then
    self.last, self.last_text, self.generation = "", "", generation
    restart()
    if last ~= "" then return true end -- these are not from the start
  end
  for i = last == "" and 1 or 2, #entries do
    take_entry(self, entries[i], take)
  end
  local is_full = #entries == PAGE
  if is_full then collector.step(COLLECT) end
  return is_full
end

--- See yuanjing.journal.Store.
---@param take fun(record: table)
---@param restart fun()
---@return true?
---@return string? message
function Redis:read(take, restart)
  local has_more, problem
  repeat
    has_more, problem = read_page(self, take, restart)
  until not has_more
  return has_more ~= nil or nil, problem
end

--- See yuanjing.journal.Store. Other processes go on meanwhile.
---@param kept fun(): (fun(): table?)?, string?
---@return true?
---@return string? message
function Redis:compact(_, kept)
  local records, problem = kept()
  if not records then return nil, problem end
  return compaction.run(self, records)
end

--- Tells other processes that this process is alive.
function Redis:heartbeat()
  return self:call("SET", alive_key(self, self.owner), 1, "EX", ALIVE)
end

--- Whether a process of that name has sent a heartbeat lately.
---@param owner string
---@return boolean
function Redis:is_alive(owner)
  return self:call("EXISTS", alive_key(self, owner)) ~= 0
end

for name, method in pairs(leases) do Redis[name] = method end

--- Does not connect yet.
---@param url string
---@return yuanjing.journal.Redis
function redis.new(url)
  local connection, problem, address = link.new(url)
  local self = setmetatable({ link = connection, problem = problem,
    keys = link.keys(address, KEYS) }, Redis)
  begin_anew(self)
  return self
end

return redis
