local core = require "yuanjing.core"
local digest = require "yuanjing.base.digest"
local support = require "support"
local yuanjing = require "yuanjing"

local null = require("cjson").null

describe("core.sha256", function()
  -- FIPS 180-4's own examples
  it("is the one of the standard", function()
    assert.equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
      .. "b855", core.sha256 "")
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f200"
      .. "15ad", core.sha256 "abc")
    assert.equal("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc711"
      .. "2cd0", core.sha256(("a"):rep(1000000)))
  end)

  it("equals sha256sum's, at every length around a block", function()
    local folder = support.tempdir()
    local expected = {}
    for n = 0, 130 do
      local bytes = ("\0\255x"):rep(50):sub(1, n)
      support.write(("%s/%03d"):format(folder, n), bytes)
      expected[n + 1] = core.sha256(bytes)
    end
    assert.equal(table.concat(expected, "\n"), support.output(
      ("cd %s && sha256sum * | cut -c1-64"):format(folder)))
    support.clean()
  end)

  it("takes text alone", function()
    assert.has_error(function() core.sha256 {} end,
      "bad argument #1 to 'sha256' (string expected, got table)")
  end)
end)

describe("a digest", function()
  after_each(support.clean)

  -- Each value and its JSON.
  local FORMS = {
    { { prompt = "一只猫", model = "m", n = 2, b = true, a = { 1, "2", {} } },
      '{"a":[1,"2",{}],"b":true,"model":"m","n":2,"prompt":"一只猫"}' },
    { { 1.5, -0.1, 1e300, 2 ^ 53, -3, 2 ^ 52 + 0.0 },
      "[1.5,-0.10000000000000001,1.0000000000000001e+300,9007199254740992,-3,"
        .. "4503599627370496]" },
    { 'a"b\\c\n\0\127', '"a\\"b\\\\c\\u000a\\u0000\127"' },
    { { [10] = "x", ["9"] = "y" }, '{"10":"x","9":"y"}' },
    { { ["a!"] = 1, a = 2, ['a"'] = 3 }, '{"a":2,"a!":1,"a\\"":3}' },
    { {}, "{}" }, { true, "true" }, { "", '""' },
    { { print, null }, '["function","userdata"]' },
  }
  for _, form in ipairs(FORMS) do
    it("is that of " .. form[2]:gsub("%c", "?"), function()
      assert.equal(core.sha256(form[2]), digest(form[1]))
    end)
  end

  it("is of nothing, too", function()
    assert.equal(core.sha256('"nil"'), digest(nil))
  end)

  it("does not depend on the order of fields", function()
    local one, other = {}, {}
    for n = 1, 100 do one["k" .. n] = n end
    for n = 100, 1, -1 do other["k" .. n] = n end
    assert.equal(digest(one), digest(other))
    other.k7 = 8
    assert.not_equal(digest(one), digest(other))
  end)

  it("counts files by their names and sizes", function()
    local path = support.tempdir() .. "/cat.png"
    support.write(path, "12345")
    local expected = core.sha256 '{"bytes":5,"file":"cat.png"}'
    assert.equal(expected, digest(yuanjing.file(path)))
    assert.equal(expected, digest(yuanjing.bytes("54321",
      { name = "cat.png", type = "image/png" })))
    support.write(path, "123456")
    assert.not_equal(expected, digest(yuanjing.file(path)))
    os.remove(path)
    assert.equal(64, #digest(yuanjing.file(path)))
  end)
end)
