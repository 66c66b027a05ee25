--- POST /llmage/v1/chat/completions and /llmage/t2t: one JSON object or a
-- stream, in the platform's own form or, if a scenario selects one, in the form
-- of a vendor.
local answers = require "yuanjing.sandbox.server.chat.answer"
local asked = require "yuanjing.sandbox.server.chat.asked"
local ledger = require "yuanjing.sandbox.server.account.ledger"
local dialects = require "yuanjing.sandbox.server.chat.dialects"
local platform = require "yuanjing.sandbox.server.chat.dialects.platform"
local play = require "yuanjing.sandbox.server.play"

local chat = { prompt = asked.prompt }

---@param seen yuanjing.sandbox.Seen
---@return yuanjing.sandbox.Play
function chat.complete(seen)
  local question, refusal = asked.read(seen)
  if not question then return refusal end
  local chosen = dialects.choose(question.overrides.dialect)
  local answer
  answer, refusal = answers.compose(question, chosen)
  if not answer then return refusal end
  ledger.add(seen, { model = question.model, kind = "chat",
    usage = platform.usage(answer) })
  if not question.stream then
    return play.json(200, dialects.reply(answer, chosen))
  end
  return play.stream(dialects.stream(answer, chosen), question.latency)
end

return chat
