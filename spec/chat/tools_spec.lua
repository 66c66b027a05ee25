-- Tools: how they are made, and how a chat sends them.
local support = require "support"
local talks = require "support.talks"
local yuanjing = require "yuanjing"

describe("yuanjing.tool", function()
  it("makes a schema of parameters in short", function()
    local tool = yuanjing.tool { name = "weather", parameters = {
      city = { "string", "a city's name" }, days = "integer",
      unit = { enum = { "c", "f" }, optional = true },
      type = { "string", "of forecast", optional = true },
      places = { "array", items = { "object", properties = { x = "number" } } },
    } }
    assert.same({ type = "object", required = { "city", "days", "places" },
      properties = {
        city = { type = "string", description = "a city's name" },
        days = { type = "integer" },
        unit = { type = "string", enum = { "c", "f" } },
        type = { type = "string", description = "of forecast" },
        places = { type = "array", items = { type = "object",
          properties = { x = { type = "number" } }, required = { "x" } } },
      } }, tool.parameters)
    assert.equal("yuanjing.Tool (weather)", tostring(tool))
  end)

  it("takes a JSON schema as it is, with a type, and without empty lists", function()
    local schema = { properties = { a = { type = "string" } }, required = {} }
    assert.same({ type = "object", properties = { a = { type = "string" } } },
      yuanjing.tool({ name = "f", parameters = schema }).parameters)
    assert.same({}, schema.required)
    assert.same({ type = "object", properties = {} },
      yuanjing.tool({ name = "f" }).parameters)
    assert.same({ type = "object", properties = {} },
      yuanjing.tool({ name = "f", parameters = { type = "object" } }).parameters)
  end)

  for problem, options in pairs {
    ["name: expected 1 to 64 letters, digits, _ and -"] = { name = "a b" },
    ["name: missing"] = {},
    ["unknown option \"desc\" (known: check, description, name, parameters, run)"] =
      { name = "f", desc = "x" },
    ["run: expected function, got string"] = { name = "f", run = "x" },
    ["parameters: properties.a.type: expected one of array, boolean, integer, "
      .. "null, number, object, string, got \"strng\", did you mean string?"] =
      { name = "f", parameters = { a = "strng" } },
    ["parameters: properties.a.pattern: this keyword is not known here"] =
      { name = "f", parameters = { a = { "string", pattern = "x" } } },
  } do
    it("refuses " .. problem, function()
      local ok, message = pcall(yuanjing.tool, options)
      assert.is_false(ok)
      assert.truthy(message:find("yuanjing.tool: " .. problem, 1, true), message)
    end)
  end

  it("takes what it can not check where that is not asked for", function()
    local tool = yuanjing.tool { name = "f", check = false, parameters = {
      a = { "string", pattern = "x" } } }
    assert.equal("x", tool.parameters.properties.a.pattern)
  end)
end)

describe("the tools of a chat", function()
  after_each(support.clean)

  local function sent(params)
    local server, client = talks.serve { talks.plain { content = "t" } }
    params.prompt = "q"
    assert(client:chat(params))
    return talks.sent(server)[1]
  end

  local WIRE = { type = "function", ["function"] = { name = "f",
    description = "d", parameters = { type = "object", properties = {
      a = { type = "string" } }, required = { "a" } } } }

  it("go out as the wire has them, however they are written", function()
    local options = { name = "f", description = "d", parameters = {
      a = "string" }, run = print }
    for _, tool in ipairs { yuanjing.tool(options), options, WIRE } do
      assert.same({ WIRE }, sent({ tools = { tool } }).tools)
    end
    assert.same({ { type = "web_search" } },
      sent({ tools = { { type = "web_search" } } }).tools)
  end)

  it("may be forced by name", function()
    assert.same({ type = "function", ["function"] = { name = "f" } },
      sent({ tools = { WIRE }, tool_choice = "f" }).tool_choice)
    assert.equal("required",
      sent({ tools = { WIRE }, tool_choice = "required" }).tool_choice)
  end)

  it("do not go out where there are none", function()
    local body = sent { tools = {}, tool_choice = "auto" }
    assert.same({}, { body.tools, body.tool_choice })
  end)

  it("are refused, before anything is sent, with a mistake in one", function()
    local server, client = talks.serve {}
    local _, err = client:chat { prompt = "q", tools = { { name = "a b" } } }
    assert.same({ "tools[1].name: expected 1 to 64 letters, digits, _ and -" },
      err.problems)
    _, err = client:chat { prompt = "q", tools = "f", temperature = "hot",
      stop = 5, messages = { { role = "usr", content = "q" } } }
    assert.same({ "stop: expected string or table, got number",
      "temperature: expected number, got string",
      "tools: expected table, got string",
      'messages[1].role: expected one of assistant, developer, function, system, '
        .. 'tool, user, got "usr" (did you mean "user"?)' }, err.problems)
    assert.equal(0, server:connections().opened)
  end)

  it("come back in a reply, the same plain and streamed, on both wires", function()
    local said = { calls = { { "f", '{"a":"x"}', id = "1" },
      { "f", "[1]", id = "2" } }, ended_by = "stop" }
    for _, api in ipairs { "v1", "legacy" } do
      local _, client = talks.serve({ talks.plain(said), talks.streamed(said) },
        { api = api })
      local plain = assert(client:chat { prompt = "q", tools = { WIRE } })
      local streamed = assert(assert(client:chat { prompt = "q",
        tools = { WIRE }, stream = true }):finish())
      for _, reply in ipairs { plain, streamed } do
        assert.same({ { id = "1", name = "f", raw = '{"a":"x"}',
          arguments = { a = "x" } }, { id = "2", name = "f", raw = "[1]",
          error = "the arguments are no JSON object" } }, reply.tool_calls)
        assert.same({ "tool_calls", "stop" },
          { reply.ended_by, reply.finish_reason })
        assert.equal("{}", reply.message.tool_calls[2]["function"].arguments)
        assert.equal("[1]", reply.raw.choices[1].message.tool_calls[2]
          ["function"].arguments)
      end
    end
  end)

  it("are told of as dropped, the same plain and streamed", function()
    local said = { content = '<tool_call>{"name":"f"}</tool_call>' }
    local _, client = talks.serve { talks.plain(said), talks.streamed(said) }
    local plain = assert(client:chat { prompt = "q", tools = { WIRE } })
    local streamed = assert(assert(client:chat { prompt = "q",
      tools = { WIRE }, stream = true }):finish())
    for _, reply in ipairs { plain, streamed } do
      assert.same({ "the model may not have been told of the tools: the text has "
        .. "a call in it (<tool_call>)" }, reply.warnings)
    end
  end)
end)
