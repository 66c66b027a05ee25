--- JSON schemas, as far as this module knows them: what a value has that its schema
-- does not allow, in words. Debian has no validator that runs on every Lua, so here
-- is a part of the standard (2020-12), and a keyword outside of it is refused rather
-- than passed over:
--
--   type enum const anyOf oneOf allOf not $ref (inside the schema)
--   properties required additionalProperties minProperties maxProperties
--   items prefixItems minItems maxItems uniqueItems
--   minimum maximum exclusiveMinimum exclusiveMaximum multipleOf
--   minLength maxLength
--
-- title, description, default, examples, format and their like say nothing about
-- validity and are passed over.
local ascii = require "yuanjing.base.ascii"
local canonical = require "yuanjing.chat.schema.canonical"
local json = require "yuanjing.base.json"
local number = require "yuanjing.base.number"
local suggest = require "yuanjing.base.suggest"

local check = {}

local MOST_PROBLEMS = 8 -- who mends more at once reads no more either
local DEEPEST = 64

-- Values -------------------------------------------------------------------

local function is_list(value)
  return type(value) == "table" and (value[1] ~= nil or next(value) == nil)
end

local function is_object(value)
  return type(value) == "table" and value[1] == nil
end

-- An integer of many digits comes as a text, for a double would round it.
local function is_integer(value)
  if type(value) == "number" then return value % 1 == 0 end
  return type(value) == "string" and #value > 15
    and value:find("^-?%d+$") ~= nil
end

local IS = {
  string = function(value) return type(value) == "string" end,
  boolean = function(value) return type(value) == "boolean" end,
  integer = is_integer,
  number = function(value)
    return type(value) == "number" or is_integer(value)
  end,
  array = is_list,
  object = is_object,
  null = function(value) return value == nil or value == json.null end,
}

