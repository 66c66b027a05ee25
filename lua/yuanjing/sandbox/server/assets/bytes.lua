--- The bytes of an upload, in a file that has been unlinked: it takes no
-- memory, and disappears however the sandbox ends.
local digest = require "yuanjing.sandbox.server.media.digest"

local HEAD = 16 -- bytes shown in the log

---@class yuanjing.sandbox.Bytes
---@field size integer
---@field md5 string once finished
---@field head string the first 16, in hexadecimal, once finished
---@field private _file file*
---@field private _digest yuanjing.sandbox.Digest
---@field private _first string
local methods = {}
local Bytes = { __index = methods }

local function new()
  local path = ngx.config.prefix() .. "client_body_temp/upload"
  local file = assert(io.open(path, "w+b"))
  os.remove(path)
  return setmetatable({ size = 0, _file = file, _digest = digest.new(),
    _first = "" }, Bytes)
end

---@param bytes string
function methods:add(bytes)
  assert(self._file:write(bytes))
  self._digest:add(bytes)
  self.size = self.size + #bytes
  if #self._first < HEAD then
    self._first = (self._first .. bytes):sub(1, HEAD)
  end
end

--- Ends the digest; nothing may be added afterwards.
function methods:finish()
  self.md5, self.head = self._digest:finish(), digest.hex(self._first)
end

--- Up to `length` bytes from an offset; at least one before the end.
---@param offset integer
---@param length integer
---@return string
function methods:read(offset, length)
  self._file:seek("set", offset)
  return self._file:read(length)
end

--- Closes the file; the bytes can not be read any longer.
function methods:close()
  self._file:close()
end

return { new = new }
