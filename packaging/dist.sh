#!/bin/sh
# dist.sh [rock|deb|love|windows]...: makes what one hands out, of the last commit,
# in build/dist, and SHA256SUMS of it. Two runs on one system make the same bytes:
# every file has that commit's time, in the packages too. docs/packages.md says
# what is what. YUANJING_URL: where the archive of the sources will be, for the
# rockspec; without it the rockspec takes it from the folder that it is in.
# DEBFULLNAME, DEBEMAIL: who maintains the Debian package; without them the author
# of the commit.
set -eu
cd "$(dirname "$0")/.."
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
version=$(git show HEAD:lua/yuanjing/version.lua | sed 's/.*"\(.*\)".*/\1/')
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
umask 022
tree=$PWD dist=$PWD/build/dist
work=$(mktemp -d) # debhelper can not build where a path has a blank
trap 'rm -rf "$work"' EXIT
trap 'exit 143' TERM INT HUP
source=$work/yuanjing-$version
archive=yuanjing-$version.tar.gz

skip() { echo "dist: no $1: $2" >&2; }

has() { command -v "$1" >/dev/null || { skip "$2" "$1 is not installed"; false; }; }

# pack FOLDER ZIP: the same bytes for the same files.
pack() {
  find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  (cd "$(dirname "$1")" && find "$(basename "$1")" | sort | zip -qX -9 -@ "$2")
}

export_source() {
  mkdir -p "$source"
  git archive --prefix="yuanjing-$version/" HEAD | tar -x -C "$work"
  git diff --quiet HEAD || echo "dist: not of what is changed here since" >&2
}

# build LUA: its core, as `make` has it, without debug symbols.
build() {
  make -s -C "$source" "build/$1/yuanjing/core.so" \
    CFLAGS="-O2 -ffile-prefix-map=$source=."
  strip "$source/build/$1/yuanjing/core.so"
}

rock() {
  has zip "source rock" || return 0
  url=${YUANJING_URL:-file://$archive}
  folder=$work/rock
  mkdir -p "$folder"
  git archive --prefix="yuanjing-$version/" HEAD | gzip -9n >"$folder/$archive"
  sed -e '/^-- This one is for/,/^source = {/{/^--/d}' \
    -e "s,\"scm-1\",\"$version-1\"," -e "s,url = \".*\",url = \"$url\"," \
    "$source/yuanjing-scm-1.rockspec" >"$folder/yuanjing-$version-1.rockspec"
  cp "$folder"/* "$dist/"
  touch -d "@$SOURCE_DATE_EPOCH" "$folder"/*
  (cd "$folder" && zip -qX -9 "$dist/yuanjing-$version-1.src.rock" \
    "yuanjing-$version-1.rockspec" "$archive")
}

deb() {
  has dh_lua "lua-yuanjing_$version.deb" || return 0
  folder=$work/deb/lua-yuanjing
  mkdir -p "$work/deb"
  cp -a "$source" "$folder"
  rm -rf "$folder/build"
  cp -a "$folder/packaging/debian" "$folder/debian"
  maintainer="${DEBFULLNAME:-$(git log -1 --format=%an)}"
  maintainer="$maintainer <${DEBEMAIL:-$(git log -1 --format=%ae)}>"
  sed -i "s/@MAINTAINER@/$maintainer/" "$folder/debian/control"
  cat >"$folder/debian/changelog" <<EOF
lua-yuanjing ($version) unstable; urgency=medium

  * Version $version.

 -- $maintainer  $(date -R -d "@$SOURCE_DATE_EPOCH")
EOF
  (cd "$folder" && dpkg-buildpackage -us -uc -b >"$work/deb/log" 2>&1) ||
    { tail -n 20 "$work/deb/log" >&2; exit 1; }
  cp "$work"/deb/*.deb "$dist/"
}

# What `make windows` made for a Lua; false, if that is not all.
of_windows() {
  [ -s "$tree/build/windows/out/$1/yuanjing/core.dll" ] ||
    { skip "$2" "\`make windows\` has not been run"; false; }
}

love() {
  has zip yuanjing-love.zip && has luajit yuanjing-love.zip || return 0
  build luajit
  with_windows=
  of_windows lua51 "Windows in yuanjing-love.zip" &&
    with_windows=$tree/build/windows/out/lua51
  "$source/packaging/love.sh" "$source" "$source/build/luajit/yuanjing/core.so" \
    "$work/yuanjing-love" "$with_windows"
  cp "$source/examples/love/pack.sh" "$source/packaging/love/README.md" \
    "$work/yuanjing-love/"
  pack "$work/yuanjing-love" "$dist/yuanjing-love.zip"
}

# precompile LUA BUILD FOLDER: for Windows, with the core of this system.
precompile() {
  build "$2"
  cp "$source/packaging/yuanjing.lua" "$3/lua/"
  LUA_CPATH="$source/build/$2/?.so;;" "$1" \
    "$source/packaging/precompile.lua" "$3/lua" "$3/yuanjing/modules.luac"
}

windows() {
  has zip yuanjing-windows-x64.zip || return 0
  of_windows lua51 yuanjing-windows-x64.zip || return 0
  of_windows lua54 yuanjing-windows-x64.zip || return 0
  folder=$work/yuanjing-windows-x64
  cp -R "$tree/build/windows/out" "$folder"
  precompile lua5.4 5.4 "$folder/lua54"
  precompile luajit luajit "$folder/lua51"
  pack "$folder" "$dist/yuanjing-windows-x64.zip"
}

rm -rf "$dist"
mkdir -p "$dist"
export_source
[ $# -gt 0 ] || set -- rock deb love windows
for what; do "$what"; done
(cd "$dist" && find . -maxdepth 1 -type f | sed 's,^\./,,' | sort |
  xargs sha256sum >"$work/sums" && mv "$work/sums" SHA256SUMS && cat SHA256SUMS)
