-- The strict reader of messages: what every vendor takes, and what some refuse.
local cjson = require "yuanjing.base.json.cjson"
local history = require "yuanjing.sandbox.server.history"
local server_json = require "yuanjing.sandbox.server.json"

local SYSTEM = { role = "system", content = "be brief" }
local USER = { role = "user", content = "hello" }
local SAID = { role = "assistant", content = "hello, you" }

local function call(id, arguments, name)
  return { id = id, type = "function",
    ["function"] = { name = name or "weather", arguments = arguments or "{}" } }
end

local function calls(...)
  return { role = "assistant", content = server_json.null, tool_calls = { ... } }
end

local function result(id, content)
  return { role = "tool", tool_call_id = id, content = content or "fine" }
end

local function user(...)
  return { role = "user", content = { ... } }
end

local function picture(url)
  return { type = "image_url", image_url = { url = url } }
end

local GOOD = {
  ["a question"] = { USER },
  ["a talk"] = { SYSTEM, USER, SAID, USER },
  ["results behind their calls, in any order"] = { USER,
    calls(call "a", call "b"), result "b", result "a" },
  ["an answer behind the results"] = { USER, calls(call "a"), result "a", SAID,
    USER },
  ["two steps of calls"] = { USER, calls(call "a"), result "a",
    calls(call "b"), result "b" },
  ["a text along with calls"] = { USER, { role = "assistant", content = "well",
    tool_calls = { call("a", '{"city": "北京"}') } }, result "a" },
  ["no content along with calls"] = { USER, { role = "assistant",
    tool_calls = { call "a" } }, result "a" },
  ["a null of another reader of JSON"] = { USER, { role = "assistant",
    content = cjson.null, tool_calls = { call "a" } }, result "a" },
  ["parts"] = { user({ type = "text", text = "what is this?" },
    picture "data:image/png;base64,AAAA", picture "https://a.example/b.png") },
  ["what a tool says in parts"] = { USER, calls(call "a"),
    result("a", { { type = "text", text = "fine" } }) },
}

local BAD = {
  { "no message", {}, "messages: expected a list with a message in it" },
  { "a hole", { USER, nil, USER }, "expected a list" },
  { "another role", { { role = "developer", content = "x" } },
    "messages[0]: unknown role developer" },
  { "a late system message", { USER, SYSTEM, USER },
    "messages[1]: System message must be at the beginning" },
  { "no user", { SYSTEM, calls(call "a"), result "a" }, "no message of the user" },
  { "an end with the assistant", { USER, SAID },
    "the last message must be of the user or a tool, not of the assistant" },
  { "a field of somebody's own", { { role = "user", content = "x", images = {} } },
    "messages[0]: images: not a field of a message of the role user" },
  -- content
  { "an empty text", { { role = "user", content = "" } },
    "messages[0]: content is empty" },
  { "no content", { { role = "user" } }, "messages[0]: content is empty" },
  { "no parts", { user() }, "messages[0]: content is empty" },
  { "an assistant with nothing to say", { USER, { role = "assistant",
    content = server_json.null }, USER }, "messages[1]: content is empty" },
  { "an empty result", { USER, calls(call "a"), result("a", "") },
    "messages[2]: content is empty" },
  { "an object for a content", { { role = "user", content = { text = "x" } } },
    "expected a text or a list of parts" },
  { "an unknown part", { user { type = "picture" } },
    "content[0] has the unknown type picture" },
  { "an empty part", { user({ type = "text", text = "" }) },
    "content[0] is incomplete: its text is empty" },
  { "a path for a picture", { user(picture "cat.jpg") },
    "neither an address nor a data URI" },
  { "a picture of the assistant", { USER, { role = "assistant",
    content = { picture "https://a.example/b.png" } }, USER },
    "is of type image_url, which this role can not have" },
  -- calls and results
  { "a call without a result", { USER, calls(call "a"), USER },
    "messages[2]: An assistant message with \"tool_calls\" must be followed" },
  { "one of two results", { USER, calls(call "a", call "b"), result "a", USER },
    "b has no result" },
  { "calls at the end", { USER, calls(call "a") }, "a has no result" },
  { "a result without a call", { USER, result "a" },
    "messages[1]: messages with role \"tool\" must be a response" },
  { "a second result", { USER, calls(call "a"), result "a", result "a" },
    "a waits for no result" },
  { "a result behind a text", { USER, calls(call "a"), USER, result "a" },
    "a has no result" },
  { "a result for a call of an earlier turn", { USER, calls(call "a"), result "a",
    SAID, USER, result "a" }, "a waits for no result" },
  { "no tool_call_id", { USER, calls(call "a"), { role = "tool", content = "x" } },
    "tool_call_id is missing" },
  { "an empty list of calls", { USER, { role = "assistant", content = "x",
    tool_calls = {} }, USER }, "tool_calls: [] is too short" },
  { "an id twice", { USER, calls(call "a"), result "a", calls(call "a"),
    result "a" }, "tool_calls[0] has the id a, which another call has" },
  { "an empty id", { USER, calls(call "") }, "tool_calls[0] has no id" },
  { "a call without its type", { USER, calls { id = "a", ["function"] = {
    name = "f", arguments = "{}" } } }, 'is not of type "function"' },
  { "a name with a blank", { USER, calls(call("a", "{}", "the weather")) },
    "has a function.name that is none" },
  { "empty arguments", { USER, calls(call("a", "")) },
    "function.arguments that must be in JSON format" },
  { "cut arguments", { USER, calls(call("a", '{"x":')) }, "in JSON format" },
  { "arguments that are a list", { USER, calls(call("a", "[1]")) },
    "in JSON format" },
  { "arguments that are a table", { USER, calls(call("a", { x = 1 })) },
    "in JSON format" },
}

