#!/usr/bin/env bash
# Failing allocations: each scenario of scenarios.lua with the n-th one failing,
# Lua's own and those of the core and libcurl.
#   spec/memory/run.sh [STEP]   only every so many n (1: all; 7 unless given)
# LuaJIT does not survive a failing allocation of its own: it crashes when it
# throws "not enough memory", without a frame of ours on the stack.
set -u
cd "$(dirname "$0")/../.." || exit 1
readonly step=${1:-7}
passed=0 failed=0

# sweep BUILD KIND SCENARIO STEP
sweep() {
  if LUA_PATH="lua/?.lua;lua/?/init.lua;;" LUA_CPATH="build/$1/?.so;;" \
    timeout 120 "build/$1/memory" "$2" "$3" "$4"; then
    ((passed += 1))
  else
    echo "!! $1: $3, $2"
    ((failed += 1))
  fi
}

for build in 5.4:lua5.4 luajit:luajit; do
  library=${build#*:} build=${build%:*}
  # shellcheck disable=SC2046
  cc -std=gnu99 -O1 -g -Wall -Wextra -Werror -rdynamic \
    $(pkg-config --cflags "$library") -o "build/$build/memory" \
    spec/memory/driver.c $(pkg-config --libs "$library") -lm -ldl || exit 1
  [[ $library == luajit ]] || sweep "$build" lua open $((step * 5))
  for scenario in chat finish stream multipart base64 journal download \
    cancel jobs resumed drop
  do
    [[ $library == luajit ]] || sweep "$build" lua "$scenario" "$step"
    sweep "$build" c "$scenario" "$step"
  done
done
echo "$passed passed, $failed failed"
((failed == 0))
