--- The form of a request: texts are kept, files are only inspected while they
-- arrive. A file of any size needs no memory and no disk.
local digest = require "yuanjing.sandbox.server.media.digest"
local incoming = require "yuanjing.sandbox.server.media.incoming"
local json = require "yuanjing.sandbox.server.json"
local multipart = require "yuanjing.sandbox.server.media.multipart"
local utf8 = require "yuanjing.sandbox.server.media.utf8"

local form = {}

local TEXT_LIMIT = 1024 * 1024
local HEAD = 16 -- bytes of a file to show
local PICTURE = 8 * 1024 * 1024 -- bytes of a file to keep
local START = 64 -- and to look at, by its MD5

---@class yuanjing.sandbox.File what has been seen of it
---@field name string of the field
---@field filename string
---@field type? string
---@field size integer
---@field md5 string
---@field head string its first 16 bytes, in hexadecimal

---@class yuanjing.sandbox.Form
---@field fields table<string, string|string[]>
---@field files yuanjing.sandbox.File[]
---@field starts table<string, string> the first bytes of each file, by its MD5
---@field order string[] the names of all parts, as they came
---@field contents string[] of the files, where they are kept
---@field bytes integer of the body
---@field problem? string the body can not be read, or is not whole

-- Parts --------------------------------------------------------------------

local Sink = {}
Sink.__index = Sink

function Sink:begin(head)
  local part = { name = head.name, filename = head.filename,
    type = head.type, size = 0, texts = {} }
  if head.filename then part.digest, part.head = digest.new(), "" end
  self.part = part
  self.form.order[#self.form.order + 1] = head.name
end

function Sink:add(bytes)
  local part = self.part
  part.size = part.size + #bytes
  if part.digest then
    part.digest:add(bytes)
    if #part.head < START then part.head = (part.head .. bytes):sub(1, START) end
    if self.keeps and part.size <= PICTURE then
      part.texts[#part.texts + 1] = bytes
    end
  elseif part.size <= TEXT_LIMIT then
    part.texts[#part.texts + 1] = bytes
  end
end

-- A repeated name makes a list.
local function add_field(fields, name, value)
  local known = fields[name]
  if type(known) == "table" then
    known[#known + 1] = value
  elseif known ~= nil then
    fields[name] = { known, value }
  else
    local order = getmetatable(fields).order
    fields[name], order[#order + 1] = value, name
  end
end

local function add_file(seen, part)
  local files, md5 = seen.files, part.digest:finish()
  seen.starts[md5] = part.head
  files[#files + 1] = json.record("name", part.name,
    "filename", part.filename, "type", part.type, "size", part.size,
    "md5", md5, "head", digest.hex(part.head:sub(1, HEAD)))
end

-- One byte that is not UTF-8 drops its field and all fields after it.
local function is_lost(self, part, text)
  self.lost = self.lost or not utf8.is_valid(part.name) or
    not utf8.is_valid(part.filename or "") or
    not (part.digest or utf8.is_valid(text))
  return self.lost
end

function Sink:finish()
  local part, seen = self.part, self.form
  local text = table.concat(part.texts)
  if is_lost(self, part, text) then return end
  if part.digest then
    seen.contents[#seen.files + 1] = text
    return add_file(seen, part)
  end
  add_field(seen.fields, part.name, text)
end

-- --------------------------------------------------------------------------

--- Reads the form of the current request.
---@param boundary string
---@param announced? integer the Content-Length
---@param keeps? boolean what the files hold is kept, up to some MiB
---@return yuanjing.sandbox.Form
function form.receive(boundary, announced, keeps)
  local seen = { fields = json.record(), files = {}, contents = {}, starts = {},
    order = {} }
  local body = incoming.open(announced)
  local sink = setmetatable({ form = seen, keeps = keeps }, Sink)
  local _, problem = multipart.read(boundary, body.pull, sink)
  body:finish(problem)
  seen.bytes, seen.problem = body.bytes, problem
  return seen
end

return form
