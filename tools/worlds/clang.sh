# clang in place of gcc: no warning, the C tests, and what is near the core.
# The newest clang that Debian 12 has only compiles.
. tools/worlds/frame.sh
. tools/worlds/foreign.sh
packages clang
newest=clang-19
.ci/setup packages $newest || echo "clang: there is no $newest"
step "warnings" make -s warnings COMPILERS="clang $newest"
copy_tree "$WORLD/tree"
export MAKEFLAGS=CC=clang
suite "parts of the suite" "$WORLD/tree/spec/run.sh" c/ core/ chat/stream
finish
