#!/usr/bin/env bash
# finalizers.lua on both Luas, under the sanitizers.
#   spec/soak/finalizers.sh [SECONDS [SEEDS]]   3 and 2 unless given
set -u
cd "$(dirname "$0")/../.." || exit 1
readonly seconds=${1:-3} seeds=${2:-2}
make -s sanitize-build || exit 1
passed=0 failed=0
for build in 5.4-asan luajit-asan; do
  for seed in $(seq "$seeds"); do
    if LUA_PATH="lua/?.lua;lua/?/init.lua;spec/support/?.lua;spec/?.lua;spec/?/init.lua;${LUA_PATH:-};" \
      LUA_CPATH="build/$build/?.so;${LUA_CPATH:-};" timeout $((seconds + 60)) \
      "build/$build/lua" spec/soak/finalizers.lua "$seconds" "$seed"; then
      ((passed += 1))
    else
      echo "!! $build: seed $seed"
      ((failed += 1))
    fi
  done
done
echo "$passed passed, $failed failed"
((failed == 0))
