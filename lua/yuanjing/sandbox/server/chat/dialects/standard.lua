--- What OpenAI documents and all dialects begin from: each function is a part
-- of an answer, and a dialect replaces those that its vendor does otherwise.
local json = require "yuanjing.sandbox.server.json"
local text = require "yuanjing.sandbox.server.chat.text"

local record = json.record

---@class yuanjing.sandbox.Dialect
---@field VARIANTS table<string, string> its other habits, and what they are
local standard = { VARIANTS = {}, pieces = text.pieces }

--- The id of a call. `n` counts the calls of the talk, from 0.
function standard.call_id(_, _, hex)
  return "call_" .. hex:sub(1, 24)
end

--- Changes the answer before it is told.
function standard.prepare() end

function standard.usage(answer)
  return record("completion_tokens", answer.completion_tokens,
    "prompt_tokens", answer.prompt_tokens,
    "prompt_tokens_details", record("cached_tokens", 0),
    "total_tokens", answer.total_tokens)
end

-- As one object ------------------------------------------------------------

--- A call as a message has it.
function standard.whole_call(call)
  return record("id", call.id, "type", "function", "function",
    record("name", call.name, "arguments", call.arguments))
end

--- The same, with its index behind.
function standard.whole_indexed(call, index)
  local whole = standard.whole_call(call)
  whole.index = index
  return whole
end

--- The calls of an answer, each by `shape` (call, index from 0) | nil: none.
function standard.whole_calls(calls, shape)
  local list = {}
  for n, call in ipairs(calls) do list[n] = shape(call, n - 1) end
  return #list > 0 and list or nil
end

--- The message of a plain reply.
function standard.message(answer)
  local has_words = answer.content ~= "" or #answer.calls == 0
  local message = record("role", "assistant", "content",
    has_words and answer.content or json.null)
  message.reasoning_content = answer.reasoning
  message.tool_calls = standard.whole_calls(answer.calls, standard.whole_call)
  return message
end

--- The whole of a plain reply.
function standard.reply(answer, message)
  return record("id", answer.id, "object", "chat.completion",
    "created", answer.created,
    "choices", { record("finish_reason", answer.finish, "index", 0,
      "message", message) },
    "model", answer.model,
    "reasoning_content", answer.reasoning or json.null,
    "content", answer.content, "finish", "1",
    "usage", standard.usage(answer))
end

-- As a stream --------------------------------------------------------------

--- The first chunk.
function standard.begin(out)
  out:delta(record("role", "assistant", "content", ""))
end

--- A piece of the thoughts.
function standard.think(out, piece)
  out:delta(record("reasoning_content", piece))
end

--- A piece of the text.
function standard.say(out, piece)
  out:said(record("content", piece))
end

--- The first piece of a call: all but its arguments.
function standard.opening(call, index, arguments)
  return record("index", index, "id", call.id, "type", "function", "function",
    record("name", call.name, "arguments", arguments or ""))
end

--- A whole call in one piece.
function standard.whole_at(call, index)
  return standard.opening(call, index, call.arguments)
end

--- A chunk with pieces of calls.
function standard.send(out, ...)
  out:delta(record("tool_calls", { ... }))
end

--- All calls, one after the other: an opening, and a chunk for each piece of the
--- arguments, shaped by `rest` (piece, call, index).
function standard.send_calls(out, calls, rest)
  for n, call in ipairs(calls) do
    standard.send(out, standard.opening(call, n - 1))
    for _, piece in ipairs(standard.pieces(call.arguments)) do
      standard.send(out, rest(piece, call, n - 1))
    end
  end
end

--- A later piece of a call.
function standard.piece(arguments, _, index)
  return record("index", index, "function", record("arguments", arguments))
end

function standard.calls(out, calls)
  standard.send_calls(out, calls, standard.piece)
end

--- The reason, and the usage.
function standard.finish(out, reason)
  out:delta(record(), reason)
  out:end_with_usage()
end

--- A dialect: this one with some parts replaced.
---@param parts table
---@return yuanjing.sandbox.Dialect
function standard.with(parts)
  return setmetatable(parts, { __index = standard })
end

return standard
