--- The scenarios that a task keeps: given with the submit, they also change
-- its later queries and downloads. Scenarios given with a query or a download
-- change only that one, after the task's own.
local json = require "yuanjing.sandbox.server.json"
local scenario = require "yuanjing.sandbox.server.scenario"

---@class yuanjing.sandbox.Odds
---@field private _steps table[]
---@field private _first? number
---@field private _applied string[]
local methods = {}
local Odds = { __index = methods }

local function add(self, steps)
  for _, step in ipairs(steps or {}) do
    if step.name == "first" then self._first = step.value end
    self._steps[#self._steps + 1] = step
  end
end

---@param task? yuanjing.sandbox.Task
---@param seen yuanjing.sandbox.Seen
---@return yuanjing.sandbox.Odds
local function new(task, seen)
  local self = setmetatable({ _steps = {}, _applied = {} }, Odds)
  add(self, task and task.odd)
  add(self, seen.odd)
  return self
end

--- Applies all scenarios to a subject, with their functions for that phase.
--- `first` limits some to the first n; subject.n is the current number.
---@param phase string
---@param subject table
function methods:apply(phase, subject)
  for _, step in ipairs(self._steps) do
    local row = scenario.row(step.name)
    local late = row.limited and self._first and
      (subject.n or 0) > self._first
    if row[phase] and not late then
      row[phase](subject, step.value)
      self._applied[#self._applied + 1] = step.name
    end
  end
end

--- Lists the scenarios that took part in the answer's header.
---@param answer yuanjing.sandbox.Play
---@return yuanjing.sandbox.Play
function methods:report(answer)
  if #self._applied > 0 then
    answer.headers["X-Sandbox"] = table.concat(self._applied, "; ")
  end
  return answer
end

--- The scenarios of a submit that its task keeps.
---@param seen yuanjing.sandbox.Seen
---@return table[]
local function kept(seen)
  local list = {}
  for i, step in ipairs(seen.odd or {}) do
    list[i] = json.record("name", step.name, "value", step.value)
  end
  return list
end

return { new = new, kept = kept }
