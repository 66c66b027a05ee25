--- GLM: a call comes in one chunk, unless the request asks for pieces; with vLLM
-- the last chunk may repeat the arguments.
local json = require "yuanjing.sandbox.server.json"
local standard = require "yuanjing.sandbox.server.chat.dialects.standard"

local record = json.record

local glm = standard.with {
  VARIANTS = {
    pieces = "the arguments come in pieces, as with tool_stream",
    ["repeat"] = "the last chunk has all the arguments of the last call again",
  },
}

function glm.call_id(_, n, hex)
  local digits = hex:gsub("%a", function(letter) return letter:byte() % 10 end)
  return ("call_-%s%d"):format(digits:sub(1, 18), n)
end

function glm.message(answer)
  local message = record("content", answer.content)
  message.reasoning_content = answer.reasoning
  message.role = "assistant"
  message.tool_calls = standard.whole_calls(answer.calls, function(call, index)
    return record("function", record("arguments", call.arguments, "name",
      call.name), "id", call.id, "index", index, "type", "function")
  end)
  return message
end

function glm.begin() end

function glm.think(out, piece)
  out:delta(record("role", "assistant", "reasoning_content", piece))
end

function glm.say(out, piece)
  out:said(record("role", "assistant", "content", piece))
end

local function whole(call, index)
  return record("id", call.id, "index", index, "type", "function", "function",
    record("name", call.name, "arguments", call.arguments))
end

function glm.calls(out, calls)
  if out.variant then return standard.calls(out, calls) end
  for n, call in ipairs(calls) do
    out:delta(record("role", "assistant", "tool_calls", { whole(call, n - 1) }))
  end
end

-- All arguments of the last call once more, without its id and name.
local function repeated(calls)
  return { record("id", json.null, "index", #calls - 1, "type", "function",
    "function", record("name", json.null, "arguments", calls[#calls].arguments)) }
end

function glm.finish(out, reason)
  local delta = record("role", "assistant", "content", "")
  if out.variant == "repeat" and #out.answer.calls > 0 then
    delta = record("content", json.null, "tool_calls",
      repeated(out.answer.calls))
  end
  out:delta(delta, reason, record("usage", out:usage()))
end

return glm
