--- Somebody in the room: walks, blinks, and moves the mouth while speaking.
local ink = require "ink"
local room = require "room"

local person = {}

local Person = {}
Person.__index = Person

local SPEED = 210
local STEPS = 11 -- how fast the legs go, radians per second
local BOUNDS = { left = 40, right = 920, top = 368, bottom = 516 }

--- x, y: where the feet are. coat, hair, trousers, hat: colours.
function person.new(fields)
  fields.facing, fields.time = fields.facing or 1, 0
  fields.stride, fields.is_walking = 0, false
  return setmetatable(fields, Person)
end

local function clamp(value, low, high)
  return math.max(low, math.min(high, value))
end

--- Goes that way; 0, 0 is standing still.
function Person:walk(dx, dy, dt)
  self.is_walking = dx ~= 0 or dy ~= 0
  if not self.is_walking then return end
  if dx ~= 0 then self.facing = dx > 0 and 1 or -1 end
  local length = math.sqrt(dx * dx + dy * dy)
  self.x = clamp(self.x + dx / length * SPEED * dt, BOUNDS.left, BOUNDS.right)
  self.y = clamp(self.y + dy / length * SPEED * 0.7 * dt, BOUNDS.top,
    BOUNDS.bottom)
end

--- Goes there by itself, a step with each follow().
function Person:go_to(x, y)
  self.goal = { x = x, y = y }
end

function Person:stop()
  self.goal, self.is_walking = nil, false
end

--- A frame on the way to the goal, if there is one.
function Person:follow(dt)
  if not self.goal then return self:stop() end
  local dx, dy = self.goal.x - self.x, self.goal.y - self.y
  if math.max(math.abs(dx), math.abs(dy)) <= SPEED * dt then
    self.x, self.y = self.goal.x, self.goal.y
    return self:stop()
  end
  self:walk(dx, dy, dt)
end

function Person:update(dt)
  self.time = self.time + dt
  self.stride = self.is_walking and self.stride + STEPS * dt or 0
end

function Person:distance(x, y)
  return math.sqrt((self.x - x) ^ 2 + (self.y - y) ^ 2)
end

--- Where a speech bubble points.
function Person:mouth()
  return self.x + 4 * self.facing, self.y - 104 * self:scale()
end

-- Nearer is larger.
function Person:scale()
  return 0.9 + 0.35 * (self.y - room.wall) / 210
end

local function limb(x, y, angle, length, width, rgb, end_rgb)
  love.graphics.push()
  love.graphics.translate(x, y)
  love.graphics.rotate(angle)
  ink(rgb)
  love.graphics.rectangle("fill", -width / 2, 0, width, length, width / 2)
  ink(end_rgb)
  love.graphics.circle("fill", 0, length - 1, width * 0.55)
  love.graphics.pop()
end

local function draw_legs(self)
  local swing = 0.6 * math.sin(self.stride)
  limb(-7, -20, swing, 19, 10, self.trousers, 0x3a2a20)
  limb(7, -20, -swing, 19, 10, self.trousers, 0x3a2a20)
end

local function draw_brush(angle)
  love.graphics.push()
  love.graphics.translate(0, 22)
  love.graphics.rotate(angle)
  ink(0xd9c5a0)
  love.graphics.rectangle("fill", -1.5, 0, 3, 24)
  ink(0x3d7ea6)
  love.graphics.ellipse("fill", 0, 26, 3, 6)
  love.graphics.pop()
end

-- The arm with the brush is raised while a picture is in the making.
local function draw_arms(self)
  local swing = 0.7 * math.sin(self.stride)
  local far = self.is_painting and -2 + 0.35 * math.sin(self.time * 9)
    or -0.15 - swing
  limb(-15, -50, 0.15 + swing, 24, 9, self.coat_dark, self.skin)
  limb(15, -50, far, 24, 9, self.coat_dark, self.skin)
  if not self.has_brush then return end
  love.graphics.push()
  love.graphics.translate(15, -50)
  love.graphics.rotate(far)
  draw_brush(self.is_painting and 0 or -2.2)
  love.graphics.pop()
end

local function draw_body(self)
  ink(self.coat)
  love.graphics.rectangle("fill", -17, -56, 34, 42, 13)
  ink(0xffffff, 0.14)
  love.graphics.rectangle("fill", -2, -52, 4, 36, 2)
  ink(self.scarf)
  love.graphics.rectangle("fill", -14, -59, 28, 9, 4)
  love.graphics.rectangle("fill", 4, -56, 8, 20, 3)
end

local function draw_mouth(self, x)
  ink(0x8a3b32)
  if self.is_speaking then
    local open = 1.5 + 2.5 * math.abs(math.sin(self.time * 11))
    love.graphics.ellipse("fill", x, -66, 4, open)
  else
    love.graphics.setLineWidth(1.8)
    love.graphics.arc("line", "open", x, -69, 5, 0.5, math.pi - 0.5)
  end
end

local function draw_face(self)
  local x = 5 -- it looks to where it walks
  local is_blinking = self.time % 3.7 < 0.13
  ink(0x2c2018)
  for side = -1, 1, 2 do
    love.graphics.ellipse("fill", x + side * 7, -76, 2.6,
      is_blinking and 0.7 or 3.6)
  end
  ink(0xe8837c, 0.55)
  love.graphics.circle("fill", x - 12, -69, 3.6)
  love.graphics.circle("fill", x + 11, -69, 3.6)
  draw_mouth(self, x)
end

local function draw_beret(self)
  ink(self.hat)
  love.graphics.ellipse("fill", -3, -95, 23, 9)
  love.graphics.circle("fill", -6, -104, 3)
end

local function draw_head(self)
  ink(self.hair)
  love.graphics.circle("fill", -2, -77, 23)
  if self.has_long_hair then
    love.graphics.rectangle("fill", -24, -78, 18, 34, 9)
  end
  ink(self.skin)
  love.graphics.ellipse("fill", 2, -74, 19, 18.5)
  ink(self.hair)
  love.graphics.arc("fill", "closed", 0, -79, 20.5, math.pi * 1.02,
    math.pi * 1.98)
  draw_face(self)
  if self.hat then draw_beret(self) end
end

function Person:draw()
  local bob = self.is_walking and 2.5 * math.abs(math.sin(self.stride))
    or 0.8 * math.sin(self.time * 2.2)
  love.graphics.push()
  love.graphics.translate(self.x, self.y)
  love.graphics.scale(self:scale() * self.facing, self:scale())
  ink(0x201208, 0.3)
  love.graphics.ellipse("fill", 0, 0, 24, 7)
  draw_legs(self)
  love.graphics.translate(0, -bob)
  draw_arms(self)
  draw_body(self)
  draw_head(self)
  love.graphics.pop()
end

return person
