-- A streamed ask: what is written, and what tools do in between.
local support = require "support"
local talks = require "support.talks"
local yuanjing = require "yuanjing"

after_each(support.clean)

local look = yuanjing.tool { name = "look", run = function()
  yuanjing.sleep(0.001)
  return "a cat"
end }

local function converse(...)
  local server, client = talks.serve({ ... }, { retries = 0 })
  return assert(client:conversation { tools = { look } }), server
end

local CALL = talks.streamed { content = "let me ", calls = { { "look" } },
  usage = { total_tokens = 3 } }
local TEXT = talks.streamed { content = "see: a cat", usage = { total_tokens = 4 } }

local READERS = {
  ["text()"] = function(stream)
    local said = {}
    for text in stream:text() do said[#said + 1] = text end
    return table.concat(said)
  end,
  ["chunks()"] = function(stream)
    local said = {}
    for chunk in stream:chunks() do said[#said + 1] = chunk.content end
    return table.concat(said)
  end,
  ["next()"] = function(stream)
    local said = {}
    local chunk = stream:next()
    while chunk do
      said[#said + 1] = chunk.content
      chunk = stream:next()
    end
    return table.concat(said)
  end,
}

describe("a streamed ask", function()
  for name, read in pairs(READERS) do
    it("is read to its end by " .. name .. ", across its steps", function()
      local talk, server = converse(CALL, TEXT)
      local stream = assert(talk:ask { "?", stream = true })
      assert.equal("let me see: a cat", read(stream))
      local reply = assert(stream:finish())
      assert.same({ "see: a cat", "stop", 7, "a cat" }, { reply.content,
        reply.ended_by, reply.usage.total_tokens, reply.steps[1].result })
      assert.same({ 4, 2 }, { #talk.messages, #talk.ledger })
      for _, body in ipairs(talks.sent(server)) do talks.check(body) end
      assert.is_nil(stream:next())
      assert.equal("yuanjing.TalkStream (ended)", tostring(stream))
    end)
  end

  it("comes to the reply of one that is not streamed", function()
    local talk = converse(CALL, TEXT)
    local streamed = assert(assert(talk:ask { "?", stream = true }):finish())
    local plain = assert((converse(
      talks.plain { content = "let me ", calls = { { "look" } },
        usage = { total_tokens = 3 } },
      talks.plain { content = "see: a cat", usage = { total_tokens = 4 } }))
      :ask "?")
    for _, field in ipairs { "content", "ended_by", "usage", "message" } do
      assert.same(plain[field], streamed[field])
    end
    assert.same(plain.steps[1].text, streamed.steps[1].text)
  end)

  it("that breaks off leaves what was said as it was", function()
    for _, broken in ipairs { talks.streamed { content = "ab", is_cut = true },
      'data: {"error":"ERROR: no"}\n\ndata: [DONE]\n\n' } do
      local talk = converse(CALL, broken, TEXT)
      local stream = assert(talk:ask { "?", stream = true })
      local ok, err = pcall(READERS["text()"], stream)
      assert.is_false(ok)
      assert.is_true(err.kind == "truncated" or err.kind == "platform")
      assert.equal(3, #err.messages)
      assert.same({}, talk.messages)
      assert.equal(err, select(2, stream:finish()))
      assert.equal("yuanjing.TalkStream (failed)", tostring(stream))
    end
  end)

  it("that is left makes room for the next ask, and is no part of it", function()
    local talk, server = converse(CALL, TEXT, TEXT)
    local stream = assert(talk:ask { "1", stream = true })
    stream:next()
    assert.equal("see: a cat", assert(talk:ask "2").content)
    assert.has_error(function() stream:next() end, "the stream is closed")
    assert.equal("cancelled", talk.ledger[1].outcome)
    local last = talks.sent(server)[2]
    assert.same({ { role = "user", content = "2" } }, last.messages)
  end)

  it("is closed where it is left", function()
    local talk = converse(CALL, TEXT)
    local stream = assert(talk:ask { "1", stream = true })
    stream:next()
    stream:close()
    stream:close()
    assert.equal("yuanjing.TalkStream (closed)", tostring(stream))
    assert.equal("see: a cat", assert(talk:ask "2").content)
  end)

  it("that the collector takes makes room, too", function()
    local talk = converse(CALL, TEXT)
    talk:ask({ "1", stream = true }):next()
    collectgarbage()
    collectgarbage()
    assert.equal("see: a cat", assert(talk:ask "2").content)
  end)

  it("fails at once where its first request does", function()
    local talk = converse(talks.answer('{"error":"no"}', 401), TEXT)
    local stream, err = talk:ask { "1", stream = true }
    assert.same({ nil, "auth" }, { stream, err.kind })
    assert.equal("see: a cat", assert(talk:ask "2").content)
  end)

  it("of a loop of your own is one answer", function()
    local talk = converse(CALL, TEXT)
    assert(talk:say "?")
    local reply = assert(assert(talk:send { stream = true }):finish())
    assert.same({ "tool_calls", 1 }, { reply.ended_by, #talk:pending() })
    assert(talk:answer(talk:pending()[1].id, "r"))
    assert.equal("see: a cat", assert(assert(talk:send { stream = true })
      :finish()).content)
  end)
end)
