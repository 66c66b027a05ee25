local cjson = require "cjson"
local json = require "yuanjing.base.json"

local NESTED = 999

local function nest(depth)
  return ("["):rep(depth) .. ("]"):rep(depth)
end

describe("json.encode", function()
  local texts = {
    { "an empty table as an object", {}, "{}" },
    { "a list", { 1, "a", true, { b = false } }, '[1,"a",true,{"b":false}]' },
    { "0.1 as it is read", { 0.1, -2.5 }, "[0.1,-2.5]" },
    { "a whole number without a point", { 5, -3, 2 ^ 31 }, "[5,-3,2147483648]" },
    { "14 digits exactly", 99999999999999, "99999999999999" },
    { "15 digits exactly", { -123456789012345 }, "[-123456789012345]" },
    { "the last integer that any Lua can know", 2 ^ 53 - 1,
      "9007199254740991" },
    { "a large number that is no integer's", 1e100, "1e+100" },
    { "beyond 64 bits", { -2 ^ 65 }, "[-3.6893488147419103e+19]" },
    { "a time to the microsecond", { at = 1775019761.123456 },
      '{"at":1775019761.123456}' },
    { "all digits of a fraction", { 1 / 3, 0.1 + 0.2, 2 / 3e-7 },
      "[0.3333333333333333,0.30000000000000004,6666666.666666667]" },
    { "small fractions", { 1e-4, -1.25e-5, 5e-324 },
      "[0.0001,-1.25e-05,5e-324]" },
    { "fractions at any depth, and the lists around them as lists",
      { a = { { 0.5 }, { {}, { 0.25, "x" } } } },
      '{"a":[[0.5],[{},[0.25,"x"]]]}' },
    { "a fraction as a name", { [0.5] = 1 }, '{"0.5":1}' },
    { "a fraction alone", -0.1, "-0.1" },
    { "text around a fraction", { '"\\0.5', 0.5, "\239\191\191" },
      '["\\"\\\\0.5",0.5,"\239\191\191"]' },
    { "an id as the string it is", { id = "936759404378734592" },
      '{"id":"936759404378734592"}' },
    { "text beyond ASCII as it is", "一只猫 🐱", '"一只猫 🐱"' },
    { "control characters escaped", "a\n\0\"\\", '"a\\n\\u0000\\"\\\\"' },
    { "an e+ in a text", "1e+5 apples", '"1e+5 apples"' },
    { "a stranger's null", { a = cjson.null }, '{"a":null}' },
  }
  for _, row in ipairs(texts) do
    it("writes " .. row[1], function()
      assert.equal(row[3], (json.encode(row[2])))
    end)
  end

  local refused = {
    { "a function", { messages = { { content = print } } },
      "messages[1].content: a function can not be written as JSON" },
    { "a coroutine at the root", coroutine.create(print),
      "a thread can not be written as JSON" },
    { "NaN", { seed = 0 / 0 }, "seed: JSON has no " },
    { "infinity", { 1, { x = math.huge } }, "[2].x: JSON has no inf" },
    { "a double that may be a rounded integer", { seed = 2 ^ 53 },
      "seed: an integer of more than 15 digits may have been rounded: "
        .. "send it as a string" },
    { "a negative one", { 1, -2 ^ 60 }, "[2]: an integer of more than 15" },
    { "one of 64 bits", { 2 ^ 64 }, "[1]: an integer of more than 15" },
    { "infinity as a name", { [math.huge] = 1 },
      "[inf]: in the name: JSON has no inf" },
    { "two fields of one name", { [0.5] = 1, ["0.5"] = 2 },
      "[0.5]: in the name: it is there twice" },
    -- the marks of numbers on their way through cjson
    { "a mark's bytes in a text", { 0.5, "\2550.25\255" }, "the text is not" },
    { "and in a name", { ["\2550.25\255"] = 0.5 }, "the text is not UTF-8" },
    { "half a mark", { 0.5, '"\255' }, "the text is not UTF-8" },
    { "broken UTF-8", { prompt = "\228\189" },
      "prompt: the text is not UTF-8" },
    { "an overlong form", { prompt = "\192\175" }, "not UTF-8" },
    { "a surrogate", { prompt = "\237\160\128" }, "not UTF-8" },
    { "broken UTF-8 in a name", { ["\255"] = 1 }, "not UTF-8" },
    { "a very sparse list", { [1] = 1, [1000] = 2 }, "sparse" },
    { "a key that is a table", { [{}] = 1 }, "key must be" },
    { "a key that is false", { [false] = 0.5 }, "key must be" },
  }
  for _, row in ipairs(refused) do
    it("refuses " .. row[1], function()
      local text, message = json.encode(row[2])
      assert.is_nil(text)
      assert.truthy(message:find(row[3], 1, true), message)
    end)
  end

  if math.type then
    it("writes every integer of Lua's own exactly", function()
      local least = math.tointeger(-2 ^ 63)
      assert.equal(
        "[-9223372036854775808,9223372036854775807,9007199254740993]",
        json.encode { least, least - 1, math.tointeger(2 ^ 53) + 1 })
    end)
  end

  it("leaves what it is given as it is", function()
    local inner = { 0.5 }
    local given = { a = inner, b = 1 / 3, [1.5] = "x" }
    json.encode(given)
    assert.equal(inner, given.a)
    assert.same({ a = { 0.5 }, b = 1 / 3, [1.5] = "x" }, given)
  end)

  it("asks no metamethods", function()
    assert.equal("[0.5]", json.encode(setmetatable({ 0.5 }, {
      __index = error, __newindex = error, __pairs = error, __len = error,
      __eq = error, __metatable = "hidden" })))
  end)

  it("writes as deep as cjson does", function()
    local deep = 0.5
    for _ = 1, 1000 do deep = { deep } end
    assert.equal(("["):rep(1000) .. "0.5" .. ("]"):rep(1000), json.encode(deep))
    local text, message = json.encode { deep }
    assert.is_nil(text)
    assert.truthy(message:find("nested too deep", 1, true))
  end)

  it("refuses a table that holds itself, and soon", function()
    local cycle = {}
    cycle.again, cycle.other, cycle[1.5] = cycle, cycle, 0.5
    local text, message = json.encode(cycle)
    assert.is_nil(text)
    assert.is_string(message)
  end)

  it("leaves the host's cjson settings alone", function()
    assert.equal("[0.333]", (function()
      cjson.encode_number_precision(3)
      json.encode { 1 / 3 }
      local text = cjson.encode { 1 / 3 }
      cjson.encode_number_precision(14)
      return text
    end)())
    assert.equal("[0.3333333333333333]", json.encode { 1 / 3 })
  end)
end)

