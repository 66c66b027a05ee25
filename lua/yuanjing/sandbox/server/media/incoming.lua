--- The body of a request in pieces: it is never held in memory as a whole.
local incoming = {}

local PIECE = 64 * 1024
local PATIENCE = 600 * 1000 -- ms without a byte

---@class yuanjing.sandbox.Incoming
---@field bytes integer that have come so far
---@field pull fun(): string?, string? the next bytes | nil at the end | nil,
--- message
---@field private _file file*?
local methods = {}
local Incoming = { __index = methods }

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

local function choose(announced)
  if announced == 0 then return function() end end
  if announced then return from_socket(announced) end
  return from_nginx()
end

--- The body of the current request.
---@param announced? integer the Content-Length
---@return yuanjing.sandbox.Incoming
function incoming.open(announced)
  local pull, file = choose(announced)
  local self = setmetatable({ bytes = 0, _file = file }, Incoming)
  function self.pull()
    local bytes, problem = pull()
    if bytes then self.bytes = self.bytes + #bytes end
    return bytes, problem
  end
  return self
end

--- Reads the remaining body, so that the connection can be used again;
--- `problem` is what the last pull has returned.
---@param problem? string
function methods:finish(problem)
  if problem ~= "closed" then
    while self.pull() do end -- luacheck: ignore 542
  end
  if self._file then self._file:close() end
end

return incoming
