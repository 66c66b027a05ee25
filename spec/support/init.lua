-- support: what several specs need. Works before the core is built.
local support = {}

local has_socket, socket = pcall(require, "socket")
local has_core, core = pcall(require, "yuanjing.core")

-- ---- time

local function uptime()
  local file = assert(io.open("/proc/uptime"))
  local seconds = file:read("*n")
  file:close()
  return seconds
end

--- Seconds on a clock that is never set; only differences mean anything. As
--- fine as the core's clock, or 0.01 s where there is no core.
support.now = has_core and core.now or uptime

function support.sleep(seconds)
  if has_socket then
    socket.sleep(seconds)
  else
    os.execute(("sleep %.3f"):format(seconds))
  end
end

--- What that says once it is true; false when it is not within so many seconds.
--- `sleep` is called in between: yuanjing.sleep, where jobs are to go on.
function support.wait_until(predicate, seconds, sleep)
  local ends = support.now() + seconds
  repeat
    local so = predicate()
    if so then return so end
    (sleep or support.sleep)(0.005)
  until support.now() > ends
  return false
end

--- The seconds that f(...) took, then what it returned.
function support.timed(f, ...)
  local from = support.now()
  local function finish(...)
    return support.now() - from, ...
  end
  return finish(f(...))
end

-- ---- files

--- All of a command's output, without the last line's end.
function support.output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("*a")
  pipe:close()
  return (text:gsub("\n$", ""))
end

local folders = {}

--- A new folder, which support.clean() removes.
function support.tempdir()
  local folder = support.output("mktemp -d")
  assert(folder ~= "", "mktemp failed")
  folders[#folders + 1] = folder
  return folder
end

function support.read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("*a")
  file:close()
  return bytes
end

--- Writes a file and returns its path.
function support.write(path, bytes)
  local file = assert(io.open(path, "wb"))
  assert(file:write(bytes))
  file:close()
  return path
end

function support.exists(path)
  local file = io.open(path, "rb")
  return file ~= nil and file:close() and true
end

-- ---- servers

local servers = {}

--- scripted.start(plan), stopped by support.clean().
function support.serve(plan)
  local server = require("support.scripted").start(plan)
  servers[#servers + 1] = server
  return server
end

--- For after_each: ends and removes what the functions above have made.
function support.clean()
  while #servers > 0 do
    table.remove(servers):stop()
  end
  while #folders > 0 do
    os.execute("rm -rf '" .. table.remove(folders) .. "'")
  end
end

-- ---- errors

--- An error as a plain table, for assert.same: all its fields, or those named.
function support.fields(err, ...)
  local fields = {}
  if select("#", ...) == 0 then
    for key, value in pairs(err) do
      fields[key] = value
    end
  end
  for _, key in ipairs {...} do
    fields[key] = err[key]
  end
  return fields
end

-- ---- leaks

local watched = setmetatable({}, {__mode = "k"})

--- Remembers a handle without keeping it; returns it.
function support.watch(handle)
  watched[handle] = debug.traceback("made here:", 2)
  return handle
end

--- For after_each, where the test's own locals are gone: two collections must
--- free all that was watched, one for the finalizers and one for the memory.
function support.assert_freed()
  collectgarbage()
  collectgarbage()
  local handle, made = next(watched)
  watched = setmetatable({}, {__mode = "k"})
  if handle then
    error(("%s is still alive; %s"):format(tostring(handle), made), 2)
  end
end

return support
