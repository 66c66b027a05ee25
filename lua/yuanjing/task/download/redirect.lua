--- Decides which redirects are followed. A public server must not make the client
-- send requests into a private network, or without encryption. The address that
-- is connected counts, and the core checks it before anything is sent. NB: a
-- proxy looks up names itself; then only an address in the URL can be checked.
local ascii = require "yuanjing.base.ascii"
local core = require "yuanjing.core"
local url_of = require "yuanjing.base.url"

local redirect = {}

local function is_private_name(host)
  return core.network(host) == "private"
    or ("." .. ascii.lower(host)):find("%.localhost%.?$") ~= nil
end

--- Whether the host of a finished exchange has a public address, as far as that is
--- known.
---@param url string
---@param is_private boolean whether the address that was connected is private
---@return boolean
function redirect.is_public(url, is_private)
  local parts = url_of.parse(url)
  return parts ~= nil and not is_private and not is_private_name(parts.host)
end

local function problem_of(from, to, is_public)
  if not to then return "a control character in its URL" end
  local target = url_of.parse(to)
  if not target then return nil end
  if target.scheme == "http" and url_of.scheme(from) == "https" then
    return "from https to http"
  end
  if is_public and is_private_name(target.host) then
    return "from a public address to a private one"
  end
end

--- The fields of an error if the redirect must not be followed, or nil.
---@param from string
---@param to? string
---@param is_public boolean whether a public host was among those before
---@return table?
function redirect.refusal(from, to, is_public)
  local problem = problem_of(from, to, is_public)
  return problem and { kind = "platform",
    message = "the redirect is not followed: it leads " .. problem,
    hint = "trust_redirects = true follows it" } or nil
end

return redirect
