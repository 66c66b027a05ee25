--- The chunks of a chat stream, as they come, and the verdict at its end: a
-- stream is whole only if its sender said so (DESIGN.md promise 2).
local core = require "yuanjing.core"
local envelope = require "yuanjing.api.envelope"
local exchange = require "yuanjing.exchange"
local json = require "yuanjing.json"
local loop = require "yuanjing.loop"

local stream = {}
local await = loop.await

-- Whether a C function that has waited goes on with what came; or its caller.
local CAN_GO_ON = _VERSION ~= "Lua 5.1"

---@class yuanjing.Chunk
---@field content string may be empty
---@field reasoning_content? string
---@field finish_reason? string
---@field usage? table
---@field raw table the platform's own document, decoded when first asked for
---@field private _json userdata|string
---@field private _has_usage? true
local Chunk = {}

local LAZY = {
  raw = function(self)
    local document = json.decode(core.text(self._json))
    return type(document) == "table" and document or {}
  end,
  usage = function(self) return self._has_usage and self.raw.usage or nil end,
}

function Chunk:__index(name)
  local read = LAZY[name]
  local value = read and read(self)
  if value ~= nil then rawset(self, name, value) end
  return value
end

function Chunk:__tostring() return self.content end

---@class yuanjing.Stream
---@field private _call yuanjing.Call
---@field private _transfer yuanjing.core.Transfer
---@field private _over boolean its end or its error has been told
---@field private _err? yuanjing.Error
---@field private _broken? yuanjing.Error of a body that was here already
---@field private _closed boolean by the reader, before its end
local methods = {}
local Stream = {}
Stream.__index = methods

-- The verdict --------------------------------------------------------------

local function bad_event(_, body)
  local document, failure = envelope.read(body)
  if document then -- of a sort: what came with it is a warning
    failure = { kind = "decode", message = "an event is not readable" }
  end
  failure.body = failure.body or body
  return failure
end

local function broken(self)
  return self._broken or exchange.failure(self._transfer, self._call.request)
end

local function cut(self, body, finished)
  if finished then return nil end
  local failure = broken(self)
  if failure then return failure end
  return { kind = "truncated", body = body,
    message = "the stream ended before its answer was complete" }
end

local function ended(self, _, finished, begun)
  local err = cut(self, nil, finished)
  if err and not begun and not broken(self) then
    return { kind = "decode", message = "the answer is empty" }
  end
  return err
end

-- What the end of the bytes means; nil: all is well.
local VERDICTS = {
  done = function(_, _, _, begun)
    if begun then return nil end
    return { kind = "decode", message = "the stream ended without a chunk" }
  end,
  ["end"] = ended,
  cut = cut,
  bad = bad_event,
  too_large = function()
    return { kind = "decode", message = "an event is larger than the limit" }
  end,
  no_memory = function() return { kind = "io", message = "out of memory" } end,
}

local function complete(self, failure)
  failure.status = failure.status or self._status
  failure.partial = (self._transfer:summary())
  return self._call:fail(failure)
end

-- What the platform said was used, if it has come to that.
local function usage_of(self)
  local _, _, _, last = self._transfer:summary()
  local document = last and last:find('"usage"', 1, true) and json.decode(last)
  local used = type(document) == "table" and document.usage
  return type(used) == "table" and used or nil
end

-- However it ended, another call may have its place, and what it used counts.
local function settle(self, is_whole)
  self._call:over(self._status, usage_of(self), is_whole)
end

-- Ends with an error: told now, and again to whoever asks later.
local function fail(self, failure)
  self._over, self._err = true, complete(self, failure)
  settle(self)
  self._transfer:close()
  return nil, self._err
end

-- Somebody else has closed it while it was waited for.
local function interrupted(self)
  self._over = true
  self._err = self._call:fail { kind = "cancelled",
    message = "the stream was closed meanwhile" }
  return nil, self._err
end

-- The text stays in the transfer, where it takes no more room than it has to,
-- until somebody asks for the whole; the connection may serve again.
local function succeed(self, event)
  self._over = true
  settle(self, true)
  if event == "done" then loop.linger(self._transfer) end
end

-- There was no chunk but an event, which ends the stream: nil, or nil and an
-- error.
local function take_end(self, event, body)
  if self._over then return nil, self._err end
  if event == "closed" then return interrupted(self) end
  local _, _, _, _, finished, begun = self._transfer:summary()
  local failure = VERDICTS[event](self, body, finished, begun)
  if failure then return fail(self, failure) end
  return succeed(self, event)
end

-- A chunk with a field that no healthy one has: nil when it is one all the
-- same.
local function failure_in(self, text)
  local document = json.decode(core.text(text))
  return type(document) == "table" and self._api.failure(document) or nil
end

local function check_open(self, level)
  if self._closed then error("the stream is closed", level + 1) end
end

-- Reading ------------------------------------------------------------------

-- NB: a fiber waits in next(), text() and drain() themselves, with as few calls
-- open as can be: with many streams each of them is felt.

