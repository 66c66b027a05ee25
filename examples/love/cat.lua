--- A cat, which goes where it likes.
local ink = require "ink"

local cat = {}

local Cat = {}
Cat.__index = Cat

local SPEED = 46
local MEAL = 5 -- seconds

function cat.new(x, y)
  return setmetatable({ x = x, y = y, goal_x = x, goal_y = y, facing = 1,
    time = 0, rest = 2, meal = 0, is_walking = false,
    random = love.math.newRandomGenerator(5) }, Cat)
end

--- Stays where it is, for a while.
function Cat:stay()
  self.goal_x, self.goal_y, self.rest = self.x, self.y, 10
end

--- Has something to eat.
function Cat:feed()
  self:stay()
  self.meal = MEAL
end

local function choose_goal(self)
  self.goal_x = self.random:random(250, 560)
  self.goal_y = self.random:random(425, 500)
  self.rest = self.random:random(2, 5)
end

function Cat:update(dt)
  self.time = self.time + dt
  self.meal = math.max(0, self.meal - dt)
  local dx, dy = self.goal_x - self.x, self.goal_y - self.y
  local left = math.sqrt(dx * dx + dy * dy)
  self.is_walking = left > 2
  if self.is_walking then
    self.facing = dx > 0 and 1 or -1
    self.x = self.x + dx / left * SPEED * dt
    self.y = self.y + dy / left * SPEED * dt
  else
    self.rest = self.rest - dt
    if self.rest < 0 then choose_goal(self) end
  end
end

local FUR, DARK = 0xe39b4e, 0xc47a32

local function draw_tail(self)
  local wag = 8 * math.sin(self.time * 3)
  ink(DARK)
  love.graphics.setLineWidth(7)
  love.graphics.line(love.math.newBezierCurve(-20, -14, -36, -16, -34 + wag / 2,
    -34, -40 + wag, -44):render(3))
  love.graphics.circle("fill", -40 + wag, -44, 3.5)
end

local function draw_legs(self)
  ink(DARK)
  for i, x in ipairs { -16, -8, 8, 16 } do
    local step = self.is_walking and 3 * math.sin(self.time * 10 + i * 1.6) or 0
    love.graphics.rectangle("fill", x - 3 + step, -11, 6, 11, 3)
  end
end

local function draw_body()
  ink(FUR)
  love.graphics.ellipse("fill", 0, -17, 25, 13)
  ink(DARK)
  for x = -12, 6, 9 do
    love.graphics.rectangle("fill", x, -30, 3.5, 9, 1.5)
  end
end

local function draw_head(self)
  ink(FUR)
  love.graphics.polygon("fill", 13, -34, 17, -47, 24, -37)
  love.graphics.polygon("fill", 27, -37, 34, -47, 37, -33)
  love.graphics.circle("fill", 25, -28, 13)
  ink(0xfbe6c8)
  love.graphics.ellipse("fill", 27, -23, 7, 5)
  ink(0x2c2018)
  local is_blinking = not self.is_walking and self.time % 4 < 1
  for side = -1, 1, 2 do
    love.graphics.ellipse("fill", 26 + side * 5, -30, 1.8,
      is_blinking and 0.6 or 2.6)
  end
  ink(0xd9736b)
  love.graphics.circle("fill", 27.5, -25, 1.8)
end

local function draw_bowl()
  ink(0x3d7ea6)
  love.graphics.polygon("fill", 28, -9, 54, -9, 49, 0, 33, 0)
  ink(0xfbe6c8)
  love.graphics.ellipse("fill", 41, -9, 12, 3)
end

-- Hearts that rise from it, one after the other.
local function draw_hearts(time)
  for i = 0, 2 do
    local part = (time * 0.5 + i / 3) % 1
    local x, y = 24 + 5 * math.sin(time * 2 + i * 2), -48 - 34 * part
    ink(0xe8837c, 1 - part)
    love.graphics.circle("fill", x - 2.5, y, 3.2)
    love.graphics.circle("fill", x + 2.5, y, 3.2)
    love.graphics.polygon("fill", x - 5.4, y + 1.4, x + 5.4, y + 1.4, x, y + 7)
  end
end

-- It nods while it eats.
local function draw_meal(self)
  if self.meal == 0 then return draw_head(self) end
  draw_bowl()
  love.graphics.push()
  love.graphics.translate(4, 8 + 2 * math.sin(self.time * 9))
  draw_head(self)
  love.graphics.pop()
  draw_hearts(self.time)
end

function Cat:draw()
  local scale = 0.9 + 0.3 * (self.y - 400) / 140
  love.graphics.push()
  love.graphics.translate(self.x, self.y)
  love.graphics.scale(scale * self.facing, scale)
  ink(0x201208, 0.28)
  love.graphics.ellipse("fill", 2, 0, 28, 6)
  draw_tail(self)
  draw_legs(self)
  draw_body()
  draw_meal(self)
  love.graphics.pop()
end

return cat
