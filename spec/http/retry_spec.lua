local loop = require "yuanjing.runtime.loop"
local retry = require "yuanjing.http.retry"

local FAILURE = { kind = "server", retryable = true }

-- Runs a policy whose attempts end like these; all further ones end like the last.
-- Returns the result, the attempts and the events. Its pauses take no time.
local function run(delays, seconds)
  local sleep, now, told, at = loop.sleep, loop.now, {}, 0
  finally(function() loop.sleep, loop.now = sleep, now end)
  loop.sleep = function(nap) at = at + nap end
  loop.now = function() return at end
  local call = { attempt = 0, tell = function(_, event)
    told[#told + 1] = { event.type, event.delay, event.error == FAILURE }
  end }
  local result, err = retry.run(call, { ends = seconds or math.huge,
    attempt = function(same)
      assert.equal(call, same)
      if not delays[call.attempt] then return "good" end
      return nil, FAILURE
    end,
    delay = function(failure, attempt)
      assert.same({ FAILURE, call.attempt }, { failure, attempt })
      return delays[attempt] or nil
    end })
  return { result, err and err.kind, call.attempt, at }, told
end

describe("another attempt", function()
  it("is made until one is good, and told of with its pause", function()
    local outcome, told = run { 2, 0, 3 }
    assert.same({ "good", nil, 4, 5 }, outcome)
    assert.same({ { "retry", 2, true }, { "retry", 0, true },
      { "retry", 3, true } }, told)
    assert.same({ "good", nil, 1, 0 }, (run {}))
  end)

  it("is not made where the policy has no time for it to be", function()
    local delays = setmetatable({ 1, 1 }, { __index = function() return 1 end })
    local outcome, told = run(delays, 3.5)
    assert.same({ nil, "server", 4, 3 }, outcome)
    assert.equal(3, #told)
  end)
end)

describe("the pause before another attempt", function()
  local function between(least, most, value)
    assert.is_true(value >= least and value <= most, value)
  end

  it("doubles, and ends at eight seconds", function()
    for failures, seconds in ipairs { 0.5, 1, 2, 4, 8, 8, 8 } do
      between(0.75 * seconds, seconds, retry.pause(failures))
    end
  end)

  it("is there as often as the settings say, where that is harmless", function()
    local settings = { retries = 2 }
    between(0.375, 0.5, retry.delay(settings, FAILURE, 1))
    between(0.75, 1, retry.delay(settings, FAILURE, 2))
    assert.is_nil(retry.delay(settings, FAILURE, 3))
    assert.is_nil(retry.delay(settings, { kind = "server" }, 1))
    assert.is_nil(retry.delay({ retries = 0 }, FAILURE, 1))
  end)

  it("is what the server asks for, up to a minute", function()
    local settings = { retries = 1 }
    for asked, delay in pairs { [0] = 0, [0.1] = 0.1, [60] = 60 } do
      assert.equal(delay, retry.delay(settings,
        { retryable = true, retry_after = asked }, 1))
    end
    assert.is_nil(retry.delay(settings,
      { retryable = true, retry_after = 60.1 }, 1))
  end)
end)
