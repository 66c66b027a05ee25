--- The name of a file that is saved in a folder: from the server's header, else
-- from the URL. The name can not lead out of the folder.
local ascii = require "yuanjing.base.ascii"
local core = require "yuanjing.core"
local percent = require "yuanjing.base.percent"
local url_of = require "yuanjing.base.url"

local name = {}

-- Names that are devices on Windows, whatever is behind the point.
local DEVICES = { CON = true, PRN = true, AUX = true, NUL = true }
for i = 1, 9 do DEVICES["COM" .. i], DEVICES["LPT" .. i] = true, true end

local LONGEST = 200 -- bytes: an ending and a number must fit behind it

local function harmless(text)
  text = text:match("([^/\\]*)$")
  if #text > LONGEST then
    text = text:sub(-LONGEST):gsub("^[\128-\191]+", "")
  end
  if core.utf8_error(text) then text = text:gsub("[\128-\255]", "_") end
  text = text:gsub("[%z\1-\31\127:*?\"<>|]", "_"):gsub("^[. ]+", "")
    :gsub("[. ]+$", "")
  if text == "" then return nil end
  return DEVICES[ascii.upper(text:match("^[^.]*"))] and "_" .. text or text
end

local function latin1_to_utf8(text)
  return (text:gsub("[\128-\255]", function(char)
    local code = char:byte()
    return string.char(192 + math.floor(code / 64), 128 + code % 64)
  end))
end

-- filename*=UTF-8''%E7%8C%AB.png (RFC 8187)
local function extended(header)
  local charset, text = header:match(
    "[Ff][Ii][Ll][Ee][Nn][Aa][Mm][Ee]%*[ \t]*=[ \t]*\"?"
      .. "([^'\";]*)'[^']*'([^;\"]*)")
  if not text then return nil end
  text = percent.decode(text):gsub("[ \t]+$", "")
  return ascii.lower(charset) == "utf-8" and text or latin1_to_utf8(text)
end

-- filename="cat.png", or without the quotes. Many servers escape it like a URL.
local function plain(header)
  local rest = header:match("[Ff][Ii][Ll][Ee][Nn][Aa][Mm][Ee][ \t]*=[ \t]*(.*)$")
  if not rest then return nil end
  local text = rest:match('^"(.*)')
  if text then
    text = text:gsub('\\"', "'"):match('^[^"]*') -- an escaped quote is not the end
  else
    text = rest:match("^[^;]*"):gsub("[ \t]+$", "")
  end
  local decoded = percent.decode(text)
  return core.utf8_error(decoded) and text or decoded
end

--- The name in a Content-Disposition, or nil.
---@param header? string
---@return string?
function name.of_header(header)
  local found = header and (extended(header) or plain(header))
  return found and harmless(found)
end

--- The last part of the path in a URL, or of its parameter `path`, as in
--- /idfile?path=/a.png; nil if there is none.
---@param url string
---@return string?
function name.of_url(url)
  local parts = url_of.parse(url)
  if not parts then return nil end
  return harmless(url_of.parameter(parts.query, "path")
    or percent.decode(parts.path))
end

return name
