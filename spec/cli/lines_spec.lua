-- How `yuanjing batch` reads a file of prompts.
local lines = require "yuanjing.cli.batch.lines"
local support = require "support"

local function read(text, model)
  local path = support.write(support.tempdir() .. "/list", text)
  return lines.read(path, model)
end

-- The prompts with the numbers of their lines.
local function prompts(text)
  local found = {}
  for i, line in ipairs(assert(read(text))) do
    found[i] = line.number .. " " .. line.params.prompt
  end
  return found
end

local function refused(text)
  local list, err = read(text)
  assert.is_nil(list)
  assert.same({ "invalid_request", 0 }, { err.kind, err.attempts })
  assert.truthy(tostring(err):find("nothing was sent", 1, true))
  return err
end

describe("a batch's file", function()
  after_each(support.clean)

  it("has a prompt a line, whatever ends the lines", function()
    for _, stop in ipairs { "\n", "\r\n", "\r" } do
      assert.same({ "1 a cat", "3 猫" },
        prompts("a cat" .. stop .. " " .. stop .. "\t猫 "))
      assert.same({ "1 a cat" }, prompts("a cat" .. stop))
    end
    assert.same({}, prompts "")
  end)

  it("may begin with a mark of UTF-8, and a part of it as well", function()
    assert.same({ "1 one", "2 two", "3 three" },
      prompts "\239\187\191one\n\239\187\191two\n\239\187\191{\"prompt\":\"three\"}")
  end)

  it("may have comments", function()
    assert.same({ "2 x #1", "4 # x" },
      prompts "# a\nx #1\n  #b\n{\"prompt\": \"# x\"}\n#")
  end)

  it("has objects of parameters, to which a model is lent", function()
    local list = assert(read('{"model":"m","prompt":"x","size":"1*1"}\ny\n',
      "n"))
    assert.same({ { model = "m", prompt = "x", size = "1*1" },
      { model = "n", prompt = "y" } }, { list[1].params, list[2].params })
  end)

  it("has prompts that only look like JSON", function()
    assert.same({ "1 [anime] a girl", '2 "quoted"', "3 12", "4 true" },
      prompts '[anime] a girl\n"quoted"\n12\ntrue\n')
  end)

  it("is refused where an object is none, each line by its number", function()
    local bad = { '{"prompt":"x",}', "{'prompt':'x'}", '{"prompt":"x"',
      '{"prompt":"x"} {"prompt":"y"}', "{a cat}", "{", '["a", "b"]', "[]",
      '[{"prompt":"x"}]' }
    local err = refused("fine\n\n" .. table.concat(bad, "\n"))
    assert.equal(#bad, #err.problems)
    for i, problem in ipairs(err.problems) do
      assert.equal(tostring(i + 2), problem:match("^line (%d+): it "), bad[i])
    end
  end)

  it("is refused where it is no UTF-8", function()
    for _, text in ipairs { "\255\254a\0\n\0", "\254\255\0a\0\n", "a\0\n\0",
      "\255\254\0\0a\0\0\0" } do
      assert.truthy(refused(text).message:find("UTF-", 1, true))
    end
    assert.same({ "line 2: it is not UTF-8" },
      refused("fine\n\195\168\163\n").problems)
  end)

  it("reports only the first of many faults", function()
    local err = refused(("{\n"):rep(15))
    assert.equal(15, #err.problems)
    assert.truthy(err.message:find("line 5: .*; and 10 more$"))
  end)

  it("is an io error where it can not be read", function()
    for _, path in ipairs { "/nonexistent/list", "." } do
      local list, err = lines.read(path)
      assert.same({ nil, "io" }, { list, err.kind })
    end
  end)
end)
