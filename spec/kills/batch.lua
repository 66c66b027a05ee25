-- Batches of pictures, killed at random moments; see support/kills.lua.
--   lua spec/kills/batch.lua PROMPTS KILLS [SEED]
package.path = "spec/?.lua;spec/?/init.lua;" .. package.path
local kills = require "support.kills"
local verdict = require "kills.verdict"

local count, times = tonumber(arg[1]), tonumber(arg[2])
local seed = tonumber(arg[3]) or os.time()
math.randomseed(seed)
local found, batches = kills.run(count, times)
print(("%d kills in %d batches of %d prompts, %d unknown (seed %d)"):format(
  times, batches, count, #found.unknown, seed))
verdict(found, { "twice", "missing", "torn" })
