--- The scenarios that stay with a task: given with the submit, they change its
-- later queries and downloads too. Given with a query or a download, they
-- change that one alone, after the task's own.
local json = require "yuanjing.sandbox.server.json"
local scenario = require "yuanjing.sandbox.server.scenario"

---@class yuanjing.sandbox.Odds
---@field private _steps table[]
---@field private _first? number
---@field private _told string[]
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
  local self = setmetatable({ _steps = {}, _told = {} }, Odds)
  add(self, task and task.odd)
  add(self, seen.odd)
  return self
end

--- Lets all of them change something, each by its function for that phase.
--- `first` keeps some to the first n; the subject's n says which it is.
---@param phase string
---@param subject table
function methods:apply(phase, subject)
  for _, step in ipairs(self._steps) do
    local row = scenario.row(step.name)
    local late = row.limited and self._first and
      (subject.n or 0) > self._first
    if row[phase] and not late then
      row[phase](subject, step.value)
      self._told[#self._told + 1] = step.name
    end
  end
end

--- Says in the answer's head which have had a part in it.
---@param answer yuanjing.sandbox.Play
---@return yuanjing.sandbox.Play
function methods:tell(answer)
  if #self._told > 0 then
    answer.headers["X-Sandbox"] = table.concat(self._told, "; ")
  end
  return answer
end

--- What to keep with a task of the scenarios that came with its submit.
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
