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
local canonical = require "yuanjing.chat.schema.canonical"
local number = require "yuanjing.base.number"
local suggest = require "yuanjing.base.suggest"
local values = require "yuanjing.chat.schema.values"

local check = {}

-- Checking -----------------------------------------------------------------

---@class yuanjing.SchemaCheck what goes on while a value is checked
---@field root table the whole schema
---@field problems string[]
---@field depth integer

local check_value -- (state, schema, value, path)

-- Whether a value fits, apart from what else is wrong.
local function fits(state, schema, value)
  local apart = { root = state.root, problems = {}, depth = state.depth }
  check_value(apart, schema, value, "")
  return #apart.problems == 0, apart.problems
end

local function words_of(wanted)
  return type(wanted) == "table" and table.concat(wanted, " or ") or wanted
end

local function listed(items)
  local texts = {}
  for n, value in ipairs(items) do texts[n] = canonical(value) end
  return table.concat(texts, ", ")
end

local function is_of(value, wanted)
  for _, name in ipairs(type(wanted) == "table" and wanted or { wanted }) do
    if values.IS[name](value) then return true end
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
    values.add(state, path, "fits none of %d alternatives (of the closest: %s)",
      #list, closest and closest[1] or "")
  elseif is_one and count > 1 then
    values.add(state, path, "fits %d alternatives, where it has to fit one", count)
  end
end

-- What each keyword asks of a value, by the type of values that it is for.
local ANY = {
  type = function(state, wanted, value, path)
    if is_of(value, wanted) then return end
    local value_shown = values.shown(value)
    values.add(state, path, "expected %s, got %s", words_of(wanted),
      value_shown == values.shown_type(value) and value_shown
        or ("%s %s"):format(values.shown_type(value), value_shown))
  end,
  enum = function(state, choices, value, path)
    for _, allowed in ipairs(choices) do
      if values.is_equal(allowed, value) then return end
    end
    values.add(state, path, "expected one of %s, got %s", listed(choices), values.shown(value))
  end,
  const = function(state, wanted, value, path)
    if values.is_equal(wanted, value) then return end
    values.add(state, path, "expected %s, got %s", canonical(wanted), values.shown(value))
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
    values.add(state, path, "fits what it must not fit")
  end,
  ["$ref"] = function(state, reference, value, path)
    check_value(state, values.find_reference(state.root, reference), value, path)
  end,
}

-- A bound of a size: { what is measured, whether it is in it, the words }.
local function bound(measure, is_in, words)
  return function(state, limit, value, path)
    local size = measure(value)
    if is_in(size, limit) then return end
    values.add(state, path, words, number.show(limit), number.show(size))
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
  minLength = bound(values.length_of, at_least,
    "expected %s characters or more, got %s"),
  maxLength = bound(values.length_of, at_most, "expected %s characters at most, got %s"),
}

local LISTS = {
  minItems = bound(items_of, at_least, "expected %s items or more, got %s"),
  maxItems = bound(items_of, at_most, "expected %s items at most, got %s"),
  uniqueItems = function(state, is_wanted, value, path)
    local seen = {}
    for _, item in ipairs(is_wanted and value or {}) do
      local text = canonical(item)
      if seen[text] then values.add(state, path, "has %s twice", values.shown(item)) end
      seen[text] = true
    end
  end,
  prefixItems = function(state, schemas, value, path)
    for n, schema in ipairs(schemas) do
      if value[n] ~= nil then
        check_value(state, schema, value[n], values.beneath(path, n))
      end
    end
  end,
  items = function(state, schema, value, path, all)
    local first = all.prefixItems and #all.prefixItems + 1 or 1
    for n = first, #value do
      check_value(state, schema, value[n], values.beneath(path, n))
    end
  end,
}

-- A field that is null is not there at all: where null is allowed it is no fault.
local function may_be_absent(state, all, name)
  local schema = all.properties and all.properties[name]
  return schema ~= nil and fits(state, schema, nil)
end

local function check_unknown(state, name, path, all)
  local names = values.names_in(all.properties or {})
  local meant = suggest(name, names)
  values.add(state, values.beneath(path, name), "not known (known: %s)%s",
    table.concat(names, ", "), meant and (", did you mean %s?"):format(meant)
      or "")
end

local OBJECTS = {
  minProperties = bound(values.count_of, at_least, "expected %s fields or more, got %s"),
  maxProperties = bound(values.count_of, at_most, "expected %s fields at most, got %s"),
  required = function(state, names, value, path, all)
    for _, name in ipairs(names) do
      if value[name] == nil and not may_be_absent(state, all, name) then
        values.add(state, values.beneath(path, name), "missing")
      end
    end
  end,
  properties = function(state, schemas, value, path)
    for _, name in ipairs(values.names_in(schemas)) do
      if value[name] ~= nil then
        check_value(state, schemas[name], value[name], values.beneath(path, name))
      end
    end
  end,
  additionalProperties = function(state, schema, value, path, all)
    for _, name in ipairs(values.names_in(value)) do
      if not (all.properties and all.properties[name]) then
        if schema == false then
          check_unknown(state, name, path, all)
        else
          check_value(state, schema, value[name], values.beneath(path, name))
        end
      end
    end
  end,
}

-- { whether a value is of that type, its keywords }
local GROUPS = {
  { function() return true end, ANY },
  { function(value) return type(value) == "number" end, NUMBERS },
  { values.IS.string, STRINGS }, { values.is_list, LISTS }, { values.IS.object, OBJECTS },
}

function check_value(state, schema, value, path)
  if schema == true or values.is_unbounded(state, path) then return end
  if schema == false then return values.add(state, path, "not allowed") end
  if schema.nullable and values.IS.null(value) then return end -- of OpenAPI
  state.depth = state.depth + 1
  local before = #state.problems
  if schema.type ~= nil then ANY.type(state, schema.type, value, path) end
  for _, group in ipairs(#state.problems == before and GROUPS or {}) do
    local is_of_group, keywords = group[1], group[2]
    for _, name in ipairs(is_of_group(value) and values.names_in(schema) or {}) do
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

return check
