-- A coroutine of the user's own: a call waits, and does not yield to the user.
local hosts = require "support.hosts"

local function run(main, beat)
  hosts.run_beside(function()
    local own = coroutine.create(main)
    assert(coroutine.resume(own))
    assert(coroutine.status(own) == "dead", "a call has yielded to the user")
  end, beat)
end

return { run = run }
