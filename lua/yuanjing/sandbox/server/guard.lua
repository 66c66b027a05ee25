--- nginx's ties to the process that started it.
local ffi = require "ffi"

local guard = {}

ffi.cdef [[
  int setsid(void);
  int kill(int pid, int sig);
]]

local EPERM, SIGTERM = 1, 15
local EVERY = 0.5 -- seconds

--- A session of our own: a Ctrl-C in the terminal is the parent's affair.
function guard.leave_terminal()
  ffi.C.setsid()
end

-- Ended, but nobody has asked how: it still takes signals. Linux only.
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

--- Ends nginx when the process in $YJ_PARENT is gone. The pipe from it says so
--- sooner, unless another child of that process holds it open.
function guard.watch_parent()
  local parent = tonumber(os.getenv("YJ_PARENT"))
  if not parent then return end
  assert(ngx.timer.every(EVERY, function()
    if not is_alive(parent) then ffi.C.kill(ngx.worker.pid(), SIGTERM) end
  end))
end

return guard
