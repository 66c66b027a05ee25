-- Batches of pictures, killed at random moments; see support/kills.lua.
--   lua spec/kills/batch.lua PROMPTS KILLS [SEED]
package.path = "spec/?.lua;spec/?/init.lua;" .. package.path
local kills = require "support.kills"
local support = require "support"

local count, times = tonumber(arg[1]), tonumber(arg[2])
local seed = tonumber(arg[3]) or os.time()
math.randomseed(seed)
local found, batches = kills.run(count, times)
print(("%d kills in %d batches of %d prompts, %d unknown (seed %d)"):format(
  times, batches, count, #found.unknown, seed))
local passed, failed = 0, 0
for _, name in ipairs { "twice", "missing", "torn" } do
  local list = found[name]
  if #list > 0 then print(name .. ": " .. table.concat(list, ", ")) end
  passed, failed = passed + (#list == 0 and 1 or 0),
    failed + (#list > 0 and 1 or 0)
end
support.clean()
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
