--- The JSON in an answer: all of it, or what stands in a fence or among prose.
local arguments = require "yuanjing.chat.tools.arguments"
local core = require "yuanjing.core"
local json = require "yuanjing.base.json"

local found = {}

local MOST_STARTS = 64 -- brackets that are tried as the begin of a value

-- Some write the JSON as a text in JSON.
local function whole(text, is_good)
  local value = json.decode(text)
  if type(value) ~= "string" or is_good(value) then return value end
  local inner = json.decode(value)
  if type(inner) == "table" then return inner end
  return value
end

-- What a model thinks before it answers has drafts in it.
local function without_thoughts(text)
  return (text:gsub("^.*</think>", ""))
end

local function in_fences(text, is_good)
  for body in text:gmatch("```[A-Za-z0-9]*[ \t]*\r?\n(.-)```") do
    local value = whole(body, is_good)
    if value == nil then value = arguments.read(body) end
    if value ~= nil and is_good(value) then return value end
  end
end

-- The first value in prose that is good. What is inside of another one is no value
-- of its own.
local function in_prose(text, is_good)
  local from, starts = 1, 0
  while starts < MOST_STARTS do
    local at = text:find("[{%[]", from)
    if not at then return nil end
    local value, used = core.decode(text, at)
    if value ~= nil and is_good(value) then return value end
    from = at + (value ~= nil and used or 1)
    starts = starts + 1
  end
end

--- The value that an answer means: one that is good, else one that can be read at
--- all; nil: there is none.
---@param text string
---@param is_good fun(value: any): boolean
---@return any
function found.value(text, is_good)
  text = without_thoughts(text)
  local value = whole(text, is_good)
  if value ~= nil and is_good(value) then return value end
  local function anything() return true end
  for _, test in ipairs { is_good, anything } do
    local other = in_fences(text, test)
    if other == nil then other = in_prose(text, test) end
    if other ~= nil then return other end
  end
  if value ~= nil then return value end
  return (arguments.read(text))
end

return found
