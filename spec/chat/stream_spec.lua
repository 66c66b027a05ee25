local scripted = require "support.scripted"
local streams = require "support.streams"
local support = require "support"
local yuanjing = require "yuanjing"

local HEAD = scripted.answer(200, { ["Content-Type"] = "text/html",
  ["Connection"] = "close" })
local PATH = "/llmage/v1/chat/completions"

local function client_at(url, options)
  options = options or {}
  options.base_url, options.api_key = url, "sk-test"
  return yuanjing.new(options)
end

-- Three ways to read a stream: the text, and the error if one came.
local READERS = {
  text = function(stream)
    local parts = {}
    local ok, err = pcall(function()
      for text in stream:text() do parts[#parts + 1] = text end
    end)
    return table.concat(parts), not ok and err or nil
  end,
  chunks = function(stream)
    local parts = {}
    local ok, err = pcall(function()
      for chunk in stream:chunks() do parts[#parts + 1] = chunk.content end
    end)
    return table.concat(parts), not ok and err or nil
  end,
  next = function(stream)
    local parts = {}
    local chunk, err
    repeat
      chunk, err = stream:next()
      parts[#parts + 1] = chunk and chunk.content
    until not chunk
    return table.concat(parts), err
  end,
}

-- A route for each way to split a case, each under its own base URL.
local function split_routes(bytes)
  local routes = {}
  for at = 0, math.max(#bytes - 1, 0) do
    routes[("/%d%s"):format(at, PATH)] = {
      { "send", HEAD }, { "split", bytes, { at }, 0.0005 }, { "close" },
    }
  end
  return routes
end

local function check_verdict(case, stream, text, err, where)
  assert.equal(case.text, text, where)
  assert.equal(case.kind, err and err.kind, where)
  if not case.kind then
    local reply = assert(stream:finish())
    assert.equal(case.text, reply.content, where)
    assert.equal("stop", reply.ended_by, where)
    return
  end
  assert.equal(case.text, err.partial, where)
  assert.equal(200, err.status, where)
  if case.message then assert.equal(case.message, err.message, where) end
  if case.task then assert.equal(case.task, err.task.id, where) end
  local again, same = stream:finish()
  assert.is_nil(again)
  assert.equal(err, same)
end

describe("a stream", function()
  after_each(function()
    support.clean()
    support.assert_freed()
  end)

  for _, case in ipairs(streams.cases) do
    it("that comes as " .. case.name .. " is read at every split", function()
      local server = support.serve { routes = split_routes(case.bytes) }
      for at = 0, math.max(#case.bytes - 1, 0) do
        for name, read in pairs(READERS) do
          local stream, err = client_at(server.url .. "/" .. at):chat {
            prompt = "x", stream = true }
          assert.is_nil(err)
          local text, problem = read(stream)
          check_verdict(case, stream, text, problem, name .. " at " .. at)
        end
      end
    end)
  end
end)

local function events(...)
  local parts = {}
  for i, text in ipairs { ... } do
    parts[i] = ('data: {"content":"%s"}\n\n'):format(text)
  end
  return table.concat(parts)
end

local LAST = 'data: {"id":"c-1","model":"m","choices":[],"finish":"1",'
  .. '"usage":{"total_tokens":7,"x":null}}\n\n'
local DONE = "data: [DONE]\n\n"
local LONG = 10 -- seconds a server may wait for the client to close

-- A stream whose answer the server sends in these steps.
local function stream_of(steps, options)
  local server = support.serve { default = {
    { "request" }, { "send", HEAD }, (table.unpack or unpack)(steps) } }
  return assert(client_at(server.url, options):chat {
    prompt = "x", stream = true }), server
end

local function whole()
  return stream_of { { "send", events("a", "b", "c") .. LAST .. DONE } }
end

local function unfinished()
  return stream_of { { "send", events("a", "b") }, { "wait_close", LONG } }
end

-- Seconds from `since` to the moment the server saw the client close.
local function closed_after(server, since)
  local connection = server:wait_for(function()
    local list = server:connections().list
    return list[1] and list[1].closed_at and list[1]
  end)
  assert.truthy(connection, "never closed")
  assert.equal("client", connection.why)
  return connection.closed_at - since
end

local function assert_closed_soon(server, since)
  local took = closed_after(server, since)
  assert.truthy(took < support.SOON, took)
end

-- How many KiB Lua has more once f has run, with all that f left behind.
local function growth(f)
  collectgarbage()
  collectgarbage "stop"
  local before = collectgarbage "count"
  f()
  local more = collectgarbage "count" - before
  collectgarbage "restart"
  return more
end

describe("the reply of a stream", function()
  after_each(support.clean)

  it("costs its text only those who ask for it", function()
    local LENGTH = 2 ^ 20
    local long = events(("x"):rep(LENGTH))
    for name, read in pairs {
      ["an end"] = function(stream)
        local next_text = stream:text()
        assert.equal(LENGTH, #next_text())
        return function() assert.is_nil(next_text()) end
      end,
      ["a close"] = function(stream)
        assert.equal(LENGTH, #stream:text()())
        return function() stream:close() end
      end,
    } do
      local stream = stream_of { { "send", long }, { "send", LAST .. DONE } }
      local kib = growth(read(stream))
      assert.truthy(kib < LENGTH / 1024 / 4, name .. ": " .. kib)
    end
  end)

  it("has the shape of a plain one", function()
    local stream = stream_of { { "send", events("a") .. 'data: {"choices":['
      .. '{"delta":{"content":"b","reasoning_content":"hm"},'
      .. '"finish_reason":"length"}]}\n\n' .. LAST .. DONE } }
    local reply = assert(stream:finish())
    assert.equal("7", tostring(reply.usage.total_tokens))
    local message = { role = "assistant", content = "ab",
      reasoning_content = "hm" }
    assert.same({ choices = { { index = 0, finish_reason = "length",
      message = message } }, content = "ab", finish = "1", id = "c-1",
      model = "m", usage = { total_tokens = 7 } }, reply.raw)
    reply.raw = nil
    local choice = { index = 0, content = "ab", reasoning_content = "hm",
      finish_reason = "length", ended_by = "length", message = message }
    assert.same({ content = "ab", reasoning_content = "hm", ended_by = "length",
      finish_reason = "length", usage = { total_tokens = 7 }, id = "c-1",
      model = "m", message = message, choices = { choice } }, reply)
  end)

  it("has the fields of all its chunks", function()
    local stream = stream_of { { "send", 'data: {"id":"c-1","object":'
      .. '"chat.completion.chunk","created":5,"choices":[{"index":0,"delta":'
      .. '{"content":"a"}}]}\n\n' .. 'data: {"choices":[{"index":0,"delta":'
      .. '{"content":"b"}}],"citations":["x",null]}\n\n'
      .. 'data: {"choices":[{"index":0,"delta":{"content":"c"},"logprobs":'
      .. '{"content":[{"token":"c"}]}}],"model":"m"}\n\n'
      .. 'data: {"choices":[{"index":0,"delta":{},"logprobs":{"content":['
      .. '{"token":"d"}]},"finish_reason":"stop"}]}\n\n'
      .. 'data: {"choices":[],"usage":{"total_tokens":0}}\n\n' .. DONE } }
    local reply = assert(stream:finish())
    assert.same({ "c-1", "m", "abc" }, { reply.id, reply.model, reply.content })
    assert.same({ id = "c-1", object = "chat.completion", created = 5,
      model = "m", citations = { "x", yuanjing.null },
      usage = { total_tokens = 0 }, choices = { { index = 0,
        finish_reason = "stop",
        message = { role = "assistant", content = "abc" },
        logprobs = { content = { { token = "c" }, { token = "d" } } } } } },
      reply.raw)
  end)

  it("has the tool calls of a plain one", function()
    local function pieces(text)
      return 'data: {"choices":[{"index":0,"delta":{"tool_calls":[' .. text
        .. "]}}]}\n\n"
    end
    local stream = stream_of { { "send",
      pieces '{"index":0,"id":"a","function":{"name":"f","arguments":""}}'
      .. pieces '{"index":0,"function":{"arguments":"{\\"x\\":"}}'
      .. pieces '{"index":0,"function":{"arguments":"1}"}}' .. 'data: {"choices":'
      .. '[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}\n\n' .. DONE } }
    local chunk = stream:next()
    assert.same({ { index = 0, id = "a",
      ["function"] = { name = "f", arguments = "" } } }, chunk.tool_calls)
    local reply = assert(stream:finish())
    assert.same({ { id = "a", name = "f", arguments = { x = 1 },
      raw = '{"x":1}' } }, reply.tool_calls)
    assert.same({ "", "tool_calls" }, { reply.content, reply.ended_by })
    local wire = { { id = "a", type = "function",
      ["function"] = { name = "f", arguments = '{"x":1}' } } }
    assert.same({ role = "assistant", content = "", tool_calls = wire },
      reply.message)
    assert.same(wire, reply.raw.choices[1].message.tool_calls)
  end)

  it("has the whole text however much was read before", function()
    for read = 0, 4 do
      local stream = whole()
      for _ = 1, read do assert(stream:next()) end
      assert.equal("abc", assert(stream:finish()).content)
      assert.equal(stream:finish(), stream:finish())
      assert.same({}, { stream:next() })
    end
  end)

  it("has the whole text after each way to read in turn", function()
    local stream = whole()
    assert.equal("a", stream:next().content)
    assert.equal("b", stream:text()())
    assert.equal("c", stream:chunks()().content)
    assert.is_nil(stream:text()())
    assert.is_nil(stream:chunks()())
    assert.equal("abc", assert(stream:finish()).content)
  end)
end)

describe("a chunk", function()
  after_each(support.clean)

  it("has its text and its fields, and the document when asked", function()
    local stream = stream_of { { "send", 'data: {"choices":[{"delta":'
      .. '{"content":null,"reasoning_content":"hm"}}]}\n\n' .. 'data: {"choices":'
      .. '[{"delta":{"content":"b"},"finish_reason":"stop"}]}\n\n' .. LAST
      .. DONE } }
    local first, second, last = stream:next(), stream:next(), stream:next()
    assert.same({ "", "hm" }, { first.content, first.reasoning_content })
    assert.same({ choices = { { delta = { reasoning_content = "hm" } } } },
      first.raw)
    assert.same({ "b", "stop", "b" }, { second.content, second.finish_reason,
      tostring(second) })
    assert.is_nil(second.usage)
    assert.same({ "", { total_tokens = 7 } }, { last.content, last.usage })
    assert.is_nil(stream:next())
  end)
end)

describe("an event that is no object", function()
  after_each(support.clean)

  for _, value in ipairs { "5", "true", "null", "[1]" } do
    it("is passed over, and is no answer: " .. value, function()
      local event = "data: " .. value .. "\n\n"
      local stream = stream_of { { "send", event .. events("a") .. event .. LAST
        .. DONE } }
      assert.equal("a", stream:next().content)
      assert.equal("1", stream:next().raw.finish)
      assert.is_nil(stream:next())
      local reply, err = stream_of { { "send", event .. DONE } }:finish()
      assert.is_nil(reply)
      assert.equal("decode", err.kind)
    end)
  end
end)

describe("the idle limit", function()
  after_each(support.clean)

  -- Sends the sign every tenth of a second, for longer than anything may take.
  local function repeating(sign)
    return { "repeat", 10 * support.HANG, { { "send", sign }, { "sleep", 0.1 } } }
  end

  for name, sign in pairs {
    comments = ": hi\n\n", texts = "data: ping\n\n",
    ["chunks without choices"] = 'data: {"choices":[]}\n\n',
    ["pings"] = 'event: ping\ndata: {"type":"ping"}\n\n',
    ["empty chunks"] = 'data: {"choices":[{"index":0,"delta":{"content":""}}]}\n\n',
    ["empty events"] = "data:\n\n",
  } do
    it("is not fed by signs of life: " .. name, function()
      for _, read in pairs(READERS) do
        local stream = stream_of({ { "send", events("a") }, repeating(sign) },
          { timeout = { idle = 0.7 } })
        local since = support.now()
        local text, err = read(stream)
        local took = support.now() - since
        assert.same({ "a", "timeout" }, { text, err.kind })
        assert.truthy(took > 0.5 and took < support.SOON, took)
      end
    end)
  end

  it("is fed by what the reader is given", function()
    local stream = stream_of({ { "repeat", 18, { { "send",
      'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":'
      .. '{"arguments":"x"}}]}}]}\n\n' }, { "sleep", 0.25 } } },
      { "send", DONE } }, { timeout = { idle = 4 } })
    assert.equal(("x"):rep(18), assert(stream:finish()).tool_calls[1].raw)
  end)

  it("does not hold up a complete answer whose connection stays open", function()
    for name, read in pairs(READERS) do
      local stream = stream_of({ { "send", events("a") .. 'data: {"choices":'
        .. '[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n' .. LAST },
        repeating(": hi\n\n") }, { timeout = { idle = support.HANG } })
      local since = support.now()
      local text, err = read(stream)
      local took = support.now() - since
      assert.same({ "a" }, { text, err })
      assert.truthy(took < support.SOON, name .. took)
      assert.equal("a", assert(stream:finish()).content)
    end
  end)

  it("begins anew where text goes on behind the end", function()
    local stream, server = stream_of { { "send", events("a") .. LAST },
      { "sleep", 0.4 }, { "send", events("b") }, { "gate", "c" },
      { "send", events("c") .. LAST .. DONE } }
    server:wait_for(function() return #server:events "gate" == 1 end)
    local job = yuanjing.async(function()
      return assert(stream:finish()).content
    end)
    yuanjing.sleep(2)
    server:open "c"
    assert.equal("abc", job:await())
  end)
end)

describe("leaving a stream", function()
  after_each(function()
    support.clean()
    support.assert_freed()
  end)

  if _VERSION == "Lua 5.4" then
    for _, name in ipairs { "text", "chunks" } do
      it(("by break closes it at once: %s()"):format(name), function()
        local stream, server = unfinished()
        local since
        for text in stream[name](stream) do -- luacheck: ignore 512
          assert.equal("a", tostring(text))
          since = support.now()
          break
        end
        assert_closed_soon(server, since)
        assert.equal("yuanjing.Stream (closed)", tostring(stream))
      end)

      it(("by an error closes it at once: %s()"):format(name), function()
        local stream, server = unfinished()
        local ok, problem = pcall(function()
          for _ in stream[name](stream) do error("mine", 0) end
        end)
        local since = support.now()
        assert.same({ false, "mine" }, { ok, problem })
        assert_closed_soon(server, since)
      end)
    end

    it("by a variable that is closed ends it at once", function()
      local run = assert(load [[
        local stream <close> = ...
        return stream:next().content
      ]])
      local stream, server = unfinished()
      assert.equal("a", run(stream))
      assert_closed_soon(server, support.now())
    end)
  end

  it("by close() ends it at once, once", function()
    local stream, server = unfinished()
    assert.equal("a", stream:next().content)
    local since = support.now()
    stream:close()
    assert_closed_soon(server, since)
    stream:close()
    assert.equal("yuanjing.Stream (closed)", tostring(stream))
  end)

  it("to the collector ends it at once", function()
    local stream, server = unfinished()
    assert.equal("a", support.watch(stream):text()())
    local since = support.now()
    stream = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert_closed_soon(server, since)
  end)

  it("with a coroutine that is never resumed ends it", function()
    local stream, server = unfinished()
    local reader = coroutine.wrap(function(held)
      for text in held:text() do coroutine.yield(text) end
    end)
    assert.equal("a", reader(stream))
    assert.equal("b", (reader()))
    local since = support.now()
    stream, reader = nil, nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert_closed_soon(server, since)
  end)

  it("makes reading on a mistake", function()
    local stream = unfinished()
    local text, chunks = stream:text(), stream:chunks()
    assert.equal("a", text())
    stream:close()
    for _, read in ipairs {
      function() return (stream:next()) end,
      function() return (stream:text()) end,
      function() return (stream:chunks()) end,
      function() return (stream:finish()) end,
      function() return (text()) end,
      function() return (chunks()) end,
    } do
      assert.equal("the stream is closed", support.raised(read))
    end
  end)

  it("after its end changes nothing", function()
    local stream = whole()
    local reply = assert(stream:finish())
    stream:close()
    assert.equal(reply, stream:finish())
    assert.is_nil(stream:next())
    assert.equal("yuanjing.Stream (ended)", tostring(stream))
  end)

  it("after its error changes nothing", function()
    local stream = stream_of { { "send", events("a") }, { "close" } }
    local _, err = stream:finish()
    stream:close()
    local _, again = stream:next()
    assert.same({ "truncated", "a" }, { err.kind, err.partial })
    assert.equal(err, again)
    assert.is_nil(err.partial_reasoning)
    assert.equal("yuanjing.Stream (failed)", tostring(stream))
  end)

  it("early does not reuse its connection", function()
    local head = scripted.answer(200, { ["Transfer-Encoding"] = "chunked" })
    local server = support.serve { connections = {
      { { "request" }, { "send", head .. scripted.chunk(events("a", "b")) },
        { "wait_close", LONG } },
      { { "request" }, { "send", head .. scripted.chunk(events("z") .. DONE)
        .. scripted.chunk("") } },
    } }
    local client = client_at(server.url)
    local first = assert(client:chat { prompt = "x", stream = true })
    assert.equal("a", first:next().content)
    first:close()
    local second = assert(client:chat { prompt = "y", stream = true })
    assert.equal("z", assert(second:finish()).content)
  end)
end)

describe("two streams at once", function()
  after_each(support.clean)

  it("do not mix", function()
    local first = whole()
    local second = stream_of { { "send", events("x", "y", "z") .. DONE } }
    assert.equal("a", first:next().content)
    assert.equal("x", second:next().content)
    assert.equal("xyz", assert(second:finish()).content)
    assert.equal("abc", assert(first:finish()).content)
  end)
end)

describe("an error of a stream", function()
  after_each(support.clean)

  it("has what the model thought so far", function()
    local stream = stream_of { { "send", 'data: {"choices":[{"delta":'
      .. '{"reasoning_content":"I think "}}]}\n\ndata: {"choices":[{"delta":'
      .. '{"reasoning_content":"that"}}]}\n\n' } }
    local _, err = stream:finish()
    assert.same({ "truncated", "", "I think that" },
      { err.kind, err.partial, err.partial_reasoning })
  end)

  it("reports an event that is a Python dict", function()
    local stream = stream_of { { "send", events("so far")
      .. "data: {'a': 1}\n\n" .. DONE } }
    local reply, err = stream:finish()
    assert.is_nil(reply)
    assert.same({ "decode", "an event is not readable", "so far", "{'a': 1}" },
      { err.kind, err.message, err.partial, err.body })
  end)

  it("is reported to on_event once, and by tostring in one line", function()
    local reported = {}
    local stream, server = stream_of({ { "send", events("so ", "far")
      .. 'data: {"error":"boom","status":"FAILED","taskid":"12"}\n\n' .. DONE } },
      { on_event = function(event)
        if event.type == "error" then reported[#reported + 1] = event end
      end })
    local reply, err = stream:finish()
    assert.is_nil(reply)
    stream:finish()
    stream:next()
    assert.same({ { type = "error", call = "POST " .. PATH, status = 200,
      attempt = 1, error = err } }, reported)
    assert.same({ "platform", "boom", "so far", 200, 1, false }, { err.kind,
      err.message, err.partial, err.status, err.attempts, err.retryable })
    assert.equal("12", err.task.id)
    assert.is_nil(tostring(err):find("[\n\r]"))
    assert.equal(1, #server:requests())
  end)
end)

-- Megabytes that this process holds.
local function resident()
  local pages = support.read("/proc/self/statm"):match("^%d+ (%d+)")
  return tonumber(pages) * 4096 / 2 ^ 20
end

-- The sanitizers do not reuse freed memory.
local IS_WEIGHED = not (os.getenv("YJ_BUILD") or ""):find("asan")

describe("an open stream", function()
  after_each(support.clean)

  it("does not keep the prompt that was sent", function()
    local server = support.serve { default = { { "request" },
      { "send", HEAD .. events("a") }, { "wait_close", 120 } } }
    local client = client_at(server.url)
    local streams_open = {}
    local function open(n, prompt)
      for _ = 1, n do
        local stream = assert(client:chat { prompt = prompt, stream = true })
        assert.equal("a", stream:next().content)
        streams_open[#streams_open + 1] = stream
        collectgarbage()
      end
    end
    local prompt = ("x"):rep(2 ^ 21)
    open(3, prompt)
    local before = resident()
    open(20, prompt) -- 40 MB
    local grown = resident() - before
    assert.truthy(grown < 20 or not IS_WEIGHED, grown)
    for _, stream in ipairs(streams_open) do stream:close() end
  end)
end)

local SLEEPS = {
  ["in other work"] = support.sleep,
  ["in the loop"] = yuanjing.sleep,
}

describe("a slow reader", function()
  after_each(support.clean)

  for how, sleep in pairs(SLEEPS) do
    it("is not held to a limit of the sender's: asleep " .. how, function()
      local LIMIT = 4
      local stream, server = stream_of({ { "send", events("a") },
        { "gate", "b" }, { "send", events("b") }, { "sleep", 0.05 },
        { "send", events("c") }, { "gate", "d" },
        { "send", events("d") .. DONE } },
        { timeout = { first = LIMIT, idle = LIMIT } })
      sleep(LIMIT + 0.3)
      assert.equal("a", stream:next().content)
      server:open "b"
      assert.equal("b", assert(stream:next()).content) -- waits for it
      sleep(LIMIT + 0.3) -- "c" comes meanwhile
      server:open "d"
      local chunk, err = stream:next()
      assert.is_nil(err)
      assert.equal("c", chunk.content)
      assert.equal("abcd", assert(stream:finish()).content)
    end)

    it("stops the sender: asleep " .. how, function()
      local line = ('data: {"content":"a","pad":"%s"}\n\n'):format(("x"):rep(970))
      local before = resident()
      local stream, server = stream_of({ { "fill", line, 100000 } },
        { timeout = { idle = 3 } })
      assert.truthy(support.wait_until(function()
        assert.equal("a", stream:next().content)
        sleep(0.05)
        return #server:events("stalled") > 0
      end))
      local sent = server:connections().list[1].sent
      assert.truthy(sent < 20e6, sent)
      local grown = resident() - before
      assert.truthy(grown < 4, grown)
      stream:close()
    end)
  end

  it("goes on where it stopped", function()
    local line = ('data: {"content":"a","pad":"%s"}\n\n'):format(("x"):rep(970))
    local stream = stream_of { { "fill", line, 20000 }, { "send", DONE } }
    stream:next()
    support.sleep(0.3)
    local before, count = resident(), 1
    for _ in stream:text() do count = count + 1 end
    assert.equal(20000, count)
    assert.equal(20000, #assert(stream:finish()).content)
    local grown = resident() - before
    assert.truthy(grown < 4, grown)
  end)
end)
