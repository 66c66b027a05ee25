#!/bin/sh
# try_dockerfile.sh ROOT DOCKERFILE [COMMAND]: does the steps of a Dockerfile in a
# chroot, which stands for the image that it begins FROM, and runs COMMAND there at
# the end, instead of its CMD, with its ENV and in its WORKDIR. Of the steps it
# knows COPY, ENV, RUN and WORKDIR, each on a line of its own.
set -eu
root=$1 file=$2 command=${3:-true}
folder=/ variables=

inside() {
  # shellcheck disable=SC2086
  chroot "$root" env $variables sh -c "cd $folder && $1"
}

mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT

while read -r step rest; do
  case $step in
  COPY)
    echo "COPY $rest"
    to=$root${rest##* }
    case $to in */) mkdir -p "$to" ;; *) rm -rf "$to" ;; esac
    # shellcheck disable=SC2086
    cp -R ${rest% *} "$to"
    ;;
  ENV) variables="$variables $rest" ;;
  WORKDIR) folder=$rest ;;
  RUN)
    echo "RUN $rest"
    inside "$rest" </dev/null
    ;;
  esac
done <"$file"
inside "$command"
