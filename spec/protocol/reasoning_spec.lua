-- Thoughts that go out again, as the model needs it.
local reasoning = require "yuanjing.protocol.chat.reasoning"

local MESSAGES = { { role = "user", content = "q" },
  { role = "assistant", content = "a", reasoning_content = "hm" },
  { role = "assistant", content = "b" } }

local function thoughts(model, echo)
  local list = {}
  for n, item in ipairs(reasoning.apply(MESSAGES, { model = model,
    echo_reasoning = echo })) do
    list[n] = item.reasoning_content or "-"
  end
  return table.concat(list, ",")
end

describe("reasoning_content", function()
  it("goes out again", function()
    assert.equal("-,hm,-", thoughts(nil))
    assert.equal("-,hm,-", thoughts "qwen3-max")
  end)

  it("goes out with every answer where the model wants that", function()
    assert.equal("-,hm,", thoughts "deepseek-v4")
    assert.equal("-,hm,", thoughts "vendor/DeepSeek-V3.2")
  end)

  it("stays at home where the model refuses it", function()
    assert.equal("-,-,-", thoughts "deepseek-r1")
    assert.equal("-,-,-", thoughts "deepseek-reasoner")
  end)

  it("does as it is told", function()
    assert.equal("-,-,-", thoughts("qwen3-max", false))
    assert.equal("-,hm,-", thoughts("deepseek-r1", true))
  end)

  it("is never made up", function()
    local messages = { { role = "assistant", content = "b" } }
    assert.equal(messages, reasoning.apply(messages, { model = "deepseek-v4" }))
  end)
end)
