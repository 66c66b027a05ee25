#!/usr/bin/env bash
# Builds the fuzz targets under build/fuzz/ and runs them, one after the other.
#   spec/fuzz/run.sh [60 | 1000000x] [target...]  seconds or executions of each
#   spec/fuzz/run.sh --short [target...]          always the same few, as a test
#   spec/fuzz/run.sh --coverage [target...]       what the inputs kept reach
# JOBS=n runs so many at a time. Findings go to build/fuzz/findings/ and make
# the status 1; inputs that reach new code are kept in build/fuzz/corpus/,
# beside the seeds in spec/fuzz/corpus/.
# A target declares in its opening comment, in lines that begin with these
# words:
#   options: of libFuzzer   seeds: folders of the corpus   short: executions
set -u
cd "$(dirname "$0")/../.." || exit 1

readonly jobs=${JOBS:-1} findings=build/fuzz/findings
mode=long budget=60 targets=()

usage() {
  sed -n '3,5s/^# *//p' "$0" >&2
  exit 2
}

while (($# > 0)); do
  case $1 in
  --short | --coverage) mode=${1#--} ;;
  -*) usage ;;
  [0-9]*) budget=$1 ;;
  *) targets+=("$1") ;;
  esac
  shift
done
[[ $budget =~ ^[0-9]+x?$ ]] || usage
((${#targets[@]} > 0)) || for file in spec/fuzz/*_fuzz.c; do
  name=${file##*/}
  targets+=("${name%_fuzz.c}")
done

# The quarantine is small, to stay in a processor's cache.
export ASAN_OPTIONS=quarantine_size_mb=8:malloc_context_size=4
export UBSAN_OPTIONS=print_stacktrace=1

give_up() {
  echo "fuzz: $1" >&2
  [[ $mode != short ]] || echo "0 passed, 1 failed"
  exit 1
}

# setting_of WORD TARGET
setting_of() { sed -nE "1,20s/^.*\\b$1: *([^*]*).*/\\1/p" "spec/fuzz/$2_fuzz.c"; }

# Clang lacks the library for -fsanitize=fuzzer.
has_fuzzer() {
  echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
    clang -x c - -fsanitize=fuzzer,address -o /dev/null 2>/dev/null
}

build() {
  command -v clang >/dev/null ||
    give_up "no clang here: install Debian's clang and libclang-rt-dev"
  has_fuzzer ||
    give_up "clang has no libFuzzer here: install Debian's libclang-rt-dev"
  mkdir -p "$findings"
  make -s -j "$jobs" -f spec/fuzz/fuzz.mk "${targets[@]/#/build/$1/}" ||
    give_up "the targets can not be built"
}

# limit_of TARGET: the option that ends a run
limit_of() {
  case $mode-$budget in
  short-*) echo "-runs=$(setting_of short "$1") -seed=1" ;;
  *x) echo "-runs=${budget%x}" ;;
  *) echo "-max_total_time=$budget" ;;
  esac
}

# fuzz TARGET: its status is libFuzzer's
fuzz() {
  local kept=build/fuzz/corpus/$1 seeds options
  if [[ $mode == short ]]; then
    kept=build/fuzz/short/$1
    rm -rf "$kept"
  fi
  mkdir -p "$kept"
  read -ra seeds <<<"$(setting_of seeds "$1")"
  read -ra options <<<"$(setting_of options "$1") $(limit_of "$1")"
  "build/fuzz/$1" "${options[@]}" -print_final_stats=1 -timeout=20 \
    -rss_limit_mb=1024 -artifact_prefix="$findings/$1-" \
    "$kept" "${seeds[@]/#/spec/fuzz/corpus/}" >"build/fuzz/$1.log" 2>&1
}

# last PATTERN TARGET: the last number behind the pattern in its log, or 0
last() {
  grep -aoE "$1[0-9]+" "build/fuzz/$2.log" | tail -n 1 | grep -oE '[0-9]+$' ||
    echo 0
}

# result TARGET STATUS MILLISECONDS: one line
result() {
  local executions verdict=ok
  executions=$(last 'executed_units: *' "$1")
  (($2 == 0)) || verdict="FINDING, status $2: $(grep -aoE \
    "$findings/$1-[a-z]+-[0-9a-f]+" "build/fuzz/$1.log" | tail -n 1)"
  printf '%-8s %10d executions %7d/s  cov %4d  ft %5d  corpus %4d  %s\n' "$1" \
    "$executions" $((executions * 1000 / ($3 + 1))) "$(last 'cov: ' "$1")" \
    "$(last 'ft: ' "$1")" "$(last 'corp: ' "$1")" "$verdict"
}

run_one() {
  local from status
  from=$(date +%s%3N)
  fuzz "$1"
  status=$?
  echo "$status" >"build/fuzz/$1.status"
  result "$1" "$status" $(($(date +%s%3N) - from))
}

run_all() {
  local target
  for target in "${targets[@]}"; do
    while (($(jobs -rp | wc -l) >= jobs)); do wait -n; done
    run_one "$target" &
  done
  wait
}

summary() {
  local target executions=0 passed=0 failed=0
  for target in "${targets[@]}"; do
    ((executions += $(last 'executed_units: *' "$target")))
    if [[ $(<"build/fuzz/$target.status") == 0 ]]; then
      ((passed += 1))
    else
      ((failed += 1))
    fi
  done
  echo "fuzz: $executions executions over ${#targets[@]} targets," \
    "$failed findings"
  [[ $mode != short ]] || echo "$passed passed, $failed failed"
  ((failed == 0))
}

# Runs the kept inputs and the seeds once each, in a build that counts lines.
cover() {
  local tools target seeds profiles=() objects=()
  tools=$(dirname "$(readlink -f "$(command -v clang)")")
  [[ -x $tools/llvm-cov ]] || give_up "no llvm-cov here: install Debian's llvm"
  for target in "${targets[@]}"; do
    mkdir -p "build/fuzz/corpus/$target"
    read -ra seeds <<<"$(setting_of seeds "$target")"
    LLVM_PROFILE_FILE=build/fuzz-coverage/$target.profraw \
      "build/fuzz-coverage/$target" -runs=0 "build/fuzz/corpus/$target" \
      "${seeds[@]/#/spec/fuzz/corpus/}" >"build/fuzz-coverage/$target.log" \
      2>&1 || give_up "see build/fuzz-coverage/$target.log"
    profiles+=("build/fuzz-coverage/$target.profraw")
    objects+=("build/fuzz-coverage/$target")
  done
  "$tools/llvm-profdata" merge -o build/fuzz-coverage/all.profdata \
    "${profiles[@]}" || give_up "llvm-profdata failed"
  "$tools/llvm-cov" report -instr-profile=build/fuzz-coverage/all.profdata \
    "${objects[0]}" "${objects[@]/#/-object=}" \
    csrc/core/{buf,sse,json,number,shape,decoder,source}.c
}

if [[ $mode == coverage ]]; then
  build fuzz-coverage
  cover
else
  build fuzz
  run_all
  summary
fi
