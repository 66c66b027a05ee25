-- server: the child process behind scripted.lua, which says what a plan is.
-- usage: luajit server.lua <folder>
--
-- Reads the plan from <folder>/plan, prints its port on one line, appends what
-- happens to <folder>/log, and ends with its parent: at the end of stdin, or
-- when it finds itself adopted. The folder goes with it. A line on stdin opens
-- the gate of that name; the line "stop" ends the server, for other children of
-- the parent may hold the pipe. A coroutine for each connection over socket.select, and not copas,
-- because a step must be able to wait for a socket and a moment at once.
local ffi = require "ffi"
local socket = require "socket"

ffi.cdef [[
  struct yj_timespec { long seconds, nanoseconds; };
  int clock_gettime(int clock, struct yj_timespec *time);
  int getppid(void);
  long read(int fd, void *bytes, size_t size);
]]

local CLOCK_MONOTONIC = 1
local BODY_KEPT = 1024 * 1024 -- bytes of a request's body that are logged
local BATCH = 65536
local STALL = 0.2 -- seconds a send may block before that is an event
local LIFETIME = 900 -- seconds; an orphan that nothing else has ended
local NEVER = math.huge

local folder = arg[1]
local plan = dofile(folder .. "/plan")
local log = assert(io.open(folder .. "/log", "ab"))
local parent = ffi.C.getppid()
local timespec = ffi.new("struct yj_timespec")

local function now()
  ffi.C.clock_gettime(CLOCK_MONOTONIC, timespec)
  return tonumber(timespec.seconds) + tonumber(timespec.nanoseconds) / 1e9
end

-- ---- the log: records of "<length>\n<a Lua table>\n"

