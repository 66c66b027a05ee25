--- A request, parsed as the platform does.
local endpoints = require "yuanjing.sandbox.server.endpoints"
local form = require "yuanjing.sandbox.server.media.form"
local json = require "yuanjing.sandbox.server.json"
local multipart = require "yuanjing.sandbox.server.media.multipart"
local play = require "yuanjing.sandbox.server.play"
local upload_body = require "yuanjing.sandbox.server.assets.body"

local request = {}

local JSON_LIMIT = 10 * 1024 * 1024

---@class yuanjing.sandbox.Seen
---@field method string
---@field path string
---@field query table<string, string> arguments of the address
---@field headers table<string, string>
---@field body string "" for a form; without the data URI of an upload
---@field bytes integer of the body
---@field fields table the JSON object, the texts of a form, or empty
---@field form? yuanjing.sandbox.Form multipart/form-data
---@field files yuanjing.sandbox.File[] of the form, or of an upload
---@field upload? yuanjing.sandbox.UploadBody
---@field uri? yuanjing.sandbox.DataUri what the upload brings
---@field problem? string the body is not whole, or the URI is broken
---@field received? yuanjing.sandbox.Received of a submit
---@field odd? table[] the scenarios that stay with a task: name, value
---@field auth "ok"|"wrong"|"missing"
---@field key? string the key, if `auth` is "ok"
---@field scenario string what was asked of the sandbox, or ""
---@field answer? table a test's own, meant for this request
---@field steps? table[] its scenarios: name, value
---@field overrides? table changes of a chat answer
---@field shape? string of a spoken text
---@field is_open_wav? boolean its header has no lengths
---@field damage? fun(text: string, n: integer): string of its n-th piece
---@field heard? string what a transcription says
---@field too_large? boolean a JSON body beyond the limit
---@field latency number
---@field task_seconds number
---@field verify_seconds number
---@field unchecked? boolean
---@field unrecorded? boolean the history never has this call
---@field history? table how the history is spoilt

local function is_json(headers)
  local kind = headers["content-type"]
  return type(kind) == "string" and
    kind:lower():match("^%s*([^;%s]*)") == "application/json"
end

-- If a header or argument is repeated, the first one counts.
local function first_of_each(many)
  local single = {}
  for name, given in pairs(many) do
    local value = type(given) == "table" and given[1] or given
    single[name] = value == true and "" or value
  end
  return single
end

-- The body and its length. A body beyond the limit is not read: "".
local function read_body(limit)
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if body then return #body <= limit and body or "", #body end
  local path = ngx.req.get_body_file()
  local file = path and io.open(path, "rb")
  if not file then return "", 0 end
  local size = file:seek("end")
  file:seek("set")
  body = size <= limit and file:read("*a") or ""
  file:close()
  return body, size
end

local function read_fields(seen)
  if seen.form then return seen.form.fields end
  if not is_json(seen.headers) then return json.record() end
  local fields = json.decode(seen.body)
  if type(fields) ~= "table" or not getmetatable(fields) then
    return json.record()
  end
  for name, value in pairs(fields) do
    if value == json.null then fields[name] = nil end
  end
  return fields
end

local function wanted_scenario(seen)
  local inside, name = seen.fields.sandbox, seen.fields.name
  local wanted = { seen.headers["x-sandbox"] }
  if type(inside) == "string" then wanted[#wanted + 1] = inside end
  if type(name) == "string" then
    wanted[#wanted + 1] = name:match("%[sandbox: *([^%]]*)%]")
  end
  return table.concat(wanted, "; ")
end

local function receive_upload(seen, announced)
  seen.upload = upload_body.receive(announced, JSON_LIMIT)
  seen.body, seen.bytes = seen.upload.text, seen.upload.bytes
  seen.too_large, seen.problem = seen.upload.too_large, seen.upload.problem
end

-- A form is read while it arrives; JSON only if it is not too large.
local function receive(seen)
  local announced = tonumber(seen.headers["content-length"])
  local boundary = multipart.boundary(seen.headers["content-type"])
  if boundary then
    local is_looked_at = endpoints[seen.path] == "chat"
    seen.form = form.receive(boundary, announced, is_looked_at)
    seen.bytes, seen.files = seen.form.bytes, seen.form.files
    return
  end
  -- where JSON brings files, a data URI in it does not count for the limit
  if endpoints[seen.path] == "upload" and is_json(seen.headers) then
    return receive_upload(seen, announced)
  end
  local limit = is_json(seen.headers) and JSON_LIMIT or math.huge
  seen.bytes = announced or 0
  if seen.bytes <= limit then seen.body, seen.bytes = read_body(limit) end
  seen.too_large = seen.bytes > limit
end

--- Reads the current request and its body, unless that is too large.
---@return yuanjing.sandbox.Seen
function request.read(auth, settings)
  local headers = first_of_each(ngx.req.get_headers(0))
  local seen = {
    method = ngx.req.get_method(), path = ngx.var.uri, body = "", files = {},
    query = first_of_each(ngx.req.get_uri_args(0)), headers = headers,
    auth = auth.judge(headers.authorization), latency = settings.latency,
    key = (headers.authorization or ""):match("^Bearer (.*)$"),
    task_seconds = settings.task_seconds,
    verify_seconds = settings.verify_seconds,
  }
  receive(seen)
  seen.fields = read_fields(seen)
  if seen.upload then upload_body.attach(seen.upload, seen) end
  seen.scenario = wanted_scenario(seen)
  -- Only a scenario turns compression on.
  ngx.req.clear_header("Accept-Encoding")
  return seen
end

function request.too_large(seen)
  return play.text(413, ("Maximum request body size %d exceeded, actual " ..
    "body size %d"):format(JSON_LIMIT, seen.bytes))
end

--- A flag as Python sees it: the text "false" is true.
function request.is_true(value)
  return not (value == nil or value == false or value == 0 or value == "" or
    type(value) == "table" and next(value) == nil)
end

--- A field that must not be missing or empty; or nil and the error.
function request.required(seen, name)
  local value = seen.fields[name]
  if request.is_true(value) then return value end
  return nil, play.fail(400, "Missing required parameter: " .. name)
end

return request
