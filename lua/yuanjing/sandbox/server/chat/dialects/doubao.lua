--- Doubao, on Ark: newer models send a call in pieces, those up to 241215 send
-- all calls at once, with a line end and the reason.
local json = require "yuanjing.sandbox.server.json"
local standard = require "yuanjing.sandbox.server.chat.dialects.standard"

local record = json.record

local doubao = standard.with {
  VARIANTS = { whole = "all calls in the last chunk, with a content of \"\\n\"" },
}

function doubao.prepare(answer, variant)
  local calls_alone = #answer.calls > 0 and answer.content == ""
  if variant == "whole" and calls_alone then answer.content = "\n" end
end

function doubao.begin(out)
  if out.variant == "whole" then return end
  standard.begin(out)
end

function doubao.think(out, piece)
  out:delta(record("content", "", "reasoning_content", piece, "role",
    "assistant"))
end

function doubao.say(out, piece)
  if piece == "\n" and out.variant == "whole" then return end -- in the last one
  out:said(record("content", piece, "role", "assistant"))
end

function doubao.calls(out, calls)
  if out.variant ~= "whole" then standard.calls(out, calls) end
end

function doubao.finish(out, reason)
  local calls = out.answer.calls
  local delta = record("content", "", "role", "assistant")
  if out.variant == "whole" and #calls > 0 then
    delta.content = out.answer.content == "\n" and "\n" or ""
    delta.tool_calls = standard.whole_calls(calls, standard.whole_at)
  end
  out:delta(delta, reason)
  out:end_with_usage()
end

return doubao
