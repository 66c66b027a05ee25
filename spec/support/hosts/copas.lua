-- To copas the loop is a socket that has news and never a byte. Debian's copas
-- has no timers: a beat is a step of its own.
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

local function run(main, beat)
  local job = yuanjing.async(main)
  while not job.done do
    copas.step(beat and hosts.BEAT)
    if beat then beat() end
  end
end

return { run = run, is_driven = true }
