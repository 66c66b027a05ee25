# shellcheck shell=bash
# Debian 13, as a user finds it: README's first command on a bare system, then
# what may differ there, on both Luas. (README's second is the whole suite.)
. tools/worlds/frame.sh

root=$WORLD/root
debian trixie "$root"
step "make demo" inside "$root" make demo
step "packages of the tests" inside "$root" .ci/setup test
for part in core/ http/ chat/stream runtime/nginx journal/nginx \
  examples/openresty sandbox/sandbox docs/; do
  suite "$part" inside "$root" spec/run.sh "$part"
done
finish
