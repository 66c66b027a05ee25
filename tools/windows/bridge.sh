#!/bin/sh
# The Linux side of bridge.lua: runs what is ordered by the FIFO of the folder $1,
# each command on its own, until the order `end`. An order is the path of a
# command and r (its output goes into a file), w (it reads a FIFO) or x (neither).
set -u
folder=$1

run() {
  case $2 in
  r) sh "$1.command" >"$1.out" </dev/null ;;
  w) sh "$1.command" <"$1.in" ;;
  x) sh "$1.command" </dev/null ;;
  esac
  echo $? >"$1.status.new"
  mv "$1.status.new" "$1.status"
}

exec 3<>"$folder/orders"
while read -r base mode <&3 && test "$base" != end; do
  test "$mode" != r || : >"$base.out"
  test "$mode" != w || { mkfifo "$base.in" && : >"$base.up"; }
  run "$base" "$mode" 3>&- &
done
