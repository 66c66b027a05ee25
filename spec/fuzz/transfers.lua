--- Answers without a network: the loop returns transfers that hold the input,
-- and its clock advances when a caller sleeps.
local core = require "yuanjing.core"
local loop = require "yuanjing.runtime.loop"

local transfers = {
  opened = 0, -- exchanges since transfers.answer
}

local answer -- to every request

-- The core's description of a failed exchange: fault, message, code, whether
-- something was sent, whether an answer had begun.
local FAULTS = {
  { "resend", "resend", 65, true, false },
  { "connect_timeout", "slow", 28, false, false },
  { "curl", "could not connect", 7, false, false },
  { "first_timeout", "slow", 28, true, false },
  { "curl", "bytes are missing", 18, true, true },
  { "idle_timeout", "slow", 28, true, true },
  { "too_large", "large", 23, true, true },
}

local Transfer = {}
Transfer.__index = Transfer

function Transfer:status()
  return self._status
end

function Transfer:head() return self._head end

function Transfer:body() return self._body end

function Transfer:done() return self._at > #self._body end

function Transfer.uploaded() return 0 end

function Transfer.steps() return {} end

function Transfer:failure()
  local fault = self:done() and self._fault
  if fault then return fault[1], fault[2], fault[3], fault[4], fault[5] end
end

-- The next piece of a stream.
function Transfer:advance()
  self._decoder:feed(self._body:sub(self._at, self._at + 63))
  self._at = self._at + 64
  if self:done() then self._decoder:finish() end
end

local function read_by(name)
  return function(self, as_bytes)
    if self._closed then return nil, "closed" end
    return self._decoder[name](self._decoder, as_bytes)
  end
end

Transfer.next, Transfer.text = read_by "next", read_by "text"
Transfer.drain = read_by "drain"

function Transfer:texts(other)
  return function()
    local content, event, body, mark = self:text()
    return content or other(nil, event, body, mark)
  end
end

for _, name in ipairs { "outline", "summary", "usual", "add", "watch" } do
  Transfer[name] = function(self, ...)
    if self._closed then error("the transfer is closed", 2) end
    return self._decoder[name](self._decoder, ...)
  end
end

function Transfer.discard() end

function Transfer.trim() end

function Transfer:close()
  self._closed, self._at = true, #self._body + 1
end

local function open(request)
  transfers.opened = transfers.opened + 1
  local fault = FAULTS[answer.fault]
  local answered = not fault or fault[5]
  local transfer = setmetatable({
    _status = answered and answer.status or nil,
    _head = answered and answer.head or "",
    _body = answered and answer.body or "",
    _fault = fault, _at = 1, _closed = false,
    _decoder = core.decoder(request.max_event),
  }, Transfer)
  if transfer:done() then transfer._decoder:finish() end
  return transfer
end

local function advance(transfer)
  if transfer:done() then return true end
  transfer:advance()
end

local function wait_done(transfer)
  while not transfer:done() do transfer:advance() end
end

local function await(transfer, event)
  if event == "pending" then transfer:advance() end
  return event == "pending"
end

local clock = 0

loop.open, loop.await, loop.wait = open, await, advance
loop.wait_done = wait_done
loop.wait_head = function() end
loop.linger = wait_done
loop.now = function() return clock end
loop.sleep = function(seconds) clock = clock + seconds end
loop.jitter = function() return 0.5 end

--- From now on every call gets this answer.
---@param what { status: integer, head: string, body: string, fault: integer }
function transfers.answer(what)
  answer, transfers.opened = what, 0
end

--- Whether any byte of a request may have been sent.
function transfers.sends()
  local fault = FAULTS[answer.fault]
  return not fault or fault[4]
end

return transfers
