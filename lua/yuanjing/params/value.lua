--- One value against one parameter of the catalog: what goes out for it, or
-- what is wrong with it.
local core = require "yuanjing.core"

local value = {}

--- A value in words, short enough for a message.
function value.show(given)
  if type(given) ~= "string" then return tostring(given) end
  if #given > 60 then return ("a text of %d bytes"):format(#given) end
  return '"' .. given .. '"'
end

-- The choice meant by a text, whatever its case; a default is always one.
local function choice_of(param, text)
  local folded
  for _, choice in ipairs(param.choices) do
    if choice == text then return choice end
    if choice:lower() == text:lower() then folded = choice end
  end
  local default = param.default
  if default and default:lower() == text:lower() then return default end
  return folded
end

local function not_a_choice(param, given)
  local choices = {}
  for i, choice in ipairs(param.choices) do choices[i] = tostring(choice) end
  return nil, ("%s is not one of %s"):format(value.show(given),
    table.concat(choices, ", "))
end

local function text(param, given)
  if type(given) ~= "string" then
    return nil, ("expected %s, got %s"):format(
      param.flag and "true, false, Y or N" or "string", type(given))
  end
  if given == "" and param.required then return nil, "missing" end
  if core.utf8_error(given) then return nil, "the text is not UTF-8" end
  if not param.choices then return given end
  local choice = choice_of(param, given)
  if choice then return choice end
  return not_a_choice(param, given)
end

local function whole_number(given)
  local number = given
  if type(given) == "string" and given:find("^%-?%d+$") then
    number = tonumber(given)
  end
  if type(number) ~= "number" or number % 1 ~= 0 then return nil end
  return math.tointeger and math.tointeger(number) or number
end

local function bounds_problem(param, number)
  local low, high = param.minimum, param.maximum
  if (not low or number >= low) and (not high or number <= high) then
    return nil
  end
  if low and high then
    return ("%s is not from %d to %d"):format(number, low, high)
  end
  return low and ("%s is less than %d"):format(number, low)
    or ("%s is more than %d"):format(number, high)
end

local function integer(param, given)
  local number = whole_number(given)
  if not number then
    return nil, "expected a whole number, got " .. (type(given) == "table"
      and "table" or value.show(given))
  end
  if number == param.default then return number end
  local problem = bounds_problem(param, number)
  if problem then return nil, problem end
  if not param.choices then return number end
  for _, choice in ipairs(param.choices) do
    if choice == number then return number end
  end
  return not_a_choice(param, number)
end

--- What goes out for a value: 720p in the model's own spelling, true as "Y",
--- "5" as 5. Or nil and what is wrong. A parameter of the type "any" takes all.
---@param param yuanjing.CatalogParam
---@param given any
---@return any
---@return string? problem
function value.of(param, given)
  if param.type == "any" then return given end
  if param.type == "integer" then return integer(param, given) end
  if param.flag and type(given) == "boolean" then
    return given and "Y" or "N"
  end
  return text(param, given)
end

return value
