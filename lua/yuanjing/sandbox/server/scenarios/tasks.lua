--- The outcome of a task or an asset. Given with the submit or the upload.
local endpoints = require "yuanjing.sandbox.server.endpoints"
local json = require "yuanjing.sandbox.server.json"
local play = require "yuanjing.sandbox.server.play"

return {
  { name = "task", takes = "seconds", optional = true,
    help = "the time from the submit, or an asset's upload, to the end; in " ..
      "a chat: a task object instead of a reply",
    instead = function(seen)
      if endpoints[seen.path] ~= "chat" then return nil end
      return play.json(200, json.record("taskid", "936759404378734592",
        "status", "CREATED"))
    end,
    begin = function(task, seconds)
      task.seconds = seconds or task.seconds
    end },
  { name = "task-fails", takes = "text",
    default = "ERROR:the content was refused",
    help = "ends FAILED with this error; an asset: Failed",
    begin = function(task, text) task.fails = text end },
  { name = "task-ends", takes = "word", default = "UNKNOWN",
    help = "ends with this word: UNKNOWN, CANCELED, CANCELLED, EXPIRED ...",
    begin = function(task, word) task.ends = word end },
  { name = "task-done", takes = "word", default = "completed",
    help = "ends well with this word: succeed, SUCCESS, done, 已完成 ...",
    begin = function(task, word) task.done_word = word end },
  { name = "task-fail-word", takes = "word", default = "rejected",
    help = "with task-fails: says this instead of FAILED",
    begin = function(task, word) task.fail_word = word end },
  { name = "task-word", takes = "word", default = "processing",
    help = "says this instead of RUNNING; an asset: of Processing",
    begin = function(task, word) task.word = word end },
  { name = "task-never", help = "does not end",
    begin = function(task) task.never = true end },
  { name = "unchecked",
    help = "takes any model, and its fields and files as they are",
    ask = function(seen) seen.unchecked = true end },
}
