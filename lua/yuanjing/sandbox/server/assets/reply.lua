--- Answers of the assets API, changed by scenarios.
local envelope = require "yuanjing.sandbox.server.assets.envelope"
local odds = require "yuanjing.sandbox.server.media.odds"
local play = require "yuanjing.sandbox.server.play"

local reply = {}

---@class yuanjing.sandbox.Reply an answer, before it becomes JSON
---@field data table a record
---@field flat? boolean without the documented envelope

--- A success, as JSON.
---@param odd yuanjing.sandbox.Odds
---@param data table a record
---@return table record
function reply.record(odd, data)
  local draft = { data = data }
  odd:apply("reply", draft)
  return envelope.success(draft.data, draft.flat)
end

---@param odd yuanjing.sandbox.Odds
---@param data table a record
---@return yuanjing.sandbox.Play
function reply.ok(odd, data)
  return odd:report(play.json(200, reply.record(odd, data)))
end

--- `owner`: the group or asset of the answer, with its scenarios.
---@param seen yuanjing.sandbox.Seen
---@param message string
---@param owner? { odd: table[] }
---@return yuanjing.sandbox.Play
function reply.refuse(seen, message, owner)
  local odd, draft = odds.new(owner, seen), { data = {} }
  odd:apply("reply", draft)
  return odd:report(play.json(200, envelope.refusal(message, draft.flat)))
end

return reply
