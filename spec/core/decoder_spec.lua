local core = require "yuanjing.core"
local support = require "support"
local streams = require "support.streams"

-- Feeds the pieces, and reads until the decoder is pending after each. Returns the
-- text, the decoder's last event, and the odd chunks.
local function decode(pieces, limit)
  local decoder = core.decoder(limit)
  local texts, odds, event, rest = {}, {}, "pending", nil
  local function read()
    local content, odd, _
    repeat
      content, event, rest, _, odd = decoder:next()
      if content then
        texts[#texts + 1] = content
        if odd then odds[#odds + 1] = event end
        event = "chunk"
      end
    until not content
  end
  for _, piece in ipairs(pieces) do
    decoder:feed(piece)
    read()
  end
  if event == "pending" then
    decoder:finish()
    read()
  end
  return table.concat(texts), event, rest, table.concat(odds, "\n")
end

local function each_byte(bytes)
  local pieces = {}
  for i = 1, #bytes do pieces[i] = bytes:sub(i, i) end
  return pieces
end

-- The events of the decoder alone; the stream interprets them.
local EVENTS = { truncated = { "end", "cut" }, decode = { "bad", "end", "done" },
  platform = { "done", "end", "bad" } }

local function is_one_of(event, events)
  for _, one in ipairs(events) do
    if one == event then return true end
  end
  return false
end

describe("the decoder", function()
  for _, case in ipairs(streams.cases) do
    it("reads " .. case.name .. " the same at every split", function()
      local text, event, rest, odds = decode { case.bytes }
      if odds == "" then assert.equal(case.text, text) end
      assert.is_true(is_one_of(event,
        case.kind and EVENTS[case.kind] or { "done", "end" }), event)
      for at = 1, #case.bytes - 1 do
        local split = { case.bytes:sub(1, at), case.bytes:sub(at + 1) }
        local got = { decode(split) }
        assert.same({ at, text, event, rest, odds },
          { at, got[1], got[2], got[3], got[4] })
      end
      local bytewise = { decode(each_byte(case.bytes)) }
      assert.same({ text, event, rest, odds },
        { bytewise[1], bytewise[2], bytewise[3], bytewise[4] })
    end)
  end

  it("delivers an event as soon as its line is complete", function()
    local decoder = core.decoder()
    decoder:feed('data: {"content":"a"}')
    assert.same({ nil, "pending" }, { decoder:next() })
    decoder:feed("\n")
    assert.equal("a", (decoder:next()))
    decoder:feed('{"content":"b"}\r')
    assert.equal("b", (decoder:next()))
    decoder:feed("\ndata: [DONE]\n")
    assert.same({ nil, "done" }, { decoder:next() })
    assert.same({ nil, "done" }, { decoder:next() })
  end)

  it("hands out each field of a chunk", function()
    local decoder = core.decoder()
    local json = '{"choices":[{"delta":{"content":"a\\"b","reasoning_content":'
      .. '"why"},"finish_reason":null}],"usage":{"n":1}}'
    decoder:feed("data: " .. json .. "\n")
    assert.same({ 'a"b', json, "why", true, false }, { decoder:next() })
    local second = '{"error":null,"usage":null,"content":"c"}'
    decoder:feed(second .. "\n")
    local content, _, reasoning, usage, odd = decoder:next()
    assert.same({ "c", nil, false, false }, { content, reasoning, usage, odd })
    assert.same({ 'a"bc', "why", json .. second, json },
      { decoder:summary() })
    assert.same({ false, true, true, json }, { decoder:outline() })
    assert.same({ 2, 4, 3 }, { decoder:usual() })
  end)

  it("calls a chunk odd that says more than a text", function()
    for _, field in ipairs { '"error":"x"', '"error":{"message":"x"}',
      '"status":"FAILED"', '"taskid":"1"', '"success":false', '"errcode":1',
      '"choices":[{"delta":{"tool_calls":[{}]}}]',
      '"choices":[{"message":{"content":"x"}}]', '"choices":[{"index":1}]',
      '"choices":[{"finish_reason":"stop"}]', '"choices":[{},{"index":1}]',
      '"choices":[{"delta":{"content":[]}}]', '"choices":[{"logprobs":{"x":1}}]',
    } do
      local decoder = core.decoder()
      decoder:feed("{" .. field .. "}\n")
      assert.is_true((select(5, decoder:next())), field)
      local text = core.decoder()
      text:feed('{"content":"x",' .. field .. "}\n")
      assert.same({ nil, "odd", '{"content":"x",' .. field .. "}", true },
        { text:text() })
      assert.equal("", (text:summary()))
    end
  end)

  it("calls a chunk odd whose only word is unknown, and none with a text",
    function()
      local decoder = core.decoder()
      for _ = 1, 2 do
        decoder:feed('{"x":1,"choices":[{"index":0,"delta":{"content":""}}]}\n')
        assert.is_true((select(5, decoder:next())))
        decoder:feed('{"x":1,"choices":[{"index":0,"delta":{"content":"a"}}]}\n')
        assert.is_false((select(5, decoder:next())))
      end
    end)

  it("takes what its reader has found in an odd chunk", function()
    local decoder = core.decoder()
    decoder:feed('{"content":"a\\ud83d"}\n{"x":1}\n{"content":"b"}\n')
    assert.equal("a", decoder:text())
    assert.equal("odd", (select(2, decoder:text())))
    assert.same({ "😀!", "hm" }, { decoder:add("\237\184\128!", "hm", true) })
    assert.is_true((decoder:outline()))
    assert.equal("b", decoder:text())
    assert.same({ "a😀!b", "hm" }, { decoder:summary(), (select(2,
      decoder:summary())) })
    assert.is_false((decoder:outline()))
  end)

  it("calls each chunk odd while it is watched", function()
    local decoder = core.decoder()
    decoder:feed('{"content":"a"}\n{"content":"b"}\n{"content":"c"}\n')
    assert.equal("a", decoder:text())
    decoder:watch(true)
    assert.equal("odd", (select(2, decoder:text())))
    decoder:watch(false)
    assert.equal("c", decoder:text())
  end)

  it("keeps a chunk of each set of names", function()
    local decoder = core.decoder()
    decoder:feed('{"id":"1","content":"a"}\n{"content":"b","id":"2"}\n'
      .. '{"content":"c","citations":[1]}\n{"content":"d"}\n'
      .. '{"content":"e","id":null}\n')
    while decoder:text() do end -- luacheck: ignore 542
    assert.equal('{"id":"1","content":"a"}{"content":"c","citations":[1]}'
      .. '{"content":"d"}', (select(3, decoder:summary())))
  end)

  it("keeps the last chunk, or the last one that has a usage", function()
    local decoder = core.decoder()
    decoder:feed('{"usage":{"n":1}}\n{"content":"later"}\n{"usage":{"n":2}}\n'
      .. '{"content":""}\n')
    assert.same({ nil, "pending" }, { decoder:drain() })
    assert.equal('{"usage":{"n":2}}', (select(4, decoder:summary())))
  end)

  it("tells of its end without its text", function()
    local decoder = core.decoder()
    assert.same({ false, false, false }, { decoder:outline() })
    decoder:feed('{"reasoning_content":"hm"}\n')
    assert.same({ nil, "pending" }, { decoder:drain() })
    assert.same({ false, true, false }, { decoder:outline() })
    decoder:feed('{"content":"a","finish":"0"}\n'
      .. '{"content":"","finish":"1","usage":null}\n')
    assert.same({ nil, "pending" }, { decoder:drain() })
    assert.same({ true, true, true }, { decoder:outline() })
    decoder:feed('{"usage":{"n":2}}\n{"content":"later"}\n')
    assert.same({ nil, "pending" }, { decoder:drain() })
    assert.same({ false, true, true, '{"usage":{"n":2}}' },
      { decoder:outline() })
  end)

  it("skips chunks without text in text()", function()
    local decoder = core.decoder()
    decoder:feed('{"usage":{}}\n{"content":""}\n{"content":"x"}\n')
    assert.equal("x", decoder:text())
    assert.same({ nil, "pending" }, { decoder:text() })
  end)

  it("refuses an event beyond its limit, however it comes", function()
    local long = 'data: {"content":"' .. ("x"):rep(300) .. '"}'
    local lines = 'data: {"a":[\n' .. ("data: 1,\n"):rep(200)
    for _, bytes in ipairs { long, lines } do
      assert.equal("too_large", (select(2, decode({ bytes }, 256))))
      assert.equal("too_large", (select(2, decode(each_byte(bytes), 256))))
    end
  end)

  it("counts neither a byte order mark nor the field's name", function()
    local json = '{"content":"' .. ("x"):rep(242) .. '"}'
    local bytes = "\239\187\191data: " .. json .. "\n"
    for _, pieces in ipairs { { bytes }, each_byte(bytes) } do
      assert.equal(("x"):rep(242), (decode(pieces, 256)))
      assert.equal("too_large", (select(2, decode(pieces, 255))))
    end
  end)

  it("reads a value of many lines in linear time", function()
    local body = 'data: {"x":[\n' .. ("data: 1,\n"):rep(200000)
      .. 'data: 1],"content":"y"}\n'
    local from = core.now()
    assert.equal("y", (decode { body }))
    -- quadratic growth would take minutes: this tests growth, not speed
    assert.is_true(core.now() - from < support.SOON)
  end)

  it("shows an error page whole, not its first line", function()
    local page = "<html>\n<title>502</title>\n\n<p>x\n</html>"
    local _, event, rest = decode { page }
    assert.equal("bad", event)
    assert.is_truthy(rest:find("<title>502</title>", 1, true))
    assert.is_truthy(rest:find("</html>", 1, true))
  end)

  it("does not hold an endless error page", function()
    local decoder = core.decoder()
    decoder:feed("<html>\n")
    local event
    for _ = 1, 1000 do
      decoder:feed(("x"):rep(99) .. "\n")
      event = select(2, decoder:next())
      if event == "bad" then break end
    end
    assert.equal("bad", event)
  end)

  it("reads a document the same whatever came before it", function()
    local TEMPLATES = {
      streams.chunk("\\u4f60"), streams.chunk("plain"), streams.last,
      '{"choices":[{"delta":{"content":"x","reasoning_content":null}}],'
        .. '"usage":null,"created":12.5e3}',
      '{"content":"a","content":"b","finish_reason":"x"}',
    }
    local ALPHABET = '{}[]",:\\u09afxeE.+-ntrls \t'
    local seed = 1
    local function random(n) -- the same documents on every Lua
      seed = (seed * 16807) % 2147483647
      return seed % n + 1
    end
    local function mutate(text)
      for _ = 1, random(3) do
        local at, byte = random(#text), random(#ALPHABET)
        text = text:sub(1, at - random(2)) .. ALPHABET:sub(byte, byte)
          .. text:sub(at + 1)
      end
      return text
    end
    local function read_last(...)
      local decoder = core.decoder()
      for _, text in ipairs { ... } do
        while decoder:next() do end
        decoder:feed("data: " .. text .. "\n\n")
      end
      return { decoder:next() }
    end
    for _ = 1, 4000 do
      local before = TEMPLATES[random(#TEMPLATES)]
      local text = random(3) == 1 and TEMPLATES[random(#TEMPLATES)]
        or mutate(before)
      assert.same(read_last(text), read_last(before, text), text)
      assert.same(read_last(text), read_last(before, before, text), text)
    end
  end)

  it("is closed once and for all", function()
    local decoder = core.decoder()
    decoder:feed('{"content":"x"}\n')
    decoder:close()
    decoder:close()
    assert.same({ nil, "end" }, { decoder:next() })
  end)
end)
