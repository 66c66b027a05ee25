--- What somebody in the room says when a call has failed: kindly, and with what
-- can be done about it.
local say = require "say"

local WORDS = {
  auth = "I may not answer: the key is missing or wrong. Is YUANJING_API_KEY "
    .. "set to a good one?",
  balance = "The account is empty. Somebody has to top it up first.",
  rate_limit = "Too many questions at once. Give me a moment, then ask again.",
  server = "Something broke at the other end. Please try again a bit later.",
  transport = "I can not reach the platform. Is the network there?",
  timeout = "That took too long, I gave up waiting. Shall we try again?",
  truncated = "... I lost the thread: the line broke off in the middle.",
  task_failed = "This picture would not come out. Try other words?",
  outcome_unknown = "The line broke before I had an answer. It may have been "
    .. "received, and billed: look before you ask again.",
}

---@param err any
---@return string
return function(err)
  local words = type(err) == "table" and WORDS[err.kind]
  return words and say(words) or say("That did not work: %s", tostring(err))
end
