--- Images and videos: checks the user's parameters against the catalog,
-- submits, and returns the task.
local protocols = require "yuanjing.protocol"
local errors = require "yuanjing.errors"
local loop = require "yuanjing.runtime.loop"
local params_of = require "yuanjing.generation.params"
local lazy = require "yuanjing.base.lazy"
local task = require "yuanjing.task.task"
local transno = lazy.module "yuanjing.protocol.transno"

-- It reads what is paid for: it is loaded before anything is sent.
require "yuanjing.protocol.task.answer"

local submit = {}

local DATED = "if the platform takes it by now, `validate = false` sends it"

local function refused(kind, faults, is_dated)
  local fields = faults:fields()
  fields.call, fields.hint = "client:" .. kind, is_dated and DATED or nil
  return nil, errors.new(fields)
end

local function send(settings, protocol, kind, checked, note)
  local recorder = not settings.dry_run and settings.recorder
  if recorder then return recorder:submit(protocol, kind, checked, note) end
  return protocol.submit(settings, kind, checked)
end

--- See Client:image and Client:video.
---@param kind "image"|"video"
function submit.call(settings, kind, given)
  local protocol = protocols.of(settings)
  local checked, _, is_dated, faults = params_of.check(protocol.name, kind,
    given, settings.validate)
  if not checked then return refused(kind, faults, is_dated) end
  if not settings.dry_run then loop.check_wait() end
  -- here, because the journal has it before it leaves
  checked.transno = settings.reconcile and transno.new() or nil
  local answer, err, entry = send(settings, protocol, kind, checked, given.note)
  local about = { model = checked.model, category = checked.category,
    note = given.note, entry = entry,
    submitted = loop.now() } -- the call may have waited, and been sent slowly
  if answer then return task.new(settings, protocol, answer, about) end
  if err.task then
    about.error = err.kind == "task_failed" and err or nil
    err.task = task.new(settings, protocol, err.task, about)
  end
  return nil, err
end

return submit
