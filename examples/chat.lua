-- One question, one answer:   lua examples/chat.lua "你是谁"
local yuanjing = require "yuanjing"

local client = yuanjing.new() -- the key comes from $YUANJING_API_KEY
local reply = assert(client:chat {
  model = "qwen3-max",
  prompt = arg[1] or "你是谁",
  sys_prompt = "简短回答",
})

print(reply.content)
print(("(%s, %d tokens, ended by %s)"):format(reply.model,
  reply.usage.total_tokens, reply.ended_by))
