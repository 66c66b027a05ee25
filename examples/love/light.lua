--- The lamp's light, and the dust in it.
local ink = require "ink"

local light = {}

local X, Y = 918, 150
local MOTES = 34
local time, motes, glow = 0, {}, nil

-- A soft disc, white in its middle.
local function new_glow()
  local size = 128
  local data = love.image.newImageData(size, size)
  data:mapPixel(function(x, y)
    local away = math.sqrt((x - 63.5) ^ 2 + (y - 63.5) ^ 2) / 64
    local shine = math.max(0, 1 - away) ^ 2
    return 1, 1, 1, shine
  end)
  return love.graphics.newImage(data)
end

function light.load()
  glow = new_glow()
  local random = love.math.newRandomGenerator(11)
  for i = 1, MOTES do
    motes[i] = { x = random:random(560, 960), y = random:random(60, 420),
      phase = random:random() * 6, speed = 4 + 8 * random:random() }
  end
end

function light.update(dt)
  time = time + dt
  for _, mote in ipairs(motes) do
    mote.y = mote.y < 50 and 430 or mote.y - mote.speed * dt
  end
end

local function shine(x, y, radius, rgb, alpha)
  ink(rgb, alpha)
  love.graphics.draw(glow, x, y, 0, radius / 64, radius / 64, 64, 64)
end

function light.draw_glow()
  local flicker = 0.02 * math.sin(time * 7) + 0.015 * math.sin(time * 17)
  love.graphics.setBlendMode("add")
  shine(X, Y, 380, 0xffb45e, 0.34 + flicker)
  shine(X, Y, 110, 0xffe0a0, 0.22 + flicker)
  shine(180, 150, 240, 0x9fc0ff, 0.10)
  love.graphics.setBlendMode("alpha")
end

function light.draw_dust()
  love.graphics.setBlendMode("add")
  for _, mote in ipairs(motes) do
    local sway = 12 * math.sin(time * 0.5 + mote.phase)
    ink(0xffe2ae, 0.25 + 0.2 * math.sin(time * 1.5 + mote.phase))
    love.graphics.circle("fill", mote.x + sway, mote.y, 1.6)
  end
  love.graphics.setBlendMode("alpha")
end

return light
