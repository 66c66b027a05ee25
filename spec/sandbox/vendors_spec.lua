-- The dialects of vendors by name: each with its own marks on the wire, and each
-- read as the same calls, plain and streamed.
local dialects = require "yuanjing.sandbox.server.chat.dialects"
local json = require "yuanjing.base.json"
local sandbox = require "yuanjing.sandbox"
local yuanjing = require "yuanjing"

local PATH = "/llmage/v1/chat/completions"

local CALLS = { { name = "weather", arguments = { city = "北京" } },
  { name = "now" } }

local box, client

-- The choices of all chunks, and all chunks.
local function chunks_of(body)
  local choices, chunks = {}, {}
  for text in body:gmatch("data: ({.-)\n") do
    local chunk = json.decode(text)
    chunks[#chunks + 1] = chunk
    choices[#choices + 1] = chunk.choices[1]
  end
  return choices, chunks
end

local function raw(scenario, stream, more)
  local answer = { scenario = scenario, content = "等等", reasoning = "想一想",
    tool_calls = CALLS }
  for name, value in pairs(more or {}) do answer[name] = value end
  box:answer("chat", answer)
  return assert(client:request { method = "POST", path = PATH,
    json = { model = "m", prompt = "x", stream = stream } })
end

local function streamed(scenario, more)
  return chunks_of(raw(scenario, true, more).body)
end

-- The pieces of calls in all choices, in their order.
local function pieces_of(choices)
  local list = {}
  for _, choice in ipairs(choices) do
    for _, piece in ipairs((choice.delta or {}).tool_calls or {}) do
      list[#list + 1] = piece
    end
  end
  return list
end

local function fields(pieces, name)
  local list = {}
  for n, piece in ipairs(pieces) do
    local value = piece[name]
    if value == nil then value = piece["function"][name] end
    list[n] = value == nil and "-" or value
  end
  return list
end

local function last(list) return list[#list] end

local function variants()
  local list = {}
  for _, name in ipairs(dialects.VENDORS) do
    if name ~= "gateway" then list[#list + 1] = name end
    for variant in pairs(dialects.named(name).VARIANTS) do
      list[#list + 1] = name .. "=" .. variant
    end
  end
  table.sort(list)
  return list
end

local THOUGHT = { minimax = "<think>\n想一想\n</think>\n\n等等",
  ["minimax=open"] = "想一想\n</think>\n\n等等" }

describe("the dialect", function()
  setup(function()
    box = assert(sandbox.start { latency = 0 })
    client = yuanjing.new(box.options)
  end)

  teardown(function() box:stop() end)
  after_each(function() box:clear() end)

  -- "weather {...}, now {}" of a reply.
  local function shown(reply)
    local list = {}
    for n, call in ipairs(reply.tool_calls or {}) do
      assert.is_nil(call.error)
      assert.truthy(#call.id > 0)
      list[n] = ("%s %s"):format(call.name, json.encode(call.arguments))
    end
    return table.concat(list, ", ")
  end

  local function chat(scenario, stream)
    box:answer("chat", { scenario = scenario, content = "等等",
      reasoning = "想一想", tool_calls = CALLS })
    local reply = assert(client:chat { prompt = "x", stream = stream })
    return stream and assert(reply:finish()) or reply
  end

  for _, name in ipairs(variants()) do
    for _, stream in ipairs { false, true } do
      it(("%s is read%s"):format(name, stream and ", streamed" or ""), function()
        local reply = chat(name, stream)
        assert.equal('weather {"city":"北京"}, now {}', shown(reply))
        assert.equal("tool_calls", reply.finish_reason)
        assert.truthy(reply.usage.total_tokens > 0)
        assert.equal(THOUGHT[name] or "等等", reply.content)
        assert.equal(not THOUGHT[name] and "想一想" or nil,
          reply.reasoning_content)
      end)
    end
  end

  it("qwen has ids that are empty, and pieces that bring nothing", function()
    local choices, chunks = streamed("qwen", { tool_calls = { CALLS[1] } })
    local pieces = pieces_of(choices)
    assert.matches("^call_%x+$", pieces[1].id)
    assert.same({ "weather", "" }, { pieces[1]["function"].name,
      pieces[1]["function"].arguments })
    assert.same({ "", "", "" }, { pieces[2].id, pieces[3].id, last(pieces).id })
    assert.same({}, pieces[#pieces - 1]["function"])
    assert.equal("", last(pieces)["function"].arguments)
    assert.same({}, last(chunks).choices)
    assert.is_table(last(chunks).usage)
  end)

  it("qwen=cumulative has all the text in each chunk", function()
    local texts = {}
    for _, choice in ipairs(streamed("qwen=cumulative",
      { content = "一二三四五六", reasoning = "想" })) do
      if choice.delta.content ~= "" then
        texts[#texts + 1] = choice.delta.content
      end
    end
    assert.equal("一二 一二三四五 一二三四五六", table.concat(texts, " "))
  end)

  it("deepseek has null contents, and the usage with the reason", function()
    local choices, chunks = streamed "deepseek"
    local body = raw("deepseek", true).body
    assert.is_truthy(body:find('{"content": null, "tool_calls": [', 1, true))
    assert.equal("-", fields(pieces_of(choices), "id")[2])
    assert.equal("tool_calls", last(choices).finish_reason)
    assert.is_table(last(chunks).usage)
    assert.matches("^call_00_%x+$", pieces_of(choices)[1].id)
  end)

  it("glm has whole calls, or repeats the arguments at the end", function()
    local whole = pieces_of(streamed "glm")
    assert.same({ "weather", "now" }, fields(whole, "name"))
    assert.same({ '{"city":"北京"}', "{}" }, fields(whole, "arguments"))
    local choices = streamed("glm=repeat", { tool_calls = { CALLS[1] } })
    local again = last(choices)
    assert.equal("tool_calls", again.finish_reason)
    assert.same({ { index = 0, type = "function",
      ["function"] = { arguments = '{"city":"北京"}' } } },
      again.delta.tool_calls)
    assert.truthy(#pieces_of(streamed "glm=pieces") > 3)
  end)

  it("kimi has its id and name in each piece, and the usage inside", function()
    local choices = streamed("kimi", { tool_calls = { CALLS[1] } })
    for _, piece in ipairs(pieces_of(choices)) do
      assert.same({ "functions.weather:0", "weather" },
        { piece.id, piece["function"].name })
    end
    assert.is_table(last(choices).usage)
    assert.same({ "0", "1" }, fields(pieces_of(streamed("kimi=digits",
      { tool_calls = { { name = "a" }, { name = "b" } } })), "id"))
  end)

  it("kimi says in several ways that there are no arguments", function()
    local WAYS = { blank = { "", "{}" }, object = { "{}" },
      missing = { "-", "{}" }, null = { "-", "{}" }, nothing = { "-" } }
    for name, way in pairs(WAYS) do
      local choices = streamed("kimi=" .. name, { tool_calls = { CALLS[2] } })
      assert.same(way, fields(pieces_of(choices), "arguments"), name)
    end
    local null = raw("kimi=null", true, { tool_calls = { CALLS[2] } }).body
    assert.is_truthy(null:find('"arguments": null', 1, true))
    local pair = streamed("kimi=pair", { tool_calls = { CALLS[1] } })
    for _, choice in ipairs(pair) do
      if choice.delta.tool_calls then
        assert.same({ 0, 0 }, fields(choice.delta.tool_calls, "index"))
      end
    end
  end)

  it("kimi counts the calls of the whole talk", function()
    box:answer("chat", { scenario = "kimi", tool_calls = { CALLS[2] } })
    local reply = assert(client:chat { messages = {
      { role = "user", content = "x" },
      { role = "assistant", content = "", tool_calls = { { id = "a",
        type = "function", ["function"] = { name = "now", arguments = "{}" } } } },
      { role = "tool", tool_call_id = "a", content = "12:00" } } })
    assert.equal("functions.now:1", reply.tool_calls[1].id)
  end)

  it("doubao=whole has all calls in its last chunk, with a line end", function()
    local choices = streamed("doubao=whole", { content = "" })
    assert.same({ "\n", "tool_calls", 2 }, { last(choices).delta.content,
      last(choices).finish_reason, #last(choices).delta.tool_calls })
    assert.equal(2, #pieces_of(choices))
    local pieces = pieces_of(streamed "doubao")
    assert.truthy(#pieces > 3)
  end)

  it("minimax has usages of zeros, empty roles and the message again", function()
    local choices, chunks = streamed "minimax"
    assert.equal(0, chunks[1].usage.total_tokens)
    assert.equal("", choices[2].delta.role)
    assert.equal("", choices[2].delta.audio_content)
    assert.equal(0, last(chunks).base_resp.status_code)
    assert.truthy(last(chunks).usage.total_tokens > 0)
    assert.equal(THOUGHT.minimax, last(choices).message.content)
    assert.equal(2, #last(choices).message.tool_calls)
    local plain = assert(json.decode(raw("minimax", false).body))
    assert.equal(0, plain.base_resp.status_code)
    local details = streamed "minimax=details"
    assert.equal(details[2].delta.reasoning_content,
      details[2].delta.reasoning_details[1].text)
  end)

  it("gateway mixes up what calls are known by", function()
    local WAYS = {
      ["no-index"] = { "index", "-", "-" }, ["index-zero"] = { "index", 0, 0 },
      ["index-one"] = { "index", 1, 1 }, ["index-minus"] = { "index", -1, -1 },
      ["no-id"] = { "id", "-", "-" }, ["indexes-anew"] = { "index", 1, 2 },
      ["name-pieces"] = { "name", "weat", "her" },
      ["name-late"] = { "name", "", "weather" },
    }
    for name, way in pairs(WAYS) do
      local values = fields(pieces_of(streamed("gateway=" .. name)), way[1])
      assert.same({ way[2], way[3] }, { values[1], values[2] }, name)
    end
    local ids = fields(pieces_of(streamed "gateway=ids-anew"), "id")
    assert.not_equal(ids[1], ids[2])
    ids = fields(pieces_of(streamed "gateway=late-id"), "id")
    assert.equal("-", ids[1])
    assert.not_equal("-", ids[2])
  end)

  it("has the platform's fields around it, unless they are not wanted", function()
    local _, chunks = streamed "qwen"
    assert.equal("0", chunks[1].finish)
    local _, bare = streamed "qwen; delta-only"
    assert.is_nil(bare[1].finish)
  end)

  it("goes with another reason", function()
    box:answer("chat", { scenario = "kimi", tool_calls = CALLS,
      finish_reason = "stop", times = 2 })
    local plain = assert(client:chat { prompt = "x" })
    local stream = assert(client:chat { prompt = "x", stream = true })
    local reply = assert(stream:finish())
    assert.same({ "stop", 2, "stop", 2 }, { plain.finish_reason,
      #plain.tool_calls, reply.finish_reason, #reply.tool_calls })
  end)
end)

describe("a gateway", function()
  setup(function()
    box = assert(sandbox.start { latency = 0 })
    client = yuanjing.new(box.options)
  end)

  teardown(function() box:stop() end)
  after_each(function() box:clear() end)

  local TOOLS = { { type = "function", ["function"] = { name = "weather",
    description = "the weather of a city", parameters = { type = "object",
      properties = { city = { type = "string" } }, required = { "city" } } } } }

  local ASK = { messages = { { role = "user", content = "What is the weather " ..
    "in Paris?" } }, tools = TOOLS }

  local function ask(scenario, stream)
    local params = { sandbox = scenario, stream = stream }
    for name, value in pairs(ASK) do params[name] = value end
    local reply, err = client:chat(params)
    if reply and stream then reply, err = reply:finish() end
    return reply, err
  end

  for _, stream in ipairs { false, true } do
    local way = stream and ", streamed" or ""

    it("drops tools, and their tokens" .. way, function()
      local with, without = assert(ask(nil, stream)), assert(ask("drop-tools", stream))
      assert.equal("weather", with.tool_calls[1].name)
      assert.is_nil(without.tool_calls)
      assert.equal("stop", without.finish_reason)
      assert.truthy(without.content ~= "")
      assert.truthy(with.usage.prompt_tokens >= #json.encode(TOOLS) / 8)
      assert.truthy(without.usage.prompt_tokens < #json.encode(TOOLS) / 8)
    end)

    for form, mark in pairs { qwen = "<tool_call>\n{", bare = '^{"name": "weather"',
      glm = "<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>",
      minimax = '<parameter name="city">Paris</parameter>',
      deepseek = "<｜tool▁call▁begin｜>", kimi = "<|tool_call_begin|>",
      tail = "</tool_call>" } do
      it(("leaks calls as text: %s%s"):format(form, way), function()
        local reply = assert(ask("leak=" .. form, stream))
        assert.is_nil(reply.tool_calls)
        assert.equal("stop", reply.finish_reason)
        local is_pattern = mark:find("^%^")
        assert.is_truthy(reply.content:find(mark, 1, not is_pattern),
          reply.content)
      end)
    end

    it("refuses a broken history" .. way, function()
      local strict = client:with { headers = { ["X-Sandbox"] = "strict-history" } }
      local said = { { role = "user", content = "x" },
        { role = "assistant", content = "", tool_calls = { { id = "a",
          type = "function", ["function"] = { name = "f", arguments = "{}" } } } } }
      local reply, err = strict:chat { messages = said, stream = stream }
      assert.is_nil(reply)
      assert.same({ "invalid_request", 400 }, { err.kind, err.status })
      assert.matches("a has no result", err.message)
      said[3] = { role = "tool", tool_call_id = "a", content = "fine" }
      assert.is_table(strict:chat { messages = said, stream = stream })
    end)
  end

  it("refuses broken tools, and wants the reasoning", function()
    local function strict(scenario, params)
      local with = client:with { headers = { ["X-Sandbox"] = scenario } }
      local _, err = with:chat(params)
      return err and err.message or "fine"
    end
    assert.matches('not of "type": "object"', strict("strict-history",
      { prompt = "x", tools = { { type = "function", ["function"] = {
        name = "f", parameters = { properties = {} } } } } }))
    assert.equal("fine", strict("strict-history", ASK))
    assert.matches("must be passed back", strict("strict-history=reasoning", {
      messages = { ASK.messages[1], { role = "assistant", content = "",
        tool_calls = { { id = "a", type = "function", ["function"] = {
          name = "f", arguments = "{}" } } } },
        { role = "tool", tool_call_id = "a", content = "x" } } }))
  end)
end)
