# POSIX alone: the core without what only Linux has.
. tools/worlds/frame.sh
step "compiles" make posix-check
finish
