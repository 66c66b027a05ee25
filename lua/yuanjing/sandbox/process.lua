--- nginx, as a process that ends with this one.
--
-- io.popen runs a script that runs nginx. The pipe carries no data: its end
-- of file tells the script that this process has ended, in whatever way.
-- Nothing is ever written to it, because a broken pipe would send a signal to
-- the host. A fork of this process holds the pipe too; for that case nginx
-- watches our pid itself (server/guard.lua).
local machine = require "yuanjing.sandbox.machine"
local shell = require "yuanjing.sandbox.shell"

---@class yuanjing.sandbox.Process
---@field private _pipe file*
---@field private _host yuanjing.sandbox.Host
local methods = {}
local Process = { __index = methods }

-- $1 nginx, $2 the folder, $3 "yes": remove it when nginx has ended. A Ctrl-C
-- in the terminal reaches all processes; only the parent decides whether to
-- stop, so the script ignores it (and nginx leaves the terminal's session).
-- NB: the parent may have blocked signals, and this script inherits that. So
-- nginx runs in the foreground: the shell's `wait` would wait for a SIGCHLD
-- that never comes. The shell that becomes nginx writes its pid first.
local RUN = [[
exec 2>/dev/null
trap '' INT QUIT HUP PIPE
trap : TERM
umask 077
ulimit -n "$(ulimit -Hn)"
exec 3<&0 </dev/null
cd "$2" || exit
{ read -r _ <&3; kill "$(cat nginx.pid)"; } &
reader=$!
exec 3<&-
YJ_PARENT=$PPID sh -c 'echo $$ >nginx.pid; exec "$@"' sh \
  "$1" -p "$2/" -e error.log -c nginx.conf >>error.log 2>&1
rm -f nginx.pid
if test ! -e ready; then
  : >failed
elif test "$3" = yes; then
  cd / && rm -rf -- "$2"
fi
kill -9 "$reader"
]]

-- $1 the folder. Prints the outcome of the start as soon as it is known.
local WAIT = [[
cd "$1" || exit
left=1000
while test $left -gt 0; do
  if test -s ready; then echo ready; exit; fi
  if grep -q 'Address already in use' error.log 2>/dev/null; then
    echo taken; exit
  fi
  if test -e failed; then echo failed; exit; fi
  sleep 0.01 2>/dev/null || { sleep 1; left=$((left - 99)); }
  left=$((left - 1))
done
]]

-- The first error in nginx's log, without its time and ids.
local function complaint(path)
  local file = io.open(path)
  local text = file and file:read("*a") or ""
  if file then file:close() end
  local line = text:match("%[emerg%] ([^\n]+)") or
    text:match("%[error%] ([^\n]+)") or text:match("[^\n]+")
  return line and line:gsub("^%d+#%d+: ", "") or "no answer within 10 s"
end

--- Runs nginx with the nginx.conf in the host's folder; waits until it
--- answers.
---@param host yuanjing.sandbox.Host
---@return yuanjing.sandbox.Process? process
---@return string? message
---@return boolean? taken the port was in use
local function start(host)
  machine.sweep(host)
  local command = shell.command(RUN, host.nginx, host.dir,
    host.temporary and "yes" or "no")
  local process = setmetatable({
    _pipe = assert(io.popen(command, "w")), _host = host,
  }, Process)
  local state = shell.read(WAIT, host.dir):match("[a-z]+")
  if state == "ready" then return process end
  local message = complaint(host.dir .. "/error.log")
  process:stop()
  return nil, "nginx did not start: " .. message, state == "taken"
end

--- Ends nginx and waits until it and its script are gone. It sends a signal
--- first: a child of the host may hold the pipe open.
function methods:stop()
  shell.read('exec 2>/dev/null; kill "$(cat "$1/nginx.pid")"', self._host.dir)
  self._pipe:close()
end

return { start = start }
