--- The sandbox's own time: it may run faster than the world's, and jump ahead.
-- Whatever lasts or ends in here is counted by it; the log is not.
local clock = {}

local speed, began, ahead = 1, 0, 0

-- How often the platform itself asks its vendors: PLATFORM.md section 6.
local PACE = 10 -- seconds

--- Called when the process begins to serve.
---@param factor number how many of our seconds pass in one of the world's
function clock.begin(factor)
  speed, began = factor, ngx.now()
end

--- Unix time; the world's own while nothing has changed it.
---@return number
function clock.now()
  return ngx.now() + (ngx.now() - began) * (speed - 1) + ahead
end

---@param seconds number of ours
function clock.sleep(seconds)
  ngx.sleep(seconds / speed)
end

--- Jumps ahead. NB: a sleep under way lasts as long as it would have.
---@param seconds number of ours
function clock.advance(seconds)
  ahead = ahead + seconds
end

--- Goes back to where it would be without any jump.
function clock.reset()
  ahead = 0
end

--- The value of Retry-After for so many of our seconds: a client counts the
--- world's, and takes a fraction.
---@param seconds number
---@return string
function clock.retry_after(seconds)
  if speed == 1 then return tostring(seconds) end
  return ("%.6f"):format(seconds / speed)
end

--- Has who asks how something stands come back by our time. The platform says
--- no such thing: nothing is said while time is as usual.
---@param answer yuanjing.sandbox.Play
function clock.pace(answer)
  if speed == 1 or answer.status ~= 200 then return end
  answer.headers["Retry-After"] = clock.retry_after(PACE)
end

return clock
