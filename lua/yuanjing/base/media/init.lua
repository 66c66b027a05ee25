--- Media as users give them: a path, bytes, a URL, a data URI, an asset of the
-- platform. Checks that a medium can be sent, and as which type. Reads only
-- the first bytes of a file.
local ascii = require "yuanjing.base.ascii"
local base64 = require "yuanjing.base.base64"
local check = require "yuanjing.base.check"
local core = require "yuanjing.core"
local lazy = require "yuanjing.base.lazy"
local number = require "yuanjing.base.number"
local percent = require "yuanjing.base.percent"
local types = require "yuanjing.base.media.types"
local url_of = lazy.module "yuanjing.base.url"

local media = {}

---@class yuanjing.Medium a medium that was read; has only the fields of its kind
---@field kind "path"|"bytes"|"url"|"data_uri"|"asset"
---@field path? string
---@field data? string
---@field url? string of "url", "data_uri" and "asset": sent as text
---@field name? string the name to send: a base name with the right extension
---@field type? string "image/png"; of a data URI, the type that it declares
---@field size? number bytes, when it was read; a file may grow

---@class (exact) yuanjing.MediaOptions
---@field name? string the name to send
---@field type? string "image/png"; default: from the content, else from the extension

---@class yuanjing.File made by yuanjing.file
local File = { __name = "yuanjing.File" }
---@class yuanjing.Bytes made by yuanjing.bytes
local Bytes = { __name = "yuanjing.Bytes" }

---@class yuanjing.AssetRef made by yuanjing.asset_ref
local AssetRef = { __name = "yuanjing.AssetRef" }

--- A path, a URL, a data URI, a yuanjing.file, yuanjing.bytes, an asset or its
--- yuanjing.asset_ref. A string that starts with http://, https:// or data: is
--- a URL, with asset:// an asset; any other string is a path.
---@alias yuanjing.AnyMedium string|yuanjing.File|yuanjing.Bytes|yuanjing.AssetRef|yuanjing.Asset

-- Made by a user ------------------------------------------------------------

local OPTIONS = { name = "string", type = { "string",
  what = "a type such as image/png", is = function(kind)
    return kind:find("^[0-9A-Za-z.+-]+/[0-9A-Za-z.+-]+$") ~= nil
  end } }

-- NB: do not call this as a tail call: the error level would be wrong.
local function tagged(class, call, field, value, options)
  if type(value) ~= "string" then
    error(("%s: expected string, got %s"):format(call, type(value)), 3)
  end
  options = options or {}
  check.table(call .. ": options", options, 3)
  check.options(call, options, OPTIONS, 3)
  return setmetatable({ [field] = value, name = options.name,
    type = options.type }, class)
end

--- A file to send, for what a path alone can not express: another name,
--- another type, or a path that looks like a URL.
---@param path string
---@param options? yuanjing.MediaOptions
---@return yuanjing.File
function media.file(path, options)
  local made = tagged(File, "yuanjing.file", "path", path, options)
  return made
end

--- Bytes to send as a file.
---@param data string
---@param options? yuanjing.MediaOptions
---@return yuanjing.Bytes
function media.bytes(data, options)
  local made = tagged(Bytes, "yuanjing.bytes", "data", data, options)
  return made
end

--- An asset that was uploaded before, as a medium: its `vendor_asset_id`, with
--- or without asset:// in front.
---@param id string
---@return yuanjing.AssetRef
function media.asset_ref(id)
  if type(id) ~= "string" then
    error(("yuanjing.asset_ref: expected string, got %s"):format(type(id)), 2)
  end
  return setmetatable({ id = id }, AssetRef)
end

function File:__tostring()
  return ("yuanjing.file(%q)"):format(self.path)
end

