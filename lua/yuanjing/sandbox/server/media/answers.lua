--- Answers about a task, before they are encoded.
local clock = require "yuanjing.sandbox.server.clock"
local json = require "yuanjing.sandbox.server.json"
local play = require "yuanjing.sandbox.server.play"
local results = require "yuanjing.sandbox.server.media.results"
local tasks = require "yuanjing.sandbox.server.media.tasks"

---@class yuanjing.sandbox.Draft
---@field task yuanjing.sandbox.Task
---@field n integer the first, second ... of its kind for this task
---@field record table the JSON object
---@field wrap? fun(record: table): table what is put around it
---@field cut? integer the connection breaks after so many bytes
---@field twice? boolean two of them in a row
---@field play? yuanjing.sandbox.Play another answer in its place
---@field private _odds yuanjing.sandbox.Odds
local methods = {}
local Draft = { __index = methods }

local function new(task, odds, n)
  return setmetatable({ task = task, _odds = odds, n = n }, Draft)
end

--- The state of the task, as the answer to a query.
---@return table record
function methods:describe()
  local task = self.task
  local word, _, outcome = tasks.stage(task)
  local record = json.record("usage", nil, "image", nil, "video", nil,
    "audio", nil, "output", nil, "text", nil, "status", word,
    "taskid", task.id)
  if outcome == "succeeded" then results.fill(record, task, self._odds) end
  if outcome == "failed" then record.error = task.fails end
  return record
end

local STEP = 0.02 -- seconds

--- Waits, but not beyond the task's end.
--- NB: clock.now() does not advance during a sleep of less than a millisecond,
--- so a loop that sleeps just the remaining time would not end.
function methods:wait(seconds)
  local stop = clock.now() + seconds
  while clock.now() < stop and not select(2, tasks.stage(self.task)) do
    ngx.sleep(STEP)
  end
end

---@return yuanjing.sandbox.Play
function methods:finish()
  local answer = self.play
  if not answer then
    local record = self.wrap and self.wrap(self.record) or self.record
    answer = play.json(200, record)
    local body = answer:body_text()
    if self.twice then answer:set_body(body .. body) end
    if self.cut then
      answer.items = { { raw = body:sub(1, self.cut) }, { hangup = true } }
    end
  end
  return self._odds:report(answer)
end

return { new = new }
