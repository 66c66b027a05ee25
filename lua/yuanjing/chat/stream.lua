--- The chunks of a chat stream, as they come, and the verdict at its end: a
-- stream is whole only if its sender said so
-- (docs/promises.md#no-false-success).
local core = require "yuanjing.core"
local envelope = require "yuanjing.protocol.answer.envelope"
local exchange = require "yuanjing.http.exchange"
local json = require "yuanjing.base.json"
local loop = require "yuanjing.runtime.loop"

local stream = {}
local await = loop.await

---@class yuanjing.Chunk
---@field content string may be empty
---@field reasoning_content? string
---@field finish_reason? string
---@field tool_calls? table[] pieces of calls, as they came; the reply has them whole
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
---@field private _parts? yuanjing.Assembly of what the core does not read
---@field private _judge? fun(reply: yuanjing.Reply): true?, yuanjing.Error?
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

-- What was set aside of the lines, where they tell what went wrong.
local function aside(self, body)
  return body and self._api.read_aside(body)
end

local function ended(self, body, finished, begun)
  local err = aside(self, body) or cut(self, nil, finished)
  if err and err.kind == "truncated" and not begun and not broken(self) then
    return { kind = "decode", message = "the answer is empty" }
  end
  return err
end

-- What the end of the bytes means; nil: all is well.
local VERDICTS = {
  done = function(self, body, _, begun)
    local err = aside(self, body)
    if err or begun then return err end
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

-- The text so far, for the code that reads odd chunks.
local function before(self)
  local transfer = self._transfer
  local usual, content, reasoning = transfer:usual()
  return {
    usual = usual, lengths = { content = content, reasoning = reasoning },
    text = function(kind)
      local text, thought = transfer:summary()
      return kind == "content" and text or thought or ""
    end,
  }
end

-- Texts that were held back until the end come before it.
local function release(self)
  if not self._parts then return "" end
  local content, reasoning = self._parts:release(before(self))
  if content == "" and reasoning == "" then return "" end
  return (self._transfer:add(content, reasoning))
end

local function complete(self, failure)
  release(self)
  local content, reasoning = self._transfer:summary()
  failure.status = failure.status or self._status
  failure.partial = core.sound(content)
  failure.partial_reasoning = reasoning and core.sound(reasoning)
  return self._call:fail(failure)
end

-- What the platform said was used, if it has come to that.
local function usage_of(self)
  local _, _, _, last = self._transfer:outline()
  local document = last and json.decode(last)
  local used = type(document) == "table" and document.usage
  if type(used) == "table" then return used end
  return self._parts and self._parts:usage()
end

-- However it ended, another call may have its place, and what it used counts.
local function count_call(self, is_whole)
  self._call:over(self._status, usage_of(self), is_whole)
end

-- Ends the stream with an error. Later calls return the same error.
local function fail(self, failure)
  self._over, self._err = true, complete(self, failure)
  count_call(self)
  self._transfer:close()
  return nil, self._err
end

-- Another coroutine closed the stream while this one waited.
local function interrupted(self)
  self._over = true
  self._err = self._call:fail { kind = "cancelled",
    message = "the stream was closed meanwhile" }
  return nil, self._err
end

-- The text stays in the transfer, where it takes no more room than it has to,
-- until finish() asks for the whole; the connection can be used again.
local function succeed(self, event)
  self._over = true
  count_call(self, true)
  if event == "done" then loop.linger(self._transfer) end
end

-- Odd chunks ---------------------------------------------------------------

local function parts_of(self)
  self._parts = self._parts or self._api.assembly.new(self._asked)
  return self._parts
end

-- Adds the content that was read from an odd chunk.
local function add(self, taken)
  local transfer, parts = self._transfer, self._parts
  transfer:watch(parts:is_watching())
  if not taken.is_progress then return "", "" end
  return transfer:add(taken.content, taken.reasoning, taken.is_complete)
end

-- Looks at a chunk that is not like all others: nil and an error; or its text, its
-- reasoning and what else it brings, which is nil where it is only a sign of
-- life.
local function look(self, text, mark)
  local taken, failure = self._api.read_event(parts_of(self), core.text(text),
    before(self), mark == "failing")
  local content, reasoning = "", ""
  if taken then content, reasoning = add(self, taken) end
  if failure then return fail(self, failure) end
  return content, reasoning, taken and not taken.is_alone and taken or nil
end

-- What was sent and could not be read; nil: there was a text, or nothing else.
local function unread(self, has_content)
  local parts = self._parts
  local problem = parts and parts:problem()
  if not problem or has_content then return nil end
  return { kind = "decode", message = problem, body = parts.unread }
end

-- There was no chunk but an event, which ends the stream: nil, or nil and an
-- error; or a text that was held back until now, and the event comes again.
local function take_end(self, event, body)
  if self._over then return nil, self._err end
  if event == "closed" then return interrupted(self) end
  local held = release(self)
  if held ~= "" then return held end
  local finished, begun, has_content = self._transfer:outline()
  local failure = VERDICTS[event](self, body, finished, begun)
    or unread(self, has_content)
  if failure then return fail(self, failure) end
  return succeed(self, event)
end

local function check_open(self, level)
  if self._closed then error("the stream is closed", level + 1) end
end

-- Reading ------------------------------------------------------------------

-- NB: a fiber waits in next(), text() and drain() themselves, with as few calls
-- open as can be: with many streams each of them is felt.

local function new_chunk(content, text, reasoning, taken)
  local chunk = setmetatable({ content = content, _json = text,
    finish_reason = taken and taken.finish_reason,
    tool_calls = taken and taken.tool_calls }, Chunk)
  if reasoning and reasoning ~= "" then chunk.reasoning_content = reasoning end
  return chunk
end

-- Any other chunk than the usual ones.
local function next_odd(self, content, text, reasoning, odd)
  if not content then
    local held, err = take_end(self, text, reasoning)
    return held and new_chunk(held, "{}") or nil, err
  end
  local said, thought, taken = look(self, text, odd)
  if not said then return nil, thought end
  if not taken then return self:next() end
  local chunk = new_chunk(said, text, thought, taken)
  chunk._has_usage = true -- if it has: that is looked up when asked for
  return chunk
end

local function next_chunk(self)
  local transfer = self._transfer
  local content, text, reasoning, has_usage, odd = transfer:next(true)
  while not content and await(transfer, text) do
    content, text, reasoning, has_usage, odd = transfer:next(true)
  end
  if odd or not content then
    return next_odd(self, content, text, reasoning, odd)
  end
  local chunk = setmetatable({ content = content, _json = text }, Chunk)
  -- NB: most have none of these, and a table has the size it is written with.
  if reasoning then chunk.reasoning_content = reasoning end
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
local function text_after(self, event, body, mark)
  local transfer = self._transfer
  while event == "odd" or await(transfer, event) do
    if event == "odd" then
      local said, err = look(self, body, mark)
      if said ~= "" then return said, not said and err or nil end
    end
    local content
    content, event, body, mark = transfer:text()
    if content then return content end
  end
  return take_end(self, event, body)
end

-- The texts of a transfer, one after the other; what is none is for `other`.
local function texts_of(transfer, other)
  if transfer.texts then return transfer:texts(other) end -- not LuaJIT's
  return function()
    local content, event, body, mark = transfer:text()
    if content then return content end
    local text = other(nil, event, body, mark)
    return text
  end
end

--- For a loop: the texts until the end, none of them empty; raises the error
--- that next() returns. No chunk is ever made: the cheapest way to read.
---@return fun(): string?
function methods:text()
  check_open(self, 2)
  return texts_of(self._transfer, function(_, event, body, mark)
    if event == "closed" then check_open(self, 3) end
    local text, err = text_after(self, event, body, mark)
    if err then error(err, 0) end
    return text
  end), nil, nil, self
end

local function drain(self)
  local transfer = self._transfer
  while not self._over do
    local _, event, body, mark = transfer:drain()
    if event == "odd" then
      look(self, body, mark)
    elseif not await(transfer, event) then
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
    local content, reasoning, first, last = self._transfer:summary()
    local chunks = self._api.assembly.documents((first or "") .. (last or ""))
    self._reply = parts_of(self):reply(content, reasoning or "", nil, chunks)
    if self._transfer:done() then self._transfer:close() end
    if self._judge then
      local ok, problem = self._judge(self._reply)
      if not ok then self._err = problem end
    end
  end
  if self._err then return nil, self._err end
  return self._reply
end

--- Has the reply judged at its end: what judges it returns true, or nil and the
--- error that finish() returns then.
---@private
---@param judge fun(reply: yuanjing.Reply): true?, yuanjing.Error?
function methods:judge_by(judge)
  self._judge = judge
end

--- Ends the transfer at once. What has been read stays the reader's; reading on
--- is a mistake. After its end nothing is left to close.
function methods:close()
  if self._over or self._closed then return end
  self._closed = true
  count_call(self)
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
---@param api table reads documents: read_event(...), read_aside(text), assembly
---@param asked? any what was asked for, see assembly.new
---@return yuanjing.Stream
function stream.new(response, api, asked)
  local transfer = response.transfer
  if asked and asked.think_tags then transfer:watch(true) end
  return setmetatable({
    _call = response.call, _transfer = transfer,
    _status = response.status, _broken = response.failure, _api = api,
    _asked = asked, _over = false, _closed = false,
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
    outline = function() return decoder:outline() end,
    usual = function() return decoder:usual() end,
    add = function(_, ...) return decoder:add(...) end,
    watch = function(_, is_on) decoder:watch(is_on) end,
    failure = function() return nil end,
    done = function() return true end,
    discard = function() end,
    close = function() end,
  }
end

--- The reply in a plain answer whose body is in the manner of a stream.
---@return yuanjing.Reply?
---@return yuanjing.Error?
function stream.read(response, api, asked)
  response.transfer = decoder_of(response)
  return stream.new(response, api, asked):finish()
end

return stream
