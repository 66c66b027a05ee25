--- JSON for scripts: names are sorted, so that equal values give equal texts,
-- and empty lists stay lists.
local json = require "yuanjing.base.json"
local number = require "yuanjing.base.number"
local sorted_json = require "yuanjing.base.json.sorted"

local document = { list = sorted_json.list }

-- A text that is not UTF-8 must not lose the rest of the document.
local function scalar(value)
  local text = json.encode(value) or json.encode(
    (number.show(value):gsub("[\128-\255]", "?")))
  return (text:gsub("\\/", "/"))
end

--- A value as JSON in one line.
---@type fun(value: any): string
document.encode = sorted_json.writer { other = scalar }

return document
