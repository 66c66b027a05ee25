--- The work queue of a journal in Redis: methods of its store.
-- A task that waits for a worker, or is held by one, is an item of the stream
-- `work`. The sorted set `schedule` has the time, by Redis' clock, when each
-- item may be handed out (again): at once; when its lease ends; or after a
-- pause, when on_result has failed. The hash `holders` has "WORKER NUMBER
-- SPAN" for each lease, whose number is higher than that of every earlier
-- lease, or "- 0 SPAN" for a pause. "~" in front marks a lease that ended;
-- during the pause after it the holder may return. The hash `attempts` counts
-- the calls of on_result. A change of an item needs its lease number: a
-- worker that comes too late is refused.
-- number: one that comes late is told so.
local encode = require "yuanjing.journal.encode"
local json = require "yuanjing.base.json"

local leases = {}

local unpack = table.unpack or unpack

-- Redis' Lua takes some thousand arguments.
local PIECE = 500

-- NB: in microseconds, which a double holds exactly. A time further in the
-- future than its span was set by a clock that has been put back since.
local COMMON = [[
local time = redis.call('TIME')
local now = time[1] * 1e6 + time[2]

-- The pause after the n-th failure of a worker whose leases last `span`.
local function pause(n, span) return span * 1.6 ^ (n - 1) end

local function set(id, holder, span)
  redis.call('ZADD', schedule, now + span, id)
  redis.call('HSET', holders, id, ('%s %.0f'):format(holder, span))
end

local function span_of(id)
  return tonumber((redis.call('HGET', holders, id) or ''):match('(%d+)$')) or 0
end

local function is_holder(id, holder)
  local value = (redis.call('HGET', holders, id) or ''):gsub('^~', '')
  return value:sub(1, #holder + 1) == holder .. ' '
end
]]

local TAKE = [[
local schedule, holders, work, attempts, number = unpack(KEYS)
local worker, span, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
]] .. COMMON .. [[
for _ = 1, 1000 do
  local top = redis.call('ZREVRANGE', schedule, 0, 0, 'WITHSCORES')
  local latest = top[1] and now + span_of(top[1])
  if not latest or tonumber(top[2]) <= latest then break end
  redis.call('ZADD', schedule, latest, top[1])
end

-- A lease that ended by itself: its worker is silent, perhaps in on_result.
local function pauses(id, tried)
  local holder = redis.call('HGET', holders, id) or '-'
  if tried == 0 or holder:find('^[-~]') then return false end
  redis.call('ZADD', schedule, now + pause(tried, span_of(id)), id)
  redis.call('HSET', holders, id, '~' .. holder)
  return true
end

local function next_number()
  local last = tonumber(redis.call('GET', number)) or 0
  local text = ('%.0f'):format(math.max(now, last + 1))
  redis.call('SET', number, text)
  return text
end

local items = {}
local function hand_out(id, item)
  local tried = tonumber(redis.call('HGET', attempts, id)) or 0
  if pauses(id, tried) then return end
  local was_held = redis.call('HEXISTS', holders, id)
  local lease = next_number()
  set(id, worker .. ' ' .. lease, span)
  items[#items + 1] = { id, lease, tried, was_held, item[2][2],
    item[2][4] or '' }
end

local due = redis.call('ZRANGEBYSCORE', schedule, '-inf', now, 'LIMIT', 0,
  count)
for _, id in ipairs(due) do
  local item = redis.call('XRANGE', work, id, id)[1]
  if item then
    hand_out(id, item)
  else
    redis.call('ZREM', schedule, id)
    redis.call('HDEL', holders, id)
    redis.call('HDEL', attempts, id)
  end
end
return items]]

-- Items without a schedule: of an older version, or the key was lost.
local ADOPT = [[
local schedule, holders, work = unpack(KEYS)
]] .. COMMON .. [[
local items = redis.call('XRANGE', work, ARGV[1], '+', 'COUNT', ARGV[2])
for _, item in ipairs(items) do
  if not redis.call('ZSCORE', schedule, item[1]) then
    redis.call('ZADD', schedule, now + span_of(item[1]), item[1])
  end
end
return { #items, items[#items] and items[#items][1] or '' }]]

local HOLD = [[
local schedule, holders = unpack(KEYS)
]] .. COMMON .. [[
local held = {}
for i = 2, #ARGV do
  if is_holder(ARGV[i], ARGV[1]) then
    local holder = redis.call('HGET', holders, ARGV[i]):match('([^ ]+ [^ ]+) ')
    set(ARGV[i], holder:gsub('^~', ''), span_of(ARGV[i]))
    held[#held + 1] = ARGV[i]
  end
end
return held]]

local BEGIN = [[
local schedule, holders, attempts = unpack(KEYS)
local id, holder, span, tried = unpack(ARGV)
]] .. COMMON .. [[
if not is_holder(id, holder) then return 0 end
redis.call('HSET', attempts, id, tried)
set(id, holder, tonumber(span))
return 1]]

local LEAVE = [[
local schedule, holders, attempts = unpack(KEYS)
local id, holder, span, tried, fails = unpack(ARGV)
]] .. COMMON .. [[
if not is_holder(id, holder) then return 0 end
redis.call('HSET', attempts, id, tried)
if fails == '1' then
  set(id, '- 0', pause(tonumber(tried), tonumber(span)))
else
  redis.call('HDEL', holders, id)
  redis.call('ZADD', schedule, now, id)
end
return 1]]

-- An item that does not exist was finished before: the answer got lost.
local FINISH = [[
local schedule, holders, work, attempts, records = unpack(KEYS)
local id, holder, record = unpack(ARGV)
]] .. COMMON .. [[
local is_there = #redis.call('XRANGE', work, id, id) > 0
if is_there and not is_holder(id, holder) then return 0 end
if is_there and record then
  redis.call('XADD', records, '*', 'record', record)
end
redis.call('XDEL', work, id)
redis.call('ZREM', schedule, id)
redis.call('HDEL', holders, id)
redis.call('HDEL', attempts, id)
return 1]]

local QUEUE = [[
local records, work, queued, schedule = unpack(KEYS)
if ARGV[1] == 'if empty' and redis.call('XLEN', work) > 0 then return 0 end
for i = 2, #ARGV, 2 do
  local key, record = ARGV[i], ARGV[i + 1]
  redis.call('SADD', queued, key)
  redis.call('XADD', records, '*', 'record', record)
  local id = redis.call('XADD', work, '*', 'key', key, 'record', record)
  redis.call('ZADD', schedule, 0, id)
end
return 1]]

---@class yuanjing.journal.Item a task that a worker holds
---@field id string in the queue
---@field key string of its entry
---@field record? table as it was submitted
---@field holder string the worker and the number
---@field number integer of the lease
---@field attempts integer how often on_result was begun before
---@field was_held boolean a worker held it before and became silent

local function microseconds(seconds)
  return ("%.0f"):format(seconds * 1e6)
end

local function item_of(worker, fields)
  local record = json.decode(fields[6])
  return { id = fields[1], holder = worker .. " " .. fields[2],
    number = tonumber(fields[2]), attempts = fields[3],
    was_held = fields[4] == 1, key = fields[5],
    record = type(record) == "table" and record.key and record or nil }
end

local function take_piece(self, worker, lease, count)
  local keys = self.keys
  return self:call("EVAL", TAKE, 5, keys.schedule, keys.holders, keys.work,
    keys.attempts, keys.number, worker, microseconds(lease), count)
end

--- Takes up to so many tasks that are due: new ones, and those whose leases
--- have ended.
---@param worker string a unique name
---@param lease number seconds
---@param count integer
---@return yuanjing.journal.Item[]?
---@return string? message
function leases:take(worker, lease, count)
  local items = {}
  repeat
    local asked = math.min(count - #items, PIECE)
    local reply, problem = take_piece(self, worker, lease, asked)
    if not reply then return #items > 0 and items or nil, problem end
    for _, fields in ipairs(reply) do
      items[#items + 1] = item_of(worker, fields)
    end
  until #items == count or #reply < asked
  return items
end

--- Schedules the items that are in no schedule.
---@return true?
---@return string? message
function leases:adopt()
  local from, keys = "-", self.keys
  repeat
    local reply, problem = self:call("EVAL", ADOPT, 3, keys.schedule,
      keys.holders, keys.work, from, PIECE)
    if not reply then return nil, problem end
    from = "(" .. reply[2]
  until reply[1] < PIECE
  return true
end

-- Calls the script with `first` and the list, a piece at a time. Returns the
-- replies, or nil and what went wrong.
local function in_pieces(self, script, keys, first, list)
  local answers = {}
  for from = 1, #list, 2 * PIECE do
    local arguments = { "EVAL", script, #keys }
    for _, key in ipairs(keys) do arguments[#arguments + 1] = key end
    arguments[#arguments + 1] = first
    for i = from, math.min(#list, from + 2 * PIECE - 1) do
      arguments[#arguments + 1] = list[i]
    end
    local reply, problem = self:call(unpack(arguments))
    if not reply then return nil, problem end
    answers[#answers + 1] = reply
  end
  return answers
end

--- Renews the leases of the items that this worker still holds, and returns
--- the set of their ids.
---@param worker string
---@param ids string[]
---@return table<string, boolean>?
---@return string? message
function leases:hold(worker, ids)
  local held = {}
  local answers, problem = in_pieces(self, HOLD, { self.keys.schedule,
    self.keys.holders }, worker, ids)
  if not answers then return nil, problem end
  for _, part in ipairs(answers) do
    for _, id in ipairs(part) do held[id] = true end
  end
  return held
end

-- Returns whether the item was still held by its worker.
local function change(self, script, item, lease, ...)
  local keys = self.keys
  local reply, problem = self:call("EVAL", script, 3, keys.schedule,
    keys.holders, keys.attempts, item.id, item.holder, microseconds(lease), ...)
  if not reply then return nil, problem end
  return { is_held = reply == 1 }
end

--- on_result begins, with a full lease.
---@param item yuanjing.journal.Item
---@param lease number seconds
---@return { is_held: boolean }?
---@return string? message
function leases:begin(item, lease)
  return change(self, BEGIN, item, lease, item.attempts + 1)
end

--- Releases the item: at once, or after a pause that grows if on_result
--- failed.
---@param item yuanjing.journal.Item
---@param lease number seconds
---@param has_failed boolean
---@return { is_held: boolean }?
---@return string? message
function leases:leave(item, lease, has_failed)
  return change(self, LEAVE, item, lease,
    item.attempts + (has_failed and 1 or 0), has_failed and 1 or 0)
end

--- Removes the item for good; adds the record, if one is given.
---@param item yuanjing.journal.Item
---@param record? table
---@return { is_held: boolean }?
---@return string? message
function leases:finish(item, record)
  local keys = self.keys
  local reply, problem = self:call("EVAL", FINISH, 5, keys.schedule,
    keys.holders, keys.work, keys.attempts, keys.records, item.id, item.holder,
    record and assert(encode(record)) or nil)
  if not reply then return nil, problem end
  return { is_held = reply == 1 }
end

--- Adds records and queues their tasks again; with `if_empty` only if the
--- queue is empty.
---@param records table[]
---@param if_empty? boolean
---@return true?
---@return string? message
function leases:queue(records, if_empty)
  local keys, list = self.keys, {}
  for _, record in ipairs(records) do
    list[#list + 1], list[#list + 2] = record.key, assert(encode(record))
  end
  local answers, problem = in_pieces(self, QUEUE, { keys.records, keys.work,
    keys.queued, keys.schedule }, if_empty and "if empty" or "", list)
  return answers and true, problem
end

--- The number of items that wait or are held by workers.
---@return integer?
---@return string? message
function leases:left()
  return self:call("XLEN", self.keys.work)
end

return leases
