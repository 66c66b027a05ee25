--- What a client is told once: the options of `yuanjing.new`, checked, with
-- their defaults. Mistakes in code (an unknown name, a wrong type) raise; a key
-- or an address may come from a user's environment, so faults in those are
-- told by the call that needs them.
local ascii = require "yuanjing.base.ascii"
local certificates = require "yuanjing.base.certificates"
local errors = require "yuanjing.errors"
local lazy = require "yuanjing.base.lazy"
local memoize = require "yuanjing.base.memoize"
local limits_of = lazy.module "yuanjing.spending.limits"
local number = lazy.module "yuanjing.base.number"

local settings = {}

---@class (exact) yuanjing.Timeouts
---@field connect? number seconds until a connection is there (10)
---@field first? number seconds until the first event of a stream, or byte of a plain body (120 for streams)
---@field idle? number seconds between events, or bytes of a plain body (60)
---@field total? number seconds for the whole call (600; streams and files: none unless given)

---@class (exact) yuanjing.Options
---@field api_key? string|fun(): string default: $YUANJING_API_KEY
---@field base_url? string default: $YUANJING_BASE_URL or https://opencomputing.ai
---@field asset_url? string default: $YUANJING_ASSET_URL or https://token.opencomputing.cn
---@field api? "v1"|"legacy" the wire spoken
---@field timeout? number|yuanjing.Timeouts seconds; a number sets total
---@field retries? integer how often a call is sent again where that is provably harmless (2)
---@field proxy? string URL, for every host; default: as the environment says; "" for none
---@field ca_file? string PEM file of certificates; default: what the environment names, else the system's
---@field user_agent? string
---@field headers? table<string, string> sent along with each request
---@field validate? boolean false: parameters go out unchecked
---@field journal? string|yuanjing.journal.Store where submits are recorded: path, redis:// URL, store; docs/journal.md
---@field on_event? fun(event: yuanjing.Event) sees each request, response, retry and error; no secrets
---@field limits? yuanjing.Bounds on calls that cost; shared by derived clients, and through a journal in Redis
---@field trust_redirects? boolean true: a download follows a redirect from https to http, or into a private network
---@field dry_run? boolean true: nothing is sent, each call returns what it would send, a yuanjing.DryRun

local LIMITS = { connect = true, first = true, idle = true, total = true }

local function fail(name, expected, value, level)
  error(("%s: expected %s, got %s"):format(name, expected, type(value)),
    level)
end

local function typed(...)
  local types = { ... }
  return function(name, value)
    for _, wanted in ipairs(types) do
      if type(value) == wanted then return value end
    end
    fail(name, table.concat(types, " or "), value, 0)
  end
end

local function seconds(name, value)
  if type(value) ~= "number" then fail(name, "number of seconds", value, 0) end
  if value ~= value or value <= 0 then
    error(("%s: must be more than 0 seconds"):format(name), 0)
  end
  return value
end

local function timeouts(name, value)
  if type(value) == "number" then return { total = seconds(name, value) } end
  if type(value) ~= "table" then fail(name, "number or table", value, 0) end
  local limits = {}
  for limit, time in pairs(value) do
    if not LIMITS[limit] then
      error(("%s: unknown limit %q (known: connect, first, idle, total)")
        :format(name, tostring(limit)), 0)
    end
    limits[limit] = seconds(name .. "." .. limit, time)
  end
  return limits
end

local function count(name, value)
  if type(value) ~= "number" or value < 0 or value % 1 ~= 0 then
    error(("%s: expected a whole number, 0 or more, got %s")
      :format(name, number.show(value)), 0)
  end
  return value
end

local BOUNDS = { in_flight = 1, per_minute = 1, total = 0 } -- and the least

local function bounds(name, value)
  if type(value) ~= "table" then fail(name, "table", value, 0) end
  local copy = {}
  for bound, most in pairs(value) do
    local least = BOUNDS[bound]
    if not least then
      error(("%s: unknown limit %q (known: in_flight, per_minute, total)")
        :format(name, tostring(bound)), 0)
    end
    copy[bound] = count(name .. "." .. bound, most)
    if most < least then
      error(("%s.%s: must be %d or more"):format(name, bound, least), 0)
    end
  end
  return limits_of.new(copy)
