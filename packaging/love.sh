#!/bin/sh
# love.sh SOURCE CORE FOLDER [WINDOWS]: makes FOLDER/yuanjing, which a game takes in
# as it is: the modules without the command and the sandbox, and for each system
# the core and cjson. CORE is LuaJIT's of this machine, WINDOWS the folder with
# LuaJIT's of `make windows`.
set -eu
source=$1 core=$2 folder=$3 windows=${4:-}
libraries=$folder/yuanjing/runtime

place() { luajit -e 'io.write(jit.os, "/", jit.arch)'; }

find_cjson() { luajit -e 'io.write(package.searchpath("cjson", package.cpath))'; }

mkdir -p "$folder"
cp -R "$source/lua/yuanjing" "$folder/"
rm -rf "$folder/yuanjing/cli" "$folder/yuanjing/meta" "$folder/yuanjing/sandbox"
cp "$source/packaging/love/core.lua" "$folder/yuanjing/"
cp "$source/LICENSE" "$folder/yuanjing/"

licenses=$folder/yuanjing/licenses
mkdir -p "$libraries/$(place)" "$licenses"
cp "$core" "$libraries/$(place)/core.so"
cp -L "$(find_cjson)" "$libraries/$(place)/cjson.so"
[ ! -e /usr/share/doc/lua-cjson/copyright ] ||
  cp /usr/share/doc/lua-cjson/copyright "$licenses/lua-cjson.txt"
if [ -n "$windows" ]; then
  mkdir -p "$libraries/Windows/x64"
  cp "$windows/yuanjing/core.dll" "$windows/cjson.dll" "$libraries/Windows/x64/"
  cp "$windows/licenses/curl.txt" "$windows/licenses/lua-cjson.txt" "$licenses/"
fi
chmod -R a+rX,u+w "$folder"

{
  echo "return {"
  (cd "$libraries" && find . -name '*.so' -o -name '*.dll' | LC_ALL=C sort |
    xargs sha256sum | sed 's|^\([^ ]*\) [ *]\./\(.*\)|  ["\2"] = "\1",|')
  echo "}"
} >"$libraries/checksums.lua"
