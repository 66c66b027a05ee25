-- Shared functions of the specs. Works before the core is built.
local support = {}

local has_socket, socket = pcall(require, "socket")
local has_core, core = pcall(require, "yuanjing.core")

--- The command for this Lua, and the folder of its core under build/.
support.LUA = rawget(_G, "jit") and "luajit"
  or _VERSION:lower():gsub(" ", "")
support.BUILD = support.LUA:gsub("^lua%f[%d]", "")

-- ---- time

--- Seconds after which something that must come counts as hanging: so long at
--- most does a spec wait for it. How long a machine needs is no verdict.
support.HANG = 60

--- Seconds. What takes less has not waited for something that takes HANG; a
--- machine that stands still for a moment does not take as long.
support.SOON = 30

local function uptime()
  local file = assert(io.open("/proc/uptime"))
  local seconds = file:read("*n")
  file:close()
  return seconds
end

--- Seconds on a monotonic clock; only differences have a meaning. As fine as
--- the core's clock, or 0.01 s without the core.
support.now = has_core and core.now or uptime

function support.sleep(seconds)
  if has_socket then
    socket.sleep(seconds)
  else
    os.execute(("sleep %.3f"):format(seconds))
  end
end

--- How long the collector pauses and how much it does at a time, in percent, on
--- every Lua.
function support.set_collector(pause, stepmul)
  pcall(collectgarbage, "incremental")  -- before Lua 5.4 there is no other mode
  if pcall(collectgarbage, "param", "pause", pause) then  -- Lua 5.5
    collectgarbage("param", "stepmul", stepmul)
  else
    collectgarbage("setpause", pause)
    collectgarbage("setstepmul", stepmul)
  end
end

--- The first true result of the predicate; false if it hangs. `sleep` is called
--- in between: yuanjing.sleep, if jobs must go on.
function support.wait_until(predicate, sleep)
  local ends = support.now() + support.HANG
  repeat
    local so = predicate()
    if so then return so end
    (sleep or support.sleep)(0.005)
  until support.now() > ends
  return false
end

--- The seconds that f(...) took, then its results.
function support.timed(f, ...)
  local from = support.now()
  local function finish(...)
    return support.now() - from, ...
  end
  return finish(f(...))
end

--- Whether f(), which returns seconds, is below the limit in one of ten tries:
--- no machine that stands still now and then makes a time shorter, and what
--- waits for something takes that long each time.
function support.is_ever_below(limit, f)
  for _ = 1, 10 do
    if f() < limit then return true end
  end
  return false
end

--- Starts n jobs that sleep for so long; returns a function that counts those
--- that are done.
function support.sleepers(n, seconds)
  local yuanjing = require "yuanjing"
  local count = 0
  for _ = 1, n do
    yuanjing.async(function()
      yuanjing.sleep(seconds)
      count = count + 1
    end)
  end
  return function() return count end
end

--- Whether libcurl is of that version or newer.
function support.has_libcurl(major, minor)
  local its_major, its_minor = core.curl_version():match("^libcurl/(%d+)%.(%d+)")
  its_major, its_minor = tonumber(its_major), tonumber(its_minor)
  return its_major > major or its_major == major and its_minor >= minor
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

--- Makes a file of zeroes behind these first bytes, which takes no disk space.
function support.sparse(path, head, size)
  support.write(path, head)
  local file = assert(io.open(path, "r+b"))
  file:seek("set", size - 1)
  file:write("\0")
  file:close()
  return path
end

-- ---- values

--- A list of all items of these lists.
function support.join(...)
  local items = {}
  for _, list in ipairs { ... } do
    for _, item in ipairs(list) do items[#items + 1] = item end
  end
  return items
end

--- The place of a text in a value, in keys too, however deep; or nil.
function support.find_text(text, value, path, seen)
  path, seen = path or "value", seen or {}
  if type(value) == "string" then
    return value:find(text, 1, true) and path .. ": " .. value or nil
  end
  if type(value) ~= "table" or seen[value] then return nil end
  seen[value] = true
  for key, item in pairs(value) do
    local found = support.find_text(text, key, path .. " (a name)", seen)
      or support.find_text(text, item, path .. "." .. tostring(key), seen)
    if found then return found end
  end
end

-- ---- servers

local servers = {}

--- scripted.start(plan), stopped by support.clean().
function support.serve(plan)
  local server = require("support.scripted").start(plan)
  servers[#servers + 1] = server
  return server
end

--- For after_each: ends the servers and removes the folders made above.
function support.clean()
  while #servers > 0 do
    table.remove(servers):stop()
  end
  while #folders > 0 do
    os.execute("rm -rf '" .. table.remove(folders) .. "'")
  end
end

--- Stops a sandbox, whose nginx must have had nothing to complain of.
function support.stop_sandbox(server)
  local complaints = support.read(server.logs.error)
  server:stop()
  support.clean()
  assert(complaints == "", complaints)
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

--- The line of an error that f raises, counted from where f begins, and its text.
--- The error must name the file of f.
function support.raised_at(f)
  local info = debug.getinfo(f, "S")
  local ok, message = pcall(f)
  assert(not ok, "nothing was raised")
  local file, line, text = message:match("^(.-):(%d+): (.*)$")
  assert(file == info.short_src, message)
  return tonumber(line) - info.linedefined, text
end

--- Only the text.
function support.raised(f)
  return (select(2, support.raised_at(f)))
end

-- ---- events

--- A hook for on_event that calls f at the first event of that type.
function support.at_first(kind, f)
  local done = false
  return function(event)
    if event.type ~= kind or done then return end
    done = true
    f()
  end
end

-- ---- leaks

local watched = setmetatable({}, {__mode = "k"})

--- Remembers a handle without keeping it; returns it.
function support.watch(handle)
  watched[handle] = debug.traceback("made here:", 2)
  return handle
end

--- For after_each, when the test's locals are gone: two collections must free
--- every watched handle, one for the finalizers and one for the memory.
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
