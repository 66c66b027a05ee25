-- The arguments of a call, as models write them.
local arguments = require "yuanjing.chat.tools.arguments"
local yuanjing = require "yuanjing"

local tool = yuanjing.tool { name = "f", parameters = { city = "string" } }

local function of(raw, object)
  return arguments.of(tool, { raw = raw, arguments = object })
end

describe("arguments", function()
  it("are an object that fits", function()
    assert.same({ city = "x" }, (of('{"city":"x"}', { city = "x" })))
    local args, problem = of("{}", {})
    assert.same({ nil, "city: missing" }, { args, problem })
  end)

  for name, raw in pairs {
    ["a fence around it"] = '```json\n{"city":"x"}\n```',
    ["a comma before a bracket"] = '{"city":"x",}',
    ["Python's way of writing"] = "{'city': 'x', 'is_it': True}",
    ["text around it"] = 'Sure: {"city":"x"} there.',
    ["a fence around it, a comma before a bracket"] = '```json5\n{"city":"x",}\n```',
    ["text around it, Python's way of writing"] = "Sure: {'city': 'x'} there.",
  } do
    it("are read with " .. name .. ", which is said", function()
      local args, problem, repaired = of(raw)
      assert.is_nil(problem)
      assert.truthy(args.city:find "^x")
      assert.equal(name, repaired)
    end)
  end

  it("keep commas and brackets in texts", function()
    local args = of('{"city":"a,] \\",}",}')
    assert.equal('a,] ",}', args.city)
  end)

  it("are nothing where they break off, or are no object", function()
    for _, raw in ipairs { '{"city":"x', "[1]", "x", "", '{"city":' } do
      local args, problem = of(raw)
      assert.is_nil(args)
      assert.equal("the arguments are no JSON object: " .. raw, problem)
    end
  end)

  it("are not repaired where that would cost more than it is worth", function()
    assert.is_nil(arguments.read('{"city":"' .. ("x"):rep(70000) .. '",}'))
  end)
end)
