#!/bin/sh
# run.sh [SUITE [ROUNDS]]: measures this module beside its floors.
#   stream      CPU, wall and RSS of 200,000 chunks, plain and framed (9 rounds)
#   callgrind   instructions a chunk, framed; a whole number, hardly noisy
#   upload      CPU and RSS of a form with 512 MiB beside curl -F (7 rounds)
#   base64      CPU, wall and RSS of an asset of 512 MiB beside base64 | curl
#               (5 rounds)
#   download    CPU and RSS of a result of 512 MiB beside curl -o (7 rounds)
# Without a suite: all. The tree must be built (`make bench` sees to it). What
# it makes lies under $W, build/bench by default.
set -eu
cd "$(dirname "$0")/.."
W=${W:-$PWD/build/bench}
PORT=${PORT:-18080}
U=http://127.0.0.1:$PORT
P=llmage/v1/chat/completions
export LUA_PATH="lua/?.lua;lua/?/init.lua;;" LUA_CPATH="build/5.4/?.so;$W/?.so;;"

build() {
  mkdir -p "$W/logs" "$W/data/plain" "$W/data/framed"
  cc -O2 -o "$W/ab" bench/ab.c
  # shellcheck disable=SC2046
  cc -O2 -std=gnu99 -shared -fPIC $(pkg-config --cflags lua5.4 libcurl) \
    -o "$W/floor.so" bench/floor.c $(pkg-config --libs libcurl)
  for k in 2 20 200; do
    [ -s "$W/data/framed/${k}k.txt" ] || lua5.4 bench/gen_body.lua ${k}000 \
      "$W/data/plain/${k}k.txt" "$W/data/framed/${k}k.txt" 2>/dev/null
  done
}

# Random bytes where CPU is measured, for a hole costs less to read.
build_blobs() {
  mkdir -p "$W/data/blob"
  [ -s "$W/data/blob/512" ] || head -c 536870912 /dev/urandom >"$W/data/blob/512"
  truncate -s 128M "$W/data/blob/128"
  truncate -s 1G "$W/data/blob/1024"
  cat "$W/data/blob/512" >/dev/null
}

nginx_conf() {
  for m in ndk_http_module ngx_http_lua_module; do
    for d in /usr/lib/nginx/modules /usr/share/nginx/modules; do
      [ -f "$d/$m.so" ] && echo "load_module $d/$m.so;" && break
    done
  done
  [ "$(id -u)" = 0 ] && echo "user root;"
  echo "worker_processes 1; worker_cpu_affinity 01; pid logs/nginx.pid; error_log logs/error.log warn;"
  sed "s/@PORT@/$PORT/g" bench/nginx.conf
}

serve() {
  nginx_conf >"$W/nginx.conf"
  nginx -p "$W" -c "$W/nginx.conf" -e "$W/logs/error.log"
  trap 'kill "$(cat "$W/logs/nginx.pid")"' EXIT
}

row() { printf '%s\texec %s\n' "$1" "$2" >>"$W/cmds"; }

# The server has the first CPU. A client that is now there and now elsewhere has
# two costs, one half of the other.
apart() { # apart LABEL COMMAND
  if [ "$(nproc)" -gt 1 ]; then row "$1" "taskset -c 1 $2"; else row "$@"; fi
}

stream() {
  for way in plain framed; do
    echo "## stream, $way: 200,000 chunks of 330 bytes"
    rm -f "$W/cmds"
    row floor-pull "lua5.4 bench/stream_floor.lua pull $U/$way/200k/$P"
    row floor-drop "lua5.4 bench/stream_floor.lua drop $U/$way/200k/$P"
    row floor-no-decode "lua5.4 bench/stream_floor.lua skim $U/$way/200k/$P"
    for mode in text chunks finish raw; do
      row "$mode" "lua5.4 bench/stream_yuanjing.lua $mode $U/$way/200k"
    done
    "$W/ab" -n "${1:-9}" -w 1 "$W/cmds"
    echo
  done
}

