--- The sandbox's clock: it may run faster than real time, and jump ahead.
-- Everything that lasts or ends in the sandbox uses it, except the log.
local clock = {}

local speed, began, ahead = 1, 0, 0

-- How often the platform itself asks its vendors (docs/platform.md#tasks).
local PACE = 10 -- seconds

--- Called when the process begins to serve.
---@param factor number seconds of the sandbox in one real second
function clock.begin(factor)
  speed, began = factor, ngx.now()
end

--- Unix time; real time unless it was changed.
---@return number
function clock.now()
  return ngx.now() + (ngx.now() - began) * (speed - 1) + ahead
end

---@param seconds number of ours
function clock.sleep(seconds)
  ngx.sleep(seconds / speed)
end

--- Jumps ahead. NB: a sleep in progress does not become shorter.
---@param seconds number of the sandbox
function clock.advance(seconds)
  ahead = ahead + seconds
end

--- Undoes all jumps.
function clock.reset()
  ahead = 0
end

--- The value of Retry-After for so many seconds of the sandbox: the client
--- counts real seconds, and accepts a fraction.
---@param seconds number
---@return string
function clock.retry_after(seconds)
  if speed == 1 then return tostring(seconds) end
  return ("%.6f"):format(seconds / speed)
end

--- Adds Retry-After to the answer of a query, so that clients poll at the
--- sandbox's speed. The platform does not send it: it is omitted at normal
--- speed.
---@param answer yuanjing.sandbox.Play
function clock.pace(answer)
  if speed == 1 or answer.status ~= 200 then return end
  answer.headers["Retry-After"] = clock.retry_after(PACE)
end

return clock