function Bytes:__tostring()
  return ("yuanjing.bytes(%d bytes)"):format(#self.data)
end

function AssetRef:__tostring()
  return ("yuanjing.asset_ref(%q)"):format(self.id)
end

-- Read ----------------------------------------------------------------------

-- A name that is safe in a form, a header and a folder. Letters of any script
-- stay, if the name is UTF-8.
local function safe_name(name)
  name = name:match("[^/\\]*$"):gsub('[%z\1-\31\127"]', "_")
  if core.utf8_error(name) then name = name:gsub("[\128-\255]", "_") end
  return name:find("^[. ]*$") and "file" or name
end

-- If only the path has an extension, the given name gets it.
local function name_of(given, default)
  if not given.name or given.type
    or given.name:find("[^./\\]%.[0-9A-Za-z]+$") then
    return safe_name(given.name or default)
  end
  return safe_name(given.name)
    .. (default:match("[^./\\](%.[0-9A-Za-z]+)$") or "")
end

local function describe(medium, given, head, default_name)
  medium.name, medium.type = types.match(name_of(given, default_name), head,
    given.type)
  return medium
end

local function look_at(file)
  local size, why = file:size()
  if size == 0 then return nil, "the file is empty" end
  local head
  if size then head, why = file:read(0, types.HEAD) end
  return head, head and size or why
end

local function read_file(given)
  local path = given.path
  if path == "" then return nil, "an empty path" end
  local file, why = core.open_to_read(path)
  if not file then
    return nil, path:gsub("%z", "\\0") .. ": " .. why
  end
  local head, size = look_at(file)
  file:close()
  if not head then return nil, ("%s: %s"):format(path, size) end
  return describe({ kind = "path", path = path, size = size }, given, head,
    path)
end

local function read_bytes(given)
  local data = given.data
  if data == "" then return nil, "no bytes" end
  return describe({ kind = "bytes", data = data, size = #data }, given,
    data:sub(1, types.HEAD), "file")
end

local function read_url(text)
  local parts = url_of.parse(text)
  if parts.host == "" or parts.port == false or text:find("[%z\1-\32\127]") then
    return nil, "no good URL"
  end
  return { kind = "url", url = text }
end

local function read_data_uri(uri)
  local head = uri:match("^[A-Za-z]+:([^,]*),.")
  if not head then return nil, "a data URI without data" end
  local mime = head:match("^[0-9A-Za-z.+-]+/[0-9A-Za-z.+-]+")
  return { kind = "data_uri", url = uri, type = mime and ascii.lower(mime) }
end

-- The id is not checked: which ids the platform accepts is unknown.
local function read_asset(id)
  id = id:gsub("^[Aa][Ss][Ss][Ee][Tt]://", "")
  if id == "" or id:find("[%z\1-\32\127]") or core.utf8_error(id) then
    return nil, "no good id of an asset"
  end
  return { kind = "asset", url = "asset://" .. id }
end

local OF_SCHEME = { http = read_url, https = read_url, asset = read_asset }

local function read_text(text)
  if url_of.is_data(text) then return read_data_uri(text) end
  local read = OF_SCHEME[url_of.scheme(text)]
  if read then return read(text) end
  return read_file { path = text }
end

--- Whether a text is an http(s) URL or a data URI, and not a path.
---@param text string
---@return boolean
function media.is_link(text)
  return url_of.is_data(text) or OF_SCHEME[url_of.scheme(text)] == read_url
end

local READERS = {
  [File] = read_file,
  [Bytes] = read_bytes,
  [AssetRef] = function(ref) return read_asset(ref.id) end,
}

-- The function that reads values of this class. A handle that is a medium,
-- such as an asset, declares this in its metatable: __medium(handle) returns
-- an asset id and, where known, "image", "video" or "audio"; or nil and why it
-- is not a medium now.
local function reader_of(value)
  local class = getmetatable(value)
  if type(class) ~= "table" then return nil end
  local medium_of = rawget(class, "__medium")
  if not medium_of then return READERS[class] end
  return function(handle)
    local id, found = medium_of(handle)
    if not id then return nil, found end
    local medium, problem = read_asset(id)
    if medium then medium.type = found end
    return medium, problem
  end
end

--- Whether a value is a medium object. A string may be a medium as well.
function media.is(value)
  return type(value) == "table" and getmetatable(value) ~= nil
    and reader_of(value) ~= nil
end

--- Whether a value is such an object, or a list that holds one.
---@param value any
---@return boolean
function media.is_or_holds(value)
  if type(value) ~= "table" then return false end
  if media.is(value) then return true end
  for n = 1, #value do -- which may be ten thousands of messages
    local item = value[n]
    if getmetatable(item) and media.is(item) then return true end
  end
  return false
end

--- Reads a medium, or returns nil and why it can not be sent. A string that
--- starts with http://, https:// or data: is a URL, with asset:// an asset;
--- any other string is a path. The file is opened here, and refused if it is
--- not a regular file.
---@param value yuanjing.AnyMedium
---@return yuanjing.Medium?
---@return string? problem
function media.read(value)
  if type(value) == "string" then return read_text(value) end
  local read = type(value) == "table" and reader_of(value)
  if read then return read(value) end
  return nil, ("expected a path, yuanjing.file, yuanjing.bytes or a URL, "
    .. "got %s"):format(type(value))
end

-- Data URIs -----------------------------------------------------------------

--- The bytes of a data URI as a medium of kind "bytes"; or nil and why not.
---@param medium yuanjing.Medium of kind "data_uri"
---@return yuanjing.Medium?
---@return string? problem
function media.decoded(medium)
  local head, body = medium.url:match("^[^:]*:([^,]*),(.*)$")
  local data = percent.decode(body)
  if ascii.lower(head):find(";base64$") then
    data = base64.decode_any(data)
    if not data then return nil, "the data URI is no base64" end
  end
  return read_bytes { data = data, type = medium.type }
end

--- The type of a data URI in base64: from its first bytes, else the type that
--- it declares, else nil.
---@param medium yuanjing.Medium of kind "data_uri"
---@return string? type
function media.type_of_data(medium)
  local start = medium.url:match(",(.*)$"):sub(1, 2 * types.HEAD)
    :gsub("[ \t-\r]+", "")
  local head = base64.decode_any(start:sub(1, #start - #start % 4)) or ""
  local _, mime = types.match("file", head, medium.type)
  return mime ~= "application/octet-stream" and mime or medium.type
end

--- Whether a data URI is right in every way: with a type, and in base64.
---@param uri string
---@return boolean
function media.is_plain_data(uri)
  local data = uri:match("^data:[^,;]+;base64,([A-Za-z0-9+/]+=?=?)$")
  return data ~= nil and #data % 4 == 0
end

--- A medium as it is sent: a data URI is decoded, and gets a matching name and
--- type. With `as_text` a data URI that is correct stays a text.
---@param value yuanjing.AnyMedium
---@param as_text? boolean for an endpoint that takes data URIs
---@return yuanjing.Medium?
---@return string? problem
function media.read_to_send(value, as_text)
  local medium, problem = media.read(value)
  if not medium or medium.kind ~= "data_uri" then return medium, problem end
  local decoded, why = media.decoded(medium)
  local stays = decoded and as_text and decoded.type == medium.type
    and media.is_plain_data(medium.url)
  return stays and medium or decoded, why
end

-- As plain data -------------------------------------------------------------

-- A path that could be taken for something else; a single letter is a drive.
local function plain_path(path)
  local is_odd = path:find("^[A-Za-z][0-9A-Za-z+.-]+:")
  return is_odd and "./" .. path or path
end

--- An object that stands for a medium as plain data, which can be written down: a
--- text that is a path, a data URI or the id of an asset, and what it is sent as.
---@param value table
---@return { text: string, name?: string, type?: string }?
---@return string? problem
function media.plain(value)
  local medium, problem = media.read(value)
  if not medium then return nil, problem end
  local text = medium.url
  if medium.kind == "path" then text = plain_path(medium.path) end
  if medium.kind == "bytes" then
    text = ("data:%s;base64,%s"):format(medium.type, base64.encode(medium.data))
  end
  local is_ours = medium.kind == "path" or medium.kind == "bytes"
  return { text = text, name = is_ours and value.name or nil,
    type = is_ours and value.type or nil }
end

-- Inside other values ---------------------------------------------------------

local DEEPEST = 50 -- a table that contains itself has no end

local function find_inside(value, depth, is_wanted)
  if depth > DEEPEST then return nil end
  if is_wanted(value) then return "" end
  for key, item in next, value do -- as JSON takes it, without metamethods
    local place = type(item) == "table"
      and find_inside(item, depth + 1, is_wanted)
    if place then
      return (type(key) == "number" and "[%s]" or ".%s")
        :format(number.show(key)) .. place
    end
  end
end

--- The place of a medium in a table of other values, such as
--- "messages[1].content", or nil. A medium can not be encoded as JSON.
---@param value any
---@param name string of the table
---@param is_wanted? fun(value: table): boolean test to use instead of media.is
---@return string? place
function media.place_in(value, name, is_wanted)
  local place = type(value) == "table"
    and find_inside(value, 0, is_wanted or media.is)
  return place and name .. place or nil
end

return media
