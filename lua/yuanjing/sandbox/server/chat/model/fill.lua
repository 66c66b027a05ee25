--- Makes a value that fits a JSON schema out of what somebody says.
local json = require "yuanjing.sandbox.server.json"
local source = require "yuanjing.sandbox.server.chat.model.source"
local strings = require "yuanjing.sandbox.server.chat.model.strings"
local words = require "yuanjing.sandbox.server.chat.model.words"

local fill = {}

local DEEPEST = 8 -- schemas in schemas

local value_for -- mutual recursion

-- Schemas ------------------------------------------------------------------

local function is_object(value)
  return type(value) == "table" and value ~= json.null and
    getmetatable(value) ~= nil
end

local function is_list(value)
  return type(value) == "table" and not getmetatable(value)
end

-- "#/$defs/x": what stands there.
local function follow(root, reference)
  local at = root
  for step in reference:gmatch("[^/]+") do
    if step ~= "#" then at = type(at) == "table" and at[step] or nil end
  end
  return is_object(at) and at or nil
end

local function merged(parts)
  local all = json.record()
  for _, part in ipairs(parts) do
    for name, value in pairs(is_object(part) and part or {}) do
      if is_object(value) and is_object(all[name]) then
        all[name] = merged { all[name], value }
      else
        all[name] = value
      end
    end
  end
  return all
end

-- The first alternative that is more than null.
local function first_of(list)
  for _, schema in ipairs(list) do
    if is_object(schema) and schema.type ~= "null" then return schema end
  end
end

local function without(schema, name)
  local rest = merged { schema }
  rest[name] = nil
  return rest
end

