#!/bin/sh
# nginx.sh [ROUNDS [SECONDS]]: this module in an nginx worker beside a reader
# written by hand on nginx's own sockets (nginx_reader.lua): the same proxy, three
# ways, at 1, 50 and 500 streams of 50 events a second each.
#   threads   ours, with a thread_pool        pump   ours, without
#   by_hand   the reader
# The worker has the first CPU, what asks and what answers the second. ROUNDS (5)
# of each, interleaved; of each figure the median, and the least and the most.
# Then: how soon the upstream's connection is closed when a client leaves, and
# whether a reload loses any event. What it makes lies under $W.
set -eu
cd "$(dirname "$0")/.."
ROOT=$PWD
W=${W:-$PWD/build/bench/nginx}
ROUNDS=${1:-5} SECONDS_EACH=${2:-5}
PORT=${PORT:-18590}
UPSTREAM=$PORT WITH=$((PORT + 1)) WITHOUT=$((PORT + 2)) SILENT=$((PORT + 3))
pids=

modules() {
  for m in ndk_http_module ngx_http_lua_module; do
    for d in /usr/lib/nginx/modules /usr/share/nginx/modules; do
      [ -f "$d/$m.so" ] && echo "load_module $d/$m.so;" && break
    done
  done
}

serve() { # serve NAME PORT THREADS
  mkdir -p "$W/$1"
  user=
  [ "$(id -u)" = 0 ] && user='user root;'
  modules >"$W/modules"
  sed -e "/@MODULES@/{r $W/modules
d}" -e "s|@USER@|$user|;s|@W@|$W/$1|g;s|@ROOT@|$ROOT|g" \
    -e "s|@PORT@|$2|;s|@THREADS@|$3|" bench/nginx_proxy.conf >"$W/$1/nginx.conf"
  taskset -c 0 nginx -p "$W/$1" -c "$W/$1/nginx.conf" -e "$W/$1/error.log"
  pids="$pids $(cat "$W/$1/nginx.pid")"
}

worker() { # of NAME
  tr ' ' '\n' <"/proc/$(cat "$W/$1/nginx.pid")/task/$(cat "$W/$1/nginx.pid")/children" \
    | head -1
}

load() { taskset -c 1 "$W/load" "$@"; }

# A line: STREAMS WAY figures
measure() { # measure STREAMS WAY
  way=threads port=$WITH name=with
  case $2 in
  pump) port=$WITHOUT name=without path=ours ;;
  threads) path=ours ;;
  by_hand) path=by_hand ;;
  esac
  events=$((SECONDS_EACH * 50))
  echo "$1 $2 $(load streams $port "/$path/$UPSTREAM/paced/$events/20" "$1" \
    $events "$(worker $name)")"
}

# Medians, least and most, and the ratios of each round to by_hand.
summary() {
  lua5.4 bench/nginx_summary.lua "$W/figures"
}

reload() { # reload WAY PORT NAME
  (sleep 1; kill -HUP "$(cat "$W/$3/nginx.pid")") &
  echo "$1 $(load streams "$2" "/ours/$UPSTREAM/paced/150/20" 50 150 "$(worker "$3")" \
    | grep -o 'events=.* lost=[0-9-]*')"
  wait $!
}

mkdir -p "$W"
cc -O2 -o "$W/load" bench/nginx_load.c
cc -O2 -o "$W/paced_server" bench/paced_server.c
trap 'kill $pids' EXIT
taskset -c 1 "$W/paced_server" $UPSTREAM &
pids=$!
serve with $WITH 'thread_pool yuanjing threads=1;'
serve without $WITHOUT ''
sleep 0.5
: >"$W/figures"
echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg)"
for _ in $(seq "$ROUNDS"); do
  for n in ${N:-1 50 500}; do
    for way in by_hand threads pump; do
      measure $n $way >>"$W/figures"
    done
  done
done
summary
echo
echo "a client leaves while the upstream is silent; until that is closed:"
for way in threads pump by_hand; do
  port=$WITH path=ours
  [ $way = pump ] && port=$WITHOUT
  [ $way = by_hand ] && path=by_hand
  echo "$way $(load abort $port "/$path/$SILENT/x" 20 $SILENT)"
done
echo
echo "reload in the middle of 50 streams:"
reload threads $WITH with
reload pump $WITHOUT without
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
