--- What somebody says. It grows while the text comes; a long text moves up, and
-- the mouse wheel goes back in it.
local excuse_of = require "excuses"
local font = require "font"
local ink = require "ink"
local wrap = require "wrap"

local bubble = {}

local Bubble = {}
Bubble.__index = Bubble

local WIDTH, LINE, MOST_LINES, PADDING = 350, 26, 7, 16
local SMALLEST = 40 -- of its text, both ways
local EASE = 14     -- how fast it takes its size, per second

function bubble.new()
  return setmetatable({ state = "closed", text = "", time = 0, width = 0,
    height = 0, back = 0, lines = {}, excuse_lines = {} }, Bubble)
end

--- Somebody is about to speak.
function Bubble:think()
  self.state, self.text, self.err = "thinking", "", nil
  self.lines, self.excuse_lines, self.back = {}, {}, 0
  self.width, self.height = 0, 0
end

local function wrapped(text)
  return wrap.lines(font.drawable(text), WIDTH, font.width)
end

function Bubble:add(text)
  if text == "" then return end
  self.state, self.text = "speaking", self.text .. text
  self.is_stale = true -- wrapped once a frame, however many pieces come
end

--- That was all; or an error came in between.
function Bubble:finish(err)
  self.state, self.err = "done", err
  self.excuse_lines = err and wrapped(excuse_of(err)) or {}
end

--- All at once.
function Bubble:say(text)
  self:think()
  self:add(text)
  self:finish()
end

function Bubble:close()
  self.state = "closed"
end

function Bubble:is_open()
  return self.state ~= "closed"
end

-- Lines that do not fit.
local function hidden(self)
  return math.max(0, #self.lines + #self.excuse_lines - MOST_LINES)
end

--- Goes so many lines back in a long text.
function Bubble:scroll(lines)
  if not self:is_open() then return end
  self.back = math.max(0, math.min(hidden(self), self.back + lines))
end

local function goal(self)
  local width, count = SMALLEST, #self.lines + #self.excuse_lines
  for _, line in ipairs(self.lines) do
    width = math.max(width, font.text:getWidth(line))
  end
  for _, line in ipairs(self.excuse_lines) do
    width = math.max(width, font.text:getWidth(line))
  end
  return width, LINE * math.max(1, math.min(MOST_LINES, count))
end

function Bubble:update(dt)
  if not self:is_open() then return end
  self.time = self.time + dt
  if self.is_stale then
    self.lines, self.is_stale = wrapped(self.text), false
  end
  local width, height = goal(self)
  local part = math.min(1, EASE * dt)
  self.width = self.width + (width - self.width) * part
  self.height = self.height + (height - self.height) * part
end

local function draw_paper(x, y, width, height, tip_x, tip_y)
  ink(0x0b1420, 0.35)
  love.graphics.rectangle("fill", x + 2, y + 4, width, height, 16)
  ink(0xfff8ea)
  love.graphics.rectangle("fill", x, y, width, height, 16)
  local foot = math.max(x + 30, math.min(x + width - 30, tip_x))
  love.graphics.polygon("fill", foot - 11, y + height - 1, foot + 11,
    y + height - 1, tip_x, tip_y)
end

local function draw_dots(x, y, time)
  for i = 0, 2 do
    ink(0x8a7b66, 0.45 + 0.45 * math.sin(time * 6 - i))
    love.graphics.circle("fill", x + 8 + i * 12,
      y + LINE / 2 - 2 * math.sin(time * 6 - i), 4)
  end
end

local function draw_lines(lines, x, y, colour)
  ink(colour)
  for i, line in ipairs(lines) do
    love.graphics.print(line, x, y + (i - 1) * LINE)
  end
end

-- Above there is more.
local function draw_arrow(x, y)
  ink(0x8a7b66)
  love.graphics.polygon("fill", x, y, x - 5, y + 7, x + 5, y + 7)
end

local function draw_text(self, x, y, width, height)
  love.graphics.setFont(font.text)
  love.graphics.setScissor(x - 4, y, width + 8, height)
  local top = y - (hidden(self) - self.back) * LINE
  draw_lines(self.lines, x, top, 0x33291d)
  draw_lines(self.excuse_lines, x, top + #self.lines * LINE, 0xa3423a)
  love.graphics.setScissor()
  if self.back < hidden(self) then draw_arrow(x + width + 5, y) end
end

--- Its tip points at x, y.
function Bubble:draw(x, y)
  if not self:is_open() then return end
  local width, height = self.width + 2 * PADDING, self.height + 2 * PADDING - 8
  local left = math.max(12, math.min(948 - width, x - width * 0.86))
  local top = y - 16 - height
  draw_paper(left, top, width, height, x, y)
  left, top = left + PADDING, top + PADDING - 4
  if self.state == "thinking" then return draw_dots(left, top, self.time) end
  draw_text(self, left, top, self.width, self.height)
end

return bubble
