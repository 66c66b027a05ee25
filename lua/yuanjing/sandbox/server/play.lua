--- An answer as a list of items. Handlers make it, scenarios change it, and
-- run() sends it.
--
-- An item is one of
--   { chunk = record }     JSON, as one event of a stream
--   { event = text }       any text as an event
--   { half = record }      the first half of that chunk's bytes
--   { raw = text }         bytes as they are
--   { content = source, from =, length =, seconds = }
--                          bytes of a file, over so many seconds if given
--   { done = true }        the end mark
--   { pause = seconds }    silence
--   { keep_alive = seconds } keep-alive comments only
--   { hangup = true }      breaks the connection
-- The connection also breaks after `left` bytes of the body.
local clock = require "yuanjing.sandbox.server.clock"
local framing = require "yuanjing.sandbox.server.framing"
local json = require "yuanjing.sandbox.server.json"

---@class yuanjing.sandbox.Play
---@field status integer
---@field headers table<string, string>
---@field stream boolean
---@field items table[]
---@field framing yuanjing.sandbox.Framing
---@field gap number seconds before each event of a stream
---@field delay number seconds before the head
---@field piece? integer bytes sent at a time
---@field left? integer bytes until the connection breaks
---@field silent? boolean no answer at all
---@field reset? boolean no answer but a reset of the connection
local methods = {}
local Play = { __index = methods }

local play = {}

local function new(fields)
  fields.status = fields.status or 200
  fields.headers = fields.headers or {}
  fields.framing, fields.delay = framing.new(), 0
  fields.gap = fields.gap or 0
  return setmetatable(fields, Play)
end

-- Making -------------------------------------------------------------------

