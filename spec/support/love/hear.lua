-- A visit to the room of examples/love by somebody who listens to Yuan.
local game = require "private"
game.set_up(0.1, 1.2)

local loop = require "yuanjing.runtime.loop"
local platform = require "platform"
local voice = require "voice"

local hands, report

local function watch()
  return { at = hands.chapter, state = game.speech.state,
    text = #game.speech.text, played = voice.played, spoken = #voice.spoken }
end

local function ask(text) game.ask(hands, text) end

local function wait_done() game.wait_state(hands, "done") end

-- How many texts have been sent to be spoken.
local function count_spoken()
  local count = 0
  for _, seen in ipairs(game.server:requests()) do
    if seen.path:find("audio/speech", 1, true) then count = count + 1 end
  end
  return count
end

local function listen()
  hands.chapter = "listening"
  game.server:answer("chat", { scenario = "slow=0.4" }) -- for slow machines
  ask "讲个故事"
  wait_done()
  hands.wait("her voice", function() return voice.played > 100000 end)
  report.spoken, report.text = table.concat(voice.spoken), game.speech.text
  report.sentences = #voice.spoken
end

local function interrupt()
  hands.chapter = "interrupting"
  ask "讲个故事"
  hands.wait("her voice", function() return voice.played > 10000 end)
  hands.press "escape"
  coroutine.yield()
  report.interrupted = { played = voice.played, in_flight = loop.pool():count() }
end

local function switch_off()
  hands.chapter = "silent"
  hands.press "v"
  local before = count_spoken()
  ask "你是谁"
  wait_done()
  hands.pause(0.3)
  report.silent = { is_on = voice.is_on, played = voice.played,
    sent = count_spoken() - before }
  hands.press "escape"
end

-- The speech fails, and she goes on in writing.
local function lose_voice()
  hands.chapter = "failing"
  hands.press "v"
  local client = platform.client
  game.server:answer("speech", { scenario = "speech-bad" })
  ask "你是谁"
  wait_done()
  hands.wait("the failure", function() return voice.err end)
  report.failed = { kind = voice.err.kind, state = game.speech.state,
    has_text = #game.speech.text > 0 }
  platform.client = client
end

return function(given)
  hands, report = given, given.report
  hands.watch = watch
  hands.chapter = "walking"
  report.has_device = voice.has_device()
  report.was_on = voice.is_on
  game.come(hands)
  if report.was_on then
    listen()
    interrupt()
  else
    ask "你是谁"
    wait_done()
    report.sent = count_spoken()
    hands.press "v"
    report.is_on = voice.is_on
  end
  if report.was_on then
    switch_off()
    lose_voice()
  end
end
