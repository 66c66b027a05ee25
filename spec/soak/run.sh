#!/usr/bin/env bash
# The soak on both Luas.
#   spec/soak/run.sh [SCALE]   1 unless given; see soak.lua
set -u
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0
for build in 5.4:lua5.4 luajit:luajit; do
  lua=${build#*:} build=${build%:*}
  log=build/$build/soak.log
  echo "$lua"
  LUA_PATH="lua/?.lua;lua/?/init.lua;${LUA_PATH:-};" \
    LUA_CPATH="build/$build/?.so;${LUA_CPATH:-};" \
    "$lua" spec/soak/soak.lua "${1:-1}" >"$log" 2>&1 </dev/null
  cat "$log"
  read -r good bad <<<"$(sed -nE \
    's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" | tail -n 1)"
  ((passed += ${good:-0}, failed += ${bad:-1}))
done
echo "$passed passed, $failed failed"
((failed == 0))
