--- Writes nginx.conf and settings.lua, which nginx reads, into the folder of a
-- run. All files of nginx are in that folder. All paths in nginx.conf are
-- relative to it, except those of code.
local literal = require "yuanjing.sandbox.literal"

local conf = {}

-- The body has no limit here; the server limits JSON itself. Compression is
-- used only for requests that the server marks (scenario "gzip").
local TEMPLATE = [[
$modules
$user
daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
lock_file nginx.lock;
error_log error.log error;
env YJ_PARENT;

events {
  worker_connections 8192;
}

http {
  access_log off;
  default_type text/html;
  server_tokens off;
  $temporary
  client_max_body_size 0;
  client_body_buffer_size 128k;
  client_body_timeout 600s;
  keepalive_requests 1000000;
  keepalive_timeout 75s;
  postpone_output 0;
  gzip on;
  gzip_min_length 0;
  gzip_types *;

  lua_package_path "$root/?.lua;$root/?/init.lua;;";
  lua_shared_dict sandbox 64m;
  lua_socket_log_errors off;
  lua_check_client_abort on;
  lua_max_pending_timers 16384;
  lua_max_running_timers 4096;
  init_by_lua_block {
    require("yuanjing.sandbox.server").configure(
      dofile(ngx.config.prefix() .. "settings.lua"))
  }
  init_worker_by_lua_block { require("yuanjing.sandbox.server").begin() }

  server {
    listen 127.0.0.1:$port backlog=4096;
    set $journal_id "";
    location / {
      content_by_lua_block { require("yuanjing.sandbox.server").answer() }
    }
    location @reset {
      reset_timedout_connection on;
      return 444;
    }
    log_by_lua_block { require("yuanjing.sandbox.server").log() }
  }
}
]]

-- nginx creates these folders at its start, one for each module it has.
local TEMPORARY = { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }

local function temporary_paths(built)
  local lines = {}
  for _, name in ipairs(TEMPORARY) do
    if not built:find("--without-http_" .. name, 1, true) then
      lines[#lines + 1] = ("%s_temp_path %s_temp;"):format(name, name)
    end
  end
  return table.concat(lines, "\n  ")
end

local function quote(path)
  return (path:gsub('[\\"]', "\\%0"))
end

local function load_modules(paths)
  local lines = {}
  for i, path in ipairs(paths) do
    lines[i] = ('load_module "%s";'):format(quote(path))
  end
  return table.concat(lines, "\n")
end

local function render(host, port)
  return (TEMPLATE:gsub("%$([a-z]+)", {
    modules = load_modules(host.modules),
    user = host.user and ("user %s;"):format(host.user) or "",
    temporary = temporary_paths(host.built),
    root = quote(host.root),
    port = ("%d"):format(port),
  }))
end

local function write_file(path, text)
  local file, message = io.open(path, "w")
  if not file then return nil, message end
  file:write(text)
  if not file:close() then return nil, "can not write " .. path end
  return true
end

---@param host yuanjing.sandbox.Host
---@param port integer
---@param settings { keys: string[], latency: number, task_seconds: number, verify_seconds: number, speed: number }
---@return boolean? ok
---@return string? message
function conf.write(host, port, settings)
  local ok, message = write_file(host.dir .. "/nginx.conf", render(host, port))
  if not ok then return nil, message end
  return write_file(host.dir .. "/settings.lua",
    "return " .. literal(settings) .. "\n")
end

return conf
