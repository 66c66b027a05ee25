#!/bin/sh
# nginx.sh streams WAY VISITORS [EVENTS [GAP]]: one run of a proxy of chat streams
#   and its visitors, who all come at once; an event every GAP ms (20) each
# nginx.sh visits WAY VISITORS VISITS: as many come one after the other, for two
#   events each
# nginx.sh leave WAY: how soon the upstream's connection is closed when a client
#   leaves while the upstream is silent
# nginx.sh reload WAY: whether a reload in the middle of 50 streams loses any of
#   7,500 events
# The ways, each in a process of its own:
#   thread_pool, no_pool  an nginx with this module, with and without threads
#   by_hand               an nginx with a reader on its own sockets, see
#                         nginx_reader.lua
#   proxy_pass            an nginx that hands the bytes on
#   openai                Node, with the openai package
# The proxy keeps the CPU it is started on; what asks, and what answers, has
# the first. The suites nginx-* of suites.lua run this in turns, for $PACED, the
# server that run.sh has started; by hand it starts one.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin # where Debian keeps nginx
ROOT=$PWD
W=${W:-$PWD/build/bench}
mode=$1 way=$2
folder=$W/nginx-$way
pids=
trap stop EXIT
trap 'exit 143' TERM INT HUP

on_first_cpu() {
  if [ "$(nproc)" -gt 1 ]; then exec taskset -c 0 "$@"; else exec "$@"; fi
}

load() { (on_first_cpu "$W/nginx_load" "$@"); }

# The port is free when this returns: the next row takes the same.
stop() {
  for pid in $pids; do
    kill "$pid" 2>/dev/null || continue
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
  done
}

# The nginx listens when this returns. Its worker is the process to look at.
start_nginx() {
  threads=''
  [ "$way" = thread_pool ] && threads='thread_pool yuanjing threads=1;'
  mkdir -p "$folder"
  nginx=$(lua5.4 bench/nginx_host.lua "$folder" program)
  lua5.4 bench/nginx_host.lua "$folder" directives >"$folder/directives"
  sed -e "/@DIRECTIVES@/{r $folder/directives
d}" -e "s|@W@|$folder|g;s|@ROOT@|$ROOT|g" \
    -e "s|@PORT@|$PORT|;s|@UPSTREAM@|$UPSTREAM|;s|@THREADS@|$threads|" \
    bench/nginx_proxy.conf >"$folder/nginx.conf"
  "$nginx" -p "$folder" -c "$folder/nginx.conf" -e "$folder/error.log"
  master=$(cat "$folder/nginx.pid")
  pids="$pids $master"
  until proxy=$(grep -o '[0-9]*' "/proc/$master/task/$master/children"); do
    sleep 0.1
  done
}

start_node() {
  mkdir -p "$folder"
  rm -f "$folder/listens"
  node bench/nginx_openai.cjs "$PORT" "$folder/listens" &
  proxy=$!
  pids="$pids $proxy"
  until [ -e "$folder/listens" ]; do sleep 0.1; done
}

if [ -z "${PACED:-}" ]; then
  PACED=http://127.0.0.1:18590
  mkdir -p "$W"
  cc -O2 -o "$W/nginx_load" bench/nginx_load.c
  cc -O2 -o "$W/paced_server" bench/paced_server.c
  (on_first_cpu "$W/paced_server" 18590) &
  pids=$!
fi
UPSTREAM=${PACED##*:} PORT=$((${PACED##*:} + 1))
case $way in
openai) start_node ;;
*) start_nginx ;;
esac
case $way in
thread_pool | no_pool) path=/ours ;;
*) path=/$way ;;
esac

streams() { # streams VISITORS [EVENTS [GAP]]
  load streams "$PORT" \
    "$path/$UPSTREAM/paced/${2:-250}/${3:-20}" "$1" "${2:-250}" "$proxy"
}

case $mode in
streams) streams "$3" "${4:-}" "${5:-}" ;;
visits)
  load visits "$PORT" "$path/$UPSTREAM/paced/2/5" "$3" "$4" \
    "$proxy"
  ;;
leave)
  silent=$((PORT + 1))
  load leave "$PORT" "$path/$silent/x" 20 $silent
  ;;
reload)
  (sleep 1; kill -HUP "$master") &
  streams 50 150 | grep -o 'lost=[0-9-]*'
  ;;
esac
