# musl, another libc, and busybox in place of GNU's tools. Debian has no
# libcurl for musl: all of it compiles, and those C tests run that call nothing
# of libcurl.
. tools/worlds/frame.sh
. tools/worlds/foreign.sh
packages musl-tools busybox util-linux

readonly without_libcurl='address buf json number path shape source sse'

# Headers of libcurl and Lua alone: beside them are glibc's.
curl=$(echo '#include <curl/curl.h>' | cc -E -M - | tr ' ' '\n' |
  grep -m 1 '/curl/curl\.h$')
mkdir -p "$WORLD/include"
ln -sfn "$(dirname "$curl")" "$WORLD/include/curl"
ln -sf "$(dirname "$curl")"/../lua*-multiarch.h "$WORLD/include"
program "$WORLD/bin/pkg-config" 'case $* in' \
  '*--libs*) echo "$STATIC -Wl,--unresolved-symbols=ignore-all" ;;' \
  "*) echo \"-I$WORLD/include \$($(command -v pkg-config) \"\$@\" |" \
  "  sed 's,-I[^ ]*/include/[^ ]*-linux-gnu,,')\" ;;" 'esac'

musl() {
  make -s -C "$WORLD/tree" CC=musl-gcc PKG_CONFIG="$WORLD/bin/pkg-config" "$@"
}

copy_tree "$WORLD/tree"
export STATIC=
step "compiles" musl "WARNINGS=$(warnings_of_the_tree) -Werror" \
  build/5.4/yuanjing/core.so build/luajit/yuanjing/core.so
STATIC=-static
for name in $without_libcurl; do
  [[ -e spec/c/${name}_test.c ]] || continue
  step "build ${name}_test" musl "build/c/${name}_test"
  suite "${name}_test" "$WORLD/tree/build/c/${name}_test"
done

# on_busybox COMMAND...: /bin/sh is busybox, and so is every tool it has.
on_busybox() {
  local mine=()
  (($(id -u) == 0)) || mine=(--map-root-user)
  mkdir -p "$WORLD/applets"
  busybox --install -s "$WORLD/applets"
  PATH=$WORLD/applets:$PATH unshare --mount "${mine[@]}" sh -c \
    'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh \
    "$(command -v busybox)" "$(readlink -f /bin/sh)" "$@"
}

on_busybox true || skip "busybox can not be put in place of /bin/sh here"
step "/bin/sh is busybox" on_busybox /bin/sh -c 'ls --help 2>&1 | grep BusyBox'
step "make demo" on_busybox make demo
suite "core/" on_busybox spec/run.sh core/
finish
