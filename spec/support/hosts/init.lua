--- Ways of driving yuanjing. Each is a module with run(main, heartbeat): it runs main
-- in its way and returns when main is over; if there is a heartbeat, the host calls
-- it about every 10 ms by its own means. `is_driven`: the host calls in, with
-- update() or step(). As a program this performs the cases of
-- support.conformance in one of them, and prints a record in JSON for each.
local conformance = require "support.conformance"
local json = require "yuanjing.base.json"
local yuanjing = require "yuanjing"

local hosts = {}

hosts.HEARTBEAT = 0.01

--- For a program that has no loop of its own: a job that runs the heartbeat beside main.
function hosts.run_beside(main, heartbeat)
  local job = heartbeat and yuanjing.async(function()
    while true do
      heartbeat()
      yuanjing.sleep(hosts.HEARTBEAT)
    end
  end)
  main()
  if job then job:cancel() end
end

--- The program.
function hosts.main(name, url, key, folder, only)
  io.stdout:setvbuf("line") -- keeps the order of stdout and stderr
  local host = require("support.hosts." .. name)
  local world = conformance.world { url = url, key = key, folder = folder,
    host = name, is_driven = host.is_driven or false }
  for _, case in ipairs(conformance.cases) do
    if not only or case.name == only then
      local record = conformance.perform(case, world, host.run)
      print((assert(json.encode(record))))
    end
  end
end

return hosts
