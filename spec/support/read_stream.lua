--- A chat stream without a server: its bytes in pieces, and its readers. Each
-- piece is read before the next one arrives.
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local stream = require "yuanjing.chat.stream"

local unpack = table.unpack or unpack

-- A transfer of these pieces.
local function new_transfer(pieces)
  local decoder, at = core.decoder(), 0
  local function read(name, ...)
    while true do
      local result = { decoder[name](decoder, ...) }
      if result[1] ~= nil or result[2] ~= "pending" then
        return unpack(result, 1, 5)
      end
      at = at + 1
      if pieces[at] then decoder:feed(pieces[at]) else decoder:finish() end
    end
  end
  local transfer = {}
  for _, name in ipairs { "next", "text", "drain" } do
    transfer[name] = function(_, ...) return read(name, ...) end
  end
  for _, name in ipairs { "outline", "summary", "usual", "add",
    "watch" } do
    transfer[name] = function(_, ...) return decoder[name](decoder, ...) end
  end
  -- As in the core, where LuaJIT has no such reader.
  if _VERSION ~= "Lua 5.1" then
    function transfer.texts(_, other)
      return function()
        local content, event, body, mark = read "text"
        if content then return content end
        return (other(nil, event, body, mark))
      end
    end
  end
  function transfer.failure() end
  function transfer.done() return true end
  function transfer.discard() end
  function transfer.close() end
  return transfer
end

local CALL = {
  fail = function(_, fields) return errors.new(fields) end,
  over = function() end,
}

local read_stream = {}

--- A stream over the pieces of a body; `asked`: how many choices.
---@param pieces string[]
---@param asked? integer
---@return yuanjing.Stream
function read_stream.open(pieces, asked)
  return stream.new({ call = CALL, transfer = new_transfer(pieces),
    status = 200 }, require("yuanjing.protocol.v1"), asked)
end

--- The readers: each returns the text and the error, if any.
read_stream.readers = {
  text = function(opened)
    local parts = {}
    local ok, err = pcall(function()
      for text in opened:text() do parts[#parts + 1] = text end
    end)
    return table.concat(parts), not ok and err or nil
  end,
  next = function(opened)
    local parts = {}
    local chunk, err
    repeat
      chunk, err = opened:next()
      parts[#parts + 1] = chunk and chunk.content
    until not chunk
    return table.concat(parts), err
  end,
  finish = function(opened)
    local reply, err = opened:finish()
    return reply and reply.content or err.partial, err
  end,
}

--- The body cut in two at a place.
function read_stream.cut(body, at)
  return { body:sub(1, at), body:sub(at + 1) }
end

--- The body byte by byte.
function read_stream.bytes(body)
  local list = {}
  for at = 1, #body do list[at] = body:sub(at, at) end
  return list
end

return read_stream
