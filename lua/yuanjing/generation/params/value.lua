--- Checks one value against one parameter of the catalog: returns what to
-- send, or what is wrong.
local ascii = require "yuanjing.base.ascii"
local core = require "yuanjing.core"
local number = require "yuanjing.base.number"

local value = {}

--- A value as a short text for a message.
function value.show(given)
  if type(given) ~= "string" then return number.show(given) end
  if #given > 60 then return ("a text of %d bytes"):format(#given) end
  return '"' .. given .. '"'
end

-- The choice for a text, ignoring case; a default is always allowed.
local function choice_of(param, text)
  local folded
  for _, choice in ipairs(param.choices) do
    if choice == text then return choice end
    if ascii.lower(choice) == ascii.lower(text) then folded = choice end
  end
  local default = param.default
  if default and ascii.lower(default) == ascii.lower(text) then
    return default
  end
  return folded
end

local function not_a_choice(param, given)
  local choices = {}
  for i, choice in ipairs(param.choices) do choices[i] = number.show(choice) end
  return nil, ("%s is not one of %s"):format(value.show(given),
    table.concat(choices, ", ")), true
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
  local whole = given
  if type(given) == "string" and given:find("^%-?%d+$") then
    whole = tonumber(given)
  end
  if type(whole) ~= "number" or whole % 1 ~= 0 then return nil end
  return math.tointeger and math.tointeger(whole) or whole
end

local function bounds_problem(param, whole)
  local low, high = param.minimum, param.maximum
  if (not low or whole >= low) and (not high or whole <= high) then
    return nil
  end
  local shown = number.show(whole)
  if low and high then
    return ("%s is not from %d to %d"):format(shown, low, high)
  end
  return low and ("%s is less than %d"):format(shown, low)
    or ("%s is more than %d"):format(shown, high)
end

local function integer(param, given)
  local whole = whole_number(given)
  if not whole then
    return nil, "expected a whole number, got " .. (type(given) == "table"
      and "table" or value.show(given))
  end
  if whole == param.default then return whole end
  local problem = bounds_problem(param, whole)
  if problem then return nil, problem, true end
  if not param.choices then return whole end
  for _, choice in ipairs(param.choices) do
    if choice == whole then return whole end
  end
  return not_a_choice(param, whole)
end

--- What to send for a value: 720p in the model's own spelling, true as "Y",
--- "5" as 5. Or nil and what is wrong. The type "any" accepts everything.
---@param param yuanjing.CatalogParam
---@param given any
---@return any
---@return string? problem
---@return boolean? is_dated it is of the right type: newer models may take it
function value.of(param, given)
  if param.type == "any" then return given end
  if param.type == "integer" then return integer(param, given) end
  if param.flag and type(given) == "boolean" then
    return given and "Y" or "N"
  end
  return text(param, given)
end

return value
