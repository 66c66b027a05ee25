-- soak.lua [SCALE]: many calls of every kind, against its own sandbox; memory,
-- descriptors and the registry must not grow after the first part. SCALE 1: a
-- million chunks, 1,000 cancelled streams, 10,000 tasks awaited, 1,000
-- downloads; the tests use 0.01.
local yuanjing = require "yuanjing"
local loop = require "yuanjing.runtime.loop"

io.stdout:setvbuf "line"
local scale = tonumber(arg[1] or "1")
local sandbox = assert(require("yuanjing.sandbox").start {
  latency = 0, task_seconds = 0 })

local function client_with(scenario)
  return yuanjing.new { base_url = sandbox.url, api_key = sandbox.api_key,
    headers = { ["X-Sandbox"] = scenario } }
end

-- What must not grow ---------------------------------------------------------

local function resident()
  local file = assert(io.open("/proc/self/statm"))
  local pages = file:read("*a"):match("^%d+ (%d+)")
  file:close()
  return tonumber(pages) * 4
end

local function descriptors()
  local pipe = assert(io.popen("ls /proc/$PPID/fd | wc -l"))
  local count = tonumber(pipe:read("*a"))
  pipe:close()
  return count
end

local function registered()
  local count = 0
  for _ in pairs(debug.getregistry()) do count = count + 1 end
  return count
end

-- The most that each may grow. libcurl keeps some connections, and the C
-- library some pages.
local GAUGES = {
  { name = "KiB resident", read = resident, slack = 2048 },
  { name = "descriptors", read = descriptors, slack = 8 },
  { name = "registry entries", read = registered, slack = 16 },
  { name = "transfers", read = function() return loop.pool():count() end,
    slack = 0 },
}

local function measure()
  yuanjing.sleep(0.1)
  collectgarbage()
  collectgarbage()
  local values = {}
  for n, gauge in ipairs(GAUGES) do values[n] = gauge.read() end
  return values
end

-- What is done -----------------------------------------------------------------

local function many(count, run)
  return function() for _ = 1, count do run() end end
end

-- Runs so many at a time.
local function beside(count, run)
  local jobs = {}
  for i = 1, count do jobs[i] = yuanjing.async(run) end
  for _, job in ipairs(jobs) do job:await() end
end

local STREAM_CHUNKS = 10000
local streaming = client_with("slow=0; long=" .. STREAM_CHUNKS)
local endless = client_with("slow=0.001; long=10000")
local plain = client_with("unchecked")
local target = os.tmpname()

local function read_stream()
  local count = 0
  for _ in assert(streaming:chat { prompt = "x", stream = true }):text() do
    count = count + 1
  end
  assert(count >= STREAM_CHUNKS, count)
end

-- Half of them by cancelling a job, half by closing the stream.
local cancelled = 0
local function cancel_stream()
  cancelled = cancelled + 1
  if cancelled % 2 == 0 then
    local stream = assert(endless:chat { prompt = "x", stream = true })
    assert(stream:next())
    return stream:close()
  end
  local job = yuanjing.async(function()
    for _ in assert(endless:chat { prompt = "x", stream = true }):text() do end
  end)
  job:await(0.002)
  job:cancel()
end

local last

local function await_tasks()
  local tasks = {}
  for i = 1, 50 do
    tasks[i] = assert(plain:image { model = "wan2.2-t2i-plus", prompt = "x" })
  end
  local results = yuanjing.await_all(tasks, { interval = 0.01, in_flight = 8 })
  assert(#results == 50)
  last = results[50]
end

local function download()
  assert(last:save(target))
end

local PARTS = {
  { "chunks", 1e6, STREAM_CHUNKS, read_stream },
  { "cancelled streams", 1000, 8, function() beside(8, cancel_stream) end },
  { "tasks awaited", 1e4, 50, await_tasks },
  { "downloads", 1000, 8, function() beside(8, download) end },
}

local function grew(name, before, after)
  local failed = false
  for n, gauge in ipairs(GAUGES) do
    local is_bad = after[n] - before[n] > gauge.slack
    failed = failed or is_bad
    print(("  %-18s %8d -> %8d%s"):format(gauge.name, before[n], after[n],
      is_bad and "  !! " .. name or ""))
  end
  return failed
end

local passed, failed = 0, 0
for _, part in ipairs(PARTS) do
  local name, total, each, run = part[1], part[2], part[3], part[4]
  local rounds = math.max(2, math.ceil(total * scale / each))
  local first = math.max(1, math.floor(rounds / 10))
  local from = loop.now()
  many(first, run)()
  local before = measure()
  many(rounds - first, run)()
  print(("%.0f %s in %.1f s"):format(rounds * each, name, loop.now() - from))
  if grew(name, before, measure()) then
    failed = failed + 1
  else
    passed = passed + 1
  end
end
os.remove(target)
sandbox:stop()
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
