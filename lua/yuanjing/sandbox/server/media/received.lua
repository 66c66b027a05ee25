--- A summary of a submit for the log and the list: the texts, properties of
-- the files, and the order of the parts.
local digest = require "yuanjing.sandbox.server.media.digest"
local json = require "yuanjing.sandbox.server.json"

local received = {}

local TEXT_LIMIT = 2048 -- bytes; shorter values are shown whole
local SHOWN = 64 -- bytes of a longer value
local HEAD = 16

local function shorten(value)
  if type(value) ~= "string" or #value <= TEXT_LIMIT then return value end
  return ("%s... (%d bytes, md5 %s)"):format(value:sub(1, SHOWN), #value,
    ngx.md5(value))
end

local function shown_fields(fields)
  local shown = json.record()
  for _, name in ipairs(getmetatable(fields).order) do
    local value = fields[name]
    if type(value) == "table" and not getmetatable(value) then
      local list = {}
      for i, item in ipairs(value) do list[i] = shorten(item) end
      value = list
    end
    shown[name] = shorten(value)
  end
  return shown
end

-- A data URI in a field, as a file; or nil.
local function embedded(name, value)
  local kind, data = value:match("^data:([^;,]*);base64,(.*)$")
  local bytes = data and ngx.decode_base64(data)
  return bytes and json.record("name", name, "type", kind, "size", #bytes,
    "md5", ngx.md5(bytes), "head", digest.hex(bytes:sub(1, HEAD)))
end

local function files_in(fields, known)
  local files = { unpack(known) }
  for _, name in ipairs(getmetatable(fields).order) do
    local value = fields[name]
    if type(value) == "string" then
      files[#files + 1] = embedded(name, value)
    end
  end
  return files
end

local function names_in(fields)
  local names = {}
  for _, name in ipairs(getmetatable(fields).order) do
    if fields[name] ~= nil then names[#names + 1] = name end
  end
  return names
end

---@class yuanjing.sandbox.Received
---@field fields table<string, any> the texts; long ones are cut
---@field files yuanjing.sandbox.File[] those of the form, or the data URIs
---@field order string[] the names of all parts or JSON fields, as they came
---@field problem? string the form, or the data URI of an upload, was
--- malformed or not whole

---@param seen yuanjing.sandbox.Seen
---@return yuanjing.sandbox.Received
function received.of(seen)
  local form = seen.form
  if not getmetatable(seen.fields) then
    return { fields = json.record(), files = {}, order = {} }
  end
  return {
    fields = shown_fields(seen.fields),
    files = form and form.files or files_in(seen.fields, seen.files),
    order = form and form.order or names_in(seen.fields),
    problem = form and form.problem or seen.problem,
  }
end

return received
