--- The platform's own way: that of its captured answers.
local json = require "yuanjing.sandbox.server.json"
local standard = require "yuanjing.sandbox.server.chat.dialects.standard"

local record = json.record

local platform = standard.with {}

function platform.usage(answer)
  return record("total_tokens", answer.total_tokens,
    "completion_tokens", answer.completion_tokens,
    "prompt_tokens", answer.prompt_tokens,
    "prompt_tokens_details", record("cached_tokens", 0))
end

function platform.message(answer)
  local message = record("content", answer.content, "role", "assistant")
  message.reasoning_content = answer.reasoning
  message.tool_calls = standard.whole_calls(answer.calls, standard.whole_call)
  if answer.content == "" and message.tool_calls then
    message.content = json.null
  end
  return message
end

function platform.begin(out)
  local delta = record("content", "", "role", "assistant")
  out:choice(record("logprobs", json.null, "index", 0, "delta", delta))
end

function platform.think(out, piece)
  out:delta(record("content", "", "role", json.null, "reasoning_content", piece))
end

function platform.say(out, piece)
  out:said(record("content", piece, "role", json.null))
end

local function send(out, piece)
  out:delta(record("content", "", "role", json.null, "tool_calls", { piece }))
end

function platform.calls(out, calls)
  for n, call in ipairs(calls) do
    send(out, standard.opening(call, n - 1))
    for _, piece in ipairs(standard.pieces(call.arguments)) do
      send(out, standard.piece(piece, call, n - 1))
    end
  end
end

function platform.finish(out, reason)
  out:delta(record("content", "", "role", json.null), reason)
  out:end_with_usage()
end

return platform
