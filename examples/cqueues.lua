-- In a program that runs on cqueues:   lua examples/cqueues.lua "讲个故事"
local cqueues = require "cqueues"
local yuanjing = require "yuanjing"

local client = yuanjing.new()
local controller = cqueues.new()

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

-- cqueues polls yuanjing.loop as it is.
controller:wrap(function()
  while not job.done do
    cqueues.poll(yuanjing.loop)
    yuanjing.loop:step()
  end
end)

-- Whatever else the program does goes on meanwhile.
local ticks = 0
controller:wrap(function()
  while not job.done do
    ticks = ticks + 1
    cqueues.sleep(0.01)
  end
end)

assert(controller:loop())
local reply = assert(job:await())
print(("\n(%d tokens, %d ticks meanwhile)"):format(reply.usage.total_tokens,
  ticks))