-- The schema without references and alternatives.
local function plain(schema, given, depth)
  if depth > DEEPEST then return schema end
  if type(schema["$ref"]) == "string" then
    local target = follow(given.root, schema["$ref"])
    return target and plain(target, given, depth + 1) or json.record()
  end
  for _, name in ipairs { "anyOf", "oneOf" } do
    local list = schema[name]
    local chosen = is_list(list) and first_of(list)
    if chosen then
      local all = merged { without(schema, name), plain(chosen, given, depth + 1) }
      return plain(all, given, depth + 1)
    end
  end
  if is_list(schema.allOf) then
    local parts = { without(schema, "allOf") }
    for _, part in ipairs(schema.allOf) do
      parts[#parts + 1] = is_object(part) and plain(part, given, depth + 1)
    end
    return merged(parts)
  end
  return schema
end

local function type_of(schema)
  local kind = schema.type
  if is_list(kind) then
    for _, name in ipairs(kind) do
      if name ~= "null" then return name end
    end
  end
  if type(kind) == "string" then return kind end
  return is_object(schema.properties) and "object" or schema.items and "array" or
    (schema.minimum or schema.maximum) and "number" or "string"
end

-- Choices ------------------------------------------------------------------

-- Where a text stands as a word of its own, or in Chinese.
local function find_word(small, text)
  if not text:find("^[a-z0-9]") then return small:find(text, 1, true) end
  return small:find("%f[%w]" .. text:gsub("%p", "%%%0") .. "%f[%W]")
end

-- The choice that is spoken of: by its very text, or by its words.
local function spoken_choice(choices, given)
  local small, best, place = given.text:lower(), nil, math.huge
  for _, choice in ipairs(choices) do
    local text = type(choice) == "string" and choice:lower()
    local at = text and #text > 1 and find_word(small, text)
    for key in pairs(text and words.of(words.apart(choice)) or {}) do
      at = at or given.words[key]
    end
    if at and at < place then best, place = choice, at end
  end
  return best
end

local function choice_for(schema, given, is_needed)
  local choice = spoken_choice(schema.enum, given)
  if choice ~= nil then return choice end
  if schema.default ~= nil then return schema.default end
  return is_needed and schema.enum[1] or nil
end

-- Numbers ------------------------------------------------------------------

local function within(number, schema, step)
  local least, most = tonumber(schema.minimum), tonumber(schema.maximum)
  local above, below = tonumber(schema.exclusiveMinimum),
    tonumber(schema.exclusiveMaximum)
  local unit = tonumber(schema.multipleOf) or step
  if above then least = math.max(least or -math.huge, above + (unit or 1e-3)) end
  if below then most = math.min(most or math.huge, below - (unit or 1e-3)) end
  if most then number = math.min(number, most) end
  if least then number = math.max(number, least) end
  if not unit then return number end
  local rounded = math.floor(number / unit) * unit
  if least and rounded < least then rounded = math.ceil(least / unit) * unit end
  return rounded
end

local function number_for(schema, given, is_needed, step)
  local number = source.number(given)
  if not number then
    if schema.default ~= nil then return schema.default end
    if not is_needed then return nil end
    number = 1
  end
  return within(number, schema, step)
end

-- Kinds --------------------------------------------------------------------

local NO = { "不", "别", "没", "关", "no ", "not ", "don't", "off", "without",
  "never" }

local KINDS = {}

function KINDS.boolean(schema, given, is_needed)
  if not is_needed and schema.default == nil then return nil end
  for _, word in ipairs(NO) do
    if given.text:lower():find(word, 1, true) then return false end
  end
  if schema.default ~= nil then return schema.default end
  return true
end

function KINDS.integer(schema, given, is_needed)
  return number_for(schema, given, is_needed, 1)
end

function KINDS.number(schema, given, is_needed)
  return number_for(schema, given, is_needed)
end

KINDS["null"] = function() return json.null end

function KINDS.string(schema, given, is_needed, name)
  return strings.value(schema, given, is_needed, name)
end

-- As many items as are told of, and as many as there have to be.
function KINDS.array(schema, given, is_needed, name, depth)
  local least = tonumber(schema.minItems) or 0
  if not is_needed and least == 0 and #source.items(given) < 2 then return nil end
  local item = is_object(schema.items) and schema.items or json.record()
  local most = tonumber(schema.maxItems) or math.huge
  local list = {}
  for _, said in ipairs(source.items(given)) do
    if #list < most then
      list[#list + 1] = value_for(item, source.part(given, said), true, name,
        depth + 1)
    end
  end
  while #list < least do
    list[#list + 1] = value_for(item, given, true, name, depth + 1)
  end
  return list
end

-- The names of the properties: those that are needed in the order in which they
-- are listed, then the others. The order of an object is an accident.
local function names_of(properties, needed)
  local names, others, seen = {}, {}, {}
  for _, name in ipairs(is_list(needed) and needed or {}) do
    if is_object(properties[name]) and not seen[name] then
      names[#names + 1], seen[name] = name, true
    end
  end
  for name, schema in pairs(properties) do
    if not seen[name] and is_object(schema) then others[#others + 1] = name end
  end
  table.sort(others)
  local count = #names
  for _, name in ipairs(others) do names[#names + 1] = name end
  return names, count
end

function KINDS.object(schema, given, _, _, depth)
  local object = json.record()
  local properties = is_object(schema.properties) and schema.properties or {}
  local names, needed = names_of(properties, schema.required)
  for n, name in ipairs(names) do
    object[name] = value_for(properties[name], given,
      given.is_complete or n <= needed, name, depth + 1)
  end
  getmetatable(object).order = names
  return object
end

function value_for(schema, given, is_needed, name, depth)
  if depth > DEEPEST then return json.null end
  schema = plain(schema, given, depth)
  if schema.const ~= nil then return schema.const end
  if is_list(schema.enum) and #schema.enum > 0 then
    return choice_for(schema, given, is_needed)
  end
  local kind = KINDS[type_of(schema)] or KINDS.string
  return kind(schema, given, is_needed, name, depth)
end

-- --------------------------------------------------------------------------

--- Arguments: what is required, and what is told of beyond it.
---@param schema table of an object
---@param text string what is said
---@param keys table<string, integer> the words that chose the tool
---@return table a record
function fill.object(schema, text, keys)
  local given = source.new(text, schema, keys)
  local value = value_for(schema, given, true, nil, 1)
  return is_object(value) and value or json.record()
end

--- A whole answer: every property has a value.
---@param schema table
---@param text string
---@return any
function fill.whole(schema, text)
  local given = source.new(text, schema, {})
  given.is_complete = true
  return value_for(schema, given, true, nil, 1)
end

return fill
