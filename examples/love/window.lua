--- The window, and the snow behind it.
local ink = require "ink"

local window = {}

local X, Y, WIDTH, HEIGHT = 92, 66, 178, 168
local FLAKES, STARS = 46, 22
local time, flakes, stars = 0, {}, {}

function window.load()
  local random = love.math.newRandomGenerator(7)
  for i = 1, FLAKES do
    flakes[i] = { x = random:random(0, WIDTH), y = random:random(0, HEIGHT),
      size = 1 + 1.6 * random:random(), sway = random:random() * 6 }
  end
  for i = 1, STARS do
    stars[i] = { x = random:random(0, WIDTH), y = random:random(0, 100),
      phase = random:random() * 6 }
  end
end

function window.update(dt)
  time = time + dt
  for _, flake in ipairs(flakes) do
    flake.y = (flake.y + flake.size * 16 * dt) % HEIGHT
  end
end

local function draw_sky()
  for i = 0, 11 do
    ink(0x101c3a, 1)
    love.graphics.setColor(0.06 + 0.012 * i, 0.10 + 0.016 * i, 0.22 + 0.02 * i)
    love.graphics.rectangle("fill", X, Y + i * 14, WIDTH, 14)
  end
  for _, star in ipairs(stars) do
    ink(0xffffff, 0.4 + 0.4 * math.sin(time * 2 + star.phase))
    love.graphics.circle("fill", X + star.x, Y + star.y, 1.2)
  end
  ink(0xfdf3d0, 0.12)
  love.graphics.circle("fill", X + 134, Y + 42, 34)
  ink(0xfdf3d0)
  love.graphics.circle("fill", X + 134, Y + 42, 20)
end

local function draw_land()
  ink(0x9fb6cf)
  love.graphics.ellipse("fill", X + 40, Y + HEIGHT + 10, 110, 46)
  ink(0xc9d8e6)
  love.graphics.ellipse("fill", X + 150, Y + HEIGHT + 16, 110, 44)
  for _, flake in ipairs(flakes) do
    ink(0xffffff, 0.85)
    love.graphics.circle("fill",
      X + flake.x + 6 * math.sin(time + flake.sway), Y + flake.y, flake.size)
  end
end

local function draw_curtain(x, lean)
  ink(0xb5545c)
  love.graphics.polygon("fill", x, Y - 16, x + 44 * lean, Y - 16, x + 22 * lean,
    Y + HEIGHT + 22, x - 6 * lean, Y + HEIGHT + 22)
  ink(0x8f3f48)
  love.graphics.polygon("fill", x + 12 * lean, Y - 16, x + 20 * lean, Y - 16,
    x + 9 * lean, Y + HEIGHT + 22, x + 3 * lean, Y + HEIGHT + 22)
end

local function draw_frame()
  ink(0xe8d9bd)
  love.graphics.setLineWidth(10)
  love.graphics.rectangle("line", X, Y, WIDTH, HEIGHT, 4)
  love.graphics.rectangle("fill", X + WIDTH / 2 - 3, Y, 6, HEIGHT)
  love.graphics.rectangle("fill", X, Y + HEIGHT / 2 - 3, WIDTH, 6)
  love.graphics.rectangle("fill", X - 16, Y + HEIGHT, WIDTH + 32, 12, 3)
  draw_curtain(X - 18, 1)
  draw_curtain(X + WIDTH + 18, -1)
  ink(0x5b3a22)
  love.graphics.rectangle("fill", X - 34, Y - 22, WIDTH + 68, 8, 4)
end

function window.draw()
  love.graphics.setScissor(X, Y, WIDTH, HEIGHT)
  draw_sky()
  draw_land()
  love.graphics.setScissor()
  draw_frame()
end

return window
