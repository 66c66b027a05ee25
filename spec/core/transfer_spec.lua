-- One exchange over the C core: bytes, limits and time.
local certificate = require "support.certificate"
local child = require "support.child"
local core = require "yuanjing.core"
local scripted = require "support.scripted"
local support = require "support"
local transfers = require "support.transfers"

local answer = scripted.answer
local unpack = table.unpack or unpack
local STREAM = answer(200, { ["Connection"] = "close" })
local SILENCE = { "wait_close", 120 }

local it, serve = transfers.it, transfers.serve

local pool

local function open(url, options)
  return transfers.open(pool, url, options)
end

local function move_until(predicate)
  return transfers.move_until(pool, predicate)
end

local function settle(server, count) transfers.settle(pool, server, count) end

local function move_for(seconds) transfers.move_for(pool, seconds) end

local function finish(transfer) return transfers.finish(pool, transfer) end

local function fetch(url, options) return finish(open(url, options)) end

-- failure() without the message: fault, curl's code, sent, answered.
local function fault(transfer)
  local name, message, code, sent, answered = transfer:failure()
  if name then assert.is_true(#message > 0) end
  return { name, code, sent, answered }
end

-- Reads all texts of a stream. Returns its last event.
local function read_all(transfer, texts)
  texts = texts or {}
  local event
  move_until(function()
    local content
    repeat
      content, event = transfer:next()
      texts[#texts + 1] = content
    until not content
    return event ~= "pending"
  end)
  return texts, event
end

local function event_of(text) return 'data: {"content":"' .. text .. '"}\n' end

before_each(function() pool = assert(core.pool()) end)

after_each(function()
  pool:close()
  pool = nil
  transfers.clean()
end)

describe("a request", function()
  local ALL = {}
  for i = 0, 255 do ALL[#ALL + 1] = string.char(i) end
  ALL = table.concat(ALL):rep(3)

  it("arrives with its method, its headers and its very bytes", function()
    local server = support.serve { routes = {},
      default = { { "send", answer(200, {}, "ok") } } }
    local cases = {
      { "GET" }, { "POST", ALL }, { "POST", "" }, { "POST" }, { "DELETE" },
      { "PUT", ALL }, { "PATCH", "x" }, { "DELETE", "x" }, { "GET", "x" },
    }
    for _, case in ipairs(cases) do
      local transfer = fetch(server.url .. "/p?q=1", { method = case[1],
        body = case[2], headers = { "X-One: eins", "Expect:" } })
      assert.same({}, fault(transfer))
      assert.equal("ok", transfer:body())
    end
    local requests = server:requests()
    assert.equal(#cases, #requests)
    for i, case in ipairs(cases) do
      local request = requests[i]
      assert.same({ case[1], "/p?q=1", true, "eins" }, { request.method,
        request.path, request.body == (case[2] or ""),
        request.headers["x-one"] })
      local length = request.headers["content-length"]
      local has_body = case[2] or case[1] == "POST"
      assert.equal(has_body and tostring(#(case[2] or "")) or nil, length)
      assert.is_nil(request.headers["transfer-encoding"])
    end
  end)

  it("HEAD has a head and no body", function()
    local server = support.serve { default = {
      { "request" }, { "send", answer(200, { ["Content-Length"] = "9" }) },
      { "request" }, { "send", answer(200, {}, "again") } } }
    local transfer = fetch(server.url, { method = "HEAD" })
    assert.same({ {}, 200, "" },
      { fault(transfer), transfer:status(), transfer:body() })
    assert.equal("again", fetch(server.url):body())
    assert.equal(1, server:connections().opened)
  end)

  it("of many megabytes arrives whole", function()
    local server = serve { "send", answer(200, {}, "ok") }
    local transfer = fetch(server.url, { method = "POST", body = ALL:rep(9000),
      headers = { "Expect:" } })
    assert.same({}, fault(transfer))
    local request = server:requests()[1]
    assert.same({ #ALL * 9000, true }, { request.body_length,
      request.body == ALL:rep(9000):sub(1, #request.body) })
  end)
end)

describe("the head", function()
  it("is the last one's, without what stands before and behind", function()
    local server = serve({ "send", "HTTP/1.1 100 Continue\r\nX-A: no\r\n\r\n" },
      { "gate", "head" },
      { "send", "HTTP/1.1 201 Created\r\nX-B: b\r\n"
        .. "Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n" },
      { "gate", "rest" },
      { "send", "2\r\nok\r\n0\r\nX-T: t\r\nHTTP/1.1 500 x: y\r\n\r\n" })
    local transfer = open(server.url)
    assert.same({ nil, "" }, { transfer:status(), transfer:head() })
    assert.is_true(move_until(function() return transfer:head() ~= "" end))
    assert.is_nil(transfer:status())
    server:open "head"
    assert.is_true(move_until(function() return transfer:status() end) and true)
    assert.is_false(transfer:done())
    server:open "rest"
    finish(transfer)
    assert.same({ 201, "ok", {} },
      { transfer:status(), transfer:body(), fault(transfer) })
    assert.equal("HTTP/1.1 201 Created\r\nX-B: b\r\n"
      .. "Transfer-Encoding: chunked\r\nTrailer: X-T\r\n", transfer:head())
  end)

  it("is read where the status line is written oddly", function()
    local server = serve { "send",
      "HTTP/1.1  200\r\nContent-Length: 2\r\n\r\nok" }
    local transfer = fetch(server.url)
    assert.same(support.has_libcurl(8, 14)
      and { nil, "", { "curl", 1, true, false } } or { 200, "ok", {} },
      { transfer:status(), transfer:body(), fault(transfer) })
  end)

  it("of a second answer within one exchange replaces the first", function()
    -- libcurl itself repeats a request whose Expect is refused
    local again = { { "request" },
      { "send", answer(200, { ["X-B"] = "b" }, "ok") } }
    local server = support.serve { connections = { { { "head" },
      { "send", answer(417, { ["X-A"] = "no" }, "never") }, again[1], again[2],
    }, again } }
    local transfer = fetch(server.url, { method = "POST", body = "x",
      headers = { "Expect: 100-continue" } })
    assert.same({ 200, "ok", {} },
      { transfer:status(), transfer:body(), fault(transfer) })
    assert.equal("HTTP/1.1 200 OK\r\nX-B: b\r\nContent-Length: 2\r\n",
      transfer:head())
  end)

  it("that never comes is a failure, whatever came instead", function()
    local switch = serve({ "send", "HTTP/1.1 101 Switching Protocols\r\n\r\n"
      .. "whatever" }, { "close" })
    local transfer = fetch(switch.url)
    assert.is_nil(transfer:status())
    assert.same({ "curl", 8, true, false }, fault(transfer))
    local early = serve({ "send", "HTTP/1.1 100 Continue\r\n\r\n" }, { "close" })
    local name, _, _, sent, answered = fetch(early.url):failure()
    assert.same({ "curl", true, false }, { name, sent, answered })
  end)
end)

describe("a plain body", function()
  it("comes whole", function()
    local server = support.serve { routes = {
      ["/length"] = { { "send",
        answer(200, { ["Content-Length"] = "3000000" }) },
        { "fill", "0123456789", 300000 } },
      ["/close"] = { { "send", STREAM }, { "fill", "0123456789", 300000 },
        { "close" } },
      ["/chunked"] = { { "split", answer(200,
        { ["Transfer-Encoding"] = "chunked" },
        scripted.chunked { "a\0b", "\r\n", "c" }), "each" } },
    } }
    local want = ("0123456789"):rep(300000)
    for _, path in ipairs { "/length", "/close" } do
      local transfer = fetch(server.url .. path)
      assert.same({}, fault(transfer))
      assert.is_true(transfer:body() == want)
    end
    assert.equal("a\0b\r\nc", fetch(server.url .. "/chunked"):body())
  end)

  it("is bounded, to the byte", function()
    local server = support.serve { routes = {
      ["/length"] = { { "send", answer(200, {}, ("x"):rep(40000)) } },
      ["/close"] = { { "send", STREAM .. ("x"):rep(40000) }, { "close" } },
    } }
    for _, path in ipairs { "/length", "/close" } do
      local transfer = fetch(server.url .. path, { max_body = 40000 })
      assert.same({ {}, 40000 }, { fault(transfer), #transfer:body() })
      transfer = fetch(server.url .. path, { max_body = 39999 })
      assert.equal("too_large", (transfer:failure()))
      assert.is_true(#transfer:body() <= 39999)
    end
  end)

  it("is what a stream's refusal has", function()
    local server = serve { "send", answer(429, {}, event_of("no")) }
    local transfer = fetch(server.url, { events = true })
    assert.same({ 429, event_of("no") },
      { transfer:status(), transfer:body() })
    assert.same({ nil, "end" }, { transfer:next() })
  end)
end)

describe("failure()", function()
  it("tells how far a broken exchange had come", function()
    local head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    local cases = {
      { "a reset", { { "reset" } }, { "curl", 56, true, false } },
      { "an early close", { { "close" } }, { "curl", 52, true, false } },
      { "half a head", { { "send", head:sub(1, 30) }, { "reset" } },
        { "curl", 56, true, true } },
      { "half a body", { { "send", head .. "12345" } },
        { "curl", 18, true, true } },
      { "garbage", { { "send", "garbage\r\n\r\n" } },
        { "curl", 1, true, false } },
      { "a reset in the body", { { "send", head .. "12345" },
        { "sleep", 0.1 }, { "reset" } }, { "curl", 56, true, true } },
    }
    for _, case in ipairs(cases) do
      local transfer = fetch(serve(unpack(case[2])).url, { once = true })
      local got = fault(transfer)
      -- libcurl notices a reset in a write or in a read
      if got[2] == 55 then got[2] = 56 end
      assert.same({ case[1], case[3] }, { case[1], got })
    end
  end)

  it("knows that a refused connection took nothing", function()
    local server = support.serve { default = { { "close" } } }
    server:stop()
    assert.same({ "curl", 7, false, false }, fault(fetch(server.url)))
  end)

  it("tells that a file became shorter while it was sent", function()
    local server = support.serve { default = { { "head" }, SILENCE } }
    local path = support.write(support.tempdir() .. "/shrinks",
      ("x"):rep(100000))
    local transfer = open(server.url, { method = "POST", body = { path = path },
      headers = { "Expect:" } })
    support.write(path, "x")
    local name, message, _, sent, answered = finish(transfer):failure()
    assert.same({ "file", "a file became shorter while it was sent", true,
      false }, { name, message, sent, answered })
  end)

  it("is told of a head that never ends", function()
    local server = serve({ "send", "HTTP/1.1 200 OK\r\n" },
      { "fill", "X-Long: " .. ("x"):rep(990) .. "\r\n", 400 })
    local name, _, _, sent, answered = fetch(server.url):failure()
    assert.same({ "too_large", true, true }, { name, sent, answered })
  end)

  it("is nil as long as all is well", function()
    local transfer = open(serve({ "send", answer(200, {}, "ok") }).url)
    assert.is_nil(transfer:failure())
    assert.is_nil(finish(transfer):failure())
    transfer:close()
    assert.is_nil(transfer:failure())
  end)
end)

describe("a limit", function()
  local SHORT = 0.3

  -- The fault, after a check that it came soon after the limit.
  local function expire(transfer)
    local took = support.timed(finish, transfer)
    assert.is_true(took >= SHORT - 0.02 and took < support.SOON, took)
    return fault(transfer)
  end

  it("on connecting covers the TLS handshake", function()
    local server = support.serve { default = { SILENCE } }
    local transfer = open(server.url:gsub("^http", "https"),
      { timeouts = { connect = SHORT, head = 60, total = 60 } })
    assert.same({ "connect_timeout", 42, false, false }, expire(transfer))
  end)

  it("on the head starts with the request", function()
    local server = serve({ "send", "HTTP/1.1 100 Continue\r\n\r\n" }, SILENCE)
    local transfer = open(server.url,
      { timeouts = { connect = 60, head = SHORT, first = 60 } })
    assert.same({ "head_timeout", 42, true, false }, expire(transfer))
  end)

  it("on the first event or byte lasts beyond the head", function()
    local server = serve({ "send", STREAM }, { "sleep", 0.1 },
      { "send", ": ping\n\n" }, SILENCE)
    local plain = serve({ "send", STREAM }, SILENCE)
    for _, one in ipairs { server, plain } do
      local from = core.now()
      local transfer = open(one.url, { method = "POST", body = "x",
        timeouts = { head = SHORT / 2, first = SHORT, idle = 60 },
        events = one == server })
      transfers.go_away(pool, transfer, one)
      finish(transfer)
      assert.is_true(core.now() - from >= SHORT - 0.02)
      assert.same({ "first_timeout", 42, true, true }, fault(transfer))
    end
  end)

  it("on idling counts events, not comments", function()
    local server = serve({ "send", STREAM .. event_of("a") },
      { "repeat", 100, { { "sleep", 0.05 }, { "send", ": ping\n\n" } } })
    local transfer = open(server.url,
      { timeouts = { first = 60, idle = SHORT }, events = true })
    local from = core.now()
    local texts, event = read_all(transfer)
    local took = core.now() - from
    assert.is_true(took >= SHORT and took < support.SOON, took)
    assert.same({ { "a" }, "end" }, { texts, event })
    assert.equal("idle_timeout", (transfer:failure()))
  end)

  it("on idling lets a body drip that never stops", function()
    local PAUSE, IDLE = 0.25, 4 -- far apart: the server may be slow
    local server = serve({ "send", STREAM },
      { "repeat", 20, { { "sleep", PAUSE }, { "send", "x" } } }, SILENCE)
    local transfer = open(server.url, { timeouts = { first = 60, idle = IDLE } })
    local took = support.timed(finish, transfer)
    assert.is_true(took > 20 * PAUSE + IDLE - 0.1, took)
    assert.same({ "idle_timeout", 42, true, true }, fault(transfer))
    assert.equal(("x"):rep(20), transfer:body())
  end)

  it("on it all ends what goes on", function()
    local server = serve({ "send", STREAM },
      { "repeat", 5000, { { "sleep", 0.05 }, { "send", event_of("x") } } })
    local TOTAL = 3
    local transfer = open(server.url, { events = true,
      timeouts = { idle = 60, total = TOTAL } })
    local from = core.now()
    local texts = read_all(transfer)
    assert.is_true(#texts > 1 and core.now() - from < support.SOON)
    assert.equal("total_timeout", (transfer:failure()))
  end)

  it("does not touch an answer in time", function()
    local server = serve({ "send", answer(200, {}, "ok") }, SILENCE)
    local LIMIT = 4
    local transfer = open(server.url, { timeouts = { connect = LIMIT,
      head = LIMIT, first = LIMIT, idle = LIMIT, total = LIMIT } })
    assert.same({}, fault(finish(transfer)))
    move_for(LIMIT)
    assert.same({}, fault(transfer))
  end)

  it("does not fail a reader for being slow", function()
    local server = serve({ "send", STREAM .. event_of("a") .. event_of("b") },
      { "gate", "c" }, { "send", event_of("c") }, { "close" })
    local transfer = open(server.url, { events = true, method = "POST",
      body = "x", timeouts = { first = SHORT, idle = SHORT } })
    transfers.go_away(pool, transfer, server)
    move_for(SHORT * 2)
    assert.equal("a", (transfer:next()))
    move_for(SHORT * 2)
    server:open "c"
    move_until(function() return server:connections().closed == 1 end)
    assert.equal("b", (transfer:next()))
    assert.same({ { "c" }, "end" }, { read_all(transfer) })
    assert.is_nil(transfer:failure())
  end)

  it("does not fail a reader that was away all the time", function()
    local server = serve({ "sleep", 0.15 },
      { "send", STREAM .. event_of("a") }, SILENCE)
    local transfer = open(server.url, { events = true, method = "POST",
      body = "x", timeouts = { first = SHORT, idle = SHORT } })
    transfers.go_away(pool, transfer, server)
    support.sleep(SHORT * 2)  -- nobody steps
    local content
    move_until(function()
      content = content or transfer:next()
      return content or transfer:done()
    end)
    assert.equal("a", content)
  end)

  it("holds again once the slow reader has read all", function()
    local server = serve({ "send", STREAM .. event_of("a") }, SILENCE)
    local transfer = open(server.url, { events = true, method = "POST",
      body = "x", timeouts = { first = SHORT, idle = SHORT } })
    transfers.go_away(pool, transfer, server)
    move_for(SHORT * 2)
    assert.equal("a", (transfer:next()))
    move_for(SHORT * 2)
    local from = core.now()
    assert.same({ {}, "end" }, { read_all(transfer) })
    local took = core.now() - from
    assert.is_true(took >= SHORT - 0.02 and took < support.SOON, took)
    assert.equal("idle_timeout", (transfer:failure()))
  end)

  it("does not count the time the sender is held", function()
    local long = ("x"):rep(12000000)
    local server = serve({ "send", STREAM }, { "send", event_of(long) },
      { "close" })
    local LIMIT = 4
    local transfer = open(server.url, { events = true,
      timeouts = { first = LIMIT, idle = LIMIT } })
    move_for(LIMIT + 0.3)
    local texts, event = read_all(transfer)
    assert.same({ "end", 1 }, { event, #texts })
    assert.is_nil(transfer:failure())
    assert.is_true(texts[1] == long)
  end)
end)

describe("a body that is held", function()
  local IDLE = 4 -- seconds in which any server goes on

  -- All that read() brings until the end.
  local function read_body(transfer)
    local parts = {}
    while true do
      local bytes = transfer:read()
      parts[#parts + 1] = bytes
      if not bytes and transfer:done() then return table.concat(parts), #parts end
      if not bytes then pool:wait(0.05) end
    end
  end

  it("is read as it comes", function()
    local server = serve({ "send", STREAM .. "ab" }, { "gate", "more" },
      { "send", "cd" }, { "close" })
    local transfer = open(server.url, { hold = true })
    assert.is_nil(transfer:read())
    local first
    move_until(function()
      first = transfer:read()
      return first
    end)
    server:open "more"
    assert.same({ "ab", "cd", 1 }, { first, read_body(transfer) })
    assert.same({ {}, 200 }, { fault(transfer), transfer:status() })
    assert.is_nil(transfer:read())
  end)

  it("holds its sender while nobody reads, and the limits with it", function()
    local server = serve({ "send", STREAM }, { "fill", ("x"):rep(65536), 200 },
      { "sleep", 0.1 }, { "close" })
    local transfer = open(server.url, { hold = true,
      timeouts = { first = 60, idle = IDLE } })
    move_until(function() return transfer:status() end)
    local count = 0
    for _, pause in ipairs { 0.4, IDLE + 0.3, 0.4 } do
      local most = 0
      move_for(pause)
      local bytes = transfer:read()
      while bytes do
        count, most = count + #bytes, math.max(most, #bytes)
        bytes = count < 4e6 and transfer:read()
      end
      assert.is_true(most < 600000, most)
    end
    local rest = read_body(transfer)
    assert.same({ {}, 200 * 65536 }, { fault(transfer), count + #rest })
  end)

  it("waits only so long for a sender that is silent while it is read",
    function()
      local server = serve({ "send", STREAM .. "ab" }, SILENCE)
      local transfer = open(server.url, { hold = true,
        timeouts = { first = 60, idle = 0.3 } })
      move_until(function() return transfer:status() end)
      assert.equal("ab", (read_body(transfer)))
      assert.equal("idle_timeout", (transfer:failure()))
    end)

  it("goes to a file or to a reader, not to both", function()
    local server = serve({ "send", STREAM .. "ab" }, { "close" })
    local transfer = open(server.url)
    assert.is_truthy(select(2, transfer:read()))
    transfer = open(server.url, { hold = true })
    local path = support.tempdir() .. "/file"
    assert.is_true(transfer:save(assert(core.part(path)), 0))
    assert.is_truthy(select(2, transfer:read()))
    finish(transfer)
    transfer:close()
    assert.has_error(function() transfer:read() end)
  end)

  it("waits for its file, and the limits with it", function()
    local server = serve({ "send", STREAM .. "ab" }, { "gate", "more" },
      { "send", "cd" }, { "close" })
    local transfer = open(server.url, { hold = true, method = "POST",
      body = "x", timeouts = { first = 0.3, idle = IDLE } })
    transfers.go_away(pool, transfer, server)
    move_for(IDLE + 0.3)
    assert.same({ 200, 0, "" },
      { transfer:status(), transfer:saved(), transfer:body() })
    local path = support.tempdir() .. "/file"
    assert.is_true(transfer:save(assert(core.part(path)), 0))
    server:open "more"
    finish(transfer)
    assert.same({ {}, "abcd", 4 },
      { fault(transfer), support.read(path), transfer:saved() })
  end)

  it("may stall no longer than any other, once it has its file", function()
    local server = serve({ "send", STREAM .. "ab" }, SILENCE)
    local transfer = open(server.url, { hold = true, method = "POST",
      body = "x", timeouts = { first = 0.3, idle = 0.3 } })
    transfers.go_away(pool, transfer, server)
    move_for(0.6)
    local path = support.tempdir() .. "/file"
    assert.is_true(transfer:save(assert(core.part(path)), 0))
    local took = support.timed(finish, transfer)
    assert.is_true(took > 0.2 and took < support.SOON, took)
    assert.same({ "idle_timeout", "ab" },
      { (transfer:failure()), support.read(path) })
  end)
end)

describe("the address of a host", function()
  local function ask(server, options)
    local transfer = open(server.url, options)
    finish(transfer)
    return transfer
  end

  it("is looked at where its port is told", function()
    local server = serve({ "send", STREAM }, { "close" })
    assert.is_false(ask(server, {}):is_private())
    assert.is_true(ask(server, { peer_port = tonumber(server.port) })
      :is_private())
    assert.is_false(ask(server, { peer_port = 1 }):is_private())
  end)

  it("is sent nothing where only a public one will do", function()
    local server = serve({ "send", STREAM }, { "close" })
    local port = tonumber(server.port)
    local transfer = ask(server, { peer_port = port, only_public = true })
    assert.same({ "address", false },
      { (transfer:failure()), (select(4, transfer:failure())) })
    assert.equal(0, #server:requests())
    -- a connection to another port than the URL's leads to a proxy
    assert.is_nil(ask(server, { peer_port = port + 1, only_public = true })
      :failure())
  end)
end)

describe("a connection that dies when it is used again", function()
  local function dying()
    return support.serve { connections = {
      { { "request" }, { "send", answer(200, {}, "one") }, { "request" },
        { "close" } },
      { { "request" }, { "send", answer(200, {}, "two") } },
    } }
  end

  it("costs a harmless request a second try", function()
    local server = dying()
    assert.equal("one", fetch(server.url):body())
    local transfer = fetch(server.url)
    assert.same({ 200, "two", {} },
      { transfer:status(), transfer:body(), fault(transfer) })
    assert.equal(3, #server:requests())
  end)

  it("costs a billable one its outcome, never a second charge", function()
    local server = dying()
    local options = { method = "POST", body = "x", once = true }
    assert.equal("one", fetch(server.url, options):body())
    local transfer = fetch(server.url, options)
    assert.same({ "resend", 42, true, false }, fault(transfer))
    assert.equal(2, #server:requests())
  end)
end)

-- libcurl 7.88 checks only whether an idle connection was closed. Bytes that a
-- server sent there would be read as the answer to the next request.
describe("a connection on which more came than was asked for", function()
  local LATE = answer(200, {}, "not for you")
  local BIG = answer(200, {}, ("x"):rep(70000))
  local CHUNKED = answer(200, { ["Transfer-Encoding"] = "chunked" },
    scripted.chunked { "one" })
  local after = {
    ["another answer, later"] = { { "send", answer(200, {}, "one") },
      { "sleep", 0.05 }, { "send", LATE } },
    ["another answer behind a chunked one, later"] = { { "send", CHUNKED },
      { "sleep", 0.05 }, { "send", LATE } },
    ["another answer, in one go with the first"] = { { "send", BIG .. LATE } },
    ["a byte"] = { { "send", answer(200, {}, "one") }, { "sleep", 0.05 },
      { "send", "x" } },
  }

  local function is_one_left(server)
    return server:connections().opened == 2 and server:connections().open == 1
  end

  local function check(steps, pair, authority)
    local first = { { "request" } }
    for _, step in ipairs(steps) do first[#first + 1] = step end
    first[#first + 1] = SILENCE
    local second = { { "request" }, { "send", answer(200, {}, "two") }, SILENCE }
    if pair then
      local tls = { "tls", pair.cert, pair.key }
      table.insert(first, 1, tls)
      table.insert(second, 1, tls)
    end
    local server = support.serve { connections = { first, second } }
    local url = pair and server.url:gsub("^http", "https") or server.url
    local options = { method = "POST", body = "y", once = true,
      ca_file = authority and authority.cert }
    fetch(url, options)
    server:wait_for(function() return #server:events "waiting" == 1 end)
    local transfer = fetch(url, options)
    assert.same({ "two", {} }, { transfer:body(), fault(transfer) })
    assert.equal("y", server:requests()[2].body)
    assert.equal(2, #server:requests())
    assert.is_true(server:wait_for(is_one_left))
  end

  for what, steps in pairs(after) do
    it("serves no more: " .. what, function() check(steps) end)

    it("serves no more, over TLS: " .. what, function()
      local authority = certificate.authority(support.tempdir())
      check(steps, certificate.server(authority), authority)
    end)
  end

  local function check_quiet(first_step, scheme, options)
    local steps = { { "repeat", 3, { { "request" }, { "sleep", 0.1 },
      { "send", BIG } } }, SILENCE }
    if first_step then table.insert(steps, 1, first_step) end
    local server = support.serve { default = steps }
    local url = server.url:gsub("^http", scheme)
    for _ = 1, 3 do
      local list = {}
      for n = 1, 3 do list[n] = open(url, options) end
      for n = 1, 3 do finish(list[n]) end
    end
    assert.same({ 9, 3 },
      { #server:requests(), server:connections().opened })
  end

  it("is told from those that are quiet", function()
    check_quiet(nil, "http")
  end)

  it("is told from those that are quiet, over TLS", function()
    local authority = certificate.authority(support.tempdir())
    local pair = certificate.server(authority)
    check_quiet({ "tls", pair.cert, pair.key }, "https",
      { ca_file = authority.cert })
  end)
end)

describe("without a descriptor left", function()
  -- The result of a request with so few descriptors.
  local function said_with(left, url)
    local path = support.write(support.tempdir() .. "/script.lua", ([[
      package.cpath = %q
      local core = require "yuanjing.core"
      local pool, held = core.pool(), {}
      while true do
        local file = io.open("/dev/null")
        if not file then break end
        held[#held + 1] = file
      end
      for _ = 1, %d do table.remove(held):close() end
      local transfer = pool:open { method = "GET", url = %q, proxy = "" }
      while not transfer:done() do pool:wait(0.1) end
      print(select(2, transfer:failure())) ]]):format(package.cpath, left, url))
    return support.output(("ulimit -n 64; timeout 120 %s %s 2>&1"):format(
      child.interpreter(), path))
  end

  it("says so", function()
    local url = serve({ "send", answer(200, {}, "x") }).url
    assert.truthy(said_with(0, url):find("too many open files (ulimit -n)", 1,
      true))
    assert.equal("", said_with(5, url))
  end)
end)

describe("cancel()", function()
  local function is_closed(server)
    return server:connections().opened > 0 and server:connections().open == 0
  end

  it("ends an exchange at once; what came stays readable", function()
    local server = serve({ "send", STREAM .. event_of("a") .. event_of("b")
      .. 'data: {"con' }, SILENCE)
    local transfer = open(server.url, { events = true })
    transfer:subscribe(transfer)
    settle(server)
    assert.equal("a", (transfer:next()))
    while pool:ready() do end
    transfer:cancel()
    assert.is_true(transfer:done())
    assert.same({ "cancelled", 42, true, true }, fault(transfer))
    assert.same({ 200, 0 }, { transfer:status(), pool:count() })
    assert.equal(transfer, pool:ready())
    assert.is_nil(pool:ready())
    assert.equal("b", (transfer:next()))
    assert.same({ nil, "cut", '{"con' }, { transfer:next() })
    assert.is_true(server:wait_for(is_closed))
  end)

  it("keeps a body as far as it came", function()
    local server = serve({ "send", answer(200, { ["Content-Length"] = "9" })
      .. "abc" }, SILENCE)
    local transfer = open(server.url)
    settle(server)
    transfer:cancel()
    assert.same({ "abc", "cancelled" },
      { transfer:body(), (transfer:failure()) })
    assert.is_truthy(transfer:head():find("Content-Length: 9", 1, true))
  end)

  it("before anything has left sends nothing", function()
    local server = serve({ "send", answer(200, {}, "ok") })
    local transfer = open(server.url, { method = "POST", body = "x",
      once = true })
    transfer:cancel()
    assert.same({ "cancelled", 42, false, false }, fault(transfer))
    move_for(0.1)
    assert.equal(0, #server:requests())
  end)

  it("breaks off an upload", function()
    local server = support.serve { default = { { "head" }, { "gate", "read" },
      SILENCE } }
    local path = support.write(support.tempdir() .. "/big",
      ("x"):rep(8000000))
    local transfer = open(server.url, { method = "POST",
      headers = { "Expect:" }, body = { path = path } })
    move_until(function() return transfer:uploaded() > 0 end)
    transfer:cancel()
    server:open "read"
    local gone = transfer:uploaded()
    assert.is_true(gone > 0 and gone < 8000000, gone)
    assert.same({ "cancelled", 42, true, false }, fault(transfer))
    assert.is_true(server:wait_for(is_closed))
    assert.equal(gone, transfer:uploaded())
  end)

  it("breaks off what goes into a file", function()
    local server = serve({ "send", STREAM .. "abc" }, SILENCE)
    local path = support.tempdir() .. "/file"
    local transfer = open(server.url, { hold = true })
    settle(server)
    assert.is_true(transfer:save(assert(core.part(path)), 0))
    move_until(function() return transfer:saved() == 3 end)
    transfer:cancel()
    assert.same({ 3, "abc", "cancelled" },
      { transfer:saved(), support.read(path), (transfer:failure()) })
    assert.is_true(server:wait_for(is_closed))
  end)

  it("ends one whose sender is held", function()
    local server = serve({ "send", STREAM },
      { "fill", event_of(("x"):rep(1000)), 30000 })
    local transfer = open(server.url, { events = true })
    settle(server)
    transfer:cancel()
    local texts, event = read_all(transfer)
    assert.is_true(#texts > 100)
    assert.equal("cancelled", (transfer:failure()))
    assert.is_true(event == "cut" or event == "end", event)
    assert.is_true(server:wait_for(is_closed))
  end)

  it("again, or of what is over, changes nothing", function()
    local server = serve { "send", answer(200, {}, "ok") }
    local whole = fetch(server.url)
    whole:cancel()
    assert.same({ {}, "ok" }, { fault(whole), whole:body() })
    local failed = fetch(serve({ "close" }).url)
    local before = fault(failed)
    failed:cancel()
    assert.same(before, fault(failed))
    local twice = open(server.url)
    twice:cancel()
    twice:cancel()
    assert.equal("cancelled", (twice:failure()))
    twice:close()
    twice:cancel()
    assert.equal("cancelled", (twice:failure()))
    local closed = open(server.url)
    closed:close()
    closed:cancel()
    assert.equal("pool", (closed:failure()))
  end)

  it("is for transfers, of a pool that may be gone", function()
    local transfer = open(serve(SILENCE).url)
    assert.has_error(function() transfer.cancel(pool) end)
    pool:close()
    transfer:cancel()
    assert.equal("pool", (transfer:failure()))
  end)

  it("leaves the others alone", function()
    local server = serve({ "sleep", 0.1 }, { "send", answer(200, {}, "ok") })
    local one, other = open(server.url), open(server.url)
    move_for(0.02)
    one:cancel()
    assert.equal("ok", finish(other):body())
  end)
end)

describe("a proxy", function()
  it("is asked for what plain http wants", function()
    local proxy = serve({ "send", answer(200, {}, "ok") })
    local transfer = fetch("http://a.invalid/x", { proxy = proxy.url })
    assert.same({ "ok", {} }, { transfer:body(), fault(transfer) })
    assert.equal("http://a.invalid/x", proxy:requests()[1].path)
  end)

  -- libcurl reads the environment, which Lua can not change.
  it("that is given is asked whatever no_proxy says", function()
    for _, no_proxy in ipairs { "*", "a.invalid", ".invalid,b" } do
      local proxy = serve({ "send", answer(200, {}, "ok") })
      local script = support.write(support.tempdir() .. "/script.lua",
        ("package.path, package.cpath = %q, %q\n"):format(package.path,
          package.cpath) .. [[
          local pool = require("yuanjing.core").pool()
          local transfer = assert(pool:open { method = "GET",
            url = "http://a.invalid/x", proxy = ..., timeouts = { total = 60 } })
          while not transfer:done() do pool:wait(1) end
          io.write(transfer:body())
          transfer:close()]])
      assert.equal("ok", support.output(("no_proxy='%s' %s %s %s"):format(
        no_proxy, child.interpreter(), script, proxy.url)))
      assert.equal("http://a.invalid/x", proxy:requests()[1].path)
    end
  end)

  it("that refuses a tunnel has let nothing through", function()
    local proxy = serve({ "send", answer(407, {}, "who are you?") })
    local transfer = fetch("https://a.invalid/x",
      { proxy = proxy.url, method = "POST", body = "x", once = true })
    local name, _, _, sent, answered = transfer:failure()
    assert.same({ "curl", false, false, "", "" },
      { name, sent, answered, transfer:head(), transfer:body() })
    assert.is_nil(transfer:status())
    assert.equal("CONNECT", proxy:requests()[1].method)
  end)

  it("counts as connecting until the tunnel is there", function()
    local stuck = { serve(SILENCE), serve({ "send",
      "HTTP/1.1 200 Connection established\r\n\r\n" }, SILENCE) }
    for _, proxy in ipairs(stuck) do
      local transfer = open("https://a.invalid/x",
        { proxy = proxy.url, timeouts = { connect = 0.3, head = 60 } })
      local took = support.timed(finish, transfer)
      assert.is_true(took > 0.25 and took < support.SOON, took)
      assert.same({ "connect_timeout", 42, false, false }, fault(transfer))
    end
  end)
end)

describe("a slow reader", function()
  it("holds the sender, and reads all in the end", function()
    local text = ("x"):rep(1000)
    local server = serve({ "send", STREAM },
      { "fill", event_of(text), 30000 }, { "close" })
    local transfer = open(server.url, { events = true })
    settle(server)
    assert.is_true(server:connections().list[1].sent < 20e6)
    local texts, event = read_all(transfer)
    assert.same({ 30000, "end", {} }, { #texts, event, fault(transfer) })
    for _, got in ipairs(texts) do assert.is_true(got == text) end
  end)

  it("gets an event larger than what is held back", function()
    local text = ("x"):rep(1048576)
    local server = serve({ "send", STREAM .. event_of("a") },
      { "send", event_of(text) .. event_of("b") }, { "close" })
    local transfer = open(server.url, { events = true })
    move_for(0.3)
    local texts, event = read_all(transfer)
    assert.same({ "end", 3, "a", "b" }, { event, #texts, texts[1], texts[3] })
    assert.is_true(texts[2] == text)
  end)

  it("is told of one beyond max_event", function()
    local text = ("x"):rep(1048576)
    for _, bytes in ipairs { event_of(text), event_of(text):sub(1, -2) } do
      local server = serve({ "send", STREAM .. event_of("a") },
        { "send", bytes }, SILENCE)
      local transfer = open(server.url, { events = true, max_event = 65536 })
      local texts, event = read_all(transfer)
      assert.same({ { "a" }, "too_large" }, { texts, event })
      transfer:close()
    end
  end)
end)

-- With so many transfers libcurl's receive buffers are small: see request.c.
describe("a stream among many", function()
  local LONG = { "X-Long", ("h"):rep(9000) }
  local TEXTS = { "a", ("x"):rep(300000), "b", ("y"):rep(1024), "c" }

  local function check_among_many(scheme, options, ...)
    local idle = serve({ "send", STREAM }, SILENCE)
    local others = {}
    for i = 1, 70 do others[i] = open(idle.url, { events = true }) end
    local bytes = {}
    for i, text in ipairs(TEXTS) do bytes[i] = event_of(text) end
    local steps = { ... }
    steps[#steps + 1] = { "request" }
    steps[#steps + 1] = { "send",
      answer(200, { LONG, { "Connection", "close" } }) }
    steps[#steps + 1] = { "send", table.concat(bytes) }
    local server = support.serve { default = steps }
    options.events = true
    local transfer = open(server.url:gsub("^http:", scheme .. ":"), options)
    local texts, event = read_all(transfer)
    assert.same({ "end", {}, 200 },
      { event, fault(transfer), transfer:status() })
    assert.same(TEXTS, texts)
    assert.is_truthy(transfer:head():find(LONG[2], 1, true))
    for _, other in ipairs(others) do other:close() end
  end

  it("comes whole, with a long head and long events", function()
    check_among_many("http", {})
  end)

  it("comes whole over TLS", function()
    local authority = certificate.authority(support.tempdir())
    local pair = certificate.server(authority)
    check_among_many("https", { ca_file = authority.cert },
      { "tls", pair.cert, pair.key })
  end)
end)

describe("trim()", function()
  it("gives back the head once it is here, and the stream goes on", function()
    local server = serve({ "send", STREAM .. event_of("a") }, { "sleep", 0.1 },
      { "send", event_of("b") })
    local transfer = open(server.url, { events = true, method = "POST",
      body = "what is sent" })
    assert.equal(200, move_until(function() return transfer:status() end))
    assert.is_truthy(transfer:head():find("200 OK", 1, true))
    transfer:trim()
    transfer:trim()
    assert.equal("", transfer:head())
    local texts, event = read_all(transfer)
    assert.same({ { "a", "b" }, "end", {}, 200, 12 }, { texts, event,
      fault(transfer), transfer:status(), transfer:uploaded() })
    assert.equal("what is sent", server:requests()[1].body)
  end)

  it("changes nothing before the head is here", function()
    local server = serve { "send", STREAM }
    local transfer = open(server.url, { events = true,
      headers = { "X-Mine: 1" } })
    transfer:trim()
    finish(transfer)
    assert.equal("1", server:requests()[1].headers["x-mine"])
    assert.is_truthy(transfer:head():find("200 OK", 1, true))
  end)

  it("keeps what still goes out", function()
    local length = 8000000
    local server = support.serve { default = { { "head" },
      { "send", STREAM .. event_of("a") }, { "gate", "read" },
      { "read", length }, { "send", event_of("b") } } }
    local transfer = open(server.url, { events = true, method = "POST",
      headers = { "Expect:" }, body = ("x"):rep(length) })
    assert.equal(200, move_until(function() return transfer:status() end))
    assert.is_true(transfer:uploaded() < length)
    transfer:trim()
    server:open "read"
    local texts, event = read_all(transfer)
    assert.same({ { "a", "b" }, "end", {}, length },
      { texts, event, fault(transfer), transfer:uploaded() })
  end)
end)

describe("discard()", function()
  it("lets the connection serve again", function()
    local server = support.serve { connections = { {
      { "request" },
      { "send", answer(200, { ["Transfer-Encoding"] = "chunked" })
        .. scripted.chunk "data: [DONE]\n" },
      { "sleep", 0.1 }, { "send", scripted.chunk "" },
      { "request" }, { "send", answer(200, {}, "again") },
    } } }
    local transfer = open(server.url, { events = true })
    local _, event = read_all(transfer)
    assert.equal("done", event)
    assert.is_false(transfer:done())
    transfer:discard(60)
    assert.same({}, fault(finish(transfer)))
    assert.equal("again", fetch(server.url):body())
    assert.equal(1, server:connections().opened)
    transfer:close()
    transfer:discard(1)
  end)

  it("waits only so long, for a sender that was held as well", function()
    local server = serve({ "send", STREAM },
      { "fill", event_of(("x"):rep(1000)), 1e7 })
    local transfer = open(server.url, { events = true })
    settle(server)
    transfer:discard(0.2)
    local took = support.timed(finish, transfer)
    assert.is_true(took > 0.15 and took < support.SOON, took)
    assert.equal("total_timeout", (transfer:failure()))
  end)

  it("may wait for nothing at all", function()
    local transfer = open(serve(SILENCE).url)
    transfer:discard(0)
    assert.is_true(support.timed(finish, transfer) < support.SOON)
  end)
end)

describe("close()", function()
  local function closed_by_client(server)
    return server:wait_for(function()
      local connections = server:connections()
      return connections.opened > 0 and connections.open == 0
    end)
  end

  local AT_ONCE = 4 -- seconds; a name server that is silent takes five

  local function closes_at_once(transfer)
    assert.is_true(support.timed(transfer.close, transfer) < AT_ONCE)
    transfer:close()
    assert.is_true(transfer:done())
    assert.equal("", transfer:body())
    assert.same({ nil, "closed" }, { transfer:next() })
    assert.equal(0, pool:count())
  end

  it("before anything has left makes no connection", function()
    local server = serve(SILENCE)
    closes_at_once(open(server.url))
    move_for(0.1)
    assert.equal(0, server:connections().opened)
  end)

  it("does not wait for a name server", function()
    local transfer = open("http://a.invalid/")
    pool:step()
    pool:step()
    closes_at_once(transfer)
    transfer = open("http://b.invalid/")
    pool:step()
    assert.is_true(support.timed(pool.close, pool) < AT_ONCE)
    -- or the name server answered first: there is no such host
    local why, _, code = transfer:failure()
    assert.truthy(why == "pool" or code == 6, why)
  end)

  it("ends the connection at every stage", function()
    local stages = {
      waiting = { SILENCE },
      head = { { "send", "HTTP/1.1 200 OK\r\nX: " }, SILENCE },
      body = { { "send", STREAM .. event_of("a") }, SILENCE },
      held = { { "send", STREAM }, { "fill", event_of("a"), 1e7 } },
    }
    for name, steps in pairs(stages) do
      local server = serve(unpack(steps))
      local transfer = open(server.url, { events = true })
      settle(server)
      closes_at_once(transfer)
      assert.is_true(closed_by_client(server), name)
    end
  end)

  it("after the end keeps the connection", function()
    local server = support.serve { routes = {
      ["/"] = { { "send", answer(200, {}, "ok") } } } }
    closes_at_once(fetch(server.url .. "/"))
    closes_at_once(fetch(server.url .. "/"))
    assert.equal(1, server:connections().opened)
  end)

  it("comes from the collector as well", function()
    local server = serve(SILENCE)
    local transfer = open(server.url)
    settle(server)
    assert.is_false(transfer:done())
    transfer = nil -- luacheck: ignore transfer
    collectgarbage()
    collectgarbage()
    assert.is_true(closed_by_client(server))
    assert.equal(0, pool:count())
  end)

  it("may come after the pool's", function()
    local server = serve({ "send", STREAM .. event_of("a") }, SILENCE)
    local transfer = open(server.url, { events = true })
    settle(server)
    pool:close()
    assert.same({ "pool", 42, true, true }, fault(transfer))
    assert.equal("a", (transfer:next()))
    assert.same({ nil, "end" }, { transfer:next() })
    transfer:discard(1)
    transfer:close()
    transfer:close()
    assert.is_true(closed_by_client(server))
  end)
end)
