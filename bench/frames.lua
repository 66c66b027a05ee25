-- frames.lua STREAMS BUDGET URL
-- A game of 60 frames a second in which so many characters talk, 20 events a
-- second each, and update() has BUDGET ms a frame. Figures: how late events are
-- read; by how much the longest frame exceeds the budget by the CPU, and the
-- 99th of 100 by the clock, which neighbours disturb; and what update() takes
-- while nothing is in flight.
local floor = require "floor"
local yuanjing = require "yuanjing"
local streams, budget, url = tonumber(arg[1]), tonumber(arg[2]), arg[3]
local FRAME, SECONDS, GAP = 1 / 60, 5, 50

local client = yuanjing.new { api_key = "sk-test",
  base_url = ("%s/paced/%d/%d/%d"):format(url, 1000 * (SECONDS + 3) / GAP, GAP,
    2000) }

local begun = 0

local function read()
  local stream = assert(client:chat { prompt = "talk", stream = true })
  begun = begun + 1
  for text in stream:text() do floor.note_late(text) end
end

local jobs = {}
for n = 1, streams do jobs[n] = yuanjing.async(read) end

local clock, cpu = {}, {}

local function frame(n)
  local from, cpu_from = floor.now_us(), os.clock()
  yuanjing.update(budget / 1e3)
  clock[n] = (floor.now_us() - from) / 1e3
  cpu[n] = (os.clock() - cpu_from) * 1e3
  floor.nap(math.max(0, FRAME - clock[n] / 1e3))
end

while begun < streams do frame(1) end
for n = 1, 120 do frame(n) end -- their first events are read by now
floor.late()
for n = 1, SECONDS / FRAME do frame(n) end

local function idle_ns()
  for _, job in ipairs(jobs) do job:cancel() end
  for n = 1, 60 do frame(n) end
  local calls, from = 1e6, os.clock()
  for _ = 1, calls do yuanjing.update(budget / 1e3) end
  return (os.clock() - from) * 1e9 / calls
end

local events, p50, p99 = floor.late()
local sum = 0
for _, ms in ipairs(cpu) do sum = sum + ms end
table.sort(clock)
table.sort(cpu)
print(("events=%d p50_ms=%.2f p99_ms=%.2f over_ms=%.3f over_cpu_ms=%.3f "
  .. "mean_ms=%.3f idle_ns=%.0f"):format(events, p50, p99,
  clock[math.ceil(#clock * 0.99)] - budget, cpu[#cpu] - budget, sum / #cpu,
  idle_ns()))
