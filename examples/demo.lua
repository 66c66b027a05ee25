-- The main job, start to end: `make demo`. A question, a stream, a picture, a
-- video of that picture, both fetched. It runs on the sandbox, which costs
-- nothing; with LIVE=1 and YUANJING_API_KEY on the platform itself.
local yuanjing = require "yuanjing"

local options, sandbox = {}, nil
if os.getenv("LIVE") ~= "1" then
  sandbox = assert(require("yuanjing.sandbox").start())
  options = { base_url = sandbox.url, api_key = sandbox.api_key }
  print("sandbox at " .. sandbox.url)
end
local folder = os.getenv("DEMO_DIR") or "build/demo"
os.execute(("mkdir -p '%s'"):format(folder))

local client = yuanjing.new(options)

print("\n-- a question")
local reply = assert(client:chat { prompt = "你是谁", sys_prompt = "简短回答" })
print(reply.content)

print("\n-- a stream")
local stream = assert(client:chat { prompt = "讲个故事", stream = true })
for text in stream:text() do
  io.write(text)
  io.flush()
end
reply = assert(stream:finish())
print(("\n(%d tokens, ended by %s)"):format(reply.usage.total_tokens,
  reply.ended_by))

local function follow(what, task, name)
  local result = assert(task:await {
    interval = sandbox and 0.2 or nil,
    on_update = function(t) io.write(t.status:lower(), " ") io.flush() end,
  })
  local path = assert(result:save(folder .. "/" .. name, {
    on_progress = function(received, total)
      io.write(("\r%s: %d of %s bytes "):format(what, received, total or "?"))
      io.flush()
    end,
  }))
  print("\n" .. path)
  return path
end

print("\n-- a picture")
local picture = follow("picture", assert(client:image {
  model = "wan2.2-t2i-plus", prompt = "一只猫坐在月亮上,水彩画风格",
}), "picture.png")

print("\n-- a video of that picture")
follow("video", assert(client:video {
  model = "happyhorse-1.0-i2v", prompt = "猫跳下月亮", first_frame = picture,
}), "video.mp4")

print("\n-- a failure")
local _, err = client:with { api_key = "sk-wrong" }:chat { prompt = "你是谁" }
print(err)

if sandbox then sandbox:stop() end