local function next_chunk(self)
  local transfer = self._transfer
  local content, text, reasoning, finish_reason, has_usage, odd =
    transfer:next(true)
  while not content and await(transfer, text) do
    content, text, reasoning, finish_reason, has_usage, odd =
      transfer:next(true)
  end
  if not content then return take_end(self, text, reasoning) end
  local failure = odd and failure_in(self, text)
  if failure then return fail(self, failure) end
  local chunk = setmetatable({ content = content, _json = text }, Chunk)
  -- NB: most have none of these, and a table has the size it is written with.
  if reasoning then chunk.reasoning_content = reasoning end
  if finish_reason then chunk.finish_reason = finish_reason end
  if has_usage then chunk._has_usage = true end
  return chunk
end

--- The next chunk; nil at the end; nil and an error when it broke off, with
--- the text so far in `err.partial`. Waits for the chunk. Error kinds: platform
--- (told inside the stream), truncated, timeout, decode, transport.
---@return yuanjing.Chunk?
---@return yuanjing.Error?
function methods:next()
  check_open(self, 2)
  return next_chunk(self)
end

--- For a loop: the chunks until the end; raises the error that next() returns,
--- for a loop can not see a second value. The fourth value is closed when the
--- loop is left, in 5.4; elsewhere close() and the collector serve.
---@return fun(): yuanjing.Chunk?
function methods:chunks()
  check_open(self, 2)
  return function()
    check_open(self, 2)
    local chunk, err = next_chunk(self)
    if err then error(err, 0) end
    return chunk
  end, nil, nil, self
end

-- There was no text but an event: the next text all the same, or the end.
local function text_after(self, event, body, odd_content)
  local transfer = self._transfer
  while event == "odd" or await(transfer, event) do
    local failure = event == "odd" and failure_in(self, body)
    if failure then return fail(self, failure) end
    if odd_content and odd_content ~= "" then return odd_content end
    local content
    content, event, body, odd_content = transfer:text()
    if content then return content end
  end
  return take_end(self, event, body)
end

-- The texts of a transfer, one after the other; what is none is for `other`.
local function texts_of(transfer, other)
  local read = transfer:texts(other)
  if CAN_GO_ON then return read end
  return function()
    local content, event, body, odd_content = read()
    if content then return content end
    local text = other(nil, event, body, odd_content)
    return text
  end
end

--- For a loop: the texts until the end, none of them empty; raises the error
--- that next() returns. No chunk is ever made: the cheapest way to read.
---@return fun(): string?
function methods:text()
  check_open(self, 2)
  return texts_of(self._transfer, function(_, event, body, odd_content)
    if event == "closed" then check_open(self, 3) end
    local text, err = text_after(self, event, body, odd_content)
    if err then error(err, 0) end
    return text
  end), nil, nil, self
end

local function drain(self)
  local transfer = self._transfer
  while not self._over do
    local _, event, body = transfer:drain()
    local failure = event == "odd" and failure_in(self, body)
    if failure then
      fail(self, failure)
    elseif event ~= "odd" and not await(transfer, event) then
      take_end(self, event, body)
    end
  end
end

--- Reads what is left; the whole reply, in the shape of an unstreamed one.
--- Error kinds: those of next().
---@return yuanjing.Reply?
---@return yuanjing.Error?
function methods:finish()
  check_open(self, 2)
  drain(self)
  if self._err then return nil, self._err end
  if not self._reply then
    local content, reasoning, finish_reason, last = self._transfer:summary()
    self._reply = self._api.stream_reply(content, reasoning, finish_reason, last)
    if self._transfer:done() then self._transfer:close() end
  end
  return self._reply
end

--- Ends the transfer at once. What has been read stays the reader's; reading on
--- is a mistake. After its end nothing is left to close.
function methods:close()
  if self._over or self._closed then return end
  self._closed = true
  settle(self)
  loop.close(self._transfer)
end

Stream.__close = methods.close

function Stream:__tostring()
  local state = self._closed and "closed" or self._err and "failed"
    or self._over and "ended" or "open"
  return ("yuanjing.Stream (%s)"):format(state)
end

-- Making -------------------------------------------------------------------

--- A stream over the transfer of a response.
---@param response yuanjing.Response
---@param api table reads documents: failure(document), stream_reply(...)
---@return yuanjing.Stream
function stream.new(response, api)
  return setmetatable({
    _call = response.call, _transfer = response.transfer,
    _status = response.status, _broken = response.failure, _api = api,
    _over = false, _closed = false,
  }, Stream)
end

-- A body that is here already, in the place of a transfer.
local function decoder_of(response)
  local decoder = core.decoder()
  decoder:feed(response.body)
  decoder:finish()
  return {
    next = function() return decoder:next() end,
    drain = function() return decoder:drain() end,
    summary = function() return decoder:summary() end,
    failure = function() return nil end,
    done = function() return true end,
    discard = function() end,
    close = function() end,
  }
end

--- The reply in a plain answer whose body is in the manner of a stream.
---@return yuanjing.Reply?
---@return yuanjing.Error?
function stream.read(response, api)
  response.transfer = decoder_of(response)
  return stream.new(response, api):finish()
end

return stream
