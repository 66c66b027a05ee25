-- Makes the specs at home in a Windows Lua under wine: what they run by io.popen
-- and os.execute runs on the Linux side, in bridge.sh, which takes orders by a
-- FIFO. Loaded before busted.
local core = require "yuanjing.core"

local folder = assert(os.getenv("YJ_BRIDGE"))
local pool = assert(core.pool())
local PATIENCE = 120 -- seconds for a command to end

local function nap(seconds) pool:wait(seconds) end

-- Looks again after a longer while each time: looking costs wine's one server, which
-- all the specs share, more than anything else.
local function nap_longer(pause)
  nap(pause)
  return math.min(pause * 1.3, 0.03)
end

local function exists(path)
  local file = io.open(path, "rb")
  return file ~= nil and file:close() and true
end

local function wait_for(what, path, seconds)
  local ends, pause = core.now() + seconds, 0.002
  while not what(path) do
    assert(core.now() < ends, "bridge: no " .. path)
    pause = nap_longer(pause)
  end
end

-- Windows' C library keeps to an end that it has once seen, also of a log that
-- grows.
local files = getmetatable(io.stdout).__index
local read = files.read
function files.read(file, ...)
  file:seek("cur", 0)
  return read(file, ...)
end

-- ---- a command: $YJ_BRIDGE/N.command, its output in N.out, its status in N.status

local count = 0
local unique = ("%.0f"):format(core.now() * 1e6)

local function start(command, mode)
  count = count + 1
  local base = ("%s/%s-%d"):format(folder, unique, count)
  local file = assert(io.open(base .. ".command", "wb"))
  file:write(command, "\n")
  file:close()
  local orders = assert(io.open(folder .. "/orders", "ab"))
  orders:write(base, " ", mode, "\n")
  orders:close()
  return base
end

-- As Lua of this version reports it.
local function outcome(base)
  wait_for(exists, base .. ".status", PATIENCE)
  local file = assert(io.open(base .. ".status"))
  local status = file:read("*n")
  file:close()
  if _VERSION == "Lua 5.1" then return status * 256 end
  return status == 0 or nil, "exit", status
end

-- ---- a pipe from a command: a file that grows until there is a status

local Reader = {}
Reader.__index = Reader

-- False at the end.
local function more(self)
  local ended = exists(self.base .. ".status")
  local bytes = self.file:read("*a") or ""
  self.unread = (self.unread .. bytes):gsub("\r\n", "\n") -- as Windows' pipes do
  if bytes ~= "" then
    self.pause = nil
  elseif not ended then
    self.pause = nap_longer(self.pause or 0.002)
  end
  return bytes ~= "" or not ended
end

local function take(self, last, skipped)
  local text = self.unread:sub(1, last)
  self.unread = self.unread:sub(last + 1 + (skipped or 0))
  return text
end

local function read_line(self, keeps_end)
  local at
  repeat at = self.unread:find("\n", 1, true) until at or not more(self)
  if at then return keeps_end and take(self, at) or take(self, at - 1, 1) end
  return self.unread ~= "" and take(self, #self.unread) or nil
end

local function read_all(self)
  while more(self) do end
  return take(self, #self.unread)
end

local function read_bytes(self, n)
  while #self.unread < n and more(self) do end
  return self.unread ~= "" and take(self, n) or nil
end

function Reader:read(format)
  if type(format) == "number" then return read_bytes(self, format) end
  local kind = (format or "l"):gsub("^%*", ""):sub(1, 1)
  if kind == "a" then return read_all(self) end
  if kind == "n" then return tonumber(read_line(self)) end
  return read_line(self, kind == "L")
end

function Reader:lines()
  return function() return read_line(self) end
end

function Reader:close()
  self.file:close()
  return outcome(self.base)
end

-- ---- a pipe to a command: a FIFO

local Writer = {}
Writer.__index = Writer

function Writer:write(...)
  self.file:write(...)
  return self
end

function Writer:flush() self.file:flush() return self end
function Writer.setvbuf() return true end

function Writer:close()
  self.file:close()
  return outcome(self.base)
end

local function is_read(path, self)
  self.file = io.open(path, "wb")
  return self.file ~= nil
end

function io.popen(command, mode)
  if mode and mode:find("w") then
    local self = setmetatable({}, Writer)
    self.base = start(command, "w")
    wait_for(exists, self.base .. ".up", 20)
    wait_for(function(path) return is_read(path, self) end, self.base .. ".in", 20)
    return self
  end
  local base = start(command, "r")
  wait_for(exists, base .. ".out", 20)
  return setmetatable({ base = base, unread = "",
    file = assert(io.open(base .. ".out", "rb")) }, Reader)
end

-- For both sides: C's own name there is for Windows alone.
function os.tmpname()
  count = count + 1
  local path = ("%s/%s-%d.tmp"):format(folder, unique, count)
  assert(io.open(path, "wb")):close()
  return path
end

function os.execute(command)
  if not command then return true end
  local seconds = command:match("^sleep ([%d.]+)$")
  if seconds then
    nap(tonumber(seconds))
    if _VERSION == "Lua 5.1" then return 0 end
    return true, "exit", 0
  end
  return outcome(start(command, "x"))
end
