-- The clock of the day, os.time(), moved on until clock.reset().
local clock = {}

local real_time = os.time

--- Sets it so many seconds ahead.
---@param seconds number
function clock.advance(seconds)
  os.time = function(...) -- luacheck: ignore 122
    return real_time(...) + seconds
  end
end

--- For after_each.
function clock.reset()
  os.time = real_time -- luacheck: ignore 122
end

return clock
