-- scripted: a server that does exactly what a spec says, byte by byte.
--
--   local server = scripted.start {
--     connections = { {steps}, {steps} },   -- n-th accepted connection
--     routes = { ["/x"] = {steps} },        -- other connections, by path
--     turns = { {steps}, {steps} },         -- or the n-th request of all of
--                                           -- them; the last for ever
--     default = {steps},                    -- and what neither names
--   }
--   scripted.start { doors = { {plan}, {plan} } }  -- server.doors[n].url, ...
--
-- A plan with `doors` listens at a port for each of them, and each of
-- server.doors has the methods of a server but stop().
--
-- A step is plain data:
--   {"request"}                 reads a request and its body
--   {"head"}                    reads a request's head only
--   {"read", n}                 reads n bytes of what follows a head
--   {"send", bytes}
--   {"fill", bytes, times}      the bytes many times over, fast
--   {"file", bytes, etag}       an answer with them, or with the part of them
--                               that the request asked for
--   {"split", bytes, at, gap}   in pieces, each its own packet: cut behind the
--                               offsets of the list `at`, or "each" byte; gap
--                               seconds (0.001) between
--   {"sleep", seconds}
--   {"gate", name}              until the spec calls server:open(name)
--   {"open", name}              the same for gates of other connections
--   {"half_close"}              sends no more, still reads
--   {"wait_close", seconds}     reads on until the client closes, or so long
--   {"repeat", times, {steps}}
--   {"close"}  {"reset"}        ends the connection, by FIN or by RST
--   {"tls", cert, key}          speaks TLS from here on (paths of PEM files)
--   {"cut"}                     TLS: closes without saying so
-- A list of `connections` (or `default` without `routes`) reads its requests
-- itself, and the connection is closed at its end. With `routes` or `turns` a
-- request is read first, then the steps of its path run (with the query or
-- without), or of its turn, and so on until a step or the client closes; an
-- unknown path is a 404. A client may open a connection whenever it likes:
-- answers that follow each other are `turns`.
--
-- The server is a child process under LuaJIT, on any port of 127.0.0.1. It
-- ends with stop(), or with the process that started it. What it saw is in a
-- file it flushes before each answer: a request is known to the spec by the
-- time the client has any byte of the answer. Closes come later: wait_for().
local scripted = {}

local Server = {}
local mt = {__index = Server}

local here = debug.getinfo(1, "S").source:match("^@(.*)scripted%.lua$")
local interpreter = os.getenv("YJ_LUAJIT") or "luajit"
local load_text = loadstring or load

-- ---- bytes of HTTP

