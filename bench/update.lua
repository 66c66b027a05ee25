-- update.lua PACED_URL TLS_URL
-- What update() costs a frame of a game, 60 a second: with nothing in flight,
-- with 20 live streams, and while 20 TLS connections are opened in one frame.
-- By the clock, and by the CPU, which other programs do not disturb.
local floor = require "floor"
local yuanjing = require "yuanjing"
local paced_url, tls_url = arg[1], arg[2]
local STREAMS, FRAME = 20, 1 / 60

local figures = {}

local function read(client)
  local stream = assert(client:chat { prompt = "talk", stream = true })
  for _ in stream:text() do figures.words = figures.words + 1 end
end

local function open(options)
  local client, jobs = yuanjing.new(options), {}
  for n = 1, STREAMS do jobs[n] = yuanjing.async(read, client) end
  return jobs
end

local function cancel(jobs)
  for _, job in ipairs(jobs) do
    if job.done then error(job:await()) end
    job:cancel()
  end
end

-- The worst frame and the 99th of 100, in ms, by the clock and by the CPU.
local function play(name, seconds)
  local clock, cpu = {}, {}
  figures.words = 0
  for n = 1, math.floor(seconds / FRAME) do
    local began, cpu_began = floor.now_us(), os.clock()
    yuanjing.update()
    clock[n] = (floor.now_us() - began) / 1e3
    cpu[n] = (os.clock() - cpu_began) * 1e3
    floor.nap(math.max(0, FRAME - clock[n] / 1e3))
  end
  table.sort(clock)
  table.sort(cpu)
  assert(figures.words > 0, "no stream lives")
  figures[name .. "_p99_ms"] = clock[math.ceil(#clock * 0.99)]
  figures[name .. "_max_ms"], figures[name .. "_max_cpu_ms"] =
    clock[#clock], cpu[#cpu]
end

local function idle(calls)
  yuanjing.update()
  local from = os.clock()
  for _ = 1, calls do yuanjing.update() end
  figures.idle_ns = (os.clock() - from) * 1e9 / calls
end

idle(1e6)
local jobs = open { api_key = "sk-test",
  base_url = paced_url .. "/paced/1000/20" }
floor.nap(0.2)
play("opening", 0.5)
play("live", 3)
cancel(jobs)
jobs = open { api_key = "sk-test", base_url = tls_url .. "/live",
  ca_file = os.getenv "BENCH_CA" }
play("tls", 1)
cancel(jobs)
figures.words = nil
for name, value in pairs(figures) do print(("%s=%.4f"):format(name, value)) end
