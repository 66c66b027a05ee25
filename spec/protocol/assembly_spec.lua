-- What the pieces of an answer come to, where they need not be texts.
local base64 = require "yuanjing.base.base64"
local support = require "support"
local talks = require "support.talks"

after_each(support.clean)

local function chunks(...)
  local out = {}
  for n, delta in ipairs { ... } do
    out[n] = ('data: {"choices":[{"index":0,"delta":%s}]}\n\n'):format(delta)
  end
  return table.concat(out) .. "data: [DONE]\n\n"
end

local function streamed(...)
  local _, client = talks.serve { chunks(...) }
  return assert(assert(client:chat { prompt = "q", stream = true }):finish())
end

local function plain(message, reason)
  local _, client = talks.serve { ('{"choices":[{"message":%s,'
    .. '"finish_reason":%s}]}'):format(message, reason or "null") }
  return assert(client:chat { prompt = "q" })
end

describe("the thoughts of a model", function()
  it("are read in the field that came first", function()
    local reply = streamed('{"reasoning_content":"a","reasoning_details":'
      .. '[{"text":"a"}]}', '{"reasoning_details":[{"text":"a"}]}',
      '{"reasoning_content":"b"}', '{"content":"t"}')
    assert.same({ "ab", "t" }, { reply.reasoning_content, reply.content })
    reply = streamed('{"reasoning_details":[{"text":"a"}]}',
      '{"thinking":"a"}', '{"reasoning_details":[{"text":"b"}]}',
      '{"content":"t"}')
    assert.equal("ab", reply.reasoning_content)
  end)

  it("are the same in pieces, and all of them each time", function()
    local function details(...)
      local deltas = {}
      for n, text in ipairs { ... } do
        deltas[n] = ('{"reasoning_details":[{"text":"%s"}]}'):format(text)
      end
      deltas[#deltas + 1] = '{"content":"t"}'
      return streamed((table.unpack or unpack)(deltas)).reasoning_content
    end
    assert.equal("abc", details("a", "b", "c"))
    assert.equal("abcd", details("ab", "abc", "abcd", "abcd"))
    assert.equal("ababc", details("ab", "ab", "c"))
  end)

  it("in the content stay there", function()
    local reply = streamed('{"content":"<think>a</think>t"}')
    assert.same({ "<think>a</think>t" }, { reply.content })
    assert.is_nil(reply.reasoning_content)
  end)
end)

describe("the calls of a message", function()
  it("are calls of their own, also where they share an id", function()
    local reply = plain('{"tool_calls":[{"id":"call_0","function":{"name":"f",'
      .. '"arguments":"{\\"x\\":1}"}},{"id":"call_0","function":{"name":"f",'
      .. '"arguments":"{\\"x\\":2}"}}]}')
    assert.same({ "call_0", "call_0_2" },
      { reply.tool_calls[1].id, reply.tool_calls[2].id })
    assert.same({ 1, 2 }, { reply.tool_calls[1].arguments.x,
      reply.tool_calls[2].arguments.x })
    assert.equal("tool_calls", reply.ended_by)
  end)

  it("come once where the whole message comes behind its pieces", function()
    local reply = streamed('{"tool_calls":[{"index":0,"id":"a","function":'
      .. '{"name":"f","arguments":"{\\"x\\""}}]}',
      '{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}',
      '{},"message":{"tool_calls":[{"id":"a","function":{"name":"f",'
      .. '"arguments":"{\\"x\\":1}"}}]}')
    assert.equal(1, #reply.tool_calls)
    assert.equal('{"x":1}', reply.tool_calls[1].raw)
  end)

  it("are read where the field of old is filled in too, and where there is one alone", function()
    local call = '{"id":"a","function":{"name":"f","arguments":"{}"}}'
    for _, field in ipairs { "{}", '{"name":"","arguments":""}', "null",
      '{"name":"f","arguments":"{}"}' } do
      local message = ('{"function_call":%s,"tool_calls":[%s]}'):format(field, call)
      assert.equal("a", plain(message).tool_calls[1].id)
      assert.equal("a", streamed(message).tool_calls[1].id)
    end
    assert.equal("a", plain('{"tool_calls":' .. call .. "}").tool_calls[1].id)
  end)

  it("are none where they are empty", function()
    for _, field in ipairs { '"function_call":{}', '"tool_calls":[{}]',
      '"function_call":{"name":null,"arguments":null}' } do
      local message = ('{"content":"t",%s}'):format(field)
      for _, reply in ipairs { plain(message), streamed(message) } do
        assert.same({ "stop" }, { reply.ended_by, reply.tool_calls })
      end
    end
  end)

  it("are not to be run where the answer was cut off", function()
    for _, reason in ipairs { '"length"', '"content_filter"' } do
      local reply = plain('{"tool_calls":[{"id":"a","function":{"name":"f",'
        .. '"arguments":"{}"}}]}', reason)
      assert.equal("the answer was cut off: the call may be incomplete",
        reply.tool_calls[1].error)
      assert.equal(reason, ('"%s"'):format(reply.ended_by))
    end
  end)
end)

describe("the sound of an answer", function()
  it("is one base64, also where each piece is padded", function()
    for _, pieces in ipairs { { "QQ==", "QkM=", "RA==" }, { "QUJD", "RA==" },
      { "QU", "JDRA" } } do
      local deltas = {}
      for n, data in ipairs(pieces) do
        deltas[n] = ('{"audio":{"id":"a","data":"%s","transcript":"%d"}}')
          :format(data, n)
      end
      local audio = streamed((table.unpack or unpack)(deltas))
        .raw.choices[1].message.audio
      assert.same({ "a", "123" }, { audio.id, audio.transcript .. ("3"):rep(3 - #pieces) })
      assert.equal("ABCD", base64.decode_any(audio.data))
    end
  end)
end)
