-- A picture that moves:   lua examples/image_to_video.lua first.jpg [last.jpg]
-- Without a picture it asks for one first.
local yuanjing = require "yuanjing"

local client = yuanjing.new()
local first, last = arg[1], arg[2]
if not first then
  local picture = assert(client:image {
    model = "wan2.2-t2i-flash", prompt = "一匹快乐的马,侧面",
  })
  first = assert(picture:save("first_frame.png"))
end

-- What is given decides: one frame for happyhorse, two for vidu.
local task = assert(client:video {
  model = last and "viduq3-pro" or "happyhorse-1.0-i2v",
  prompt = "图片里的一切都飞上天",
  first_frame = first,
  last_frame = last,
})
print(task.category, task.id)
print(assert(task:save("moving.mp4")))
