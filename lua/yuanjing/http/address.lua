--- The URL and the key of a call, from the client's settings. Both may come from
-- the environment of a user, so a mistake in them is an error of the call that
-- needs them, and is not raised by yuanjing.new().
local ascii = require "yuanjing.base.ascii"
local lazy = require "yuanjing.base.lazy"
local memoize = require "yuanjing.base.memoize"
local errors = lazy.kept "yuanjing.errors"
local url_of = lazy.module "yuanjing.base.url"

local address = {}

local function no_key(message)
  return nil, errors.new { kind = "auth", message = message,
    hint = "pass api_key, or set YUANJING_API_KEY" }
end

-- A record with the key, without blanks around it, or with its problem.
local read_key = memoize.last(function(text)
  local key, problem = ascii.trim(text), nil
  if key == "" then problem = "the API key is empty" end
  if key:find("[%z\1-\31\127]") then
    problem = "the API key has control characters in it"
  end
  return { key = key, problem = problem }
end)

--- The key to send, without blanks and line ends around it: the server compares
--- all other bytes (docs/platform.md#addresses-and-keys).
---@param settings table
---@return string?
---@return yuanjing.Error?
function address.key(settings)
  local key = settings.api_key
  if type(key) == "function" then
    local ok, value = pcall(key)
    if not ok then return no_key("api_key: the function failed") end
    key = value
  end
  if key == nil then return no_key("no API key") end
  if type(key) ~= "string" then
    return no_key("api_key: the function returned no string")
  end
  local read = read_key(key)
  if read.problem then return no_key(read.problem) end
  return read.key
end

local SPOKEN = { http = true, https = true }

-- What is wrong with a URL; or nil and its parts.
local function problem_of(url)
  local parts = url_of.parse(url)
  if not parts then return "no scheme in the URL" end
  if not SPOKEN[parts.scheme] then return "only http and https are spoken" end
  if parts.userinfo then return "no user or password may stand in the URL" end
  if parts.host == "" then return "no host in the URL" end
  if parts.port == false then return "no good port in the URL" end
  return nil, parts
end

-- Checks a base URL. Returns a record with the URL, without a slash at its end, or
-- with its problem.
local read_base = memoize.last(function(text)
  local url = ascii.trim(text)
  local problem, parts = problem_of(url)
  if parts and (parts.query or parts.fragment or url:find("[%z\1-\32\127]")) then
    problem = "only a host and a path may stand in the URL"
  end
  return { problem = problem, url = url:gsub("/+$", "") }
end)

--- One of the two base URLs, without a slash at its end.
---@param settings table
---@param name "base_url"|"asset_url"
---@return string?
---@return yuanjing.Error?
function address.base(settings, name)
  local base = read_base(settings[name])
  if not base.problem then return base.url end
  return nil, errors.new { kind = "invalid_request",
    message = ("%s: %s"):format(name, base.problem),
    hint = "it should look like https://opencomputing.ai" }
end

--- Whether the client can send a request to a URL from an answer.
---@param url string
---@return boolean?
---@return table? failure
function address.check(url)
  local problem = problem_of(url)
  if not problem and url:find("[%z\1-\32\127]") then
    problem = "a blank in the URL"
  end
  if not problem then return true end
  return nil, { kind = "platform",
    message = ("the result has a bad URL (%s)"):format(problem) }
end

--- A base URL that is safe to show: a part that base() refuses may be a secret.
---@param url string
---@return string
function address.shown(url)
  return url_of.shown((url:gsub("//.*@", "//")))
end

return address
