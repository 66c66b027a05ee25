--- A failure inside a stream, followed by a normal [DONE]. `start` is before
-- any text, `middle` after half of it, `end` after the whole text and its
-- usage.
local json = require "yuanjing.sandbox.server.json"

local MESSAGE = "ERROR:the model is overloaded"

local PLACES = {
  start = function() return 0 end,
  middle = function(answer) return math.floor(answer:count() / 2) end,
  ["end"] = function(answer) return answer:count() end,
}

local function fail(answer, where, plan, chunk)
  local place = PLACES[where] or PLACES.middle
  answer:cut(plan.after or place(answer))
  answer:insert(math.huge, { chunk = chunk })
  answer:insert(math.huge, { done = true })
end

local function row(name, help, chunk)
  return { name = name, takes = "where", default = "middle", only = "stream",
    help = help .. "; start, middle or end",
    change = function(answer, where, plan)
      fail(answer, where, plan, chunk)
    end }
end

local record = json.record

return {
  row("stream-failed", 'a chunk {"error": "ERROR:...", "status": "FAILED"}',
    record("error", MESSAGE, "status", "FAILED",
      "llmusageid", "K9_veNBxeqvrFfbGWXs0R")),
  row("stream-error", 'a chunk {"error": "text"}', record("error", MESSAGE)),
  row("stream-error-object", 'a chunk {"error": {"message", "code"}}',
    record("error", record("message", MESSAGE, "type", "server_error",
      "code", "model_overloaded"))),
}
