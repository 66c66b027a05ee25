--- The values of JSON as Lua has them, and how they are shown in a problem.
local ascii = require "yuanjing.base.ascii"
local canonical = require "yuanjing.chat.schema.canonical"
local json = require "yuanjing.base.json"

local values = {}

local MOST_PROBLEMS = 8 -- who mends more at once reads no more either
local DEEPEST = 64

--- Whether a value is a list; an empty table may be one.
function values.is_list(value)
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

--- Whether a value is of a type, by its name.
values.IS = {
  string = function(value) return type(value) == "string" end,
  boolean = function(value) return type(value) == "boolean" end,
  integer = is_integer,
  number = function(value)
    return type(value) == "number" or is_integer(value)
  end,
  array = values.is_list,
  object = is_object,
  null = function(value) return value == nil or value == json.null end,
}

values.TYPES = {}
for name in pairs(values.IS) do values.TYPES[#values.TYPES + 1] = name end
table.sort(values.TYPES, ascii.less)

function values.shown_type(value)
  if value == nil or value == json.null then return "null" end
  if type(value) == "table" then
    return value[1] ~= nil and "array" or "object"
  end
  return type(value)
end

local MOST_SHOWN = 40

--- A value as it is shown in a problem: short.
function values.shown(value)
  if type(value) == "table" or value == nil then return values.shown_type(value) end
  local text = canonical(value)
  if #text > MOST_SHOWN then return values.shown_type(value) end
  return text
end

function values.is_equal(left, right)
  if type(left) ~= type(right) then return false end
  return left == right or canonical(left) == canonical(right)
end

--- UTF-8 characters, which is what the standard counts.
function values.length_of(text)
  local _, count = text:gsub("[^\128-\191]", "")
  return count
end

function values.count_of(record)
  local count = 0
  for _ in pairs(record) do count = count + 1 end
  return count
end

--- Notes a problem at a place.
function values.add(state, path, text, ...)
  if #state.problems >= MOST_PROBLEMS then return end
  local problem = select("#", ...) > 0 and text:format(...) or text
  state.problems[#state.problems + 1] = path ~= "" and path .. ": " .. problem
    or problem
end

--- The place of what is inside of another place.
function values.beneath(path, name)
  if type(name) == "number" then return ("%s[%d]"):format(path, name) end
  return path == "" and name or path .. "." .. name
end

--- What a $ref leads to; nil or false: nothing.
function values.find_reference(root, reference)
  if reference == "#" then return root end
  local place = root
  for escaped in reference:gsub("^#", ""):gmatch("/([^/]*)") do
    local part = escaped:gsub("~1", "/"):gsub("~0", "~")
    place = type(place) == "table" and (place[part] or place[tonumber(part)])
  end
  return place
end

--- The names of an object, in an order.
function values.names_in(record)
  local names = {}
  for name in pairs(record) do names[#names + 1] = tostring(name) end
  table.sort(names, ascii.less)
  return names
end

--- Whether it is nested too deep, which is a problem.
function values.is_unbounded(state, path)
  if state.depth <= DEEPEST then return false end
  values.add(state, path, "nested too deep")
  return true
end

return values
