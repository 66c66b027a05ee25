-- finalizers.lua SECONDS SEED: runs the collector continuously, with
-- finalizers that do at random what a user's may do: step the pool, dispatch,
-- close, cancel, open, feed and read, inside every function of the core that
-- returns bytes. The bytes received must be those sent; a build with the
-- sanitizers finds other faults. Run by finalizers.sh.
local core = require "yuanjing.core"
local scripted = require "scripted"

local seconds, seed = tonumber(arg[1]), tonumber(arg[2])
math.randomseed(seed)
local random, unpack = math.random, table.unpack or unpack
local ends = core.now() + seconds

-- What is sent ---------------------------------------------------------------

-- Bytes that identify a piece of a freed or moved buffer.
local function text_of(n, times) return ("%07d,"):format(n):rep(times) end

local function is_text(text)
  return text == text:sub(1, 8):rep(#text / 8) and text:find "^%d+,"
end

local function event_of(n)
  return ('data: {"id":"%s","choices":[{"delta":{"content":"%s",'
    .. '"reasoning_content":"%s"}}]}\n\n'):format(text_of(n, 60),
    text_of(n, n % 40 + 1), text_of(n, 30))
end

local EVENTS = 400
local function stream()
  local steps = { { "send", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" } }
  for n = 1, EVENTS, 20 do
    local part = {}
    for k = n, n + 19 do part[#part + 1] = event_of(k) end
    steps[#steps + 1] = { "send", table.concat(part) }
    if n % 100 == 1 then steps[#steps + 1] = { "sleep", 0.002 } end
  end
  steps[#steps + 1] = { "send", "data: [DONE]\n\n" }
  steps[#steps + 1] = { "close" }
  return steps
end

local function plain()
  local steps = { { "send", "HTTP/1.1 200 OK\r\nX-Long: "
    .. text_of(1, 300) .. "\r\nConnection: close\r\n\r\n" } }
  for _ = 1, 20 do
    steps[#steps + 1] = { "send", text_of(7, 1000) }
    steps[#steps + 1] = { "sleep", 0.001 }
  end
  steps[#steps + 1] = { "close" }
  return steps
end

local server = scripted.start { routes = { ["/stream"] = stream(),
  ["/plain"] = plain(), ["/reset"] = { { "reset" } } } }
local PATHS = { "/stream", "/stream", "/plain", "/reset" }

-- What there is --------------------------------------------------------------

local pool = assert(core.pool())
local transfers, decoders, fibers = {}, {}, {} -- a few each
local file_name = os.tmpname()
local counts = { finalized = 0, refused = 0, fed = 0, watched = 0 }
local REFUSALS = { "is being read already", "is closed", "pool is closed",
  "somebody else is reading", "not suspended" }

-- Some refusals are expected; any other error is a fault.
local problem
local function try(fn, ...)
  local results = { pcall(fn, ...) }
  if results[1] then return unpack(results, 2, 8) end
  for _, words in ipairs(REFUSALS) do
    if tostring(results[2]):find(words, 1, true) then
      counts.refused = counts.refused + 1
      return
    end
  end
  problem = problem or tostring(results[2])
end

local function one_of(list) return list[random(#list > 0 and #list or 1)] end

local function put(list, thing)
  if #list < 6 then list[#list + 1] = thing else list[random(6)] = thing end
end

local function open()
  local path = one_of(PATHS)
  local transfer = pool:open { method = "GET", proxy = "",
    url = server.url .. path, events = path == "/stream",
    headers = { "X-A: " .. text_of(1, 10) } }
  if transfer then put(transfers, { it = transfer }) end
end

local function check(good, what, ...)
  if not good and not problem then
    problem = what .. ": " .. ("%q"):format(tostring((...))):sub(1, 100)
  end
end

local function check_event(content, json, reasoning)
  if not content then return end
  check(is_text(content), "content", content)
  if json then
    check(core.text(json):find('^{"id":"%d+,.*}$'), "json", core.text(json))
  end
  if reasoning then check(is_text(reasoning), "reasoning", reasoning) end
end

-- Every function that returns bytes --------------------------------------------

local READERS = {
  function(of) check_event(of.it:next(random(2) == 1)) end,
  function(of) check_event((of.it:text())) end,
  function(of)
    local _, event, text = of.it:drain()
    check(event ~= "bad", "drained", text)
    check(not text or text:find '^[%w":{]*[%d,]*', "drained", text)
  end,
  function(of)
    local content, reasoning, _, last = of.it:summary()
    check(content:find "^[%d,]*$", "summary", content)
    check(not reasoning or reasoning:find "^[%d,]*$", "reasoning", reasoning)
    check(not last or last:find '^{"id":"%d+,.*}$', "tail", last)
  end,
}

local function feed(decoder)
  counts.fed = counts.fed + 1
  decoder.it:feed(event_of(counts.fed))
end

local function read_decoder()
  local decoder = one_of(decoders)
  if not decoder or random(30) == 1 then
    return put(decoders, { it = core.decoder() })
  end
  if random(2) == 1 then feed(decoder) end
  one_of(READERS)(decoder)
end

local function read_transfer()
  local transfer = one_of(transfers)
  if transfer then one_of(READERS)(transfer) end
end

local function read_plain()
  local transfer = one_of(transfers)
  if not transfer then return end
  local body, head = transfer.it:body(), transfer.it:head()
  check(body == "" or is_text(body:sub(1, #body - #body % 8)), "body", body)
  check(head == "" or head:find "^HTTP/1.1 200", "head", head)
  local fault, message = transfer.it:failure()
  check(not fault or message:find "^[%g ]+$", "message", message)
  transfer.it:steps()
end

local function read_file()
  local file = assert(core.file(file_name))
  local text = file:read(0, 1e6)
  check(not text or text == "" or is_text(text), "file", text)
  file:close()
end

local DOCUMENT = '{"a":"' .. text_of(3, 50) .. '","b":["\\u0041' .. text_of(4, 50)
  .. '",1.5,true,{"c":"x"}]}'

local function read_rest()
  local document = core.decode(DOCUMENT)
  check(is_text(document.a) and is_text(document.b[1]:sub(2)), "document",
    document.a)
  check(core.ca_path() == nil or core.ca_path():find "^/", "ca_path")
  pool:waiters()
  core.sha256(DOCUMENT)
  core.curl_features()
end

local function begin_fiber()
  local transfer = one_of(transfers)
  if not transfer then return end
  local name = one_of { "next", "text", "drain" }
  local read = transfer.it[name]
  local texts = transfer.it.texts and random(2) == 1
    and transfer.it:texts(function(...) return ... end)
  local thread = coroutine.create(function()
    for _ = 1, random(200) do
      local content, event
      if texts then content, event = texts() else
        content, event = read(transfer.it)
      end
      if content and name ~= "drain" then check_event(content) end
      if event and name ~= "next" then return end
    end
  end)
  put(fibers, thread)
  core.switch(thread)
end

-- A reader that is used by nothing else
-- ---------------------------------------

local watched -- only read_watched() reads it; all of its events must arrive

local function open_watched()
  local transfer = pool:open { method = "GET", proxy = "",
    url = server.url .. "/stream", events = true }
  watched = transfer and { it = transfer, last = 0 }
end

local function read_watched()
  local of = watched
  if not of then return open_watched() end
  local content, event = of.it:text()
  if content then
    check(is_text(content), "watched", content)
    check(tonumber(content:match "^%d+") == of.last + 1, "lost", content)
    of.last = of.last + 1
    counts.watched = counts.watched + 1
  elseif event ~= "pending" then
    check(event ~= "done" or of.last == EVENTS, "lost at the end", event)
    watched = nil
  end
end

-- What finalizers do -------------------------------------------------------------

local function dispatch() pool:dispatch() end
local function move() pool:step() end
local function move_and_dispatch() pool:step() pool:dispatch() end
local function switch()
  local thread = one_of(fibers)
  if thread and coroutine.status(thread) == "suspended" then
    core.switch(thread)
  end
end

local function on_transfer(name, ...)
  local more = { ... }
  return function()
    local transfer = one_of(transfers)
    if transfer then transfer.it[name](transfer.it, unpack(more)) end
  end
end

local ACTIONS = {
  move, move, move, dispatch, dispatch, move_and_dispatch, move_and_dispatch, switch, open,
  on_transfer "close", on_transfer "cancel", on_transfer "trim",
  on_transfer("discard", 1), on_transfer("subscribe", nil), on_transfer "done",
  read_transfer, read_transfer, read_plain, read_decoder, begin_fiber,
  function()
    local decoder = one_of(decoders)
    if decoder then feed(decoder) end
  end,
  function()
    local decoder = one_of(decoders)
    if decoder then decoder.it[one_of { "close", "finish" }](decoder.it) end
  end,
  function() for ready in pool.ready, pool do check(ready, "ready") end end,
  function()
    if random(40) > 1 then return end
    watched = nil
    pool:close()
    pool = assert(core.pool())
  end,
}

-- Nesting depth: one finalizer inside another is enough.
local new_proxy = rawget(_G, "newproxy")
local acting, armed = 0, true

local function act()
  if not armed or acting > 1 then return end
  acting = acting + 1
  counts.finalized = counts.finalized + 1
  try(one_of(ACTIONS))
  acting = acting - 1
end

local function arm()
  local function collect()
    act()
    if armed then arm() end
  end
  if not new_proxy then return setmetatable({}, { __gc = collect }) end
  getmetatable(new_proxy(true)).__gc = collect
end

local function set_collector()
  if new_proxy then
    collectgarbage("setpause", random(0, 100))
    collectgarbage("setstepmul", random(100, 1000))
  elseif random(3) == 1 then
    collectgarbage "generational"
  else
    collectgarbage("incremental", random(0, 100), random(100, 1000))
  end
end

-- ------------------------------------------------------------------------------

local COURSE = { read_decoder, read_decoder, read_transfer, read_transfer,
  read_plain, read_file, read_rest, begin_fiber, move_and_dispatch, move_and_dispatch,
  read_watched, read_watched, read_watched, open }

do
  local file = assert(io.open(file_name, "wb"))
  file:write(text_of(5, 4000))
  file:close()
end

for _ = 1, new_proxy and 30 or 3 do arm() end
local turns = 0
while core.now() < ends and not problem do
  turns = turns + 1
  if turns % 50 == 0 then set_collector() end
  if turns % 200 == 0 then try(pool.wait, pool, 0.002) end
  try(one_of(COURSE))
end
armed = false
collectgarbage "stop" -- the server's list is long
pool:close()
server:stop()
os.remove(file_name)
print(("seed %d: %d turns, %d finalizers, %d refused, %d watched events")
  :format(seed, turns, counts.finalized, counts.refused, counts.watched))
if counts.finalized < 10 or counts.watched < 10 then
  problem = problem or "hardly anything happened"
end
if problem then
  io.stderr:write("finalizers: ", problem, "\n")
  os.exit(1, true)
end
