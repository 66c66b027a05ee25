-- cqueues polls yuanjing.loop directly.
local cqueues = require "cqueues"
local hosts = require "support.hosts"
local yuanjing = require "yuanjing"

local function run(main, heartbeat)
  local job = yuanjing.async(main)
  local controller = cqueues.new()
  controller:wrap(function()
    while not job.done do
      cqueues.poll(yuanjing.loop)
      yuanjing.loop:step()
    end
  end)
  controller:wrap(function()
    while heartbeat and not job.done do
      heartbeat()
      cqueues.sleep(hosts.HEARTBEAT)
    end
  end)
  assert(controller:loop())
end

return { run = run, is_driven = true }
