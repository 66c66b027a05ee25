-- Values and the schemas that they have to fit.
local check = require "yuanjing.chat.schema.check"
local definition = require "yuanjing.chat.schema.definition"
local json = require "yuanjing.base.json"

local function problems(schema, value)
  assert.same({}, definition.problems(schema))
  return table.concat(check.value(schema, value), " | ")
end

local NODE = { type = "object", properties = { next = { ["$ref"] = "#" },
  n = { ["$ref"] = "#/$defs/count" } },
  ["$defs"] = { count = { type = "integer" } } }

-- schema, value, problems
local rows = {
  { { type = "string" }, "x", "" },
  { { type = "string" }, 5, "expected string, got number 5" },
  { { type = "integer" }, 5.5, "expected integer, got number 5.5" },
  { { type = "integer" }, 5.0, "" },
  { { type = "integer" }, "12345678901234567890", "" },
  { { type = "number" }, "5", 'expected number, got string "5"' },
  { { type = { "string", "null" } }, json.null, "" },
  { { type = { "string", "null" } }, true,
    "expected string or null, got boolean true" },
  { { type = "string", nullable = true }, json.null, "" },
  { { type = "array" }, {}, "" }, { { type = "object" }, {}, "" },
  { { type = "array" }, { a = 1 }, "expected array, got object" },
  { { type = "object" }, { 1 }, "expected object, got array" },
  { { enum = { "c", "f" } }, "c", "" },
  { { enum = { "c", "f" } }, "k", 'expected one of "c", "f", got "k"' },
  { { enum = { 1, { a = 1 } } }, { a = 1 }, "" },
  { { const = 2 }, 3, "expected 2, got 3" },
  { { minimum = 1, maximum = 3 }, 0, "expected at least 1, got 0" },
  { { minimum = 1, maximum = 3 }, 3.5, "expected at most 3, got 3.5" },
  { { exclusiveMinimum = 1 }, 1, "expected more than 1, got 1" },
  { { exclusiveMaximum = 1 }, 1, "expected less than 1, got 1" },
  { { multipleOf = 0.1 }, 0.3, "" },
  { { multipleOf = 2 }, 3, "expected a multiple of 2, got 3" },
  { { minLength = 2 }, "好", "expected 2 characters or more, got 1" },
  { { maxLength = 1 }, "好", "" },
  { { minItems = 2 }, { 1 }, "expected 2 items or more, got 1" },
  { { maxItems = 1 }, { 1, 2 }, "expected 1 items at most, got 2" },
  { { uniqueItems = true }, { 1, 2, 1 }, "has 1 twice" },
  { { items = { type = "string" } }, { "a", 5 },
    "[2]: expected string, got number 5" },
  { { prefixItems = { { type = "string" } }, items = { type = "number" } },
    { "a", 1, "b" }, '[3]: expected number, got string "b"' },
  { { type = "object", required = { "city" } }, {}, "city: missing" },
  { { required = { "city" }, properties = { city = { type = { "string",
    "null" } } } }, {}, "" },
  { { properties = { p = { properties = { a = { type = "number" } } } } },
    { p = { a = "x" } }, 'p.a: expected number, got string "x"' },
  { { properties = { city = {} }, additionalProperties = false }, { cty = 1 },
    "cty: not known (known: city), did you mean city?" },
  { { additionalProperties = { type = "number" } }, { a = "x" },
    'a: expected number, got string "x"' },
  { { minProperties = 1 }, {}, "expected 1 fields or more, got 0" },
  { { anyOf = { { type = "string" }, { type = "number" } } }, true,
    "fits none of 2 alternatives (of the closest: expected string, got "
      .. "boolean true)" },
  { { oneOf = { { type = "number" }, { type = "integer" } } }, 1,
    "fits 2 alternatives, where it has to fit one" },
  { { allOf = { { minimum = 1 }, { maximum = 2 } } }, 3,
    "expected at most 2, got 3" },
  { { ["not"] = { type = "string" } }, "x", "fits what it must not fit" },
  { NODE, { next = { next = { n = 1 } } }, "" },
  { NODE, { next = { n = "x" } }, 'next.n: expected integer, got string "x"' },
  { { type = "string", format = "date", title = "t", default = "x",
    description = "d" }, "anything", "" },
  { { items = false }, { 1 }, "[1]: not allowed" },
}

describe("a value", function()
  for n, row in ipairs(rows) do
    it(("and its schema, %d"):format(n), function()
      assert.equal(row[3], problems(row[1], row[2]))
    end)
  end

  it("has eight problems at most", function()
    local value = {}
    for n = 1, 20 do value[n] = n end
    assert.equal(8, #check.value({ items = { type = "string" } }, value))
  end)

  it("that is nested without end is refused, and ends", function()
    local value = {}
    value.next = value
    assert.truthy(problems(NODE, value):find "nested too deep")
  end)
end)

describe("a schema is refused with", function()
  for place, schema in pairs {
    ["pattern: this keyword is not known here"] = { pattern = "x" },
    ["propertes: this keyword is not known here, did you mean properties?"] =
      { propertes = {} },
    ["properties.a.type: expected one of array, boolean, integer, null, number, "
      .. "object, string, got \"strng\", did you mean string?"] =
      { properties = { a = { type = "strng" } } },
    ["items: expected a schema, got number"] = { items = 5 },
    ["enum: expected a list with something in it"] = { enum = {} },
    ["anyOf: expected a list with something in it"] = { anyOf = { a = 1 } },
    ["minimum: expected number, got string"] = { minimum = "1" },
    ["$ref: leads to no schema inside this one"] = { ["$ref"] = "#/$defs/none" },
    ["expected a schema, got string"] = "string",
  } do
    it(place, function()
      assert.same({ place }, definition.problems(schema))
    end)
  end

  it("nothing that is in it for good reason", function()
    assert.same({}, definition.problems { type = "object", required = {},
      properties = {}, ["$schema"] = "https://json-schema.org/x",
      additionalProperties = false, examples = { 1 } })
  end)
end)
