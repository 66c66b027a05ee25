-- An answer as it is written:   lua examples/stream.lua "讲个故事"
local yuanjing = require "yuanjing"

local client = yuanjing.new()
local stream = assert(client:chat {
  prompt = arg[1] or "讲个故事",
  stream = true,
})

for text in stream:text() do
  io.write(text)
  io.flush()
end

local reply = assert(stream:finish()) -- the whole of it, once more
print(("\n(%d tokens, ended by %s)"):format(reply.usage.total_tokens,
  reply.ended_by))
