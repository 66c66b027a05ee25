-- Conversations with the sandbox's own model: the same in each vendor's dialect,
-- plain and streamed, and never a history that a strict vendor would refuse.
local dialects = require "yuanjing.sandbox.server.chat.dialects"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

local box, client

local weather = yuanjing.tool {
  name = "weather", description = "The weather of a city",
  parameters = { city = { "string", "a city's name" } },
  run = function(args)
    if args.city == "Paris" then error "no wire to Paris" end
    return { temperature = 21, city = args.city }
  end,
}

local cat = yuanjing.tool { name = "feed_cat", description = "Feeds the cat",
  run = function() return "The cat purrs." end }

local TALK = {
  { "My name is Ada. How is the weather in Beijing?",
    "weather says: city Beijing, temperature 21.", "weather" },
  { "And the weather in Paris, and feed the cat, please.",
    "weather did not work: no wire to Paris. Done. The cat purrs.",
    "weather feed_cat" },
  { "What is my name?", "Your name is Ada.", "" },
}

local function names_of(steps)
  local names = {}
  for n, step in ipairs(steps) do names[n] = step.name end
  return table.concat(names, " ")
end

describe("a conversation with the sandbox's model", function()
  setup(function()
    box = assert(sandbox.start { latency = 0 })
    client = yuanjing.new(box.options)
  end)

  teardown(function()
    assert.equal("", support.read(box.logs.error))
    box:stop()
  end)

  local function converse(mood, stream)
    local moody = client:with { headers = { ["X-Sandbox"] = mood } }
    local talk = moody:conversation { tools = { weather, cat } }
    for _, turn in ipairs(TALK) do
      local reply = assert(talk:ask { turn[1], stream = stream })
      if stream then reply = assert(reply:finish()) end
      assert.equal(turn[2], reply.content)
      assert.equal(turn[3], names_of(reply.steps))
    end
  end

  for _, name in ipairs(dialects.VENDORS) do
    local variants = name ~= "gateway" and { name } or {}
    for variant in pairs(dialects.named(name).VARIANTS) do
      variants[#variants + 1] = name .. "=" .. variant
    end
    for _, mood in ipairs(variants) do
      it("acts and remembers by " .. mood, function()
        converse(mood .. "; strict-history")
        converse(mood .. "; strict-history", true)
      end)
    end
  end

  it("goes on without tools that a gateway drops, and says so", function()
    local moody = client:with { headers = { ["X-Sandbox"] = "drop-tools" } }
    local talk = moody:conversation { tools = { weather } }
    local reply = assert(talk:ask(TALK[1][1]))
    assert.same({}, reply.steps)
    assert.equal(1, #reply.warnings)
    assert.equal("Your name is Ada.", assert(talk:ask "What is my name?").content)
  end)

  for _, stream in ipairs { false, true } do
    it("has the thoughts back that a vendor wants" ..
      (stream and ", streamed" or ""), function()
      local moody = client:with { headers = {
        ["X-Sandbox"] = "deepseek; strict-history=reasoning" } }
      local talk = moody:conversation { model = "deepseek-r1-think",
        tools = { weather }, echo_reasoning = true }
      for _ = 1, 2 do
        local reply = assert(talk:ask { TALK[1][1], stream = stream })
        if stream then reply = assert(reply:finish()) end
        assert.equal("weather", names_of(reply.steps))
      end
    end)
  end

  it("is asked about a picture in the next turn, too", function()
    local path = support.tempdir() .. "/a.gif"
    support.write(path, "GIF89a\50\0\37\0\128\0\0\30\60\220\0\0\0,")
    local talk = client:conversation {}
    local seen = "This is a GIF picture of 50×37 pixels."
    assert.equal(seen, assert(talk:ask { "What is this?",
      images = { path } }).content)
    assert.equal(seen, assert(talk:ask "How large is the picture?").content)
    support.clean()
  end)

  for _, by in ipairs { "json_schema", "json_object", "prompt" } do
    it("answers to a schema by " .. by, function()
      local reply = assert(client:chat { prompt = "Ada is 36", schema_by = by,
        schema = { type = "object", properties = { name = { type = "string" },
          age = { type = "integer" } }, required = { "name", "age" } } })
      assert.same({ name = "Ada", age = 36 }, reply.data)
    end)
  end
end)
