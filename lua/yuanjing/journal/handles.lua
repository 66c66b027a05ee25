--- Converts between entries of a journal and handles of their tasks: the only
-- module of the journal that makes tasks.
local errors = require "yuanjing.errors"
local loop = require "yuanjing.runtime.loop"
local kinds = require "yuanjing.protocol.task.kinds"
local protocols = require "yuanjing.protocol"
local task = require "yuanjing.task.task"

local handles = {}

--- What a record keeps of a result.
---@param result yuanjing.ResultFields
---@return table
function handles.urls(result)
  local urls = { text = result.text }
  for _, kind in ipairs(kinds) do
    local list = result[kind .. "s"]
    urls[kind .. "s"] = list and list[1] and list or nil
  end
  return urls
end

-- The result that a record was made of.
local function result_of(entry)
  local recorded = entry.result or {}
  local result = { raw = recorded, text = recorded.text }
  for _, kind in ipairs(kinds) do
    local list = recorded[kind .. "s"] or {}
    result[kind .. "s"], result[kind] = list, list[1]
  end
  return result
end

--- What an entry says of its task, for task.new().
--- NB: `at` is by the submitter's clock. A "no such task" from the platform is
--- not final for a while from now on, as for a new task.
---@param entry yuanjing.journal.Entry
---@return table
function handles.about(entry)
  return { model = entry.model, category = entry.category, note = entry.note,
    entry = entry, submitted = loop.now() }
end

local function failure_of(entry)
  local recorded = entry.error
  if recorded and errors.kinds[recorded.kind]
    and type(recorded.message) == "string" then
    return errors.new(recorded)
  end
  return errors.new { kind = "task_failed", message = "why was not recorded" }
end

--- The task of an entry, or nil if it has none.
---@param settings table
---@param entry yuanjing.journal.Entry
---@return yuanjing.Task?
function handles.task(settings, entry)
  if not entry.id and entry.state ~= "done" then return nil end
  local about = handles.about(entry)
  about.error = entry.state == "failed" and failure_of(entry) or nil
  about.is_recorded = entry.state == "done"
  local made = task.new(settings, protocols.of { api = entry.api or settings.api }, {
    id = entry.id, status = entry.status,
    result = entry.state == "done" and result_of(entry) or nil }, about)
  if made.error then made.error.task = made end
  return made
end

return handles
