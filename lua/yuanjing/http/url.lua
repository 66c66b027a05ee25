--- URLs as the platform and other servers write them: made fit to be asked for,
-- and found from what is relative to another (RFC 3986, section 5).
local ascii = require "yuanjing.base.ascii"

local url = {}

local PORTS = { http = 80, https = 443 }

local function escape(text)
  return (text:gsub(".", function(char)
    return ("%%%02X"):format(char:byte())
  end))
end

-- What no URL has in it, and a percent sign that begins nothing, are escaped.
local function made_fit(text)
  local fit = text:gsub("[^\33-\126]+", escape):gsub('["<>\\^`{|}]', escape)
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

-- "host:8080/a" has the form of a scheme, and is none.
local function scheme_of(text)
  if text:find("^[^/?#]*:%d+$") or text:find("^[^/?#]*:%d+[/?]") then
    return nil
  end
  return text:match("^([A-Za-z][A-Za-z0-9+.-]*):")
end

-- "https://host" and what stands behind it, with its query.
local function halves(text)
  return text:match("^([A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)([^#]*)$")
end

local function joined(base, reference)
  local host, path = halves((base:gsub("#.*$", "")))
  if not host then return reference end
  if reference:find("^//") then return host:match("^[^:]*:") .. reference end
  if reference:find("^[^/?#]*:%d") then
    return host:match("^[^:]*://") .. reference
  end
  if reference == "" then return host .. path end
  if reference:find("^%?") then
    return host .. path:gsub("%?.*$", "") .. reference
  end
  if reference:find("^/") then return host .. without_dots(reference) end
  local folder = path:gsub("%?.*$", ""):match("^.*/") or "/"
  return host .. without_dots(folder .. reference)
end

--- The URL that a text means, where it stands beside `base`; nil when there is
--- a control character in it. What it is good for settings.check_url() says.
---@param base string
---@param text string
---@return string?
function url.resolve(base, text)
  text = text:match("^[ \t-\r]*(.-)[ \t-\r]*$"):gsub("&amp;", "&"):gsub("#.*$", "")
  if text:find("[%z\1-\31\127]") then return nil end
  text = made_fit(text)
  return scheme_of(text) and text or joined(base, text)
end

--- The scheme, the host and the port of a URL; nil: it has none of these.
---@param text string
---@return string? scheme in lower case
---@return string? host
---@return integer? port
function url.parts(text)
  local scheme, authority = text:match("^([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)")
  if not scheme then return nil end
  scheme = ascii.lower(scheme)
  local host, port = authority:match("^(%[[^%]]*%]):?(%d*)$")
  if not host then host, port = authority:match("^([^:]*):?(%d*)$") end
  return scheme, host, tonumber(port) or PORTS[scheme]
end

return url
