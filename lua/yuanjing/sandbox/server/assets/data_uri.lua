--- A data: URI in base64 of any size, decoded while it arrives.
local bytes = require "yuanjing.sandbox.server.assets.bytes"
local json = require "yuanjing.sandbox.server.json"

local HEAD_LIMIT = 256

---@class yuanjing.sandbox.DataUri
---@field type? string "image/jpeg", once its head has arrived
---@field bytes yuanjing.sandbox.Bytes the decoded bytes
---@field problem? string why it can not be used
---@field private _pending string characters to decode
---@field private _ended boolean the padding has been read
local methods = {}
local DataUri = { __index = methods }

local function new()
  return setmetatable({ bytes = bytes.new(), _pending = "", _ended = false },
    DataUri)
end

-- Some encoders write `\/` for each slash.
local function unescape(text)
  return text:find("\\", 1, true) and json.decode('"' .. text .. '"') or text
end

-- Reads "data:TYPE;base64," with optional parameters, and keeps the text
-- behind it.
local function read_head(self)
  local head, rest = self._pending:match("^([^,]*),(.*)$")
  if not head then
    if #self._pending > HEAD_LIMIT then self.problem = "no comma" end
    return
  end
  local kind = head:match("^data:([%w.+-]+/[%w.+-]+)[;%w=.+-]*;base64$")
  if not kind then
    self.problem = "neither a type nor base64"
    return
  end
  self.type, self._pending = kind:lower(), rest
end

-- Decodes groups of four characters. Only the last one may be padded: nginx
-- would ignore any text after the padding.
local function decode(self, text)
  local padding = text:find("=", 1, true)
  local is_odd = self._ended or padding and not text:find("^==?$", padding)
  local decoded = not is_odd and ngx.decode_base64(text)
  if not decoded then
    self.problem = "not base64"
    return
  end
  self._ended = padding ~= nil
  self.bytes:add(decoded)
end

--- Adds characters as they are between the quotes of a JSON string.
---@param text string without half an escape
function methods:add(text)
  if self.problem then return end
  self._pending = self._pending .. unescape(text)
  if not self.type then read_head(self) end
  local usable = #self._pending - #self._pending % 4
  if not self.type or usable == 0 then return end
  decode(self, self._pending:sub(1, usable))
  self._pending = self._pending:sub(usable + 1)
end

--- Checks the end; nothing may be added afterwards.
function methods:finish()
  if not self.problem then
    if not self.type then
      self.problem = "no comma"
    elseif self._pending ~= "" then
      self.problem = "not a multiple of four characters"
    elseif self.bytes.size == 0 then
      self.problem = "empty"
    end
  end
  self.bytes:finish()
end

return { new = new }
