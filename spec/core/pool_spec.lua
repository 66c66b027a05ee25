-- All transfers of a process together: which requests open() accepts, how the pool
-- advances them, and what the collector, the clock and a fork do to them.
local child = require "support.child"
local core = require "yuanjing.core"
local scripted = require "support.scripted"
local socket = require "socket"
local support = require "support"
local transfers = require "support.transfers"

local answer = scripted.answer
local STREAM = answer(200, { ["Connection"] = "close" })
local EVENT = 'data: {"content":"x"}\n'
local SILENCE = { "wait_close", 120 }

local it, request_of, serve = transfers.it, transfers.request, transfers.serve

local HANG, SOON = support.HANG, support.SOON

local pool

local function open(url, options)
  return transfers.open(pool, url, options)
end

-- As open(); ready() returns the transfer when it has an event.
local function subscribe(url, options)
  local transfer = open(url, options)
  transfer:subscribe(transfer)
  return transfer
end

-- pool:wait(), which goes on where a signal, of the machine's, interrupts it.
local function wait(seconds, heeds)
  local ends = core.now() + seconds
  local moved, why
  repeat
    moved, why = pool:wait(math.max(0, ends - core.now()), heeds)
  until why ~= "interrupted"
  return moved, why
end

local function settle(server, count) transfers.settle(pool, server, count) end

local function move_for(seconds) transfers.move_for(pool, seconds) end

local function finish(transfer) return transfers.finish(pool, transfer) end

before_each(function() pool = support.watch(assert(core.pool())) end)

after_each(function()
  pool:close()
  pool = nil
  transfers.clean()
end)

describe("open()", function()
  it("refuses a request that is none", function()
    local fine = { "X: y" }
    local cases = {
      { { method = false }, "method: expected string, got boolean" },
      { { url = 5 }, "url: expected string, got number" },
      { { url = "http://127.0.0.1/\0x" }, "url: has a zero byte in it" },
      { { body = {} }, "a piece of a body is a string, or has path or data" },
      { { proxy = "x\0y" }, "proxy: has a zero byte in it" },
      { { ca_file = 1 }, "ca_file: expected string, got number" },
      { { ca_path = fine }, "ca_path: expected string, got table" },
      { { method = "" }, "method: expected capital letters" },
      { { method = "get" }, "method: expected capital letters" },
      { { method = "GET / HTTP/1.1\r\nX: y\r\n" },
        "method: expected capital letters" },
      { { headers = "X: y" }, "headers: expected table, got string" },
      { { headers = { 1 } }, "headers[1]: expected string, got number" },
      { { headers = { "X: y", "A: b\r\nC: d" } },
        "headers[2]: has a control character in it" },
      { { headers = { "A: b\nC: d" } },
        "headers[1]: has a control character in it" },
      { { headers = { "A: \0" } },
        "headers[1]: has a control character in it" },
      { { headers = { "A: \127" } },
        "headers[1]: has a control character in it" },
      { { timeouts = 5 }, "timeouts: expected table, got number" },
      { { timeouts = { idle = "1" } }, "idle: expected number, got string" },
      { { max_body = "1" }, "max_body: expected number, got string" },
      { { max_event = fine }, "max_event: expected number, got table" },
    }
    for _, case in ipairs(cases) do
      local request = request_of("http://127.0.0.1:1/", case[1])
      assert.has_error(function() pool:open(request) end, case[2])
    end
    assert.has_error(function() pool:open { url = "http://127.0.0.1/" } end,
      "method and url are needed")
    assert.has_error(function() pool:open { method = "GET" } end,
      "method and url are needed")
    assert.has_error(function() pool:open() end,
      "bad argument #1 to 'open' (table expected, got no value)")
    assert.equal(0, pool:count())
  end)

  it("speaks http and https alone, to a URL that is one", function()
    local cases = {
      { "file:///etc/passwd", 1 }, { "ftp://127.0.0.1/", 1 },
      { "gopher://127.0.0.1/", 1 }, { "dict://127.0.0.1/", 1 },
      { "nonsense://127.0.0.1/", 1 }, { "http://user:pw@127.0.0.1/", 67 },
      { "http://user@127.0.0.1/", 67 }, { "", 3 }, { "http://", 3 },
      { "http://a b/", 3 }, { "http://[::1", 3 },
      { "http://127.0.0.1:99999/", 3 }, { "http://127.0.0.1/\r\nX: y", 3 },
    }
    for _, case in ipairs(cases) do
      local transfer = finish(open(case[1]))
      local fault, _, code, sent, answered = transfer:failure()
      assert.same({ case[1], "curl", case[2], false, false },
        { case[1], fault, code, sent, answered })
      assert.is_nil(transfer:status())
    end
  end)

  it("tells what libcurl does not take", function()
    local transfer, message, kind = pool:open(request_of(
      "http://127.0.0.1/" .. ("x"):rep(8000001)))
    assert.same({ nil, "invalid_request" }, { transfer, kind })
    assert.is_string(message)
    assert.equal(0, pool:count())
  end)

  it("notices a pool that is closed while it reads the request", function()
    local other = assert(core.pool())
    local request = setmetatable({}, { __index = function(_, name)
      other:close()
      return ({ method = "GET", url = "http://127.0.0.1:1/" })[name]
    end })
    assert.has_error(function() other:open(request) end,
      "calling 'open' on bad self (the pool is closed)")
  end)

  it("takes limits that have passed already for what they are", function()
    for _, seconds in ipairs { 0, -1, -math.huge } do
      local transfer = open(serve(SILENCE).url,
        { timeouts = { total = seconds } })
      assert.is_true(support.timed(finish, transfer) < SOON)
      assert.equal("total_timeout", (transfer:failure()))
    end
    local transfer = open(serve({ "send", answer(200, {}, "ok") }).url,
      { timeouts = { total = math.huge, idle = 1e300 } })
    assert.is_nil(finish(transfer):failure())
  end)
end)

