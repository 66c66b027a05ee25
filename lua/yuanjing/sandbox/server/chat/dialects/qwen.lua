--- Qwen, in DashScope's compatible mode: the id of a call is "" after its first
-- piece, a piece may be empty, and some services repeat all the text so far.
local json = require "yuanjing.sandbox.server.json"
local standard = require "yuanjing.sandbox.server.chat.dialects.standard"

local record = json.record

local qwen = standard.with {
  VARIANTS = { cumulative = "each chunk has all the text so far" },
}

function qwen.message(answer)
  local message = record("content", answer.content)
  message.reasoning_content = answer.reasoning
  message.role = "assistant"
  message.tool_calls = standard.whole_calls(answer.calls,
    standard.whole_indexed)
  return message
end

function qwen.think(out, piece)
  out:delta(record("content", json.null, "reasoning_content", piece))
end

function qwen.say(out, piece)
  if out.variant == "cumulative" then
    out.text = (out.text or "") .. piece
    piece = out.text
  end
  out:said(record("content", piece))
end

local function piece_of(called, index)
  return record("function", called, "index", index, "id", "", "type", "function")
end

function qwen.calls(out, calls)
  for n, call in ipairs(calls) do
    local index = n - 1
    standard.send(out, standard.opening(call, index))
    for _, piece in ipairs(standard.pieces(call.arguments)) do
      standard.send(out, piece_of(record("arguments", piece), index))
    end
    standard.send(out, piece_of(record(), index))
    standard.send(out, piece_of(record("arguments", ""), index))
  end
end

function qwen.finish(out, reason)
  out:delta(record("content", ""), reason)
  out:end_with_usage()
end

return qwen
