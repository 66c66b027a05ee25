--- What the studio's server answers. Each call waits as in a script, and stops
-- nobody else's request meanwhile.
-- luacheck: std +ngx_lua
local answers = require "answers"
local endings = require "yuanjing.protocol.chat.endings"
local request = require "request"
local talks = require "talks"
local uploads = require "uploads"
local yuanjing = require "yuanjing"

local answer, fail = answers.answer, answers.fail
local service = {}

local client = yuanjing.new() -- the key from the environment
local FOLDER = ngx.config.prefix() .. "files/"

--- A page of somebody else must not spend the key by its visitors' browsers,
--- which name in each POST the page that it comes from.
function service.check_origin()
  local origin = ngx.var.http_origin
  if ngx.req.get_method() ~= "POST" or not origin then return end
  if origin:match("^https?://(.+)$") ~= ngx.var.http_host then ngx.exit(403) end
end

-- What there is ------------------------------------------------------------

local ROWS = {}
for _, row in ipairs(yuanjing.catalog) do
  if row.api == "v1" and row.available then ROWS[#ROWS + 1] = row end
end

--- GET /catalog: the rows of yuanjing.catalog, from which the page makes its
--- forms.
function service.catalog()
  answer(200, ROWS)
end

--- GET /models: the ids of the text models.
function service.models()
  local models, err = client:models { category = "t2t" }
  if not models then return fail(err) end
  models.raw = nil
  answer(200, models)
end

-- Text ---------------------------------------------------------------------

-- Whether the visitor is still there.
local function tell(value)
  ngx.print(answers.encode(value), "\n")
  return ngx.flush(true)
end

local function tell_chunk(chunk)
  if chunk.content == "" and not chunk.reasoning_content then return true end
  return tell { text = chunk.content, reasoning = chunk.reasoning_content }
end

-- Why the answer is not all that the model had to say; nil: it is.
local function cut_by(reason)
  return endings.is_full(reason) and "length"
    or endings.is_cut(reason) and "filter" or nil
end

local function tell_failure(err)
  ngx.log(ngx.WARN, tostring(err))
  tell { error = answers.shown(err) }
end

local function tell_end(reply)
  tell { done = true, model = reply.model, ended_by = reply.ended_by,
    cut = cut_by(reply.ended_by), usage = reply.usage }
end

-- The answer, and the conversation that it belongs to, if there is one.
local function open_stream(params, id)
  if not id then
    local stream, err = client:chat(params)
    return stream, nil, err
  end
  local talk, err = talks.open(client, id)
  if not talk then return nil, nil, err end
  local stream
  stream, err = talk:ask { params.prompt, model = params.model, stream = true }
  return stream, talk, err
end

--- POST /chat {"talk": ..., "prompt": ...} goes on with a conversation, and
--- {"messages": [{"role": ..., "content": ...}]} or {"prompt": ...} asks this
--- alone: lines of JSON, {"text": ...} as it comes, {"done": true} or
--- {"error": ...} last. Without one of these it is not the whole; "cut" beside
--- "done" is "length" or "filter" if the model had more to say. An answer that
--- broke off leaves the conversation as it was.
function service.chat()
  local params, id = request.chat()
  local stream, talk, err = open_stream(params, id)
  if not stream then return fail(err) end
  ngx.header.content_type = "application/x-ndjson; charset=utf-8"
  repeat
    local chunk, problem = stream:next()
    if chunk and not tell_chunk(chunk) then return stream:close() end
    err = problem
  until not chunk
  if err then return tell_failure(err) end
  local reply = stream:finish()
  if talk then talks.keep(id, talk) end
  tell_end(reply)
end

--- GET /talk?id=: {"messages": [...]}, what was said in a conversation; {} if nobody
--- has begun it, or if it is forgotten.
function service.talk()
  local id = ngx.var.arg_id
  if not talks.is_id(id) then return answers.refuse("id") end
  local talk, err = talks.open(client, id)
  if not talk then return fail(err) end
  answer(200, { messages = talks.said(talk) })
end

-- Files --------------------------------------------------------------------

local EXTENSIONS = { "mp4", "png", "jpg", "jpeg", "webp" }

local function extension_of(url)
  for _, extension in ipairs(EXTENSIONS) do
    if url:find("%." .. extension .. "%f[%W]") then return extension end
  end
  return "bin"
end

-- The file of a task that is here already.
local function find(id)
  for _, extension in ipairs(EXTENSIONS) do
    local name = id .. "." .. extension
    local file = io.open(FOLDER .. name)
    if file then
      file:close()
      return name
    end
  end
end

-- First under a name of this request: two may want it at a time.
local function save(result, id)
  local extension = extension_of(result.video or result.image or "")
  local name = id .. "." .. extension
  local path, err = result:save(FOLDER .. ngx.var.request_id .. ".new")
  if not path then return nil, err end
  os.rename(path, FOLDER .. name)
  return name
end

-- Tasks --------------------------------------------------------------------

-- The platform may not know a task yet for so many seconds after its submit.
local UNKNOWN_AT_FIRST = 60

-- The id is paid for: with it the task can be fetched at any time, also by who
-- reads the log where the visitor has left. An image that was answered at once
-- has none, and gets one of ours.
local function start(kind)
  local params = request.media(kind)
  if not params then return end
  local task, err = client[kind](client, params)
  uploads.drop(params)
  if not task then return fail(err) end
  local id = task.id or ngx.var.request_id
  ngx.log(ngx.NOTICE, kind, " ", id)
  ngx.shared.young:set(id, true, UNKNOWN_AT_FIRST)
  if task.result then
    local saved, problem = save(task.result, id)
    if not saved then return fail(problem) end
  end
  answer(202, { id = id, status = task.status })
end

--- POST /image {"model": ..., "prompt": ...}: {"id": ..., "status": ...}
function service.image() start("image") end

--- POST /video, likewise; a medium is {"upload": ..., "name": ...}, or a list
--- of these.
function service.video() start("video") end

--- POST /upload with a file as its body: {"upload": ...}, its name for a while.
function service.upload()
  local name = uploads.receive()
  if not name then return answers.refuse("a file is expected") end
  answer(200, { upload = name })
end

local function read_id()
  local id = (ngx.var.arg_id or ""):match("^[%w_-]+$")
  if not id then answers.refuse("id") end
  return id
end

-- How it stands now; nil when that was answered.
local function refresh(id)
  local task = client:task(id)
  local ok, err = task:refresh()
  if ok then return task end
  if err.kind == "not_found" and ngx.shared.young:get(id) then
    return { id = id, status = "CREATED" }
  end
  return task.error and task or fail(err)
end

local function answer_status(task)
  local err = task.error
  answer(err and answers.status(err) or task.result and 200 or 202,
    { id = task.id, status = task.status, error = err and answers.shown(err) })
end

--- GET /task?id=: {"id": ..., "status": ...}; 200 when the result is there, 202
--- while it goes on. A task that failed has {"error": ...} as well; an error
--- without an id says nothing of the task.
function service.task()
  local id = read_id()
  if not id then return end
  if find(id) then return answer(200, { id = id, status = "SUCCEEDED" }) end
  local task = refresh(id)
  if task then answer_status(task) end
end

-- The name of its file, brought here if need be; nil when that was answered.
local function fetch(id)
  local name = find(id)
  if name then return name end
  local task = refresh(id)
  if not task then return nil end
  if not task.result then return answer_status(task) end
  local saved, err = save(task.result, id)
  return saved or fail(err)
end

--- GET /result?id=: the file, or a Range of it; before that as /task.
function service.result()
  local id = read_id()
  local name = id and fetch(id)
  if not name then return end
  ngx.header.content_disposition = ('inline; filename="%s"'):format(name)
  ngx.exec("/files/" .. name)
end

return service