# The other sizes are for the RSS, which must not follow them.
upload() {
  build_blobs
  echo "## upload: a form with 512 MiB"
  rm -f "$W/cmds"
  apart curl "curl -sS -o /dev/null -F model=m -F catelogid=i2v -F prompt=hi \
-F image_file=@$W/data/blob/512 $U/llmage/v1/video/generations"
  for size in 512 128 1024; do
    apart "yuanjing-$size" "lua5.4 bench/upload_yuanjing.lua $U $W/data/blob/$size"
  done
  "$W/ab" -n "${1:-7}" -w 1 "$W/cmds"
  echo
}

# What one would write without this module. CPU and RSS are those of all its
# processes: the sum, and the largest.
write_pipelines() {
  cat >"$W/pipeline.sh" <<'END'
# pipeline.sh URL FILE [-T]: the body by way of memory, or streamed with -T
before='{"vendor_group_id":"g","asset_type":"Image","source_url":"data:image/jpeg;base64,'
body() { printf %s "$before" && base64 -w0 "$1" && printf '"}'; }
size=$(wc -c <"$2")
set -- "$1" "$2" "${3:-}" $(((size + 2) / 3 * 4 + ${#before} + 2))
if [ "$3" = -T ]; then
  body "$2" | curl -sSf -o /dev/null -H "Content-Type: application/json" \
    -H Expect: -H Transfer-Encoding: -H "Content-Length: $4" -X POST -T - "$1"
else
  body "$2" | curl -sSf -o /dev/null -H "Content-Type: application/json" \
    -H Expect: --data-binary @- "$1"
fi
END
}

base64_suite() {
  build_blobs
  write_pipelines
  echo "## base64: an asset of 512 MiB in JSON"
  rm -f "$W/cmds"
  url=$U/reallife_asset/api/rl_upload.dspy
  apart base64-curl "sh $W/pipeline.sh $url $W/data/blob/512"
  apart base64-curl-T "sh $W/pipeline.sh $url $W/data/blob/512 -T"
  for size in 512 128 1024; do
    apart "yuanjing-$size" "lua5.4 bench/base64_yuanjing.lua $U $W/data/blob/$size"
  done
  "$W/ab" -n "${1:-5}" -w 1 "$W/cmds"
  echo
}

# Each replaces a file of its own, which is part of the cost.
download() {
  build_blobs
  echo "## download: 512 MiB to a file"
  rm -f "$W/cmds"
  apart curl "curl -sS -o $W/data/curl.out $U/blob/512"
  for size in 512 128 1024; do
    apart "yuanjing-$size" "lua5.4 bench/download_yuanjing.lua $U $size \
$W/data/yuanjing-$size.out"
  done
  "$W/ab" -n "${1:-7}" -w 1 "$W/cmds"
  rm -f "$W"/data/*.out
  echo
}

count() { # count LABEL COMMAND...: the last argument gets /2k or /20k
  label=$1
  shift
  for k in 2k 20k; do
    valgrind --tool=callgrind --callgrind-out-file="$W/cg.$k" \
      "$@$k${tail:-}" >"$W/cg.out" 2>&1 || { cat "$W/cg.out" >&2; return 1; }
  done
  lua5.4 bench/cgsplit.lua "$W/cg.2k" "$W/cg.20k" 18000 "$label" >"$W/cg.txt"
  head -1 "$W/cg.txt"
}

callgrind() {
  tail=/$P count "floor-pull" lua5.4 bench/stream_floor.lua pull "$U/framed/"
  for mode in text chunks finish raw; do
    count "$mode" lua5.4 bench/stream_yuanjing.lua $mode "$U/framed/"
  done
}

build
serve
case ${1:-all} in
stream) stream "${2:-9}" ;;
callgrind) callgrind ;;
upload) upload "${2:-7}" ;;
base64) base64_suite "${2:-5}" ;;
download) download "${2:-7}" ;;
all) stream 9; callgrind; upload 7; base64_suite 5; download 7 ;;
*) sed -n '2,11s/^# //p' "$0" >&2; exit 2 ;;
esac
