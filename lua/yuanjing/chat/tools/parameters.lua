--- The parameters of a tool: written in short, or as a JSON schema.
--
--   { city = { "string", "a city's name" }, unit = { enum = { "c", "f" },
--     optional = true }, days = "integer" }
local ascii = require "yuanjing.base.ascii"
local tidy = require "yuanjing.chat.schema.tidy"

local parameters = {}

---@alias yuanjing.JsonType "string"|"number"|"integer"|"boolean"|"array"|"object"|"null"

---@class yuanjing.ShortParameter
---@field [1] yuanjing.JsonType|nil
---@field [2] string|nil what it is
---@field optional? boolean
---@field enum? any[]
---@field items? yuanjing.ShortParameter|string of an array
---@field properties? table<string, yuanjing.ShortParameter|string> of an object
---@field [string] any any other keyword of a JSON schema

-- A short form may have a parameter whose name is `type` or `properties`; its
-- value is then a type, or a table with a type in it.
local function is_schema(given)
  local properties = given.properties
  return type(given.type) == "string" and given.type == "object"
    or type(properties) == "table" and properties[1] == nil
    or type(given["$ref"]) == "string" or given.anyOf ~= nil and
      given.anyOf[1] ~= nil and type(given.anyOf[1]) == "table"
end

local object_of -- (short) -> schema

local TYPE_OF = { string = "string", number = "number", boolean = "boolean" }

local function type_of_values(values)
  local kind = type(values) == "table" and TYPE_OF[type(values[1])] or nil
  for _, value in ipairs(kind and values or {}) do
    if TYPE_OF[type(value)] ~= kind then return nil end
  end
  return kind
end

local function schema_of(short)
  if type(short) == "string" then return { type = short } end
  if type(short) ~= "table" then return short end
  local schema = { type = short[1], description = short[2] }
  for name, value in pairs(short) do
    if type(name) == "string" and name ~= "optional" then schema[name] = value end
  end
  schema.type = schema.type or type_of_values(schema.enum)
  if schema.items ~= nil then schema.items = schema_of(schema.items) end
  if schema.properties and schema.type == "object" and not schema.required then
    local inner = object_of(schema.properties)
    schema.properties, schema.required = inner.properties, inner.required
  end
  return schema
end

function object_of(short)
  local schema = { type = "object", properties = {}, required = {} }
  for name, parameter in pairs(short) do
    schema.properties[name] = schema_of(parameter)
    local is_optional = type(parameter) == "table" and parameter.optional
    if not is_optional then
      schema.required[#schema.required + 1] = tostring(name)
    end
  end
  table.sort(schema.required, ascii.less)
  return schema
end

--- The JSON schema of parameters. Vendors refuse one that is no object.
---@param given? table
---@return table
function parameters.schema(given)
  given = given or {}
  local schema = tidy(is_schema(given) and given or object_of(given))
  schema.type = schema.type or "object"
  schema.properties = schema.properties or {}
  return schema
end

return parameters
