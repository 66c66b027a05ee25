-- Many pictures at once, each saved as soon as it is there:
--   lua examples/many_tasks.lua folder
local yuanjing = require "yuanjing"

local client = yuanjing.new()
local folder = arg[1] or "."
local tasks = {}
for _, animal in ipairs { "猫", "狗", "马", "鱼", "鸟", "熊猫" } do
  tasks[animal] = assert(client:image {
    model = "wan2.2-t2i-flash", prompt = "一只" .. animal .. "坐在月亮上",
  })
end

for animal, result, err in yuanjing.as_completed(tasks) do
  if result then
    print(animal, assert(result:save(folder .. "/" .. animal .. ".png")))
  else
    print(animal, err)
  end
end
