-- A program that awaits its jobs.
local hosts = require "support.hosts"
local yuanjing = require "yuanjing"

local function run(main, beat)
  hosts.run_beside(function() yuanjing.async(main):await() end, beat)
end

return { run = run }
