--- The protocol of the v1 API: its paths, and the form of its requests
-- (docs/platform.md#endpoints).
local categories = require "yuanjing.protocol.category"
local envelope = require "yuanjing.protocol.answer.envelope"
local exchange = require "yuanjing.http.exchange"
local json = require "yuanjing.base.json"
local reading = require "yuanjing.protocol.answer.reading"
local sending = require "yuanjing.protocol.sending"
local lazy = require "yuanjing.base.lazy"
local percent = require "yuanjing.base.percent"
local texts = require "yuanjing.protocol.chat.call"
local answers = lazy.module "yuanjing.protocol.task.answer"
local errors = lazy.kept "yuanjing.errors"
local form = lazy.module "yuanjing.protocol.form" -- loaded by what has checked
local user_form = lazy.module "yuanjing.protocol.user_form"

local PATHS = require("yuanjing.protocol.endpoints").v1

local v1 = texts.new_wire("v1", PATHS.chat)

-- Tasks --------------------------------------------------------------------

--- Submits an image or a video: as a form if files go along, else as JSON.
---@param kind "image"|"video"
---@param checked yuanjing.Checked
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error?
function v1.submit(settings, kind, checked)
  local request = { method = "POST", path = PATHS[kind], billable = kind,
    about = form.about(checked), transno = checked.transno,
    before_sending = checked.before_sending }
  if #checked.files > 0 then
    request.parts, request.length = form.parts(checked)
  else
    request.json = form.object(checked.fields)
  end
  return sending.submit(settings, request)
end

--- Queries the status of a task.
---@param seconds? number that the query may take, retries and all
---@return yuanjing.TaskAnswer?
---@return yuanjing.Error?
function v1.task(settings, id, seconds)
  return reading.fetch_answer(settings, { method = "GET",
    path = PATHS.task, query = "taskid=" .. percent.encode(id),
    total = answers.query_limit(seconds) }, answers.read_status)
end

-- The rest -----------------------------------------------------------------

local function read_models(document)
  local failure = envelope.failure(document)
  if failure then return nil, failure end
  if type(document.data) ~= "table" then
    return nil, { kind = "decode", message = "no list of models came" }
  end
  -- `categories`: those that the list names for each id
  local ids = { raw = document, categories = {} }
  for _, model in ipairs(document.data) do
    local id = type(model) == "table" and model.id
    if type(id) == "string" then
      if not ids.categories[id] then
        ids.categories[id], ids[#ids + 1] = {}, id
      end
      local named = model[categories.FIELD]
      if type(named) == "string" then ids.categories[id][named] = true end
    end
  end
  return ids
end

--- The ids of the models, without duplicates; `raw` is the platform's list.
---@param settings table
---@param category? string any of its names
---@return string[]?
---@return yuanjing.Error?
function v1.models(settings, category)
  local ids, err = reading.fetch_answer(settings, { method = "GET",
    path = PATHS.models, query = {
      [categories.FIELD] = category and categories.named(category) } },
    read_models)
  return ids, err
end

local function refused(faults)
  if errors.is(faults) then return nil, faults end -- user_form did not load
  local fields = faults:fields()
  fields.call = "client:request"
  return nil, errors.new(fields)
end

--- Sends any request and returns the answer, decoded if it is JSON.
---@param request yuanjing.Request
---@param fields? yuanjing.Form
---@return yuanjing.RawResponse?
---@return yuanjing.Error?
function v1.request(settings, request, fields)
  if fields then
    local parts, length = user_form.read(fields)
    if not parts then return refused(length) end
    request.parts, request.length = parts, length
    request.about = { params = fields }
  end
  request.refusal = envelope.refusal
  request.usage = envelope.usage
  local is_free = request.method == "GET" or request.method == "HEAD"
  request.billable = not is_free and "request" or nil
  local response, err = sending.send(settings, request)
  if not response then return nil, err end
  local document = json.decode(response.body)
  local is_object = type(document) == "table"
  if response.failure and not is_object then return nil, response.failure end
  local failure = is_object and envelope.failure(document)
  if failure then return reading.failed(failure, response) end
  return { status = response.status, headers = exchange.headers(response.head),
    body = response.body, json = document }
end

return v1
