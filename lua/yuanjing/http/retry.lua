--- Trying again: the only loop that sends anything a second time. What an
-- attempt is and which failures may pass the caller says with a policy; how long
-- the pauses are, and when there is no time for another attempt, is said here.
local loop = require "yuanjing.runtime.loop"

local retry = {}

local FIRST, MOST = 0.5, 8 -- seconds of a pause that nobody asked for
local JITTER = 0.25
local MAX_RETRY_AFTER = 60 -- seconds; who asks for more is not asked again

---@class yuanjing.RetryPolicy
---@field ends? number when all attempts must be over; http.run() sets it
--- One attempt, which sends with call:send(): what came of it, and an error
--- where that is not good.
---@field attempt fun(call: yuanjing.Call): any, yuanjing.Error?
--- Seconds until the next attempt; nil: the error stands.
---@field delay fun(err: yuanjing.Error, attempt: integer, result: any): number?

--- The pause after so many failures in a row, each about twice the last.
---@param failures integer
---@return number seconds
function retry.pause(failures)
  return math.min(MOST, FIRST * 2 ^ (failures - 1))
    * (1 - JITTER * loop.jitter())
end

--- The delay of a call that was not answered: where it is harmless, as often as
--- the settings say, and when the server wants to be asked again.
---@param settings table
---@param err yuanjing.Error
---@param failures integer in a row
---@return number? seconds
function retry.delay(settings, err, failures)
  if not err.retryable or failures > settings.retries then return nil end
  local delay = err.retry_after or retry.pause(failures)
  return delay <= MAX_RETRY_AFTER and delay or nil
end

--- Attempts until one is good, an error stands, or the call's time is over.
---@param call yuanjing.Call
---@param policy yuanjing.RetryPolicy
---@return any result
---@return yuanjing.Error? err
function retry.run(call, policy)
  while true do
    call.attempt = call.attempt + 1
    local result, err = policy.attempt(call)
    local delay = err and policy.delay(err, call.attempt, result)
    if not delay or loop.now() + delay >= policy.ends then return result, err end
    call:tell { type = "retry", delay = delay, error = err }
    if delay > 0 then loop.sleep(delay) end
  end
end

return retry
