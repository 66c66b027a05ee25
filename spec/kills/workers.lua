-- Four workers, one of which is killed every second for a minute; see
-- support/workers.lua.
--   lua spec/kills/workers.lua TASKS SECONDS [SEED]
package.path = "spec/?.lua;spec/?/init.lua;" .. package.path
local support = require "support"
local workers = require "support.workers"

local seed = tonumber(arg[3]) or os.time()
math.randomseed(seed)
local found = workers.run { tasks = tonumber(arg[1]), pause = 1, lease = 5,
  seconds = tonumber(arg[2]) }
print(("%d kills, %d results handled, %d unknown, %d left (seed %d)"):format(
  found.kills, found.handled, found.unknown, found.left, seed))
local passed, failed = 0, 0
for _, name in ipairs { "twice", "overlaps", "unhandled" } do
  local list = found[name]
  if #list > 0 then print(name .. ": " .. table.concat(list, ", ")) end
  passed, failed = passed + (#list == 0 and 1 or 0),
    failed + (#list > 0 and 1 or 0)
end
support.clean()
io.write(found.said, ("%d passed, %d failed\n"):format(passed, failed))
os.exit(failed == 0)
