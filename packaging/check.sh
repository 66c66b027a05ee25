#!/bin/sh
# check.sh [rock|deb|love|windows]...: two clones of the last commit, at different
# paths, make the same packages; lintian has nothing to say of the Debian one.
set -eu
cd "$(dirname "$0")/.."
tree=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' TERM INT HUP
export DEBFULLNAME="${DEBFULLNAME:-Check}" DEBEMAIL="${DEBEMAIL:-check@debian.org}"

clone() {
  git clone -q --no-hardlinks "$tree" "$1"
  if [ -d "$tree/build/windows/out" ]; then
    mkdir -p "$1/build/windows"
    cp -R "$tree/build/windows/out" "$1/build/windows/"
  fi
}

clone "$work/one"
clone "$work/another/and longer"
(cd "$work/one" && packaging/dist.sh "$@" >/dev/null)
(cd "$work/another/and longer" && umask 077 && packaging/dist.sh "$@" >/dev/null)
cat "$work/one/build/dist/SHA256SUMS"
diff "$work/one/build/dist/SHA256SUMS" \
  "$work/another/and longer/build/dist/SHA256SUMS"
for deb in "$work"/one/build/dist/*.deb; do
  [ ! -e "$deb" ] || lintian --allow-root -I --fail-on error,warning,info "$deb"
done
echo "dist-check: twice the same"
