-- Answers that have to fit a schema.
local support = require "support"
local talks = require "support.talks"

local SCHEMA = { type = "object", required = { "age" },
  properties = { age = { type = "integer" } } }

local GOOD, BAD = talks.plain { content = 'It is {"age":7}.' },
  talks.plain { content = '{"age":"seven"}', usage = { total_tokens = 4 } }
local REFUSED = talks.answer(
  '{"error":{"message":"response_format.type json_schema is not supported"}}', 400)

-- What chat returns, and the bodies that were sent.
local function ask(params, ...)
  local server, client = talks.serve { ... }
  params.schema = params.schema or SCHEMA
  local reply, err = client:chat(params)
  if params.stream and reply then reply, err = reply:finish() end
  return reply, err, talks.sent(server)
end

describe("a chat with a schema", function()
  after_each(support.clean)

  it("has the answer as data", function()
    local reply, _, sent = ask({ prompt = "q", sys_prompt = "be brief" }, GOOD)
    assert.same({ age = 7 }, reply.data)
    assert.equal('It is {"age":7}.', reply.content)
    assert.same({ by = "json_schema", repairs = 0 }, reply.schema)
    assert.same({ type = "json_schema", json_schema = { name = "answer",
      schema = SCHEMA } }, sent[1].response_format)
    assert.truthy(sent[1].sys_prompt:find("be brief\n\nAnswer with one JSON", 1,
      true))
    assert.is_nil(sent[1].schema)
  end)

  it("has the words in the system's message, which may be new", function()
    local USER = { role = "user", content = "q" }
    local _, _, sent = ask({ messages = { USER } }, GOOD)
    assert.same({ "system", "user" },
      { sent[1].messages[1].role, sent[1].messages[2].role })
    _, _, sent = ask({ messages = { { role = "system", content = "s" }, USER } },
      GOOD)
    assert.equal(2, #sent[1].messages)
    assert.truthy(sent[1].messages[1].content:find("^s\n\nAnswer with"))
  end)

  it("goes down the ladder, and says so", function()
    local reply, _, sent = ask({ prompt = "q" }, REFUSED,
      talks.answer('{"error":"ERROR: response_format is unavailable now"}'), GOOD)
    assert.same({ age = 7 }, reply.data)
    assert.equal("prompt", reply.schema.by)
    assert.equal(2, #reply.schema.refused)
    assert.truthy(reply.schema.refused[1]:find "^json_schema: response_format")
    assert.same({ "json_object" }, { sent[2].response_format.type })
    assert.is_nil(sent[3].response_format)
  end)

  it("does not go on after what says nothing of it", function()
    local _, err, sent = ask({ prompt = "q" },
      talks.answer('{"error":{"message":"no such model"}}', 400), GOOD)
    assert.same({ "invalid_request", 1 }, { err.kind, #sent })
    _, err, sent = ask({ prompt = "q" }, { { "request" }, { "reset" } }, GOOD)
    assert.same({ "outcome_unknown", 1 }, { err.kind, #sent })
  end)

  it("begins where it is told to", function()
    local reply, _, sent = ask({ prompt = "q", schema_by = "prompt" }, GOOD)
    assert.same({ "prompt" }, { reply.schema.by })
    assert.is_nil(sent[1].response_format)
    reply = ask({ prompt = "q", model = "deepseek-chat" }, GOOD)
    assert.equal("json_object", reply.schema.by)
  end)

  it("fails with what does not fit, and has it", function()
    local reply, err, sent = ask({ prompt = "q" }, BAD)
    assert.is_nil(reply)
    assert.same({ "decode", "the answer does not fit the schema: age: expected "
      .. 'integer, got string "seven"', '{"age":"seven"}', 4, 1 },
      { err.kind, err.message, err.partial, err.usage.total_tokens, #sent })
    assert.same({ 'age: expected integer, got string "seven"' }, err.problems)
    err = select(2, ask({ prompt = "q" }, talks.plain { content = "no idea" }))
    assert.same({ "the answer has no JSON in it" }, err.problems)
  end)

  it("asks again as often as it may", function()
    local reply, _, sent = ask({ prompt = "q", repairs = 1 }, BAD, GOOD)
    assert.same({ age = 7 }, reply.data)
    assert.equal(1, reply.schema.repairs)
    assert.equal(4, reply.usage.total_tokens)
    local last = sent[2].messages[#sent[2].messages]
    assert.equal("That does not fit the schema: age: expected integer, got "
      .. 'string "seven". Answer again, with the JSON value alone.', last.content)
    for n, body in ipairs(sent) do
      if n > 1 then talks.check(body) end
    end
    local _, err, twice = ask({ prompt = "q", repairs = 1 }, BAD, BAD, GOOD)
    assert.same({ "decode", 2, 8 }, { err.kind, #twice, err.usage.total_tokens })
  end)

  it("never asks again for an answer that was cut off", function()
    local _, err, sent = ask({ prompt = "q", repairs = 3 },
      talks.plain { content = '{"age":', ended_by = "length" }, GOOD)
    assert.same({ "truncated", 1, '{"age":' },
      { err.kind, #sent, err.partial })
  end)

  it("is checked at the end of a stream", function()
    local reply = ask({ prompt = "q", stream = true },
      talks.streamed { content = '{"age":7}' })
    assert.same({ age = 7 }, reply.data)
    local again, err = ask({ prompt = "q", stream = true },
      talks.streamed { content = '{"age":"x"}' })
    assert.is_nil(again)
    assert.equal("decode", err.kind)
  end)

  it("leaves calls of tools alone", function()
    local reply = ask({ prompt = "q", tools = { { name = "f" } } },
      talks.plain { calls = { { "f" } } })
    assert.same({ "f" }, { reply.tool_calls[1].name })
    assert.is_nil(reply.data)
  end)

  it("is refused, before anything is sent, with what can not be checked", function()
    for problem, params in pairs {
      ["schema: pattern: this keyword is not known here"] =
        { schema = { pattern = "x" } },
      ["schema_by: expected one of json_schema, json_object, prompt"] =
        { schema_by = "magic" },
      ["repairs: expected a number from 0 on"] = { repairs = -1 },
    } do
      params.prompt = "q"
      local _, err, sent = ask(params, GOOD)
      assert.same({ "invalid_request", { problem }, 0 },
        { err.kind, err.problems, #sent })
    end
  end)
end)
