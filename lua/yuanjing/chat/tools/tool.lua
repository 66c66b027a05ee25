--- Tools: functions that a model may ask for.
local check = require "yuanjing.base.check"
local definition = require "yuanjing.chat.schema.definition"
local parameters = require "yuanjing.chat.tools.parameters"

local tool = {}

---@class (exact) yuanjing.ToolOptions
---@field name string letters, digits, _ and -
---@field description? string when and for what the model should call it
---@field parameters? table<string, yuanjing.ShortParameter|string> in short, or a JSON schema
---@field run? fun(args: table): any, any its result; nil and an error; without it the call is left to you
---@field check? boolean false: the schema goes out as it is, and arguments come as they are

---@class yuanjing.Tool
---@field name string
---@field description? string
---@field parameters table a JSON schema
---@field run? fun(args: table): any, any
---@field check boolean
local Tool = { __name = "yuanjing.Tool" }

function Tool:__tostring() return ("yuanjing.Tool (%s)"):format(self.name) end

local MOST_NAME = 64

local function is_name(text)
  return text:find("^[0-9A-Za-z_-]+$") ~= nil and #text <= MOST_NAME
end

local OPTIONS = { description = "string", parameters = "table",
  run = "function", check = "boolean",
  name = { "string", needed = true, is = is_name,
    what = ("1 to %d letters, digits, _ and -"):format(MOST_NAME) } }

-- A tool; or nil and what is wrong.
local function make(options)
  local problem = check.problem(options, OPTIONS)
  if problem then return nil, problem end
  local schema = parameters.schema(options.parameters)
  local is_checked = options.check ~= false
  local problems = is_checked and definition.problems(schema) or {}
  if #problems > 0 then
    return nil, "parameters: " .. table.concat(problems, "; ")
  end
  return setmetatable({ name = options.name, run = options.run,
    description = options.description, parameters = schema,
    check = is_checked }, Tool)
end

--- A tool for a model. Raises what is a mistake in code: an unknown option, a
--- schema with a keyword that can not be checked.
---@param options yuanjing.ToolOptions
---@return yuanjing.Tool
function tool.tool(options)
  check.table("yuanjing.tool", options)
  local made, problem = make(options)
  if not made then error("yuanjing.tool: " .. problem, 2) end
  return made
end

---@param value any
---@return boolean
function tool.is(value)
  return type(value) == "table" and getmetatable(value) == Tool
end

-- What a user puts into a list of tools: a tool, the options of one, or one as
-- the wire has it, which goes out as it is.
local function read(value)
  if tool.is(value) or type(value) ~= "table" then return value end
  if value["function"] ~= nil or value.name == nil or value.type ~= nil then
    return value
  end
  return make(value)
end

--- The tools of a list; those of the wire stay as they are.
---@param list any[]
---@param problems string[] is told what is no tool
---@return any[]
function tool.read(list, problems)
  local all = {}
  for n, value in ipairs(list) do
    local made, problem = read(value)
    all[n] = made == nil and value or made
    problems[#problems + 1] = problem and ("tools[%d].%s"):format(n, problem)
  end
  return all
end

-- Sending ------------------------------------------------------------------

local function to_wire(value)
  if not tool.is(value) then return value end
  return { type = "function", ["function"] = { name = value.name,
    description = value.description, parameters = value.parameters } }
end

local MODES = { auto = true, none = true, required = true, any = true }

-- tool_choice may be the name of a tool, which the model must then call.
local function choice_of(choice)
  if type(choice) ~= "string" or MODES[choice] then return choice end
  return { type = "function", ["function"] = { name = choice } }
end

--- The parameters of a chat with its tools as the wire has them.
---@param params table
---@param problems string[]
---@return table
function tool.in_params(params, problems)
  if type(params.tools) ~= "table" then return params end
  local copy = {}
  for name, value in pairs(params) do copy[name] = value end
  copy.tool_choice = choice_of(params.tool_choice)
  copy.tools = {}
  for n, value in ipairs(tool.read(params.tools, problems)) do
    copy.tools[n] = to_wire(value)
  end
  if #copy.tools == 0 then copy.tools, copy.tool_choice = nil, nil end
  return copy
end

return tool
