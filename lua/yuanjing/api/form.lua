--- Submits: fields and files as JSON or as a form, and the answer as a task.
local answers = require "yuanjing.api.answers"
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local number = require "yuanjing.number"
local reading = require "yuanjing.api.reading"

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

-- In a form the text "false" is true: a false flag is left out (PLATFORM.md
-- section 3). A list is a field that is repeated.
local function add_text(parts, name, value)
  if value == false then return end
  if type(value) ~= "table" then
    local text, problem = text_of(value)
    parts[#parts + 1] = { name = name, data = text, problem = problem }
    return
  end
  for _, item in ipairs(value) do add_text(parts, name, item) end
end

--- The parts of a form, texts first and files last, and how long its files are.
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
    parts[#parts + 1] = { name = file.name, path = medium.path,
      data = medium.data, file_name = medium.name, type = medium.type,
      size = medium.size }
    length = length + (medium.size or #(medium.data or ""))
  end
  return parts, length
end

--- The names and sizes of files.
---@param files { name: string, medium: yuanjing.Medium }[]
---@return table[]
function form.sizes(files)
  local list = {}
  for n, file in ipairs(files) do
    list[n] = { name = file.name, file = file.medium.name,
      bytes = file.medium.size }
  end
  return list
end

--- What a submit is about.
---@param checked yuanjing.Checked
---@return yuanjing.About
function form.about(checked)
  return { model = checked.model, category = checked.category, params = {
    fields = form.object(checked.fields), files = form.sizes(checked.files) } }
end

-- One byte that is not UTF-8 makes the platform drop all later fields.
local function is_bad_text(part)
  for _, text in pairs { part.name, not part.file_name and part.data or "",
    part.file_name } do
    if core.utf8_error(text) then return true end
  end
  return part.name:find("[%z\1-\31]") ~= nil
end

-- "name: why" for the first part that can not go out.
local function problem_of(parts)
  for _, part in ipairs(parts or {}) do
    local problem = part.problem
      or is_bad_text(part) and "the text is not UTF-8"
    if problem then return part.name .. ": " .. problem end
  end
end

--- Sends a submit: what the platform says of the new task. Error kinds: those of
--- a call, and task_failed. An error has the task whenever its id was readable.
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error?
function form.submit(settings, request)
  local problem = problem_of(request.parts)
  if problem then
    return nil, errors.new { kind = "invalid_request", attempts = 0,
      call = request.method .. " " .. request.path, message = problem }
  end
  return reading.fetch_answer(settings, request, answers.read_submit)
end

return form
