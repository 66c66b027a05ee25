--- The easel: the last picture, or the next one in the making.
local font = require "font"
local ink = require "ink"
local painting = require "painting"

local easel = { x = 806, y = 392 } -- where it stands

local SIZE = 146
local LEFT, TOP = easel.x - SIZE / 2, 168
local STROKES = 14

local function draw_legs()
  ink(0x201208, 0.3)
  love.graphics.ellipse("fill", easel.x, easel.y, 74, 9)
  ink(0x8a5a33)
  love.graphics.setLineWidth(7)
  love.graphics.line(easel.x, TOP - 26, easel.x - 62, easel.y)
  love.graphics.line(easel.x, TOP - 26, easel.x + 62, easel.y)
  ink(0x6d4427)
  love.graphics.line(easel.x, TOP - 26, easel.x, easel.y - 8)
end

-- The whole picture, as large as it fits.
local function draw_picture(texture)
  local width, height = texture:getDimensions()
  local scale = SIZE / math.max(width, height)
  ink(0xffffff)
  love.graphics.draw(texture, easel.x, TOP + SIZE / 2, 0, scale, scale,
    width / 2, height / 2)
end

local HUES = { 0xc8553d, 0xe0a458, 0x6a994e, 0x3d7ea6, 0x8d6a9f }

-- Strokes that come one after the other, and begin anew.
local function draw_strokes(time)
  love.graphics.setScissor(LEFT, TOP, SIZE, SIZE)
  love.graphics.setLineWidth(11)
  local now = time * 4
  for i = 1, STROKES do
    local part = math.max(0, math.min(1, now % (STROKES + 6) - i))
    if part > 0 then
      local y = TOP + 6 + i * 9.5
      ink(HUES[i % #HUES + 1], 0.75)
      love.graphics.line(LEFT + 14, y, LEFT + 14 + part * (SIZE - 28),
        y + 9 * math.sin(i * 2 + part * 3))
    end
  end
  love.graphics.setScissor()
end

local function draw_progress(time)
  local y, width = TOP - 40, SIZE
  ink(0x0b1420, 0.7)
  love.graphics.rectangle("fill", LEFT, y, width, 24, 8)
  ink(0xe0a458)
  local part, from = painting.progress or 0.25, 0
  if not painting.progress then
    from = (0.5 + 0.5 * math.sin(time * 3)) * (1 - part)
  end
  love.graphics.rectangle("fill", LEFT + 6 + from * (width - 12), y + 18,
    part * (width - 12), 3, 1.5)
  love.graphics.setFont(font.small)
  ink(0xfff0c4)
  love.graphics.printf(painting.hint, LEFT, y + 1, width, "center")
end

function easel.draw(time)
  draw_legs()
  ink(0x5b3a22)
  love.graphics.rectangle("fill", LEFT - 8, TOP - 8, SIZE + 16, SIZE + 16, 4)
  ink(0xfbf3e2)
  love.graphics.rectangle("fill", LEFT, TOP, SIZE, SIZE)
  if painting.hint then
    draw_strokes(time)
  elseif painting.texture then
    draw_picture(painting.texture)
  end
  ink(0x6d4427)
  love.graphics.rectangle("fill", LEFT - 16, TOP + SIZE + 8, SIZE + 32, 9, 3)
  if painting.hint then draw_progress(time) end
end

return easel
