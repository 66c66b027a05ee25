-- A model that calls functions of yours, and a conversation that goes on:
--   lua examples/tools.lua "现在几点？再掷两个骰子"
-- It is saved: run it again, and the model still knows what was said.
local yuanjing = require "yuanjing"

local clock = yuanjing.tool {
  name = "get_time", description = "The date and the time here and now",
  run = function() return os.date "%Y-%m-%d %H:%M" end,
}

local dice = yuanjing.tool {
  name = "roll_dice", description = "Rolls dice with six sides",
  parameters = {
    count = { "integer", "how many dice", minimum = 1, maximum = 20 },
  },
  run = function(args)
    local rolled, sum = {}, 0
    for n = 1, args.count do
      rolled[n] = math.random(6)
      sum = sum + rolled[n]
    end
    return { dice = rolled, sum = sum }
  end,
}

math.randomseed(os.time())

local client = yuanjing.new()
local saved = io.open "talk.json"
if saved then saved:close() end

local talk = assert(client:conversation {
  model = "qwen3-max", system = "简短回答", tools = { clock, dice },
  load = saved and "talk.json" or nil,
})

-- Runs the tools that the model asks for, until there is an answer.
local stream = assert(talk:ask {
  arg[1] or "现在几点？再掷两个骰子", stream = true,
})
for text in stream:text() do
  io.write(text)
  io.flush()
end
print()

-- What was done on the way.
for _, step in ipairs(assert(stream:finish()).steps) do
  print(("(%s %s: %s)"):format(step.name, step.raw, step.text))
end

print(assert(talk:ask "我刚才问了什么？").content) -- it remembers
assert(talk:save "talk.json")
