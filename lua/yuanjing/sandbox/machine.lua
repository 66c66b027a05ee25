--- What a start needs to know of this machine: which nginx, who we are, where
-- our own Lua files are, and a folder to work in.
local shell = require "yuanjing.sandbox.shell"

local machine = {}

local ADVICE = "install nginx with its Lua module (Debian and Ubuntu: " ..
  "apt install nginx-light libnginx-mod-http-lua) or OpenResty"

---@class yuanjing.sandbox.Host
---@field dir string absolute
---@field temporary boolean ours to remove
---@field nginx string
---@field built string what `nginx -V` says
---@field modules string[] to load, in this order
---@field user? string for the `user` directive, when we are root
---@field root string the folder that holds yuanjing/

-- $1 the folder wanted or "", $2 where our Lua files are. Prints `name=value`
-- lines. mktemp makes the folder ours alone; a given one is left as it is.
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

-- Beside this very file, so that the tree and an installed rock both work.
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

-- The Lua module is loaded from beside nginx, unless it is built in.
local function modules(found)
  local list = {}
  if not found.modules then
    local inside = found.built:find("ngx_lua", 1, true) or
      found.built:find("lua-nginx-module", 1, true)
    return inside and list or nil
  end
  for _, name in ipairs { "ndk_http_module.so", "ngx_http_lua_module.so" } do
    local path = found.modules .. "/" .. name
    if exists(path) then list[#list + 1] = path end
  end
  return list
end

-- The files of a run, so that a folder used before starts afresh.
local FILES = { "ready", "failed", "nginx.pid", "access.log", "error.log",
  "script" }

--- Removes what an earlier start has left in the folder.
---@param host yuanjing.sandbox.Host
function machine.sweep(host)
  for _, name in ipairs(FILES) do os.remove(host.dir .. "/" .. name) end
end

---@param dir? string
---@return yuanjing.sandbox.Host? host
---@return string? message
function machine.prepare(dir)
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

--- Removes the folder of a start that failed, if it is ours.
---@param host yuanjing.sandbox.Host
function machine.discard(host)
  if host.temporary then shell.read('rm -rf -- "$1"', host.dir) end
end

return machine
