-- wait.lua SECONDS URL
-- The CPU of waiting: for a slow answer, and for when to ask for a task again.
local seconds, url = tonumber(arg[1]), arg[2]
local yuanjing = require "yuanjing"
local client = yuanjing.new { api_key = "sk-test",
  base_url = ("%s/slow/%d"):format(url, seconds * 1000) }

yuanjing.async(yuanjing.sleep, seconds * 2)
local job = yuanjing.async(client.chat, client, { prompt = "hi" })
yuanjing.sleep(0.2) -- it has left
local from = os.clock()
assert(job:await())
print(("us_per_second=%.1f"):format((os.clock() - from) * 1e6
  / (seconds - 0.2)))
