--- Which tools a request calls for: those whose name, description or parameters
-- share words with what the user says.
local fill = require "yuanjing.sandbox.server.chat.model.fill"
local json = require "yuanjing.sandbox.server.json"
local results = require "yuanjing.sandbox.server.chat.model.results"
local words = require "yuanjing.sandbox.server.chat.model.words"

local tools = {}

local ENOUGH = 2 -- points that a tool needs
local MOST = 3 -- tools at a time

-- Points -------------------------------------------------------------------

-- A Chinese pair and a concept say more than a word of English.
local function worth(key)
  return key:find("^%a") and 1 or 2
end

-- Adds the words of a text that the user says too, each once.
local function add_shared(points, said, text, factor)
  for key in pairs(words.of(text)) do
    if said[key] and not points.keys[key] then
      points.keys[key] = said[key]
      points.sum = points.sum + worth(key) * factor
      points.first = math.min(points.first, said[key])
    end
  end
end

local function add_parameters(points, said, parameters)
  local properties = parameters.properties
  if type(properties) ~= "table" then return end
  for name, schema in pairs(properties) do
    add_shared(points, said, words.apart(tostring(name)), 1)
    local choices = type(schema) == "table" and schema.enum
    for _, choice in ipairs(type(choices) == "table" and choices or {}) do
      if type(choice) == "string" then add_shared(points, said, choice, 1) end
    end
  end
end

-- Whether the user says the word that a tool's name begins with.
local function leads(tool, said)
  for key in pairs(words.of(words.leading(tool.name) or "")) do
    if said[key] then return true end
  end
  return false
end

local function points_of(tool, said)
  local points = { tool = tool, sum = 0, first = math.huge, keys = {},
    leads = leads(tool, said) }
  if points.leads then points.sum = 1 end
  add_shared(points, said, words.apart(tool.name), 2)
  add_shared(points, said, tool.description, 1)
  add_parameters(points, said, tool.parameters)
  return points
end

-- Choosing -----------------------------------------------------------------

-- Whether a tool has words that those chosen before it do not account for.
local function brings_more(points, claimed)
  for key in pairs(points.keys) do
    if not claimed[key] then return true end
  end
  return false
end

local function claim(points, claimed)
  for key in pairs(points.keys) do claimed[key] = true end
end

local function by_points(a, b)
  if a.sum ~= b.sum then return a.sum > b.sum end
  return a.place < b.place
end

local function by_position(a, b)
  if a.first ~= b.first then return a.first < b.first end
  return a.place < b.place
end

local function fitting(asked)
  local said, list = words.of(asked.prompt), {}
  for n, tool in ipairs(asked.tools) do
    local points = points_of(tool, said)
    points.place = n
    if points.sum >= ENOUGH then list[#list + 1] = points end
  end
  table.sort(list, by_points)
  return list
end

local function choose(asked)
  local chosen, claimed = {}, {}
  for _, points in ipairs(fitting(asked)) do
    local is_near = #chosen == 0 or
      points.leads and points.sum * 2 >= chosen[1].sum
    if #chosen < MOST and is_near and brings_more(points, claimed) then
      claim(points, claimed)
      chosen[#chosen + 1] = points
    end
  end
  table.sort(chosen, by_position)
  return chosen
end

-- A choice that was made by the request: a tool by name, or any.
local function forced(asked)
  local choice = asked.tool_choice
  local called = type(choice) == "table" and choice["function"]
  if type(called) == "table" then
    for _, tool in ipairs(asked.tools) do
      if tool.name == called.name then return points_of(tool, words.of(asked.prompt)) end
    end
  elseif choice == "required" then
    return choose(asked)[1] or points_of(asked.tools[1], words.of(asked.prompt))
  end
end

-- Calling ------------------------------------------------------------------

-- What parts two wishes.
local MARKS = { ",", ";", ".", "!", "?", "\n", "，", "；", "。", "！", "？", "、",
  " and ", " then ", "然后", "再", "并" }

-- Where the part of the prompt begins that speaks of a tool: behind the last mark
-- before its first word.
local function beginning(points, prompt, least)
  local first, found = points.first, nil
  for _, mark in ipairs(MARKS) do
    local at, last = prompt:find(mark, least, true)
    while at and last < first do
      found = math.max(found or 0, last + 1)
      at, last = prompt:find(mark, last + 1, true)
    end
  end
  return found or first
end

-- What the user says of a tool, up to what is said of the next one.
local function share_of(chosen, n, prompt)
  local before, following = chosen[n - 1], chosen[n + 1]
  local from = before and beginning(chosen[n], prompt, before.first) or 1
  local to = following and
    beginning(following, prompt, chosen[n].first) - 1 or #prompt
  return prompt:sub(from < math.huge and from or 1, to)
end

local function call_of(points, said)
  local arguments = fill.object(points.tool.parameters, said, points.keys)
  return { name = points.tool.name, arguments = json.encode(arguments) }
end

--- The calls | nil: no tool fits, or their results are there already.
---@param asked yuanjing.sandbox.Asked
---@return { name: string, arguments: string }[]?
function tools.calls(asked)
  if #asked.tools == 0 or asked.tool_choice == "none" then return nil end
  local chosen = { forced(asked) }
  if #chosen == 0 then
    if #results.last(asked) > 0 then return nil end
    chosen = choose(asked)
  end
  local calls = {}
  for n, points in ipairs(chosen) do
    calls[n] = call_of(points, share_of(chosen, n, asked.prompt))
  end
  return #calls > 0 and calls or nil
end

return tools