--- A body in two halves, so that a scenario can break it in the middle.
---@param status integer
---@param body string
---@param headers? table<string, string>
function play.body(status, body, headers)
  local middle = math.floor(#body / 2)
  return new {
    status = status, headers = headers, stream = false,
    items = { { raw = body:sub(1, middle) }, { raw = body:sub(middle + 1) } },
  }
end

function play.text(status, text, headers)
  headers = headers or {}
  headers["Content-Type"] = "text/plain; charset=utf-8"
  return play.body(status, text, headers)
end

--- A JSON answer. With status 200 its type is text/html, as on the platform.
function play.json(status, value, headers)
  headers = headers or {}
  if status ~= 200 then headers["Content-Type"] = "application/json" end
  return play.body(status, json.encode(value), headers)
end

--- {"error": message}
function play.fail(status, message, headers)
  return play.json(status, json.record("error", message), headers)
end

---@param items table[]
---@param gap number
function play.stream(items, gap)
  return new { stream = true, items = items, gap = gap }
end

--- A part of a file, in two halves. `source:read(offset, length)` returns up
--- to so many bytes of it.
function play.content(status, source, from, length, headers)
  local middle = math.floor(length / 2)
  return new {
    status = status, headers = headers, stream = false,
    items = {
      { content = source, from = from, length = middle },
      { content = source, from = from + middle, length = length - middle },
    },
  }
end

-- Rewriting ----------------------------------------------------------------

local function is_event(item)
  return item.chunk or item.raw or item.content
end

--- The number of items that a reader counts as events (the halves of a body
--- count as well).
function methods:count()
  local count = 0
  for _, item in ipairs(self.items) do
    if is_event(item) then count = count + 1 end
  end
  return count
end

-- The position after the n-th event, or the end.
local function place(self, n)
  if n <= 0 then return 1 end
  for i, item in ipairs(self.items) do
    if is_event(item) then n = n - 1 end
    if n == 0 then return i + 1 end
  end
  return #self.items + 1
end

--- Inserts an item after the n-th event; 0: before the first.
function methods:insert(n, item)
  table.insert(self.items, place(self, n), item)
end

--- Removes everything after the n-th event.
function methods:cut(n)
  local first = place(self, n)
  for i = #self.items, first, -1 do self.items[i] = nil end
end

--- Calls `visit` with each chunk record.
function methods:each_chunk(visit)
  for _, item in ipairs(self.items) do
    if item.chunk then visit(item.chunk) end
  end
end

--- The whole body of an answer that is not a stream.
function methods:body_text()
  local parts = {}
  for _, item in ipairs(self.items) do parts[#parts + 1] = item.raw end
  return table.concat(parts)
end

function methods:set_body(body)
  self.items = play.body(200, body).items
end

-- Performing ---------------------------------------------------------------

-- NB: sends nothing to a client that has disconnected: nginx would keep all of
-- it, and become slower with each piece.
local function send(bytes)
  if bytes == "" then return end
  if not (ngx.print(bytes) and ngx.flush(true)) then ngx.exit(499) end
end

-- Flushes each piece, and waits, so that it is sent separately.
local function send_pieces(bytes, size)
  for i = 1, #bytes, size do
    send(bytes:sub(i, i + size - 1))
    ngx.sleep(0.001)
  end
end

local function hang_up()
  ngx.flush(true)
  ngx.exit(444)
end

local function send_some(self, bytes)
  if self.piece then return send_pieces(bytes, self.piece) end
  send(bytes)
end

function methods:_send(bytes)
  if not self.left or #bytes < self.left then
    self.left = self.left and self.left - #bytes
    return send_some(self, bytes)
  end
  send_some(self, bytes:sub(1, self.left))
  hang_up()
end

local function keep_alive(self, seconds)
  local every = math.max(0.01, math.min(1, seconds / 10))
  for _ = 1, math.floor(seconds / every + 0.5) do
    send(self.framing:comment("keep-alive"))
    clock.sleep(every)
  end
end

local function event(self, text)
  if self.gap > 0 then clock.sleep(self.gap) end
  self:_send(text)
end

-- A chunk may be in the list many times: its bytes are made once.
local function chunk(self, item)
  item.bytes = item.bytes or self.framing:chunk(item.chunk)
  event(self, item.bytes)
end

local function half(self, item)
  local bytes = self.framing:chunk(item.half)
  event(self, bytes:sub(1, math.floor(#bytes / 2)))
end

local PIECE = 64 * 1024
local STEPS = 20 -- of a content with a duration

local function content(self, item)
  local at, stop = item.from, item.from + item.length
  local piece = self.piece or PIECE
  if item.seconds then piece = math.ceil(item.length / STEPS) end
  while at < stop do
    local bytes = item.content:read(at, math.min(piece, stop - at))
    if item.seconds then
      clock.sleep(item.seconds * #bytes / item.length)
    end
    self:_send(bytes)
    at = at + #bytes
  end
end

local ACTIONS = {
  chunk = chunk,
  half = half,
  content = content,
  event = function(self, item) event(self, self.framing:event(item.event)) end,
  raw = function(self, item) self:_send(item.raw) end,
  done = function(self) self:_send(self.framing:mark()) end,
  pause = function(_, item)
    ngx.flush(true)
    clock.sleep(item.pause)
  end,
  keep_alive = function(self, item) keep_alive(self, item.keep_alive) end,
  hangup = hang_up,
}

local function act(self, item)
  for name, action in pairs(ACTIONS) do
    if item[name] then return action(self, item) end
  end
end

local function send_head(self)
  ngx.status = self.status
  ngx.header["Content-Type"] = "text/html"
  for name, value in pairs(self.headers) do ngx.header[name] = value end
  ngx.send_headers()
end

--- Answers the current request.
---@param self yuanjing.sandbox.Play
function play.run(self)
  if self.delay > 0 then clock.sleep(self.delay) end
  if self.reset then return ngx.exec("@reset") end
  if self.silent then return ngx.exit(444) end
  send_head(self)
  if self.stream then
    ngx.flush(true)
    self:_send(self.framing.bom)
  end
  for _, item in ipairs(self.items) do act(self, item) end
  ngx.eof()
end

return play
