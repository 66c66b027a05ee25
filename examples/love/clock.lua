--- A clock on the wall, with the time of day and a pendulum. Where a frame is
-- late, it is the first to show it.
local ink = require "ink"

local clock = { time = 0 } -- seconds that the room has lived

local X, Y, RADIUS = 540, 92, 34

function clock.update(dt)
  clock.time = clock.time + dt
end

local function draw_hand(turn, length, width)
  love.graphics.setLineWidth(width)
  local angle = turn * 2 * math.pi
  love.graphics.line(X, Y, X + length * math.sin(angle),
    Y - length * math.cos(angle))
end

local function draw_pendulum()
  local swing = 0.34 * math.sin(clock.time * math.pi)
  local x, y = X + 66 * math.sin(swing), Y + 34 + 66 * math.cos(swing)
  ink(0x6b4a2b)
  love.graphics.setLineWidth(3)
  love.graphics.line(X, Y + 34, x, y)
  ink(0xe0a458)
  love.graphics.circle("fill", x, y, 10)
  ink(0xfff0c4)
  love.graphics.circle("fill", x - 3, y - 3, 3)
end

local function draw_face()
  ink(0x5b3a22)
  love.graphics.circle("fill", X, Y, RADIUS + 6)
  ink(0xfff8ea)
  love.graphics.circle("fill", X, Y, RADIUS)
  ink(0x5b3a22)
  for hour = 1, 12 do
    local angle = hour / 6 * math.pi
    love.graphics.circle("fill", X + 28 * math.sin(angle),
      Y - 28 * math.cos(angle), hour % 3 == 0 and 2.4 or 1.3)
  end
end

function clock.draw()
  draw_pendulum()
  draw_face()
  local now = os.date("*t")
  ink(0x33291d)
  draw_hand((now.hour + now.min / 60) / 12, 17, 4)
  draw_hand((now.min + now.sec / 60) / 60, 25, 3)
  ink(0xc8553d)
  draw_hand(clock.time % 60 / 60, 27, 1.5)
end

return clock
