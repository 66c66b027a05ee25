#!/bin/sh
# start.sh [FOLDER]: runs the service from this tree until Ctrl-C, at
# http://127.0.0.1:$PORT (8080). What nginx and the service write lies in FOLDER,
# build/openresty by default. Where the module is installed nginx needs no more
# than nginx.conf and a lua_package_path to service.lua.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
folder=${1:-$root/build/openresty}
PATH=$PATH:/usr/local/openresty/bin:/usr/sbin
mkdir -p "$folder/files"
folder=$(cd "$folder" && pwd)
sed "s/127\.0\.0\.1:8080/127.0.0.1:${PORT:-8080}/" "$here/nginx.conf" \
  >"$folder/nginx.conf"

# Debian keeps the Lua module beside nginx, OpenResty inside.
first='daemon off;'
for module in ndk_http_module ngx_http_lua_module; do
  file=/usr/lib/nginx/modules/$module.so
  if [ -f "$file" ]; then first="$first load_module $file;"; fi
done
if [ "$(id -u)" = 0 ]; then first="$first user root $(id -gn);"; fi

export LUA_PATH="$here/?.lua;$root/lua/?.lua;$root/lua/?/init.lua;;"
export LUA_CPATH="$root/build/luajit/?.so;;"
nginx=$(command -v openresty || command -v nginx)
echo "http://127.0.0.1:${PORT:-8080}"
exec "$nginx" -p "$folder/" -e error.log -c nginx.conf -g "$first"