describe("ready()", function()
  it("gives each transfer with news, once", function()
    local server = serve({ "send", STREAM }, { "gate", "1" },
      { "send", EVENT }, { "gate", "2" }, { "close" })
    local a = subscribe(server.url, { events = true })
    local b = subscribe(server.url, { events = true })
    local names, seen = { [a] = "a", [b] = "b" }, {}
    assert.is_nil(pool:ready())
    local ends = core.now() + HANG
    while not (a:done() and b:done()) and core.now() < ends do
      if seen.a == seen.b and seen.a then server:open(tostring(seen.a)) end
      pool:wait(0.1)
      local round = {}
      local transfer = pool:ready()
      while transfer do
        local name = names[transfer]
        assert.is_nil(round[name])
        round[name], seen[name] = true, (seen[name] or 0) + 1
        transfer = pool:ready()
      end
    end
    -- the head, the event, the end
    assert.same({ a = 3, b = 3 }, seen)
    assert.is_nil(pool:ready())
  end)

  it("is an iterator, whatever it is given", function()
    finish(subscribe(serve({ "send", answer(200, {}, "ok") }).url))
    local count = 0
    for transfer in pool.ready, pool, "x" do
      assert.is_true(transfer:done())
      count = count + 1
    end
    assert.equal(1, count)
  end)

  it("passes over what nobody hears, or is closed", function()
    local server = serve({ "send", answer(200, {}, "ok") })
    local kept, unheard = subscribe(server.url), open(server.url)
    local left, closed = subscribe(server.url), subscribe(server.url)
    for _, transfer in ipairs { kept, unheard, left, closed } do
      finish(transfer)
    end
    left:subscribe(nil)
    closed:close()
    assert.equal(kept, pool:ready())
    assert.is_nil(pool:ready())
    assert.equal(kept, kept:waiter())
    assert.is_nil(left:waiter())
  end)

  it("passes over what is collected", function()
    local server = serve({ "send", answer(200, {}, "ok") })
    local kept, dropped = subscribe(server.url), open(server.url)
    dropped:subscribe("nobody's")
    finish(kept)
    finish(dropped)
    dropped = nil
    collectgarbage()
    collectgarbage()
    assert.equal(kept, pool:ready())
    assert.is_nil(dropped or pool:ready())
  end)
end)

