--- What a start needs to know about this machine: the nginx, the user, the
-- folder of our Lua files, and a folder for the run.
local shell = require "yuanjing.sandbox.shell"

local machine = {}

local ADVICE = "install nginx with its Lua module (Debian and Ubuntu: " ..
  "apt install nginx-light libnginx-mod-http-lua) or OpenResty"

---@class yuanjing.sandbox.Host
---@field dir string absolute
---@field temporary boolean to be removed at the end
---@field nginx string
---@field built string what `nginx -V` says
---@field modules string[] to load, in this order
---@field user? string for the `user` directive, if this process is root
---@field root string the folder that holds yuanjing/

-- $1 the requested folder or "", $2 the folder of our Lua files. Prints
-- `name=value` lines. A folder made by mktemp is private; a given one keeps
-- its mode.
local PROBE = [[
unset CDPATH
PATH=$PATH:/usr/local/openresty/bin:/usr/local/openresty/nginx/sbin
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
nginx=$(command -v openresty || command -v nginx) || nginx=
echo "nginx=$nginx"
test -n "$nginx" || exit
built=$("$nginx" -V 2>&1 | tr '\n' ' ')
echo "built=$built"
folder=$(echo "$built" | sed -n 's/.*--modules-path=\([^ ]*\).*/\1/p')
for at in "$folder" /usr/lib/nginx/modules /usr/lib64/nginx/modules; do
  if test -f "$at/ngx_http_lua_module.so"; then echo "modules=$at"; break; fi
done
test "$(id -u)" != 0 || echo "user=root $(id -gn)"
echo "root=$(cd -- "$2" 2>/dev/null && pwd -P)"
if test -n "$1"; then
  mkdir -p -- "$1" && echo "dir=$(cd -- "$1" && pwd -P)"
else
  at=$(mktemp -d "${TMPDIR:-/tmp}/yuanjing-XXXXXX") &&
    echo "dir=$(cd "$at" && pwd -P)"
fi 2>/dev/null
]]

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

-- Next to this file, so that both the source tree and an installed rock work.
local function lua_root()
  local name = "yuanjing.sandbox.machine"
  local path = package.searchpath and package.searchpath(name, package.path)
  path = path or debug.getinfo(1, "S").source:gsub("^@", "")
  return path:match("^(.*)yuanjing/sandbox/machine%.lua$")
end

local function probe(dir)
  local root, found = lua_root(), { built = "" }
  if root == "" then root = "." end
  for line in shell.read(PROBE, dir or "", root or ""):gmatch("[^\n]+") do
    local name, value = line:match("^([a-z]+)=(.+)$")
    if name then found[name] = value end
  end
  return found
end

-- Whether the Lua module is in nginx itself: by OpenResty's name of it, or by
-- its own.
local function has_lua(built)
  return built:find "%-%-add%-module=[^ ]*ngx_lua[- ]"
    or built:find "%-%-add%-module=[^ ]*lua%-nginx%-module"
end

-- The modules to load: none where the Lua module is built in, and nil where
-- there is none at all. NB: Debian's module does not fit into another nginx.
local function modules(found)
  if has_lua(found.built) then return {} end
  if not found.modules then return nil end
  local list = {}
  for _, name in ipairs { "ndk_http_module.so", "ngx_http_lua_module.so" } do
    local path = found.modules .. "/" .. name
    if exists(path) then list[#list + 1] = path end
  end
  return list
end

-- The files of a run, removed so that a reused folder starts empty.
local FILES = { "ready", "failed", "nginx.pid", "access.log", "error.log",
  "script" }

--- Removes the files of an earlier run from the folder.
---@param host yuanjing.sandbox.Host
function machine.sweep(host)
  for _, name in ipairs(FILES) do os.remove(host.dir .. "/" .. name) end
end

---@param dir? string
---@return yuanjing.sandbox.Host? host
---@return string? message
function machine.prepare(dir)
  if not shell.is_here then
    return nil, "it needs nginx and a shell: run it on Linux or in WSL"
  end
  local found = probe(dir)
  if not found.nginx then return nil, "no nginx found; " .. ADVICE end
  if not found.dir then
    return nil, ("can not make the folder %s"):format(dir or "in $TMPDIR")
  end
  local host = {
    dir = found.dir, temporary = not dir, nginx = found.nginx,
    built = found.built, user = found.user, root = found.root,
    modules = modules(found),
  }
  local problem
  if not host.modules then
    problem = ("%s has no Lua module; %s"):format(host.nginx, ADVICE)
  elseif not host.root or
    not exists(host.root .. "/yuanjing/sandbox/server/init.lua") then
    problem = "its own Lua files are not on disk"
  end
  if not problem then return host end
  machine.discard(host)
  return nil, problem
end

--- Removes the folder of a start that failed, if it is temporary.
---@param host yuanjing.sandbox.Host
function machine.discard(host)
  if host.temporary then shell.read('rm -rf -- "$1"', host.dir) end
end

return machine