end

-- What only this module may say, and the option that says it: a session
-- cookie would bill another account (docs/platform.md#addresses-and-keys).
-- Nothing here unpacks what came packed, or puts together what came in ranges.
local RESERVED = { authorization = "api_key", host = "base_url",
  ["user-agent"] = "user_agent", cookie = false, expect = false,
  ["content-length"] = false, ["content-type"] = false,
  ["transfer-encoding"] = false, ["accept-encoding"] = false, te = false,
  range = false, ["if-range"] = false }

local function header_value(name, value)
  if type(value) ~= "string" or value:find("[%z\1-\31\127]") then
    error(("%s: expected a string without control characters"):format(name), 0)
  end
  return value
end

local function header(name, value)
  if type(name) ~= "string"
    or not name:find("^[0-9A-Za-z!#$%%&'*+.^_`|~-]+$") then
    error(("headers: %q is no header name"):format(tostring(name)), 0)
  end
  local option = RESERVED[ascii.lower(name)]
  if option ~= nil then
    error(("headers: %s can not be set here%s"):format(name,
      option and (" (%s says it)"):format(option) or ""), 0)
  end
  return header_value("headers: " .. name, value)
end

local function headers(name, value)
  if type(value) ~= "table" then fail(name, "table", value, 0) end
  local copy = {}
  for header_name, text in pairs(value) do
    copy[header_name] = header(header_name, text)
  end
  return copy
end

local function one_of(...)
  local choices = { ... }
  return function(name, value)
    for _, choice in ipairs(choices) do
      if value == choice then return value end
    end
    error(("%s: expected one of %s, got %s"):format(name,
      table.concat(choices, ", "), number.show(value)), 0)
  end
end

local CHECKS = {
  api_key = typed("string", "function"),
  base_url = typed("string"),
  asset_url = typed("string"),
  api = one_of("v1", "legacy"),
  timeout = timeouts,
  retries = count,
  proxy = typed("string"),
  ca_file = typed("string"),
  user_agent = header_value,
  headers = headers,
  validate = typed("boolean"),
  journal = function(name, value)
    typed("string", "table")(name, value)
    return lazy.load("yuanjing.journal.book").new(value)
  end,
  on_event = typed("function"),
  limits = bounds,
  trust_redirects = typed("boolean"),
  dry_run = typed("boolean"),
}

local function known_names()
  local names = {}
  for name in pairs(CHECKS) do names[#names + 1] = name end
  table.sort(names, ascii.less)
  return table.concat(names, ", ")
end

-- Options that are tables are laid over those of the parent, field by field; an
-- object, such as limits with their counters, is one whole.
local function overlay(below, value)
  if type(below) ~= "table" or type(value) ~= "table" or getmetatable(value)
  then
    return value
  end
  local merged = {}
  for key, item in pairs(below) do merged[key] = item end
  for key, item in pairs(value) do merged[key] = item end
  return merged
end

-- Whoever shares a journal in Redis shares the counters that are beside it.
local function share_limits(self)
  local most = self.limits and self.limits.bounds
  local url = self.journal and self.journal:redis_url()
  if not url or not most or not next(most) then return end
  self.limits = limits_of.new(most,
    lazy.load("yuanjing.spending.stores.redis").new(url))
end

--- New settings: those of `parent` with the options laid over them. Raises, at
--- `level` of the call stack, what is a mistake in code.
---@param parent table
---@param options yuanjing.Options
---@param level integer
function settings.derive(parent, options, level)
  if type(options) ~= "table" then
    error(("options: expected table, got %s"):format(type(options)), level + 1)
  end
  local derived = {}
  for name, value in pairs(parent) do derived[name] = value end
  for name, value in pairs(options) do
    local check = CHECKS[name]
    if not check then
      error(("unknown option %q (known: %s)"):format(tostring(name),
        known_names()), level + 1)
    end
    local ok, checked = pcall(check, name, value)
    if not ok then error(checked, level + 1) end
    derived[name] = overlay(parent[name], checked)
  end
  if options.ca_file then derived.ca_path = nil end
  if options.limits or options.journal then share_limits(derived) end
  if derived.journal then
    derived.recorder = lazy.load("yuanjing.journal.recorder").new(derived)
  end
  return derived
end

--- What holds where nothing is given. An empty variable counts as not set.
function settings.defaults()
  local function env(name, default)
    local value = os.getenv(name)
    if value == nil or value == "" then return default end
    return value
  end
  local ca_file, ca_path = certificates.of_environment()
  return {
    api_key = env("YUANJING_API_KEY"),
    base_url = env("YUANJING_BASE_URL", "https://opencomputing.ai"),
    asset_url = env("YUANJING_ASSET_URL", "https://token.opencomputing.cn"),
    api = "v1",
    timeout = { connect = 10, idle = 60 },
    retries = 2,
    headers = {},
    validate = true,
    ca_file = ca_file, ca_path = ca_path,
  }
end

local function no_key(message)
  return nil, errors.new { kind = "auth", message = message,
    hint = "pass api_key, or set YUANJING_API_KEY" }
end

--- The key to send, without stray blanks and line ends: the server takes all
--- the rest as it is (docs/platform.md#addresses-and-keys).
---@return string?
---@return yuanjing.Error?
function settings.key(self)
  local key = self.api_key
  if type(key) == "function" then
    local ok, value = pcall(key)
    if not ok then return no_key("api_key: the function failed") end
    key = value
  end
  if key == nil then return no_key("no API key") end
  if type(key) ~= "string" then
    return no_key("api_key: the function returned no string")
  end
  key = key:match("^[ \t-\r]*(.-)[ \t-\r]*$")
  if key == "" then return no_key("the API key is empty") end
  if key:find("[%z\1-\31\127]") then
    return no_key("the API key has control characters in it")
  end
  return key
end

local function bad_url(name, what)
  return nil, errors.new { kind = "invalid_request",
    message = ("%s: %s"):format(name, what),
    hint = "it should look like https://opencomputing.ai" }
end

-- What is wrong with "host", "host:port" or "[::1]:port"; nil: nothing.
local function authority_problem(text)
  if text:find("@", 1, true) then
    return "no user or password may stand in the URL"
  end
  local host, port = text:match("^(%[[^%]]+%])(.*)$")
  if not host then host, port = text:match("^([^:]*)(.*)$") end
  if host == "" then return "no host in the URL" end
  local digits = port:match("^:(%d*)$")
  if port ~= "" and (not digits or (tonumber(digits) or 0) > 65535) then
    return "no good port in the URL"
  end
end

-- What is wrong with a URL; or nil and what stands behind its host.
local function url_problem(url)
  local scheme, authority, rest =
    url:match("^([A-Za-z][0-9A-Za-z+.-]*)://([^/?#]*)(.*)$")
  if not scheme then return "no scheme in the URL" end
  scheme = ascii.lower(scheme)
  if scheme ~= "http" and scheme ~= "https" then
    return "only http and https are spoken"
  end
  return authority_problem(authority), rest
end

-- Of a base URL: without a slash at its end, or what is wrong with it.
local read_base = memoize.last(function(text)
  local url = text:match("^[ \t-\r]*(.-)[ \t-\r]*$")
  local problem, rest = url_problem(url)
  if not problem and (rest:find("[?#]") or url:find("[%z\1-\32\127]")) then
    problem = "only a host and a path may stand in the URL"
  end
  return { problem = problem, url = url:gsub("/+$", "") }
end)

--- One of the two base URLs, without a slash at its end.
---@param name "base_url"|"asset_url"
---@return string?
---@return yuanjing.Error?
function settings.base(self, name)
  local base = read_base(self[name])
  if base.problem then return bad_url(name, base.problem) end
  return base.url
end

--- Whether a URL that somebody else gave is one we speak to.
---@param url string
---@return boolean?
---@return table? failure
function settings.check_url(url)
  local problem = url_problem(url)
  if not problem and url:find("[%z\1-\32\127]") then
    problem = "a blank in the URL"
  end
  if not problem then return true end
  return nil, { kind = "platform",
    message = ("the result has a bad URL (%s)"):format(problem) }
end

--- A base URL to show: what base() refuses in it may be a secret.
---@param url string
---@return string
function settings.shown(url)
  return (url:gsub("//.*@", "//"):gsub("[?#].*$", ""))
end

return settings
