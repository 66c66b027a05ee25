-- A plain script: each call waits.
local hosts = require "support.hosts"

return { run = hosts.run_beside }
