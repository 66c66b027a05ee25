-- Thoughts between tags in the text.
local support = require "support"
local talks = require "support.talks"
local think_tags = require "yuanjing.protocol.chat.think_tags"

after_each(support.clean)

-- What the pieces come to at the end, and what was told on the way.
local function apart(pieces)
  local tags, content, thoughts = think_tags.new(), "", ""
  for _, piece in ipairs(pieces) do
    local more, thought = tags:take(piece)
    content, thoughts = content .. more, thoughts .. thought
  end
  local more, thought = tags:release()
  return { tags:whole(content .. more, thoughts .. thought) }, content .. more
end

-- { a text, its content, its thoughts }
local ROWS = {
  { "<think>\n想\n</think>\n\n好", "好", "想" },
  { " \n<think>a<b</think>c", "c", "a<b" },
  { "<think></think>c", "c", "" },
  { "<think>a", "", "a" },
  { "<think>a </thin", "", "a </thin" },
  { "想\n</think>\n\n好", "好", "想" },
  { "plain, with a < b and </b>", "plain, with a < b and </b>", "" },
  { "write <think> and </i>", "write <think> and </i>", "" },
  { "<think>a</think>write </think> there", "write </think> there", "a" },
  { "<thin", "<thin", "" }, { " \n", " \n", "" }, { "", "", "" },
}

describe("thoughts between tags", function()
  it("are taken apart at every place a text may be split", function()
    for _, row in ipairs(ROWS) do
      local text = row[1]
      for n = 0, #text do
        assert.same({ row[2], row[3] },
          (apart { text:sub(1, n), text:sub(n + 1) }), text)
      end
      local bytes = {}
      for n = 1, #text do bytes[n] = text:sub(n, n) end
      assert.same({ row[2], row[3] }, (apart(bytes)), text)
      assert.same({ row[2], row[3] }, { think_tags.apart(text, "") })
    end
  end)

  it("are told as they come, but where nothing begins them", function()
    local _, told = apart { "<think>a</think>", "b" }
    assert.equal("b", told)
    _, told = apart { "a", "</think>", "b" }
    assert.equal("ab", told)
  end)
end)

local TEXT = "<think>\\n想一想\\n</think>\\n\\n好的"

local function plain()
  return ('{"choices":[{"message":{"content":"%s"},"finish_reason":"stop"},'
    .. '{"message":{"content":"%s"},"finish_reason":"stop"}]}'):format(TEXT, TEXT)
end

local function streamed()
  local out = {}
  for piece in TEXT:gmatch("\\?.") do
    if piece:byte() < 128 or not out[1] then out[#out + 1] = piece
    else out[#out] = out[#out] .. piece end
  end
  for n, piece in ipairs(out) do
    out[n] = ('data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n')
      :format(piece)
  end
  return table.concat(out) .. "data: [DONE]\n\n"
end

describe("a chat with think_tags", function()
  it("has the thoughts in a field of their own, in all choices", function()
    local server, client = talks.serve { plain() }
    local reply = assert(client:chat { prompt = "q", think_tags = true, n = 2 })
    for _, choice in ipairs(reply.choices) do
      assert.same({ "好的", "想一想" }, { choice.content, choice.reasoning_content })
    end
    assert.equal(2, #reply.choices)
    assert.same({ "好的", "想一想" }, { reply.message.content,
      reply.message.reasoning_content })
    assert.is_nil(server:requests()[1].body:find("think_tags", 1, true))
  end)

  it("has them so in a stream, each way of reading", function()
    local _, client = talks.serve { streamed(), streamed(), streamed() }
    local function open()
      return assert(client:chat { prompt = "q", think_tags = true, stream = true })
    end
    local texts, thoughts, contents = {}, {}, {}
    for text in open():text() do texts[#texts + 1] = text end
    assert.equal("好的", table.concat(texts))
    for chunk in open():chunks() do
      thoughts[#thoughts + 1] = chunk.reasoning_content
      contents[#contents + 1] = chunk.content
    end
    assert.same({ "好的", "想一想" }, { table.concat(contents), table.concat(thoughts) })
    local reply = assert(open():finish())
    assert.same({ "好的", "想一想" }, { reply.content, reply.reasoning_content })
  end)

  it("has them as they are written without it", function()
    local _, client = talks.serve { plain() }
    assert.equal("<think>\n想一想\n</think>\n\n好的",
      assert(client:chat { prompt = "q" }).content)
  end)

  it("takes true and false alone", function()
    local _, client = talks.serve { plain() }
    local reply, err = client:chat { prompt = "q", think_tags = "yes" }
    assert.is_nil(reply)
    assert.equal("invalid_request", err.kind)
  end)
end)
