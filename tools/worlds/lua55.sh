# The suite on Lua 5.5, where there is one: Debian's, when it has it, or a
# user's own, with the modules that the specs need.
. tools/worlds/frame.sh
command -v lua5.5 >/dev/null && pkg-config --exists lua5.5 ||
  .ci/setup packages lua5.5 liblua5.5-dev >/dev/null 2>&1 ||
  skip "there is no Lua 5.5, here or in Debian"
for module in cjson busted socket argparse; do
  lua5.5 -e "require '$module'" 2>/dev/null ||
    skip "this machine's Lua 5.5 has no module $module"
done
suite "lua5.5" spec/run.sh --only lua5.5
finish
