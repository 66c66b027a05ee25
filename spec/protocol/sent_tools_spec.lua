-- Signs that a gateway has dropped the tools of a request.
local sent_tools = require "yuanjing.protocol.chat.sent_tools"

local function body(choice)
  return { tool_choice = choice, tools = { { type = "function", ["function"] = {
    name = "look", description = ("long "):rep(40) } } } }
end

local function warning(reply, choice)
  reply.content = reply.content or ""
  local text = sent_tools.warning(assert(sent_tools.of(body(choice))), reply)
  return text and text:match "^the model may not have been told of the tools: (.*)"
end

describe("a reply warns", function()
  it("of a call in its text", function()
    for _, mark in ipairs { "<tool_call>", "</tool_call>", "<|tool" } do
      assert.equal(("the text has a call in it (%s)"):format(mark),
        warning { content = "so: " .. mark .. "{}" })
    end
  end)

  it("of a text that is a call", function()
    for _, content in ipairs { '{"name":"look","arguments":{}}',
      '```json\n{"name": "look"}\n```', '[{"name":"look"}]',
      '{"function":{"name":"look"}}', ' {"function":"look"} ' } do
      assert.equal("the text is a call of look", warning { content = content })
    end
  end)

  it("of a text where a call was forced", function()
    for _, choice in ipairs { "required", { type = "function" } } do
      assert.equal("a call was asked for and text came",
        warning({ content = "no" }, choice))
    end
    assert.is_nil(warning({ content = "no" }, "auto"))
  end)

  it("of a prompt that is too small for the tools", function()
    assert.equal("the prompt counts 9 tokens, less than the tools alone need",
      warning { content = "no", usage = { prompt_tokens = 9 } })
    assert.is_nil(warning { content = "no", usage = { prompt_tokens = 60 } })
    assert.is_nil(warning { content = "no", usage = { prompt_tokens = 0 } })
  end)

  it("of nothing else", function()
    assert.is_nil(warning { content = '{"name":"other"}' })
    assert.is_nil(warning { content = "look at <tools>" })
    assert.is_nil(warning({ content = "<tool_call>", tool_calls = { {} } },
      "required"))
  end)

  it("of no tools that were not sent", function()
    assert.is_nil(sent_tools.of {})
    assert.is_nil(sent_tools.of { tools = {} })
    assert.is_nil(sent_tools.of(body "none"))
  end)
end)
