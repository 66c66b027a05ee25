#!/bin/sh
# tree.sh LUA CORE LUA_FOLDER CORE_FOLDER: lays out what a package holds for one
# Lua: the sources and yuanjing.lua, which loads them; the core, and beside it
# what of them is precompiled. Every file has the same time, if SOURCE_DATE_EPOCH is set.
set -eu
lua=$1 core=$2 lua_folder=$3 core_folder=$4
here=$(dirname "$0")

mkdir -p "$lua_folder" "$core_folder/yuanjing"
cp -R "$here/../lua/yuanjing" "$here/yuanjing.lua" "$lua_folder/"
ending=${core##*.}
cp "$core" "$core_folder/yuanjing/core.$ending"
LUA_CPATH="$core_folder/?.$ending;;" "$lua" "$here/precompile.lua" "$lua_folder" \
  "$core_folder/yuanjing/modules.luac"
if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
  find "$lua_folder" "$core_folder" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
fi
