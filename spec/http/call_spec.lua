local certificate = require "support.certificate"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local join = support.join

local CALL = "POST /llmage/v1/chat/completions"
local KEY = "sk-s3cret/Key+0="
local LONG = 10 -- seconds a server may wait for the client to close
local OK = scripted.answer(200, {}, '{"content":"fine"}')
local EVENTS = scripted.answer(200, {}, 'data: {"content":"fine"}\n\n'
  .. "data: [DONE]\n\n")
local MODELS = scripted.answer(200, {}, '{"data":[{"id":"a"}]}')

local function client_at(url, options)
  options = options or {}
  options.base_url, options.api_key = url, KEY
  return yuanjing.new(options)
end

-- The ways to spend money: each returns the whole text, or nil and an error.
local BILLABLE = {
  ["a plain chat"] = function(client, prompt)
    local reply, err = client:chat { prompt = prompt or "x" }
    return reply and reply.content, err
  end,
  ["a streamed chat"] = function(client, prompt)
    local stream, err = client:chat { prompt = prompt or "x", stream = true }
    if not stream then return nil, err end
    local reply
    reply, err = stream:finish()
    return reply and reply.content, err
  end,
  ["any POST"] = function(client, prompt)
    local answer, err = client:request { json = { prompt = prompt or "x" },
      path = "/llmage/v1/chat/completions" }
    return answer and (answer.json and answer.json.content or "fine"), err
  end,
}

-- A successful answer for any of these calls.
local function fine(name)
  return name == "a streamed chat" and EVENTS or OK
end

-- All fields of an error but its hint and message. Without the fields of
-- outcome_spec.
local function fields(err)
  local copy = support.fields(err)
  copy.hint, copy.message = nil, nil
  copy.time, copy.model, copy.digest = nil, nil, nil
  return copy
end

local function methods_seen(server)
  local seen = {}
  for i, request in ipairs(server:requests()) do seen[i] = request.method end
  return table.concat(seen, " ")
end

-- A URL of this machine without a server.
local function nobody()
  local server = support.serve {}
  server:stop()
  return server.url
end

