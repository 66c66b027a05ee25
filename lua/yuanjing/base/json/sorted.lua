--- JSON with the names of an object sorted by their bytes, so that equal
-- values give equal texts. The caller chooses how strings, numbers and other
-- types are written.
local ascii = require "yuanjing.base.ascii"
local number = require "yuanjing.base.number"

local sorted_json = {}

local List = {}

--- Marks a table as a list, even if it is empty.
---@generic T: table
---@param items T
---@return T
function sorted_json.list(items)
  return setmetatable(items, List)
end

local function list_text(items, write)
  local parts = {}
  for n, item in ipairs(items) do parts[n] = write(item) end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function object_text(fields, write)
  local names, parts, values = {}, {}, {}
  for key, value in pairs(fields) do
    local name = number.show(key)
    names[#names + 1], values[name] = name, value
  end
  table.sort(names, ascii.less)
  for n, name in ipairs(names) do
    parts[n] = write(name) .. ":" .. write(values[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function table_text(value, write)
  local is_list = getmetatable(value) == List or value[1] ~= nil
  return (is_list and list_text or object_text)(value, write)
end

--- Makes a function that writes a value, from one writer for each type. A
--- writer gets the value and that function, for nested values. `other` is for
--- types that are not named, and `table` has a default. Raises for a table
--- that contains itself.
---@param writers table<string, fun(value: any, write: fun(value: any): string): string>
---@return fun(value: any): string
function sorted_json.writer(writers)
  local function write(value)
    local writer = writers[type(value)] or writers.other
    return writer(value, write)
  end
  writers.table = writers.table or table_text
  return write
end

sorted_json.table_text = table_text

return sorted_json
