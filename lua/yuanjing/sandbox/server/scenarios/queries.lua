--- Answers to status queries. `n`: only the first n of a task or asset;
-- otherwise all of them.
local json = require "yuanjing.sandbox.server.json"
local play = require "yuanjing.sandbox.server.play"

local record = json.record

local PAGE = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n" ..
  "<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>"

-- A row that replaces the first n answers.
local function spoilt(name, help, spoil)
  return { name = name, takes = "n", optional = true, help = help,
    query = function(draft, n)
      if draft.n <= (n or math.huge) then spoil(draft) end
    end }
end

-- A row that changes the answer's JSON; `first` may limit it.
local function changed(name, help, change)
  return { name = name, help = help, limited = true, query = change }
end

local function wrapped(wrap)
  return function(draft) draft.wrap = wrap end
end

local function rename_status(draft)
  local old = draft.record
  local new = record("taskstatus", old.status)
  for name, value in pairs(old) do new[name] = value end
  new.status, draft.record = nil, new
end

-- "output.message": moves the reason there.
local function move_reason(draft, path)
  local answer, reason = draft.record, draft.record.error
  if reason == nil then return end
  answer.error = nil
  local outer, inner = path:match("^([^.]+)%.(.+)$")
  answer[outer or path] = outer and record(inner, reason) or reason
end

return {
  { name = "query-reason", takes = "field", default = "fail_reason",
    limited = true, help = "why it failed stands in this field in the place " ..
      "of error: task_status_msg, output.message, failed_reason.message ...",
    query = move_reason },
  changed("query-wrapped", 'inside {"status": "ok", "data": {}}',
    wrapped(function(inner) return record("status", "ok", "data", inner) end)),
  changed("query-resposne", 'inside {"status", "data": {"resposne": {}}}',
    wrapped(function(inner)
      return record("status", "ok", "data", record("resposne", inner))
    end)),
  changed("query-taskstatus", "`taskstatus` in the place of `status`",
    rename_status),
  changed("query-lower", "the status in small letters", function(draft)
    draft.record.status = (draft.record.status or ""):lower()
  end),
  changed("query-twice", "the object twice in a row",
    function(draft) draft.twice = true end),
  changed("query-other-id", "the vendor's taskid, which is another",
    function(draft)
      draft.record.taskid = "cgt-20260401-" .. draft.task.id:sub(-5)
    end),
  changed("query-no-id", "no taskid",
    function(draft) draft.record.taskid = nil end),
  { name = "query-hang", takes = "seconds", default = 60, limited = true,
    help = "nothing comes for so long, or until the task has ended",
    wait = function(draft, seconds) draft:wait(seconds) end },
  spoilt("query-error", 'the query fails: {"status": "error", "data": {}}',
    function(draft)
      draft.record = record("status", "error", "data",
        record("message", "can not ask the vendor"))
    end),
  spoilt("query-not-exist", "the task is not known (yet)", function(draft)
    draft.record = record("status", "FAILED",
      "error", ("taskid=%s not exist"):format(draft.task.id))
  end),
  spoilt("query-500", "500 in plain text", function(draft)
    draft.play = play.text(500, "500 Internal Server Error")
  end),
  spoilt("query-502", "502 with a proxy's HTML page", function(draft)
    draft.play = play.body(502, PAGE)
  end),
  spoilt("query-html", "200 with an HTML page", function(draft)
    draft.play = play.body(200, PAGE)
  end),
  spoilt("query-reset", "the connection is reset", function(draft)
    draft.play = play.text(200, "")
    draft.play.reset = true
  end),
}