describe("waiting", function()
  it("ends when it is told to, whatever is armed in between", function()
    pool:wake()
    assert.is_true(support.timed(pool.wait, pool, HANG) < SOON)
    local server = serve(SILENCE)
    local transfer = open(server.url, { timeouts = { total = 200 } })
    settle(server)
    move_for(0.4)  -- libcurl has no timer any more
    pool:wake()
    transfer:discard(100)  -- arms an earlier alarm
    assert.is_true(support.timed(pool.wait, pool, HANG) < SOON)
    local turns, ends = 0, core.now() + 0.3
    while core.now() < ends do
      pool:wait(math.max(0, ends - core.now()))
      turns = turns + 1
    end
    assert.is_true(turns < 10, turns)
  end)

  it("takes as long as it is given, and no less", function()
    for _, seconds in ipairs { 0, 0.0004, 0.03, 0.1 } do
      local took = support.timed(wait, seconds)
      assert.is_true(took >= seconds and took < SOON, took)
    end
    assert.has_error(function() pool:wait(0 / 0) end,
      "bad argument #1 to 'wait' (not a number)")
    assert.has_error(function() pool:step(0 / 0) end,
      "bad argument #1 to 'step' (out of range)")
    assert.has_error(function() pool:step(-1) end,
      "bad argument #1 to 'step' (out of range)")
    for _, seconds in ipairs { math.huge, -1, 1e300, 2147483.647 } do
      pool:wake()
      assert.is_true(support.timed(pool.wait, pool, seconds) < SOON)
    end
  end)

  it("heeds news that nobody has heard, if it is told to", function()
    local transfer = open(serve({ "send", STREAM }, SILENCE).url)
    transfer:subscribe(transfer)
    while not transfer:status() do pool:wait(1) end
    move_for(0.4)  -- libcurl has no timer any more
    assert.is_true(support.timed(pool.wait, pool, HANG, true) < SOON)
    assert.is_true(support.timed(wait, 0.1) >= 0.1)
    assert.equal(transfer, pool:ready())
    assert.is_true(support.timed(wait, 0.1, true) >= 0.1)
  end)

  it("tells after a step whether a transfer is ready", function()
    local transfer = open(serve({ "send", STREAM }, SILENCE).url)
    transfer:subscribe(transfer)
    assert.is_false(select(3, pool:step()))
    while not transfer:status() do pool:wait(1) end
    assert.same({ true, false, true }, { pool:step() })
    assert.equal(transfer, pool:ready())
    assert.same({ true, false, false }, { pool:step() })
  end)

  it("costs no time of the processor", function()
    local server = serve({ "send", STREAM }, SILENCE)
    local transfer = open(server.url,
      { timeouts = { idle = 60, total = 60 }, events = true })
    settle(server)
    move_for(0.2)
    local from, ends = os.clock(), core.now() + 0.5
    local turns = 0
    while core.now() < ends do
      pool:wait(math.max(0, ends - core.now()))
      turns = turns + 1
    end
    assert.is_true(os.clock() - from < 0.1, os.clock() - from)
    assert.is_true(turns < 10, turns)
    assert.is_false(transfer:done())
  end)

  it("knows when the clock has something to do", function()
    assert.is_nil(pool:timeout())
    local server = serve(SILENCE)
    local transfer = open(server.url, { timeouts = { total = 100 } })
    assert.is_true(pool:timeout() <= 100)
    settle(server)
    move_for(0.5)  -- libcurl has no timer any more
    assert.is_true(pool:timeout() > 10 and pool:timeout() <= 99.5,
      pool:timeout())
    transfer:discard(0.1)
    assert.is_true(pool:timeout() <= 0.1)
    finish(transfer)
    move_for(0.1)
    assert.is_true((pool:timeout() or 9) > 1)
  end)

  it("by its descriptor is the same", function()
    local fd = pool:fd()
    if not fd then return end  -- poll(2) has none to give
    local handle = { getfd = function() return fd end,
      dirty = function() return false end }
    local function readable(seconds)
      return #socket.select({ handle }, nil, seconds or 0) > 0
    end
    local function calm_down()
      for _ = 1, 100 do
        if not readable(0.05) then return end
        pool:step()
      end
      error("the descriptor is always readable")
    end
    assert.is_false(readable())
    local server = serve({ "gate", "answer" }, { "send", STREAM .. EVENT },
      SILENCE)
    local transfer = open(server.url,
      { events = true, timeouts = { first = 60, idle = 3 } })
    assert.is_true(readable())  -- to connect
    calm_down()
    assert.is_nil(transfer:status())
    server:open "answer"
    while not transfer:status() do
      assert.is_true(readable(HANG))  -- the answer
      pool:step()
    end
    calm_down()
    assert.equal("x", (transfer:next()))
    assert.is_nil((transfer:next()))
    assert.is_false(readable())
    while not transfer:done() do
      assert.is_true(readable(HANG))  -- the limit
      pool:step()
    end
    assert.equal("idle_timeout", (transfer:failure()))
    pool:wake()
    assert.is_true(readable())
    calm_down()
  end)
end)