-- The types and attempts of events, and the events.
local function recorder()
  local events, short = {}, {}
  return function(event)
    events[#events + 1] = event
    short[#short + 1] = ("%s %d"):format(event.type, event.attempt)
  end, events, short
end

-- At most once -------------------------------------------------------------

local LARGE = ("x"):rep(600000) -- more than the sockets' buffers take at first

-- What the server does with the second request of a connection, and which
-- requests it has seen by then.
local DEATHS = {
  ["closed after the request"] = { { { "request" }, { "close" } }, "POST POST" },
  ["reset after the request"] = { { { "request" }, { "reset" } }, "POST POST" },
  ["closed before the request is read"] = {
    { { "read", 1 }, { "close" } }, "POST" },
  ["reset before the request is read"] = {
    { { "read", 1 }, { "reset" } }, "POST" },
  ["closed after the request's head"] = { { { "head" }, { "close" } },
    "POST POST" },
  ["reset within the request's body"] = {
    { { "head" }, { "read", 300000 }, { "reset" } }, "POST POST" },
}

-- Any later connection would get an answer, so that a second try would be
-- noticed.
local function dying(first, death, name)
  return support.serve { connections = { join(first, death) },
    default = { { "request" }, { "send", fine(name) } } }
end

-- libcurl may have opened another connection by the time we stop it.
local function assert_once(server, methods)
  assert.equal(methods, methods_seen(server))
  local other = server:connections().list[2]
  assert.equal(0, other and other.received or 0)
end

local UNKNOWN = { kind = "outcome_unknown", call = CALL, attempts = 1,
  retryable = false }

describe("a request that costs money", function()
  after_each(support.clean)

  for name, call in pairs(BILLABLE) do
    for death, case in pairs(DEATHS) do
      it(("is sent once: %s on a connection used before, %s")
        :format(name, death), function()
          local server = dying({ { "request" }, { "send", fine(name) } },
            case[1], name)
          local client = client_at(server.url)
          assert.equal("fine", call(client))
          local text, err = call(client, LARGE)
          assert.is_nil(text)
          assert.same(UNKNOWN, fields(err))
          assert_once(server, case[2])
        end)

      it(("is sent once: %s on a new connection, %s"):format(name, death),
        function()
          local server = dying({}, case[1], name)
          local text, err = call(client_at(server.url), LARGE)
          assert.is_nil(text)
          assert.same(UNKNOWN, fields(err))
          assert_once(server, case[2]:sub(6))
        end)
    end

    it(("is not sent again when its answer breaks off: %s"):format(name),
      function()
        for _, part in ipairs { 10, #OK - 1 } do
          local server = dying({ { "request" } },
            { { "send", OK:sub(1, part) }, { "reset" } }, name)
          local text, err = call(client_at(server.url))
          assert.is_nil(text)
          assert.equal(part == 10 and "outcome_unknown" or "truncated", err.kind)
          assert.same({ 1, false }, { err.attempts, err.retryable })
          assert.equal("POST", methods_seen(server))
        end
      end)

    for status, headers in pairs { [429] = { ["Retry-After"] = "0" },
      [503] = { ["Retry-After"] = "0" } } do
      it(("is sent again after a clear refusal, %d: %s"):format(status, name),
        function()
          local refusal = scripted.answer(status, headers, '{"error":"later"}')
          local server = support.serve { default = {
            { "request" }, { "send", refusal }, { "request" },
            { "send", refusal }, { "request" }, { "send", fine(name) },
          } }
          local on_event, _, short = recorder()
          assert.equal("fine", call(client_at(server.url,
            { on_event = on_event })))
          assert.equal("POST POST POST", methods_seen(server))
          assert.same({ "request 1", "error 1", "retry 1", "request 2",
            "error 2", "retry 2", "request 3", "response 3",
            name == "a streamed chat" and "end 3" or nil }, short)
        end)
    end

    it(("is refused for good after all retries: %s"):format(name), function()
      local server = support.serve { default = { { "repeat", 9, {
        { "request" }, { "send", scripted.answer(429, { ["Retry-After"] = "0" },
          '{"error":"later"}') } } } } }
      local text, err = call(client_at(server.url, { retries = 1 }))
      assert.is_nil(text)
      assert.same({ kind = "rate_limit", status = 429, attempts = 2,
        retryable = true, retry_after = 0, call = CALL,
        body = '{"error":"later"}' }, fields(err))
      assert.equal("POST POST", methods_seen(server))
    end)

    for why, answer in pairs {
      ["503 alone"] = scripted.answer(503, {}, "busy"),
      ["500"] = scripted.answer(500, { ["Retry-After"] = "0" }, "oops"),
      ["502"] = scripted.answer(502, {}, "<html>"),
      ["the balance"] = scripted.answer(429, {},
        '{"error":"Insufficient balance"}'),
      ["the balance, with Retry-After"] = scripted.answer(429,
        { ["Retry-After"] = "0" }, '{"error":"Insufficient balance"}'),
      ["an error in a 200"] = scripted.answer(200, {},
        '{"error":"rate limit"}'),
    } do
      it(("is not sent again after %s: %s"):format(why, name), function()
        local server = support.serve { default = { { "repeat", 9, {
          { "request" }, { "send", answer } } } } }
        local text, err = call(client_at(server.url))
        assert.is_nil(text)
        assert.same({ 1, false }, { err.attempts, err.retryable })
        assert.equal("POST", methods_seen(server))
      end)
    end
  end

  it("is tried again when there is no connection, so often", function()
    local on_event, events, short = recorder()
    local client = client_at(nobody(), { on_event = on_event, retries = 2 })
    local took, reply, err = support.timed(client.chat, client, { prompt = "x" })
    assert.is_nil(reply)
    assert.same({ kind = "transport", attempts = 3, retryable = true,
      call = CALL }, fields(err))
    assert.same({ "request 1", "error 1", "retry 1", "request 2", "error 2",
      "retry 2", "request 3", "error 3" }, short)
    local waited = events[3].delay + events[6].delay
    assert.truthy(events[3].delay >= 0.375 and events[3].delay <= 0.5)
    assert.truthy(events[6].delay >= 0.75 and events[6].delay <= 1)
    assert.truthy(took >= waited and took < waited + support.SOON, took)
    assert.equal(events[8].error, err)
  end)

  it("is not tried again without retries", function()
    for name, call in pairs(BILLABLE) do
      local text, err = call(client_at(nobody(), { retries = 0 }))
      assert.is_nil(text)
      assert.same({ kind = "transport", attempts = 1, retryable = true,
        call = CALL }, fields(err), name)
    end
  end)
end)

describe("a request that costs nothing", function()
  after_each(support.clean)

  it("is sent again after a reset and after half a body", function()
    local server = support.serve { connections = {
      { { "request" }, { "reset" } },
      { { "request" }, { "send", MODELS:sub(1, -3) }, { "reset" } },
      { { "request" }, { "send", MODELS } },
    } }
    local on_event, events = recorder()
    local list = assert(client_at(server.url, { on_event = on_event }):models())
    assert.equal("a", list[1])
    assert.equal("GET GET GET", methods_seen(server))
    assert.same({ "transport", "truncated" },
      { events[2].error.kind, events[5].error.kind })
    assert.same({ 200, MODELS:match("{.*$"):sub(1, -3) },
      { events[5].error.status, events[5].error.body })
  end)

  it("is sent again after a 500", function()
    local server = support.serve { default = {
      { "request" }, { "send", scripted.answer(500, {}, "oops") },
      { "request" }, { "send", MODELS },
    } }
    assert.equal("a", assert(client_at(server.url):models())[1])
    assert.equal("GET GET", methods_seen(server))
  end)

  it("is sent again after a time limit", function()
    local server = support.serve { connections = {
      { { "request" }, { "wait_close", LONG } },
      { { "request" }, { "send", MODELS } },
    } }
    assert.equal("a", assert(client_at(server.url, { timeout = { first = 0.6 } })
      :models())[1])
  end)

  it("fails after all retries", function()
    local server = support.serve { default = { { "request" }, { "close" } } }
    local list, err = client_at(server.url, { retries = 1 }):models()
    assert.is_nil(list)
    assert.same({ kind = "transport", attempts = 2, retryable = true,
      call = "GET /llmage/v1/models" }, fields(err))
    assert.equal("GET GET", methods_seen(server))
  end)

  it("is not sent again after a clear no", function()
    for _, status in ipairs { 400, 401, 403, 404, 413, 429 } do
      local server = support.serve { default = { { "repeat", 9, {
        { "request" }, { "send", scripted.answer(status, {}, "no") } } } } }
      local list, err = client_at(server.url):models()
      assert.is_nil(list)
      assert.same({ status, 1, false }, { err.status, err.attempts,
        err.retryable })
      assert.equal("GET", methods_seen(server))
      server:stop()
    end
  end)

  it("does not notice that a connection used before has died", function()
    local server = support.serve { connections = {
      { { "request" }, { "send", MODELS }, { "request" }, { "close" } },
    }, default = { { "request" }, { "send", MODELS } } }
    local on_event, _, short = recorder()
    local client = client_at(server.url, { on_event = on_event, retries = 0 })
    assert.equal("a", assert(client:models())[1])
    assert.equal("a", assert(client:models())[1])
    assert.same({ "request 1", "response 1", "request 1", "response 1" }, short)
  end)
end)

-- Retry-After --------------------------------------------------------------

local function refusing(headers, status)
  return support.serve { default = { { "repeat", 9, { { "request" },
    { "send", scripted.answer(status or 429, headers, '{"error":"later"}') },
    { "request" }, { "send", OK } } } } }
end

describe("Retry-After", function()
  after_each(support.clean)

  it("is waited for", function()
    local server = refusing { ["Retry-After"] = "1" }
    local on_event, events = recorder()
    local client = client_at(server.url, { on_event = on_event })
    local reply, err = client:chat { prompt = "x" }
    assert.is_nil(err)
    assert.equal("fine", reply.content)
    assert.same({ 1, 1 }, { events[3].delay, events[3].error.retry_after })
    local requests = server:requests()
    local took = requests[2].at - requests[1].at
    assert.truthy(took >= 1 and took < support.SOON, took)
  end)

  for name, case in pairs {
    ["in seconds"] = { { ["Retry-After"] = "3600" }, 3600 },
    ["just above the most"] = { { ["Retry-After"] = "61" }, 61 },
    ["as a date"] = { { Date = "Sun, 06 Nov 1994 08:49:37 GMT",
      ["Retry-After"] = "Sun, 06 Nov 1994 09:49:37 GMT" }, 3600 },
    ["as an old date"] = { { Date = "Sun, 06 Nov 1994 08:49:37 GMT",
      ["Retry-After"] = "Sunday, 06-Nov-94 09:49:37 GMT" }, 3600 },
  } do
    it("that is too long is returned at once: " .. name, function()
      for _, status in ipairs { 429, 503 } do
        local server = refusing(case[1], status)
        local took, reply, err = support.timed(function()
          return client_at(server.url):chat { prompt = "x" }
        end)
        assert.is_nil(reply)
        assert.same({ kind = status == 429 and "rate_limit" or "server",
          status = status, attempts = 1, retryable = true,
          retry_after = case[2], call = CALL, body = '{"error":"later"}' },
          fields(err))
        assert.truthy(took < support.SOON, took)
        assert.equal("POST", methods_seen(server))
        server:stop()
      end
    end)
  end

  it("that is a date is waited for, too", function()
    local server = refusing { Date = "Sun, 06 Nov 1994 08:49:37 GMT",
      ["Retry-After"] = "Sun, 06 Nov 1994 08:49:37 GMT" }
    assert.equal("fine", assert(client_at(server.url)
      :chat { prompt = "x" }).content)
    assert.equal("POST POST", methods_seen(server))
  end)

  it("that does not fit into the total timeout is returned at once", function()
    local server = refusing { ["Retry-After"] = "57" }
    local took, reply, err = support.timed(function()
      return client_at(server.url, { timeout = 56 }):chat { prompt = "x" }
    end)
    assert.is_nil(reply)
    assert.same({ "rate_limit", 1, 57 }, { err.kind, err.attempts,
      err.retry_after })
    assert.truthy(took < support.SOON, took)
    assert.equal("POST", methods_seen(server))
  end)
end)

-- Limits -------------------------------------------------------------------

local HEAD = scripted.answer(200, {})
local SOME = 'data: {"content":"so "}\n\ndata: {"content":"far"}\n\n'
local SILENCE = { "wait_close", LONG }
local COMMENTS = { "repeat", 99, { { "send", ": ping\n\n" },
  { "sleep", 0.05 } } }
local DRIP = { "repeat", 999, { { "send", 'data: {"content":"a"}\n\n' },
  { "sleep", 0.05 } } }
local FIRST = "nothing came within the first limit"
local NO_HEAD = "no answer within the first limit"
local IDLE = "nothing more came within the idle limit"
local TOTAL = "not finished within the total limit"

local PLAIN, STREAM = BILLABLE["a plain chat"], BILLABLE["a streamed chat"]
local function GET(client) return client:models() end

-- name, call, timeouts, steps after the request, the error
local STALLS = {
  { "no head for a plain chat", PLAIN, { first = 0.5 }, { SILENCE },
    { kind = "outcome_unknown", message = NO_HEAD } },
  { "no head for a stream", STREAM, { first = 0.5 }, { SILENCE },
    { kind = "outcome_unknown", message = NO_HEAD } },
  { "no head for a GET", GET, { first = 0.5 }, { SILENCE },
    { kind = "timeout", message = NO_HEAD, retryable = true,
      call = "GET /llmage/v1/models" } },
  { "half a head", PLAIN, { first = 0.5 }, { { "send", HEAD:sub(1, -3) },
    SILENCE }, { kind = "timeout", message = NO_HEAD } },
  { "no body for a plain chat", PLAIN, { first = 0.5 }, { { "send", HEAD },
    SILENCE }, { kind = "timeout", message = FIRST, status = 200, body = "" } },
  { "no event for a stream", STREAM, { first = 2 }, { { "send", HEAD },
    SILENCE }, { kind = "timeout", message = FIRST, status = 200,
    partial = "" } },
  { "comments alone for a stream", STREAM, { first = 2 },
    { { "send", HEAD }, COMMENTS }, { kind = "timeout", message = FIRST,
    status = 200, partial = "" } },
  { "half a plain body", PLAIN, { idle = 0.5 }, { { "send", HEAD ..
    '{"content":"half' }, SILENCE }, { kind = "timeout", message = IDLE,
    status = 200, body = '{"content":"half' } },
  { "half a stream", STREAM, { idle = 0.5 }, { { "send", HEAD .. SOME },
    SILENCE }, { kind = "timeout", message = IDLE, status = 200,
    partial = "so far" } },
  { "half an event", STREAM, { idle = 0.5 }, { { "send", HEAD .. SOME
    .. 'data: {"content":' }, SILENCE }, { kind = "timeout", message = IDLE,
    status = 200, partial = "so far" } },
  { "half a stream and comments", STREAM, { idle = 0.5 },
    { { "send", HEAD .. SOME }, COMMENTS }, { kind = "timeout",
    message = IDLE, status = 200, partial = "so far" } },
  { "no head in all", PLAIN, { total = 2 }, { SILENCE },
    { kind = "outcome_unknown", message = TOTAL } },
  { "no end of a plain body", PLAIN, { total = 2 }, { { "send", HEAD },
    { "repeat", 999, { { "send", " " }, { "sleep", 0.05 } } } },
    { kind = "timeout", message = TOTAL, status = 200 } },
  { "no end of a stream", STREAM, { total = 2 }, { { "send", HEAD }, DRIP },
    { kind = "timeout", message = TOTAL, status = 200 } },
  { "no head for a GET in all", GET, { total = 2 }, { SILENCE },
    { kind = "timeout", message = TOTAL, retryable = true,
      call = "GET /llmage/v1/models" } },
}

describe("a limit", function()
  after_each(support.clean)

  for _, case in ipairs(STALLS) do
    it("ends a call with " .. case[1], function()
      local server = support.serve { default = join({ { "request" } }, case[4]) }
      local client = client_at(server.url, { timeout = case[3],
        retries = case[3].total and 2 or 0 })
      local took, result, err = support.timed(case[2], client)
      assert.is_nil(result)
      assert.truthy(took >= 0.19 and took < support.SOON, took)
      local got = fields(err)
      got.message = err.message:gsub(" %(it left at .*", "")
      if case[3].total and got.status then -- as much as arrived in time
        local text = got.partial or got.body
        assert.truthy(#text >= 2 and #text < 999, text)
        got.partial, got.body = nil, nil
      end
      local want = { call = CALL, attempts = 1, retryable = false }
      for name, value in pairs(case[5]) do want[name] = value end
      assert.same(want, got)
      assert.equal(1, #server:requests())
      local closed = server:wait_for(function()
        return server:connections().open == 0
      end)
      assert.truthy(closed)
    end)
  end

  it("for the connection counts until TLS is there, and nothing was sent",
    function()
      local server = support.serve { default = { SILENCE } }
      local url = server.url:gsub("http", "https")
      for _, call in ipairs { PLAIN, STREAM } do
        local took, text, err = support.timed(call, client_at(url,
          { timeout = { connect = 0.2 }, retries = 0 }))
        assert.is_nil(text)
        assert.same({ kind = "timeout", code = "no_connection", attempts = 1,
          retryable = true, call = CALL }, fields(err))
        assert.truthy(took >= 0.19 and took < support.SOON, took)
      end
      local _, err = PLAIN(client_at(url, { timeout = { connect = 0.1 },
        retries = 1 }))
      assert.same({ "timeout", 2, "no connection within the connect limit" },
        { err.kind, err.attempts, err.message })
    end)

  it("has a default, which knows a stream from a plain answer", function()
    local loop, timeouts = require("yuanjing.runtime.loop"), {}
    local open = loop.open
    finally(function() loop.open = open end)
    loop.open = function(wire)
      timeouts[#timeouts + 1] = wire.timeouts
      return nil, "not now", "invalid_request"
    end
    for _, timeout in ipairs { {}, { first = 1, idle = 2, total = 3 } } do
      local client = client_at("http://127.0.0.1:1", { timeout = timeout })
      PLAIN(client)
      STREAM(client)
    end
    assert.truthy(timeouts[1].total > 599 and timeouts[1].total <= 600)
    timeouts[1].total = 600
    for n = 3, 4 do
      assert.truthy(timeouts[n].total > 2.9 and timeouts[n].total <= 3)
      timeouts[n].total = 3
    end
    assert.same({
      { connect = 10, head = 120, idle = 60, total = 600 },
      { connect = 10, head = 120, first = 120, idle = 60 },
      { connect = 10, head = 1, first = 1, idle = 2, total = 3 },
      { connect = 10, head = 1, first = 1, idle = 2, total = 3 },
    }, timeouts)
  end)

  it("for the first byte bounds a plain answer's head alone unless it is given",
    function()
      local server = support.serve { default = { { "request" }, { "send", HEAD },
        { "sleep", 0.4 }, { "send", '{"content":"late"}' } } }
      local reply, err = client_at(server.url, { timeout = { idle = 0.1 } })
        :chat { prompt = "x" }
      assert.is_nil(err)
      assert.equal("late", reply.content)
    end)

  it("for the total is a number, too, and bounds streams then", function()
    local server = support.serve { default = { { "request" },
      { "send", HEAD }, DRIP } }
    local took, text, err = support.timed(STREAM, client_at(server.url,
      { timeout = 0.2 }))
    assert.is_nil(text)
    assert.same({ "timeout", TOTAL }, { err.kind, err.message })
    assert.truthy(took < support.SOON, took)
  end)

  it("between events is not the time of the whole", function()
    local server = support.serve { default = { { "request" }, { "send", HEAD },
      { "repeat", 18, { { "send", 'data: {"content":"a"}\n\n' },
        { "sleep", 0.25 } } }, { "send", "data: [DONE]\n\n" } } }
    assert.equal(("a"):rep(18), STREAM(client_at(server.url,
      { timeout = { idle = 4, first = 4 } })))
  end)
end)

-- Redirects and the wire ---------------------------------------------------

describe("a redirect", function()
  after_each(support.clean)

  local KINDS = { [301] = "platform", [302] = "platform", [307] = "platform",
    [308] = "platform" }

  for status, kind in pairs(KINDS) do
    it(("is never followed: %d"):format(status), function()
      local other = support.serve { default = { { "request" }, { "send", OK } } }
      for name, call in pairs { PLAIN = PLAIN, STREAM = STREAM, GET = GET } do
        local server = support.serve { default = { { "repeat", 9, {
          { "request" }, { "send", scripted.answer(status,
            { Location = other.url .. "/x?key=" .. KEY }, "moved") } } } } }
        local result, err = call(client_at(server.url))
        assert.is_nil(result, name)
        assert.same({ kind = kind, status = status, attempts = 1, body = "moved",
          retryable = false, call = name == "GET" and "GET /llmage/v1/models"
          or CALL }, fields(err))
        assert.equal(("the answer is a redirect to 127.0.0.1:%d, "
          .. "which is never followed"):format(other.port), err.message)
        assert.equal(1, #server:requests())
        server:stop()
      end
      assert.equal(0, other:connections().opened)
    end)
  end

  it("on the same host is not followed either", function()
    local server = support.serve { routes = {
      ["/llmage/v1/models"] = { { "send", scripted.answer(301,
        { Location = "/other" }, "") } },
      ["/other"] = { { "send", MODELS } },
    } }
    local list, err = client_at(server.url):models()
    assert.is_nil(list)
    assert.equal(301, err.status)
    assert.equal(1, #server:requests())
  end)
end)

describe("an answer", function()
  after_each(support.clean)

  it("has as many bytes as max_body says, and no more", function()
    local body = '{"content":"' .. ("x"):rep(2000) .. '"}'
    local server = support.serve { default = { { "request" },
      { "send", scripted.answer(200, { Connection = "close" }, body) } } }
    local function ask(most)
      return client_at(server.url, { max_body = most }):chat { prompt = "x" }
    end
    assert.equal(2000, #assert(ask(#body)).content)
    local reply, err = ask(#body - 1)
    assert.is_nil(reply)
    assert.equal("decode", err.kind)
    assert.equal("POST POST", methods_seen(server))
    assert.truthy(tostring(err):find("max_body", 1, true), tostring(err))
  end)

  it("has no such limit as a stream", function()
    local server = support.serve { default = { { "request" },
      { "send", EVENTS } } }
    local stream = assert(client_at(server.url, { max_body = 1 }):chat {
      prompt = "x", stream = true })
    assert.equal("fine", assert(stream:finish()).content)
  end)
end)

describe("on the wire", function()
  after_each(support.clean)

  local function headers_sent(options, prompt)
    local server = support.serve { default = { { "request" }, { "send", OK } } }
    assert(client_at(server.url, options):chat { prompt = prompt or "x" })
    local request = server:requests()[1]
    return request.headers, request, server
  end

  it("there are these headers and no others", function()
    local headers, request, server = headers_sent()
    assert.same({ host = "127.0.0.1:" .. server.port, accept = "*/*",
      authorization = "Bearer " .. KEY, ["content-type"] = "application/json",
      ["user-agent"] = "yuanjing-lua/" .. yuanjing.version,
      ["content-length"] = tostring(request.body_length) }, headers)
  end)

  it("the user's own headers go along", function()
    local headers = headers_sent { user_agent = "mine/1 (你)", headers = {
      ["X-One"] = "a: b", ["x-empty"] = "", Accept = "text/x" } }
    assert.same({ "mine/1 (你)", "a: b", "", "text/x" }, { headers["user-agent"],
      headers["x-one"], headers["x-empty"], headers.accept })
  end)

  local function headers_read(lines)
    local server = support.serve { default = { { "request" }, { "send",
      "HTTP/1.1 200 OK\r\n" .. lines .. "Content-Length: 2\r\n\r\n{}" } } }
    local response, err = client_at(server.url, { retries = 0 }):request {
      method = "GET", path = "/x" }
    return response and response.headers, err
  end

  it("a head is read whatever ends its lines", function()
    local seen = assert(headers_read "X-A: one\nX-C:\r\nx-c:\t3\r\n")
    assert.same({ "one", ", 3", "2" }, { seen["x-a"], seen["x-c"],
      seen["content-length"] })
  end)

  it("a carriage return inside a line begins no header", function()
    local seen, err = headers_read "X-A: one\rX-B: two \r\n"
    if support.has_libcurl(8, 21) then -- which reads no such head
      assert.equal("truncated", err.kind)
      assert.truthy(err.message:find("Carriage return found", 1, true))
    else
      assert.equal("one X-B: two ", assert(seen)["x-a"])
      assert.is_nil(seen["x-b"])
    end
  end)

  it("a large prompt does not wait for a 100", function()
    local headers, request = headers_sent(nil, ("x"):rep(2 * 1024 * 1024))
    assert.is_nil(headers.expect)
    assert.truthy(request.body_length > 2 * 1024 * 1024)
  end)

  it("no cookie comes back", function()
    local answer = scripted.answer(200, { ["Set-Cookie"] = "session=1; Path=/" },
      '{"content":"fine"}')
    local server = support.serve { default = { { "repeat", 9, {
      { "request" }, { "send", answer } } } } }
    local client = client_at(server.url)
    assert(client:chat { prompt = "x" })
    assert(client:chat { prompt = "x" })
    assert(client_at(server.url):chat { prompt = "x" })
    for _, request in ipairs(server:requests()) do
      assert.is_nil(request.headers.cookie)
    end
    assert.equal(3, #server:requests())
  end)

  it("one connection serves one call after the other", function()
    local server = support.serve { default = {
      { "request" }, { "send", OK }, { "request" }, { "send", OK },
      { "request" }, { "send", EVENTS }, { "request" }, { "send", EVENTS },
      { "request" }, { "send", scripted.answer(400, {}, "no") },
      { "request" }, { "send", scripted.answer(200,
        { ["Transfer-Encoding"] = "chunked" }, scripted.chunked {
          'data: {"content":"fi', 'ne"}\n\ndata: [DONE]', "\n\n" }) },
      { "request" }, { "send", MODELS },
    } }
    local client = client_at(server.url)
    assert.equal("fine", PLAIN(client))
    assert.equal("fine", PLAIN(client))
    assert.equal("fine", STREAM(client))
    assert.equal("fine", STREAM(client))
    assert.is_nil((PLAIN(client)))
    assert.equal("fine", STREAM(client))
    assert(client:models())
    assert.same({ 1, 7 }, { server:connections().opened, #server:requests() })
  end)

  it("a connection serves other clients of the same host", function()
    local server = support.serve { default = { { "repeat", 9, {
      { "request" }, { "send", OK } } } } }
    assert.equal("fine", PLAIN(client_at(server.url)))
    assert.equal("fine", PLAIN(client_at(server.url)))
    assert.equal(1, server:connections().opened)
  end)

  it("a proxy gets the request", function()
    local proxy = support.serve { default = { { "request" }, { "send", OK } } }
    assert.equal("fine", PLAIN(client_at("http://platform.invalid/a",
      { proxy = proxy.url })))
    local request = proxy:requests()[1]
    assert.equal("http://platform.invalid/a/llmage/v1/chat/completions",
      request.path)
  end)

  it("a proxy's password is no part of an error", function()
    local url = nobody():gsub("//", "//me:hunter2@")
    local reply, err = client_at("http://platform.invalid",
      { proxy = url, retries = 0 }):chat { prompt = "x" }
    assert.is_nil(reply)
    assert.same({ "transport", 1 }, { err.kind, err.attempts })
    assert.is_nil(tostring(err):find("hunter2", 1, true))
  end)
end)

-- Secrets ------------------------------------------------------------------

-- Where the key, or half of it, is in a value; nil: nowhere.
local function key_in(value, name)
  return support.find_text("s3cret", value, name)
end

local ECHOES = {
  ["in JSON"] = scripted.answer(401, {}, '{"error":"bad key ' .. KEY .. '"}'),
  ["in JSON, escaped"] = scripted.answer(401, {},
    '{"error":{"message":"bad key sk-s3cret\\/Key+0=","code":"' .. KEY .. '"}}'),
  ["in a plain text"] = scripted.answer(403, {}, "no: Bearer " .. KEY),
  ["in HTML"] = scripted.answer(502, {}, "<title>for " .. KEY .. "</title>"),
  ["in a redirect"] = scripted.answer(302, { Location = "http://"
    .. "127.0.0.1:1/?key=" .. KEY }, "see ?key=sk-s3cret%2FKey%2B0%3D"),
  ["in a redirect's host"] = scripted.answer(302, { Location = "http://x:"
    .. "sk-s3cret%2FKey%2B0%3D@127.0.0.1:1/" }, ""),
  ["with status 200"] = scripted.answer(200, {}, '{"status":"error","data":'
    .. '{"message":"key ' .. KEY .. '"}}'),
  ["in events"] = scripted.answer(200, {}, 'data: {"error":"key ' .. KEY
    .. '"}\n\ndata: [DONE]\n\n'),
  ["in an event that is no JSON"] = scripted.answer(200, {}, 'data: {"x":"'
    .. KEY .. '"]\n\ndata: [DONE]\n\n'),
  ["at the place where the body is cut"] = scripted.answer(500, {},
    ("x"):rep(2035) .. KEY .. ("x"):rep(100)),
  ["in half a body"] = scripted.answer(200, { ["Content-Length"] = "999" },
    '{"content":"' .. KEY),
}

describe("the key", function()
  after_each(support.clean)

  for name, answer in pairs(ECHOES) do
    it("is in no error and in no event when it is echoed " .. name, function()
      local server = support.serve { default = {
        { "request" }, { "send", answer }, { "close" } } }
      for _, call in ipairs { PLAIN, STREAM } do
        local on_event, events = recorder()
        local text, err = call(client_at(server.url, { on_event = on_event,
          retries = 0 }))
        assert.is_nil(text)
        assert.is_nil(key_in(support.fields(err), "err"))
        assert.is_nil(key_in(tostring(err)))
        assert.is_nil(key_in(events, "events"))
        assert.truthy(#events >= 2)
        for _, event in ipairs(events) do
          assert.is_nil(key_in(tostring(event.error)))
        end
      end
    end)
  end

  it("is in no event of a good call, nor in what prints", function()
    local server = support.serve { default = { { "repeat", 9, {
      { "request" }, { "send", EVENTS } } } } }
    local on_event, events = recorder()
    local client = client_at(server.url, { on_event = on_event })
    local stream = assert(client:chat { prompt = "x", stream = true })
    assert.is_nil(key_in(tostring(client)))
    assert.is_nil(key_in(tostring(stream)))
    assert(stream:finish())
    assert.is_nil(key_in(events))
    assert.is_true(events[2].steps.answer > 0)
    for _, event in ipairs(events) do event.elapsed, event.steps = nil, nil end
    assert.same({
      { type = "request", call = CALL, attempt = 1, url = server.url
        .. "/llmage/v1/chat/completions" },
      { type = "response", call = CALL, attempt = 1, status = 200 },
      { type = "end", call = CALL, attempt = 1, status = 200 },
    }, events)
  end)

  it("does not get out through on_event, which may raise", function()
    local server = support.serve { default = { { "request" }, { "send", OK } } }
    assert.equal("fine", PLAIN(client_at(server.url,
      { on_event = function() error("mine") end })))
  end)
end)

-- TLS ----------------------------------------------------------------------

describe("TLS", function()
  local folder, authority, stop

  setup(function()
    folder = support.output("mktemp -d")
    authority = certificate.authority(folder)
  end)
  teardown(function() os.execute("rm -rf '" .. folder .. "'") end)
  after_each(function()
    if stop then stop() end
    stop = nil
  end)

  local function url_of(options)
    local url
    url, stop = certificate.serve_models(authority, certificate.server(authority, options))
    return url
  end

  local function assert_refused(url, ca_file)
    local client = client_at(url, { ca_file = ca_file })
    for _, call in ipairs { GET, PLAIN, STREAM } do
      local result, err = call(client)
      assert.is_nil(result)
      assert.same({ kind = "transport", attempts = 1, retryable = false,
        step = "tls", call = call == GET and "GET /llmage/v1/models" or CALL },
        fields(err))
      assert.truthy(err.message:find("certificate", 1, true), err.message)
      assert.truthy(err.hint:find("ca_file", 1, true), err.hint)
    end
  end

  it("works with a certificate that ca_file vouches for", function()
    local client = client_at(url_of(), { ca_file = authority.cert })
    assert.equal("a", assert(client:models())[1])
  end)

  it("refuses an unknown certificate, at once", function()
    assert_refused(url_of())
  end)

  it("refuses a certificate of another host", function()
    assert_refused(url_of { name = "wrong", alt = "DNS:elsewhere.invalid" },
      authority.cert)
  end)

  it("refuses a certificate that has expired", function()
    assert_refused(url_of { name = "expired", expired = true }, authority.cert)
  end)

  it("refuses a ca_file that is not there", function()
    local result, err = client_at(url_of(), { ca_file = folder .. "/none" })
      :models()
    assert.is_nil(result)
    assert.same({ "transport", 1, false }, { err.kind, err.attempts,
      err.retryable })
    assert.truthy(err.hint:find("check ca_file", 1, true), err.hint)
  end)
end)
