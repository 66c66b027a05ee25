-- nginx: an nginx of a spec's own, with this module in its workers.
--
--   local server = nginx.start {
--     locations = { ["/x"] = "ngx.say(1)" },  -- content, by path
--     init = "...", init_worker = "...",      -- Lua, each optional
--     workers = 1,                            -- how many
--     threads = "yuanjing",                   -- the name of a thread pool
--     http = "lua_code_cache off;",           -- more of nginx's own lines
--   }
--
-- It listens on any port of 127.0.0.1 and ends with nginx.clean(), or with the
-- process that started it.
local machine = require "yuanjing.sandbox.machine"
local ports = require "yuanjing.sandbox.ports"
local process = require "yuanjing.sandbox.process"
local socket = require "socket"
local support = require "support"

local nginx = {}

local Server = {}
Server.__index = Server

local CONF = [[
$modules
$user
daemon off;
master_process on;
worker_processes $workers;
pid nginx.pid;
lock_file nginx.lock;
error_log error.log info;
$threads
$main
events { worker_connections $connections; }
http {
  access_log off;
  lua_package_path "$path";
  lua_package_cpath "$cwd/build/luajit/?.so;;";
  lua_check_client_abort on;
  lua_http10_buffering off;
  lua_socket_log_errors off;
  client_body_temp_path temp;
  proxy_temp_path temp; fastcgi_temp_path temp;
  uwsgi_temp_path temp; scgi_temp_path temp;
  $http
  init_by_lua_block { $init }
  init_worker_by_lua_block {
    local ready = assert(io.open(ngx.config.prefix() .. "ready", "w"))
    ready:write(1)
    ready:close()
    $begin
  }
  server {
    listen 127.0.0.1:$port backlog=1024;
    postpone_output 0;
    default_type text/plain;
    $locations
  }
}
]]

local function lines_of(locations)
  local lines = {}
  for path, code in pairs(locations or {}) do
    lines[#lines + 1] = ("location = %s { content_by_lua_block { %s } }")
      :format(path, code)
  end
  return table.concat(lines, "\n")
end

local function modules_of(host)
  local lines = {}
  for i, path in ipairs(host.modules) do
    lines[i] = ('load_module "%s";'):format(path)
  end
  return table.concat(lines, "\n")
end

local function conf_of(host, plan, port)
  local values = {
    modules = modules_of(host),
    user = host.user and ("user %s;"):format(host.user) or "",
    workers = tostring(plan.workers or 1),
    connections = tostring(plan.connections or 2048),
    threads = plan.threads and ("thread_pool %s threads=1;")
      :format(plan.threads) or "",
    main = plan.main or "",
    cwd = support.output("pwd"),
    path = (plan.path or "") .. support.output("pwd") .. "/lua/?.lua;"
      .. support.output("pwd") .. "/lua/?/init.lua;;",
    http = plan.http or "",
    init = plan.init or "",
    begin = plan.init_worker or "",
    port = ("%d"):format(port),
    locations = lines_of(plan.locations) .. (plan.server or ""),
  }
  return (CONF:gsub("%$(%l+)", values))
end

--- A folder with resty/redis.lua: $YJ_RESTY, or that of the OpenResty in use;
--- nil where there is none, as with Debian's nginx.
function nginx.resty_folder()
  local host = assert(machine.prepare())
  machine.discard(host)
  local folder = os.getenv("YJ_RESTY")
    or (host.built:match("%-%-prefix=(%S+)/nginx%s") or "") .. "/lualib"
  return support.exists(folder .. "/resty/redis.lua") and folder or nil
end

local running = {}

--- Starts one; see the head of this file.
function nginx.start(plan)
  local host = assert(machine.prepare())
  for _, port in ipairs(ports.candidates(host.dir, 20)) do
    support.write(host.dir .. "/nginx.conf", conf_of(host, plan, port))
    local started, message, is_taken = process.start(host)
    if started then
      local server = setmetatable({ port = port, dir = host.dir,
        url = "http://127.0.0.1:" .. port, _process = started }, Server)
      running[#running + 1] = server
      return server
    end
    assert(is_taken, message)
  end
  error("no free port")
end

--- For after_each.
function nginx.clean()
  while #running > 0 do table.remove(running):stop() end
end

function Server:stop()
  if self._process then self._process:stop() end
  self._process = nil
end

-- ---- asking

local function request(path, body)
  if not body then return ("GET %s HTTP/1.0\r\n\r\n"):format(path) end
  return ("POST %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s"):format(path,
    #body, body)
end

--- A connection that has requested the path. It has luasocket's methods.
function Server:open(path, body)
  local client = assert(socket.connect("127.0.0.1", self.port))
  client:settimeout(support.HANG)
  assert(client:send(request(path, body)))
  return client
end

--- What is left of an answer whose head has not been read: body, status, head.
function nginx.finish(client)
  local text, err, part = client:receive("*a")
  client:close()
  text = text or part
  local head, body = text:match("^(.-\r\n)\r\n(.*)$")
  if not head then error("no answer: " .. tostring(err or text)) end
  return body, tonumber(head:match("^HTTP/%S+ (%d+)")), head
end

--- Body, status and head of an answer.
function Server:get(path, body)
  return nginx.finish(self:open(path, body))
end

--- Reads lines until one matches; returns it.
function nginx.read_to(client, pattern)
  repeat
    local line = assert(client:receive("*l"))
    if line:find(pattern) then return line end
  until false
end

-- ---- its processes

local function read_pid(path)
  return tonumber((support.read(path):match("%d+")))
end

function Server:master()
  return read_pid(self.dir .. "/nginx.pid")
end

--- The workers' pids.
function Server:workers()
  local master, list = self:master(), {}
  local text = support.read(("/proc/%d/task/%d/children"):format(master,
    master))
  for pid in text:gmatch("%d+") do list[#list + 1] = tonumber(pid) end
  return list
end

function nginx.signal(name, pid)
  os.execute(("kill -%s %d"):format(name, pid))
end

--- Seconds of CPU that a process has used.
function nginx.cpu(pid)
  local text = support.read(("/proc/%d/stat"):format(pid))
  local fields = {}
  for field in text:match("%) (.*)"):gmatch("%S+") do
    fields[#fields + 1] = field
  end
  return (fields[12] + fields[13]) / 100
end

function nginx.is_alive(pid)
  return support.exists(("/proc/%d/stat"):format(pid))
end

--- What it has logged so far.
function Server:log()
  return support.read(self.dir .. "/error.log")
end

return nginx
