local loop = require "yuanjing.runtime.loop"
local polling = require "yuanjing.task.polling"
local task = require "yuanjing.task.task"

local FAST = { first = 0.001, longest = 0.002 }

-- Returns the n-th answer of the list, the last one for ever; each is {
-- answer, err, pause }.
local function asking(list)
  local n = 0
  return function()
    n = n + 1
    local answer = list[n] or list[#list]
    return answer[1], answer[2], answer[3]
  end, function() return n end
end

describe("the pace of questions", function()
  it("is 3 to 15 seconds for a task, and never the same", function()
    local seen = {}
    for n = 1, 40 do
      local seconds = polling.interval(task.PACE, n)
      assert.truthy(seconds >= 3 and seconds <= 15, seconds)
      seen[#seen + 1] = n > 20 and seconds or nil
    end
    assert.truthy(polling.interval(task.PACE, 1) <= 4)
    assert.truthy(polling.interval(task.PACE, 20) >= 11)
    table.sort(seen)
    assert.truthy(seen[#seen] > seen[1])
  end)

  it("is what the caller requests", function()
    assert.equal(0.5, polling.interval(task.PACE, 9, 0.5))
    assert.equal(0.5, polling.interval(task.PACE, 9, 0.5, 7))
  end)

  it("is what the last answer asked for, within reason", function()
    assert.equal(7, polling.interval(task.PACE, 9, nil, 7))
    assert.equal(60, polling.interval(task.PACE, 9, nil, 3600))
    assert.equal(0.001, polling.interval(task.PACE, 9, nil, 0))
  end)
end)

describe("asking again", function()
  it("goes on until there is an answer", function()
    local ask, count = asking { { nil }, { nil, { kind = "server" } }, { false } }
    assert.same({ false }, { polling.run(FAST, { timeout = 5 }, ask) })
    assert.equal(3, count())
  end)

  for _, kind in ipairs { "auth", "not_found", "task_failed",
    "invalid_request", "cancelled" } do
    it("ends with an error of kind " .. kind, function()
      local err = { kind = kind }
      local ask, count = asking { { nil }, { nil, err } }
      local answer, got, is_late = polling.run(FAST, { timeout = 5 }, ask)
      assert.same({ n = 3, nil, err, nil },
        { n = 3, answer, got, is_late })
      assert.equal(2, count())
    end)
  end

  it("waits as long as it was asked to, each time anew", function()
    local sleep, naps = loop.sleep, {}
    finally(function() loop.sleep = sleep end)
    loop.sleep = function(seconds) naps[#naps + 1] = seconds end
    local ask = asking { { nil, nil, 2 }, { nil, nil, 3 }, { nil }, { true } }
    assert.is_true(polling.run(FAST, { timeout = 60 }, ask))
    assert.same({ 2, 3 }, { naps[1], naps[2] })
    assert.truthy(naps[3] <= FAST.longest)
  end)

  it("ends when the time is over, with the last error", function()
    local err = { kind = "transport" }
    local ask = asking { { nil, err } }
    local before = loop.now()
    local answer, got, is_late = polling.run(FAST, { timeout = 0.05 }, ask)
    assert.same({ n = 3, nil, err, true }, { n = 3, answer, got, is_late })
    assert.truthy(loop.now() - before >= 0.05)
  end)

  it("returns how much time is left", function()
    local lefts = {}
    polling.run(FAST, { timeout = 0.5 }, function(left)
      lefts[#lefts + 1] = left
    end)
    assert.truthy(lefts[1] > 0.1 and lefts[1] < 0.501, lefts[1])
    assert.truthy(lefts[#lefts] < lefts[1])
  end)
end)
