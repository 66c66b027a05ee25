-- Two minutes of everything at once; see support/chaos.lua.
--   lua spec/kills/chaos.lua TASKS SECONDS [SEED]
package.path = "spec/?.lua;spec/?/init.lua;" .. package.path
local chaos = require "support.chaos"
local verdict = require "kills.verdict"

local seed = tonumber(arg[3]) or os.time()
math.randomseed(seed)
local found = chaos.run { tasks = tonumber(arg[1]), seconds = tonumber(arg[2]) }
for event, count in pairs(found.counts) do print(count, event) end
print(("%d submits, %d unknown, %d left (seed %d)"):format(found.submits,
  #found.unknown, found.left, seed))
io.write(found.printed)
verdict(found, { "twice", "lost", "stuck", "unhandled" })
