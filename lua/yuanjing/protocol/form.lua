--- Submits: sends fields and files as JSON or as a form, and reads the answer
-- as a task.
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local http = require "yuanjing.http.call"
local json = require "yuanjing.base.json"
local lazy = require "yuanjing.base.lazy"
local loop = require "yuanjing.runtime.loop"
local number = require "yuanjing.base.number"
local reading = require "yuanjing.protocol.answer.reading"
local answers = lazy.module "yuanjing.protocol.task.answer"
local transno = lazy.module "yuanjing.protocol.transno"

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

-- "name: why" for the first part that can not be sent.
local function first_problem(parts)
  for _, part in ipairs(parts or {}) do
    local problem = form.problem_of(part)
    if problem then return part.name .. ": " .. problem end
  end
end

-- The request, with a number of ours if the client reconciles; or nil and an error
-- if a text in its form can not be sent.
local function sound(settings, request)
  if settings.reconcile and request.billable then transno.add(request) end
  local problem = first_problem(request.parts)
  if not problem then return request end
  return nil, errors.new { kind = "invalid_request", attempts = 0,
    call = request.method .. " " .. request.path, message = problem }
end

-- Notes that the platform has the request: settling looks for it in the history.
local function received(settings, request, began, id)
  if not request.transno then return end
  transno.received(settings.reconcile, { transno = request.transno, id = id,
    at = os.time(), kind = request.billable, took = loop.now() - began })
end

--- Sends a request that may have a form, as http.send() does.
---@return yuanjing.Response?
---@return yuanjing.Error?
function form.send(settings, request)
  local ok, err = sound(settings, request)
  if not ok then return nil, err end
  local began = loop.now()
  local response, problem = http.send(settings, request)
  if response and response.body and not response.failure then
    received(settings, request, began)
  end
  return response, problem
end

--- Sends a request that may have a form, and returns what `read` makes of the
--- answer, as reading.fetch_answer() does.
---@param read fun(document: table): table?, table?
function form.fetch_answer(settings, request, read)
  local ok, problem = sound(settings, request)
  if not ok then return nil, problem end
  local began = loop.now()
  local answer, err, pause = reading.fetch_answer(settings, request, read)
  if answer then received(settings, request, began, answer.id) end
  return answer, err, pause
end

--- Sends a submit and returns the new task. Error kinds: those of a call, and
--- task_failed. An error has the task whenever its id was readable.
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error?
function form.submit(settings, request)
  return form.fetch_answer(settings, request, answers.read_submit)
end

return form
