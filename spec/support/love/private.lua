-- The private values of the game in examples/love, once they are there, and
-- what each visit does. To be required before the game is loaded.
local sandbox = require "yuanjing.sandbox"

local bubble = require "bubble"
local person = require "person"

local private = {} -- server, speech, player, yuan

local start, new_bubble, new_person = sandbox.start, bubble.new, person.new

--- The game's sandbox will have these options.
function private.set_up(latency, task_seconds)
  function sandbox.start(options)
    options.latency, options.task_seconds = latency, task_seconds
    private.server = assert(start(options))
    return private.server
  end
end

function bubble.new()
  private.speech = new_bubble()
  return private.speech
end

function person.new(fields)
  local made = new_person(fields)
  if private.player then private.yuan = private.yuan or made end
  private.player = private.player or made
  return made
end

function private.ask(hands, text)
  hands.press "return"
  hands.type(text)
  hands.press "return"
end

--- The player goes to Yuan.
function private.come(hands)
  hands.hold "right"
  hands.wait("Yuan", function() return private.player.x > 575 end)
  hands.release "right"
end

function private.wait_state(hands, state)
  hands.wait("state " .. state, function()
    return private.speech.state == state
  end)
end

return private
