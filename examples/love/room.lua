--- The room: what never moves, drawn once onto a canvas.
local ink = require "ink"

local room = {
  width = 960, height = 540,
  wall = 330, -- where it meets the floor
}

local rectangle = function(...) love.graphics.rectangle("fill", ...) end

local function draw_wall()
  for y = 0, room.wall do
    local part = y / room.wall
    love.graphics.setColor(0.13 + 0.07 * part, 0.21 + 0.12 * part,
      0.29 + 0.12 * part)
    rectangle(0, y, room.width, 1)
  end
  ink(0xffffff, 0.035)
  for row = 0, 10 do
    for column = 0, 33 do
      love.graphics.circle("fill", column * 30 + row % 2 * 15, row * 24 + 8, 3)
    end
  end
end

local function draw_panels()
  ink(0x24404f)
  rectangle(0, 262, room.width, 60)
  ink(0x3f6675)
  rectangle(0, 258, room.width, 5)
  for x = 8, room.width, 80 do
    ink(0x1c3340)
    rectangle(x, 272, 64, 42, 3)
    ink(0x294858)
    rectangle(x + 2, 274, 62, 40, 3)
  end
  ink(0x182b37)
  rectangle(0, 320, room.width, 12)
end

-- Boards that run towards us.
local BOARDS = { 0xa9744a, 0xa06c43, 0xb07b50, 0x9b673f, 0xac774d }

local function board_edge(i, y)
  return 480 + i * 62 * (0.55 + 0.75 * (y - room.wall) / 210)
end

local function draw_floor()
  local top, bottom = room.wall + 2, room.height
  for i = -15, 15 do
    ink(BOARDS[(i * 7) % #BOARDS + 1])
    love.graphics.polygon("fill", board_edge(i, top), top,
      board_edge(i + 1, top), top, board_edge(i + 1, bottom), bottom,
      board_edge(i, bottom), bottom)
    ink(0x6d4427, 0.5)
    love.graphics.line(board_edge(i, top), top, board_edge(i, bottom), bottom)
    local seam = top + 20 + (i * 53) % 180
    love.graphics.line(board_edge(i, seam), seam, board_edge(i + 1, seam), seam)
  end
  for i = 0, 24 do -- the wall's shadow
    ink(0x201208, 0.35 * (1 - i / 24))
    rectangle(0, top + i, room.width, 1)
  end
end

local RUG = { -- half the width and the height of each ring, and its colour
  { 200, 60, 0x6e2f33 }, { 192, 56, 0x9a4142 }, { 170, 48, 0xe0a458 },
  { 164, 46, 0x9a4142 }, { 110, 30, 0xe8c9a0 }, { 104, 28, 0xb3534a },
}

local function draw_rug()
  for _, ring in ipairs(RUG) do
    ink(ring[3])
    love.graphics.ellipse("fill", 400, 452, ring[1], ring[2])
  end
end

local BOOKS = { 0xc8553d, 0xe0a458, 0x6a994e, 0x3d7ea6, 0x8d6a9f, 0xd9c5a0,
  0xb5545c, 0x4f8a8b }

local function draw_books(x, y, shelf)
  local i, right = shelf * 3, x + 112
  while x < right - 14 do
    local width, height = 9 + i * 5 % 7, 30 + i * 11 % 13
    ink(BOOKS[i % #BOOKS + 1])
    rectangle(x, y - height, width, height, 1)
    ink(0xffffff, 0.25)
    rectangle(x + 2, y - height + 6, width - 4, 3)
    x, i = x + width + 1, i + 1
  end
end

local function draw_shelves(x, y)
  ink(0x201208, 0.3)
  rectangle(x + 6, y + 6, 130, 186, 4)
  ink(0x7b4f2e)
  rectangle(x, y, 130, 190, 4)
  for shelf = 0, 2 do
    ink(0x4a2e1a)
    rectangle(x + 8, y + 8 + shelf * 60, 114, 54)
    draw_books(x + 10, y + 62 + shelf * 60, shelf)
  end
end

local LEAVES = { -1.1, -0.65, -0.25, 0.15, 0.55, 1 }

local function draw_plant(x, y)
  for i, lean in ipairs(LEAVES) do
    ink(i % 2 == 0 and 0x5f9357 or 0x4c7d49)
    love.graphics.push()
    love.graphics.translate(x, y - 40)
    love.graphics.rotate(lean)
    love.graphics.ellipse("fill", 0, -36, 10, 38)
    love.graphics.pop()
  end
  ink(0xc8704a)
  love.graphics.polygon("fill", x - 24, y - 46, x + 24, y - 46, x + 17, y,
    x - 17, y)
  ink(0xdb8a62)
  rectangle(x - 27, y - 52, 54, 11, 3)
end

local function draw_lamp(x, y)
  ink(0x201208, 0.35)
  love.graphics.ellipse("fill", x, y, 30, 8)
  ink(0x3a2a20)
  rectangle(x - 3, y - 190, 6, 188)
  love.graphics.ellipse("fill", x, y - 3, 22, 6)
  ink(0xf6d28b)
  love.graphics.polygon("fill", x - 20, y - 240, x + 20, y - 240, x + 36,
    y - 188, x - 36, y - 188)
  ink(0xfff0c4)
  love.graphics.polygon("fill", x - 8, y - 240, x + 8, y - 240, x + 12,
    y - 188, x - 12, y - 188)
end

local canvas

function room.load()
  canvas = love.graphics.newCanvas(room.width, room.height, { msaa = 4 })
  love.graphics.setCanvas(canvas)
  draw_wall()
  draw_panels()
  draw_floor()
  draw_rug()
  draw_shelves(316, 144)
  draw_plant(46, 352)
  draw_lamp(918, 366)
  love.graphics.setCanvas()
end

function room.draw()
  ink(0xffffff)
  love.graphics.setBlendMode("alpha", "premultiplied")
  love.graphics.draw(canvas)
  love.graphics.setBlendMode("alpha")
end

return room
