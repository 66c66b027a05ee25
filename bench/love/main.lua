-- The cost of the module in a frame of a game; see run.sh. Each row of the
-- table is a phase: the time of the module's calls in each frame (update(),
-- and async() and cancel() if there were any), the maximum by the clock and by
-- the CPU, which other programs do not disturb; and the length of the frames.
local ffi = require "ffi"
local yuanjing = require "yuanjing"

local plain_url, tls_url, ca_file, bundle = arg[2], arg[3], arg[4], arg[5]
local STREAMS, SECONDS = 20, 4
local now = love.timer.getTime

ffi.cdef [[
  struct timespec { long tv_sec; long tv_nsec; };
  int clock_gettime(int clock, struct timespec *time);
]]
local THREAD_CPU = 3 -- CLOCK_THREAD_CPUTIME_ID
local timespec = ffi.new "struct timespec"

local function cpu()
  ffi.C.clock_gettime(THREAD_CPU, timespec)
  return tonumber(timespec.tv_sec) + tonumber(timespec.tv_nsec) / 1e9
end

local jobs, words = {}, 0

local function read(client)
  local stream = assert(client:chat { prompt = "talk", stream = true })
  for _ in stream:text() do words = words + 1 end
end

local function open(options)
  local client = yuanjing.new(options)
  for i = 1, STREAMS do jobs[i] = yuanjing.async(read, client) end
end

local function check_live()
  for _, job in pairs(jobs) do
    if job.done then error("a stream has ended: " .. tostring(job:await())) end
  end
end

local function cancel()
  for i, job in pairs(jobs) do
    job:cancel()
    jobs[i] = nil
  end
end

-- Prints to the terminal: there is no screen.
function love.errorhandler(problem)
  io.stderr:write(tostring(problem), "\n")
  return function() return 1 end
end

-- Phases --------------------------------------------------------------------

local PHASES = {
  { "warming up" },
  { "nothing in flight" },
  { "20 plain streams opened at once", open,
    { base_url = plain_url, api_key = "sk-bench" } },
  { "20 plain streams live" },
  { "20 streams cancelled at once", cancel },
  { "20 TLS opened at once, one CA", open,
    { base_url = tls_url, api_key = "sk-bench", ca_file = ca_file } },
  { "20 TLS streams live" },
  { "20 TLS streams cancelled at once", cancel },
  { "20 TLS again, 144 CAs, cold", open,
    { base_url = tls_url, api_key = "sk-bench", ca_file = bundle } },
  { "cancelled", cancel },
  { "20 TLS again, 144 CAs, warm", open,
    { base_url = tls_url, api_key = "sk-bench", ca_file = bundle } },
}

local function at(sorted, part)
  return sorted[math.max(1, math.ceil(#sorted * part))] * 1e3
end

local COLUMNS = "%-33s %6s %7s %7s %7s %7s %9s %7s %6s"

local function print_row(name, seen)
  for _, list in pairs(seen) do table.sort(list) end
  local cells = {}
  for i, cell in ipairs { at(seen.clock, 0.5), at(seen.clock, 0.99),
    at(seen.clock, 1), at(seen.cpu, 1), at(seen.frame, 0.5), at(seen.frame, 1) }
  do
    cells[i] = ("%.3f"):format(cell)
  end
  cells[#cells + 1] = words
  print(COLUMNS:format(name, #seen.clock, unpack(cells)))
end

-- The mean of many calls in sequence: the figure of one frame also contains a
-- cold cache and the clock's own cost.
local function print_idle()
  local from, calls = now(), 100000
  for _ = 1, calls do yuanjing.update() end
  print(("update() with nothing in flight: %.3f us a call"):format(
    (now() - from) / calls * 1e6))
end

local phase, ends, seen = 0, 0, nil

-- Ends a phase and begins the next.
local function next_phase()
  check_live()
  if phase > 1 then print_row(PHASES[phase][1], seen) end
  if phase == 2 then print_idle() end
  phase, ends, words = phase + 1, now() + SECONDS, 0
  seen = { clock = {}, cpu = {}, frame = {} }
  local row = PHASES[phase]
  return row and row[2], row and row[3]
end

function love.update(dt)
  if seen then table.insert(seen.frame, dt) end
  local act, options
  if now() >= ends then act, options = next_phase() end
  if not PHASES[phase] then return love.event.quit() end
  local from, cpu_from = now(), cpu()
  if act then act(options) end
  yuanjing.update()
  table.insert(seen.cpu, cpu() - cpu_from)
  table.insert(seen.clock, now() - from)
end

function love.draw()
  love.graphics.print(("%s\n%d words"):format((PHASES[phase] or { "" })[1],
    words), 20, 20)
end

dofile "spec/support/love/pace.lua"

print(COLUMNS:format("ms", "frames", "p50", "p99", "max", "max CPU", "frame p50",
  "max", "words"))
