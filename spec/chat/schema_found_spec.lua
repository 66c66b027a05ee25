-- The JSON in an answer.
local found = require "yuanjing.chat.schema.found"

local function is_person(value)
  return type(value) == "table" and type(value.name) == "string"
end

local PERSON = { name = "Ann" }

describe("the JSON in an answer is found", function()
  for title, text in pairs {
    ["alone"] = ' {"name":"Ann"}\n',
    ["in a fence"] = 'Here:\n```json\n{"name":"Ann"}\n```\nDone.',
    ["in a fence without a language"] = '```\n{"name":"Ann"}\n```',
    ["in the second fence"] = '```json\n{"a":1}\n```\n```json\n{"name":"Ann"}\n```',
    ["in prose"] = 'The person is {"name":"Ann"}, as {asked}.',
    ["behind other brackets"] = 'In [1] and {2}: {"name":"Ann"}',
    ["behind what the model thought"] =
      '<think>maybe {"name":"Bob"}</think>{"name":"Ann"}',
    ["with a comma too many"] = '{"name":"Ann",}',
    ["with a comma too many in a fence"] = '```json\n{"name":"Ann",}\n```',
    ["with a comma too many in prose"] = 'Here: {"name":"Ann",} Done.',
    ["as a text in JSON"] = '"{\\"name\\":\\"Ann\\"}"',
    ["in Python's way"] = "{'name': 'Ann'}",
  } do
    it(title, function()
      assert.same(PERSON, found.value(text, is_person))
    end)
  end

  it("also where it does not fit, so that the fault can be told", function()
    assert.same({ a = 1 }, found.value('So: {"a":1}', is_person))
    assert.same(5, found.value("5", is_person))
  end)

  it("nowhere, where there is none", function()
    assert.is_nil(found.value("no", is_person))
    assert.is_nil(found.value("", is_person))
    assert.is_nil(found.value('{"name":"An', is_person))
    assert.is_nil(found.value(("{"):rep(5000), is_person))
  end)
end)
