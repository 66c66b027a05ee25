--- Retries: the only loop that sends a request a second time. The caller's policy
-- makes the attempts and decides which failures may pass. This module computes
-- the pauses, and stops when there is no time for another attempt.
local loop = require "yuanjing.runtime.loop"

local retry = {}

local FIRST, MOST = 0.5, 8 -- seconds of a pause without a Retry-After
local JITTER = 0.25
local MAX_RETRY_AFTER = 60 -- seconds; no retry if a server asks for more

---@class yuanjing.RetryPolicy
---@field ends? number the deadline of all attempts; http.run() sets it
--- Makes one attempt, with call:send(). Returns its result, and an error if it
--- failed.
---@field attempt fun(call: yuanjing.Call): any, yuanjing.Error?
--- Seconds until the next attempt; nil ends the call with the error.
---@field delay fun(err: yuanjing.Error, attempt: integer, result: any): number?

--- The pause after so many failures in a row: about twice the pause before.
---@param failures integer
---@return number seconds
function retry.pause(failures)
  return math.min(MOST, FIRST * 2 ^ (failures - 1))
    * (1 - JITTER * loop.jitter())
end

--- The pause before a call is sent again; nil if that could be billed twice, if
--- the settings allow no more retries, or if the server asks for too long a pause.
---@param settings table
---@param err yuanjing.Error
---@param failures integer in a row
---@return number? seconds
function retry.delay(settings, err, failures)
  if not err.retryable or failures > settings.retries then return nil end
  local delay = err.retry_after or retry.pause(failures)
  return delay <= MAX_RETRY_AFTER and delay or nil
end

--- Makes attempts until one succeeds, the policy stops, or the time is over.
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
