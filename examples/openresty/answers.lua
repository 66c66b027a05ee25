--- Answers as JSON, and what a visitor is told of an error.
-- luacheck: std +ngx_lua
local cjson = require "cjson.safe"

local answers = { encode = cjson.encode }

function answers.answer(status, value)
  ngx.status = status
  ngx.header.content_type = "application/json"
  ngx.print(cjson.encode(value))
end

-- What of the platform's failures is a visitor's; all others are ours.
local STATUS = { invalid_request = 400, not_found = 404, rate_limit = 429,
  task_failed = 410, timeout = 504 }

function answers.status(err)
  return STATUS[err.kind] or 502
end

-- What has gone wrong here tells of our files, which are nobody's business.
local OURS = { io = true, auth = true }

-- The path of an upload says nothing to who sent it.
local UPLOAD = ngx.config.prefix():gsub("%p", "%%%0") .. "%S+ ?"

--- What a visitor is told of an error.
function answers.shown(err)
  if OURS[err.kind] then return { kind = err.kind } end
  local task = err.task
  return { kind = err.kind, message = (err.message:gsub(UPLOAD, "")),
    retry_after = err.retry_after, id = task and task.id }
end

function answers.fail(err)
  ngx.log(ngx.WARN, tostring(err))
  answers.answer(answers.status(err), { error = answers.shown(err) })
end

--- Answers what is wrong with a request.
function answers.refuse(message)
  answers.answer(400, { error = { kind = "invalid_request",
    message = message } })
end

return answers
