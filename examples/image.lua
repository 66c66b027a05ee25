-- A picture from words:   lua examples/image.lua "一只猫坐在月亮上" cat.png
local yuanjing = require "yuanjing"

local client = yuanjing.new()
local task = assert(client:image {
  model = "wan2.2-t2i-plus",
  prompt = arg[1] or "一只猫坐在月亮上,水彩画风格",
  negative_prompt = "模糊,低质量",
})
print("task " .. tostring(task.id))

local result = assert(task:await {
  on_update = function(t) print(t.status) end,
})
print("saved " .. assert(result:save(arg[2] or "image.png")))
