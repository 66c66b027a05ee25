#!/bin/sh
# try_deb.sh ROOT DEB: installs the Debian package in a Debian that debootstrap has
# made in ROOT, with what it depends on, and tries it there as root: each Lua, what
# is precompiled, the command, its page and completions, the sandbox. The last line
# says whether all is well.
set -eu
root=$1 deb=$2

cp "$deb" "$root/tmp/lua-yuanjing.deb"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT

chroot "$root" sh -eu <<'SH'
export DEBIAN_FRONTEND=noninteractive LC_ALL=C RUNLEVEL=1
apt-get -q update >/dev/null
apt-get -qy install --no-install-recommends /tmp/lua-yuanjing.deb lua5.3 lua5.1 \
  nginx-light libnginx-mod-http-lua bash-completion zsh fish man-db >/dev/null 2>&1
# Debian 12 has two, and its nginx goes with luajit2 only.
apt-get -qy install luajit2 >/dev/null 2>&1 ||
  apt-get -qy install luajit >/dev/null 2>&1
cat >/tmp/try.lua <<'LUA'
local yuanjing = require "yuanjing"
local client = yuanjing.new()
local reply, err = client:chat { prompt = "hi" }
assert(reply, tostring(err))
local source = debug.getinfo(client.chat, "S").source
print(_VERSION, rawget(_G, "jit") and jit.version or "", yuanjing.version,
  reply.content, source:find "^=" and "precompiled" or source)
LUA
grep -h PRETTY /etc/os-release
yuanjing --version
yuanjing sandbox --port 18080 >/tmp/sandbox.log 2>&1 &
sandbox=$!
trap 'kill $sandbox' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10; do
  grep -q 18080 /tmp/sandbox.log && break
  sleep 0.5
done
grep -q 18080 /tmp/sandbox.log || cat /tmp/sandbox.log
export YUANJING_BASE_URL=http://127.0.0.1:18080 YUANJING_API_KEY=sk-sandbox
for lua in lua5.3 lua5.4 luajit; do $lua /tmp/try.lua; done
lua5.1 -e 'require "yuanjing"' 2>&1 | head -n 1 | grep 'not on PUC Lua 5.1'
yuanjing chat "hi"
zcat -f /usr/share/man/man1/yuanjing.1* | grep -q 'yuanjing' && man -w yuanjing
bash -n /usr/share/bash-completion/completions/yuanjing
zsh -n /usr/share/zsh/vendor-completions/_yuanjing
fish -n /usr/share/fish/vendor_completions.d/yuanjing.fish
cd /usr/share/doc/lua-yuanjing/examples
lua5.4 chat.lua >/dev/null
apt-get -qy remove lua-yuanjing >/dev/null
test ! -e /usr/share/lua/5.4/yuanjing && echo "all is well"
SH