describe("json.decode", function()
  local values = {
    { "an object", '{"a":{"b":[1,2]}}', { a = { b = { 1, 2 } } } },
    { "false as a value", "false", false },
    { "a string", '"a\\u4e00\\ud83d\\ude00"', "a一😀" },
    { "fields without their nulls", '{"a":null,"b":{"c":null,"d":1}}',
      { b = { d = 1 } } },
    { "nulls in lists", '[null,1,null,[null],{"a":null},2]',
      { json.null, 1, json.null, { json.null }, {}, 2 } },
    { "the word null in a text", '{"a":"null"}', { a = "null" } },
    { "a long integer as its digits", '{"taskid":936759404378734592}',
      { taskid = "936759404378734592" } },
    { "a long negative one", "[-9223372036854775808]",
      { "-9223372036854775808" } },
    { "a long one alone", "936759404378734592", "936759404378734592" },
    { "a long one among blanks", '{"a" :\n 936759404378734592\t}',
      { a = "936759404378734592" } },
    { "digits in a text as they are",
      '{"a":"x: 936759404378734592, \\"[936759404378734592]","b":1}',
      { a = 'x: 936759404378734592, "[936759404378734592]', b = 1 } },
    { "a long fraction as a number", "[0.12345678901234567,1.5]",
      { 0.12345678901234567, 1.5 } },
    { "15 digits as a number", "[999999999999999]", { 999999999999999 } },
    { "bytes that are not UTF-8 as they are", '"\255"', "\255" },
  }
  for _, row in ipairs(values) do
    it("reads " .. row[1], function()
      assert.same(row[3], (json.decode(row[2])))
    end)
  end

  it("has no .0 behind whole numbers", function()
    local usage = json.decode '{"a":12,"b":[3.0],"created":1764000000.0}'
    assert.equal("12 3 1764000000", table.concat({
      tostring(usage.a), tostring(usage.b[1]), tostring(usage.created) }, " "))
  end)

  it("keeps the place of null in a list, at any depth", function()
    local value = json.decode(("[null,"):rep(500) .. "null" .. ("]"):rep(500))
    local depth = 0
    while type(value) == "table" do
      assert.equal(json.null, value[1])
      value, depth = value[2], depth + 1
    end
    assert.same({ 500, json.null }, { depth, value })
  end)

  it("writes null in a list as it was read", function()
    local text = "[null,-0.5,[null]]"
    assert.equal(text, json.encode(json.decode(text)))
  end)

  it("makes U+FFFD of half a surrogate pair", function()
    assert.same({ a = "x\239\191\189", ["\239\191\189"] = { "\239\191\189" } },
      json.decode [[{"a":"x\ud83d","\ude00":["\ud83d"]}]])
  end)

  it("reads nesting as deep as the core does", function()
    assert.is_table(json.decode(nest(NESTED)))
    local value, message = json.decode(nest(5000))
    assert.is_nil(value)
    assert.is_string(message)
  end)

  local broken = { "", "  ", "{", '{"a":', "[1,]", '{"a":1,}', "tru", "<html>",
    '{"a":1}{"b":2}', '{"a":1} x', "{'error': 'x'}", "a\0b", "null", "null5" }
  for _, text in ipairs(broken) do
    it(("gives a message for %q"):format(text), function()
      local value, message = json.decode(text)
      assert.is_nil(value)
      assert.is_string(message)
    end)
  end

  -- A cut behind a backslash once made the search for the string's end loop
  -- for ever, if the text contained a long id.
  local cut = { '{"id":"936759404378734592","c":"abc\\',
    "936759404378734592 \\", '936759404378734592 "', '936759404378734592 "\\',
    '["936759404378734592\\\\', '936759404378734592\\"' }
  for _, text in ipairs(cut) do
    it(("comes to an end with %s"):format(text), function()
      assert.is_nil((json.decode(text)))
    end)
  end

  it("comes to an end wherever a document is cut", function()
    local whole = '{"id":936759404378734592,"c":"a\\\\\\"b\\u4e00"}'
    for length = 0, #whole - 1 do
      assert.is_nil((json.decode(whole:sub(1, length))))
    end
    assert.same({ id = "936759404378734592", c = 'a\\"b一' },
      json.decode(whole))
  end)
end)

