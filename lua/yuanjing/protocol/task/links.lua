--- Finds the addresses of results, in all forms that vendors use: texts, objects
-- that contain one, lists of both, relative URLs, and bytes in base64. Each
-- becomes an absolute URL or a data URI.
local ascii = require "yuanjing.base.ascii"
local lazy = require "yuanjing.base.lazy"
local percent = require "yuanjing.base.percent"
local reasons = require "yuanjing.protocol.task.reasons"
local url = lazy.module "yuanjing.base.url"

local links = {}

local ABSENT = { [""] = true, none = true, null = true, ["nil"] = true }

-- The fields of an object that may hold its address. Only the letters of a name
-- count: "video_url" and "videoUrl" are the same, and "b64_json" is "bjson".
local ADDRESSES = { "url", "uri", "link", "href", "src", "imageurl", "videourl",
  "audiourl", "fileurl", "downloadurl", "downloadlink", "resulturl", "ossurl",
  "cdnurl", "originurl", "image", "video", "audio", "file", "bjson", "base",
  "imagebase", "videobase", "audiobase", "data" }

-- The beginnings of media in base64, and their types.
local BASE64 = {
  { "^/9j/", "image/jpeg" }, { "^iVBORw0KGgo", "image/png" },
  { "^R0lGOD", "image/gif" }, { "^UklGR.......RUJQ", "image/webp" },
  { "^UklGR.......QVZF", "audio/wav" }, { "^SUQz", "audio/mpeg" },
  { "^AAAA.[GWm2]Z0eXB", "video/mp4" },
}

local SHORTEST = 32 -- of base64, in characters

local function base64_type(text)
  if #text < SHORTEST or text:find("[^A-Za-z0-9+/=\r\n]") then return nil end
  for _, row in ipairs(BASE64) do
    if text:find(row[1]) then return row[2] end
  end
end

-- "files.example/a.png" and "localhost:80/a.png", but not "tmp/a.png".
local function begins_with_host(text)
  local host = text:match("^[^/?# \t-\r]+")
  return host ~= nil and text:find("/", 1, true) ~= nil
    and (host:find("^[0-9A-Za-z-]+%.[0-9A-Za-z.-]+$")
      or host:find("^[0-9A-Za-z.-]+:%d+$"))
end

-- "tmp/a.png" and "idfile?path=/a", but not "a cat on the moon".
local function looks_relative(text)
  return not text:find('[ \t-\r{}<>"]')
    and (text:find("[/?]") or text:find("%.[0-9A-Za-z]+$")) ~= nil
end

-- Escapes only the bytes that no URL may contain, such as blanks.
local function escaped(text)
  if text:find("^[!-~\128-\255]*$") then return text end
  return percent.encode(text, "[%z\1-\32\127]")
end

local function absolute(text, base)
  if url.scheme(text) then return escaped(text) end
  local parts = url.parse(base)
  if not parts then return text end
  if text:find("^//[^/ \t-\r]") then return parts.scheme .. ":" .. escaped(text) end
  if text:find("^/") then return parts.origin .. escaped(text) end
  if not looks_relative(text) then return text end
  if begins_with_host(text) then return parts.scheme .. "://" .. text end
  return parts.origin .. "/" .. text
end

local function is_plainly_one(text)
  return url.scheme(text) and text:find("://[^ \t-\r]")
    or text:find("^//?[^/ \t-\r]")
end

-- The address in a text, or nil.
local function of_text(text, base, is_doubtful)
  text = ascii.trim(text)
  if #text <= 4 and ABSENT[ascii.lower(text)] then return nil end
  if url.is_data(text) then return text end
  local mime = base64_type(text)
  if mime then
    return ("data:%s;base64,%s"):format(mime, (text:gsub("[ \t-\r]", "")))
  end
  if is_doubtful and not is_plainly_one(text) then return nil end
  return absolute(text, base)
end

local of_item -- declared here because objects contain objects

local function of_object(object, ...)
  local fields = {}
  for name, value in pairs(object) do
    local plain = ascii.lower(tostring(name)):gsub("[^a-z]", "")
    fields[plain] = fields[plain] or value
  end
  for _, name in ipairs(ADDRESSES) do
    local link = of_item(fields[name], ...)
    if link then return link end
  end
end

local DEEPEST = 3

function of_item(item, base, is_doubtful, depth)
  if type(item) == "string" then return of_text(item, base, is_doubtful) end
  if type(item) ~= "table" or depth > DEEPEST then return nil end
  if item[1] ~= nil then
    return of_item(item[1], base, is_doubtful, depth + 1)
  end
  return of_object(item, base, is_doubtful, depth + 1)
end

--- The addresses in a value, and the reasons for items of a list that have none:
--- { [3] = reason } for the third.
---@param value any a text, an object, or a list of them
---@param base string the platform's own URL, to which relative URLs belong
---@param is_doubtful? boolean the value may be something else: only a plain address counts
---@return string[] addresses
---@return table<integer, string> lost
function links.of(value, base, is_doubtful)
  local found, lost = {}, {}
  local is_list = type(value) == "table" and (value[1] ~= nil or #value > 0)
  for n, item in ipairs(is_list and value or { value }) do
    local link = of_item(item, base, is_doubtful, 0)
    if link then
      found[#found + 1] = link
    elseif is_list then
      lost[n] = reasons.of { item } or "no address came"
    end
  end
  return found, lost
end

return links
