--- A request as the platform understands it.
local json = require "yuanjing.sandbox.server.json"
local play = require "yuanjing.sandbox.server.play"

local request = {}

local JSON_LIMIT = 10 * 1024 * 1024

---@class yuanjing.sandbox.Seen
---@field method string
---@field path string
---@field query table<string, string> arguments of the address
---@field headers table<string, string>
---@field body string
---@field fields table the JSON object, or empty
---@field auth "ok"|"wrong"|"missing"
---@field scenario string what was asked of the sandbox, or ""
---@field too_large? integer bytes of a JSON body beyond the limit
---@field latency number

local function is_json(headers)
  local kind = headers["content-type"]
  return type(kind) == "string" and
    kind:lower():match("^%s*([^;%s]*)") == "application/json"
end

-- A header or argument sent more than once: the first counts.
local function first_of_each(many)
  local single = {}
  for name, value in pairs(many) do
    if type(value) == "table" then value = value[1] end
    single[name] = value == true and "" or value
  end
  return single
end

local function read_body()
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if body then return body end
  local path = ngx.req.get_body_file()
  local file = path and io.open(path, "rb")
  body = file and file:read("*a") or ""
  if file then file:close() end
  return body
end

local function read_fields(seen)
  if not is_json(seen.headers) then return {} end
  local fields = json.decode(seen.body)
  if type(fields) ~= "table" or not getmetatable(fields) then return {} end
  for name, value in pairs(fields) do
    if value == json.null then fields[name] = nil end
  end
  return fields
end

local function wanted_scenario(seen)
  local inside = seen.fields.sandbox
  local wanted = { seen.headers["x-sandbox"] }
  if type(inside) == "string" then wanted[#wanted + 1] = inside end
  return table.concat(wanted, "; ")
end

--- Reads the request at hand, its body too, unless that is too large.
---@return yuanjing.sandbox.Seen
function request.read(auth, settings)
  local headers = first_of_each(ngx.req.get_headers(0))
  local seen = {
    method = ngx.req.get_method(), path = ngx.var.uri, body = "",
    query = first_of_each(ngx.req.get_uri_args(0)), headers = headers,
    auth = auth.judge(headers.authorization), latency = settings.latency,
  }
  local announced = tonumber(headers["content-length"]) or 0
  local limit = is_json(headers) and JSON_LIMIT or math.huge
  if announced <= limit then seen.body = read_body() end
  local size = math.max(announced, #seen.body)
  if size > limit then seen.too_large, seen.body = size, "" end
  seen.fields = read_fields(seen)
  seen.scenario = wanted_scenario(seen)
  -- Whether to compress is the scenario's choice alone.
  ngx.req.clear_header("Accept-Encoding")
  return seen
end

function request.too_large(seen)
  return play.text(413, ("Maximum request body size %d exceeded, actual " ..
    "body size %d"):format(JSON_LIMIT, seen.too_large))
end

--- A flag as Python sees it: the text "false" is true.
function request.is_true(value)
  return not (value == nil or value == false or value == 0 or value == "" or
    type(value) == "table" and next(value) == nil)
end

--- A field that must be there and not be empty | nil, the refusal.
function request.required(seen, name)
  local value = seen.fields[name]
  if request.is_true(value) then return value end
  return nil, play.fail(400, "Missing required parameter: " .. name)
end

return request
