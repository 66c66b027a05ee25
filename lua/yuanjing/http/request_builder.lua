--- Builds a request for the core: the URL, the key, the headers, the body and the
-- timeouts.
local address = require "yuanjing.http.address"
local ascii = require "yuanjing.base.ascii"
local json = require "yuanjing.base.json"
local loop = require "yuanjing.runtime.loop"
local lazy = require "yuanjing.base.lazy"
local number = require "yuanjing.base.number"
local memoize = require "yuanjing.base.memoize"
local url_of = lazy.module "yuanjing.base.url"
local percent = require "yuanjing.base.percent"
local version = require "yuanjing.version"

local request_builder = {}

---@class yuanjing.Request
---@field method string
---@field path? string below the base URL
---@field base? "base_url"|"asset_url"
---@field query? string|table<string, string|number> a text is encoded already
---@field json? table
---@field embedded? { word: string, pieces: table[] } the n-th piece goes where the json has word .. n .. ";"
---@field total? number seconds; bounds this call if nothing shorter does
---@field parts? table[] of a form: { name, data | path, file_name?, type?, size? }
---@field length? number encoded bytes of its files
---@field url? string instead of path: another host, so without the key
---@field headers? table<string, string> for that URL
---@field hold? boolean a 2xx answer is returned with its body still to come
---@field peer_port? integer of the URL: is_private is set from the address that was connected there
---@field only_public? boolean nothing is sent to a private address
---@field is_private? boolean the address that was connected is private
---@field most_bytes? integer the longest body of JSON, with the embedded files
---@field stream? boolean a 2xx answer is a chat stream
---@field billable? string what is billed (chat, image, ...): docs/promises.md#at-most-once
---@field about? yuanjing.About of a billable request
---@field transno? string our number of a billable request, if it carries one
---@field before_sending? fun(): true?, yuanjing.Error? called when its turn has come and nothing was sent
---@field is_whole? fun(body: string): boolean whether a body that broke off is complete
---@field refusal fun(status: integer, headers: table, body: string, sent: number?): table
---@field usage? fun(body: string): table? reads the usage in an answer

local DEFAULT_FIRST = 120
local DEFAULT_TOTAL = 600

-- A term of a query; or nil and why it can not be sent.
local function term(name, value)
  if type(value) == "number" then
    local text, problem = number.text(value, "a query")
    if not text then return nil, ("query.%s: %s"):format(name, problem) end
    value = text
  end
  return percent.encode(name) .. "=" .. percent.encode(tostring(value))
end

