--- The line that is being typed, in any script: input methods compose into it.
local font = require "font"
local ink = require "ink"

local input = { is_open = false, text = "", composing = "", time = 0 }

local X, Y, WIDTH, HEIGHT = 150, 474, 660, 46
local LONGEST = 600 -- bytes

--- Opens it. `purpose` is for whoever reads what was typed.
function input.open(purpose, hint)
  input.is_open, input.purpose, input.hint = true, purpose, hint
  input.text, input.composing, input.time = "", "", 0
  love.keyboard.setTextInput(true, X, Y, WIDTH, HEIGHT)
end

--- Closes it; what was typed, without blanks around it.
function input.close()
  input.is_open = false
  love.keyboard.setTextInput(false)
  return input.text:match("^%s*(.-)%s*$")
end

function input.add(text)
  text = text:gsub("%c", " ")
  if #input.text + #text <= LONGEST then input.text = input.text .. text end
end

--- Takes away the last character, which may be several bytes.
function input.erase()
  input.text = input.text:gsub("[^\128-\191][\128-\191]*$", "")
end

--- What an input method shows before it is decided.
function input.compose(text)
  input.composing = text
end

function input.update(dt)
  input.time = input.time + dt
end

local function draw_box()
  ink(0x0b1420, 0.4)
  love.graphics.rectangle("fill", X + 2, Y + 4, WIDTH, HEIGHT, 14)
  ink(0xfff8ea)
  love.graphics.rectangle("fill", X, Y, WIDTH, HEIGHT, 14)
  ink(0xe0a458)
  love.graphics.setLineWidth(2)
  love.graphics.rectangle("line", X, Y, WIDTH, HEIGHT, 14)
end

local function draw_cursor(x, y, height)
  if input.time % 1 > 0.55 then return end
  ink(0xc8553d)
  love.graphics.rectangle("fill", x + 1, y, 2, height)
end

-- A long line shows its end.
local function draw_text(x, y, width)
  local text = font.drawable(input.text)
  local composing = font.drawable(input.composing)
  local typed = font.text:getWidth(text)
  local composed = font.text:getWidth(composing)
  local left = x + math.min(0, width - typed - composed)
  love.graphics.setScissor(x - 2, Y, width + 6, HEIGHT)
  ink(0x33291d)
  love.graphics.print(text, left, y)
  ink(0x3d7ea6)
  love.graphics.print(composing, left + typed, y)
  draw_cursor(left + typed + composed, y, font.text:getHeight())
  love.graphics.setScissor()
end

function input.draw()
  if not input.is_open then return end
  draw_box()
  love.graphics.setFont(font.text)
  local y = Y + (HEIGHT - font.text:getHeight()) / 2
  if input.text == "" and input.composing == "" then
    ink(0x33291d, 0.4)
    love.graphics.print(input.hint, X + 16, y)
  end
  draw_text(X + 16, y, WIDTH - 32)
end

return input
