# shellcheck shell=bash
# Another processor's Debian, unpacked under $WORLD and run by qemu-user.
# Nothing of it is installed: the machine keeps its own packages, and needs no
# root for this. After frame.sh.

# unpack ARCHITECTURE STATUS FOLDER PACKAGE...: these and all they depend on,
# but for what the file STATUS lists as installed. The mirrors are those of the
# machine.
unpack() {
  local architecture=$1 status=$2 folder=$3 apt=$3.apt name
  shift 3
  [[ $(cat "$apt/unpacked" 2>/dev/null) != "$*" ]] || return 0
  rm -rf "$folder" "$apt"
  mkdir -p "$apt"/{state/lists,cache/archives}/partial
  for name in bin lib sbin; do
    mkdir -p "$folder/usr/$name"
    ln -s "usr/$name" "$folder/$name"
  done
  apt-get indextargets 'Origin: Debian' 'Created-By: Packages' \
    --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' | sort -u >"$apt/sources"
  local get=(apt-get -q -o "APT::Architecture=$architecture"
    -o "APT::Architectures=$architecture" -o APT::Sandbox::User=
    -o "Dir::State=$apt/state" -o "Dir::State::status=$status"
    -o "Dir::Cache=$apt/cache" -o "Dir::Etc::SourceList=$apt/sources"
    -o Dir::Etc::SourceParts=/dev/null -o Acquire::Languages=none)
  "${get[@]}" update || echo "foreign: some lists are missing"
  "${get[@]}" install -y --no-install-recommends --download-only "$@" || return
  for name in "$apt"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$name" |
      tar -x --keep-directory-symlink -C "$folder" || return
  done
  rm -rf "$apt/cache"
  echo "$*" >"$apt/unpacked"
}

# program FILE LINE...: a shell script
program() {
  mkdir -p "$(dirname "$1")"
  printf '%s\n' '#!/bin/sh' "${@:2}" >"$1"
  chmod +x "$1"
}

# copy_tree FOLDER: what is built there is out of the way of the machine's own.
copy_tree() {
  mkdir -p "$1"
  git ls-files -z | tar -c --null --files-from=- | tar -x -C "$1"
}

# foreign ARCHITECTURE TRIPLET QEMU: unpacks compiler, libcurl and Lua, and
# makes $WORLD/bin: cc and pkg-config for that processor, lua5.4 under qemu.
foreign() {
  local root=$WORLD/root tools=$WORLD/tools host
  packages qemu-user
  unpack "$1" /dev/null "$root" libc6-dev libcurl4-openssl-dev liblua5.4-dev \
    lua5.4 lua-argparse lua-busted lua-cjson lua-socket ||
    skip "Debian's packages for $1 can not be had"
  host=$(dpkg --print-architecture)
  unpack "$host" /var/lib/dpkg/status "$tools" "gcc-12-$2" ||
    skip "there is no compiler for $1"
  program "$WORLD/bin/cc" \
    "LD_LIBRARY_PATH=$tools/usr/lib/$(cc -dumpmachine) \\" \
    "  exec $tools/usr/bin/$2-gcc-12 --sysroot=$root \"\$@\""
  program "$WORLD/bin/pkg-config" "PKG_CONFIG_SYSROOT_DIR=$root \\" \
    "  PKG_CONFIG_LIBDIR=$root/usr/lib/$2/pkgconfig \\" \
    "  exec $(command -v pkg-config) \"\$@\""
  program "$WORLD/bin/lua5.4" \
    "exec $3 -0 lua5.4 -L $root $root/usr/bin/lua5.4 \"\$@\""
  emulator=("$3" -L "$root")
}

crossing() {
  make -s -C "$WORLD/tree" CC="$WORLD/bin/cc" \
    PKG_CONFIG="$WORLD/bin/pkg-config" "$@"
}

# The core and its C tests, compiled without a warning and run.
foreign_c_tests() {
  local file name
  copy_tree "$WORLD/tree"
  step "compiles" crossing "WARNINGS=$(warnings_of_the_tree) -Werror" \
    build/5.4/yuanjing/core.so
  for file in spec/c/*_test.c; do
    name=build/c/$(basename "$file" .c)
    step "build $name" crossing "$name"
    suite "$name" "${emulator[@]}" "$WORLD/tree/$name"
  done
}

warnings_of_the_tree() { make -s --eval='print: ; @echo $(WARNINGS)' print; }

demo() {
  cd "$WORLD/tree" && LUA_PATH='lua/?.lua;lua/?/init.lua;;' \
    LUA_CPATH='build/5.4/?.so;;' "$WORLD/bin/lua5.4" examples/demo.lua
}

# The demo and parts of the suite with a Lua of that processor. The sandbox's
# nginx is the machine's own, with a core for it.
foreign_specs() {
  local pattern
  make -s -C "$WORLD/tree" build/luajit/yuanjing/core.so
  step "examples/demo.lua" demo
  for pattern in "$@"; do
    PATH=$WORLD/bin:$PATH suite "lua5.4, $pattern" \
      "$WORLD/tree/spec/run.sh" --only lua5.4 "$pattern"
  done
}
