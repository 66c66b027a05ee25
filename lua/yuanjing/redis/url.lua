--- The URL of a Redis: redis://user:password@host:port/database?name=x&ca=x.pem,
-- or rediss:// for TLS.
local percent = require "yuanjing.base.percent"
local url_of = require "yuanjing.base.url"

local redis_url = {}

local SCHEMES = { redis = true, rediss = true }

---@class yuanjing.journal.Address
---@field host string
---@field port integer
---@field is_tls boolean
---@field words string[][] commands that open a connection
---@field name string of the journal, where several share a database
---@field ca? string PEM file

--- Whether a text is meant as one.
---@param text string
---@return boolean
function redis_url.is(text)
  return SCHEMES[url_of.scheme(text)] ~= nil
end

-- AUTH and SELECT, where they are needed.
local function opening(userinfo, database)
  local words = {}
  local user, password = (userinfo or ""):match("^([^:]*):?(.*)$")
  if password ~= "" then
    words[1] = { "AUTH", percent.decode(password) }
    if user ~= "" then table.insert(words[1], 2, percent.decode(user)) end
  end
  if database ~= "" and database ~= "0" then
    words[#words + 1] = { "SELECT", database }
  end
  return words
end

--- What a URL says.
---@param text string
---@return yuanjing.journal.Address?
---@return string? problem
function redis_url.parse(text)
  local url = redis_url.is(text) and url_of.parse(text)
  local database = url and url.path:match("^/?(%d*)$")
  if not database or url.host == "" or url.port == false then return nil, "no good URL of a Redis" end
  return { host = url.host, port = url.port or 6379,
    is_tls = url.scheme == "rediss", words = opening(url.userinfo, database),
    name = url_of.parameter(url.query, "name") or "journal",
    ca = url_of.parameter(url.query, "ca") }
end

return redis_url
