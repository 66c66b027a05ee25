-- Which ends of an answer are not the end of what the model had to say.
local endings = require "yuanjing.protocol.chat.endings"

describe("an answer", function()
  it("is cut off at its length, or by a filter", function()
    for _, reason in ipairs { "length", "MAX_TOKENS", "max_output_tokens",
      "content_filter", "sensitive" } do
      assert.is_true(endings.is_cut(reason))
    end
    assert.is_true(endings.is_full "length")
    assert.is_false(endings.is_full "content_filter")
  end)

  it("is not, at any other end", function()
    for _, reason in ipairs { "stop", "tool_calls", "whatever" } do
      assert.is_false(endings.is_cut(reason))
    end
    assert.is_false(endings.is_cut(nil))
  end)
end)
