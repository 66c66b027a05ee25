#!/usr/bin/env bash
# Every suite, on every Lua; what `make test` runs.
#   spec/run.sh [--only lua5.3|lua5.4|lua5.5|luajit] [pattern...]
#   spec/run.sh --sanitize | --valgrind [--only ...] [pattern...]
# Patterns keep the spec and C test files that have one of them in their paths
# under spec/: `http/`, `journal/redis`, `json`.
# The last line is the total `N passed, N failed` (and `, N skipped`); the
# failures are printed directly above it.
# A suite that crashes, hangs or prints no count is a failure.
set -u
cd "$(dirname "$0")/.." || exit 1

# Tests choose the certificates, not the user's environment.
unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR

# Their texts are in English, and nobody's settings count.
export YUANJING_LANG=en XDG_CONFIG_HOME=$PWD/build/settings

log=build/suite.log
passed=0 failed=0 skipped=0 report= failures= began=0
gently=()
mode=normal only= patterns=()

while (($# > 0)); do
  case $1 in
  --only) only=${2:?--only what?} && shift ;;
  --sanitize | --valgrind) mode=${1#--} ;;
  -*) echo "usage: ${0##*/} [--only LUA] [--sanitize|--valgrind]" \
    "[pattern...]" >&2 && exit 2 ;;
  *) patterns+=("$1") ;;
  esac
  shift
done
# Under the sanitizers or valgrind everything takes several times as long.
[[ $mode == normal ]] && patience=590 || patience=5400
readonly total_seconds=${YJ_TEST_SECONDS:-$patience}
case $only in '' | lua5.[345] | luajit) ;; *)
  echo "--only: lua5.3, lua5.4, lua5.5 or luajit, not $only" >&2 && exit 2 ;;
esac

# Runs a command, shows and logs its output, and returns its status. The log is
# a file and not a pipe: a server left behind by a suite would keep a pipe
# open. Its tail is shown without tail(1), which outside GNU knows neither --pid nor
# parts of a second.
watch() {
  local left=$((total_seconds - SECONDS)) child
  : >"$log"
  ((left > 0)) || { echo "out of time" | tee "$log" && return 124; }
  timeout -k 5 "$left" "${gently[@]}" "$@" >"$log" 2>&1 </dev/null &
  child=$!
  {
    while kill -0 "$child"; do cat <&3 && sleep 0.5; done 2>/dev/null
    cat <&3
  } 3<"$log"
  wait "$child"
}

# The failures in the log: a few lines of each of busted's, else its end.
why() {
  grep -aE -A 5 '^(Failure|Error) -> ' "$log" | head -n 40 | grep . ||
    tail -n 12 "$log"
}

# count NAME PASSED FAILED SKIPPED: also tells how long it took since its title
count() {
  ((passed += $2, failed += $3, skipped += $4))
  report+=$(printf '%-28s %6d passed %3d failed %3d skipped %4d s' "$@" \
    $((SECONDS - began)))$'\n'
  (($3 == 0)) || failures+=$'\n'"-- $1"$'\n'$(why | cut -c 1-200)$'\n'
}

title() {
  began=$SECONDS
  printf '\n== %s\n' "$1"
}

# step NAME COMMAND...: one thing that works or does not
step() {
  local name=$1
  shift
  title "$name"
  if watch "$@"; then count "$name" 1 0 0; else count "$name" 0 1 0; fi
}

# The numbers of busted's last summary in the log, or nothing.
summary() {
  sed -nE 's%^(.*[^0-9])?([0-9]+) success(es)? / ([0-9]+) failures? / ([0-9]+) errors? / ([0-9]+) pending.*%\2 \4 \5 \6%p' \
    "$log" | tail -n 1
}

# busted ends with 0 or 1; any other status is a crash, be it one after the last
# test.
tally() {
  local name=$1 status=$2 good bad errors pending
  read -r good bad errors pending <<<"$(summary)"
  if [[ -z $good ]]; then
    echo "!! $name ended without a summary, status $status"
    count "$name" 0 1 0
    return
  fi
  ((bad += errors))
  if ((status != (bad > 0))); then
    echo "!! $name ended with status $status after its summary"
    ((bad += 1))
  fi
  count "$name" "$good" "$bad" "$pending"
}

