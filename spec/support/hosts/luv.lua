-- libuv polls the one descriptor.
local hosts = require "support.hosts"
local uv = require "luv"
local yuanjing = require "yuanjing"

local function run(main, heartbeat)
  local poll, timer = uv.new_poll(yuanjing.loop:pollfd()), uv.new_timer()
  poll:start("r", function() yuanjing.loop:step() end)
  if heartbeat then
    local every = hosts.HEARTBEAT * 1000
    timer:start(every, every, heartbeat)
  end
  yuanjing.async(function()
    main()
    poll:close()
    timer:close()
  end)
  uv.run()
end

return { run = run, is_driven = true }
