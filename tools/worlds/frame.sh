# shellcheck shell=bash
# What the scripts of the worlds have in common; each begins with
#   . tools/worlds/frame.sh
# and ends with `finish`.
set -u

passed=0 failed=0 skipped=0

# Ends the world: it can not be set up, and this is why.
skip() {
  echo "$1"
  exit 77
}

# packages NAME...: of Debian, on the machine itself
packages() {
  .ci/setup packages "$@" || skip "packages are missing: $*"
}

# step NAME COMMAND...: one thing that works or does not
step() {
  printf '\n== %s\n' "$1"
  if "${@:2}"; then
    ((passed += 1))
  else
    echo "!! $1: status $?"
    ((failed += 1))
  fi
}

# suite NAME COMMAND...: it ends with a line `N passed, N failed` (and
# `, N skipped`), which counts. Without that line it has failed.
suite() {
  local log status good bad over
  log=$WORLD/suite.log
  printf '\n== %s\n' "$1"
  "${@:2}" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  read -r good bad over <<<"$(sed -nE \
    's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\1 \2 \4/p' \
    <<<"$(tail -n 1 "$log")")"
  [[ -n $good ]] || good=0 bad=1
  ((status == 0 || bad > 0)) || bad=1
  ((bad == 0)) || echo "!! $1: status $status"
  ((passed += good, failed += bad, skipped += ${over:-0}))
}

# The last line of a world.
finish() {
  printf '\n%s passed, %s failed, %s skipped\n' $passed $failed $skipped
  ((failed == 0))
  exit
}