describe("an alarm", function()
  it("ends a wait in its time, once", function()
    local from = core.now()
    pool:alarm(from + 100)
    assert.is_true(pool:timeout() <= 100 and pool:timeout() > 10)
    pool:alarm(from + 1)
    assert.is_true(pool:timeout() <= 1)
    wait(HANG)
    local took = core.now() - from
    assert.is_true(took >= 1 and took < SOON, took)
    assert.is_nil(pool:timeout())
    took = support.timed(wait, 0.1)
    assert.is_true(took >= 0.1, took)
  end)

  it("takes the place of the one before", function()
    local from = core.now()
    pool:alarm(from + 60)
    pool:alarm(from + 0.05)
    wait(HANG)
    assert.is_true(core.now() - from < SOON)
    pool:alarm(core.now() + 0.02)
    pool:alarm(core.now() + 60)
    assert.is_true(pool:timeout() > 30)
    local turns, ends = 0, core.now() + 0.1
    while core.now() < ends do
      pool:wait(math.max(0, ends - core.now()))
      turns = turns + 1
    end
    assert.is_true(turns <= 3, turns)
  end)

  it("may be none", function()
    for _, never in ipairs { false, math.huge, 1e300 } do
      pool:alarm(core.now())
      pool:alarm(never or nil)
      assert.is_nil(pool:timeout())
      pool:step()  -- the one before may end a wait yet
      assert.is_true(support.timed(wait, 0.05) >= 0.05)
    end
  end)

  it("that is past ends the next wait", function()
    for _, at in ipairs { 0, core.now() - 1, core.now() } do
      pool:alarm(at)
      assert.equal(0, pool:timeout())
      assert.is_true(support.timed(pool.wait, pool, HANG) < SOON)
      assert.is_nil(pool:timeout())
    end
  end)

  it("and a limit end a wait each in its time", function()
    local transfer = open(serve(SILENCE).url, { timeouts = { total = 0.5 } })
    local from = core.now()
    move_for(0.1)
    pool:alarm(from + 60)
    finish(transfer)
    local took = core.now() - from
    assert.is_true(took >= 0.45 and took < SOON, took)
    assert.is_true(pool:timeout() > 1)
  end)

  it("makes the descriptor readable only while that is polled", function()
    local fd = pool:fd(false)
    if not fd then return end  -- poll(2) has none to give
    pool:alarm(core.now())
    assert.is_false(core.pollfd(fd, 0))
    assert.equal(fd, pool:fd())
    assert.is_true(core.pollfd(fd, 0))
    assert.is_true(support.timed(pool.wait, pool, 5) < 4)
    pool:alarm(core.now() + 0.05)
    pool:fd(false)
    assert.is_true(support.timed(pool.wait, pool, 5) < 4)
  end)

  it("makes the descriptor readable, until a step has heard it", function()
    local fd = pool:fd()
    if not fd then return end  -- poll(2) has none to give
    local from = core.now()
    pool:alarm(from + HANG)
    assert.is_false(core.pollfd(fd, 0))
    pool:alarm(from + 0.7)
    assert.is_true(core.pollfd(fd, HANG))
    local took = core.now() - from
    assert.is_true(took >= 0.7 and took < SOON, took)
    assert.is_true(core.pollfd(fd, 0))
    pool:step()
    assert.is_false(core.pollfd(fd, 0.05))
  end)

  it("is a time on the clock of now()", function()
    for _, at in ipairs { -1, -math.huge, 0 / 0 } do
      assert.has_error(function() pool:alarm(at) end,
        "bad argument #1 to 'alarm' (out of range)")
    end
    assert.has_error(function() pool:alarm({}) end,
      "bad argument #1 to 'alarm' (number expected, got table)")
    local closed = assert(core.pool())
    closed:close()
    assert.has_error(function() closed:alarm(1) end,
      "calling 'alarm' on bad self (the pool is closed)")
  end)
end)

