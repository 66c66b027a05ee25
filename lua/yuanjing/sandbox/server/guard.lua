--- Ties nginx to the process that started it.
local ffi = require "ffi"

local guard = {}

ffi.cdef [[
  int setsid(void);
  int kill(int pid, int sig);
  int sigprocmask(int how, const void *set, void *old);
]]

local EPERM, SIGKILL, SIGTERM = 1, 9, 15
local SIG_SETMASK = 2
local SIGSET_SIZE = 128 -- bytes of a sigset_t; all zeroes is the empty set
local EVERY = 0.5 -- seconds

--- Unblocks all signals. The host's thread that started nginx may have blocked
--- signals (LÖVE does if there is no audio device), and nginx inherits that: a
--- SIGTERM would wait for ever.
function guard.unblock_signals()
  ffi.C.sigprocmask(SIG_SETMASK, ffi.new("char[?]", SIGSET_SIZE), nil)
end

--- Starts a new session: only the parent handles a Ctrl-C of the terminal.
function guard.leave_terminal()
  ffi.C.setsid()
end

-- A process that has ended but is not reaped still takes signals. Linux only.
local function is_zombie(pid)
  local file = io.open(("/proc/%d/stat"):format(pid))
  local state = file and file:read("*a"):match("%) (%a)[^)]*$")
  if file then file:close() end
  return state == "Z"
end

local function is_alive(pid)
  local answers = ffi.C.kill(pid, 0) == 0 or ffi.errno() == EPERM
  return answers and not is_zombie(pid)
end

--- Ends nginx when the process in $YJ_PARENT is gone, gracefully at first. The
--- pipe reports that sooner, unless a fork of that process holds it open.
function guard.watch_parent()
  local parent = tonumber(os.getenv("YJ_PARENT"))
  if not parent then return end
  local signal = SIGTERM
  assert(ngx.timer.every(EVERY, function()
    if is_alive(parent) then return end
    ffi.C.kill(ngx.worker.pid(), signal)
    signal = SIGKILL
  end))
end

return guard
