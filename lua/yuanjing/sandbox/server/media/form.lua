--- The form of a request: its texts are kept, its files are looked at as they
-- pass by. A file of any size needs no memory and no disk.
local digest = require "yuanjing.sandbox.server.media.digest"
local json = require "yuanjing.sandbox.server.json"
local multipart = require "yuanjing.sandbox.server.media.multipart"
local utf8 = require "yuanjing.sandbox.server.media.utf8"

local form = {}

local PIECE = 64 * 1024
local TEXT_LIMIT = 1024 * 1024
local HEAD = 16 -- of a file's bytes are shown
local PATIENCE = 600 * 1000 -- ms without a byte

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
---@field order string[] the names of all parts, as they came
---@field bytes integer of the body
---@field late? string a text field that came after a file
---@field problem? string the body can not be read, or is not whole

-- Where the bytes come from ------------------------------------------------

local function from_socket(size)
  local socket = assert(ngx.req.socket())
  socket:settimeout(PATIENCE)
  local left = size
  return function()
    if left == 0 then return nil end
    local bytes, problem, partial = socket:receive(math.min(left, PIECE))
    if not bytes and partial and partial ~= "" then bytes = partial end
    if not bytes then return nil, problem end
    left = left - #bytes
    return bytes
  end
end

-- A chunked body, which nginx gives to no socket: it goes by way of a file.
local function from_nginx()
  ngx.req.read_body()
  local whole, path = ngx.req.get_body_data(), ngx.req.get_body_file()
  local file = path and io.open(path, "rb")
  return function()
    local bytes = whole
    whole = nil
    if file then bytes = file:read(PIECE) end
    return bytes
  end, file
end

-- What becomes of the parts ------------------------------------------------

local Sink = {}
Sink.__index = Sink

local function hex(bytes)
  return (bytes:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

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
    if #part.head < HEAD then part.head = (part.head .. bytes):sub(1, HEAD) end
  elseif part.size <= TEXT_LIMIT then
    part.texts[#part.texts + 1] = bytes
  end
end

-- The same name again makes a list.
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

local function add_file(files, part)
  files[#files + 1] = json.record("name", part.name,
    "filename", part.filename, "type", part.type, "size", part.size,
    "md5", part.digest:finish(), "head", hex(part.head))
end

-- One byte that is not UTF-8 drops its field and all that follow.
local function is_lost(self, part, text)
  self.lost = self.lost or not utf8.is_valid(part.name) or
    not utf8.is_valid(part.filename or "") or not utf8.is_valid(text)
  return self.lost
end

function Sink:finish()
  local part, seen = self.part, self.form
  local text = table.concat(part.texts)
  if is_lost(self, part, text) then return end
  if part.digest then return add_file(seen.files, part) end
  if #seen.files > 0 then seen.late = seen.late or part.name end
  add_field(seen.fields, part.name, text)
end

-- --------------------------------------------------------------------------

-- Reads what is left, so that the connection can be used again.
local function drain(pull)
  while pull() do end -- luacheck: ignore 542
end

--- Reads the form of the request at hand.
---@param boundary string
---@param announced? integer the Content-Length
---@return yuanjing.sandbox.Form
function form.receive(boundary, announced)
  local seen = { fields = json.record(), files = {}, order = {}, bytes = 0 }
  local pull, file
  if announced == 0 then
    pull = function() end
  elseif announced then
    pull = from_socket(announced)
  else
    pull, file = from_nginx()
  end
  local function counted()
    local bytes, problem = pull()
    if bytes then seen.bytes = seen.bytes + #bytes end
    return bytes, problem
  end
  local sink = setmetatable({ form = seen }, Sink)
  local _, problem = multipart.read(boundary, counted, sink)
  seen.problem = problem
  if problem ~= "closed" then drain(counted) end
  if file then file:close() end
  return seen
end

return form
