#!/bin/sh
# run.sh [record]: counts the instructions of each scenario of scenarios.lua,
# and the bytes it leaves to the collector, and compares them with
# bench/budget.lua, or writes that. Nothing but the code makes such a count
# greater or less, on any machine of a kind: this is what a change must pass;
# `make bench` measures time.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' TERM INT HUP
# shellcheck disable=SC2046
cc -std=gnu99 -O2 -Wall -Wextra -Werror -rdynamic \
  $(pkg-config --cflags lua5.4) -o "$folder/lua" bench/budget/host.c \
  -Wl,--whole-archive "$(pkg-config --variable=libdir lua5.4)/liblua5.4.a" \
  -Wl,--no-whole-archive -lm -ldl
packaging/tree.sh lua5.4 build/5.4/yuanjing/core.so "$folder/package" \
  "$folder/package"

# count LUA_FOLDER CORE_FOLDER PROFILES [packaged]
count() {
  mkdir -p "$3"
  env -i PATH="$PATH" LUA_CPATH="$2/?.so;;" \
    LUA_PATH="$1/?.lua;$1/?/init.lua;spec/support/?.lua;spec/?.lua;spec/?/init.lua;;" \
    timeout 120 valgrind -q --tool=callgrind --callgrind-out-file="$3/profile" \
    "$folder/lua" bench/budget/scenarios.lua "$folder" ${4:-} >>"$folder/bytes"
}

count lua build/5.4 "$folder/tree"
count "$folder/package" "$folder/package" "$folder/packaged" packaged
LUA_PATH="bench/?.lua;;" lua5.4 bench/budget/check.lua "$folder" "$@"
