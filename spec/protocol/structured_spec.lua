-- The ways to ask for JSON, from the strictest on.
local errors = require "yuanjing.errors"
local structured = require "yuanjing.protocol.chat.structured"

local OBJECT = { type = "object" }

describe("structured answers", function()
  it("are asked for as far as the model is known to go", function()
    assert.same({ "json_schema", "json_object", "prompt" },
      structured.ways("qwen3-max", OBJECT))
    assert.same({ "json_object", "prompt" },
      structured.ways("deepseek-chat", OBJECT))
    assert.same({ "json_object", "prompt" }, structured.ways("x/GLM-4.6", OBJECT))
    assert.same({ "prompt" }, structured.ways("qwen3-max", { type = "array" }))
    assert.same({ "json_object", "prompt" },
      structured.ways("qwen3-max", OBJECT, "json_object"))
  end)

  it("have their format", function()
    assert.same({ type = "json_schema", json_schema = { name = "answer",
      schema = OBJECT } }, structured.format("json_schema", OBJECT))
    assert.same({ type = "json_object" }, structured.format("json_object", OBJECT))
    assert.is_nil(structured.format("prompt", OBJECT))
  end)

  it("know a refusal of their way from any other", function()
    local function refusal(fields)
      fields.message = fields.message or "no"
      return structured.is_refusal(errors.new(fields))
    end
    assert.is_true(refusal { kind = "invalid_request", status = 400,
      message = "Invalid parameter: response_format" })
    assert.is_true(refusal { kind = "platform", status = 200,
      message = "This Response_Format type is unavailable now" })
    assert.is_true(refusal { kind = "invalid_request", status = 400,
      body = '{"param":"json_schema"}' })
    assert.is_false(refusal { kind = "invalid_request", status = 400 })
    assert.is_false(refusal { kind = "invalid_request",
      message = "response_format: expected table, got string" })
    assert.is_false(refusal { kind = "outcome_unknown",
      message = "response_format" })
    assert.is_false(refusal { kind = "platform", partial = "x",
      message = "response_format" })
  end)
end)
