--- Sends what may be billed: checks the form, gives it a number of ours where the
-- client reconciles, and notes that the platform has it.
local http = require "yuanjing.http.call"
local lazy = require "yuanjing.base.lazy"
local loop = require "yuanjing.runtime.loop"
local reading = require "yuanjing.protocol.answer.reading"
local answers = lazy.module "yuanjing.protocol.task.answer"
local errors = lazy.kept "yuanjing.errors"
local form = lazy.module "yuanjing.protocol.form" -- loaded, where there are parts
local transno = lazy.module "yuanjing.protocol.transno"

local sending = {}

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
function sending.send(settings, request)
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
function sending.fetch_answer(settings, request, read)
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
function sending.submit(settings, request)
  return sending.fetch_answer(settings, request, answers.read_submit)
end

return sending
