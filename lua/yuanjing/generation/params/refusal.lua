--- Explains why a model does not take a name.
local catalog = require "yuanjing.generation.catalog"
local fields = require "yuanjing.protocol.fields"
local suggest = require "yuanjing.base.suggest"
local target_of = require "yuanjing.generation.params.target"

-- Collects some fields of the rows' parameters, each value once, in order.
local function each_once(rows, ...)
  local list, seen = {}, {}
  for _, row in ipairs(rows) do
    for _, param in ipairs(row.params) do
      for _, field in ipairs { ... } do
        local text = param[field]
        if text and not seen[text] then
          list[#list + 1], seen[text] = text, true
        end
      end
    end
  end
  return list
end

local function join(list)
  return table.concat(list, ", ")
end

-- The names that a user may have meant: the model's, then the vocabulary.
local function candidates(rows)
  local names = each_once(rows, "name", "alias")
  for _, role in ipairs(catalog.roles) do names[#names + 1] = role end
  names[#names + 1] = "category"
  names[#names + 1] = "extra"
  return names
end

-- The names that a row takes, as users know them.
local function known(row)
  local names = {}
  for _, param in ipairs(row.params) do
    local name = param.role or param.alias or param.name
    if not fields.is_filled_in(param.name) and names[#names] ~= name then
      names[#names + 1] = name
    end
  end
  return names
end

local function hint_for_medium(row, rows, others)
  if #others > 0 then return join(others) .. " takes it" end
  local roles = each_once({ row }, "role")
  local hint = #roles > 0 and "it takes " .. join(roles)
    or "it takes no media"
  if #rows == 1 then return hint end
  return hint .. "; its categories are " .. join(target_of.categories(rows))
end

local function of_name(target, name, others)
  if #others > 0 then
    return ("no parameter of %s in category %s (but in %s)"):format(
      target.model, target.row.category, join(others))
  end
  local meant = suggest(name, candidates(target.rows))
  if meant then
    return ('unknown parameter, did you mean "%s"?'):format(meant)
  end
  return ("unknown parameter of %s in category %s (known: %s)"):format(
    target.model, target.row.category, join(known(target.row)))
end

--- The explanation for a name that is not taken.
---@param target yuanjing.Target with a row
---@param name any
---@return string shown the name, short enough for a message
---@return string problem
local function refusal(target, name)
  local row, rows = target.row, target.rows
  local others = target_of.categories(rows, name)
  if not target_of.is_medium(rows, name) then
    local text = tostring(name)
    local problem = of_name(target, text, others)
    return #text > 64 and "a long name" or text, problem
  end
  return name, ("not taken by %s in category %s (%s)"):format(
    target.model, row.category, hint_for_medium(row, rows, others))
end

return refusal
