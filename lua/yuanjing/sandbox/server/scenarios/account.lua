--- The history of the account, and how it can not be relied on. Those that begin
-- with `history` do nothing to other requests: a client may send them with each.
local endpoints = require "yuanjing.sandbox.server.endpoints"
local json = require "yuanjing.sandbox.server.json"
local play = require "yuanjing.sandbox.server.play"

-- A row that spoils the history.
local function spoilt(name, field, help, takes, default)
  return { name = name, help = help, takes = takes, default = default,
    ask = function(seen, value)
      seen.history = seen.history or {}
      seen.history[field] = value
    end }
end

-- A row that answers in its place.
local function instead(name, help, answer)
  return { name = name, help = help, instead = function(seen, value)
    if endpoints[seen.path] ~= "history" then return nil end
    return answer(seen, value)
  end }
end

local LOGIN = "<!DOCTYPE html><html><head><title>登录</title></head>" ..
  "<body><form></form></body></html>"

return {
  { name = "unrecorded", help = "the history never has this call",
    ask = function(seen) seen.unrecorded = true end },
  spoilt("history-lag", "lag", "the history has a call only so many seconds " ..
    "after it came", "seconds", 3),
  spoilt("history-drop", "drop", "the history leaves out each n-th call", "n", 2),
  spoilt("history-shifted", "shifted", "each call has the number of another"),
  spoilt("history-nameless", "nameless", "the history has no numbers"),
  spoilt("history-unreadable", "unreadable", "the history does not say what " ..
    "was asked for"),
  instead("history-refused", "the history refuses the key", function()
    return play.json(401, json.record("error", "need login"))
  end),
  instead("history-empty", "the history is empty", function()
    return play.json(200, json.record("success", true, "rows", {}, "total", 0,
      "page", 1, "page_size", 10))
  end),
  instead("history-moved", "the history is somewhere else", function()
    return play.text(404, "404: Not Found")
  end),
  instead("history-page", "a page to log in instead of the history", function()
    return play.body(200, LOGIN)
  end),
  instead("history-other", "the history has another shape", function()
    return play.json(200, json.record("status", "ok", "data",
      json.record("calls", { json.record("no", 1) })))
  end),
}
