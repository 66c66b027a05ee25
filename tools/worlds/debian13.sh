# shellcheck shell=bash
# Debian 13, as a user finds it: README's first command on a bare system, then
# what may differ there: the C tests, and parts of the suite on both Luas.
# (README's second is the whole suite.)
. tools/worlds/frame.sh

root=$WORLD/root
debian trixie "$root"
step "make demo" inside "$root" make demo
step "packages of the tests" inside "$root" .ci/setup test
suite "parts of the suite" inside "$root" spec/run.sh c/ core/ http/ \
  chat/stream runtime/nginx journal/nginx examples/openresty sandbox/sandbox \
  docs/
finish
