--- The tool calls that a test has its sandbox make: checked, and with their
-- arguments as text.
local check = require "yuanjing.base.check"
local json = require "yuanjing.base.json"

local calls = {}

---@class (exact) yuanjing.sandbox.AnswerCall
---@field name string the tool's
---@field arguments? table|string as an object, or the very text; none: "{}"
---@field id? string one that is new, unless given

local RULES = { arguments = { "table", "string" }, id = "string",
  name = { "string", what = "the name of a tool",
    is = function(name) return name ~= "" end } }

-- What is wrong with a call | nil.
local function problem_of(call, place)
  if type(call) ~= "table" then
    return ("%s: expected table, got %s"):format(place, type(call))
  end
  return check.problem(call, RULES, place) or
    not call.name and place .. ".name: missing" or nil
end

-- The text of arguments | nil, what is wrong.
local function text_of(arguments)
  if type(arguments) == "string" then return arguments end
  if arguments and #arguments > 0 then return nil, "expected an object, got a list" end
  return json.encode(arguments or {})
end

--- The calls as the server takes them | nil, what is wrong.
---@param list yuanjing.sandbox.AnswerCall[]
---@return table[]? calls
---@return string? problem
function calls.read(list)
  local read = {}
  for n, call in ipairs(list) do
    local place = ("tool_calls[%d]"):format(n)
    local problem = problem_of(call, place)
    if problem then return nil, problem end
    local arguments
    arguments, problem = text_of(call.arguments)
    if not arguments then
      return nil, ("%s.arguments: %s"):format(place, problem)
    end
    read[n] = { name = call.name, arguments = arguments, id = call.id }
  end
  for key in pairs(list) do
    if not read[key] then
      return nil, "tool_calls: expected a list of { name =, arguments = }"
    end
  end
  if #read == 0 then return nil, "tool_calls: the list is empty" end
  return read
end

return calls
