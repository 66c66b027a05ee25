--- Pictures: asked for, awaited, saved, and made a texture, while the game goes
-- on. One that is begun is paid for, so nothing here cancels it.
local yuanjing = require "yuanjing"
local platform = require "platform"
local say = require "say"

local painting = {
  texture = nil,  -- the last picture
  hint = nil,     -- how far the next one is, while it is in the making
  progress = nil, -- from 0 to 1, where that is known
}

local FOLDER = "paintings" -- in the game's save directory

-- Decoding a large picture takes longer than a frame: a thread does it.
local decoder = [[
  require "love.image"
  local path, decoded = ...
  local ok, data = pcall(love.image.newImageData, path)
  decoded:push { data = ok and data or nil, problem = not ok and data or nil }
]]
local decoded = love.thread.newChannel()

local status, begun -- of the one in the making
local outcome       -- of the last one, until somebody has asked

local function finish(err)
  status, painting.hint, painting.progress = nil, nil, nil
  outcome = { err = err }
end

local function fetch(prompt, name)
  local path = love.filesystem.getSaveDirectory() .. "/" .. name
  local task, err = platform.client:image {
    model = "wan2.2-t2i-plus", prompt = prompt,
  }
  if not task then return nil, err end
  local result
  result, err = task:await {
    interval = platform.interval,
    on_update = function() status = task.status:lower() end,
  }
  if not result then return nil, err end
  return result:save(path, {
    on_progress = function(received, total)
      status, painting.progress = say "fetching", total and received / total
    end,
  })
end

--- Has a picture painted, unless one is in the making.
function painting.ask(prompt)
  if status then return end
  status, begun = say "mixing colours", love.timer.getTime()
  love.filesystem.createDirectory(FOLDER)
  local name = ("%s/%d.png"):format(FOLDER, os.time())
  yuanjing.async(function()
    local saved, err = fetch(prompt, name)
    if not saved then return finish(err) end
    love.thread.newThread(decoder):start(name, decoded)
  end)
end

--- Hangs a picture that is ready.
function painting.update()
  if status then
    painting.hint = say("%s, %d s", status,
      math.floor(love.timer.getTime() - begun))
  end
  local picture = decoded:pop()
  if not picture then return end
  if picture.data then
    painting.texture = love.graphics.newImage(picture.data, { mipmaps = true })
  end
  finish(picture.problem)
end

--- How the last one came out: told once. `err` when it failed.
---@return { err: any }?
function painting.take_outcome()
  local told = outcome
  outcome = nil
  return told
end

return painting
