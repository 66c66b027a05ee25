--- URLs (RFC 3986): parses them, resolves relative ones, and removes secrets before
-- they are shown. No other module parses URLs. http/address decides whether a
-- request can be sent to a URL.
local ascii = require "yuanjing.base.ascii"
local percent = require "yuanjing.base.percent"

local url = {}

local PORTS = { http = 80, https = 443 }

-- Parts ---------------------------------------------------------------------

---@class yuanjing.Url
---@field scheme string in lower case
---@field origin string the scheme, "//" and everything before the path, as written
---@field userinfo? string
---@field host string may be empty; an IPv6 address has no brackets
---@field port integer|false|nil as written, else the scheme's; false: it is not valid
---@field path string may be empty
---@field query? string without "?"
---@field fragment? string without "#"

--- The scheme, in lower case, of a text that begins like "scheme://", or nil.
---@param text string
---@return string?
function url.scheme(text)
  local scheme = text:match("^([A-Za-z][0-9A-Za-z+.-]*)://")
  return scheme and ascii.lower(scheme)
end

--- Whether a text is a data URI, which holds the bytes themselves.
---@param text string
---@return boolean
function url.is_data(text)
  return ascii.lower(text:sub(1, 5)) == "data:"
end

-- "host", "host:port" or "[::1]:port".
local function host_and_port(place, default)
  local host, rest = place:match("^%[([^%]]*)%](.*)$")
  if not host then host, rest = place:match("^([^:]*)(.*)$") end
  local port = rest:match("^:(%d+)$")
  if port then return host, tonumber(port) <= 65535 and tonumber(port) end
  if rest ~= "" and rest ~= ":" then return host, false end
  return host, default
end

--- The parts of a URL; nil if it has no scheme.
---@param text string
---@return yuanjing.Url?
function url.parse(text)
  local scheme = url.scheme(text)
  if not scheme then return nil end
  local origin, path, rest = text:match("^([^:]+://[^/?#]*)([^?#]*)(.*)$")
  local authority = origin:match("://(.*)$")
  local userinfo, place = authority:match("^(.*)@(.*)$")
  local host, port = host_and_port(place or authority, PORTS[scheme])
  return { scheme = scheme, origin = origin, userinfo = userinfo, host = host,
    port = port, path = path, query = rest:match("^%?([^#]*)"),
    fragment = rest:match("#(.*)$") }
end

--- The value of a parameter of a query, decoded.
---@param query? string
---@param name string of letters
---@return string?
function url.parameter(query, name)
  local value = ("&" .. (query or "")):match("&" .. name .. "=([^&]+)")
  return value and percent.decode(value)
end

--- Whether the host of a URL is this machine, by its name.
---@param parts yuanjing.Url
---@return boolean
function url.is_local(parts)
  return ascii.lower(parts.host) == "localhost" or parts.host == "::1"
    or parts.host:find("^127%.%d+%.%d+%.%d+$") ~= nil
end

--- A URL that is safe to show: without the password before "@", and without the
--- query, which may be a signature.
---@param text string
---@return string
function url.shown(text)
  return (text:gsub("[?#].*$", ""):gsub("//[^/]*@", "//"))
end

-- Relative URLs -------------------------------------------------------------

-- Escapes bytes that no URL may contain, and a percent sign that begins no escape.
local function made_fit(text)
  local fit = percent.encode(text, "[^!#-;=?-Z%[%]_a-z~]")
  return (fit:gsub("()%%", function(at)
    return not fit:find("^%x%x", at + 1) and "%25" or nil
  end))
end

local function without_dots(path)
  local query = path:match("%?.*$") or ""
  local parts = {}
  for part, slash in path:sub(2, -1 - #query):gmatch("([^/]*)(/?)") do
    local is_dots = part == "." or part == ".."
    if part == ".." then parts[#parts] = nil end
    if part ~= "" or slash ~= "" then
      parts[#parts + 1] = not is_dots and part .. slash or nil
    end
  end
  return "/" .. table.concat(parts) .. query
end

-- "host:8080/a" looks like a scheme, but begins with a host.
local function begins_with_host(text)
  return text:find("^[^/?#]*:%d+$") or text:find("^[^/?#]*:%d+[/?]")
end

local function joined(base, reference)
  if reference:find("^//") then return base.scheme .. ":" .. reference end
  if begins_with_host(reference) then return base.scheme .. "://" .. reference end
  if reference == "" then
    return base.origin .. base.path .. (base.query and "?" .. base.query or "")
  end
  if reference:find("^%?") then return base.origin .. base.path .. reference end
  if reference:find("^/") then return base.origin .. without_dots(reference) end
  local folder = base.path:match("^.*/") or "/"
  return base.origin .. without_dots(folder .. reference)
end

--- The absolute URL for a text that may be relative to `base`; nil if the text
--- contains a control character. NB: it may still be a URL that http/address
--- refuses.
---@param base string
---@param text string
---@return string?
function url.resolve(base, text)
  text = ascii.trim(text):gsub("&amp;", "&"):gsub("#.*$", "")
  if text:find("[%z\1-\31\127]") then return nil end
  text = made_fit(text)
  local is_absolute = text:find("^[A-Za-z][A-Za-z0-9+.-]*:")
    and not begins_with_host(text)
  local parts = not is_absolute and url.parse(base)
  return parts and joined(parts, text) or text
end

return url
