-- Messages as the wire has them.
local media = require "yuanjing.base.media"
local messages = require "yuanjing.protocol.chat.messages"

local function sent(list)
  local body = {}
  local embedded, length = messages.put(body, list)
  return body.messages, embedded, length
end

local function user(...) return { role = "user", content = { ... } } end

describe("a message on the wire", function()
  it("is as it was given", function()
    local list = { { role = "system", content = "s", name = "n" },
      user({ type = "text", text = "t" }, { type = "image_url",
        image_url = { url = "u" } }) }
    local wired, embedded = sent(list)
    assert.same(list, wired)
    assert.is_nil(embedded)
    assert.are_not.equal(list[1], wired[1])
  end)

  it("has its text in a part of that type", function()
    assert.same({ user({ type = "text", text = "t" }, "plain") },
      (sent { user({ text = "t" }, "plain") }))
  end)

  it("has calls of our own form as calls", function()
    local wired = sent { { role = "assistant", tool_calls = {
      { id = "a", name = "f", raw = '{"x":1}', arguments = { x = 2 } },
      { id = "b", name = "f", arguments = { x = 2 } },
      { id = "c", type = "function", ["function"] = { name = "g",
        arguments = "{}" } } } },
      { role = "assistant", content = "t", tool_calls = {} } }
    local arguments = {}
    for n, call in ipairs(wired[1].tool_calls) do
      assert.equal("function", call.type)
      arguments[n] = call["function"].arguments
    end
    assert.same({ '{"x":1}', '{"x":2}', "{}" }, arguments)
    assert.is_nil(wired[2].tool_calls)
  end)

  it("has media by their URL", function()
    local url = media.read "https://h/a.png"
    local sound = media.read "https://h/a.mp3"
    assert.same({ user({ type = "image_url", image_url = { url = url.url,
      detail = "low" } }, { type = "video_url", video_url = { url = url.url } },
      { type = "input_audio", input_audio = { data = sound.url,
        format = "mp3" } }) },
      (sent { user({ kind = "image", medium = url, detail = "low" },
        { kind = "video", medium = url }, { kind = "audio", medium = sound }) }))
  end)

  it("has a mark where bytes go", function()
    local bytes = media.read(media.bytes("\255\216\255x", { name = "a.jpg" }))
    local wired, embedded, length = sent { user(
      { type = "text", text = "yjfile0x1;" }, { kind = "image", medium = bytes },
      { kind = "file", medium = bytes }, { kind = "audio", medium = bytes }) }
    local parts = wired[1].content
    assert.equal(("data:image/jpeg;base64,%s1;"):format(embedded.word),
      parts[2].image_url.url)
    assert.equal("a.jpg", parts[3].file.filename)
    assert.equal(embedded.word .. "3;", parts[4].input_audio.data)
    assert.is_nil(parts[1].text:find(embedded.word, 1, true))
    assert.same({ 3, 24 }, { #embedded.pieces, length })
  end)

  it("has a sound in a data URI as base64 alone", function()
    local wired = sent { user { kind = "audio",
      medium = media.read "data:audio/x-wav;base64,UklGRg==" } }
    assert.same({ data = "UklGRg==", format = "wav" },
      wired[1].content[1].input_audio)
  end)
end)
