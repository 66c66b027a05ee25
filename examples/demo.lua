-- The main job, start to end: `make demo`. It runs on the sandbox, which costs
-- nothing; with LIVE=1 and YUANJING_API_KEY on the platform itself.
local yuanjing = require "yuanjing"

local options = {}
local sandbox
if os.getenv("LIVE") ~= "1" then
  sandbox = assert(require("yuanjing.sandbox").start())
  options = { base_url = sandbox.url, api_key = sandbox.api_key }
  print("sandbox at " .. sandbox.url)
end

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

print("\n-- a failure")
local _, err = client:with { api_key = "sk-wrong" }:chat { prompt = "你是谁" }
print(err)

if sandbox then sandbox:stop() end
