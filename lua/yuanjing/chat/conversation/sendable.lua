--- Makes the messages of a conversation sendable: a pure function, whose result every
-- vendor accepts. It repairs a copy and leaves the messages as they are. Without the
-- repair a vendor would refuse every request with a call that has no result.
local json = require "yuanjing.base.json"
local reasoning = require "yuanjing.protocol.chat.reasoning"

--- The text in place of a result that never came.
local NOT_RUN = "not run: the call was broken off before it had a result"

local function copy_of(record)
  local copy = {}
  for name, value in pairs(record) do copy[name] = value end
  return copy
end

-- Calls --------------------------------------------------------------------

local function is_object(text)
  local value = type(text) == "string" and json.decode(text)
  return type(value) == "table" and value[1] == nil
    and not text:find("^[ \t-\r]*%[")
end

local function arguments_of(described)
  local given = described.arguments
  if type(given) == "table" then given = json.encode(given) end
  return is_object(given) and given or "{}"
end

local function name_of(described)
  local name = type(described.name) == "string" and described.name or ""
  name = name:gsub("[^0-9A-Za-z_-]", "_"):sub(1, 64)
  return name ~= "" and name or "unknown"
end

-- Vendors count their ids anew in each answer: here each is used once.
local function unused(used, id)
  id = type(id) == "string" and id ~= "" and id or "call"
  local free, n = id, 2
  while used[free] do free, n = id .. "_" .. n, n + 1 end
  used[free] = true
  return free
end

local function sound_call(call, used)
  local described = type(call["function"]) == "table" and call["function"] or call
  return { id = unused(used, call.id), type = "function",
    ["function"] = { name = name_of(described),
      arguments = arguments_of(described.raw and { arguments = described.raw }
        or described) } }
end

-- The results behind an answer, up to the next one, each by its id.
local function results_behind(messages, from)
  local results = {}
  for n = from + 1, #messages do
    local item = messages[n]
    if item.role == "assistant" then break end
    local id = item.role == "tool" and item.tool_call_id
    if id and not results[id] then results[id] = item end
  end
  return results
end

local function result_of(result, id)
  local copy = result and copy_of(result) or { role = "tool", content = NOT_RUN }
  copy.tool_call_id = id
  if copy.content == nil or copy.content == "" then copy.content = "(nothing)" end
  return copy
end

-- An answer with calls, and the results of these right behind it, in their order.
local function add_calls(out, messages, at, used)
  local answer, results = copy_of(messages[at]), results_behind(messages, at)
  answer.tool_calls, answer.content = {}, answer.content or ""
  out[#out + 1] = answer
  for n, call in ipairs(messages[at].tool_calls) do
    local sound = sound_call(call, used)
    answer.tool_calls[n] = sound
    out[#out + 1] = result_of(results[call.id], sound.id)
    if call.id ~= nil then results[call.id] = nil end
  end
end

-- Messages -----------------------------------------------------------------

local function has_calls(item)
  return type(item.tool_calls) == "table" and #item.tool_calls > 0
end

local function says_nothing(item)
  local content = item.content
  return content == nil or content == ""
end

local function add_answer(out, messages, at, used)
  local item = messages[at]
  if has_calls(item) then return add_calls(out, messages, at, used) end
  if says_nothing(item) then return end -- vendors refuse it
  local copy = copy_of(item)
  copy.tool_calls = nil
  out[#out + 1] = copy
end

---@class yuanjing.SendableOptions
---@field model? string
---@field echo_reasoning? boolean whether thoughts go out again; default: as the model needs it

--- The messages as they can be sent: each call has its result, right behind it;
--- results without a call, and empty answers, are left out; ids are
--- used once; arguments are an object.
---@param messages yuanjing.Message[]
---@param options? yuanjing.SendableOptions
---@return yuanjing.Message[]
local function sendable(messages, options)
  local out, used = {}, {}
  for at, item in ipairs(messages) do
    if item.role == "assistant" then
      add_answer(out, messages, at, used)
    elseif item.role ~= "tool" then
      out[#out + 1] = item
    end
  end
  return reasoning.apply(out, options or {})
end

return sendable
