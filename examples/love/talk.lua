--- A conversation. The answer is read in a job, which gives way to the game
-- whenever there is nothing to read; love.update moves it on.
local yuanjing = require "yuanjing"
local platform = require "platform"

local talk = {}

local said = { { role = "system", content = "You are Yuan, a painter in a cosy "
  .. "room on a winter night. Answer in the language you are asked in, in two "
  .. "or three friendly sentences." } }
local job

--- Asks; the answer goes into the bubble as it comes.
function talk.ask(prompt, bubble)
  local messages = { unpack(said) }
  messages[#messages + 1] = { role = "user", content = prompt }
  talk.leave()
  job = yuanjing.async(function()
    local stream, err = platform.client:chat {
      messages = messages, stream = true,
    }
    local chunk
    while stream do
      chunk, err = stream:next()
      if not chunk then break end
      bubble:add(chunk.content)
    end
    bubble:finish(err)
    if err then return end
    messages[#messages + 1] = { role = "assistant", content = bubble.text }
    said = messages
  end)
end

--- Ends the answer at once, and its connection: nothing more is sent or billed.
function talk.leave()
  if job then job:cancel() end
end

function talk.is_on()
  return job ~= nil and not job.done
end

return talk
