--- Checks option tables by a table of rules. A mistake in code raises an error of
-- one sentence, at the caller's line. A rule is the name of a type, or a
-- yuanjing.Rule:
--   { timeout = "number", at_once = { "number", least = 1, is_whole = true } }
local lazy = require "yuanjing.base.lazy"
local mistake = lazy.module "yuanjing.base.check.mistake"

local check = {}

---@class yuanjing.Rule
---@field [integer] string the types that the value may have
---@field least? number
---@field above? number
---@field most? number
---@field is_whole? boolean
---@field one_of? string[]
---@field is? fun(value: any): boolean
---@field what? string the expected value in words, for the message
---@field needed? boolean
---@field fields? table<string, string|yuanjing.Rule> rules for the fields of a table
---@field problem? fun(value: any): string? a further check: returns what is wrong

local function is_in_range(value, rule)
  return value == value and value >= (rule.least or -math.huge)
    and value <= (rule.most or math.huge)
    and (not rule.above or value > rule.above)
    and (not rule.is_whole or value % 1 == 0)
end

local function is_among(value, list)
  for _, item in ipairs(list) do
    if item == value then return true end
  end
  return false
end

--- What is wrong with a value, or nil.
---@param name string
---@param value any
---@param rule string|yuanjing.Rule
---@return string?
function check.value(name, value, rule)
  local kind = type(value)
  if kind == rule then return nil end
  if type(rule) == "string" or not is_among(kind, rule)
    or kind == "number" and not is_in_range(value, rule)
    or rule.one_of and not is_among(value, rule.one_of)
    or rule.is and not rule.is(value) then
    return mistake.of_value(name, value, rule)
  end
  if kind == "table" and rule.fields then
    return check.problem(value, rule.fields, name)
  end
  local problem = rule.problem and rule.problem(value)
  return problem and ("%s: %s"):format(name, problem) or nil
end

local function missing(options, rules)
  for name, rule in pairs(rules) do
    if type(rule) == "table" and rule.needed and options[name] == nil then
      return name .. ": missing"
    end
  end
end

--- What is wrong with the options, or nil.
---@param options table
---@param rules table<string, string|yuanjing.Rule>
---@param place? string the name of the option that holds them
---@return string?
function check.problem(options, rules, place)
  for name, value in pairs(options) do
    local rule = rules[name]
    if not rule then
      return (place and place .. ": " or "")
        .. mistake.of_name("option", name, rules)
    end
    local problem = check.value(place and place .. "." .. name or name, value,
      rule)
    if problem then return problem end
  end
  return missing(options, rules)
end

--- Raises unless a value is a table.
---@param call string
---@param value any
---@param level? integer as of error(), where this is called; 2
function check.table(call, value, level)
  if type(value) == "table" then return end
  error(("%s: expected table, got %s"):format(call, type(value)),
    (level or 2) + 1)
end

--- Has each method of a class raise, at the caller's line, if it is called with a
--- dot: then what comes first is no object of that class, which has that field.
---@param class string as a program names it: "client"
---@param methods table<string, function>
---@param field string
function check.methods(class, methods, field)
  for name, method in pairs(methods) do
    methods[name] = type(method) == "function" and function(self, ...)
      if type(self) == "table" and self[field] ~= nil then
        return method(self, ...)
      end
      error(("%s.%s: call it with a colon, %s:%s"):format(class, name,
        class, name), 2)
    end or method
  end
end

--- Raises what is wrong with the options of a call.
---@param call string
---@param options any
---@param rules table<string, string|yuanjing.Rule>
---@param level? integer as of error(), where this is called; 2
function check.options(call, options, rules, level)
  level = (level or 2) + 1
  check.table(call, options, level)
  local problem = check.problem(options, rules)
  if problem then error(call .. ": " .. problem, level) end
end

return check
