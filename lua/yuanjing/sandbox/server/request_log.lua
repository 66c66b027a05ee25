--- The server's log: two JSON lines for each request, when it has arrived and
-- when its answer has ended. It never contains a key.
local json = require "yuanjing.sandbox.server.json"

local journal = {}

local BODY_LIMIT = 16 * 1024
local SECRET_HEADERS = { authorization = true, cookie = true }

local keys, file, count = {}, nil, 0

---@param known string[]
function journal.configure(known)
  keys = known
end

---@param path string
function journal.open(path)
  file = assert(io.open(path, "a"))
end

local function mask(line)
  for _, key in ipairs(keys) do
    local pattern = json.encode(key):sub(2, -2):gsub("%W", "%%%0")
    if #key >= 4 then line = line:gsub(pattern, "***") end
  end
  return line
end

local function write(record)
  file:write(mask(json.encode(record)), "\n")
  file:flush()
end

-- Masks a secret; keeps the first word if there are several: "Bearer".
local function shown(name, value)
  if not SECRET_HEADERS[name] then return value end
  local scheme = value:match("^(%a+) ")
  return scheme and scheme .. " ***" or "***"
end

local function shown_headers(headers)
  local record = json.record()
  for name, value in pairs(headers) do record[name] = shown(name, value) end
  return record
end

local function a_string(value)
  return type(value) == "string" and value or nil
end

-- The bytes of a form or an upload are logged as fields and files.
local function shown_body(seen)
  if seen.form or seen.uri or #seen.body > BODY_LIMIT then return nil end
  return seen.body
end

---@param seen yuanjing.sandbox.Seen
function journal.arrived(seen)
  count = count + 1
  ngx.var.journal_id = count -- survives the internal redirect to @reset
  local fields, received = seen.fields, seen.received or {}
  local stream
  if fields.stream ~= nil then stream = fields.stream == true end
  write(json.record("id", count, "at", ngx.now(), "method", seen.method,
    "path", seen.path, "query", ngx.var.args, "auth", seen.auth,
    "model", a_string(fields.model), "stream", stream,
    "scenario", seen.scenario ~= "" and seen.scenario or nil,
    "bytes", seen.bytes, "headers",
    shown_headers(seen.headers), "fields", received.fields,
    "files", received.files, "order", received.order,
    "problem", received.problem,
    "body", shown_body(seen)))
end

-- A request that nginx refused never arrived: only its end is logged.
local function unread()
  count = count + 1
  return json.record("id", count, "at", ngx.req.start_time(),
    "method", ngx.req.get_method(), "path", ngx.var.uri)
end

function journal.ended()
  local id = tonumber(ngx.var.journal_id)
  local record = id and json.record("id", id) or unread()
  record.status = tonumber(ngx.var.status)
  record.sent = tonumber(ngx.var.bytes_sent)
  record.seconds = tonumber(ngx.var.request_time)
  write(record)
end

return journal
