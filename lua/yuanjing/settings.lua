--- The settings of a client: checks the options of `yuanjing.new` and adds their
-- defaults. Mistakes in code (an unknown name, a wrong type) raise. The key and
-- the URLs may come from a user's environment: http/address checks those.
local ascii = require "yuanjing.base.ascii"
local certificates = require "yuanjing.base.certificates"
local check = require "yuanjing.base.check"
local lazy = require "yuanjing.base.lazy"
local limits_of = lazy.module "yuanjing.spending.limits"
local protocols = require "yuanjing.protocol"

local settle = lazy.fn("yuanjing.account.settle", "call")

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
---@field api? "v1"|"legacy" the API of the platform to use
---@field timeout? number|yuanjing.Timeouts seconds; a number sets total
---@field retries? integer how often a call is sent again where that is provably harmless (2)
---@field proxy? string URL, for every host; default: from the environment; "" for none
---@field ca_file? string PEM file of certificates; default: from the environment, else the system's
---@field user_agent? string
---@field headers? table<string, string> added to each request
---@field max_body? integer bytes of an answer that is taken as a whole (64 MiB)
---@field validate? boolean false: parameters are sent unchecked
---@field journal? string|yuanjing.journal.Store where submits are recorded: path, redis:// URL, store; docs/journal.md
---@field on_event? fun(event: yuanjing.Event) sees each request, response, retry and error; no secrets
---@field limits? yuanjing.Bounds on calls that cost; shared by derived clients, and through a journal in Redis
---@field trust_redirects? boolean true: a download follows a redirect from https to http, or into a private network
---@field reconcile? boolean true: billable calls carry a number, to find out outcomes; docs/guide/outcome_unknown.md
---@field dry_run? boolean true: nothing is sent, each call returns what it would send, a yuanjing.DryRun

local SECONDS = { "number", above = 0, what = "a number of seconds above 0" }

local TIMEOUTS = { connect = SECONDS, first = SECONDS, idle = SECONDS,
  total = SECONDS }

local function count(least)
  return { "number", least = least, is_whole = true }
end

local LIMITS = { in_flight = count(1), per_minute = count(1), total = count(0),
  cost = { "number", least = 0 } }

-- Headers that a user can not set, and the option that sets each instead. A
-- session cookie would bill another account (docs/platform.md#addresses-and-keys),
-- and no code here could decode a compressed answer or join ranges.
local RESERVED = { authorization = "api_key", host = "base_url",
  ["user-agent"] = "user_agent", cookie = false, expect = false,
  ["content-length"] = false, ["content-type"] = false,
  ["transfer-encoding"] = false, ["accept-encoding"] = false, te = false,
  range = false, ["if-range"] = false }

local TEXT = { "string", what = "a string without control characters",
  is = function(text) return not text:find("[%z\1-\31\127]") end }

local function header_problem(name, value)
  if type(name) ~= "string"
    or not name:find("^[0-9A-Za-z!#$%%&'*+.^_`|~-]+$") then
    return ("%q is no header name"):format(tostring(name))
  end
  local option = RESERVED[ascii.lower(name)]
  if option ~= nil then
    return ("%s can not be set here%s"):format(name,
      option and (" (%s says it)"):format(option) or "")
  end
  return check.value(name, value, TEXT)
end

local function headers_problem(headers)
  for name, value in pairs(headers) do
    local problem = header_problem(name, value)
    if problem then return problem end
  end
end

local OPTIONS = {
  api_key = { "string", "function" },
  base_url = "string",
  asset_url = "string",
  api = { "string", one_of = protocols.NAMES },
  timeout = { "number", "table", above = 0, fields = TIMEOUTS,
    what = "a number of seconds above 0, or a table" },
  retries = count(0),
  proxy = "string",
  ca_file = "string",
  user_agent = TEXT,
  headers = { "table", problem = headers_problem },
  max_body = count(1),
  validate = "boolean",
  journal = { "string", "table" },
  on_event = "function",
  limits = { "table", fields = LIMITS },
  trust_redirects = "boolean",
  dry_run = "boolean",
  reconcile = "boolean",
}

-- Functions that make the setting from the value of an option.
local MADE = {
  timeout = function(value)
    return type(value) == "number" and { total = value } or value
  end,
  journal = function(value)
    return lazy.load("yuanjing.journal.book").new(value)
  end,
  limits = function(value)
    local copy = {}
    for name, most in pairs(value) do copy[name] = most end
    return limits_of.new(copy)
  end,
}

-- Merges an option that is a table with the parent's, field by field. An object,
-- such as limits with their counters, replaces the parent's.
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

-- Clients that share a journal in Redis also share the counters of their limits,
-- which are kept there.
local function share_limits(self)
  local most = self.limits and self.limits.bounds
  local url = self.journal and self.journal:redis_url()
  if not url or not most or not next(most) then return end
  self.limits = limits_of.new(most,
    lazy.load("yuanjing.spending.stores.redis").new(url))
end

-- The calls that an account is known to have, and the prices that were told:
-- another key or another host has others.
local function new_account(derived, options)
  local is_other = options.api_key or options.base_url
  if is_other or not derived.prices then derived.prices = {} end
  if derived.reconcile and (options.reconcile or is_other) then
    derived.reconcile = {}
  end
end

--- New settings: the parent's, changed by the options. Raises mistakes in code, at
--- `level` of the call stack.
---@param parent table
---@param options yuanjing.Options
---@param level integer
function settings.derive(parent, options, level)
  check.table("options", options, level + 1)
  local problem = check.problem(options, OPTIONS)
  if problem then error(problem, level + 1) end
  local derived = {}
  for name, value in pairs(parent) do derived[name] = value end
  for name, value in pairs(options) do
    local ok, made = true, value
    if MADE[name] then ok, made = pcall(MADE[name], value) end
    if not ok then error(made, level + 1) end
    derived[name] = overlay(parent[name], made)
  end
  if options.ca_file then derived.ca_path = nil end
  new_account(derived, options)
  if options.limits or options.journal then share_limits(derived) end
  if derived.journal then
    derived.recorder = lazy.load("yuanjing.journal.recorder").new(derived)
  end
  return derived
end

--- The defaults. An empty environment variable counts as not set.
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
    max_body = 64 * 2 ^ 20,
    validate = true,
    ca_file = ca_file, ca_path = ca_path,
    settle = settle,
  }
end

return settings
