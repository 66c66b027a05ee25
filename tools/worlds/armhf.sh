# The C tests on 32-bit ARM, whose char has no sign, and what is near the core
# on a Lua there, with a sandbox of the machine itself.
. tools/worlds/frame.sh
. tools/worlds/foreign.sh
foreign armhf arm-linux-gnueabihf qemu-arm
foreign_c_tests
foreign_specs core/decoder core/orders
finish
