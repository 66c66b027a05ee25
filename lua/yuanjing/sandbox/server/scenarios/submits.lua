--- Answers to a submit. Further ones are `close`, `reset`, `abort` and
-- `stall-head`, where the task has begun, and `too-large` and the errors,
-- where it has not.
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
  { name = "submit-cut", takes = "bytes", default = 40,
    help = "the connection breaks after so many bytes of the answer; the " ..
      "id is whole from 31 on",
    submit = function(draft, bytes) draft.cut = bytes end },
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
