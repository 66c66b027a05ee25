--- Something said again and again while something else goes on, so that those
-- who hear it know that this process lives.
local loop = require "yuanjing.runtime.loop"

--- Says it every so many seconds, until what this returns is called.
---@param spawn fun(run: fun(waiter: yuanjing.Waiter)) where it runs
---@param seconds number
---@param say fun() must not raise
---@return fun() stop
local function heartbeat(spawn, seconds, say)
  local beater, is_over
  spawn(function(waiter)
    beater = waiter
    while not is_over do
      local due = loop.now() + seconds
      repeat
        waiter:park(math.max(0, due - loop.now()))
      until is_over or loop.now() >= due
      if not is_over then say() end
    end
  end)
  return function()
    is_over = true
    if beater then beater:wake() end
  end
end

return heartbeat
