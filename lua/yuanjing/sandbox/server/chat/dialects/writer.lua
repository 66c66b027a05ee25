--- Writes a stream chunk by chunk: the platform's envelope around a vendor's
-- choice. Top-level `content` and `reasoning_content` are copies.
local json = require "yuanjing.sandbox.server.json"

local record = json.record

---@class yuanjing.sandbox.Writer
---@field answer yuanjing.sandbox.Composed
---@field variant? string of the dialect
---@field items table[]
local methods = {}
local Writer = { __index = methods }

local writer = {}

---@param answer yuanjing.sandbox.Composed
---@param chosen yuanjing.sandbox.Chosen
---@return yuanjing.sandbox.Writer
function writer.new(answer, chosen)
  return setmetatable({ answer = answer, variant = chosen.variant,
    _dialect = chosen.dialect, items = {} }, Writer)
end

--- What the answer has cost, in the order of the dialect.
function methods:usage()
  return self._dialect.usage(self.answer)
end

local function copy_of(value)
  return type(value) == "string" and value or nil
end

--- A chunk with this choice, a record.
---@param choice table
---@param more? table fields of the chunk, behind the others: a record
---@param is_said? boolean it brings text
function methods:choice(choice, more, is_said)
  local answer, delta = self.answer, choice.delta or record()
  local chunk = record("id", answer.id, "object", "chat.completion.chunk",
    "created", answer.created, "choices", { choice }, "model", answer.model,
    "reasoning_content", copy_of(delta.reasoning_content) or json.null,
    "content", copy_of(delta.content) or "", "finish", "0",
    "llmusageid", answer.usage_id)
  for _, name in ipairs(more and getmetatable(more).order or {}) do
    chunk[name] = more[name]
  end
  self.items[#self.items + 1] = { chunk = chunk, said = is_said }
end

--- A chunk with this delta; with a reason it is the last of its choice.
---@param delta table a record
---@param reason? string
---@param more? table see choice
function methods:delta(delta, reason, more)
  local choice = record("delta", delta, "index", 0)
  if reason then choice.finish_reason = reason end
  self:choice(choice, more)
end

--- A chunk that brings text.
---@param delta table a record
---@param more? table see choice
function methods:said(delta, more)
  self:choice(record("delta", delta, "index", 0), more, true)
end

--- The chunk without choices that has the usage.
function methods:end_with_usage()
  local answer = self.answer
  self.items[#self.items + 1] = { chunk = record("id", answer.id,
    "object", "chat.completion.chunk", "created", answer.created,
    "choices", {}, "model", answer.model, "finish", "1",
    "usage", self:usage(), "llmusageid", answer.usage_id) }
end

---@param seconds number
function methods:pause(seconds)
  self.items[#self.items + 1] = { pause = seconds }
end

--- The end mark; returns all items.
---@return table[]
function methods:done()
  self.items[#self.items + 1] = { done = true }
  return self.items
end

return writer
