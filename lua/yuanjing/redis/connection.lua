--- A connection to Redis. In nginx it uses resty.redis, which yields while it
-- waits and shares connections; elsewhere lua-redis, which blocks for the
-- round trip. A broken connection is replaced by the next call.
local ascii = require "yuanjing.base.ascii"
local lazy = require "yuanjing.base.lazy"
local loop = require "yuanjing.runtime.loop"
local number = require "yuanjing.base.number"
local redis_url = require "yuanjing.redis.url"

local link = {
  --- Seconds for a call; in nginx for each step of one.
  TIMEOUT = 5,
}

local unpack = table.unpack or unpack

-- call() returns the reply, where false stands for Redis' own nil; or nil,
-- why, and whether the command may have been executed all the same.
---@class yuanjing.journal.Link
---@field call fun(self, name: string, ...: string|number): any, string?, boolean?

-- Error words of a server that no longer serves the keys: it became a replica,
-- loads its data, lost its master, or the cluster moved the keys. The address
-- may lead to another server by now.
local ELSEWHERE = { "READONLY", "LOADING", "MOVED", "ASK", "TRYAGAIN",
  "MASTERDOWN", "CLUSTERDOWN", "NOAUTH" }

--- The key in Redis for each of these names of a journal.
---@param address? yuanjing.journal.Address
---@param names string[]
---@return table<string, string>
function link.keys(address, names)
  local keys = {}
  for _, name in ipairs(names) do
    keys[name] = ("{yuanjing:%s}:%s"):format(address and address.name or "",
      name)
  end
  return keys
end

-- Removes "file:line:" from a message.
local function plain(problem)
  return (tostring(problem):gsub("^[^ \t-\r]+:%d+: ", ""))
end

