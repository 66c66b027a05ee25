#!/bin/sh
# start.sh [FOLDER]: runs the studio from this tree until Ctrl-C, at
# http://127.0.0.1:$PORT (8080). Without YUANJING_API_KEY in front of a sandbox
# of its own: no key, no cost. What nginx and the studio write lies in FOLDER,
# build/openresty by default. Where the module is installed nginx needs no more
# than nginx.conf, public/ and a lua_package_path to service.lua.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
folder=${1:-$root/build/openresty}
PATH=$PATH:/usr/local/openresty/bin:/usr/sbin
mkdir -p "$folder/files"
folder=$(cd "$folder" && pwd)
rm -rf "$folder/uploads"
mkdir "$folder/uploads"
ln -sfn "$here/public" "$folder/public"
sed "s/127\.0\.0\.1:8080/127.0.0.1:${PORT:-8080}/" "$here/nginx.conf" \
  >"$folder/nginx.conf"

# It ends with this process, which becomes nginx.
start_sandbox() {
  said=$folder/sandbox.txt
  : >"$said"
  "$(command -v luajit || command -v lua5.4)" "$root/bin/yuanjing" sandbox \
    --task-seconds 6 --latency 0.05 >"$said" 2>&1 &
  until url=$(sed -n 's/^ *url  *//p' "$said") && test -n "$url"; do
    kill -0 $! 2>/dev/null || { cat "$said" >&2 && exit 1; }
    sleep 0.1
  done
  export YUANJING_API_KEY=sk-sandbox YUANJING_BASE_URL="$url"
  echo "YUANJING_API_KEY is not set: this is the sandbox, at $url"
}
test -n "${YUANJING_API_KEY:-}" || start_sandbox

# Debian keeps the Lua module beside nginx, OpenResty inside.
nginx=$(command -v openresty || command -v nginx)
first='daemon off;'
if ! "$nginx" -V 2>&1 | grep -q -e '--add-module=[^ ]*ngx_lua-' \
  -e '--add-module=[^ ]*lua-nginx-module'; then
  for module in ndk_http_module ngx_http_lua_module; do
    file=/usr/lib/nginx/modules/$module.so
    if [ -f "$file" ]; then first="$first load_module $file;"; fi
  done
fi
if [ "$(id -u)" = 0 ]; then first="$first user root $(id -gn);"; fi

export LUA_PATH="$here/?.lua;$root/lua/?.lua;$root/lua/?/init.lua;;"
export LUA_CPATH="$root/build/luajit/?.so;;"
echo "http://127.0.0.1:${PORT:-8080}"
exec "$nginx" -p "$folder/" -e error.log -c nginx.conf -g "$first"
