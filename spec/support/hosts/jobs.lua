-- A program that awaits its jobs.
local hosts = require "support.hosts"
local yuanjing = require "yuanjing"

local function run(main, heartbeat)
  hosts.run_beside(function() yuanjing.async(main):await() end, heartbeat)
end

return { run = run }
