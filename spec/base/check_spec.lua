local check = require "yuanjing.base.check"

local RULES = {
  name = "string",
  either = { "string", "function" },
  size = { "number", least = 1, is_whole = true },
  port = { "number", least = 1, most = 65535, is_whole = true },
  speed = { "number", above = 0 },
  any = "number",
  mode = { "string", one_of = { "fast", "slow" } },
  word = { "string", what = "a word", is = function(text)
    return text:find("^[a-z]+$") ~= nil
  end },
  times = { "number", "table", above = 0, fields = { first = "number" } },
  list = { "table", problem = function(value)
    return #value == 0 and "it is empty" or nil
  end },
}
local NAMES = "any, either, list, mode, name, port, size, speed, times, word"

describe("the check of options", function()
  for _, case in ipairs {
    { { name = 1 }, "name: expected string, got number" },
    { { name = false }, "name: expected string, got boolean" },
    { { either = {} }, "either: expected string or function, got table" },
    { { size = 0 }, "size: expected a whole number, 1 or more, got 0" },
    { { size = 1.5 }, "size: expected a whole number, 1 or more, got 1.5" },
    { { size = "2" }, "size: expected a whole number, 1 or more, got string" },
    { { size = math.huge },
      "size: expected a whole number, 1 or more, got inf" },
    { { port = 65536 },
      "port: expected a whole number from 1 to 65535, got 65536" },
    { { speed = 0 }, "speed: expected a number above 0, got 0" },
    { { any = "1" }, "any: expected number, got string" },
    { { mode = "fst" }, 'mode: expected one of fast, slow, got "fst"' },
    { { mode = 5 }, "mode: expected one of fast, slow, got number" },
    { { word = "sk-Secret 1" }, "word: expected a word" },
    { { times = { first = "1" } }, "times.first: expected number, got string" },
    { { times = { frist = 1 } },
      'times: unknown option "frist", did you mean "first"?' },
    { { list = {} }, "list: it is empty" },
    { { nmae = "x" }, 'unknown option "nmae", did you mean "name"?' },
    { { "x" }, ('unknown option "1" (known: %s)'):format(NAMES) },
    { { [print] = 1 }, "" },
  } do
    it("says: " .. case[2], function()
      local problem = check.problem(case[1], RULES)
      if case[2] == "" then
        assert.truthy(problem:find('^unknown option "function: '), problem)
      else
        assert.equal(case[2], problem)
      end
    end)
  end

  it("has nothing to say of what is right", function()
    for _, options in ipairs { {}, { name = "" }, { either = print },
      { size = 1 }, { port = 65535 }, { speed = math.huge }, { any = -1 },
      { mode = "slow" }, { word = "a" }, { times = 1 }, { times = {} },
      { times = { first = 1 } }, { list = { 1 } } } do
      assert.is_nil(check.problem(options, RULES))
    end
  end)

  it("misses what is needed, and takes NaN for no number", function()
    assert.equal("path: missing", check.problem({},
      { path = { "string", needed = true } }))
    for _, rule in ipairs { { "number" }, { "number", least = 0 },
      { "number", above = 0 }, { "number", most = 1 } } do
      local nan = check.value("n", 0 / 0, rule)
      assert.truthy(nan and nan:find("^n: expected .*nan$"), nan)
    end
  end)

  it("raises at the line that made the mistake, and says in which call", function()
    local function call(options) check.options("a:call", options, RULES) end
    local function deeper(options) check.options("a:call", options, RULES, 3) end
    local function around(options)
      deeper(options)
      return nil
    end
    for options, message in pairs {
      [5] = "a:call: expected table, got number",
      [{ name = 1 }] = "a:call: name: expected string, got number" } do
      for _, try in ipairs { call, around } do
        local line = debug.getinfo(1, "l").currentline + 2
        local ok, problem = pcall(function()
          try(options)
          return nil
        end)
        assert.is_false(ok)
        assert.equal(("spec/base/check_spec.lua:%d: %s"):format(line, message),
          problem)
      end
    end
  end)
end)