local function literal(value)
  if type(value) ~= "table" then
    return type(value) == "number" and ("%.17g"):format(value)
      or type(value) == "string" and ("%q"):format(value) or tostring(value)
  end
  local parts = {}
  for key, item in pairs(value) do
    parts[#parts + 1] = ("[%s]=%s"):format(literal(key), literal(item))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function record(what, connection, fields)
  fields = fields or {}
  fields.what = what
  fields.at = now()
  if connection then
    fields.door = connection.door.number
    fields.connection = connection.number
    fields.sent = connection.sent
    fields.received = connection.received
  end
  local text = literal(fields)
  log:write(#text, "\n", text, "\n")
  log:flush()
end

-- ---- the scheduler

local waiting = {} -- coroutine -> what it waits for

-- Until the socket can be read or written ("ready") or the deadline ("late").
local function wait(how, client, deadline)
  return coroutine.yield {
    how = how,
    client = client,
    deadline = deadline or NEVER,
  }
end

local function resume(co, ...)
  local ok, wish = coroutine.resume(co, ...)
  waiting[co] = nil
  if not ok then
    record("error", nil, {message = debug.traceback(co, wish)})
  elseif coroutine.status(co) ~= "dead" then
    waiting[co] = wish
  end
end

-- The lists for select, and its timeout.
local function wishes(...)
  local readers, writers, soonest = {...}, {}, now() + 1
  for _, wish in pairs(waiting) do
    if wish.how == "read" then
      readers[#readers + 1] = wish.client
    elseif wish.how == "write" then
      writers[#writers + 1] = wish.client
    end
    soonest = math.min(soonest, wish.deadline)
  end
  return readers, writers, math.max(0, soonest - now())
end

local function resume_due(readable, writable)
  local due, time = {}, now()
  for co, wish in pairs(waiting) do
    local ready = wish.how == "read" and readable[wish.client]
      or wish.how == "write" and writable[wish.client]
      or wish.how == "gate"
    if ready or wish.deadline <= time then
      due[#due + 1] = {co, ready and "ready" or "late"}
    end
  end
  for _, one in ipairs(due) do
    resume(one[1], one[2])
  end
end

-- ---- bytes in and out of a connection

-- The next bytes; or nil and "closed" and the like, or "late".
local function receive(connection, deadline)
  if connection.pending ~= "" then
    local bytes = connection.pending
    connection.pending = ""
    return bytes
  end
  while true do
    local bytes, err, part = connection.client:receive(BATCH)
    bytes = bytes or part
    if bytes and bytes ~= "" then
      connection.received = connection.received + #bytes
      return bytes
    elseif err ~= "timeout" then
      return nil, err
    elseif wait("read", connection.client, deadline) == "late" then
      return nil, "late"
    end
  end
end

-- The bytes up to the mark, which is dropped.
local function receive_until(connection, mark)
  local text, searched = "", 1
  while true do
    local from, to = text:find(mark, searched, true)
    if from then
      connection.pending = text:sub(to + 1)
      return text:sub(1, from - 1)
    end
    searched = math.max(1, #text - #mark + 2)
    local bytes, err = receive(connection)
    if not bytes then
      connection.pending = text
      return nil, err
    end
    text = text .. bytes
  end
end

-- Receives n bytes; keep() gets each piece.
local function receive_exactly(connection, n, keep)
  while n > 0 do
    local bytes, err = receive(connection)
    if not bytes then
      return nil, err
    end
    connection.pending = bytes:sub(n + 1)
    bytes = bytes:sub(1, n)
    n = n - #bytes
    keep(bytes)
  end
  return true
end

-- Sends everything; a reader that takes nothing for a while is an event.
local function send(connection, bytes)
  local from, since, reported = 1, now(), false
  while from <= #bytes do
    local last, err, upto = connection.client:send(bytes, from)
    last = last or upto
    if last >= from then
      connection.sent = connection.sent + last - from + 1
      from, since, reported = last + 1, now(), false
    elseif err ~= "timeout" then
      return nil, err
    elseif wait("write", connection.client, not reported and since + STALL) == "late"
    then
      record("stalled", connection)
      reported = true
    end
  end
  return true
end

-- ---- HTTP requests

local function parse_head(head)
  local method, path, version = head:match("^(%S+) (%S+) HTTP/(%S+)")
  local headers = {}
  for spelling, value in head:gmatch("\r\n([^:\r\n]+):[ \t]*([^\r\n]*)") do
    local name = spelling:lower()
    headers[name] = headers[name] and headers[name] .. ", " .. value or value
  end
  return {
    method = method or "",
    path = path or "",
    version = version,
    headers = headers,
    head = head,
    head_at = now(),
  }
end

local function receive_chunks(connection, keep)
  while true do
    local line, err = receive_until(connection, "\r\n")
    local size = line and tonumber(line:match("^%x+"), 16)
    if not size then
      return nil, err or "no chunk size"
    elseif size == 0 then
      return receive_until(connection, "\r\n") ~= nil
    end
    local ok
    ok, err = receive_exactly(connection, size, keep)
    if not ok or not receive_until(connection, "\r\n") then
      return nil, err
    end
  end
end

local function receive_body(connection, request)
  local pieces, kept, length = {}, 0, 0
  local function keep(bytes)
    pieces[#pieces + 1] = bytes:sub(1, BODY_KEPT - kept)
    kept = kept + #pieces[#pieces]
    length = length + #bytes
  end
  local headers = request.headers
  local ok, err
  if (headers["transfer-encoding"] or ""):lower() == "chunked" then
    ok, err = receive_chunks(connection, keep)
  else
    local size = tonumber(headers["content-length"]) or 0
    ok, err = receive_exactly(connection, size, keep)
  end
  request.body, request.body_length = table.concat(pieces), length
  return ok, err
end

-- Reads a request, and logs it as far as it arrived.
local function receive_request(connection, head_only)
  local head, err = receive_until(connection, "\r\n\r\n")
  if not head then
    return nil, err
  end
  local request, ok = parse_head(head), not head_only
  connection.request = request
  if not head_only then
    ok, err = receive_body(connection, request)
  end
  request.complete = ok or false
  record("request", connection, request)
  return (ok or head_only) and request or nil, err
end

-- ---- the steps: true to go on, or nil and why the connection ends

local steps = {}
local is_open = {} -- the gates that are

local function run(connection, list)
  for _, step in ipairs(list) do
    local ok, why = steps[step[1]](connection, unpack(step, 2, 4))
    if not ok then
      return nil, why
    end
  end
  return true
end

function steps.request(connection)
  return receive_request(connection)
end

function steps.head(connection)
  return receive_request(connection, true)
end

function steps.read(connection, n)
  return receive_exactly(connection, n, function() end)
end

function steps.send(connection, bytes)
  return send(connection, bytes)
end

-- Sends the same bytes many times, in large batches; other connections get
-- their turn between.
function steps.fill(connection, bytes, times)
  local per_batch = math.max(1, math.floor(BATCH / #bytes))
  local batch = bytes:rep(math.min(per_batch, times))
  local ok, err = true, nil
  while ok and times > 0 do
    local n = math.min(per_batch, times)
    ok, err = send(connection, n == per_batch and batch or bytes:rep(n))
    times = times - n
    wait(nil, nil, 0)
  end
  return ok, err
end

-- Sends a part of the bytes if the request has a range.
function steps.file(connection, bytes, etag)
  local headers = connection.request.headers
  local from = tonumber((headers.range or ""):match("^bytes=(%d+)%-$"))
  local is_part = from and from < #bytes and headers["if-range"] == etag
  local line = is_part and "206 Partial Content\r\nContent-Range: bytes "
    .. ("%d-%d/%d"):format(from, #bytes - 1, #bytes) or "200 OK"
  local body = is_part and bytes:sub(from + 1) or bytes
  return send(connection, ("HTTP/1.1 %s\r\nETag: %s\r\nContent-Length: %d\r\n"
    .. "\r\n"):format(line, etag, #body) .. body)
end

function steps.split(connection, bytes, at, gap)
  local from, ok, err = 1, true, nil
  local cuts = at == "each" and #bytes - 1 or #at
  for i = 1, cuts + 1 do
    local to = i > cuts and #bytes or at == "each" and i or at[i]
    ok, err = send(connection, bytes:sub(from, to))
    if not ok then
      break
    end
    from = to + 1
    wait(nil, nil, i <= cuts and now() + (gap or 0.001) or 0)
  end
  return ok, err
end

function steps.sleep(_, seconds)
  wait(nil, nil, now() + seconds)
  return true
end

steps["repeat"] = function(connection, times, list)
  for _ = 1, times do
    local ok, why = run(connection, list)
    if not ok then
      return nil, why
    end
  end
  return true
end

function steps.close()
  return nil, "close"
end

local tls

-- From here on the connection uses TLS.
function steps.tls(connection, cert, key)
  tls = tls or dofile(arg[0]:match("^(.*)server%.lua$") .. "tls.lua")
  local client = tls.wrap(connection.client, cert, key)
  connection.client = client
  local ok, why, wish = client:accept()
  while not ok and why == "timeout" do
    wait(wish, client)
    ok, why, wish = client:accept()
  end
  return ok, why
end

-- Ends TLS without a close notification.
function steps.cut(connection)
  connection.client.is_cut = true
  return nil, "cut"
end

-- No linger: the close is an RST, and unsent bytes are lost.
function steps.reset(connection)
  connection.client:setoption("linger", {on = true, timeout = 0})
  return nil, "reset"
end

function steps.half_close(connection)
  connection.client:shutdown("send")
  record("half_close", connection)
  return true
end

-- Goes on when the spec opens the gate of that name.
function steps.gate(connection, name)
  record("gate", connection, {name = name})
  while not is_open[name] do wait("gate", nil) end
  return true
end

function steps.open(_, name)
  is_open[name] = true
  return true
end

function steps.wait_close(connection, seconds)
  record("waiting", connection)
  local from = now()
  local bytes, why
  repeat
    bytes, why = receive(connection, from + seconds)
  until not bytes
  record("wait_close", connection, {
    closed = why ~= "late",
    took = now() - from,
  })
  return why == "late", "client"
end

-- ---- connections

local NOT_PLANNED = {
  {"send", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"},
}

-- The steps for a request.
local function steps_for(door, path)
  local plan_of = door.plan
  if plan_of.turns then
    door.turn = math.min((door.turn or 0) + 1, #plan_of.turns)
    return plan_of.turns[door.turn]
  end
  return plan_of.routes[path] or plan_of.routes[path:match("^[^?]*")]
    or plan_of.default or NOT_PLANNED
end

-- Requests, each with its own steps, for as long as the client sends any.
local function route(connection)
  while true do
    local request, err = receive_request(connection)
    if not request then
      return nil, err
    end
    local ok, why = run(connection, steps_for(connection.door, request.path))
    if not ok then
      return nil, why
    end
  end
end

local function serve(connection)
  record("open", connection)
  local plan_of = connection.door.plan
  local list = plan_of.connections and plan_of.connections[connection.number]
  local _, why
  if not list and (plan_of.routes or plan_of.turns) then
    _, why = route(connection)
  elseif list or plan_of.default then
    _, why = run(connection, list or plan_of.default)
  else
    why = "not planned"
  end
  connection.client:close()
  if why == "closed" then
    why = "client"
  end
  record("close", connection, {why = why or "end of steps"})
end

local function accept(door)
  local client = door.listener:accept()
  if not client then
    return
  end
  client:settimeout(0)
  client:setoption("tcp-nodelay", true)
  door.opened = door.opened + 1
  resume(coroutine.create(serve), {
    client = client,
    door = door,
    number = door.opened,
    pending = "", -- received, not parsed yet
    sent = 0,
    received = 0,
  })
end

local function listen()
  local listener = assert(socket.tcp())
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(512))
  listener:settimeout(0)
  return listener
end

local stdin = {
  getfd = function() return 0 end,
  dirty = function() return false end,
}

local input, unread = ffi.new("char[4096]"), ""

-- Opens the gates whose names are there to be read; false if it is to end.
local function open_gates()
  local size = tonumber(ffi.C.read(0, input, 4096))
  if size <= 0 then return false end
  unread = (unread .. ffi.string(input, size)):gsub("(.-)\n", function(name)
    is_open[name] = true
    return ""
  end)
  return not is_open.stop
end

-- Listens at each door and prints the ports.
local function open_doors()
  local doors, listeners, ports = {}, {}, {}
  for n, door_plan in ipairs(plan.doors or {plan}) do
    local listener = listen()
    doors[n] = {plan = door_plan, number = n, opened = 0, listener = listener}
    listeners[n] = listener
    ports[n] = select(2, listener:getsockname())
  end
  io.stdout:write(table.concat(ports, " "), "\n")
  io.stdout:flush()
  return doors, listeners
end

local function main()
  local doors, listeners = open_doors()
  local ends = now() + LIFETIME
  repeat
    local readers, writers, patience = wishes(stdin, unpack(listeners))
    local readable, writable = socket.select(readers, writers, patience)
    for _, door in ipairs(doors) do
      if readable[door.listener] then
        accept(door)
      end
    end
    local goes_on = not readable[stdin] or open_gates()
    resume_due(readable, writable)
  until not goes_on or ffi.C.getppid() ~= parent or now() > ends
end

local ok, err = xpcall(main, debug.traceback)
for _, name in ipairs {"/plan", "/port", "/log", ""} do
  os.remove(folder .. name)
end
if not ok then
  io.stderr:write(err, "\n")
  os.exit(1)
end
