-- paced.lua HOW STREAMS IDLE URL [EVENTS [GAP [WAIT]]]
-- STREAMS at once, EVENTS (500) each, one every GAP (20) ms, the first WAIT (0)
-- ms after the stream was opened, beside IDLE silent streams.
-- Figures are from when all are open on, but open_us (CPU of opening one) and
-- first_p99_ms (how late was what had come by then).
-- HOW: bare (libcurl and C alone) | decoded (each event in Lua, by cjson) |
--      text | chunks (each stream read in a job of its own)
local floor = require "floor"
local how, base_url = arg[1], arg[4]
local streams, idle = tonumber(arg[2]), tonumber(arg[3])
local idle_url = base_url .. "/idle"
local paced_url = ("%s/paced/%d/%d/%d"):format(base_url, arg[5] or 500,
  arg[6] or 20, arg[7] or 0)

local opened, opening, first_p99

local function begin()
  opening = os.clock() - opening
  first_p99 = select(3, floor.late())
  opened = os.clock()
end

local function print_figures(failed)
  local cpu = os.clock() - opened
  local events, p50, p99, max = floor.late()
  print(("failed=%d events=%d us_per_event=%.3f p50_ms=%.2f p99_ms=%.2f "
    .. "max_ms=%.2f open_us=%.0f first_p99_ms=%.2f"):format(failed, events,
    cpu * 1e6 / events, p50, p99, max, opening * 1e6 / streams, first_p99))
end

-- Over libcurl ---------------------------------------------------------------

local function run_floor(fn)
  local path, swarm = "/llmage/v1/chat/completions", floor.swarm()
  swarm:open(idle, idle_url .. path)
  swarm:run(idle, 0)
  opening = os.clock()
  swarm:open(streams, paced_url .. path)
  swarm:run(idle + streams, 0, fn)
  begin()
  print_figures(swarm:run(idle + streams, streams, fn))
end

local RUN = { bare = run_floor }

function RUN.decoded()
  local decode = require("cjson").decode
  run_floor(function(data)
    if data == "[DONE]" then return end
    floor.note_late(decode(data).choices[1].delta.content)
  end)
end

-- Ours -----------------------------------------------------------------------

local READ = {
  text = function(stream)
    for text in stream:text() do floor.note_late(text) end
  end,
  chunks = function(stream)
    for chunk in stream:chunks() do floor.note_late(chunk.content) end
  end,
}

-- Returns when all streams have begun.
local function read_in_jobs(n, url)
  local yuanjing, read = require "yuanjing", READ[how]
  local client = yuanjing.new { api_key = "sk-test", base_url = url }
  local jobs, begun = {}, 0
  for i = 1, n do
    jobs[i] = yuanjing.async(function()
      local stream = assert(client:chat { prompt = "hi", stream = true })
      begun = begun + 1
      read(stream)
      return true
    end)
  end
  while begun < n do yuanjing.sleep(0.01) end
  return jobs
end

local function run_ours()
  local waiting, failed = read_in_jobs(idle, idle_url), 0
  opening = os.clock()
  local jobs = read_in_jobs(streams, paced_url)
  begin()
  for _, job in ipairs(jobs) do
    if not job:await() then failed = failed + 1 end
  end
  print_figures(failed)
  for _, job in ipairs(waiting) do job:cancel() end
end
RUN.text, RUN.chunks = run_ours, run_ours

RUN[how]()
