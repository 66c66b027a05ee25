-- What of a conversation goes out: always what a vendor takes.
local sendable = require "yuanjing.chat.conversation.sendable"
local talks = require "support.talks"

local USER = { role = "user", content = "q" }

local function call(id, name, arguments)
  return { id = id, type = "function", ["function"] = { name = name or "f",
    arguments = arguments or "{}" } }
end

local function answer(...)
  return { role = "assistant", content = "", tool_calls = { ... } }
end

local function result(id, content)
  return { role = "tool", tool_call_id = id, content = content or "r" }
end

-- "role id,id content" of each.
local function shown(messages)
  local list = {}
  for n, item in ipairs(messages) do
    local ids = { item.tool_call_id }
    for i, one in ipairs(item.tool_calls or {}) do ids[i] = one.id end
    list[n] = ("%s %s %s"):format(item.role, table.concat(ids, ","),
      type(item.content) == "string" and item.content or "...")
  end
  return list
end

local NOT_RUN = "not run: the call was broken off before it had a result"

local rows = {
  { "a whole turn stays as it is", { USER, answer(call "a"), result "a",
    { role = "assistant", content = "t" }, USER },
    { "user  q", "assistant a ", "tool a r", "assistant  t", "user  q" } },
  { "a missing result is told honestly", { USER, answer(call "a", call "b"),
    result "b", USER },
    { "user  q", "assistant a,b ", "tool a " .. NOT_RUN, "tool b r", "user  q" } },
  { "results come in the order of their calls", { USER,
    answer(call "a", call "b"), result("b", "2"), result("a", "1") },
    { "user  q", "assistant a,b ", "tool a 1", "tool b 2" } },
  { "a result behind the next question goes to its call", { USER,
    answer(call "a"), USER, result "a" },
    { "user  q", "assistant a ", "tool a r", "user  q" } },
  { "a result that comes behind the next answer stays at home", { USER,
    answer(call "a"), { role = "assistant", content = "t" }, result "a", USER },
    { "user  q", "assistant a ", "tool a " .. NOT_RUN, "assistant  t",
      "user  q" } },
  { "a result without a call stays at home", { result "x", USER, result "y" },
    { "user  q" } },
  { "a second result stays at home", { USER, answer(call "a"),
    result("a", "1"), result("a", "2") },
    { "user  q", "assistant a ", "tool a 1" } },
  { "ids are used once", { USER, answer(call "0"), result("0", "1"), USER,
    answer(call "0", call "0"), result("0", "2") },
    { "user  q", "assistant 0 ", "tool 0 1", "user  q", "assistant 0_2,0_3 ",
      "tool 0_2 2", "tool 0_3 " .. NOT_RUN } },
  { "a call without an id has one", { USER, answer(call(nil)) },
    { "user  q", "assistant call ", "tool call " .. NOT_RUN } },
  { "an answer that says nothing stays at home", { USER,
    { role = "assistant", content = "" }, { role = "assistant" }, USER },
    { "user  q", "user  q" } },
  { "an empty result says so", { USER, answer(call "a"), result("a", "") },
    { "user  q", "assistant a ", "tool a (nothing)" } },
  { "calls of our own form are calls", { USER, { role = "assistant",
    tool_calls = { { id = "a", name = "f", raw = '{"x":1}' } } } },
    { "user  q", "assistant a ", "tool a " .. NOT_RUN } },
}

describe("sendable:", function()
  for _, row in ipairs(rows) do
    it(row[1], function()
      local out = sendable(row[2])
      assert.same(row[3], shown(out))
      talks.check { messages = out }
      assert.same(shown(out), shown(sendable(out))) -- once is enough
    end)
  end

  it("arguments that are no object are an empty one", function()
    for given, sent in pairs { ['{"x":1}'] = '{"x":1}', ["[1]"] = "{}",
      ["[]"] = "{}", ['{"x":'] = "{}", [""] = "{}", ['"{}"'] = "{}",
      [" {}"] = " {}" } do
      local out = sendable { USER, answer(call("a", "f", given)) }
      assert.equal(sent, out[2].tool_calls[1]["function"].arguments)
    end
    local out = sendable { USER, answer(call("a", "f", { x = 1 })) }
    assert.equal('{"x":1}', out[2].tool_calls[1]["function"].arguments)
  end)

  it("a name that no vendor takes is made one", function()
    local out = sendable { USER, answer(call("a", ""), call("b", "看 f.g")) }
    assert.equal("unknown", out[2].tool_calls[1]["function"].name)
    assert.truthy(out[2].tool_calls[2]["function"].name:find "^[_%w]+$")
  end)

  it("changes nothing of what was said", function()
    local messages = { USER, answer(call("0", "", "[")), result "x" }
    sendable(messages)
    assert.same({ USER, answer(call("0", "", "[")), result "x" }, messages)
  end)
end)
