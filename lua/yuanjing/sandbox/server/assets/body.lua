--- Reads the JSON of an upload of any size: the data URI in `source_url` is
-- decoded while it arrives, and the remaining text is small.
local data_uri = require "yuanjing.sandbox.server.assets.data_uri"
local incoming = require "yuanjing.sandbox.server.media.incoming"
local json = require "yuanjing.sandbox.server.json"

local body = {}

local QUOTE, U = ('"'):byte(), ("u"):byte()
local TAIL = 64 -- bytes of text before a string, to find its field's name
local FIELD = '"source_url"%s*:%s*"$'

---@class yuanjing.sandbox.UploadBody
---@field text string the JSON, with `mark` in the data URI's place
---@field bytes integer of the whole body
---@field uri? yuanjing.sandbox.DataUri
---@field mark string
---@field problem? string it is incomplete
---@field too_large boolean

-- Keeps the first `count` bytes of the buffer; beyond the limit they are only
-- counted.
local function keep(self, count)
  local text = self.buffer:sub(1, count)
  self.buffer = self.buffer:sub(count + 1)
  self.size = self.size + count
  if self.size <= self.limit then self.parts[#self.parts + 1] = text end
  self.tail = (self.tail .. text):sub(-TAIL)
end

local function more(self)
  local bytes, problem = self.pull()
  if not bytes then
    self.problem = problem
    return false
  end
  self.buffer = self.buffer .. bytes
  return true
end

-- Keeps everything up to the quote that opens the next string.
local function keep_to_string(self)
  repeat
    local at = self.buffer:find('"', 1, true)
    keep(self, at or #self.buffer)
    if at then return true end
  until not more(self)
  return false
end

-- The end of the string, and the length that has no incomplete escape.
local function string_end(text)
  local at = text:find("\\", 1, true)
  if not at then
    at = text:find('"', 1, true)
    return at, at and at - 1 or #text
  end
  at = 1
  while true do
    local stop = text:find('["\\]', at)
    if not stop then return nil, #text end
    if text:byte(stop) == QUOTE then return stop, stop - 1 end
    at = stop + (text:byte(stop + 1) == U and 6 or 2)
    if at > #text + 1 then return nil, stop - 1 end
  end
end

local function keep_string(self)
  repeat
    local stop, usable = string_end(self.buffer)
    keep(self, stop or usable)
    if stop then return end
  until not more(self)
end

-- If the name is repeated, the last value counts, as usual in JSON.
local function decode_string(self)
  if self.uri then self.uri.bytes:close() end
  self.uri = data_uri.new()
  repeat
    local stop, usable = string_end(self.buffer)
    self.uri:add(self.buffer:sub(1, usable))
    self.buffer = self.buffer:sub(usable + 1)
    if stop then break end
  until not more(self)
  self.uri:finish()
  self.buffer = self.mark .. self.buffer
  keep_string(self)
end

local function is_data_uri(self)
  if not self.tail:find(FIELD) then return false end
  while #self.buffer < 5 and more(self) do end -- luacheck: ignore 542
  return self.buffer:find("^data:") ~= nil
end

--- Reads the body of the current request.
---@param announced? integer the Content-Length
---@param limit integer of the text without the data URI; the rest is dropped
---@return yuanjing.sandbox.UploadBody
function body.receive(announced, limit)
  local source = incoming.open(announced)
  local self = {
    pull = source.pull, limit = limit, buffer = "", tail = "", parts = {},
    size = 0, mark = ngx.md5(ngx.now() .. tostring(source)),
  }
  while keep_to_string(self) do
    local read = is_data_uri(self) and decode_string or keep_string
    read(self)
  end
  source:finish(self.problem)
  return {
    text = self.size <= limit and table.concat(self.parts) or "",
    too_large = self.size > limit, bytes = source.bytes, uri = self.uri,
    mark = self.mark, problem = self.problem,
  }
end

-- For a data URI that is still in the text, because of an unusual spelling.
local function decode_text(text)
  local uri = data_uri.new()
  uri:add(text)
  uri:finish()
  return uri
end

--- Puts the decoded data URI into the request's fields and files.
---@param received yuanjing.sandbox.UploadBody
---@param seen yuanjing.sandbox.Seen
function body.attach(received, seen)
  local uri, value = received.uri, seen.fields.source_url
  if uri and value ~= received.mark then
    uri.bytes:close()
    uri = nil
  end
  if type(value) == "string" and value:find("^data:") then
    uri = decode_text(value)
  end
  if not uri then return end
  local came = uri.bytes
  if seen.auth ~= "ok" then came:close() end
  seen.uri, seen.problem = uri, seen.problem or uri.problem
  seen.fields.source_url = json.record("type", uri.type, "size", came.size,
    "md5", came.md5)
  seen.files = { json.record("name", "source_url", "type", uri.type,
    "size", came.size, "md5", came.md5, "head", came.head) }
end

return body