local function encode_query(query)
  local terms = {}
  for name, value in pairs(query) do
    local text, problem = term(number.show(name), value)
    if problem then return nil, problem end
    terms[#terms + 1] = text
  end
  table.sort(terms, ascii.less)
  return table.concat(terms, "&")
end

-- The query string to append to a path, which may already have a query.
local function query_string(path, query)
  local text, problem = query or "", nil
  if type(query) == "table" then text, problem = encode_query(query) end
  if not text or text == "" then return text, problem end
  return (path:find("?", 1, true) and "&" or "?") .. text
end

-- NB: libcurl omits a header that is given as "Name:"; "Name;" is an empty one.
local function header_line(name, value)
  return value:find("[^ \t-\r]") and name .. ": " .. value or name .. ";"
end

-- A request without a key goes to a foreign host. It does not get the headers of
-- the user's settings either: they may hold secrets.
local function new_lines(settings, request, key)
  local lines = {
    "User-Agent: " .. (settings.user_agent or "yuanjing-lua/" .. version),
    "Expect:", -- or libcurl would wait for a 100 before large bodies
  }
  if key then lines[#lines + 1] = "Authorization: Bearer " .. key end
  if not request.parts then -- for a form libcurl sets the type
    lines[#lines + 1] = request.json and "Content-Type: application/json"
      or "Content-Type:"
  end
  for name, value in pairs(request.headers or key and settings.headers) do
    lines[#lines + 1] = header_line(name, value)
  end
  return lines
end

-- Of each client's settings: its key, and the lines for each kind of body. They are
-- the same for all of its calls.
local known_lines = setmetatable({}, { __mode = "k" })

local function header_lines(settings, request, key)
  if request.headers or not key then return new_lines(settings, request, key) end
  local known = known_lines[settings]
  if not known or known.key ~= key then
    known = { key = key }
    known_lines[settings] = known
  end
  local body = request.parts and "form" or request.json and "json" or "none"
  known[body] = known[body] or new_lines(settings, request, key)
  return known[body]
end

local is_local = memoize.last(function(place)
  local parts = url_of.parse(ascii.trim(place))
  return parts ~= nil and url_of.is_local(parts)
end)

-- A proxy from the environment is not used for this machine itself. NB: of what is
-- the same for most calls, the base URL or the host, not of the whole URL.
local function proxy_for(settings, request)
  if settings.proxy then return settings.proxy end
  local url = request.url
  local place = url and (url:match("^[^/]*//[^/?#]*") or url)
    or settings[request.base or "base_url"]
  return is_local(place) and "" or nil
end

local function invalid(message)
  return nil, { kind = "invalid_request", message = message }
end

-- Splits the text at its markers and puts the pieces (mostly files) in between.
local function embed(text, embedded)
  local pieces, from = {}, 1
  while from do
    local first, last, n = text:find(embedded.word .. "(%d+);", from)
    pieces[#pieces + 1] = text:sub(from, (first or 0) - 1)
    if first then pieces[#pieces + 1] = embedded.pieces[tonumber(n)] end
    from = first and last + 1
  end
  return pieces
end

local MIB = 2 ^ 20

local function size_problem(body, request)
  local size = #body + (request.embedded and request.length or 0)
  if size <= (request.most_bytes or math.huge) then return nil end
  return ("the request is %s MiB and the platform takes %s MiB: send fewer or "
    .. "smaller files, or less of what was said"):format(
    number.fixed(size / MIB, 1), number.fixed(request.most_bytes / MIB, 0))
end

local function encode_body(request)
  if not request.json then return nil end
  local body, problem = json.encode(request.json)
  problem = problem or size_problem(body, request)
  if problem then return invalid(problem) end
  return request.embedded and embed(body, request.embedded) or body
end

local function own_target(settings, request)
  local base, bad_base = address.base(settings, request.base or "base_url")
  if not base then return nil, bad_base end
  local key, no_key = address.key(settings)
  if not key then return nil, no_key end
  local query, problem = query_string(request.path, request.query)
  if not query then return invalid(problem) end
  return base .. request.path .. query, nil, key
end

-- The URL of a request, and the key if it is the platform's; or nil and the fields
-- of an error.
local function target_of(settings, request)
  if not request.url then return own_target(settings, request) end
  local ok, err = address.check(request.url)
  return ok and request.url, err
end

--- The request for the core, without its timeouts, and the key that it contains; or
--- nil and the fields of an error. All mistakes that can be found before sending
--- are found here.
---@param settings table
---@param request yuanjing.Request
---@return yuanjing.core.Request?
---@return table? failure
---@return string? key
function request_builder.prepare(settings, request)
  local url, err, key = target_of(settings, request)
  if not url then return nil, err end
  local body
  body, err = encode_body(request)
  if err then return nil, err end
  return {
    method = request.method, url = url, body = body, parts = request.parts,
    headers = header_lines(settings, request, key),
    events = request.stream, hold = request.hold, once = request.billable ~= nil,
    peer_port = request.peer_port, only_public = request.only_public,
    proxy = proxy_for(settings, request), ca_file = settings.ca_file,
    ca_path = settings.ca_path, max_body = settings.max_body,
  }, nil, key
end

-- Files and streams have no default total timeout.
local function is_timeless(request)
  return request.stream or request.hold or request.parts or request.embedded
end

--- The timeouts of one attempt, with so many seconds left for it. For a plain
-- answer the platform sends the head at once, and nothing more until the model
-- has finished. So the default of `first` is only for the head there, and
-- `total` is for the body; without `total` the first byte of the body may take
-- as long as the default of `total`. While a long body is being uploaded the
-- core counts neither.
function request_builder.timeouts(settings, request, left)
  local t = settings.timeout
  return {
    connect = t.connect, idle = t.idle,
    total = left < math.huge and left or nil,
    head = t.first or DEFAULT_FIRST,
    first = t.first or request.stream and DEFAULT_FIRST
      or left == math.huge and DEFAULT_TOTAL or nil,
  }
end

--- The deadline of a call that begins now, with its retries.
function request_builder.deadline(settings, request)
  local total = settings.timeout.total
    or not is_timeless(request) and DEFAULT_TOTAL or math.huge
  return loop.now() + math.max(0.001,
    math.min(total, request.total or math.huge))
end

--- The time at which a call that waits for its turn gives up.
function request_builder.patience(settings)
  return loop.now() + (settings.timeout.total or DEFAULT_TOTAL)
end

return request_builder
