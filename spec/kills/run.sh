#!/usr/bin/env bash
# Programs that are killed, on both Luas: batches of pictures at random
# moments, the same with `reconcile`, whose outcomes are then found out, workers
# on a Redis every second for a minute, and two minutes of all faults of a Redis
# and its clients.
#   spec/kills/run.sh [SEED]
set -u
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0

# run LUA BUILD SCRIPT WORDS...: adds its counts
run() {
  local lua=$1 build=$2 log=build/$2/kills.log good bad
  shift 2
  LUA_PATH="lua/?.lua;lua/?/init.lua;${LUA_PATH:-};" \
    LUA_CPATH="build/$build/?.so;${LUA_CPATH:-};" \
    "$lua" "$@" >"$log" 2>&1 </dev/null
  cat "$log"
  read -r good bad <<<"$(sed -nE \
    's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" | tail -n 1)"
  ((passed += ${good:-0}, failed += ${bad:-1}))
}

for build in 5.4:lua5.4 luajit:luajit; do
  lua=${build#*:} build=${build%:*}
  echo "$lua"
  run "$lua" "$build" spec/kills/batch.lua 200 200 "$@"
  run "$lua" "$build" spec/kills/reconcile.lua 200 12 "$@"
  run "$lua" "$build" spec/kills/workers.lua 600 60 "$@"
  run "$lua" "$build" spec/kills/chaos.lua 250 120 "$@"
done
echo "$passed passed, $failed failed"
((failed == 0))
