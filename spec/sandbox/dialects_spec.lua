-- Each dialect of the sandbox, as a client sees it.
local sandbox = require "yuanjing.sandbox"
local yuanjing = require "yuanjing"

local ROWS = require "yuanjing.sandbox.server.scenarios.dialects"

-- The expected text for both ways, or the kind of the error; `stream` and
-- `plain` if they differ.
local TEXT = "Hi there, 你好 you"
local FINE = { text = TEXT }
local TOLD = { kind = "platform" }
local RIGHT = {
  ["finish-null"] = { text = TEXT },
  ["two-choices"] = { text = TEXT, choices = { TEXT, TEXT:upper() } },
  ["half-pair"] = { stream = "😀" .. TEXT, plain = "\239\191\189" .. TEXT },
  heartbeats = { kind = "timeout", plain = TEXT },
  ["told-event"] = { kind = "platform", plain = TEXT },
  ["told-text"] = { kind = "platform", plain = TEXT },
  ["told-page"] = { kind = "decode", plain = TEXT },
}

local function right_of(row)
  return RIGHT[row.name] or row.name:find("^told%-") and TOLD or FINE
end

local function contents(choices)
  local list = {}
  for n, choice in ipairs(choices) do list[n] = choice.content end
  return list
end

describe("the sandbox's dialect", function()
  local boxes, clients = {}, {}

  -- Signs of life must come for longer than the idle timeout.
  setup(function()
    for name, speed in pairs { quick = 1000, real = 1 } do
      boxes[name] = assert(sandbox.start { speed = speed })
      local options = boxes[name].options
      options.timeout = { idle = 0.8 }
      clients[name] = yuanjing.new(options)
    end
  end)

  teardown(function()
    for _, box in pairs(boxes) do box:stop() end
  end)

  local function ask(row, is_stream)
    local client = clients[row.name == "heartbeats" and "real" or "quick"]
    local answer, err = client:chat { prompt = "x", stream = is_stream,
      sandbox = ("say=%s; %s"):format(TEXT, row.name) }
    if is_stream and answer then answer, err = answer:finish() end
    return answer, err
  end

  for _, row in ipairs(ROWS) do
    for _, way in ipairs { "stream", "plain" } do
      it(("%s is read: %s"):format(row.name, way), function()
        local right = right_of(row)
        local reply, err = ask(row, way == "stream")
        if right.kind and not right[way] then
          assert.is_nil(reply)
          assert.equal(right.kind, err.kind, tostring(err))
          return
        end
        assert.is_nil(err)
        assert.equal(right[way] or right.text, reply.content)
        assert.equal(right.ended_by or "stop", reply.ended_by)
        if right.choices then
          assert.same(right.choices, contents(reply.choices))
        end
      end)
    end
  end

  it("calls a tool the same in both ways", function()
    local row = { name = "tool-calls" }
    local streamed, plain = assert(ask(row, true)), assert(ask(row, false))
    assert.same({ { id = "call_a", name = "weather",
      arguments = { city = "Paris" }, raw = '{"city":"Paris"}' } },
      streamed.tool_calls)
    assert.same(streamed.tool_calls, plain.tool_calls)
    assert.same(streamed.message, plain.message)
  end)

  it("has the field of one chunk in the reply", function()
    assert.same({ "https://a.example" },
      assert(ask({ name = "citations" }, true)).raw.citations)
  end)
end)
