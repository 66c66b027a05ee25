local number = require "yuanjing.base.number"

describe("number.text", function()
  local texts = {
    { 0, "0" }, { 7, "7" }, { -3.0, "-3" }, { 0.7, "0.7" }, { 7.5, "7.5" },
    { 0.1 + 0.2, "0.30000000000000004" }, { 1e-7, "1e-07" },
    { 1775019761.123456, "1775019761.123456" }, { 1e300, "1e+300" },
    { 2 ^ 53 - 1, "9007199254740991" }, { 1 - 2 ^ 53, "-9007199254740991" },
  }
  for _, row in ipairs(texts) do
    it("is " .. row[2], function()
      assert.equal(row[2], (number.text(row[1], "JSON")))
      assert.equal(row[1], tonumber((row[2]:gsub("%.",
        ("%.1f"):format(0.5):sub(2, -2)))))
    end)
  end

  if math.type then
    it("has all digits of an integer", function()
      local least = math.tointeger(-2 ^ 63)
      assert.equal("-9223372036854775808", (number.text(least, "JSON")))
      assert.equal("9223372036854775807", (number.text(least - 1, "JSON")))
    end)
  end

  local refused = {
    { math.huge, "a form has no inf" }, { -math.huge, "a form has no -inf" },
    { 2 ^ 53, "an integer of more than 15 digits may have been rounded: "
      .. "send it as a string" },
    { -2 ^ 63, "an integer of more than 15 digits may have been rounded: "
      .. "send it as a string" },
  }
  for _, row in ipairs(refused) do
    it("is refused: " .. row[2], function()
      assert.same({ n = 2, nil, row[2] },
        { n = select("#", number.text(row[1], "a form")),
          number.text(row[1], "a form") })
    end)
  end

  it("is refused for NaN", function()
    local text, problem = number.text(0 / 0, "a form")
    assert.is_nil(text)
    assert.truthy(problem:find("^a form has no %-?nan"))
  end)
end)

describe("number.show", function()
  it("is tostring() of the C locale", function()
    assert.same({ "0.5", "3", "inf", "true", "x", "nil" }, {
      number.show(0.5), number.show(3.0), number.show(math.huge),
      number.show(true), number.show "x", number.show(nil) })
  end)
end)

describe("number.fixed", function()
  it("has so many decimals", function()
    assert.same({ "0.50", "-12.3", "4", "0.0" }, { number.fixed(0.5, 2),
      number.fixed(-12.34, 1), number.fixed(4, 0), number.fixed(0, 1) })
  end)
end)

describe("number.read", function()
  local values = { ["0.5"] = 0.5, [".5"] = 0.5, ["-.5"] = -0.5, ["5."] = 5,
    ["+7"] = 7, ["1e3"] = 1000, ["-1.5E-2"] = -0.015, ["0030"] = 30,
    ["9007199254740992"] = 2 ^ 53 }
  for text, value in pairs(values) do
    it("reads " .. text, function()
      assert.equal(value, number.read(text))
    end)
  end

  it("leaves a number what it is", function()
    assert.equal(0.5, number.read(0.5))
  end)

  for _, text in ipairs { "", "0,5", "1,000", "0.5 ", " 1", "1e", "1e400",
    "-1e400", "nan", "inf", "0x10", "--1", "+-1", "1.2.3", "1-2", "e5", ".",
    "1\0", "１" } do
    it(("takes %q for none"):format(text), function()
      assert.is_nil(number.read(text))
    end)
  end

  it("takes nothing for none", function()
    assert.is_nil(number.read(nil))
    assert.is_nil(number.read {})
  end)
end)
