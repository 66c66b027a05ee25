--- A conversation that remembers, and acts. The answer is read in a job, which gives
-- way to the game whenever there is nothing to read; the tools run in it, too, and
-- may take their time. love.update moves all of it on.
local yuanjing = require "yuanjing"
local platform = require "platform"

local talk = {}

local SYSTEM = "You are Yuan, a painter in a cosy room on a winter night. Answer "
  .. "in the language you are asked in, in two or three friendly sentences. You "
  .. "can walk, paint and feed the cat: when somebody wishes that, do it."
local FILE = "talk.json" -- in the game's save directory
local TURNS = 30         -- that she remembers

local conversation, job

local function path()
  return love.filesystem.getSaveDirectory() .. "/" .. FILE
end

--- Goes on with what was said the last time.
---@param tools yuanjing.Tool[] what she can do
function talk.open(tools)
  local options = { model = "qwen3-max", system = SYSTEM, tools = tools }
  if love.filesystem.getInfo(FILE) then options.load = path() end
  conversation = platform.client:conversation(options)
  if conversation then return end
  options.load = nil -- the file is broken
  conversation = assert(platform.client:conversation(options))
end

--- Asks; the answer goes into the bubble as it comes. `done` is called behind it.
function talk.ask(prompt, bubble, done)
  talk.leave()
  job = yuanjing.async(function()
    local stream, err = conversation:ask { prompt, stream = true }
    local chunk
    while stream do
      chunk, err = stream:next()
      if not chunk then break end
      bubble:add(chunk.content)
    end
    bubble:finish(err)
    if err then return end
    conversation:trim { keep = TURNS }
    done()
  end)
end

--- Ends the answer at once, and its connection: nothing more is sent or billed.
--- The conversation is as it was before the question.
function talk.leave()
  if job then job:cancel() end
end

function talk.is_on()
  return job ~= nil and not job.done
end

--- Keeps what was said for the next time.
function talk.close()
  talk.leave()
  love.filesystem.createDirectory("")
  if conversation then conversation:save(path()) end
end

return talk
