--- What to say once tools have answered: their results, in a sentence.
local json = require "yuanjing.sandbox.server.json"
local text = require "yuanjing.sandbox.server.chat.text"

local results = {}

local SAYINGS = {
  zh = { done = "好的。%s", found = "%s 告诉我：%s。", failed =
    "%s 没有成功：%s。", comma = "，", stop = "。", join = "" },
  en = { done = "Done. %s", found = "%s says: %s.", failed =
    "%s did not work: %s.", comma = ", ", stop = ".", join = " " },
}

--- The results at the end of the talk, oldest first: { name, text }.
---@param asked yuanjing.sandbox.Asked
---@return { name: string, text: string }[]
function results.last(asked)
  local messages, list, n = asked.messages, {}, #asked.messages
  while n > 0 and messages[n].role == "tool" do n = n - 1 end
  local names = {}
  for _, call in ipairs(n > 0 and messages[n].calls or {}) do
    local called = type(call) == "table" and call["function"]
    if type(called) == "table" then names[call.id or ""] = called.name end
  end
  for i = n + 1, #messages do
    list[#list + 1] = { name = names[messages[i].call_id or ""] or "tool",
      text = messages[i].text }
  end
  return list
end

local function shown(value, words)
  if type(value) ~= "table" then return tostring(value) end
  local order = (getmetatable(value) or {}).order
  if value == json.null or not order then return json.encode(value) end
  local out = {}
  for _, name in ipairs(order) do
    if value[name] ~= nil then
      out[#out + 1] = name .. " " .. shown(value[name], words)
    end
  end
  return table.concat(out, words.comma)
end

local ENDS = { ".", "!", "?", "。", "！", "？" }

-- The text as a sentence.
local function ended(whole, words)
  for _, mark in ipairs(ENDS) do
    if whole:sub(-#mark) == mark then return whole end
  end
  return whole .. words.stop
end

-- What is wrong with a result, as clients write it | nil.
local function failure_in(whole, value)
  if type(value) == "table" and value ~= json.null and value.error then
    return value.error
  end
  return whole:match("^[Ee]rror: *(.-)%.?$") or whole:match("^not run: *(.-)%.?$")
end

local function sentence(result, words)
  local value = json.decode(result.text)
  local failure = failure_in(result.text, value)
  if failure then
    return words.failed:format(result.name, shown(failure, words))
  elseif value == nil or type(value) == "string" then
    return words.done:format(ended(value or result.text, words))
  end
  return words.found:format(result.name, shown(value, words))
end

--- The sentence | nil: no tool has just answered.
---@param asked yuanjing.sandbox.Asked
---@return string?
function results.answer(asked)
  local list, out = results.last(asked), {}
  if #list == 0 then return nil end
  local words = SAYINGS[text.language(asked.prompt, asked.system)]
  for n, result in ipairs(list) do out[n] = sentence(result, words) end
  return table.concat(out, words.join)
end

return results
