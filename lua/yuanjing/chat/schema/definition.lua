--- What is wrong with a schema itself, or beyond what is checked here: a keyword
-- that is passed over would let through what its writer wanted to keep out.
local suggest = require "yuanjing.base.suggest"
local values = require "yuanjing.chat.schema.values"

local definition = {}

local check_schema -- (state, schema, path)

local function expect(wanted)
  return function(state, value, path)
    if type(value) == wanted then return end
    values.add(state, path, "expected %s, got %s", wanted, type(value))
  end
end

local function a_list(state, value, path)
  if values.is_list(value) and next(value) ~= nil then return true end
  values.add(state, path, "expected a list with something in it")
end

local function a_list_of_names(state, value, path)
  if not values.is_list(value) then
    values.add(state, path, "expected a list, got %s", type(value))
  end
end

local function a_list_of_schemas(state, value, path)
  if not a_list(state, value, path) then return end
  for n, schema in ipairs(value) do
    check_schema(state, schema, values.beneath(path, n))
  end
end

local function schemas_by_name(state, value, path)
  if type(value) ~= "table" then
    return values.add(state, path, "expected an object, got %s", type(value))
  end
  for _, name in ipairs(values.names_in(value)) do
    check_schema(state, value[name], values.beneath(path, name))
  end
end

local function a_type(state, value, path)
  for _, name in ipairs(type(value) == "table" and value or { value }) do
    if not values.IS[name] then
      local meant = type(name) == "string" and suggest(name, values.TYPES)
      values.add(state, path, "expected one of %s, got %s%s", table.concat(values.TYPES, ", "),
        values.shown(name), meant and (", did you mean %s?"):format(meant) or "")
    end
  end
end

local function a_reference(state, value, path)
  local is_text = type(value) == "string" and value:find("^#")
  if is_text and type(values.find_reference(state.root, value)) == "table" then return end
  values.add(state, path, "leads to no schema inside this one")
end

local function anything() end

local DEFINED = {
  type = a_type, enum = a_list, const = anything, required = a_list_of_names,
  anyOf = a_list_of_schemas, oneOf = a_list_of_schemas,
  allOf = a_list_of_schemas, prefixItems = a_list_of_schemas,
  properties = schemas_by_name, ["$defs"] = schemas_by_name,
  definitions = schemas_by_name, ["$ref"] = a_reference,
  uniqueItems = expect "boolean", nullable = expect "boolean",
  title = anything, description = anything, default = anything,
  examples = anything, example = anything, format = anything,
  readOnly = anything, writeOnly = anything, deprecated = anything,
  ["$schema"] = anything, ["$id"] = anything, ["$comment"] = anything,
}
for _, name in ipairs { "minimum", "maximum", "exclusiveMinimum",
  "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems",
  "maxItems", "minProperties", "maxProperties" } do
  DEFINED[name] = expect "number"
end

function DEFINED.items(state, value, path) check_schema(state, value, path) end
DEFINED.additionalProperties, DEFINED["not"] = DEFINED.items, DEFINED.items

function check_schema(state, schema, path)
  if type(schema) == "boolean" or values.is_unbounded(state, path) then return end
  if type(schema) ~= "table" then
    return values.add(state, path, "expected a schema, got %s", type(schema))
  end
  state.depth = state.depth + 1
  for _, name in ipairs(values.names_in(schema)) do
    local defined = DEFINED[name]
    if defined then
      defined(state, schema[name], values.beneath(path, name))
    else
      local meant = suggest(name, values.names_in(DEFINED))
      values.add(state, values.beneath(path, name), "this keyword is not known here%s",
        meant and (", did you mean %s?"):format(meant) or "")
    end
  end
  state.depth = state.depth - 1
end

--- What is wrong with a schema, or beyond what is checked here.
---@param schema any
---@return string[] problems
function definition.problems(schema)
  local state = { root = schema, problems = {}, depth = 0 }
  check_schema(state, schema, "")
  return state.problems
end

return definition
