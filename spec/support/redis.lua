-- A Redis for one spec, on any port of 127.0.0.1, which never loses what it
-- has stored. It ends with redis.clean(), or after some minutes.
local ports = require "yuanjing.sandbox.ports"
local support = require "support"

local redis = {}

local Server = {}
Server.__index = Server

-- Debian's lua-redis has no folder for Lua 5.4.
local FOLDER = "/usr/share/lua/5.3/?.lua"
if not package.path:find(FOLDER, 1, true) then
  package.path = package.path .. ";" .. FOLDER
end

-- Whether its log contains the words in time, before it gives up.
local function wait_for(server, words)
  local ends = support.now() + support.HANG
  local printed
  repeat
    support.sleep(0.02)
    printed = support.read(server.folder .. "/log")
    if printed:find(words, 1, true) then return true end
  until printed:find("Address already in use", 1, true) or support.now() > ends
  return false
end

local function launch(server)
  server.pid = support.output(([[%s timeout 1800 redis-server --bind 127.0.0.1 \
    --port %d --dir %s --appendonly yes --appendfsync always --save '' %s \
    >%s/log 2>&1 </dev/null & echo $!]]):format(server.environment,
    server.port, server.folder, server.options, server.folder))
  return wait_for(server, "Ready to accept connections")
end

local running = {}

--- Starts a Redis, with further options; "$port" in them is its port.
---@param options? string
---@param environment? string "NAME=value ..."
---@return table server
function redis.start(options, environment)
  local folder = support.output("mktemp -d")
  for _, port in ipairs(ports.candidates(folder, 20)) do
    local server = setmetatable({ port = port, folder = folder,
      options = (options or ""):gsub("$port", port),
      environment = environment or "",
      url = ("redis://127.0.0.1:%d"):format(port) }, Server)
    if launch(server) then
      running[#running + 1] = server
      return server
    end
  end
  error("no Redis: " .. support.read(folder .. "/log"))
end

--- Ends it; its data stays.
function Server:stop()
  if self.is_killed then return end
  os.execute("kill " .. self.pid)
  wait_for(self, "ready to exit")
end

--- Kills it.
function Server:kill()
  os.execute("pkill -9 -P " .. self.pid .. "; kill -9 " .. self.pid
    .. " 2>/dev/null")
  self.is_killed = true
end

--- The output of redis-cli for a command.
---@param words string
function Server:cli(words)
  return support.output(("redis-cli -p %d %s"):format(self.port, words))
end

function Server:restart()
  self.is_killed = false
  assert(launch(self), "Redis does not come back")
end

--- For after_each.
function redis.clean()
  for _, server in ipairs(running) do
    server:stop()
    os.execute("rm -rf " .. server.folder)
  end
  running = {}
end

return redis