-- The clients would write a number with the decimal point of the host's
-- locale.
local function in_texts(...)
  local words = { ... }
  for i = 1, #words do words[i] = number.show(words[i]) end
  return unpack(words, 1, #words)
end

-- NB: an error inside a script may have other words in front.
local function is_elsewhere(problem)
  for _, word in ipairs(ELSEWHERE) do
    if problem:find("%f[A-Z]" .. word .. " ") then return true end
  end
  return false
end

---@class yuanjing.journal.Attempt the outcome of one try
---@field reply any false stands for Redis' own nil; nil: it failed
---@field problem? string
---@field is_lost? boolean the connection can not be used again
---@field was_used? boolean it had served before
---@field is_unsure? boolean Redis may have done it all the same

-- A connection that has served before may have been closed meanwhile, or lead
-- to a server that is not the master any more: then the call is repeated on a
-- new one. NB: so a command may be executed twice.
local function call(self, name, ...)
  local ends = loop.now() + link.TIMEOUT
  local tried
  repeat
    tried = self:attempt(ends, name, in_texts(...))
  until not tried.is_lost or not tried.was_used or loop.now() >= ends
  return tried.reply, tried.problem, tried.is_unsure
end

-- In nginx -----------------------------------------------------------------

local Shared = { call = call }
Shared.__index = Shared

local function greet(redis, words)
  for _, command in ipairs(words) do
    local ok, problem = redis[ascii.lower(command[1])](redis,
      unpack(command, 2))
    if not ok then return nil, problem end
  end
  return true
end

local function connect_shared(self)
  local address = self.address
  local redis = self.client:new()
  redis:set_timeout(link.TIMEOUT * 1000)
  local ok, problem = redis:connect(address.host, address.port, {
    ssl = address.is_tls, ssl_verify = address.is_tls,
    server_name = address.host, pool = self.pool })
  if not ok then return nil, problem end
  local was_used = redis:get_reused_times() ~= 0
  if not was_used then ok, problem = greet(redis, address.words) end
  if ok then return redis, was_used end
  redis:close()
  return nil, problem
end

-- NB: a connection belongs to the request that made it, so each call takes one
-- from nginx's pool and returns it. resty.redis returns false when Redis
-- refused the command, and nil when the connection failed.
local function attempt_shared(self, name, ...)
  local redis, was_used = connect_shared(self)
  if not redis then return { problem = was_used } end
  local reply, problem = redis[ascii.lower(name)](redis, ...)
  if reply == false and not is_elsewhere(problem) then
    redis:set_keepalive(60000, 10)
    return { problem = problem }
  elseif not reply then
    redis:close()
    return { problem = problem, is_lost = true, was_used = was_used,
      is_unsure = reply == nil }
  end
  redis:set_keepalive(60000, 10)
  return { reply = reply ~= rawget(_G, "ngx").null and reply or false }
end

-- It raises where nginx has no sockets, as in init_worker.
function Shared:attempt(_, name, ...)
  local ok, tried = pcall(attempt_shared, self, name, ...)
  return ok and tried or { problem = plain(tried) }
end

local function new_shared(address, url)
  local ok, client = pcall(require, "resty.redis")
  if not ok then
    return nil, "resty.redis is not there: OpenResty has it; elsewhere "
      .. "put lua-resty-redis into lua_package_path"
  end
  return setmetatable({ address = address, client = client, pool = url },
    Shared)
end

-- Elsewhere ----------------------------------------------------------------

local Own = { call = call }
Own.__index = Own

-- Seconds left for the call.
local function left(self)
  return math.max(0.001, self.ends - loop.now())
end

-- The client has a timeout for each step only: a server that sends slowly
-- would block the process for minutes.
local function limit_steps(self, client)
  local network = client.network
  for _, step in ipairs { "read", "write" } do
    local run = network[step]
    network[step] = function(...)
      network.socket:settimeout(left(self), "t")
      return run(...)
    end
  end
end

local function connect(self)
  local address = self.address
  local socket
  if address.is_tls then
    socket = lazy.load("yuanjing.redis.tls")(address, left(self))
  end
  local client = self.redis.connect { host = address.host,
    port = address.port, timeout = left(self), socket = socket }
  limit_steps(self, client)
  for _, command in ipairs(address.words) do
    self.redis.command(command[1])(client, unpack(command, 2))
  end
  self.client, self.pool = client, loop.pool()
end

local function drop(self)
  if self.client then pcall(self.client.network.socket.close,
    self.client.network.socket) end
  self.client = nil
end

local function call_once(self, name, ...)
  if not self.client then connect(self) end
  local reply = self.redis.command(name)(self.client, ...)
  return reply == nil and false or reply
end

function Own:attempt(ends, name, ...)
  if self.pool ~= loop.pool() then self.client = nil end -- in a forked child
  local was_used = self.client ~= nil
  self.ends = ends
  local ok, reply = pcall(call_once, self, name, ...)
  if ok then return { reply = reply } end
  local problem = plain(reply)
  local is_answered = problem:find("^redis error") ~= nil
  local is_lost = not is_answered or is_elsewhere(problem)
  local is_unsure = not is_answered and self.client ~= nil
  if is_lost then drop(self) end
  return { problem = problem, is_lost = is_lost, was_used = was_used,
    is_unsure = is_unsure }
end

local function new_own(address)
  local ok, redis = pcall(require, "redis")
  if not ok then
    return nil, "lua-redis is not there: apt install lua-redis (with Lua 5.4 "
      .. "put /usr/share/lua/5.3/?.lua into LUA_PATH), or luarocks install "
      .. "redis-lua"
  end
  return setmetatable({ address = address, redis = redis }, Own)
end

--- Does not connect yet.
---@param url string
---@return yuanjing.journal.Link?
---@return string? problem
---@return yuanjing.journal.Address?
function link.new(url)
  local address, problem = redis_url.parse(url)
  if not address then return nil, problem end
  local ngx = rawget(_G, "ngx")
  local new = ngx and ngx.get_phase and new_shared or new_own
  local made
  made, problem = new(address, url)
  return made, problem, address
end

return link
