-- Batches with `reconcile`, killed at random moments and settled; see
-- support/reconciling.lua.
--   lua spec/kills/reconcile.lua KILLS SECONDS [SEED]
package.path = "spec/?.lua;spec/?/init.lua;" .. package.path
local reconciling = require "support.reconciling"
local verdict = require "kills.verdict"

local kills, seconds = tonumber(arg[1]), tonumber(arg[2])
local seed = tonumber(arg[3]) or os.time()
math.randomseed(seed)
local found = reconciling.run(kills, seconds)
print(table.concat(found.counts, "\n"))
print(("%d kills (seed %d)"):format(kills, seed))
verdict(found, { "unknown", "wrong" })