describe("pollfd()", function()
  it("waits until a descriptor can be read, and no longer", function()
    local listener = assert(socket.bind("127.0.0.1", 0))
    local host, port = listener:getsockname()
    local fd = listener:getfd()
    for _, seconds in ipairs { 0, 0.05 } do
      local took, readable = support.timed(core.pollfd, fd, seconds)
      assert.is_false(readable)
      assert.is_true(took >= seconds and took < SOON, took)
    end
    local client = assert(socket.connect(host, port))
    local took, readable = support.timed(core.pollfd, fd, HANG)
    assert.is_true(readable)
    assert.is_true(took < SOON, took)
    client:close()
    listener:close()
  end)

  it("does not wait for what is no descriptor", function()
    assert.is_true(support.timed(core.pollfd, 123456, HANG) < SOON)
  end)

  it("takes a descriptor and seconds", function()
    for _, seconds in ipairs { -1, 0 / 0, 1e7, math.huge } do
      assert.has_error(function() core.pollfd(0, seconds) end,
        "bad argument #2 to 'pollfd' (out of range)")
    end
    assert.has_error(function() core.pollfd(0) end,
      "bad argument #2 to 'pollfd' (number expected, got no value)")
    assert.has_error(function() core.pollfd({}, 0) end,
      "bad argument #1 to 'pollfd' (number expected, got table)")
  end)
end)

