--- What the service answers. Each call waits as in a script, and stops nobody
-- else's request meanwhile.
-- luacheck: std +ngx_lua
local cjson = require "cjson.safe"
local yuanjing = require "yuanjing"

local service = {}

local client = yuanjing.new() -- the key from the environment
local FOLDER = ngx.config.prefix() .. "files/"

-- Answers ------------------------------------------------------------------

local function answer(status, value)
  ngx.status = status
  ngx.header.content_type = "application/json"
  ngx.print(cjson.encode(value))
end

-- What of the platform's failures is a visitor's; all others are ours.
local STATUS = { invalid_request = 400, not_found = 404, rate_limit = 429,
  task_failed = 410, timeout = 504 }

local function fail(err)
  ngx.log(ngx.WARN, tostring(err))
  answer(STATUS[err.kind] or 502, { error = err.kind, message = err.message })
end

-- Of a visitor only these are taken: anything else could name a file of ours.
local CHAT = { "model", "prompt", "sys_prompt" }
local MEDIA = { "model", "prompt", "negative_prompt", "resolution", "ratio",
  "duration" }

local function read_params(names)
  ngx.req.read_body()
  local given, params = cjson.decode(ngx.req.get_body_data() or ""), {}
  for _, name in ipairs(names) do
    params[name] = type(given) == "table" and given[name] or nil
  end
  return params
end

-- Text ---------------------------------------------------------------------

--- POST /chat {"prompt": ...}: the text as it comes. One that breaks off breaks
--- the connection: what has come is not the whole.
function service.chat()
  local params = read_params(CHAT)
  params.stream = true
  local stream, err = client:chat(params)
  if not stream then return fail(err) end
  ngx.header.content_type = "text/plain; charset=utf-8"
  local ok, problem = pcall(function()
    for text in stream:text() do
      ngx.print(text)
      if not ngx.flush(true) then return stream:close() end
    end
  end)
  if ok then return end
  ngx.log(ngx.WARN, tostring(problem))
  ngx.exit(ngx.ERROR)
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

local function save(result, id)
  local name = id .. "." .. extension_of(result.video or result.image)
  local ok, err = result:save(FOLDER .. name)
  return ok and name, err
end

-- Tasks --------------------------------------------------------------------

-- The id is paid for: with it the task can be fetched at any time. An image
-- that was answered at once has none, and gets one of ours.
local function start(kind)
  local task, err = client[kind](client, read_params(MEDIA))
  if not task then return fail(err) end
  local id = task.id or ngx.var.request_id
  if task.result then
    local saved, problem = save(task.result, id)
    if not saved then return fail(problem) end
  end
  answer(202, { id = id, status = task.status })
end

--- POST /image {"prompt": ..., "model": ...}: {"id": ..., "status": ...}
function service.image() start("image") end

--- POST /video, likewise
function service.video() start("video") end

local function read_id()
  local id = (ngx.var.arg_id or ""):match("^[%w_-]+$")
  if not id then answer(400, { error = "invalid_request", message = "id" }) end
  return id
end

-- How it stands now; nil when that was answered.
local function refresh(id)
  local task = client:task(id)
  local ok, err = task:refresh()
  if not ok and not task.error then return fail(err) end
  return task
end

local function answer_status(task)
  local err = task.error
  answer(err and STATUS[err.kind] or task.result and 200 or 202,
    { id = task.id, status = task.status, message = err and err.message })
end

--- GET /task?id=: {"id": ..., "status": ...}; 200 when the result is there, 202
--- while it goes on.
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

--- GET /result?id=: the file; before that as /task.
function service.result()
  local id = read_id()
  local name = id and fetch(id)
  if name then ngx.exec("/files/" .. name) end
end

return service
