# The C tests on s390x, whose numbers have their highest byte first, and what
# is near the core on a Lua there.
. tools/worlds/frame.sh
. tools/worlds/foreign.sh
foreign s390x s390x-linux-gnu qemu-s390x
foreign_c_tests
foreign_specs core/json
finish
