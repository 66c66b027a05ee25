# The C tests on 64-bit ARM, and what is near the core on a Lua there.
. tools/worlds/frame.sh
. tools/worlds/foreign.sh
foreign arm64 aarch64-linux-gnu qemu-aarch64
foreign_c_tests
foreign_specs core/decoder
finish
