-- A video after reference pictures:
--   lua examples/reference_video.lua 1.jpg 2.jpg ...
-- Without pictures it asks for two first.
local yuanjing = require "yuanjing"

local client = yuanjing.new()
local pictures = { (table.unpack or unpack)(arg) }
if #pictures == 0 then
  local tasks = {}
  for i, prompt in ipairs { "清晨的海边", "夜晚的海边" } do
    tasks[i] = assert(client:image { model = "wan2.2-t2i-flash",
      prompt = prompt })
  end
  for i, result in ipairs((yuanjing.await_all(tasks))) do
    pictures[i] = assert(result:save(("reference_%d.png"):format(i)))
  end
end

local task = assert(client:video {
  model = "happyhorse-1.0-r2v",
  prompt = "平滑过渡从第一张图片到第二张图片",
  reference_images = pictures,
  ratio = "4:3", resolution = "720P", duration = 4,
})
print(task.category, task.id)
print(assert(task:save("reference.mp4")))
