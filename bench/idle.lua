-- idle.lua HOW STREAMS URL
-- The memory of STREAMS that are open and silent after an event each.
-- HOW: bare (libcurl and C alone) | text (each read in a job of its own)
local how, streams, url = arg[1], tonumber(arg[2]), arg[3] .. "/idle"

local function resident_kib()
  local file = assert(io.open("/proc/self/statm"))
  local pages = file:read("*a"):match("^%d+ (%d+)")
  file:close()
  return pages * 4
end

local OPEN = {}

function OPEN.bare()
  local swarm = require("floor").swarm()
  local opened = 0
  return function(n)
    opened = opened + n
    swarm:open(n, url .. "/llmage/v1/chat/completions")
    swarm:run(opened, 0)
  end
end

function OPEN.text()
  local yuanjing = require "yuanjing"
  local client = yuanjing.new { api_key = "sk-test", base_url = url }
  local begun, opened, jobs = 0, 0, {}
  local function read()
    local stream = assert(client:chat { prompt = "hi", stream = true })
    for _ in stream:text() do begun = begun + 1 end
  end
  return function(n)
    opened = opened + n
    for _ = 1, n do jobs[#jobs + 1] = yuanjing.async(read) end
    while begun < opened do yuanjing.sleep(0.01) end
  end
end

local open = OPEN[how]()
open(1) -- excludes what the first stream sets up
local before, lua_before = resident_kib(), collectgarbage("count")
open(streams)
local kib = (resident_kib() - before) / streams
print(("kib_per_stream=%.2f lua_kib=%.2f"):format(kib,
  (collectgarbage("count") - lua_before) / streams))
os.exit(true)
