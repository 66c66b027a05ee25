-- A visit to the room of examples/love: talks, is interrupted, leaves, meets
-- with an error, has a picture painted.
local cat = require "cat"
local game = require "private"
game.set_up(0.06, 3)

local pet -- the game's cat

local new_cat = cat.new

function cat.new(...)
  pet = new_cat(...)
  return pet
end

local clock = require "clock"
local font = require "font"
local input = require "input"
local loop = require "yuanjing.runtime.loop"
local painting = require "painting"
local talk = require "talk"

local hands, report

local function watch()
  local player, yuan, speech = game.player, game.yuan, game.speech
  return { clock = clock.time, x = player.x, stride = player.stride,
    state = speech.state, text = #speech.text, height = speech.height,
    lines = #speech.lines, hint = painting.hint, at = hands.chapter,
    yuan = yuan.x, is_walking = yuan.is_walking, meal = pet.meal }
end

local function begin(chapter)
  hands.chapter = chapter
end

local function ask(text) game.ask(hands, text) end

local function wait_state(state) game.wait_state(hands, state) end

local function wait_text(bytes)
  hands.wait("text", function() return #game.speech.text >= bytes end)
end

local function listen()
  begin "typing"
  hands.press "return"
  hands.type "讲个故事吧。é"
  for _ = 1, 3 do hands.press "backspace" end
  report.typed = input.text
  hands.press "return"
  begin "answer"
  wait_text(100)
  hands.shoot "talk.png"
  wait_state "done"
  report.answer = game.speech.text
end

-- The next answer of the sandbox has this scenario.
local function with_mood(mood, visit)
  game.server:answer("chat", { scenario = mood })
  visit()
end

-- The state one frame after leaving.
local function after_leaving(text)
  coroutine.yield()
  return { state = game.speech.state, text = text, is_on = talk.is_on(),
    in_flight = loop.pool():count() }
end

local function escape()
  begin "escape"
  ask "who are you"
  wait_text(10)
  local text = game.speech.text
  hands.press "escape"
  report.escaped = after_leaving(text)
end

local function walk_away()
  begin "walking away"
  ask "你是谁"
  wait_text(10)
  local text = game.speech.text
  hands.hold "left"
  hands.wait("far away", function() return game.player.x < 460 end)
  hands.release "left"
  report.left = after_leaving(text)
  game.come(hands)
end

local function break_line()
  begin "error"
  ask "讲个故事"
  wait_state "done"
  report.broken = { text = game.speech.text, kind = game.speech.err.kind,
    excuse = table.concat(game.speech.excuse_lines) }
  hands.pause(0.2)
  hands.shoot "error.png"
end

local function paint()
  begin "painting"
  ask "画一只猫坐在月亮上"
  hands.pause(0.8)
  hands.shoot "painting.png"
  hands.wait("picture", function() return painting.texture end)
  report.texture = { painting.texture:getDimensions() }
  hands.wait("word", function() return game.speech.state == "done" end)
  hands.pause(0.3)
  hands.shoot "painted.png"
end

local function said_to(text)
  ask(text)
  wait_state "done"
  return game.speech.text
end

-- The player goes to where she is.
local function follow()
  local key = game.player.x < game.yuan.x and "right" or "left"
  hands.hold(key)
  hands.wait("Yuan", function()
    return math.abs(game.player.x - game.yuan.x) < 60
  end)
  hands.release(key)
end

-- She is asked to do things, and what she knows.
local function act()
  begin "acting"
  report.greeted = said_to "Hello! My name is Ada."
  report.walked = said_to "Please walk to the rug"
  report.rug = game.yuan.x
  follow()
  report.fed = said_to "Feed the cat!"
  hands.pause(0.3)
  hands.shoot "feeding.png"
  report.gap = game.yuan:distance(pet.x, pet.y)
  follow()
  report.remembered = said_to "What is my name?"
end

-- She is interrupted on her way.
local function interrupt()
  begin "interrupting"
  ask "Walk to the window"
  hands.wait("her walk", function() return game.yuan.is_walking end)
  hands.press "escape"
  local x = game.yuan.x
  hands.pause(0.3)
  report.stopped = { moved = math.abs(game.yuan.x - x), is_on = talk.is_on() }
end

return function(given)
  hands, report = given, given.report
  hands.watch = watch
  begin "walking"
  game.come(hands)
  listen()
  with_mood("slow=0.4", escape)
  with_mood("slow=0.4", walk_away)
  with_mood("cut", break_line)
  paint()
  act()
  interrupt()
  begin "over"
  report.has_chinese = font.has_chinese
  report.url, report.dir = game.server.url, game.server.dir
  report.requests = game.server:requests()
end
