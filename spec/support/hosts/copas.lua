-- copas reads from sockets, so the loop poses as one that never has anything:
-- whenever it can be read, copas tries. Debian's copas has no timers; a beat is
-- its own step.
local copas = require "copas"
local hosts = require "support.hosts"
local yuanjing = require "yuanjing"

local socket = {
  getfd = function() return yuanjing.loop:pollfd() end,
  dirty = function() return false end,
  settimeout = function() end,
  close = function() end,
}

function socket.receive()
  yuanjing.loop:step()
  return nil, "timeout"
end

local is_read = false

local function run(main, beat)
  local job = yuanjing.async(main)
  if not is_read then
    is_read = true
    copas.addthread(function() copas.receive(socket) end)
  end
  while not job.done do
    copas.step(beat and hosts.BEAT)
    if beat then beat() end
  end
end

return { run = run }
