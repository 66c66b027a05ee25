--- What gateways and vendors do to tools and to the history of a talk.
local history = require "yuanjing.sandbox.server.history"
local json = require "yuanjing.sandbox.server.json"
local leaks = require "yuanjing.sandbox.server.chat.leaks"
local play = require "yuanjing.sandbox.server.play"

local record = json.record

local function override(seen, name, value)
  seen.overrides = seen.overrides or {}
  seen.overrides[name] = value
end

local function refusal(problem)
  return play.json(400, record("error", record("message", problem, "type",
    "invalid_request_error", "param", json.null, "code",
    "invalid_parameter_error")))
end

-- The refusal | nil.
local function check(fields, reasoning)
  local problem = history.tools_problem(fields)
  if not problem and fields.messages then
    problem = history.problem(fields.messages, { reasoning = reasoning })
  end
  return problem and refusal(problem)
end

return {
  { name = "tool-calls", help = "a tool is called, in pieces in a stream",
    ask = function(seen)
      override(seen, "calls", { { id = "call_a", name = "weather",
        arguments = '{"city":"Paris"}' } })
    end },
  { name = "drop-tools", help = "a gateway drops tools and tool_choice: the " ..
    "model does not get them",
    ask = function(seen)
      seen.fields.tools, seen.fields.tool_choice = nil, nil
    end },
  { name = "leak", takes = "shape", default = "qwen", choices = leaks.NAMES,
    help = "calls come as text, in a vendor's own format",
    ask = function(seen, form) override(seen, "leak", form) end },
  { name = "strict-history", takes = "shape", optional = true,
    choices = { reasoning = true, ["no-reasoning"] = true },
    help = "400 for messages and tools that any vendor refuses: calls without " ..
      "results, results without calls, empty texts; the value says what it " ..
      "wants of reasoning_content",
    instead = function(seen, reasoning) return check(seen.fields, reasoning) end },
}
