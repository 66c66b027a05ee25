--- A heartbeat: an action repeated while some work goes on, so that other
-- processes know that this process is alive.
local loop = require "yuanjing.runtime.loop"

--- Runs the action every so many seconds, until the returned function is
--- called.
---@param spawn fun(run: fun(waiter: yuanjing.Waiter)) runs the loop concurrently
---@param seconds number
---@param action fun() must not raise
---@return fun() stop
local function heartbeat(spawn, seconds, action)
  local sleeper, is_over
  spawn(function(waiter)
    sleeper = waiter
    while not is_over do
      local due = loop.now() + seconds
      repeat
        waiter:park(math.max(0, due - loop.now()))
      until is_over or loop.now() >= due
      if not is_over then action() end
    end
  end)
  return function()
    is_over = true
    if sleeper then sleeper:wake() end
  end
end

return heartbeat
