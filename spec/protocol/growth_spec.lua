-- Texts that come whole in each chunk, as against pieces that look like that.
local growth = require "yuanjing.protocol.chat.growth"
local support = require "support"
local talks = require "support.talks"

after_each(support.clean)

-- What the texts come to, one behind the other, and how that was told.
local function taken(...)
  local one, so_far, told = growth.new(false), "", {}
  for n, text in ipairs { ... } do
    told[n] = one:take(text, #so_far, function() return so_far end)
    so_far = so_far .. told[n]
  end
  told[#told + 1] = one:release()
  return so_far .. told[#told], told
end

describe("texts that begin with all so far", function()
  it("are the whole each time once three in a row do", function()
    local text, told = taken("你", "你好", "你好，世", "你好，世界")
    assert.equal("你好，世界", text)
    assert.same({ "你", "", "好，世", "界", "" }, told)
    assert.equal("Hello", (taken("H", "He", "Hel", "Hell", "Hello", "Hello")))
    assert.equal("我是", (taken("我", "我是", "我是")))
  end)

  it("are that at once where much had come before", function()
    assert.equal("一二三四", (taken("一二三", "一二三四")))
  end)

  it("are pieces where the next one does not", function()
    local text, told = taken("1", "10", "0 of 200")
    assert.equal("1100 of 200", text)
    assert.same({ "1", "", "100 of 200", "" }, told)
    assert.equal("110", (taken("1", "10")))
    assert.equal("110100", (taken("1", "10", "100")))
  end)

  it("are pieces where one is repeated", function()
    assert.equal("哈哈哈哈哈哈", (taken("哈", "哈哈", "哈哈哈")))
    assert.equal("hahahahaha!", (taken("ha", "haha", "haha", "!")))
    assert.equal("aaa", (taken("a", "a", "a")))
  end)

  it("lose nothing when the sender changes its mind", function()
    assert.equal("你好，世界！", (taken("你", "你好", "你好，世", "你好，世界", "！")))
  end)
end)

-- In each way of reading: what the chunks of such a stream come to.
local function readings(body)
  local _, client = talks.serve { body, body, body }
  local function open() return assert(client:chat { prompt = "q", stream = true }) end
  local texts, chunks = {}, {}
  for text in open():text() do texts[#texts + 1] = text end
  for chunk in open():chunks() do chunks[#chunks + 1] = chunk.content end
  local reply = assert(open():finish())
  assert.equal(reply.content, table.concat(texts))
  assert.equal(reply.content, table.concat(chunks))
  assert.equal(reply.content, reply.raw.choices[1].message.content)
  return reply
end

local function body_of(field, texts, last)
  local out = {}
  for n, text in ipairs(texts) do
    out[n] = ('data: {"choices":[{"index":0,"delta":{"%s":"%s"},'
      .. '"finish_reason":null}]}\n\n'):format(field, text)
  end
  return table.concat(out) .. (last or "data: [DONE]\n\n")
end

describe("a stream whose chunks have all the text so far", function()
  it("is read as the text, in each way of reading", function()
    assert.equal("你好，世界", readings(body_of("content",
      { "", "你", "你好", "你好，世", "你好，世界", "你好，世界" })).content)
    assert.equal("a\nb\nc", readings(body_of("content",
      { "a", "a\\n", "a\\nb", "a\\nb\\u000ac" })).content)
  end)

  it("may think in the same manner", function()
    local reply = readings(body_of("reasoning_content", { "想", "想一", "想一想" })
      :gsub("data: %[DONE%]\n\n", "") .. body_of("content", { "好" }))
    assert.same({ "想一想", "好" }, { reply.reasoning_content, reply.content })
  end)

  it("may end with the whole once more, also as a message", function()
    local last = 'data: {"choices":[{"index":0,"%s":{"content":"%s"},'
      .. '"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    for _, kind in ipairs { "delta", "message" } do
      assert.equal("你好，世界", readings(body_of("content", { "你", "你好", "你好，世",
        "你好，世界" }, last:format(kind, "你好，世界"))).content, kind)
    end
    assert.equal("你好", readings(body_of("content", { "你", "你好" },
      last:format("message", "你好"))).content)
  end)

  it("is no other one: what was held back comes in its order", function()
    assert.equal("1100 of 200", readings(body_of("content",
      { "1", "10", "0", " of 200" })).content)
    assert.equal("110", readings(body_of("content", { "1", "10" })).content)
  end)

  it("that breaks off has what was held back in its partial text", function()
    local _, client = talks.serve { body_of("content", { "1", "10" }, "") }
    local reply, err = assert(client:chat { prompt = "q", stream = true }):finish()
    assert.is_nil(reply)
    assert.same({ "truncated", "110" }, { err.kind, err.partial })
    _, client = talks.serve { body_of("content", { "1", "10" },
      'data: {"error":{"message":"busy"}}\n\n') }
    reply, err = assert(client:chat { prompt = "q", stream = true }):finish()
    assert.is_nil(reply)
    assert.same({ "platform", "110" }, { err.kind, err.partial })
  end)
end)
