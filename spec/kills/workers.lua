-- Four workers, one of which is killed every second for a minute; see
-- support/workers.lua.
--   lua spec/kills/workers.lua TASKS SECONDS [SEED]
package.path = "spec/?.lua;spec/?/init.lua;" .. package.path
local verdict = require "kills.verdict"
local workers = require "support.workers"

local seed = tonumber(arg[3]) or os.time()
math.randomseed(seed)
local found = workers.run { tasks = tonumber(arg[1]), pause = 1, lease = 5,
  seconds = tonumber(arg[2]) }
print(("%d kills, %d results handled, %d unknown, %d left (seed %d)"):format(
  found.kills, found.handled, found.unknown, found.left, seed))
io.write(found.printed)
verdict(found, { "twice", "overlaps", "unhandled" })
