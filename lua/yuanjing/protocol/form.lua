--- Forms: fields and files as the parts of one, and what a form can not express.
local core = require "yuanjing.core"
local json = require "yuanjing.base.json"
local number = require "yuanjing.base.number"

local form = {}

--- The fields as an object.
---@param fields { [1]: string, [2]: any }[]
---@return table
function form.object(fields)
  local object = {}
  for _, field in ipairs(fields) do object[field[1]] = field[2] end
  return object
end

local function text_of(value)
  if type(value) == "number" then return number.text(value, "a form") end
  return tostring(value)
end

---@class yuanjing.SentMedium
---@field name string of the field
---@field medium yuanjing.Medium
---@field is_listed? boolean in JSON the field is an array, even with one item

--- Adds the media of a field. If all are URLs, the field is a text or a list of
--- texts. If one is a file, all are added as files, to keep their order.
---@param out { fields: table[], files: yuanjing.SentMedium[] }
---@param name string
---@param media yuanjing.Medium[]
---@param is_list? boolean
function form.add_media(out, name, media, is_list)
  local urls = {}
  for _, medium in ipairs(media) do urls[#urls + 1] = medium.url end
  if #media > 0 and #urls == #media then
    out.fields[#out.fields + 1] = { name, is_list and urls or urls[1] }
    return
  end
  for _, medium in ipairs(media) do
    out.files[#out.files + 1] = { name = name, medium = medium,
      is_listed = is_list or nil }
  end
end

local SAYABLE = { string = true, number = true, boolean = true, table = true }

-- Why a form can not express a value, or nil. The platform reads the text
-- "false" in a form as true (docs/platform.md#what-goes-out), and an empty list
-- would be no field at all.
local function unsayable(value, is_item)
  if value == false then
    return "false can not be said along with files, where each text is true: "
      .. "leave it out"
  end
  if not SAYABLE[type(value)] then
    return ("a %s can not be said along with files"):format(type(value)
      == "userdata" and "null" or type(value))
  end
  if type(value) ~= "table" then return nil end
  if is_item or #value == 0 or not json.is_list(value) then
    return "a table can not be said along with files, unless it is a list of "
      .. "texts or numbers"
  end
  for _, item in ipairs(value) do
    local problem = unsayable(item, true)
    if problem then return problem end
  end
end

--- Calls report() for each field that a form can not express.
---@param fields { [1]: string, [2]: any }[]
---@param report fun(name: string, problem: string)
function form.check(fields, report)
  for _, field in ipairs(fields) do
    local problem = unsayable(field[2])
    if problem then report(field[1], problem) end
  end
end

-- A list becomes a repeated field.
local function add_text(parts, name, value)
  if type(value) ~= "table" then
    local text, problem = text_of(value)
    parts[#parts + 1] = { name = name, data = text, problem = problem }
    return
  end
  for _, item in ipairs(value) do add_text(parts, name, item) end
end

--- A medium as a part of a form. A URL becomes a text.
---@param name string of the field
---@param medium yuanjing.Medium
---@return table
function form.medium_part(name, medium)
  if medium.url then return { name = name, data = medium.url } end
  return { name = name, path = medium.path, data = medium.data,
    -- a server may decode "%41" in a name to "A"
    file_name = medium.name:gsub("%%", "%%25"), type = medium.type,
    size = medium.size }
end

--- The parts of a form, texts first and files last, and the length of its files.
---@param checked yuanjing.Checked
---@return table[] parts
---@return number length
function form.parts(checked)
  local parts, length = {}, 0
  for _, field in ipairs(checked.fields) do
    add_text(parts, field[1], field[2])
  end
  for _, file in ipairs(checked.files) do
    local medium = file.medium
    parts[#parts + 1] = form.medium_part(file.name, medium)
    length = length + (medium.size or #(medium.data or ""))
  end
  return parts, length
end

--- The names and sizes of files.
---@param files yuanjing.SentMedium[]
---@return table[]
function form.sizes(files)
  local list = {}
  for n, file in ipairs(files) do
    list[n] = { name = file.name, file = file.medium.name,
      bytes = file.medium.size, url = file.medium.url }
  end
  return list
end

--- What a submit asks for; an error and a journal name it.
---@param checked yuanjing.Checked
---@return yuanjing.About
function form.about(checked)
  return { model = checked.model, category = checked.category,
    seconds = checked.seconds, params = {
    fields = form.object(checked.fields), files = form.sizes(checked.files) } }
end

--- Why a part can not be sent, or nil. If one byte is not UTF-8, the platform
--- drops all later fields.
---@param part table
---@return string?
function form.problem_of(part)
  if part.problem then return part.problem end
  local text = not part.file_name and part.data or ""
  for _, sent in pairs { part.name, text, part.file_name } do
    if core.utf8_error(sent) then return "the text is not UTF-8" end
  end
  return part.name:find("[%z\1-\31]")
    and "a control character stands in the name" or nil
end

return form
