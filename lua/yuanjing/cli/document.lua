--- JSON for scripts: names in order, so that the same is always the same text,
-- and lists that stay lists when they are empty.
local json = require "yuanjing.base.json"
local number = require "yuanjing.base.number"
local sorted_json = require "yuanjing.base.sorted_json"

local document = { list = sorted_json.list }

-- What can not be written (a text that is not UTF-8) must not lose the rest.
local function scalar(value)
  local text = json.encode(value) or json.encode(
    (number.show(value):gsub("[\128-\255]", "?")))
  return (text:gsub("\\/", "/"))
end

--- A value as JSON in one line.
---@type fun(value: any): string
document.encode = sorted_json.writer { other = scalar }

return document
