--- Rewrites the records of a journal in Redis, and trims old ones, in pieces
-- that do not block other clients: a new stream grows beside the old one,
-- copies the records that are added meanwhile, and replaces the old one when
-- it is complete.
local collector = require "yuanjing.base.collector"
local encode = require "yuanjing.journal.encode"
local json = require "yuanjing.base.json"
local new_name = require "yuanjing.base.random_name"

local compaction = {}

local unpack = table.unpack or unpack

local PIECE = 200 -- records
local COLLECT = 1024 -- KiB of the collector's work a piece: see stores/redis
local LIFE = 60 -- seconds that the new stream is kept if its process dies

--- Seconds that the records of a finished task are kept.
compaction.OLD = 90 * 86400

local ADD = [[
for i = 2, #ARGV do redis.call('XADD', KEYS[1], '*', 'record', ARGV[i]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1]]

-- Copies the records behind `last`; if these are all, replaces the old stream.
-- Returns the id of the last copied record; "" when it is done; false if the
-- old stream is not the one that was read.
local CATCH_UP = [[
local new, old, generation, gone = unpack(KEYS)
local last, read, piece, life, name = unpack(ARGV)
if (redis.call('GET', generation) or '0') ~= read then return false end
local from = '-'
if last ~= '' then
  if #redis.call('XRANGE', old, last, last) == 0 then return false end
  from = '(' .. last
end
local items = redis.call('XRANGE', old, from, '+', 'COUNT', piece)
for _, item in ipairs(items) do
  redis.call('XADD', new, '*', unpack(item[2]))
  last = item[1]
end
if #items == tonumber(piece) then
  redis.call('EXPIRE', new, life)
  return last
end
if redis.call('EXISTS', old) == 1 then
  redis.call('RENAME', old, gone)
  redis.call('UNLINK', gone)
end
if redis.call('EXISTS', new) == 1 then
  redis.call('RENAME', new, old)
  redis.call('PERSIST', old)
end
redis.call('SET', generation, name)
return '']]

local function add(store, key, texts)
  if #texts == 0 then return true end
  return store:call("EVAL", ADD, 1, key, LIFE, unpack(texts))
end

-- A forgotten task may be queued again later.
local function unqueue(store, keys)
  if #keys == 0 then return true end
  return store:call("SREM", store.keys.queued, unpack(keys))
end

-- Writes the records into the stream `key`.
local function write(store, key, records)
  local texts, forgotten = {}, {}
  local function write_piece()
    local ok, problem = add(store, key, texts)
    if ok then ok, problem = unqueue(store, forgotten) end
    texts, forgotten = {}, {}
    collector.step(COLLECT)
    return ok, problem
  end
  for record in records do
    texts[#texts + 1] = assert(encode(record))
    if record.state == "forgotten" then
      forgotten[#forgotten + 1] = record.key
    end
    local ok, problem = true, nil
    if #texts == PIECE then ok, problem = write_piece() end
    if not ok then return nil, problem end
  end
  return write_piece()
end

local function catch_up(store, name, last, generation)
  local keys = store.keys
  local new = keys.records .. ":" .. name
  repeat
    local reply, problem = store:call("EVAL", CATCH_UP, 4, new, keys.records,
      keys.generation, new .. ":gone", last, generation, PIECE, LIFE, name)
    if reply == nil then return nil, problem end
    if not reply then
      return nil, "another process has compacted it meanwhile; try again"
    end
    last = reply
  until last == ""
  return true
end

--- Replaces the records that the store has read by these, and keeps records
--- that other processes add meanwhile.
---@param store yuanjing.journal.Redis
---@param records fun(): table?
---@return true?
---@return string? message
function compaction.run(store, records)
  local name, last, generation = new_name(), store.last, store.generation
  local ok, problem = write(store, store.keys.records .. ":" .. name, records)
  if not ok then return nil, problem end
  return catch_up(store, name, last, generation)
end

-- Trimming -----------------------------------------------------------------

local OLDEST = [[
local time = redis.call('TIME')
return { time[1], redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1]) }]]

local TRIM = [[
local records, queued = KEYS[1], KEYS[2]
redis.call('XTRIM', records, 'MINID', ARGV[1])
for i = 2, #ARGV do redis.call('SREM', queued, ARGV[i]) end
return 1]]

local OVER = { done = true, failed = true, refused = true, forgotten = true }

local function is_over(entry)
  return entry ~= nil and OVER[entry.state] ~= nil and not entry.dead
end

-- The id of the first record to keep, and the keys of those before it.
local function find_first(now, items, entries)
  local keys = {}
  for _, item in ipairs(items) do
    local record = json.decode(item[2][2])
    local key = type(record) == "table" and record.key
    local at = tonumber(item[1]:match("^%d+")) / 1000
    if not key or now - at < compaction.OLD or not is_over(entries[key]) then
      return item[1], keys
    end
    keys[#keys + 1] = key
  end
  return items[#items][1], keys
end

--- Removes the oldest records, at most PIECE of them, if their tasks are over
--- and old. The last record always stays.
---@param store yuanjing.journal.Redis
---@param entries table<string, yuanjing.journal.Entry> by key, up to date
---@return true?
---@return string? problem
function compaction.trim(store, entries)
  local keys = store.keys
  local reply, problem = store:call("EVAL", OLDEST, 1, keys.records, PIECE)
  if not reply then return nil, problem end
  local items = reply[2]
  if #items == 0 then return true end
  local first, gone = find_first(tonumber(reply[1]), items, entries)
  if #gone == 0 then return true end
  local ok, why = store:call("EVAL", TRIM, 2, keys.records, keys.queued, first,
    unpack(gone))
  return ok and true, why
end

return compaction
