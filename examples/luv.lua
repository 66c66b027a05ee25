-- In a program that runs on libuv:   lua examples/luv.lua "讲个故事"
local uv = require "luv"
local yuanjing = require "yuanjing"

local client = yuanjing.new()

-- What waits is a job.
local job = yuanjing.async(function()
  local stream = assert(client:chat {
    prompt = arg[1] or "讲个故事", stream = true,
  })
  for text in stream:text() do
    io.write(text)
    io.flush()
  end
  return assert(stream:finish())
end)

-- libuv polls the one descriptor; the clock is in there, too.
local poll = uv.new_poll(yuanjing.loop:pollfd())
poll:start("r", function() yuanjing.loop:step() end)

-- Whatever else the program does goes on meanwhile.
local ticks, timer = 0, uv.new_timer()
timer:start(0, 10, function() ticks = ticks + 1 end)

-- libuv runs until both are closed.
yuanjing.async(function()
  pcall(job.await, job)
  poll:close()
  timer:close()
end)

uv.run()
local reply = assert(job:await())
print(("\n(%d tokens, %d ticks meanwhile)"):format(reply.usage.total_tokens,
  ticks))