describe("the strict reader of messages", function()
  for name, messages in pairs(GOOD) do
    it("takes " .. name, function()
      assert.is_nil(history.problem(messages))
    end)
  end

  for _, case in ipairs(BAD) do
    it("refuses " .. case[1], function()
      local problem = history.problem(case[2]) or "nothing"
      assert.is_truthy(problem:find(case[3], 1, true), problem)
    end)
  end

  it("wants the reasoning of calls back, or none at all", function()
    local with = calls(call "a")
    with.reasoning_content = ""
    local echoed = { USER, with, result "a" }
    local dropped = { USER, calls(call "a"), result "a" }
    assert.is_nil(history.problem(echoed, { reasoning = "reasoning" }))
    assert.is_nil(history.problem(dropped, { reasoning = "no-reasoning" }))
    assert.matches("must be passed back",
      history.problem(dropped, { reasoning = "reasoning" }))
    assert.matches("is not supported",
      history.problem(echoed, { reasoning = "no-reasoning" }))
  end)
end)

describe("the strict reader of tools", function()
  local function tool(name, parameters)
    return { type = "function",
      ["function"] = { name = name, parameters = parameters } }
  end

  local function named(name)
    return { type = "function", ["function"] = { name = name } }
  end

  it("takes tools, and a choice among them", function()
    local tools = { tool("a", { type = "object" }), tool "b" }
    for _, choice in ipairs { "auto", "none", "required", named "b" } do
      assert.is_nil(history.tools_problem { tools = tools, tool_choice = choice })
    end
    assert.is_nil(history.tools_problem {})
    assert.is_nil(history.tools_problem { tools = cjson.null })
  end)

  for problem, fields in pairs {
    ["expected a list with a tool in it"] = { tools = {} },
    ['not of type "function"'] = { tools = { { name = "a" } } },
    ['not of "type": "object"'] = { tools = { tool("a", { properties = {} }) } },
    ["has a function.name that is none"] = { tools = { tool "天气" } },
    ["has the name of another: a"] = { tools = { tool "a", tool "a" } },
    ["tool_choice: names none"] = { tools = { tool "a" }, tool_choice = named "b" },
  } do
    it("says: " .. problem, function()
      local said = history.tools_problem(fields) or "nothing"
      assert.is_truthy(said:find(problem, 1, true), said)
    end)
  end
end)
