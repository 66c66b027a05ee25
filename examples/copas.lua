-- In a program that runs on copas:   luajit examples/copas.lua "讲个故事"
local copas = require "copas"
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

-- To copas the loop is a socket that has news and never a byte: whenever it can
-- be read, copas tries to.
local socket = {
  getfd = function() return yuanjing.loop:pollfd() end,
  receive = function()
    yuanjing.loop:step()
    return nil, "timeout"
  end,
}
copas.addthread(function() copas.receive(socket) end)

-- Whatever else the program does goes on meanwhile.
local ticks = 0
while not job.done do
  copas.step(0.01)
  ticks = ticks + 1
end

local reply = assert(job:await())
print(("\n(%d tokens, %d ticks meanwhile)"):format(reply.usage.total_tokens,
  ticks))
