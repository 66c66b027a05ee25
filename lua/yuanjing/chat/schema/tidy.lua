--- A schema as it can be written: Lua does not tell an empty list from an empty
-- object, and JSON does.
local LISTS = { required = true, examples = true }

local function is_empty_list(name, value)
  return LISTS[name] and type(value) == "table" and next(value) == nil
end

--- A copy of a schema without empty lists.
---@param schema any
---@return any
local function tidy(schema)
  if type(schema) ~= "table" then return schema end
  local copy = {}
  for name, value in pairs(schema) do
    if not is_empty_list(name, value) then copy[name] = tidy(value) end
  end
  return copy
end

return tidy
