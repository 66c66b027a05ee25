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

# debian SUITE ROOT: a bare Debian with git and make, and the tree in its
# /yuanjing; from the mirror that the machine's own apt has Debian from. What
# is fetched stays in $WORLD: a second time takes a minute less.
debian() {
  local suite=$1 root=$2 bare=$WORLD/$1.bare mirror
  test "$(id -u)" = 0 || skip "a chroot needs root"
  packages debootstrap
  unshare --mount true || skip "no mounts of its own here"
  # shellcheck disable=SC2016  # for apt
  mirror=$(apt-get indextargets --format '$(SITE)' 'Origin: Debian' \
    'Label: Debian' | head -n 1)
  test -n "$mirror" || skip "apt has no mirror of Debian"
  if ! test -d "$bare"; then
    rm -rf --one-file-system "$bare.part"
    unshare --mount debootstrap --variant=minbase --include=git,make \
      "$suite" "$bare.part" "$mirror" ||
      skip "debootstrap could not set up $suite"
    rm -f "$bare.part/etc/apt/apt.conf.d/docker-clean"
    echo force-unsafe-io >"$bare.part/etc/dpkg/dpkg.cfg.d/unsafe-io"
    mv "$bare.part" "$bare"
  fi
  rm -rf --one-file-system "$root"
  cp -a "$bare" "$root"
  cp /etc/resolv.conf "$root/etc/"
  apt-config dump | grep -i '^Acquire::[^"]*Proxy' \
    >"$root/etc/apt/apt.conf.d/proxy" || :
  mkdir -p "$root/yuanjing" "$WORLD/archives"
  tar -c --exclude=./build --exclude=./.git . | tar -x -C "$root/yuanjing"
}

# inside ROOT COMMAND...: in that Debian, at its /yuanjing. Its mounts and what
# it leaves running end with the command. Of this environment it has only
# YJ_TEST_SECONDS, the limit of spec/run.sh.
inside() {
  # shellcheck disable=SC2016  # for the inner shell
  unshare --mount --pid --fork --kill-child bash -euc '
    root=$1 archives=$2
    shift 2
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --bind "$archives" "$root/var/cache/apt/archives"
    exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
      LANG=C.UTF-8 ${YJ_TEST_SECONDS+"YJ_TEST_SECONDS=$YJ_TEST_SECONDS"} \
      sh -c "cd /yuanjing && exec \"\$@\"" sh "$@"
  ' inside "$1" "$WORLD/archives" "${@:2}"
}

# The last line of a world.
finish() {
  printf '\n%s passed, %s failed, %s skipped\n' $passed $failed $skipped
  ((failed == 0))
  exit
}
