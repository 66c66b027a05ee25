--- JSON for scripts: names in order, so that the same is always the same text,
-- and lists that stay lists when they are empty.
local json = require "yuanjing.json"

local document = {}

local List = {}

--- Has an empty table written as a list.
---@generic T: table
---@param items T
---@return T
function document.list(items)
  return setmetatable(items, List)
end

-- What can not be written (a text that is not UTF-8) must not lose the rest.
local function scalar(value)
  local text = json.encode(value) or json.encode(
    (tostring(value):gsub("[\128-\255]", "?")))
  return (text:gsub("\\/", "/"))
end

local encode

local function list_text(items)
  local parts = {}
  for i, item in ipairs(items) do parts[i] = encode(item) end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function object_text(fields)
  local names, parts = {}, {}
  for name in pairs(fields) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, name in ipairs(names) do
    parts[i] = scalar(tostring(name)) .. ":" .. encode(fields[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

--- A value as JSON in one line.
---@param value any
---@return string
function encode(value)
  if type(value) ~= "table" then return scalar(value) end
  if getmetatable(value) == List or #value > 0 then return list_text(value) end
  return object_text(value)
end

document.encode = encode

return document
