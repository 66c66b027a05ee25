--- GET /llmage/v1/tasks, the legacy /llmage/tasks, and GET /sandbox/tasks.
local answers = require "yuanjing.sandbox.server.media.answers"
local json = require "yuanjing.sandbox.server.json"
local odds = require "yuanjing.sandbox.server.media.odds"
local play = require "yuanjing.sandbox.server.play"
local tasks = require "yuanjing.sandbox.server.media.tasks"

local query = {}

local function unknown(id)
  return json.record("status", "FAILED",
    "error", ("taskid=%s not exist"):format(id))
end

-- For an unknown task; the scenarios of this query still apply.
local function answer_unknown(id, seen)
  local odd = odds.new(nil, seen)
  local draft = answers.new({ id = id }, odd, 1)
  draft.record = unknown(id)
  odd:apply("query", draft)
  return draft:finish()
end

---@param seen yuanjing.sandbox.Seen
function query.status(seen)
  local id = seen.method == "POST" and seen.fields.taskid or seen.query.taskid
  if id == nil or id == "" then
    return play.fail(400, "Missing required parameter: taskid")
  elseif type(id) ~= "string" then
    return play.fail(400, "Invalid parameter taskid: string expected")
  end
  local task = tasks.find(id)
  if not task then return answer_unknown(id, seen) end
  local odd = odds.new(task, seen)
  local draft = answers.new(task, odd, tasks.count("query", id))
  odd:apply("wait", draft)
  draft.record = draft:describe()
  odd:apply("query", draft)
  return draft:finish()
end

--- Lists what was submitted, for tests of what the server received: all of it,
--- or with `?last=n` the last n.
---@param seen yuanjing.sandbox.Seen
function query.list(seen)
  return play.json(200, json.record("posts", tasks.posts(),
    "begun", tasks.begun(), "tasks", tasks.list(tonumber(seen.query.last))))
end

return query
