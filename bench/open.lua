-- open.lua HOW STREAMS URL
-- What it takes to open so many streams at once, up to where the network is
-- waited for.
-- HOW: bare (libcurl alone) | ours (each in a job)
local how, streams = arg[1], tonumber(arg[2])
local url = arg[3] .. "/paced/1/20/4000"

local OPEN = {}

function OPEN.bare()
  local swarm = require("floor").swarm()
  return function(n) swarm:open(n, url .. "/llmage/v1/chat/completions") end
end

function OPEN.ours()
  local yuanjing = require "yuanjing"
  local client = yuanjing.new { api_key = "sk-test", base_url = url }
  local function read()
    local stream = assert(client:chat { prompt = "hi", stream = true })
    for _ in stream:text() do end
  end
  return function(n)
    for _ = 1, n do yuanjing.async(read) end
  end
end

local open = OPEN[how]()
open(1) -- what the first one sets up is not the others'
local from = os.clock()
open(streams)
print(("us_per_stream=%.2f"):format((os.clock() - from) * 1e6 / streams))
os.exit(true)
