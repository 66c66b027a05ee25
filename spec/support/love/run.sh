#!/bin/sh
# run.sh COMMAND...: runs it on its own X server, which ends with it. The
# status is the command's; 127 if there is no X server.
set -eu
for tool in Xvfb love; do
  command -v "$tool" >/dev/null || {
    echo "run.sh: $tool is missing (Debian: apt-get install love xvfb)" >&2
    exit 127
  }
done
folder=$(mktemp -d)
mkfifo "$folder/display"
Xvfb -displayfd 3 -screen 0 1024x640x24 -nolisten tcp \
  3>"$folder/display" >"$folder/log" 2>&1 &
server=$!
end() {
  kill "$server" 2>/dev/null || :
  wait "$server" || :
  rm -rf "$folder"
}
trap end EXIT
trap 'exit 143' TERM INT HUP
read -r display <"$folder/display" || {
  echo "run.sh: Xvfb did not start" >&2
  cat "$folder/log" >&2
  exit 127
}
export DISPLAY=":$display" SDL_VIDEODRIVER=x11 LIBGL_ALWAYS_SOFTWARE=1
# a sound device that plays in real time, and that nobody hears
export ALSOFT_DRIVERS="${ALSOFT_DRIVERS-null}"
status=0
"$@" || status=$?
exit "$status"
