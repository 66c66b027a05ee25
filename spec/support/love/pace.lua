-- Without a screen there is no vertical sync to wait for: 60 frames a second.
local now, sleep, due = love.timer.getTime, love.timer.sleep, 0

function love.timer.sleep()
  if due > now() then sleep(due - now()) end
  due = math.max(due, now()) + 1 / 60
end
