--- A room on a winter night. Walk up to Yuan, the painter: ask, and the answer
-- is written into a speech bubble as it comes. She remembers what was said, also
-- the next time, and acts: she walks, paints and feeds the cat when she is asked
-- to. Meanwhile everything moves on.
local yuanjing = require "yuanjing"

local acts = require "acts"
local bubble = require "bubble"
local cat = require "cat"
local clock = require "clock"
local easel = require "easel"
local font = require "font"
local ink = require "ink"
local input = require "input"
local light = require "light"
local painting = require "painting"
local person = require "person"
local platform = require "platform"
local room = require "room"
local say = require "say"
local talk = require "talk"
local voice = require "voice"
local window = require "window"

local NEAR, FAR = 120, 190 -- from somebody: to talk, and to have left

local player = person.new { x = 150, y = 440, skin = 0xf2c9a1, hair = 0x5b3a22,
  coat = 0x3d7ea6, coat_dark = 0x316785, trousers = 0x2f3e4c, scarf = 0xe0a458 }
local yuan = person.new { x = 660, y = 408, facing = -1, skin = 0xf7d5b5,
  hair = 0x2c2018, coat = 0xb5545c, coat_dark = 0x97434b, trousers = 0x4a3a52,
  scarf = 0xfbe6c8, hat = 0x8d3b3b, has_long_hair = true, has_brush = true }
local pet, speech = cat.new(420, 456), bubble.new()

-- What can be done here ----------------------------------------------------

local function is_near_easel()
  return player:distance(easel.x, easel.y) < NEAR
    and player:distance(easel.x, easel.y) < player:distance(yuan.x, yuan.y)
end

local function is_near_yuan()
  return player:distance(yuan.x, yuan.y) < NEAR
end

local promise -- what she said when she began to paint

local function paint(wish)
  if painting.hint then return speech:say(say "One at a time, please!") end
  painting.ask(wish)
  promise = say "With pleasure! Look at the easel."
  speech:say(promise)
end

-- The answer is over.
local function remember_promise()
  if painting.hint then promise = speech.text end
end

-- The picture is done, or failed: not told in the middle of an answer.
local function announce()
  local outcome = not talk.is_on() and painting.take_outcome()
  if not outcome then return end
  if outcome.err then
    if not speech:is_open() then speech:think() end
    speech:finish(outcome.err)
  elseif speech.text == promise then
    speech:say(say "There it is. Do you like it?")
  end
  promise = nil
end

local function leave()
  talk.leave()
  yuan:stop()
  speech:close()
end

local function send()
  local purpose, text = input.purpose, input.close()
  if text == "" then return end
  leave()
  if purpose == "paint" then return paint(text) end
  speech:think()
  talk.ask(text, speech, remember_promise)
end

local function begin_typing()
  if is_near_easel() then
    input.open("paint", say "What shall be painted?  一只猫坐在月亮上")
  elseif is_near_yuan() then
    input.open("talk", say "Ask anything, or “feed the cat”, “画一只猫”")
  end
end

-- The player ---------------------------------------------------------------

local function is_down(...)
  return love.keyboard.isDown(...) and 1 or 0
end

-- The player has walked away: not Yuan, and not towards her.
local function has_left(before)
  local distance = player:distance(yuan.x, yuan.y)
  return player.is_walking and not yuan.is_walking and distance > FAR
    and distance > before
end

local function move(dt)
  local dx, dy = 0, 0
  local before = player:distance(yuan.x, yuan.y)
  if not input.is_open then
    dx = is_down("right", "d") - is_down("left", "a")
    dy = is_down("down", "s") - is_down("up", "w")
  end
  player:walk(dx, dy, dt)
  if has_left(before) then leave() end
end

local function update_yuan(dt)
  yuan:follow(dt)
  yuan.is_painting = painting.hint ~= nil and not yuan.is_walking
  if not yuan.is_walking then
    local other = yuan.is_painting and easel or player
    yuan.facing = other.x < yuan.x and -1 or 1
  end
  yuan.is_speaking = speech.state == "speaking"
end

-- LÖVE calls these ---------------------------------------------------------

function love.load()
  love.keyboard.setKeyRepeat(true)
  love.keyboard.setTextInput(false)
  font.load()
  for _, part in ipairs { room, window, light } do part.load() end
  local ok, err = platform.open()
  if not ok then
    speech:think()
    speech:finish(err)
  end
  talk.open(acts.tools(yuan, pet))
  voice.switch(platform.is_free == true) -- with a key each sentence costs
end

function love.update(dt)
  yuanjing.update() -- answers and pictures go on; this never waits
  painting.update()
  announce()
  move(dt)
  update_yuan(dt)
  for _, one in ipairs { player, yuan, pet, speech } do one:update(dt) end
  voice.update(speech)
  for _, part in ipairs { window, clock, light, input } do part.update(dt) end
end

local actors = { player, yuan, pet }

local function draw_actors()
  table.sort(actors, function(one, other) return one.y < other.y end)
  for _, actor in ipairs(actors) do actor:draw() end
end

local function draw_pill(text, x, y)
  love.graphics.setFont(font.small)
  local width = font.small:getWidth(text) + 20
  ink(0x0b1420, 0.62)
  love.graphics.rectangle("fill", x - width / 2, y, width, 24, 12)
  ink(0xfff0c4)
  love.graphics.printf(text, x - width / 2, y + 3, width, "center")
end

-- By whether she is heard.
local NEAR_YUAN = {
  [true] = "Enter: talk    Esc or walk away: leave    V: voice off",
  [false] = "Enter: talk    Esc or walk away: leave    V: voice on",
}

local function draw_hints()
  local note = font.has_chinese and "" or "    (no font with Chinese found)"
  draw_pill(say(platform.name) .. note, 480, 8)
  if input.is_open then
    draw_pill(say "Enter: send    Esc: back", 480, 446)
  elseif is_near_easel() then
    draw_pill(say "Enter: have a picture painted", 480, 500)
  elseif is_near_yuan() then
    draw_pill(say(NEAR_YUAN[voice.is_on]), 480, 500)
  else
    draw_pill(say "Arrow keys or WASD: walk up to Yuan", 480, 500)
  end
end

function love.draw()
  room.draw()
  window.draw()
  clock.draw()
  light.draw_glow()
  easel.draw(clock.time)
  draw_actors()
  light.draw_dust()
  speech:draw(yuan:mouth())
  input.draw()
  draw_hints()
end

local function paste()
  if love.keyboard.isDown("lctrl", "rctrl", "lgui", "rgui") then
    input.add(love.system.getClipboardText())
  end
end

local TYPING = {
  ["return"] = send, kpenter = send, escape = input.close,
  backspace = input.erase, v = paste,
}
local WALKING = {
  ["return"] = begin_typing, kpenter = begin_typing, escape = leave,
  v = function() voice.switch(not voice.is_on) end,
  pageup = function() speech:scroll(3) end,
  pagedown = function() speech:scroll(-3) end,
}

function love.keypressed(key)
  if input.is_open and input.composing ~= "" then return end
  local act = (input.is_open and TYPING or WALKING)[key]
  if act then act() end
end

function love.textinput(text)
  if input.is_open then input.add(text) end
end

function love.textedited(text)
  input.compose(text)
end

function love.wheelmoved(_, y)
  speech:scroll(y)
end

function love.quit()
  voice.hush()
  talk.close()
  platform.close()
end
