#!/bin/sh
# run.sh                  every suite of suites.lua, each beside its floor and
#                         peers; writes bench/RESULTS.md and docs/images/bench-*
# run.sh SUITE [ROUNDS]   one suite; "run.sh paced": all that begin with that
# run.sh profile SUITE    where the instructions of a suite go
# run.sh report           writes the results of the suites that were run
# ROUNDS=3 is for all suites. The tree must be built (`make bench` sees to it).
# What this makes lies under $W, build/bench by default. Of another kind:
# bench/love/run.sh, bench/budget/run.sh.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin # where Debian keeps nginx
W=${W:-$PWD/build/bench}
export W DATA="$W/data" RESULTS="$W/results" NODE_PATH="$W/js/node_modules"
export BENCH_CA="$W/ca.pem"
export LUA_PATH="lua/?.lua;lua/?/init.lua;bench/?.lua;spec/support/?.lua;spec/?.lua;spec/?/init.lua;;"
export LUA_CPATH="build/5.4/?.so;$W/?.so;;"
PEERS="openai@6.49.0 eventsource-parser@3.1.1" # the last for Node 20

report() { lua5.4 bench/report.lua "$@"; }

# Setting up -------------------------------------------------------------------

compile_floor() { # compile_floor LUA FILE
  # shellcheck disable=SC2046
  cc -O2 -std=gnu99 -shared -fPIC $(pkg-config --cflags "$1" libcurl) \
    -o "$2" bench/floor.c $(pkg-config --libs libcurl)
}

compile() {
  cc -O2 -o "$W/ab" bench/ab.c
  cc -O2 -o "$W/paced_server" bench/paced_server.c
  cc -O2 -o "$W/nginx_load" bench/nginx_load.c
  mkdir -p "$W/jit"
  compile_floor lua5.4 "$W/floor.so"
  compile_floor luajit "$W/jit/floor.so"
  rm -rf "$W/package"
  packaging/tree.sh lua5.4 build/5.4/yuanjing/core.so "$W/package/lua5.4" \
    "$W/package/lua5.4"
  packaging/tree.sh luajit build/luajit/yuanjing/core.so "$W/package/luajit" \
    "$W/package/luajit"
}

# Random bytes where CPU is measured: reading a sparse file is cheaper.
make_data() {
  mkdir -p "$DATA/plain" "$DATA/framed" "$DATA/blob"
  for k in 2 20 200; do
    [ -s "$DATA/framed/${k}k.txt" ] || lua5.4 bench/gen_body.lua ${k}000 \
      "$DATA/plain/${k}k.txt" "$DATA/framed/${k}k.txt" 2>/dev/null
  done
  for mib in 1 10 100; do # of text, 1,000 bytes an event
    [ -s "$DATA/plain/long$mib.txt" ] || lua5.4 bench/gen_body.lua \
      $((mib * 1048576 / 1000)) "$DATA/plain/long$mib.txt" /dev/null 1000 \
      2>/dev/null
  done
  [ -s "$DATA/blob/8k" ] || head -c 8192 /dev/urandom >"$DATA/blob/8k"
  [ -s "$DATA/blob/512" ] || head -c 536870912 /dev/urandom >"$DATA/blob/512"
  for mib in 4 128 1024; do truncate -s ${mib}M "$DATA/blob/$mib"; done
  cat "$DATA/blob/512" >/dev/null
}

make_certificates() {
  [ -s "$W/server.pem" ] && openssl x509 -checkend 86400 -noout \
    -in "$W/server.pem" >/dev/null && return
  (cd "$W" && rm -f ca.* server.*)
  lua5.4 - "$W" <<'LUA'
    local certificate = require "certificate"
    certificate.server(certificate.authority(arg[1]), { days = 30 })
LUA
}

# Missing tools are left out, with a message.
get_peers() {
  found=
  for peer in $PEERS; do
    name=${peer%@*}
    [ -d "$NODE_PATH/$name" ] ||
      timeout 120 npm install --no-audit --no-fund --prefix "$W/js" "$peer" \
        >"$W/npm.log" 2>&1 </dev/null || cat "$W/npm.log" >&2
    if [ -d "$NODE_PATH/$name" ]; then found="$found $name"; else
      echo "run.sh: $peer can not be had: left out" >&2
    fi
  done
  export PEERS="$found" NODE_EXTRA_CA_CERTS="$BENCH_CA" # not before: npm
}

