--- MiniMax: thoughts in the text between tags, fields of its own in each message,
-- a usage of zeros in each chunk, and the whole message once more at the end.
local json = require "yuanjing.sandbox.server.json"
local standard = require "yuanjing.sandbox.server.chat.dialects.standard"
local text = require "yuanjing.sandbox.server.chat.text"

local record = json.record

local minimax = standard.with {
  VARIANTS = {
    details = "the thoughts in reasoning_content and reasoning_details, not in " ..
      "the text",
    open = "the thoughts in the text, without the tag that begins them",
  },
}

local NAME = "MiniMax AI"
local ZERO = record("total_tokens", 0, "total_characters", 0)
local FINE = record("status_code", 0, "status_msg", "")

function minimax.call_id(_, n, hex)
  return ("call_function_%s_%d"):format(hex:sub(1, 12), n + 1)
end

-- The thoughts become the beginning of the text.
function minimax.prepare(answer, variant)
  if not answer.reasoning or variant == "details" then return end
  local tag = variant == "open" and "" or "<think>\n"
  local thoughts = tag .. answer.reasoning .. "\n</think>\n\n"
  local chunks = text.pieces(thoughts)
  for _, piece in ipairs(answer.chunks or text.pieces(answer.content)) do
    chunks[#chunks + 1] = piece
  end
  answer.content, answer.chunks = thoughts .. answer.content, chunks
  answer.reasoning = nil
end

local function details(piece)
  return { record("type", "reasoning.text", "id", "reasoning-text-1",
    "format", "MiniMax-response-v1", "index", 0, "text", piece) }
end

local function call_of(call, index)
  return record("id", call.id, "type", "function", "function", record("name",
    call.name, "arguments", call.arguments), "index", index)
end

function minimax.message(answer)
  local message = record("content", answer.content, "role", "assistant", "name",
    NAME, "audio_content", "")
  if answer.reasoning then
    message.reasoning_content = answer.reasoning
    message.reasoning_details = details(answer.reasoning)
  end
  message.tool_calls = standard.whole_calls(answer.calls, call_of)
  return message
end

function minimax.reply(answer, message)
  local reply = standard.reply(answer, message)
  reply.base_resp = FINE
  return reply
end

-- A delta with the fields that each has.
local function delta_of(role, content)
  return record("content", content, "role", role, "name", NAME,
    "audio_content", "")
end

local function more()
  return record("usage", ZERO, "input_sensitive", false, "output_sensitive", false)
end

function minimax.begin(out)
  out:delta(delta_of("assistant", ""), nil, more())
end

function minimax.think(out, piece)
  local delta = delta_of("", "")
  delta.reasoning_content, delta.reasoning_details = piece, details(piece)
  out:delta(delta, nil, more())
end

function minimax.say(out, piece)
  out:said(delta_of("", piece), more())
end

function minimax.calls(out, calls)
  for n, call in ipairs(calls) do
    local delta = delta_of("", "")
    delta.tool_calls = { call_of(call, n - 1) }
    out:delta(delta, nil, more())
  end
end

function minimax.finish(out, reason)
  out:delta(delta_of("", ""), reason, more())
  out:choice(record("finish_reason", reason, "index", 0, "message",
    minimax.message(out.answer)), record("object", "chat.completion",
    "usage", out:usage(), "base_resp", FINE))
end

return minimax
