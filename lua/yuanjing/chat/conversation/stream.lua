--- A streamed ask: the chunks of all its answers, one after the other. Between two
-- of them the tools run that the first has called.
local stream = {}

---@class yuanjing.TalkStream
---@field private _ask yuanjing.Ask
---@field private _wait fun(ask: yuanjing.Ask, fn: function, ...): any, any
---@field private _stream? yuanjing.Stream of the answer at hand
---@field private _reply? yuanjing.Reply
---@field private _err? any
---@field private _is_busy? boolean a caller waits in it
---@field private _over boolean
---@field private _closed boolean
local methods = {}
local TalkStream = { __index = methods, __name = "yuanjing.TalkStream" }

local function check_open(self, level)
  if self._closed then error("the stream is closed", level + 1) end
end

local function fail(self, err)
  self._over, self._err = true, self._ask:failed(err)
  self._ended(self)
  return nil, self._err
end

-- Opens the next answer. True; or nil and an error.
local function open(self)
  local opened, err = self._wait(self._ask, self._ask.request, self._ask, true)
  if not opened then return fail(self, err) end
  self._stream = opened
  return true
end

-- An answer is here. True: another begins; nil: that was the last; or nil and an
-- error.
local function advance(self)
  local answer, err = self._stream:finish()
  self._stream = nil
  if not answer then return fail(self, err) end
  local reply
  reply, err = self._wait(self._ask, self._ask.take, self._ask, answer)
  if err then return fail(self, err) end
  if not reply then return open(self) end
  self._over, self._reply = true, reply
  self._ended(self)
end

local function next_chunk(self)
  while not self._over do
    if self._ask.is_cancelled then return fail(self) end
    local chunk, err = self._stream:next()
    if chunk then return chunk end
    if err then return fail(self, err) end
    local goes_on
    goes_on, err = advance(self)
    if not goes_on then return nil, err end
  end
  return nil, self._err
end

-- Notes that a caller waits in the stream, until the wait ends in any way.
local function busily(self, fn)
  check_open(self, 3)
  self._is_busy = true
  local ok, value, err = pcall(fn, self)
  self._is_busy = nil
  if not ok then
    self:close()
    error(value, 0)
  end
  return value, err
end

--- The next chunk; nil at the end of the last answer; nil and an error when it
--- broke off. Tools that were called run in here. Error kinds: those of talk:ask.
---@return yuanjing.Chunk?
---@return yuanjing.Error?
function methods:next()
  return busily(self, next_chunk)
end

--- For a loop: the chunks until the end; raises the error that next() returns.
---@return fun(): yuanjing.Chunk?
function methods:chunks()
  check_open(self, 2)
  return function()
    local chunk, err = self:next()
    if err then error(err, 0) end
    return chunk
  end, nil, nil, self
end

--- For a loop: the texts until the end, none of them empty; raises the error that
--- next() returns.
---@return fun(): string?
function methods:text()
  check_open(self, 2)
  return function()
    repeat
      local chunk, err = self:next()
      if err then error(err, 0) end
      if chunk and chunk.content ~= "" then return chunk.content end
    until not chunk
  end, nil, nil, self
end

local function drain(self)
  while not self._over do
    if self._ask.is_cancelled then return fail(self) end
    advance(self)
  end
end

--- Reads what is left; the reply of the whole ask, in the shape of an unstreamed
--- one. Error kinds: those of talk:ask.
---@return yuanjing.Reply?
---@return yuanjing.Error?
function methods:finish()
  busily(self, drain)
  if self._err then return nil, self._err end
  return self._reply
end

--- Ends it at once: the conversation is as it was before. After its end nothing is
--- left to close.
function methods:close()
  if self._over or self._closed then return end
  self._closed = true
  if self._stream then self._stream:close() end
  self._ask:abandon()
  self._ended(self)
end

--- Whether a caller waits in the stream.
---@private
function methods:is_busy() return self._is_busy == true end

--- Ends the wait: the caller that waits gets an error.
---@private
function methods:interrupt()
  if self._stream then self._stream:close() end
end

TalkStream.__close = methods.close

function TalkStream:__tostring()
  local state = self._closed and "closed" or self._err and "failed"
    or self._over and "ended" or "open"
  return ("yuanjing.TalkStream (%s)"):format(state)
end

--- A streamed ask whose first answer has begun; or nil and an error.
---@param ask yuanjing.Ask
---@param wait fun(ask: yuanjing.Ask, fn: function, ...): any, any
---@param ended fun(stream: yuanjing.TalkStream) is told that it is over
---@return yuanjing.TalkStream?
---@return yuanjing.Error?
function stream.open(ask, wait, ended)
  local self = setmetatable({ _ask = ask, _wait = wait, _ended = ended,
    _over = false, _closed = false }, TalkStream)
  local ok, err = open(self)
  if not ok then return nil, err end
  return self
end

return stream