# Serving ----------------------------------------------------------------------

nginx_conf() { # nginx_conf PORT
  lua5.4 bench/nginx_host.lua "$W" directives
  echo "daemon off; worker_processes 1; pid nginx.pid; error_log error.log;"
  sed "s/@PORT@/$1/g; s/@TLS@/$(($1 + 1))/g" bench/nginx.conf
}

# The servers get the first processor, the measured command the second: a
# command that moves between processors has two different costs.
on_cpu() {
  cpu=$1
  shift
  if [ "$(nproc)" -gt 1 ]; then exec taskset -c "$cpu" "$@"; else exec "$@"; fi
}

stop() {
  for server in $servers; do kill "$server" 2>/dev/null || :; done
  wait
  servers=
  rm -rf "$DATA"/saved* "$DATA/small"
}

start() { # start PORT: false when the servers end again
  export SERVER="http://127.0.0.1:$1" SERVER_TLS="https://127.0.0.1:$(($1 + 1))"
  export PACED="http://127.0.0.1:$(($1 + 2))"
  nginx=$(lua5.4 bench/nginx_host.lua "$W" program)
  nginx_conf "$1" >"$W/nginx.conf"
  rm -f "$W/nginx.pid"
  (on_cpu 0 "$nginx" -p "$W" -c nginx.conf -e error.log) 2>"$W/servers.log" &
  servers=$!
  (on_cpu 0 "$W/paced_server" $(($1 + 2))) 2>>"$W/servers.log" &
  servers="$servers $!"
  until [ -s "$W/nginx.pid" ]; do # written once it listens
    kill -0 "${servers% *}" 2>/dev/null || return
    sleep 0.1
  done
  kill -0 "${servers#* }" 2>/dev/null
}

# Anew for each suite. Below the ports that a system gives to connections.
serve() {
  for try in 0 1 2 3 4; do
    start $((${PORT:-$((20000 + $$ % 3000 * 4))} + try * 4)) && return
    stop
  done
  cat "$W/servers.log" >&2
  exit 1
}

# Measuring --------------------------------------------------------------------

measure() { # measure SUITE [ROUNDS]
  serve
  rounds=${2:-${ROUNDS:-$(report rounds "$1")}}
  echo "$1, $rounds rounds" >&2
  report commands "$1" >"$W/commands"
  (on_cpu 1 "$W/ab" "$rounds" "$W/commands") >"$RESULTS/$1.tsv" &
  servers="$servers $!" # to be stopped with them
  wait $! || echo "run.sh: $1 is not complete" >&2
  stop
  report table "$1"
}

profile() { # profile SUITE
  serve
  report profile "$1" >"$W/profile"
  for line in 1 2; do
    sh -c "exec valgrind -q --tool=callgrind \
      --callgrind-out-file=$W/profile.$line $(sed -n ${line}p "$W/profile")" \
      >"$W/profile.log" 2>&1 || { cat "$W/profile.log" >&2; return 1; }
  done
  stop
  lua5.4 bench/profile.lua "$W/profile.1" "$W/profile.2" \
    "$(sed -n 3p "$W/profile")" "$(sed -n 4p "$W/profile")"
}

write_report() {
  report all >"$W/RESULTS.md"
  mv "$W/RESULTS.md" bench/RESULTS.md
  mkdir -p docs/images
  lua5.4 bench/figures.lua docs/images
  echo "bench/RESULTS.md, docs/images/bench-*.svg" >&2
}

chosen() { report names | grep "^$1"; }

prepare() {
  mkdir -p "$RESULTS"
  ulimit -n "$(ulimit -Hn)"
  compile
  make_data
  make_certificates
  get_peers
  servers=
  trap stop EXIT
  trap 'exit 143' TERM INT HUP
}

case ${1:-all} in
all)
  prepare
  rm -f "$RESULTS"/*.tsv
  for suite in $(report names); do measure "$suite"; done
  write_report
  ;;
report) write_report ;;
profile)
  chosen "${2:?profile of which suite?}" >/dev/null
  prepare
  for suite in $(chosen "$2"); do profile "$suite"; done
  ;;
*)
  chosen "$1" >/dev/null || { sed -n '2,10s/^# //p' "$0" >&2; exit 2; }
  prepare
  for suite in $(chosen "$1"); do measure "$suite" "${2:-}"; done
  ;;
esac
