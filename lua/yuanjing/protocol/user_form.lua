--- The form that a user passes to client:request: a map of fields, or a list of
-- { name, value } in the order to send. Here a string is always a text and never
-- a path.
local ascii = require "yuanjing.base.ascii"
local faults = require "yuanjing.base.check.faults"
local form = require "yuanjing.protocol.form"
local json = require "yuanjing.base.json"
local media = require "yuanjing.base.media"
local number = require "yuanjing.base.number"

local user_form = {}

---@alias yuanjing.FormValue string|number|boolean|yuanjing.File|yuanjing.Bytes|yuanjing.AssetRef|yuanjing.Asset

--- Fields by their names, or in the order they go out. A list of values repeats
--- its field.
---@alias yuanjing.Form table<string, yuanjing.FormValue|yuanjing.FormValue[]>|yuanjing.FormPair[]

---@class yuanjing.FormPair
---@field [1] string
---@field [2] yuanjing.FormValue|yuanjing.FormValue[]

local function is_pair(item)
  return type(item) == "table" and not media.is(item)
    and type(item[1]) == "string" and item[2] ~= nil and #item == 2
end

-- The fields of a map, sorted by name.
local function of_map(map, found)
  local names, list = {}, {}
  for name in pairs(map) do
    if type(name) == "string" then
      names[#names + 1] = name
    else
      found:add({ parameter = "form", index = name }, "a field needs a name")
    end
  end
  table.sort(names, ascii.less)
  for n, name in ipairs(names) do list[n] = { name, map[name] } end
  return list
end

-- The name and the value of each field, in the order to send.
local function fields_of(given, found)
  if not is_pair(given[1]) or not json.is_list(given) then
    return of_map(given, found)
  end
  local list = {}
  for n, item in ipairs(given) do
    if is_pair(item) then
      list[#list + 1] = item
    else
      found:add({ parameter = "form", index = n }, "expected { name, value }")
    end
  end
  return list
end

-- The part for one value; or nil and why it can not be sent.
local function part_of(name, value)
  if media.is(value) then
    local medium, problem = media.read_to_send(value)
    return medium and form.medium_part(name, medium), problem
  elseif type(value) == "number" then
    local text, problem = number.text(value, "a form")
    return text and { name = name, data = text }, problem
  elseif type(value) == "string" or type(value) == "boolean" then
    return { name = name, data = tostring(value) }
  end
  return nil, ("a %s can not go out in a form: texts, numbers, booleans, files "
    .. "and lists of them can"):format(type(value) == "userdata" and "null"
      or type(value))
end

-- The items of a list; any other value is the only item.
local function items_of(value)
  local is_list = type(value) == "table" and value[1] ~= nil
    and not media.is(value) and json.is_list(value)
  return is_list and value or { value }, is_list
end

local function add_field(parts, name, value, found)
  if name == "" then return found:add("form", "a field needs a name") end
  local items, is_list = items_of(value)
  for n, item in ipairs(items) do
    local part, problem = part_of(name, item)
    problem = problem or form.problem_of(part)
    if problem then
      found:add(is_list and { parameter = name, index = n } or name, "%s",
        problem)
    end
    parts[#parts + 1] = part
  end
end

--- The parts of a form and the length of its files; or nil and its faults.
---@param given yuanjing.Form
---@return table[]? parts
---@return number|yuanjing.Faults length_or_faults
function user_form.read(given)
  local parts, found, length = {}, faults.new(true), 0
  local fields = media.is(given) and {} or fields_of(given, found)
  if #fields + #found == 0 then found:add("form", "expected fields") end
  for _, field in ipairs(fields) do
    add_field(parts, field[1], field[2], found)
  end
  if #found > 0 then return nil, found end
  for _, part in ipairs(parts) do length = length + (part.size or 0) end
  return parts, length
end

return user_form
