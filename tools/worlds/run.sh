#!/usr/bin/env bash
# The module on other systems, compilers and processors; what `make worlds`
# runs.
#   tools/worlds/run.sh [NAME...]
# A world is the script of that name beside this one, started at the root of
# the tree with $WORLD, a folder of its own that stays between runs. The last
# line it prints is `N passed, N failed` (and `, N skipped`). A world that can
# not be set up here prints why as its last line and ends with status 77: it is
# skipped, which is not passed. frame.sh has the functions for all of this.
# On a loaded machine YJ_PATIENCE=3 gives each world three times its minutes.
set -u
cd "$(dirname "$0")/../.." || exit 1

# NAME MINUTES WHAT. More minutes than these, and it has failed.
readonly worlds='
debian13 25 Debian 13: make demo, the C tests, then parts of the suite
clang     8 clang in place of gcc: parts of the suite
arm64     8 the C tests on 64-bit ARM, under qemu
armhf     8 the C tests on 32-bit ARM, under qemu
s390x     8 the C tests on s390x, which is big-endian, under qemu
lua55     8 the suite on Lua 5.5
posix     3 POSIX alone: compiled without what only Linux has
musl      6 musl and busybox: make demo, and the specs of the core
windows  10 Windows: cross-compiled, and run under wine
'

passed=0 failed=0 skipped=0 report= began=0

# count NAME PASSED FAILED SKIPPED [WHY]: also tells how long it took
count() {
  ((passed += $2, failed += $3, skipped += $4))
  report+=$(printf '%-10s %6d passed %5d failed %5d skipped %5d s' "${@:1:4}" \
    $((SECONDS - began)))
  report+=${5:+: $5}$'\n'
}

# run NAME MINUTES COMMAND...: shows and logs what the command prints, and
# returns its status. spec/run.sh has no other limit in a world than the world's.
run() {
  local log=build/worlds/$1.log seconds=$(($2 * 60 * ${YJ_PATIENCE:-1})) child
  shift 2
  : >"$log"
  YJ_TEST_SECONDS=${YJ_TEST_SECONDS:-$seconds} \
    timeout -k 30 "$seconds" "$@" >"$log" 2>&1 </dev/null &
  child=$!
  tail -n +1 -f -s 0.1 --pid="$child" "$log"
  wait "$child"
}

# tally NAME STATUS: its counts, from the last line that it printed
tally() {
  local name=$1 status=$2 last good bad over
  last=$(tail -n 1 "build/worlds/$name.log")
  if ((status == 77)); then
    count "$name" 0 0 1 "$last"
    return
  fi
  read -r good bad over <<<"$(sed -nE \
    's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\1 \2 \4/p' \
    <<<"$last")"
  if [[ -z $good ]]; then
    count "$name" 0 1 0 "ended without its counts, status $status: $last"
  elif ((status != 0 && bad == 0)); then
    count "$name" "$good" 1 "${over:-0}" "ended with status $status"
  elif ((good + bad == 0)); then
    count "$name" 0 1 "${over:-0}" "nothing was tried"
  else
    count "$name" "$good" "$bad" "${over:-0}"
  fi
}

# visit NAME MINUTES WHAT
visit() {
  local script=tools/worlds/$1.sh
  began=$SECONDS
  printf '\n==== %s\n' "$1: $3"
  if [[ -e $script ]]; then
    mkdir -p "build/worlds/$1"
    WORLD=$PWD/build/worlds/$1 run "$1" "$2" bash "$script"
    tally "$1" $?
  else
    count "$1" 0 0 1 "$script is not there"
  fi
}

chosen() { (($# == 1)) || [[ " ${*:2} " == *" $1 "* ]]; }

for name in "$@"; do
  grep -q "^$name " <<<"$worlds" ||
    { echo "worlds: no world \"$name\"; there are:$worlds" >&2 && exit 2; }
done
mkdir -p build/worlds
while read -r name minutes what <&3; do
  [[ -n $name ]] && chosen "$name" "$@" && visit "$name" "$minutes" "$what"
done 3<<<"$worlds"
report+="all in $(((SECONDS + 59) / 60)) minutes"$'\n'
line="$passed passed, $failed failed, $skipped skipped"
printf '\n%s\n%s\n' "$report" "$line"
((failed == 0 && passed > 0))
