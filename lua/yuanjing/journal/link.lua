--- A connection to Redis, by whichever client is at hand: in nginx resty.redis,
-- which gives way while it waits and shares connections; elsewhere lua-redis,
-- which blocks for the round trip. A broken one is made anew by the next call.
local ascii = require "yuanjing.ascii"
local later = require "yuanjing.later"
local loop = require "yuanjing.loop"
local number = require "yuanjing.number"

local link = {}

local unpack = table.unpack or unpack

---@class yuanjing.journal.Link
---@field call fun(self, name: string, ...: string|number): any, string? false stands for Redis' own nil

local TIMEOUT = 5 -- seconds, for each step of a call

local function decode_percent(text)
  return text and (text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

---@class yuanjing.journal.Address
---@field host string
---@field port integer
---@field is_tls boolean
---@field words string[][] commands that open a connection
---@field name string of the journal, where several share a database
---@field ca? string PEM file

--- What a URL says: redis://user:password@host:port/database?name=x&ca=x.pem
---@param url string
---@return yuanjing.journal.Address?
---@return string? problem
function link.parse(url)
  local scheme, authority, rest = url:match("^(rediss?)://([^/?]+)([^?]*)")
  local path = rest and rest:match("^/?(%d*)$")
  if not path then return nil, "no good URL of a Redis" end
  local query = url:match("%?(.*)$") or ""
  local login, place = authority:match("^(.*)@([^@]*)$")
  local host, port = (place or authority):match("^%[?(.-)%]?:?(%d*)$")
  local user, password = (login or ""):match("^([^:]*):?(.*)$")
  local words = {}
  if password ~= "" then
    words[1] = { "AUTH", decode_percent(password) }
    if user ~= "" then table.insert(words[1], 2, decode_percent(user)) end
  end
  if path ~= "" and path ~= "0" then words[#words + 1] = { "SELECT", path } end
  return { host = host, port = tonumber(port) or 6379, words = words,
    is_tls = scheme == "rediss", ca = decode_percent(query:match("ca=([^&]+)")),
    name = decode_percent(query:match("name=([^&]+)")) or "journal" }
end

--- The names in Redis of what a journal has there, by these names.
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

-- The words without "file:line:" in front.
local function plain(problem)
  return (tostring(problem):gsub("^[^ \t-\r]+:%d+: ", ""))
end

-- The clients would write a number with the point of the host's locale.
local function in_texts(...)
  local words = { ... }
  for i = 1, select("#", ...) do words[i] = number.show(words[i]) end
  return unpack(words)
end

-- In nginx -----------------------------------------------------------------

local Shared = {}
Shared.__index = Shared

local function greet(redis, words)
  if redis:get_reused_times() ~= 0 then return true end
  for _, command in ipairs(words) do
    local ok, problem = redis[ascii.lower(command[1])](redis,
      unpack(command, 2))
    if not ok then return nil, problem end
  end
  return true
end

-- NB: a connection belongs to the request that made it, so each call takes one
-- out of nginx's pool and gives it back.
local function call_shared(self, name, ...)
  local address = self.address
  local redis = self.client:new()
  redis:set_timeout(TIMEOUT * 1000)
  local ok, problem = redis:connect(address.host, address.port, {
    ssl = address.is_tls, ssl_verify = address.is_tls,
    server_name = address.host, pool = self.pool })
  if ok then ok, problem = greet(redis, address.words) end
  if not ok then return nil, problem end
  local reply
  reply, problem = redis[ascii.lower(name)](redis, in_texts(...))
  if reply == nil or reply == false then return nil, problem end
  redis:set_keepalive(60000, 10)
  return reply ~= rawget(_G, "ngx").null and reply or false
end

-- Where nginx has no sockets, as in init_worker, it raises.
function Shared:call(name, ...)
  local ok, reply, problem = pcall(call_shared, self, name, ...)
  if ok then return reply, problem end
  return nil, plain(reply)
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

local Own = {}
Own.__index = Own

local function connect(self)
  local address = self.address
  local socket
  if address.is_tls then
    socket = later.load("yuanjing.journal.tls")(address, TIMEOUT)
  end
  local client = self.redis.connect { host = address.host,
    port = address.port, timeout = TIMEOUT, socket = socket }
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
  local reply = self.redis.command(name)(self.client, in_texts(...))
  return reply == nil and false or reply
end

-- A connection that had served may have been closed meanwhile: what it was asked
-- then was perhaps done. NB: whoever calls may call twice.
function Own:call(name, ...)
  if self.pool ~= loop.pool() then self.client = nil end -- in a forked child
  local was_open = self.client ~= nil
  local ok, reply = pcall(call_once, self, name, ...)
  if ok then return reply end
  if plain(reply):find("^redis error") then return nil, plain(reply) end
  drop(self)
  if was_open then return self:call(name, ...) end
  return nil, plain(reply)
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

--- Connects to nothing yet.
---@param url string
---@return yuanjing.journal.Link?
---@return string? problem
---@return yuanjing.journal.Address?
function link.new(url)
  local address, problem = link.parse(url)
  if not address then return nil, problem end
  local ngx = rawget(_G, "ngx")
  local new = ngx and ngx.get_phase and new_shared or new_own
  local made
  made, problem = new(address, url)
  return made, problem, address
end

return link
