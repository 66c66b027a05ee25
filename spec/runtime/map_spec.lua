local errors = require "yuanjing.errors"
local support = require "support"
local yuanjing = require "yuanjing"

local sleep = yuanjing.sleep

local function numbers(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return list
end

local function failure(message)
  return errors.new { kind = "platform", message = message }
end

describe("yuanjing.map", function()
  it("gives each item's result by its index, whichever ends first", function()
    local results, failures = yuanjing.map({ "a", "bb", "ccc" },
      function(item, index)
        sleep(0.01 * (4 - index))
        return item:upper()
      end)
    assert.same({ "A", "BB", "CCC" }, results)
    assert.same({}, failures)
  end)

  it("keeps an error with its item, returned or raised", function()
    local results, failures = yuanjing.map(numbers(4), function(n)
      if n == 2 then return nil, failure "two" end
      if n == 3 then error(failure "three") end
      return n
    end)
    assert.same({ [1] = 1, [4] = 4 }, results)
    assert.same({ [2] = "two", [3] = "three" }, { [2] = failures[2].message,
      [3] = failures[3].message })
  end)

  it("works on so many at a time, and on as many as that", function()
    local open, most = 0, 0
    yuanjing.map(numbers(20), function()
      open = open + 1
      most = math.max(most, open)
      sleep(0.001)
      open = open - 1
    end, { at_once = 3 })
    assert.same({ 0, 3 }, { open, most })
  end)

  it("is not held up by one slow item", function()
    local order = {}
    yuanjing.map(numbers(5), function(n)
      if n == 1 then
        support.wait_until(function() return #order == 4 end, sleep)
      else
        sleep(0.001)
      end
      order[#order + 1] = n
    end, { at_once = 2 })
    assert.same({ 2, 3, 4, 5, 1 }, order)
  end)

  it("takes an empty list", function()
    assert.same({}, (yuanjing.map({}, error)))
  end)

  it("raises a mistake at once, and cancels the others", function()
    local cancelled, done = 0, {}
    local ok, problem = pcall(yuanjing.map, numbers(9), function(n)
      if n == 2 then
        sleep(0.01)
        error("no such field")
      end
      local slept, why = pcall(sleep, 60)
      if not slept and why.kind == "cancelled" then cancelled = cancelled + 1 end
      done[n] = true
    end, { at_once = 3 })
    assert.is_false(ok)
    assert.truthy(problem:find("no such field", 1, true), problem)
    assert.truthy(problem:find("map_spec.lua", 1, true), problem)
    assert.same({ 2, { [1] = true, [3] = true } }, { cancelled, done })
  end)

  it("raises a mistake as it was, be it nil or false", function()
    for _, raised in ipairs { {}, { false } } do
      local ok, problem = pcall(yuanjing.map, numbers(4), function(n)
        sleep(0.001)
        if n == 2 then error(raised[1], 0) end
      end)
      assert.is_false(ok)
      assert.is_true(problem == raised[1] or _VERSION == "Lua 5.5", problem)
    end
  end)

  it("ends with the job that called it", function()
    local ended = {}
    local job = yuanjing.async(function()
      yuanjing.map(numbers(5), function(n)
        local ok, problem = pcall(sleep, 60)
        ended[n] = not ok and problem.kind
        error(problem, 0)
      end, { at_once = 2 })
    end)
    job:cancel()
    local _, err = job:await()
    yuanjing.update()
    assert.equal("cancelled", err.kind)
    assert.same({ "cancelled", "cancelled" }, ended)
  end)

  it("works inside a job", function()
    local job = yuanjing.async(function()
      return (yuanjing.map(numbers(3), function(n)
        sleep(0.001)
        return n * n
      end))
    end)
    assert.same({ 1, 4, 9 }, (job:await()))
  end)

  it("refuses what makes no sense", function()
    local function message(...)
      local _, problem = pcall(yuanjing.map, ...)
      return problem:gsub("^.-:%d+: ", "")
    end
    assert.equal("yuanjing.map: expected table, got string",
      message("a", print))
    assert.equal("yuanjing.map: expected function, got nil", message({}))
    assert.equal('yuanjing.map: unknown option "n" (known: at_once)',
      message({}, print, { n = 1 }))
    assert.equal("yuanjing.map: options: expected table, got number",
      message({}, print, 8))
    for value, got in pairs { [0] = "0", [1.5] = "1.5", ["8"] = "string",
      [-1] = "-1" } do
      assert.equal("yuanjing.map: at_once: expected a whole number, 1 or more, "
        .. "got " .. got, message({}, print, { at_once = value }))
    end
  end)
end)
