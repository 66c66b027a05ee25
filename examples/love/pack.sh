#!/bin/sh
# pack.sh DROP_IN FOLDER: packs this game with what yuanjing-love.zip holds, the
# folder `yuanjing`: FOLDER/yuan.love for any system, and FOLDER/yuan, which is LÖVE
# of this system with the game in it. The same for Windows is
# `copy /b love.exe+yuan.love yuan.exe`, beside LÖVE's DLLs.
set -eu
drop_in=$(cd "$1" && pwd)
game=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
folder=$(cd "$2" && pwd)

rm -f "$folder/yuan.love"
(cd "$game" && zip -qrX -9 "$folder/yuan.love" . \
  -x pack.sh '*.md' '*.conf' '*.png' "${folder#"$game"/}/*")
(cd "$(dirname "$drop_in")" &&
  zip -qrX -9 "$folder/yuan.love" "$(basename "$drop_in")")
cat "$(command -v love)" "$folder/yuan.love" >"$folder/yuan"
chmod +x "$folder/yuan"
