-- The curl examples of the platform's documents, unchanged except for the host
-- and the key: the sandbox accepts all of them.
local json = require "yuanjing.base.json"
local sandbox = require "yuanjing.sandbox"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"

local EXAMPLES = {
  ["an image"] = [[
curl -X POST https://opencomputing.ai/llmage/v1/image/generations \
-H "Content-Type: application/json" \
-H "Authorization: Bearer ***" \
-d '{
"model": "wan2.2-t2i-plus",
"catelogid": "t2i",
"prompt": "一只猫坐在月亮上,水彩画风格"
}']],
  ["a video from a text, 快乐马"] = [[
curl -X POST https://opencomputing.ai/llmage/v1/video/generations \
-H "Content-Type: application/json" \
-H "Authorization: Bearer ***" \
-d '{
"model": "happyhorse-1.0-t2v",
"catelogid": "t2v",
"prompt": "天上飞过各式各样的万圣节南瓜",
"ratio": "4:3",
"resolution": "720P",
"duration": 4
}']],
  ["a video from a text, seedance 1.5"] = [[
curl -X POST https://opencomputing.ai/llmage/v1/video/generations \
-H "Content-Type: application/json" \
-H "Authorization: Bearer ***" \
-d '{
"model": "doubao-seedance-1-5-pro-251215",
"catelogid": "t2v",
"prompt": "小猫在抓老鼠",
"duration": 5,
"ratio": "16:9",
"resolution": "480p"
}']],
  ["a video from a picture, 快乐马"] = [[
curl -X POST https://opencomputing.ai/llmage/v1/video/generations \
-H "Authorization: Bearer ***" \
-F "model=happyhorse-1.0-i2v" \
-F "catelogid=i2v" \
-F "prompt=图片变换为万圣节各种南瓜飞上天" \
-F "duration=15" \
-F "resolution=720P" \
-F "image_file=@./02.jpg"]],
  ["a video from two frames, seedance 2.0"] = [[
curl -X POST https://opencomputing.ai/llmage/v1/video/generations \
-H "Authorization: Bearer ***" \
-F "model=doubao-seedance-2-0-260128" \
-F "catelogid=i2v" \
-F "prompt=从图片1到图片2丝滑转换" \
-F "duration=5" \
-F "ratio=16:9" \
-F "resolution=480p" \
-F "image1_file=@./myimg1.jpg" \
-F "image2_file=@./myimg2.jpg"]],
  ["a video from references, seedance 2.0"] = [[
curl -X POST https://opencomputing.ai/llmage/v1/video/generations \
-H "Authorization: Bearer ***" \
-F "model=doubao-seedance-2-0-260128" \
-F "catelogid=ref2v" \
-F "image_files=@./1.jpg" \
-F "image_files=@./2.jpg" \
-F "prompt=平滑过渡从第一张图片到第二张图片" \
-F "ratio=4:3" \
-F "resolution=720p" \
-F "duration=4"]],
  ["a video from references, 快乐马"] = [[
curl -X POST https://opencomputing.ai/llmage/v1/video/generations \
-H "Authorization: Bearer ***" \
-F "model=happyhorse-1.0-r2v" \
-F "catelogid=ref2v" \
-F "image_files=@./1.jpg" \
-F "image_files=@./2.jpg" \
-F "prompt=平滑过渡从第一张图片到第二张图片" \
-F "ratio=4:3" \
-F "resolution=720P" \
-F "duration=4"]],
}

local QUERY = [[
curl -X GET "https://opencomputing.ai/llmage/v1/tasks?taskid=xxx" \
-H "Authorization: Bearer ***"]]

describe("the documents' curl example of", function()
  local server, folder

  setup(function()
    server = assert(sandbox.start { task_seconds = 0 })
    folder = support.tempdir()
    for _, name in ipairs { "1", "2", "02", "myimg1", "myimg2" } do
      support.write(("%s/%s.jpg"):format(folder, name), "\255\216\255" .. name)
    end
  end)

  teardown(function()
    server:stop()
    support.clean()
  end)

  local function run(example, id)
    local script = example:gsub("https://opencomputing%.ai", server.url)
      :gsub("%*%*%*", server.api_key):gsub("xxx", id or "xxx")
    return assert(json.decode(shell.read('cd "$1"; ' .. script
      .. " 2>/dev/null", folder)))
  end

  for name, example in pairs(EXAMPLES) do
    it(name .. " is taken as it is", function()
      local submitted = run(example)
      assert.equal("CREATED", submitted.status)
      assert.equal("SUCCEEDED", run(QUERY, submitted.taskid).status)
    end)
  end
end)
