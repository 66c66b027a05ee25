--- Whether a model wants its thoughts back with the answers that they led to. Some
-- refuse a conversation with calls without them, and one refuses it with them.
local ascii = require "yuanjing.base.ascii"

local reasoning = {}

-- By the beginning of the model's name, the first that fits. `fills` wants the field
-- with every answer.
local RULES = {
  { "deepseek%-r1", is_echoed = false },
  { "deepseek%-reasoner", is_echoed = false },
  { "deepseek", is_echoed = true, fills = true },
}

local DEFAULT = { is_echoed = true }

local function rule_of(model)
  local name = ascii.lower(model or "")
  for _, rule in ipairs(RULES) do
    if name:find("^" .. rule[1]) or name:find("/" .. rule[1]) then return rule end
  end
  return DEFAULT
end

local function has_thoughts(messages)
  for _, item in ipairs(messages) do
    if item.reasoning_content then return true end
  end
  return false
end

local function with(item, thoughts)
  local copy = {}
  for name, value in pairs(item) do copy[name] = value end
  copy.reasoning_content = thoughts
  return copy
end

--- Messages with the thoughts that the model is to be told again.
---@param messages yuanjing.Message[]
---@param options { model?: string, echo_reasoning?: boolean }
---@return yuanjing.Message[]
function reasoning.apply(messages, options)
  if not has_thoughts(messages) then return messages end
  local rule, out = rule_of(options.model), {}
  local is_echoed = options.echo_reasoning
  if is_echoed == nil then is_echoed = rule.is_echoed end
  for n, item in ipairs(messages) do
    out[n] = item
    if item.role == "assistant" and not is_echoed then
      out[n] = with(item, nil)
    elseif item.role == "assistant" and rule.fills then
      out[n] = with(item, item.reasoning_content or "")
    end
  end
  return out
end

return reasoning