local TYPES = {}
for name in pairs(IS) do TYPES[#TYPES + 1] = name end
table.sort(TYPES, ascii.less)

local function shown_type(value)
  if value == nil or value == json.null then return "null" end
  if type(value) == "table" then
    return value[1] ~= nil and "array" or "object"
  end
  return type(value)
end

local MOST_SHOWN = 40

-- A value as it is shown in a problem: short.
local function shown(value)
  if type(value) == "table" or value == nil then return shown_type(value) end
  local text = canonical(value)
  if #text > MOST_SHOWN then return shown_type(value) end
  return text
end

local function is_equal(left, right)
  if type(left) ~= type(right) then return false end
  return left == right or canonical(left) == canonical(right)
end

-- UTF-8 characters, which is what the standard counts.
local function length_of(text)
  local _, count = text:gsub("[^\128-\191]", "")
  return count
end

local function count_of(record)
  local count = 0
  for _ in pairs(record) do count = count + 1 end
  return count
end

-- Checking -----------------------------------------------------------------

---@class yuanjing.SchemaCheck what goes on while a value is checked
---@field root table the whole schema
---@field problems string[]
---@field depth integer

local check_value -- (state, schema, value, path)

local function add(state, path, text, ...)
  if #state.problems >= MOST_PROBLEMS then return end
  local problem = select("#", ...) > 0 and text:format(...) or text
  state.problems[#state.problems + 1] = path ~= "" and path .. ": " .. problem
    or problem
end

local function beneath(path, name)
  if type(name) == "number" then return ("%s[%d]"):format(path, name) end
  return path == "" and name or path .. "." .. name
end

-- Whether a value fits, apart from what else is wrong.
local function fits(state, schema, value)
  local apart = { root = state.root, problems = {}, depth = state.depth }
  check_value(apart, schema, value, "")
  return #apart.problems == 0, apart.problems
end

local function find_reference(root, reference)
  if reference == "#" then return root end
  local place = root
  for part in reference:gsub("^#", ""):gmatch("/([^/]*)") do
    part = part:gsub("~1", "/"):gsub("~0", "~")
    place = type(place) == "table" and (place[part] or place[tonumber(part)])
  end
  return place
end

local function words_of(wanted)
  return type(wanted) == "table" and table.concat(wanted, " or ") or wanted
end

local function listed(values)
  local texts = {}
  for n, value in ipairs(values) do texts[n] = canonical(value) end
  return table.concat(texts, ", ")
end

local function is_of(value, wanted)
  for _, name in ipairs(type(wanted) == "table" and wanted or { wanted }) do
    if IS[name](value) then return true end
  end
  return false
end

local function check_alternatives(state, list, value, path, is_one)
  local count, closest = 0, nil
  for _, schema in ipairs(list) do
    local does, problems = fits(state, schema, value)
    if does then count = count + 1 end
    if not does and (not closest or #problems < #closest) then
      closest = problems
    end
  end
  if count == 0 then
    add(state, path, "fits none of %d alternatives (of the closest: %s)",
      #list, closest and closest[1] or "")
  elseif is_one and count > 1 then
    add(state, path, "fits %d alternatives, where it has to fit one", count)
  end
end

-- What each keyword asks of a value, by the type of values that it is for.
local ANY = {
  type = function(state, wanted, value, path)
    if is_of(value, wanted) then return end
    local value_shown = shown(value)
    add(state, path, "expected %s, got %s", words_of(wanted),
      value_shown == shown_type(value) and value_shown
        or ("%s %s"):format(shown_type(value), value_shown))
  end,
  enum = function(state, values, value, path)
    for _, allowed in ipairs(values) do
      if is_equal(allowed, value) then return end
    end
    add(state, path, "expected one of %s, got %s", listed(values), shown(value))
  end,
  const = function(state, wanted, value, path)
    if is_equal(wanted, value) then return end
    add(state, path, "expected %s, got %s", canonical(wanted), shown(value))
  end,
  anyOf = function(state, list, value, path)
    check_alternatives(state, list, value, path)
  end,
  oneOf = function(state, list, value, path)
    check_alternatives(state, list, value, path, true)
  end,
  allOf = function(state, list, value, path)
    for _, schema in ipairs(list) do check_value(state, schema, value, path) end
  end,
  ["not"] = function(state, schema, value, path)
    if not fits(state, schema, value) then return end
    add(state, path, "fits what it must not fit")
  end,
  ["$ref"] = function(state, reference, value, path)
    check_value(state, find_reference(state.root, reference), value, path)
  end,
}

-- A bound of a size: { what is measured, whether it is in it, the words }.
local function bound(measure, is_in, words)
  return function(state, limit, value, path)
    local size = measure(value)
    if is_in(size, limit) then return end
    add(state, path, words, number.show(limit), number.show(size))
  end
end

local function itself(value) return value end
local function at_least(size, limit) return size >= limit end
local function at_most(size, limit) return size <= limit end
local function more(size, limit) return size > limit end
local function less(size, limit) return size < limit end
local function items_of(list) return #list end

-- The nearest multiple is that far away at most: 0.3 is one of 0.1.
local function is_multiple(value, step)
  local count = value / step
  return math.abs(count - math.floor(count + 0.5)) < 1e-9
end

local NUMBERS = {
  minimum = bound(itself, at_least, "expected at least %s, got %s"),
  maximum = bound(itself, at_most, "expected at most %s, got %s"),
  exclusiveMinimum = bound(itself, more, "expected more than %s, got %s"),
  exclusiveMaximum = bound(itself, less, "expected less than %s, got %s"),
  multipleOf = bound(itself, is_multiple, "expected a multiple of %s, got %s"),
}

local STRINGS = {
  minLength = bound(length_of, at_least,
    "expected %s characters or more, got %s"),
  maxLength = bound(length_of, at_most, "expected %s characters at most, got %s"),
}

local LISTS = {
  minItems = bound(items_of, at_least, "expected %s items or more, got %s"),
  maxItems = bound(items_of, at_most, "expected %s items at most, got %s"),
  uniqueItems = function(state, is_wanted, value, path)
    local seen = {}
    for _, item in ipairs(is_wanted and value or {}) do
      local text = canonical(item)
      if seen[text] then add(state, path, "has %s twice", shown(item)) end
      seen[text] = true
    end
  end,
  prefixItems = function(state, schemas, value, path)
    for n, schema in ipairs(schemas) do
      if value[n] ~= nil then
        check_value(state, schema, value[n], beneath(path, n))
      end
    end
  end,
  items = function(state, schema, value, path, all)
    local first = all.prefixItems and #all.prefixItems + 1 or 1
    for n = first, #value do
      check_value(state, schema, value[n], beneath(path, n))
    end
  end,
}

local function names_in(record)
  local names = {}
  for name in pairs(record) do names[#names + 1] = tostring(name) end
  table.sort(names, ascii.less)
  return names
end

-- A field that is null is not there at all: where null is allowed it is no fault.
local function may_be_absent(state, all, name)
  local schema = all.properties and all.properties[name]
  return schema ~= nil and fits(state, schema, nil)
end

local function check_unknown(state, name, path, all)
  local names = names_in(all.properties or {})
  local meant = suggest(name, names)
  add(state, beneath(path, name), "not known (known: %s)%s",
    table.concat(names, ", "), meant and (", did you mean %s?"):format(meant)
      or "")
end

local OBJECTS = {
  minProperties = bound(count_of, at_least, "expected %s fields or more, got %s"),
  maxProperties = bound(count_of, at_most, "expected %s fields at most, got %s"),
  required = function(state, names, value, path, all)
    for _, name in ipairs(names) do
      if value[name] == nil and not may_be_absent(state, all, name) then
        add(state, beneath(path, name), "missing")
      end
    end
  end,
  properties = function(state, schemas, value, path)
    for _, name in ipairs(names_in(schemas)) do
      if value[name] ~= nil then
        check_value(state, schemas[name], value[name], beneath(path, name))
      end
    end
  end,
  additionalProperties = function(state, schema, value, path, all)
    for _, name in ipairs(names_in(value)) do
      if not (all.properties and all.properties[name]) then
        if schema == false then
          check_unknown(state, name, path, all)
        else
          check_value(state, schema, value[name], beneath(path, name))
        end
      end
    end
  end,
}

-- { whether a value is of that type, its keywords }
local GROUPS = {
  { function() return true end, ANY },
  { function(value) return type(value) == "number" end, NUMBERS },
  { IS.string, STRINGS }, { is_list, LISTS }, { is_object, OBJECTS },
}

local function is_unbounded(state, path)
  if state.depth <= DEEPEST then return false end
  add(state, path, "nested too deep")
  return true
end

function check_value(state, schema, value, path)
  if schema == true or is_unbounded(state, path) then return end
  if schema == false then return add(state, path, "not allowed") end
  if schema.nullable and IS.null(value) then return end -- of OpenAPI
  state.depth = state.depth + 1
  local before = #state.problems
  if schema.type ~= nil then ANY.type(state, schema.type, value, path) end
  for _, group in ipairs(#state.problems == before and GROUPS or {}) do
    local is_of_group, keywords = group[1], group[2]
    for _, name in ipairs(is_of_group(value) and names_in(schema) or {}) do
      local keyword = name ~= "type" and keywords[name]
      if keyword then keyword(state, schema[name], value, path, schema) end
    end
  end
  state.depth = state.depth - 1
end

--- What a value has that its schema does not allow: "city: missing", ...
---@param schema table
---@param value any
---@return string[] problems none: it fits
function check.value(schema, value)
  local state = { root = schema, problems = {}, depth = 0 }
  check_value(state, schema, value, "")
  return state.problems
end

-- Definitions ---------------------------------------------------------------

local check_schema -- (state, schema, path)

local function expect(wanted)
  return function(state, value, path)
    if type(value) == wanted then return end
    add(state, path, "expected %s, got %s", wanted, type(value))
  end
end

local function a_list(state, value, path)
  if is_list(value) and next(value) ~= nil then return true end
  add(state, path, "expected a list with something in it")
end

local function a_list_of_names(state, value, path)
  if not is_list(value) then
    add(state, path, "expected a list, got %s", type(value))
  end
end

local function a_list_of_schemas(state, value, path)
  if not a_list(state, value, path) then return end
  for n, schema in ipairs(value) do
    check_schema(state, schema, beneath(path, n))
  end
end

local function schemas_by_name(state, value, path)
  if type(value) ~= "table" then
    return add(state, path, "expected an object, got %s", type(value))
  end
  for _, name in ipairs(names_in(value)) do
    check_schema(state, value[name], beneath(path, name))
  end
end

local function a_type(state, value, path)
  for _, name in ipairs(type(value) == "table" and value or { value }) do
    if not IS[name] then
      local meant = type(name) == "string" and suggest(name, TYPES)
      add(state, path, "expected one of %s, got %s%s", table.concat(TYPES, ", "),
        shown(name), meant and (", did you mean %s?"):format(meant) or "")
    end
  end
end

local function a_reference(state, value, path)
  local is_text = type(value) == "string" and value:find("^#")
  if is_text and type(find_reference(state.root, value)) == "table" then return end
  add(state, path, "leads to no schema inside this one")
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
  if type(schema) == "boolean" or is_unbounded(state, path) then return end
  if type(schema) ~= "table" then
    return add(state, path, "expected a schema, got %s", type(schema))
  end
  state.depth = state.depth + 1
  for _, name in ipairs(names_in(schema)) do
    local defined = DEFINED[name]
    if defined then
      defined(state, schema[name], beneath(path, name))
    else
      local meant = suggest(name, names_in(DEFINED))
      add(state, beneath(path, name), "this keyword is not known here%s",
        meant and (", did you mean %s?"):format(meant) or "")
    end
  end
  state.depth = state.depth - 1
end

--- What is wrong with a schema, or beyond what is checked here.
---@param schema any
---@return string[] problems
function check.definition(schema)
  local state = { root = schema, problems = {}, depth = 0 }
  check_schema(state, schema, "")
  return state.problems
end

return check
