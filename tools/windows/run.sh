#!/usr/bin/env bash
# Builds for Windows and runs it under wine, on lua.exe 5.4 and on luajit.exe;
# what `make windows` runs.
#   tools/windows/run.sh [--only lua54|lua51] [pattern...]
# Patterns keep the specs that have one of them in their paths under spec/:
# `http/`; `c/` are the C tests, `tell` is tell.lua. One run at a time.
# The last line is the total `N passed, N failed, N skipped`.
set -u
cd "$(dirname "$0")/../.." || exit 1

only="" patterns=() pids=()
while (($# > 0)); do
  case $1 in
  --only) only=${2:?--only what?} && shift ;;
  *) patterns+=("$1") ;;
  esac
  shift
done

win=$PWD/build/windows
folder=$(mktemp -d) || exit 1
# Wine's own complaints are not ours; its files stay out of the user's home.
export WINEDEBUG=-all WINEPREFIX=$win/prefix YJ_BRIDGE=$folder
unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR

leave() {
  exec 4>&-
  ((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null
  rm -rf "$folder"
}
trap leave EXIT

# Whether a name is asked for.
wanted() {
  local pattern
  ((${#patterns[@]} > 0)) || return 0
  for pattern in "${patterns[@]}"; do [[ $1 != *"$pattern"* ]] || return 0; done
  return 1
}

# count NAME PASSED FAILED SKIPPED
count() {
  printf '%-38s %5d passed %5d failed %5d skipped\n' "$@" >>"$folder/counts"
}

# The last line of its kind in the log of something that ended is its count.
tally() {
  local good bad over
  read -r good bad over <<<"$(sed -nE 's/\r$//
    s/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\1 \2 \4/p
    s/^.*\b([0-9]+) success(es)? \/ ([0-9]+) failures? \/ ([0-9]+) errors? \/ ([0-9]+) pending.*$/\1 \3+\4 \5/p' \
    "$2" | tail -n 1)"
  [[ -n $good ]] || {
    echo "!! $1 ended without a count"
    tail -n 5 "$2"
    good=0 bad=1
  }
  count "$1" "$good" "$((bad))" "${over:-0}"
}

build() {
  make -s -j2 -f tools/windows/windows.mk || {
    count "build" 0 1 0
    return 1
  }
  count "build" 1 0 0
}

# ---- C

# Tests of what is POSIX; those of the same names for Windows are theirs.
readonly POSIX_TESTS=' curl_runtime fork memory multis path poller sockets source '

c_tests() {
  local file name program
  for file in spec/c/*_test.c; do
    name=$(basename "$file" _test.c)
    wanted "c/$name" || continue
    if [[ $POSIX_TESTS == *" $name "* ]]; then
      count "$name, which is POSIX" 0 0 1
      continue
    fi
    program=$win/test/${name}_test.exe
    if make -s -f tools/windows/windows.mk "${program#"$PWD/"}"; then
      timeout 60 wine "$program" </dev/null >"$folder/log" 2>&1
      grep -a "_test.c:" "$folder/log"
      tally "$name" "$folder/log"
    else
      count "$name" 0 1 0
    fi
  done
}

# ---- specs

# What is of Linux: other hosts, nginx, the sandbox itself, terminals, and the
# tree's own tools.
readonly OF_LINUX='docs/ examples/ sandbox/ tools/ nginx rockspec packaging/love
  cli/terminal core/terminal kills locale conversation_hosts'

is_of_linux() {
  local part
  for part in $OF_LINUX; do [[ $1 != *"$part"* ]] || return 0; done
  return 1
}

program_of() { [[ $1 == lua51 ]] && echo luajit.exe || echo lua.exe; }

# Specs open files with Chinese names by io.open. With a locale like this one wine's
# code page is UTF-8; tell.lua does without.
readonly UTF8=hi_IN.UTF-8
hindi() {
  mkdir -p build/locales
  test -s build/locales/$UTF8/LC_CTYPE ||
    localedef -i hi_IN -f UTF-8 build/locales/$UTF8
}

# not_here FILE: the tests of a spec that can not be on Windows, as patterns for
# busted.
not_here() {
  sed -n "s|^$1: ||p" tools/windows/not_here.txt
}

spec() {
  local abi=$1 file=$2 version=5.4 without line
  local log=$folder/log.$abi.${file//\//.}
  [[ $abi == lua54 ]] || version=5.1
  without=()
  while read -r line; do
    without+=("--filter-out=$line")
  done < <(not_here "${file#spec/}")
  YJ_BUILD=windows/out/$abi LOCPATH=$PWD/build/locales LC_ALL=$UTF8 \
    LUA_PATH="lua/?.lua;lua/?/init.lua;spec/?.lua;spec/?/init.lua;tools/windows/?.lua;/usr/share/lua/$version/?.lua;/usr/share/lua/$version/?/init.lua" \
    LUA_CPATH="build/windows/test/$abi/?.dll;build/windows/out/$abi/?.dll" \
    timeout -k 5 400 wine "$win/out/$abi/$(program_of "$abi")" \
    tools/windows/specs.lua --output=plainTerminal "${without[@]}" "$file" \
    </dev/null >"$log" 2>&1
  grep -aE -A 8 '^(Failure|Error) -> ' "$log" | head -n 40
  tally "$abi ${file#spec/}" "$log"
  ((${#without[@]} == 0)) || count "$abi ${file#spec/}" 0 0 ${#without[@]}
}

# Of each Lua: they mostly wait.
readonly AT_A_TIME=3

specs() {
  local abi=$1 file
  YJ_WINE_LUA=$folder/$abi
  export YJ_WINE_LUA
  printf '#!/bin/sh\nexec wine %s "$@"\n' \
    "$win/out/$abi/$(program_of "$abi")" >"$YJ_WINE_LUA"
  chmod +x "$YJ_WINE_LUA"
  for file in spec/*_spec.lua spec/*/*_spec.lua; do
    wanted "${file#spec/}" || continue
    if is_of_linux "${file#spec/}"; then
      count "$abi ${file#spec/}" 0 0 1
    else
      while (($(jobs -rp | wc -l) >= AT_A_TIME)); do wait -n; done
      spec "$abi" "$file" &
    fi
  done
  wait
}

# ---- what a user can run as well

# In a folder as users unzip it, with nothing set.
smoke() {
  local abi=$1 words
  wanted tell || return 0
  mkfifo "$folder/stop.$abi"
  mkdir "$folder/servers.$abi"
  LUA_PATH="lua/?.lua;lua/?/init.lua;spec/?.lua;spec/?/init.lua;;" \
    LUA_CPATH="build/5.4/?.so;;" lua5.4 tools/windows/servers.lua \
    "$folder/servers.$abi" <"$folder/stop.$abi" >"$folder/words.$abi" &
  exec 5>"$folder/stop.$abi"
  for ((i = 0; i < 200; i++)); do
    [[ ! -s $folder/words.$abi ]] || break
    sleep 0.1
  done
  read -ra words <"$folder/words.$abi"
  cp -r "$win/out/$abi" "$folder/home.$abi"
  (cd "$folder/home.$abi" &&
    timeout 120 wine "$(program_of "$abi")" tell.lua "${words[@]}" </dev/null) \
    >"$folder/log.$abi" 2>&1
  cat "$folder/log.$abi"
  tally "$abi, tell.lua" "$folder/log.$abi"
  [[ $abi == lua54 ]] || love "${words[@]:0:2}"
  exec 5>&-
}

# The folder for games, as `make dist` has it. love URL KEY
love() {
  local log=$folder/log.love
  mkdir "$folder/save"
  make -s build/luajit/yuanjing/core.so
  packaging/love.sh . build/luajit/yuanjing/core.so "$folder/game" \
    "$win/out/lua51"
  timeout 120 wine "$win/out/lua51/luajit.exe" tools/windows/love.lua \
    "$folder/game" "$folder/save" "$win/out/lua51/yuanjing/core.dll" "$@" \
    </dev/null >"$log" 2>&1
  cat "$log"
  tally "the folder for LÖVE" "$log"
}

title() { printf '\n== %s\n' "$1"; }

on() {
  title "$1: tell.lua"
  smoke "$1"
  title "$1: specs"
  specs "$1"
}

# Both Luas at once.
run() {
  local abi
  build || return
  hindi
  make -s all || return # the servers run on the Linux side
  mkfifo "$folder/orders"
  tools/windows/bridge.sh "$folder" &
  pids+=($!)
  title "C tests"
  [[ -n $only ]] || c_tests
  for abi in lua54 lua51; do
    [[ -z $only || $only == "$abi" ]] || continue
    on "$abi" >"$folder/out.$abi" 2>&1 &
    pids+=($!)
  done
  wait "${pids[@]:1}"
  cat "$folder"/out.*
}

# How many in all; of the files those that are not all green, or are missing.
summary() {
  local passed failed skipped
  read -r passed failed skipped <<<"$(awk '{ f += $(NF - 3); s += $(NF - 1)
    p += $(NF - 5) } END { print p, f, s }' "$folder/counts")"
  printf '\n'
  awk '$(NF - 3) + $(NF - 1) > 0 || !/_spec/' "$folder/counts"
  printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  ((failed == 0 && passed > 0))
}

run
summary