describe("json.decode of a text with a byte order mark", function()
  it("reads what is behind it, and all of that", function()
    assert.same({ 1 }, (json.decode "\239\187\191[1] "))
    assert.same({ nil, "more than one value" }, { json.decode "\239\187\191[1] 2" })
    assert.same({ nil, "it breaks off" }, { json.decode "\239\187\191" })
  end)
end)

describe("json.decode_first", function()
  local values = {
    { "one value", '{"a":1}', { a = 1 }, "" },
    { "blanks around it", ' {"a":1}\r\n ', { a = 1 }, "" },
    { "two in a row", '{"a":1}{"b":2}', { a = 1 }, '{"b":2}' },
    { "two lines", '{"a":1}\n{"b":2}\n', { a = 1 }, '{"b":2}\n' },
    { "garbage behind", '{"a":1}<html>', { a = 1 }, "<html>" },
    { "a brace in a text", '{"a":"}{"}[1]', { a = "}{" }, "[1]" },
    { "a byte order mark", "\239\187\191[1]", { 1 }, "" },
    { "a long integer", "[936759404378734592]{}",
      { "936759404378734592" }, "{}" },
  }
  for _, row in ipairs(values) do
    it("reads " .. row[1], function()
      assert.same({ row[3], row[4] }, { json.decode_first(row[2]) })
    end)
  end

  local failing = {
    { '{"a":', "incomplete" }, { '{"a":"x', "incomplete" },
    { '{"a":"x\\', "incomplete" }, { "", "incomplete" },
    { "<html>", "invalid" }, { "{'a': 1}", "invalid" }, { "null", "null" },
  }
  for _, row in ipairs(failing) do
    it(("reports %s for %q"):format(row[2], row[1]), function()
      local value, message, verdict = json.decode_first(row[1])
      assert.is_nil(value)
      assert.is_string(message)
      assert.equal(row[2], verdict)
    end)
  end
end)
