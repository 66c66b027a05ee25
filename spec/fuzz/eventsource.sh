#!/bin/sh
# eventsource.sh [COUNT [SEED]]: random streams of events, with unknown fields
# and signs of life, read here and by npm's eventsource-parser. npm fetches it
# into build/fuzz/js, so this is not part of the tests.
set -eu
cd "$(dirname "$0")/../.."
count=${1:-5000} seed=${2:-$(date +%s)}
folder=build/fuzz/js
mkdir -p "$folder"
test -d "$folder/node_modules/eventsource-parser" ||
  npm install --silent --no-audit --no-fund --prefix "$folder" \
    eventsource-parser@3.1.1 >"$folder/npm.log" 2>&1 </dev/null || {
  cat "$folder/npm.log" >&2
  echo "eventsource: npm has no eventsource-parser for us" >&2
  exit 1
}
export LUA_PATH="lua/?.lua;lua/?/init.lua;spec/?.lua;;"
export LUA_CPATH="build/5.4/?.so;;"
lua5.4 spec/fuzz/eventsource.lua "$count" "$seed" make >"$folder/streams"
NODE_PATH="$folder/node_modules" node spec/fuzz/eventsource.cjs \
  <"$folder/streams" >"$folder/texts"
lua5.4 spec/fuzz/eventsource.lua "$count" "$seed" check "$folder/texts"
