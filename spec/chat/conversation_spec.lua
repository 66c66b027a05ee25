-- Conversations: asking on, and tools.
local json = require "yuanjing.base.json"
local support = require "support"
local talks = require "support.talks"
local yuanjing = require "yuanjing"

after_each(support.clean)

local function tool(name, run, parameters)
  return yuanjing.tool { name = name, run = run, parameters = parameters }
end

-- A conversation whose model gives these answers, and the server.
local function converse(options, ...)
  local server, client = talks.serve({ ... }, { retries = 0 })
  return assert(client:conversation(options)), server
end

local function checked(server)
  local bodies = talks.sent(server)
  for _, body in ipairs(bodies) do talks.check(body) end
  return bodies
end

local function call(...) return talks.plain { calls = { ... } } end
local function text(content) return talks.plain { content = content } end

local function results(body)
  local list = {}
  for _, item in ipairs(body.messages) do
    if item.role == "tool" then list[#list + 1] = item.content end
  end
  return list
end

describe("a conversation", function()
  it("asks on with all that was said", function()
    local talk, server = converse({ system = "s", model = "m", temperature = 0 },
      text "a", text "b")
    assert.equal("a", assert(talk:ask "1").content)
    assert.equal("b", assert(talk:ask "2").content)
    local bodies = checked(server)
    assert.same({ { role = "system", content = "s" },
      { role = "user", content = "1" }, { role = "assistant", content = "a" },
      { role = "user", content = "2" } }, bodies[2].messages)
    assert.same({ "m", 0 }, { bodies[2].model, bodies[2].temperature })
    assert.same({ role = "assistant", content = "b" }, talk.messages[5])
  end)

  it("runs tools, and ends with an answer", function()
    local talk, server = converse({ tools = { tool("weather", function(args)
      return { city = args.city, temperature = 21 }
    end, { city = "string" }) } },
      talks.plain { calls = { { "weather", '{"city":"北京"}', id = "0" } },
        usage = { total_tokens = 5, details = { cached = 1 } } },
      talks.plain { content = "21", usage = { total_tokens = 7,
        details = { cached = 2 } } })
    local reply = assert(talk:ask "?")
    assert.same({ "21", "stop", { total_tokens = 12, details = { cached = 3 } } },
      { reply.content, reply.ended_by, reply.usage })
    local step = reply.steps[1]
    assert.is_true(step.elapsed >= 0)
    step.elapsed = nil
    assert.same({ { id = "0", name = "weather", raw = '{"city":"北京"}',
      arguments = { city = "北京" }, step = 1,
      result = { city = "北京", temperature = 21 },
      text = '{"city":"北京","temperature":21}' } }, reply.steps)
    assert.same({ '{"city":"北京","temperature":21}' },
      results(checked(server)[2]))
    assert.equal(4, #talk.messages)
  end)

  it("goes on by the presence of calls, whatever the reason given", function()
    local count = 0
    local talk = converse({ tools = { tool("f", function() count = count + 1 end) } },
      talks.plain { calls = { { "f" } }, ended_by = "stop" },
      talks.plain { content = "t", ended_by = "tool_calls" })
    local reply = assert(talk:ask "?")
    assert.same({ 1, "t" }, { count, reply.content })
  end)

  it("tells the model what went wrong", function()
    local talk, server = converse({ tools = {
      tool("raises", function() error "it broke" end),
      tool("raises_a_table", function() error { "x" } end),
      tool("fails", function() return nil, "no such city" end),
      tool("picky", function() return "ran" end, { n = "integer" }),
      tool("odd", function() return print end),
      tool("bytes", function() return "a\255b" end),
      tool("nothing", function() end), tool("empty", function() return "" end),
      tool("no", function() return false end),
    } }, call({ "raises" }, { "fails" }, { "picky", '{"n":"x"}' },
      { "picky", '{"n":' }, { "other" }, { "odd" }, { "bytes" }, { "nothing" },
      { "empty" }, { "no" }), text "t")
    local reply = assert(talk:ask "?")
    local told = results(checked(server)[2])
    assert.same({ "error: it broke", "error: no such city",
      'error: n: expected integer, got string "x"',
      'error: the arguments are no JSON object: {"n":',
      'error: there is no tool "other"; there are: bytes, empty, fails, no, '
        .. "nothing, odd, picky, raises, raises_a_table",
      "error: the result can not be written as JSON: a function can not be "
        .. "written as JSON", "a\239\191\189b", "done", "(nothing)", "false" }, told)
    assert.same({ "it broke", "no such city" },
      { reply.steps[1].error, reply.steps[2].error })
    assert.is_nil(reply.steps[7].error)
  end)

  it("says what it had to mend in arguments", function()
    local talk = converse({ tools = { tool("f", function(args)
      return args.n
    end, { n = "integer" }) } }, call { "f", '{"n":1,}' }, text "t")
    local step = assert(talk:ask "?").steps[1]
    assert.same({ 1, "a comma before a bracket", '{"n":1,}' },
      { step.result, step.repaired, step.raw })
  end)

  it("does not run the same call a third time", function()
    local count = 0
    local talk, server = converse({ tools = { tool("f", function()
      count = count + 1
      return count
    end) } }, call { "f", '{"a":1,"b":2}' }, call { "f", '{"b":2, "a":1}' },
      call { "f", '{"a":1,"b":2}' }, text "t")
    local reply = assert(talk:ask "?")
    assert.same({ 2, "t" }, { count, reply.content })
    assert.truthy(reply.steps[3].error:find("^not run: this call was made twice"))
    assert.equal(4, #checked(server))
  end)

  it("ends with an answer at max_steps", function()
    local n = 0
    local talk, server = converse({ max_steps = 2, tool_choice = "auto",
      tools = { tool("f", function()
        n = n + 1
        return n
      end) } }, call { "f", '{"n":1}' }, call { "f", '{"n":2}' }, text "t")
    local reply = assert(talk:ask "?")
    assert.same({ "t", "max_steps", 2 },
      { reply.content, reply.ended_by, #reply.steps })
    local bodies = checked(server)
    assert.truthy(bodies[2].tools)
    assert.is_nil(bodies[3].tools)
    assert.is_nil(bodies[3].tool_choice)
    assert.equal("last", talk.ledger[3].why)
  end)

  it("ends with an answer where one call is left of the client's limit", function()
    local server, client = talks.serve({ call { "f" }, text "t" },
      { limits = { total = 2 } })
    local talk = assert(client:conversation { tools = { tool("f", tostring) } })
    local reply = assert(talk:ask "?")
    assert.same({ "t", "limit" }, { reply.content, reply.ended_by })
    assert.is_nil(checked(server)[2].tools)
    local _, err = talk:ask "on"
    assert.same({ "limit", 4 }, { err.kind, #talk.messages })
  end)

  it("forces a tool for one step", function()
    local talk, server = converse({ tools = { tool("f", tostring) } },
      call { "f" }, text "t")
    assert(talk:ask { "?", tool_choice = "f" })
    local bodies = checked(server)
    assert.equal("f", bodies[1].tool_choice["function"].name)
    assert.is_nil(bodies[2].tool_choice)
  end)

  it("runs no call of an answer that was cut off", function()
    local talk, server = converse({ tools = { tool("f", error) } },
      talks.plain { calls = { { "f" } }, ended_by = "length" }, text "t")
    local reply = assert(talk:ask "?")
    assert.same({ "length", 0 }, { reply.ended_by, #reply.steps })
    assert.same({}, talk:pending())
    assert(talk:ask "on")
    assert.same({ "not run: the answer was cut off" },
      results(checked(server)[2]))
  end)

  it("runs calls one after the other, or beside each other when asked", function()
    for _, case in ipairs { { nil, "1 begins,1 ends,2 begins,2 ends" },
      { true, "1 begins,2 begins,1 ends,2 ends" }, { 1,
        "1 begins,1 ends,2 begins,2 ends" } } do
      local log = {}
      local talk = converse({ parallel = case[1], tools = { tool("f",
        function(args)
          log[#log + 1] = args.n .. " begins"
          yuanjing.sleep(0.01)
          log[#log + 1] = args.n .. " ends"
          return args.n
        end, { n = "string" }) } },
        call({ "f", '{"n":"1"}' }, { "f", '{"n":"2"}' }), text "t")
      local reply = assert(talk:ask "?")
      assert.equal(case[2], table.concat(log, ","))
      assert.same({ "1", "2" }, { reply.steps[1].result, reply.steps[2].result })
    end
  end)

  it("tells of tools, to who listens to it and to the client", function()
    local heard = {}
    local function hear(event)
      if event.type:find "^tool" then
        heard[#heard + 1] = ("%s %s %s"):format(event.type, event.name,
          tostring(event.text))
      end
    end
    local _, client = talks.serve({ call { "f" }, text "t" }, { on_event = hear })
    local talk = assert(client:conversation { on_event = hear,
      tools = { tool("f", function() return "r" end) } })
    assert(talk:ask "?")
    assert.same({ "tool_call f nil", "tool_call f nil", "tool_result f r",
      "tool_result f r" }, heard)
  end)

  it("leaves a call to you whose tool has nothing to run", function()
    local talk, server = converse({ tools = { tool("ask_first"),
      tool("f", function() return "r" end) } },
      call({ "ask_first", '{"door":1}', id = "a" }, { "f", "{}", id = "b" }),
      text "t")
    local reply = assert(talk:ask "?")
    assert.same({ "tool_calls", 1 }, { reply.ended_by, #reply.steps })
    assert.same({ { id = "a", name = "ask_first", raw = '{"door":1}',
      arguments = { door = 1 } } }, talk:pending())
    assert(talk:answer("a", { opened = true }))
    assert.equal("t", assert(talk:send()).content)
    assert.same({ '{"opened":true}', "r" }, results(checked(server)[2]))
  end)

  it("looks at pictures, and keeps them as plain data", function()
    local folder = support.tempdir()
    local path = support.write(folder .. "/cat.jpg", "\255\216\255x")
    local talk, server = converse({}, text "a cat", text "b", text "c")
    assert(talk:ask { "What is this?", images = { path,
      yuanjing.bytes("\255\216\255y") } })
    local URI = "data:image/jpeg;base64,"
    assert.same({ { type = "text", text = "What is this?" },
      { type = "image", image = path }, { type = "image",
        image = URI .. "/9j/eQ==" } }, talk.messages[1].content)
    assert(talk:ask "more")
    local image = checked(server)[2].messages[1].content[2]
    assert.equal(URI .. "/9j/eA==", image.image_url.url)
    os.remove(path)
    assert(talk:ask "and more")
    assert.same({ type = "text",
      text = "(image that was here can not be read any more)" },
      checked(server)[3].messages[1].content[2])
    local _, err = talk:ask { "and this?", images = path }
    assert.equal("invalid_request", err.kind)
    assert.equal(6, #talk.messages)
  end)

  it("gives data that fits a schema", function()
    local SCHEMA = { type = "object", properties = { n = { type = "integer" } },
      required = { "n" } }
    local talk, server = converse({ tools = { tool("f", function()
      return 7
    end) } }, call { "f" }, text "no", text '{"n":7}', text "later")
    local reply = assert(talk:ask { "?", schema = SCHEMA, repairs = 1 })
    assert.same({ n = 7 }, reply.data)
    assert.same({ "ask", "ask", "repair" }, { talk.ledger[1].why,
      talk.ledger[2].why, talk.ledger[3].why })
    assert.equal(4, #talk.messages)
    assert(talk:ask "on")
    local bodies = checked(server)
    assert.is_nil(bodies[4].response_format)
    assert.is_nil(bodies[4].schema)
  end)
end)

describe("an ask that fails", function()
  it("leaves what was said as it was, and has what was said in it", function()
    local talk = converse({ tools = { tool("f", function() return "r" end) } },
      call { "f", "{}", id = "a" }, talks.answer("oops", 500), text "t")
    local _, err = talk:ask "?"
    assert.equal("server", err.kind)
    assert.same({}, talk.messages)
    assert.same({ "user", "assistant", "tool" }, { err.messages[1].role,
      err.messages[2].role, err.messages[3].role })
    assert.equal("r", err.steps[1].text)
    for _, item in ipairs(err.messages) do
      talk.messages[#talk.messages + 1] = item
    end
    assert.equal("t", assert(talk:send()).content)
  end)

  it("is never sent a second time where its outcome is unknown", function()
    local talk, server = converse({ tools = { tool("f", tostring) } },
      call { "f" }, { { "request" }, { "reset" } }, text "t")
    local _, err = talk:ask "?"
    assert.equal("outcome_unknown", err.kind)
    assert.equal(2, #server:requests())
    assert.same({ "answered", "unknown" },
      { talk.ledger[1].outcome, talk.ledger[2].outcome })
  end)

  it("has each attempt in the ledger", function()
    local server, client = talks.serve({ talks.answer(
      '{"error":"rate limit exceeded"}', 429), text "t" }, { retries = 1 })
    local talk = assert(client:conversation { model = "m" })
    assert(talk:ask "?")
    assert.equal(2, #server:requests())
    local first, second = talk.ledger[1], talk.ledger[2]
    assert.same({ "refused", "rate_limit", 1, "answered", 2, "m" },
      { first.outcome, first.kind, first.attempt, second.outcome,
        second.attempt, second.model })
    assert.is_nil(first.usage)
    local none = yuanjing.new { base_url = "http://127.0.0.1:1", api_key = "k",
      retries = 0 }
    talk = assert(none:conversation())
    local _, err = talk:ask "?"
    assert.same({ "transport", "not_sent" }, { err.kind, talk.ledger[1].outcome })
  end)

  it("is refused where nothing is asked, or is answered already", function()
    local talk, server = converse({}, text "t")
    for _, nothing in ipairs { "", { "" }, {}, { 5 } } do
      local _, err = talk:ask(nothing)
      assert.equal("invalid_request", err.kind)
    end
    for _, wrong in ipairs { { prompt = "q" }, { "q", tools = {} },
      { "q", image = "a.png" }, { "bad \255" } } do
      local _, err = talk:ask(wrong)
      assert.equal("invalid_request", err.kind)
    end
    assert.is_nil((talk:say "bad \255"))
    assert(talk:ask "?")
    local _, err = talk:send()
    assert.equal("there is nothing to answer: the last message is the model's own",
      err.message)
    assert.equal(1, #server:requests())
    assert.has_error(function() talk:ask(5) end,
      "talk:ask: expected string or table, got number")
  end)

  it("shows what it would send, in a dry run", function()
    local client = yuanjing.new { api_key = "k", dry_run = true }
    local talk = assert(client:conversation { tools = { tool("f", tostring) } })
    local described = talk:ask "?"
    assert.is_true(described.dry_run)
    assert.same({ 0, 0 }, { #talk.messages, #talk.ledger })
  end)
end)

describe("talk:cancel()", function()
  local STALL = { { "request" }, { "sleep", 120 } }

  it("ends a request, for who waits for it", function()
    local talk, server = converse({}, STALL, text "t")
    local work = yuanjing.async(function() return talk:ask "?" end)
    assert.is_true(support.wait_until(function()
      return #server:requests() == 1
    end, yuanjing.sleep))
    talk:cancel()
    local reply, err = work:await()
    assert.same({ nil, "cancelled", "cancelled" },
      { reply, err.kind, talk.ledger[1].outcome })
    assert.same({}, talk.messages)
    assert.equal("t", assert(talk:ask "again").content)
  end)

  it("ends tools, also from inside one", function()
    local ended
    local talk
    talk = converse({ tools = { tool("f", function()
      talk:cancel()
      yuanjing.sleep(support.HANG)
      ended = true
    end) } }, call { "f" }, text "t")
    local from = support.now()
    local _, err = talk:ask "?"
    assert.equal("cancelled", err.kind)
    assert.is_nil(ended)
    assert.is_true(support.now() - from < support.SOON)
    assert.same({}, talk.messages)
    assert.equal("t", assert(talk:ask "again").content)
  end)

  it("ends a stream that somebody reads", function()
    local talk = converse({}, { { "request" }, { "send",
      "HTTP/1.1 200 OK\r\n\r\n" .. talks.streamed { content = "ab",
        is_cut = true } }, { "sleep", 120 } }, text "t")
    local stream = assert(talk:ask { "?", stream = true })
    local work = yuanjing.async(function()
      local said = {}
      local chunk, err = stream:next()
      while chunk do
        said[#said + 1] = chunk.content
        chunk, err = stream:next()
      end
      return table.concat(said), err
    end)
    yuanjing.sleep(0.05)
    talk:cancel()
    local said, err = work:await()
    assert.same({ "ab", "cancelled" }, { said, err.kind })
    assert.equal("t", assert(talk:ask "again").content)
  end)

  it("answers calls that wait", function()
    local talk = converse({ tools = { tool("f") } }, call { "f" })
    assert(talk:ask "?")
    talk:cancel()
    assert.same({}, talk:pending())
    assert.equal("not run: it was cancelled",
      talk.messages[#talk.messages].content)
  end)

  it("comes with the job that asks", function()
    local talk = converse({ tools = { tool("f", function()
      yuanjing.sleep(5)
    end) } }, call { "f" }, text "t")
    local work = yuanjing.async(function() return talk:ask "?" end)
    yuanjing.sleep(0.05)
    work:cancel()
    assert.equal("cancelled", select(2, work:await()).kind)
    assert.same({}, talk.messages)
    assert.equal("t", assert(talk:ask "again").content)
  end)
end)

describe("one ask at a time", function()
  it("is refused while another is under way", function()
    local talk
    local inner
    talk = converse({ tools = { tool("f", function()
      inner = select(2, talk:ask "inside")
      return "r"
    end) } }, call { "f" }, text "t")
    assert.equal("t", assert(talk:ask "?").content)
    assert.equal("invalid_request", inner.kind)
    assert.truthy(inner.message:find "is under way")
  end)
end)

describe("a loop of your own", function()
  it("sends, looks at what waits, and answers", function()
    local talk, server = converse({ tools = { tool("f", error, { n = "integer" }) } },
      call({ "f", '{"n":1}', id = "0" }, { "f", '{"n":"x"}', id = "0" }),
      text "t")
    assert(talk:say "?")
    local reply = assert(talk:send())
    assert.equal("tool_calls", reply.ended_by)
    local pending = talk:pending()
    assert.same({ { n = 1 }, 'n: expected integer, got string "x"' },
      { pending[1].arguments, pending[2].error })
    assert(talk:answer(pending[1].id, "one"))
    assert(talk:answer(pending[2].id, nil, pending[2].error))
    local _, err = talk:answer(pending[1].id, "twice")
    assert.equal("invalid_request", err.kind)
    assert.equal("t", assert(talk:send()).content)
    assert.same({ "one", 'error: n: expected integer, got string "x"' },
      results(checked(server)[2]))
  end)

  it("goes on in another program, from what was kept", function()
    local talk, server = converse({ tools = { tool("f", error) } },
      call { "f", "{}", id = "a" }, text "t")
    assert(talk:say "?")
    assert(talk:send())
    local kept = assert(talk:to_json())
    local other = yuanjing.new { base_url = server.url, api_key = "k" }
    local again = assert(other:conversation { from_json = kept,
      tools = { tool("f", error) } })
    assert(again:answer(again:pending()[1].id, "r"))
    assert.equal("t", assert(again:send()).content)
    assert.equal(2, #again.ledger)
    checked(server)
  end)
end)

describe("client:conversation", function()
  local client = yuanjing.new { api_key = "k" }

  for problem, options in pairs {
    ["prompt: see talk:ask"] = { prompt = "q" },
    ["sys_prompt: see system"] = { sys_prompt = "s" },
    ["tools: expected table, got string"] = { tools = "f" },
    ["max_steps: expected a whole number, 1 or more, got 0"] = { max_steps = 0 },
    ["tools[1].name: expected 1 to 64 letters, digits, _ and -"] =
      { tools = { { name = "" } } },
  } do
    it("raises " .. problem, function()
      local ok, message = pcall(client.conversation, client, options)
      assert.is_false(ok)
      assert.truthy(message:find("client:conversation: " .. problem, 1, true),
        message)
    end)
  end

  it("goes on from messages of your own, which stay yours", function()
    local messages = { { role = "user", content = "1" } }
    local talk = assert(client:conversation { messages = messages, system = "s" })
    assert.equal(2, #talk.messages)
    assert.equal(1, #messages)
    local _, err = client:conversation { messages = { { role = "x" } } }
    assert.equal("invalid_request", err.kind)
    assert.equal("yuanjing.Conversation (2 messages)", tostring(talk))
  end)

  it("trims by a number of turns alone", function()
    local talk = assert(client:conversation())
    for _, keep in ipairs { -1, 0 / 0, "1" } do
      assert.error(function() talk:trim { keep = keep } end)
    end
  end)

  it("is written by any JSON library", function()
    local talk = assert(client:conversation { system = "s" })
    assert.truthy(json.encode { talk.messages, talk.ledger, talk.params })
  end)
end)
