--- MD5 in pieces, with the function that every nginx contains.
local ffi = require "ffi"

ffi.cdef [[
  typedef struct { uint64_t words[16]; } yj_md5_state; /* 88 are needed */
  void ngx_md5_init(void *state);
  void ngx_md5_update(void *state, const void *data, size_t size);
  void ngx_md5_final(unsigned char *result, void *state);
]]

---@class yuanjing.sandbox.Digest
local methods = {}
local Digest = { __index = methods }

local function hex(bytes)
  return (bytes:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

local function new()
  local state = ffi.new("yj_md5_state")
  ffi.C.ngx_md5_init(state)
  return setmetatable({ state = state }, Digest)
end

---@param bytes string
function methods:add(bytes)
  ffi.C.ngx_md5_update(self.state, bytes, #bytes)
end

--- The digest in hexadecimal; nothing may be added afterwards.
---@return string
function methods:finish()
  local result = ffi.new("unsigned char[16]")
  ffi.C.ngx_md5_final(result, self.state)
  return hex(ffi.string(result, 16))
end

return { new = new, hex = hex }
