--- What a user gives to a call with sound, checked: all that is wrong, at once.
local ascii = require "yuanjing.base.ascii"
local check = require "yuanjing.base.check"
local categories = require "yuanjing.protocol.category"
local errors = require "yuanjing.errors"
local number = require "yuanjing.base.number"

local params = {}

--- The problems of the parameters that are of a known type.
---@param given table
---@param wanted table<string, string> types by name
---@param needed string[]
---@return string[]
function params.problems(given, wanted, needed)
  local problems = {}
  for _, name in ipairs(needed) do
    if given[name] == nil or given[name] == "" then
      problems[#problems + 1] = name .. ": missing"
    end
  end
  for name, value in pairs(given) do
    if type(name) ~= "string" then
      problems[#problems + 1] = ("%s: no name of a parameter")
        :format(number.show(name))
    elseif wanted[name] then
      problems[#problems + 1] = check.value(name, value, wanted[name])
    end
  end
  table.sort(problems, ascii.less)
  return problems
end

--- The fields that go out, the model and the category first.
---@param given table
---@param category string where none is given
---@param names table<string, string> those that are called otherwise
---@param skipped? table<string, true> those that go out in another way
---@return { [1]: string, [2]: any }[]
function params.fields(given, category, names, skipped)
  local rest = {}
  for name, value in pairs(given) do
    if name ~= "model" and name ~= "category" and name ~= categories.FIELD
      and not (skipped or {})[name] then
      rest[#rest + 1] = { names[name] or name, value }
    end
  end
  table.sort(rest, function(one, other) return ascii.less(one[1], other[1]) end)
  local fields = { { categories.FIELD, categories.chosen(given.category,
    given[categories.FIELD]) or category } }
  if given.model then table.insert(fields, 1, { "model", given.model }) end
  for _, field in ipairs(rest) do fields[#fields + 1] = field end
  return fields
end

--- The error that says so.
---@return nil
---@return yuanjing.Error
function params.refused(call, problems)
  return nil, errors.new { kind = "invalid_request", call = call,
    message = table.concat(problems, "; "), problems = problems, attempts = 0 }
end

return params