# suite NAME BUILD FILES COMMAND...: busted, under the interpreter COMMAND
suite() {
  local name=$1 build=$2 files
  read -ra files <<<"$3"
  shift 3
  ((${#files[@]} > 0)) || return 0
  title "$name"
  YJ_BUILD=$build \
    LUA_PATH="lua/?.lua;lua/?/init.lua;${LUA_PATH:-};" \
    LUA_CPATH="build/$build/?.so;${LUA_CPATH:-};" \
    watch "$@" spec/support/busted.lua --output=plainTerminal "${files[@]}"
  tally "$name" $?
}

# Specs that make garbage all the time: a collector that runs all the time
# would delay them for minutes.
readonly prolific=' spec/core/decoder_spec.lua spec/core/json_spec.lua
  spec/chat/stream_spec.lua '

# prolific yes|no FILES: those of them that are, or are not, on one line.
prolific() {
  local wanted=$1 file is
  shift
  for file in "$@"; do
    [[ $prolific == *" $file "* ]] && is=yes || is=no
    [[ $is == "$wanted" ]] && printf '%s ' "$file"
  done
}

# Whether a path under spec/ is asked for.
wanted() {
  local pattern
  ((${#patterns[@]} > 0)) || return 0
  for pattern in "${patterns[@]}"; do [[ $1 != *"$pattern"* ]] || return 0; done
  return 1
}

# Those of these files that are wanted, on one line.
chosen() {
  local file
  for file in "$@"; do
    [[ -f $file ]] && wanted "${file#spec/}" && printf '%s ' "$file"
  done
}

# The last line of a C test is `N passed, N failed` (and `, N skipped`), or its
# status counts as one test.
c_test() {
  local name=$1 status good bad over
  shift
  title "$name"
  watch "$@"
  status=$?
  read -r good bad over <<<"$(sed -nE \
    's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\1 \2 \4/p' \
    "$log" | tail -n 1)"
  [[ -n $good ]] || good=$((status == 0)) bad=0
  ((status == 0 || bad > 0)) || bad=1
  count "$name" "$good" "$bad" "${over:-0}"
}

# c_tests FOLDER COMMAND...: builds and runs each test there, under COMMAND
c_tests() {
  local folder=$1 file program
  shift
  for file in $(chosen spec/c/*_test.c); do
    program=build/$folder/$(basename "$file" .c)
    title "build $program"
    if watch make -s "$program"; then
      c_test "$program" "$@" "$program"
    else
      count "$program" 0 1 0
    fi
  done
}

# beside NAME COMMAND...: runs it in the background; gather prints its output
# and adds its counts.
beside() {
  local name=$1
  shift
  (
    log=build/suite.$name.log passed=0 failed=0 skipped=0 report= failures=
    "$@" >"build/beside.$name" 2>&1
    declare -p passed failed skipped report failures >"build/counted.$name"
  ) &
}

gather() {
  local -i before=$passed bad=$failed over=$skipped
  local former_report=$report former_failures=$failures
  cat "build/beside.$1"
  passed=0 failed=1 skipped=0 failures=
  report="!! $1 did not end"$'\n'
  # shellcheck source=/dev/null
  source <(sed 's/^declare --* */declare -g /; s/^declare -g -- /declare -g /' \
    "build/counted.$1")
  ((passed += before, failed += bad, skipped += over))
  report=$former_report$report
  failures=$former_failures$failures
}

readonly parts=5

# part N: every fifth of the specs
part() {
  local n=0 file
  for file in $(chosen spec/*_spec.lua spec/*/*_spec.lua); do
    ((n++ % parts != $1 - 1)) || printf '%s ' "$file"
  done
}

# on LUA BUILD PART
on() { suite "$1, part $3" "$2" "$(part "$3")" "$1"; }

# Specs whose results a host's locale must not change.
readonly of_locales='client errors settings base/ascii base/digest base/json
  base/number base/sorted_json generation/params protocol/envelope protocol/form
  protocol/task_answer protocol/v1 sandbox/script spending/dry_run'

# in_locales LUA BUILD: skips a locale that is missing, with the number of
# files.
in_locales() {
  local locale name files
  # shellcheck disable=SC2046,SC2086  # lists of words, both
  files=$(chosen $(printf 'spec/%s_spec.lua ' $of_locales))
  [[ -n $files ]] || return 0
  for locale in de_DE.UTF-8 tr_TR.ISO-8859-9; do
    name="$1, $locale"
    if [[ -s build/locales/$locale/LC_CTYPE ]]; then
      YJ_LOCALE=$locale suite "$name" "$2" "$files" "$1"
    else
      title "$name: not here"
      count "$name" 0 0 "$(wc -w <<<"$files")"
    fi
  done
}

on_poll() {
  suite "lua5.4, poll(2)" 5.4-poll \
    "$(chosen spec/core/*_spec.lua spec/runtime/loop_spec.lua)" lua5.4
}

in_c() {
  unset LOCPATH # LeakSanitizer calls what glibc keeps of it a leak
  gently=(nice -n 10) # what has time limits goes first
  c_tests c
  c_tests c-asan
  c_tests c-poll
  ((${#patterns[@]} == 0)) || return 0
  c_test "failing allocations" spec/memory/run.sh 15
  c_test "fuzz, short" spec/fuzz/run.sh --short
  c_test "soak, short" spec/soak/run.sh 0.01
  c_test "finalizers, short" spec/soak/finalizers.sh
  c_test "instruction budget" bench/budget/run.sh
  step "exports and storeys" make -s rules
  step "warnings" make -s warnings
  step "other Luas compile" make -s compile-check
  step "luacheck" make -s lint
}

names=()

# at_once LUA: all parts of its specs and those in other locales, side by side
at_once() {
  local lua=$1 build=${1#lua} n
  [[ $lua == luajit ]] && build=luajit
  for ((n = 1; n <= parts; n++)); do
    beside "$lua.$n" on "$lua" "$build" "$n"
    names+=("$lua.$n")
  done
  beside "$lua.locales" in_locales "$lua" "$build"
  names+=("$lua.locales")
}

# Specs mostly wait: both Luas run at once, all parts of them, and beside them
# what needs the processor all the time.
run_normal() {
  local lua name
  step "build" make -s all poll
  [[ $only != lua5.[35] ]] ||
    step "build, $only" make -s "build/${only#lua}/yuanjing/core.so"
  make -s locales || echo "!! without locales: apt install locales"
  export LOCPATH=$PWD/build/locales
  rm -f build/counted.*
  for lua in ${only:-lua5.4 luajit}; do at_once "$lua"; done
  if [[ -z $only ]]; then
    beside c in_c
    names+=(c)
    on_poll
  fi
  wait
  for name in "${names[@]}"; do gather "$name"; done
}

# The modules between Lua and the core; the others are the same on every Lua.
readonly near_the_core='core/*_spec.lua runtime/loop_spec.lua
  runtime/job_spec.lua runtime/fibers_spec.lua http/call_spec.lua
  task/result_spec.lua chat/stream_spec.lua'

specs_near_the_core() {
  local glob
  for glob in $near_the_core; do chosen spec/$glob; done
}

# sanitized LUA FILES: a full collection at every step finds what the usual
# collector finds by chance.
sanitized() {
  local lua=$1 build=${1#lua}-asan
  shift
  [[ -z $only || $only == "$lua" ]] || return 0
  [[ $lua == luajit ]] && build=luajit-asan
  YJ_GC_PAUSE=0 suite "$lua, sanitized" "$build" "$(prolific no "$@")" \
    "$PWD/build/$build/lua"
  YJ_GC_PAUSE=100 suite "$lua, sanitized, prolific" "$build" \
    "$(prolific yes "$@")" "$PWD/build/$build/lua"
}

run_sanitize() {
  export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
  export UBSAN_OPTIONS=print_stacktrace=1
  step "build" make -s sanitize-build
  # shellcheck disable=SC2046  # lists of words, both
  sanitized lua5.4 $(chosen spec/*_spec.lua spec/*/*_spec.lua)
  # shellcheck disable=SC2046
  sanitized luajit $(specs_near_the_core)
  [[ -n $only ]] || c_tests c-asan
}

# Under valgrind LuaJIT interprets: its compiled code would be translated again
# each time.
run_valgrind() {
  local grind=(valgrind -q --error-exitcode=99 --leak-check=full
    --errors-for-leak-kinds=definite --child-silent-after-fork=yes)
  step "build" make -s all
  [[ $only == luajit ]] || suite "lua5.4, valgrind" 5.4 \
    "$(specs_near_the_core)" "${grind[@]}" lua5.4
  [[ $only == lua5.4 ]] || suite "luajit, valgrind" luajit \
    "$(specs_near_the_core)" "${grind[@]}" luajit -joff
  [[ -n $only ]] || c_tests c "${grind[@]}"
}

mkdir -p build
"run_$mode"
line="$passed passed, $failed failed"
((skipped == 0)) || line+=", $skipped skipped"
printf '\n%s%s%s\n' "$report" "${failures:+$failures$'\n'}" "$line"
echo "$line" >build/summary
((failed == 0 && passed > 0))
