--- The answer to a submit. More for it are `close`, `reset`, `abort`,
-- `stall-head`, `too-large` and the errors: with all of the first three the
-- task has begun.
local json = require "yuanjing.sandbox.server.json"

local function at_once(task)
  task.seconds = 0
end

return {
  { name = "submit-wrapped", help = 'inside {"status": "ok", "data": {}}',
    submit = function(draft)
      draft.wrap = function(record)
        return json.record("status", "ok", "data", record)
      end
    end },
  { name = "submit-status", takes = "word", default = "submitted",
    help = "another word: created, submitted, PENDING ...",
    submit = function(draft, word) draft.record.status = word end },
  { name = "submit-twice", help = "the object twice in a row",
    submit = function(draft) draft.twice = true end },
  { name = "submit-done", help = "SUCCEEDED already, with the result",
    begin = at_once,
    submit = function(draft) draft.record = draft:describe() end },
  { name = "submit-finished",
    help = "SUCCEEDED already, with the result but without a taskid",
    begin = at_once,
    submit = function(draft)
      draft.record = draft:describe()
      draft.record.taskid = nil
    end },
  { name = "submit-failed", takes = "text",
    default = "ERROR:the content was refused",
    help = "FAILED already, with this error",
    begin = function(task, text) task.seconds, task.fails = 0, text end,
    submit = function(draft) draft.record = draft:describe() end },
}
