-- A coroutine of the user: a call waits, and does not yield to the user.
local hosts = require "support.hosts"

local function run(main, heartbeat)
  hosts.run_beside(function()
    local own = coroutine.create(main)
    assert(coroutine.resume(own))
    assert(coroutine.status(own) == "dead", "a call has yielded to the user")
  end, heartbeat)
end

return { run = run }
