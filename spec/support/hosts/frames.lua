-- A game: 60 frames a second, in each of which it calls update().
local socket = require "socket"
local yuanjing = require "yuanjing"

local FRAME = 0.016

local function run(main, heartbeat)
  local job = yuanjing.async(main)
  while not job.done do
    yuanjing.update()
    if heartbeat then heartbeat() end
    socket.sleep(FRAME)
  end
end

return { run = run, is_driven = true }
