-- For copas the loop is a socket that becomes readable, but never returns
-- data. Debian's copas has no timers: its heartbeat is a step of its own.
local copas = require "copas"
local hosts = require "support.hosts"
local yuanjing = require "yuanjing"

local socket = {
  getfd = function() return yuanjing.loop:pollfd() end,
  receive = function()
    yuanjing.loop:step()
    return nil, "timeout"
  end,
}
copas.addthread(function() copas.receive(socket) end)

local function run(main, heartbeat)
  local job = yuanjing.async(main)
  while not job.done do
    copas.step(heartbeat and hosts.HEARTBEAT)
    if heartbeat then heartbeat() end
  end
end

return { run = run, is_driven = true }
