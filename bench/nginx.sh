#!/bin/sh
# nginx.sh [ROUNDS [SECONDS]]: this module in an nginx worker beside a reader
# written by hand on nginx's own sockets (nginx_reader.lua): the same proxy,
# three ways, at 1, 50 and 500 streams (N="1 50 500") of an event every 20 ms
# (GAP=20) each.
#   threads   ours, with a thread_pool        pump   ours, without
#   by_hand   the reader, in an nginx of its own: beside what the others leave in
#             the worker's Lua it is slower
# The worker has the first CPU, what asks and what answers the second. ROUNDS
# (5) of each, interleaved; of each figure the median, the least and the most.
# Then: how soon the upstream's connection is closed when a client leaves, and
# whether a reload loses any event. What it makes lies under $W. With QUIET=0.2
# a figure is taken anew, a few times, when others had more than that part of
# the machine meanwhile.
set -eu
cd "$(dirname "$0")/.."
ROOT=$PWD
W=${W:-$PWD/build/bench/nginx}
ROUNDS=${1:-5} SECONDS_EACH=${2:-5}
PORT=${PORT:-18590} GAP=${GAP:-20}
UPSTREAM=$PORT WITH=$((PORT + 1)) WITHOUT=$((PORT + 2)) ALONE=$((PORT + 3))
SILENT=$((PORT + 4))
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
    -e "s|@PORT@|$2|;s|@THREADS@|$3|" bench/nginx_proxy.conf \
    >"$W/$1/nginx.conf"
  taskset -c 0 nginx -p "$W/$1" -c "$W/$1/nginx.conf" -e "$W/$1/error.log"
  pids="$pids $(cat "$W/$1/nginx.pid")"
}

worker() { # worker NAME: the newest
  master=$(cat "$W/$1/nginx.pid")
  tr ' ' '\n' <"/proc/$master/task/$master/children" | grep . | tail -1
}

load() { taskset -c 1 "$W/load" "$@"; }

# What a way is: the path, the port and the name of its nginx.
way() {
  case $1 in
  threads) echo ours $WITH with ;;
  pump) echo ours $WITHOUT without ;;
  by_hand) echo by_hand $ALONE alone ;;
  esac
}

streams() { # streams WAY STREAMS EVENTS
  n=$2 events=$3
  # shellcheck disable=SC2046
  set -- $(way "$1")
  load streams "$2" "/$1/$UPSTREAM/paced/$events/$GAP" "$n" "$events" \
    "$(worker "$3")" "$upstream"
}

is_quiet() { # is_quiet FIGURES
  others=${1##*others=}
  awk "BEGIN { exit !($others <= ${QUIET:-1}) }"
}

measure() { # measure WAY STREAMS EVENTS
  for _ in 1 2 3 4 5 6 7 8; do
    figures=$(streams "$@") && is_quiet "$figures" && break
    sleep 3
  done
  echo "$2 $1 $figures"
}

leave() { # leave WAY
  # shellcheck disable=SC2046
  set -- $(way "$1")
  load abort "$2" "/$1/$SILENT/x" 20 $SILENT
}

reload() { # reload WAY
  # shellcheck disable=SC2046
  set -- "$1" $(way "$1")
  (sleep 1; kill -HUP "$(cat "$W/$4/nginx.pid")") &
  hup=$!
  streams "$1" 50 150 | grep -o 'lost=[0-9-]*'
  wait $hup
}

mkdir -p "$W"
cc -O2 -o "$W/load" bench/nginx_load.c
cc -O2 -o "$W/paced_server" bench/paced_server.c
trap 'kill $pids' EXIT
taskset -c 1 "$W/paced_server" "$UPSTREAM" &
upstream=$!
pids=$upstream
serve with $WITH 'thread_pool yuanjing threads=1;'
serve without $WITHOUT ''
serve alone $ALONE ''
sleep 0.5
: >"$W/figures"
for _ in $(seq "$ROUNDS"); do
  for n in ${N:-1 50 500}; do
    for w in by_hand threads pump; do
      measure $w "$n" $((SECONDS_EACH * 1000 / GAP)) >>"$W/figures"
    done
  done
done
lua5.4 bench/nginx_summary.lua "$W/figures"
echo
echo "a client leaves while the upstream is silent; until that is closed:"
for w in by_hand threads pump; do echo "$w $(leave $w)"; done
echo
echo "of 7500 events, with a reload in the middle of 50 streams:"
for w in by_hand threads pump; do echo "$w $(reload $w)"; done