describe("step()", function()
  local TINY = 1.5e-6  -- seconds: enough for one socket

  -- The senders never stop, and nothing reads.
  local function firehoses(count)
    local server = serve({ "send", STREAM }, { "fill", ("x"):rep(1000), 1e7 })
    local list = {}
    for i = 1, count do
      list[i] = open(server.url)
      list[i]:discard(60)
    end
    move_for(0.2)
    return list
  end

  -- The number of steps, each for one socket, until all are done.
  local function count_steps(list)
    local steps, ends = 0, core.now() + HANG
    for _, transfer in ipairs(list) do
      while not transfer:done() and core.now() < ends do
        pool:step(TINY)
        steps = steps + 1
      end
      assert.is_true(transfer:done())
    end
    return steps
  end

  it("with a budget gives everyone a turn", function()
    firehoses(3)
    local server = serve({ "gate", "answer" },
      { "send", answer(200, {}, "ok") })
    local list = {}
    for i = 1, 20 do list[i] = open(server.url) end
    transfers.move_until(pool, function() return #server:requests() == 20 end)
    move_for(0.4)  -- libcurl has no timer any more
    server:open "answer"
    assert.is_true(server:wait_for(function()
      return server:connections().closed == 20
    end))
    support.sleep(0.5)  -- all sockets have much to read now
    local steps = count_steps(list)
    assert.is_true(steps < 100, steps)
    for _, transfer in ipairs(list) do assert.equal("ok", transfer:body()) end
  end)

  it("with a budget keeps the limits", function()
    firehoses(3)
    local list = { open(serve(SILENCE).url, { timeouts = { total = 0.4 } }) }
    move_for(0.1)
    support.sleep(0.5)
    local steps = count_steps(list)
    assert.is_true(steps < 30, steps)
    assert.equal("total_timeout", (list[1]:failure()))
  end)

  it("reads what has come before it looks at the clock", function()
    local server = serve({ "gate", "answer" }, { "send", STREAM .. EVENT },
      SILENCE)
    local FIRST, list = 4, {}
    for i = 1, 150 do
      list[i] = open(server.url, { events = true, method = "POST", body = "x",
        timeouts = { first = FIRST } })
    end
    for _, transfer in ipairs(list) do
      transfers.move_until(pool, function() return transfer:uploaded() == 1 end)
    end
    local from = core.now() -- nobody steps from now on
    server:open "answer"
    assert.is_true(server:wait_for(function()
      return #server:events "waiting" == 150
    end))
    support.sleep(from + FIRST + 0.1 - core.now())
    for _, transfer in ipairs(list) do
      while not (transfer:status() or transfer:done()) do pool:wait(1) end
    end
    for i, transfer in ipairs(list) do
      assert.same({ i, "x" }, { i, (transfer:next()) })
    end
  end)
end)

describe("limits by the hundred", function()
  it("pass each in its time", function()
    local listener = assert(socket.bind("127.0.0.1", 0, 1024))
    local _, port = listener:getsockname()
    local url = ("http://127.0.0.1:%d/"):format(port)
    local COUNT, seed = 600, 1
    local function random(n)
      seed = seed * 16807 % 2147483647
      return seed % n + 1
    end
    local limit_of, list = {}, {}
    for i = 1, COUNT do
      local transfer = subscribe(url,
        { timeouts = { total = 20 + random(1000) / 1000, connect = 60 } })
      list[i] = transfer
    end
    move_for(0.5)  -- all connections are made
    local from = core.now()
    for i, transfer in ipairs(list) do
      local seconds = 0.3 + random(1000) / 1000
      if i % 7 == 0 then
        transfer:close()
      else
        limit_of[transfer] = core.now() - from + seconds
        transfer:discard(seconds)  -- nearer, to a new place
      end
    end
    local fired = 0
    while pool:count() > 0 do
      local now = core.now() - from
      assert.is_true(now < HANG)
      pool:wait(1)
      for transfer in pool.ready, pool do
        assert.equal("total_timeout", (transfer:failure()))
        assert.is_true(limit_of[transfer] <= core.now() - from)
        limit_of[transfer] = nil
        fired = fired + 1
      end
      local late = 0  -- beyond what hundreds of ready sockets may delay
      for transfer, limit in pairs(limit_of) do
        if limit < now - 0.5 and not transfer:done() then late = late + 1 end
      end
      assert.equal(0, late)
    end
    assert.equal(COUNT - math.floor(COUNT / 7), fired)
    listener:close()
  end)
end)

describe("what is dropped", function()
  it("ends with the pool that nobody holds", function()
    local server = serve(SILENCE)
    local transfer = open(server.url)
    settle(server)
    pool:close()
    pool = support.watch(assert(core.pool()))
    collectgarbage()
    assert.equal("pool", (transfer:failure()))
    assert.is_true(server:wait_for(function()
      return server:connections().open == 0
    end))
  end)
end)

-- The descriptors of this process: number = { its target, whether exec closes it }.
local function descriptors()
  local file = assert(io.open("/proc/self/stat"))
  local pid = file:read("*a"):match("^%d+")
  file:close()
  local found, count = {}, 0
  local list = support.output("ls -l /proc/" .. pid .. "/fd")
  for fd, what in list:gmatch("(%d+) %-> ([%w_]+):") do
    local info = io.open("/proc/self/fdinfo/" .. fd)
    if info and what ~= "pipe" then
      local flags = tonumber(info:read("*a"):match("flags:%s*(%d+)"), 8)
      found[tonumber(fd)] = { what, flags % 0x100000 >= 0x80000 }
      count = count + 1
    end
    if info then info:close() end
  end
  return found, count
end

describe("descriptors", function()
  it("are not for the processes the host starts", function()
    local before = descriptors()
    local server = serve({ "send", STREAM }, SILENCE)
    local transfer = open(server.url)
    settle(server)
    local seen = 0
    for fd, it_is in pairs(descriptors()) do
      if not before[fd] then
        assert.same({ "socket", true }, it_is)
        seen = seen + 1
      end
      if it_is[1] == "anon_inode" then assert.is_true(it_is[2]) end
    end
    assert.equal(1, seen)
    assert.is_false(transfer:done())
  end)

  it("do not keep a closed transfer's connection open elsewhere", function()
    local server = serve({ "send", STREAM }, SILENCE)
    local transfer = open(server.url)
    settle(server)
    local sleeper = io.popen("cat", "w")
    transfer:close()
    assert.is_true(server:wait_for(function()
      return server:connections().open == 0
    end))
    sleeper:close()
  end)

  it("are given back", function()
    local other = assert(core.pool())
    local server = serve({ "send", answer(200, {}, "ok") })
    local silent = serve(SILENCE)
    local _, before = descriptors()
    local keep = pool
    pool = other
    local _, with_pool = descriptors()
    for _ = 1, 200 do finish(open(server.url)):close() end
    local list = {}
    for i = 1, 100 do list[i] = open(silent.url) end
    move_for(0.2)
    for _, transfer in ipairs(list) do transfer:close() end
    local _, after = descriptors()
    assert.is_true(after <= with_pool + 8, after - with_pool)
    other:close()
    pool = keep
    local _, without = descriptors()
    assert.is_true(without < before, without)
  end)
end)

-- Processes ------------------------------------------------------------------

local PRELUDE = [[
local core = require "yuanjing.core"
local url = ...
local function open(pool, options)
  options = options or {}
  options.method, options.url, options.proxy = "GET", options.url or url, ""
  return assert(pool:open(options))
end
local function move_for(pool, seconds)
  local ends = core.now() + seconds
  while core.now() < ends do pool:wait(math.max(0, ends - core.now())) end
end
local function read_all(pool, transfer)
  local count, content, event = 0
  repeat
    content, event = transfer:next()
    if content then count = count + 1
    elseif event == "pending" then pool:wait(5) end
  until event ~= "pending" and not content
  return count, event
end
]]

-- Runs a script in another process. Returns its exit status and its output.
local function run(script, url, ...)
  local prelude = script:find("process.", 1, true)
    and 'local process = require "process"\n' .. PRELUDE or PRELUDE
  return { child.run(prelude .. script, url or "", ...) }
end

describe("a process that drops its transfers", function()
  -- In another process: after a large heap the collector would not run again for
  -- as many bytes.
  it("does not pile them up", function()
    assert.same({ 0, "" }, run([[
      local pool, most = core.pool(), 0
      for _ = 1, 5000 do
        open(pool)
        most = math.max(most, pool:count())
      end
      assert(most < 300, most)
      collectgarbage() collectgarbage()
      assert(pool:count() == 0)
    ]], "http://127.0.0.1:1/"))
  end)

  it("leaves the collector alone while they are few", function()
    assert.same({ 0, "" }, run([[
      local pool, ballast = core.pool(), {}
      for i = 1, 5000 do ballast[i] = { i } end
      pcall(collectgarbage, "incremental")
      collectgarbage() collectgarbage()
      local seen = setmetatable({ {} }, { __mode = "v" })
      for _ = 1, 100 do open(pool):close() end
      assert(seen[1] and #ballast > 0, "it has come round")
    ]], "http://127.0.0.1:1/"))
  end)
end)

describe("a signal", function()
  it("ends a wait and breaks nothing", function()
    local silent = serve(SILENCE)
    local server = serve({ "sleep", 0.2 }, { "send", answer(200, {}, "ok") })
    assert.same({ 0, "ok" }, run([[
      local pool = core.pool()
      open(pool)
      process.interrupt(0.05)
      local moved, why
      repeat moved, why = pool:wait(60) until not moved
      assert(why == "interrupted", why)
      local transfer = open(pool, { url = select(2, ...) })
      while not transfer:done() do pool:wait() end
      io.write(transfer:body())
    ]], silent.url, server.url))
  end)
end)

describe("the end of the state", function()
  local SETUP = [[
    local pool = core.pool()
    local transfer = open(pool, { events = true })
    move_for(pool, 0.15)
  ]]
  local orders = {
    ["pool first"] = [[
      pool = nil
      collectgarbage() collectgarbage()
      assert(transfer:failure() == "pool")
      transfer = nil
      collectgarbage() collectgarbage()
    ]],
    ["transfer first"] = [[
      transfer = nil
      collectgarbage() collectgarbage()
      assert(pool:count() == 0)
      pool = nil
      collectgarbage() collectgarbage()
    ]],
    ["both at once"] = "",
    ["both closed by hand, twice"] = [[
      transfer:close() pool:close() transfer:close() pool:close()
    ]],
    ["the pool closed, the transfer left"] = "pool:close()",
    ["more transfers than one"] = [[
      keep = { transfer }
      for i = 1, 50 do keep[i + 1] = open(pool) end
      pool:step()
    ]],
    ["a transfer made after all others are gone"] = [[
      transfer:close()
      open(pool) open(pool):discard(1)
    ]],
    ["a name being looked up"] = [[
      other = open(pool, { url = "http://a.invalid/" })
      pool:step() pool:step()
    ]],
    ["both in a coroutine that never ends"] = [[
      keep = coroutine.wrap(function(p, t)
        coroutine.yield()
        return p, t
      end)
      keep(pool, transfer)
      pool, transfer = nil, nil
    ]],
    ["os.exit"] = "os.exit(0)",
    ["os.exit, the state closed"] = "os.exit(0, true)",
  }
  for name, order in pairs(orders) do
    it("is survived with " .. name, function()
      local server = support.serve { default = { { "request" },
        { "send", STREAM .. EVENT }, SILENCE } }
      assert.same({ 0, "" }, run(SETUP .. order, server.url))
      assert.is_true(server:wait_for(function()
        return server:connections().open == 0
      end))
    end)
  end
end)

describe("a forked child", function()
  -- The child uses every handle, then ends as Lua ends.
  local FORK = [[
    local pool = core.pool()
    local transfer = open(pool, { events = true, ca_file = select(2, ...),
      timeouts = { first = 60, idle = 60 } })
    local begun, content = core.now()
    repeat
      pool:wait(1)
      content = content or transfer:next()
    until content or transfer:done()
    assert(content == "x", transfer:failure())
    assert(pool:is_mine())
    local child = process.fork()
    if child == 0 then
      assert(not pool:is_mine())
      local moved, why = pool:step()
      assert(not moved and why == "opened by another process, before a fork")
      moved, why = pool:open { method = "GET", url = "http://127.0.0.1:1/" }
      assert(not moved and why == "opened by another process, before a fork")
      pool:wake()
      pool:alarm(core.now())
      transfer:cancel()
      assert(transfer:done() and transfer:failure() == "pool")
      for _ = 1, 3 do assert(not transfer:next()) end
      transfer:discard(1)
      local own = core.pool()
      if select(3, ...) then
        local other = open(own, { url = select(3, ...) })
        while not other:done() do own:wait(1) end
        assert(other:body() == "ok", other:failure())
      end
      if select(4, ...) == "close" then
        pool:close()
        assert(not transfer:next())
        transfer:close()
      end
      os.exit(0, true)
    end
    assert(process.wait(child) == 0)
    local from, turns = os.clock(), 0
    local count, event
    local more = 0
    repeat
      content, event = transfer:next()
      if content then more = more + 1
      elseif event == "pending" then pool:wait(60) turns = turns + 1 end
    until event ~= "pending" and not content
    assert(os.clock() - from < 0.3 and turns < 200, turns)
    io.write(more, " ", event, " ", tostring(transfer:failure()))
  ]]

  it("does not wake its parent", function()
    assert.same({ 0, "" }, run [[
      local pool = core.pool()
      local child = process.fork()
      if child == 0 then
        pool:wake()
        pool:alarm(core.now())
        process.exit(0)
      end
      assert(process.wait(child) == 0)
      local from = core.now()
      pool:wait(0.1)
      assert(core.now() - from >= 0.1)
    ]])
  end)

  for _, how in ipairs { "close", "leave" } do
    it("does not disturb its parent's stream: " .. how, function()
      local server = serve({ "send", STREAM .. EVENT },
        { "repeat", 10, { { "sleep", 0.1 }, { "send", EVENT } } }, { "close" })
      local plain = serve({ "send", answer(200, {}, "ok") })
      assert.same({ 0, "10 end nil" },
        run(FORK, server.url, "''", plain.url, how))
    end)

    it("does not disturb its parent's TLS stream: " .. how, function()
      local certificate = require "support.certificate"
      local ca = certificate.authority(support.tempdir())
      local pair = certificate.server(ca)
      local server = support.serve { default = { { "tls", pair.cert, pair.key },
        { "request" }, { "send", STREAM .. EVENT },
        { "repeat", 5, { { "sleep", 0.1 }, { "send", EVENT } } }, { "close" } } }
      local plain = serve({ "send", answer(200, {}, "ok") })
      assert.same({ 0, "5 end nil" }, run(FORK,
        server.url:gsub("^http", "https"), ca.cert, plain.url, how))
    end)
  end
end)
