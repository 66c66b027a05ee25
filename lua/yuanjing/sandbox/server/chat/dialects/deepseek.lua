--- DeepSeek: null for the content while it thinks and calls, and the usage in the
-- chunk that has the reason.
local json = require "yuanjing.sandbox.server.json"
local standard = require "yuanjing.sandbox.server.chat.dialects.standard"
local text = require "yuanjing.sandbox.server.chat.text"

local record = json.record

local deepseek = standard.with {}

function deepseek.call_id(_, n, hex)
  return ("call_%02d_%s"):format(n, hex:sub(1, 24))
end

function deepseek.usage(answer)
  local usage = standard.usage(answer)
  usage.prompt_cache_hit_tokens = 0
  usage.prompt_cache_miss_tokens = answer.prompt_tokens
  if answer.reasoning then
    usage.completion_tokens_details = record("reasoning_tokens",
      text.tokens(answer.reasoning))
  end
  return usage
end

function deepseek.message(answer)
  local message = record("role", "assistant", "content", answer.content)
  message.reasoning_content = answer.reasoning
  message.tool_calls = standard.whole_calls(answer.calls,
    standard.whole_indexed)
  return message
end

function deepseek.begin(out)
  out:delta(record("role", "assistant", "content",
    out.answer.reasoning and json.null or "", "reasoning_content",
    out.answer.reasoning and "" or nil))
end

function deepseek.think(out, piece)
  out:delta(record("content", json.null, "reasoning_content", piece))
end

function deepseek.say(out, piece)
  out:said(record("content", piece, "reasoning_content",
    out.answer.reasoning and json.null or nil))
end

function deepseek.calls(out, calls)
  local function send(piece)
    out:delta(record("content", json.null, "tool_calls", { piece }))
  end
  for n, call in ipairs(calls) do
    send(standard.opening(call, n - 1))
    for _, piece in ipairs(standard.pieces(call.arguments)) do
      send(standard.piece(piece, call, n - 1))
    end
  end
end

function deepseek.finish(out, reason)
  out:delta(record("content", "", "reasoning_content", json.null), reason,
    record("usage", out:usage()))
end

return deepseek
