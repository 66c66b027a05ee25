-- A video from words:   lua examples/video.lua "天上飞过各式各样的万圣节南瓜" out.mp4
local yuanjing = require "yuanjing"

local client = yuanjing.new()
local task = assert(client:video {
  model = "happyhorse-1.0-t2v",
  prompt = arg[1] or "天上飞过各式各样的万圣节南瓜",
  ratio = "4:3", resolution = "720p", duration = 4,
})
print("task " .. task.id) -- paid for: with its id it can be fetched later, too

local result = assert(task:await {
  timeout = 1800,
  on_update = function(t) print(t.status) end,
})
print(assert(result:save(arg[2] or "video.mp4", {
  on_progress = function(received, total)
    io.stderr:write(("\r%d of %s bytes "):format(received, total or "?"))
  end,
})))