local reasons = {
  [200] = "OK", [201] = "Created", [206] = "Partial Content",
  [301] = "Moved Permanently", [302] = "Found", [304] = "Not Modified",
  [307] = "Temporary Redirect", [308] = "Permanent Redirect",
  [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden",
  [404] = "Not Found", [413] = "Content Too Large",
  [416] = "Range Not Satisfiable", [429] = "Too Many Requests",
  [500] = "Internal Server Error", [502] = "Bad Gateway",
  [503] = "Service Unavailable", [504] = "Gateway Timeout",
}

-- Lines of the map in the order of the names, or of a list of {name, value}.
local function header_lines(headers)
  local lines, names = {}, {}
  for key, value in pairs(headers) do
    if type(key) == "number" then
      lines[key] = value[1] .. ": " .. value[2]
      names[value[1]:lower()] = true
    else
      lines[#lines + 1] = key .. ": " .. value
      names[key:lower()] = true
    end
  end
  if headers[1] == nil then
    table.sort(lines)
  end
  return lines, names
end

--- A response. With a body and neither length nor transfer encoding among the
--- headers, the length is added; without a body nothing is.
function scripted.answer(status, headers, body)
  local lines, names = header_lines(headers or {})
  if body and not names["content-length"] and not names["transfer-encoding"] then
    lines[#lines + 1] = "Content-Length: " .. #body
  end
  table.insert(lines, 1, ("HTTP/1.1 %d %s"):format(status,
    reasons[status] or "Whatever"))
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")
end

--- One chunk; the empty string is the last one.
function scripted.chunk(bytes)
  return ("%x\r\n%s\r\n"):format(#bytes, bytes)
end

--- A whole chunked body. For answer() with Transfer-Encoding: chunked.
function scripted.chunked(pieces)
  local chunks = {}
  for i, piece in ipairs(pieces) do
    chunks[i] = scripted.chunk(piece)
  end
  return table.concat(chunks) .. scripted.chunk("")
end

-- ---- the child

local function read_line(command)
  local pipe = assert(io.popen(command))
  local line = pipe:read("*l")
  pipe:close()
  return line
end

local known = {
  request = 0, head = 0, read = 1, send = 1, fill = 2, split = 2, sleep = 1,
  half_close = 0, wait_close = 1, ["repeat"] = 2, close = 0, reset = 0,
  file = 2, tls = 2, cut = 0, gate = 1, open = 1,
}

local function check_steps(list, where)
  for i, step in ipairs(list) do
    local least = known[step[1]]
    if not least then
      error(("%s, step %d: %s is no step"):format(where, i, tostring(step[1])))
    elseif #step - 1 < least then
      error(("%s, step %d: %s lacks an argument"):format(where, i, step[1]))
    elseif step[1] == "repeat" then
      check_steps(step[3], where .. ", step " .. i)
    end
  end
end

local function check(plan)
  for n, list in pairs(plan.connections or {}) do
    check_steps(list, "connection " .. n)
  end
  for n, list in ipairs(plan.turns or {}) do
    check_steps(list, "turn " .. n)
  end
  for path, list in pairs(plan.routes or {}) do
    check_steps(list, path)
  end
  check_steps(plan.default or {}, "default")
end

-- The first line of a file, once it is whole.
local function line_of(path)
  local file = io.open(path)
  local text = file and file:read("*a") or ""
  if file then file:close() end
  return text:match("^(.-)\n")
end

-- stdin is a pipe whose end notifies the child that this process is gone; the
-- port comes through a file, because popen has one direction only.
local function spawn(folder)
  local support = require "support"
  local path = folder .. "/port"
  local pipe = assert(io.popen(("exec %s '%sserver.lua' '%s' > '%s'")
    :format(interpreter, here, folder, path), "w"))
  local port = support.wait_until(function() return line_of(path) end,
    function() support.sleep(0.001) end)
  if not port then
    pipe:close()
    error("the scripted server did not start: it needs luajit and luasocket")
  end
  return pipe, port
end

local function add_door(server, port)
  local number = #server.doors + 1
  server.doors[number] = setmetatable({
    port = port,
    url = "http://127.0.0.1:" .. port,
    _server = server,
    _number = number,
  }, mt)
end

--- Starts a server; see the head of this file.
function scripted.start(plan)
  for _, door in ipairs(plan.doors or {plan}) do
    check(door)
  end
  local folder = assert(read_line("mktemp -d"))
  local file = assert(io.open(folder .. "/plan", "wb"))
  file:write("return ", require("yuanjing.sandbox.literal")(plan))
  file:close()
  assert(io.open(folder .. "/log", "wb")):close()
  local pipe, ports = spawn(folder)
  local server = setmetatable({
    folder = folder,
    doors = {},
    _pipe = pipe,
    _log = assert(io.open(folder .. "/log", "rb")),
    _unread = "", -- the start of a record whose end is not written yet
    _events = {},
  }, mt)
  for port in ports:gmatch("%d+") do
    add_door(server, tonumber(port))
  end
  server.port, server.url = server.doors[1].port, server.doors[1].url
  return server
end

-- ---- what it saw

local function drain(self)
  local text = self._unread .. (self._log:read("*a") or "")
  local from = 1
  while true do
    local size, start = text:match("^(%d+)\n()", from)
    if not size or start + size > #text then
      break
    end
    local record = "return " .. text:sub(start, start + size - 1)
    self._events[#self._events + 1] = assert(load_text(record))()
    from = start + size + 1
  end
  self._unread = text:sub(from)
end

--- Everything that happened, oldest first: {what =, at =, door =, connection =,
--- sent =, received =} with `what` one of open, request, stalled, half_close,
--- gate ({name =}) and waiting, when it comes to a gate or to a wait_close,
--- wait_close ({closed =, took =}), close ({why =}) and error ({message =}).
--- `at` is in seconds on the child's monotonic clock; `sent` and `received`
--- are the bytes of the connection until then.
function Server:events(what)
  local server = self._server or self
  if server._log then
    drain(server)
  end
  local events = {}
  for _, event in ipairs(server._events) do
    if (not what or event.what == what)
      and (not self._number or event.door == self._number) then
      events[#events + 1] = event
    end
  end
  return events
end

--- The requests, in the order they were read: {connection =, method =, path =,
--- headers = {lower-case name = value}, head =, body =, body_length =,
--- complete =, head_at =, at =}. Of a body the first MiB is kept. `complete`
--- is false where only the head was wanted, or where the client stopped.
function Server:requests()
  return self:events("request")
end

--- How many connections there were and are; `list` has a row for each:
--- {connection =, opened_at =, closed_at =, why =, sent =, received =}.
--- `why` a connection ended: "client", "close", "reset", "end of steps" or the
--- socket's own error.
function Server:connections()
  local result = {opened = 0, closed = 0, open = 0, list = {}}
  for _, event in ipairs(self:events()) do
    local row = result.list[event.connection]
    if event.what == "open" then
      row = {connection = event.connection, opened_at = event.at}
      result.list[event.connection] = row
      result.opened = result.opened + 1
    elseif event.what == "close" then
      row.closed_at, row.why = event.at, event.why
      result.closed = result.closed + 1
    end
    if row then
      row.sent, row.received = event.sent, event.received
    end
  end
  result.open = result.opened - result.closed
  return result
end

--- The first true result of predicate(server); false if it hangs. `pump` is
--- called over and over in between, so that the client under test can go on;
--- without one this sleeps.
function Server:wait_for(predicate, pump)
  local support = require "support"
  return support.wait_until(function() return predicate(self) end, pump)
end

--- Opens a gate for every connection that waits there, or will come there.
function Server:open(name)
  local server = self._server or self
  server._pipe:write(name, "\n")
  server._pipe:flush()
end

--- Ends the child and waits for its end. What it saw stays readable.
function Server:stop()
  if self._log then
    self._pipe:write("stop\n")
    self._pipe:close()
    drain(self)
    self._log:close()
    self._log = nil
  end
end

return scripted
