--- A streaming parser for multipart/form-data: it holds one piece of input at
-- a time, whatever the size of the parts.
local percent = require "yuanjing.base.percent"

local multipart = {}

local HEAD_LIMIT = 16 * 1024

---@class yuanjing.sandbox.PartHead
---@field name string
---@field filename? string only a file has one
---@field type? string

---@class yuanjing.sandbox.PartSink
---@field begin fun(self, head: yuanjing.sandbox.PartHead)
---@field add fun(self, bytes: string)
---@field finish fun(self)

--- The boundary, or nil for another type.
---@param content_type? string
---@return string?
function multipart.boundary(content_type)
  local kind, rest = (content_type or ""):match("^%s*([^;%s]*)(.*)$")
  if kind:lower() ~= "multipart/form-data" then return nil end
  return rest:match(';%s*[Bb][Oo][Uu][Nn][Dd][Aa][Rr][Yy]="([^"]+)"') or
    rest:match(";%s*[Bb][Oo][Uu][Nn][Dd][Aa][Rr][Yy]=([^;%s]+)") or ""
end

-- Reading by delimiters ----------------------------------------------------

-- Passes on everything before the delimiter, and drops the delimiter.
local function read_until(self, delimiter, emit)
  local keep = #delimiter - 1 -- so much of it may be here already
  while true do
    local from, to = self.buffer:find(delimiter, 1, true)
    if from then
      emit(self.buffer:sub(1, from - 1))
      self.buffer = self.buffer:sub(to + 1)
      return true
    end
    if #self.buffer > keep then
      emit(self.buffer:sub(1, -keep - 1))
      self.buffer = self.buffer:sub(-keep)
    end
    local more, problem = self.pull()
    if not more then return nil, problem or "it ends too soon" end
    self.buffer = self.buffer .. more
  end
end

local function take(self, count)
  while #self.buffer < count do
    local more, problem = self.pull()
    if not more then return nil, problem or "it ends too soon" end
    self.buffer = self.buffer .. more
  end
  local taken = self.buffer:sub(1, count)
  self.buffer = self.buffer:sub(count + 1)
  return taken
end

-- A part's head ------------------------------------------------------------

local function unquote(text)
  return (text:gsub('\\(["\\])', "%1"))
end

-- `name="value"`, with \" and \\ inside; `name=value`.
local function parameter(text, name)
  local at = select(2, text:find(";%s*" .. name .. '="'))
  if not at then return text:match(";%s*" .. name .. "=([^;%s]+)") end
  local stop = at + 1
  while true do
    stop = text:find('["\\]', stop)
    if not stop then return nil end
    if text:sub(stop, stop) == '"' then
      return unquote(text:sub(at + 1, stop - 1))
    end
    stop = stop + 2
  end
end

-- RFC 5987: filename*=UTF-8''a%20b.png
local function extended(text, name)
  local value =
    text:match(";%s*" .. name .. "%*=[Uu][Tt][Ff]%-8'[^']*'([^;%s]*)")
  return value and percent.decode(value)
end

-- Returns nil if the part is not a form field.
local function read_head(text)
  local headers = {}
  for line in (text .. "\r\n"):gmatch("(.-)\r\n") do
    local name, value = line:match("^([%w-]+):%s*(.-)%s*$")
    if name then headers[name:lower()] = value end
  end
  local disposition = headers["content-disposition"] or ""
  local name = disposition:match("^form%-data") and
    parameter(disposition, "name")
  return name and {
    name = name, type = headers["content-type"],
    filename = extended(disposition, "filename") or
      parameter(disposition, "filename"),
  }
end

local function collector(limit)
  local parts, size = {}, 0
  return parts, function(bytes)
    size = size + #bytes
    if size <= limit then parts[#parts + 1] = bytes end
  end
end

local function read_part(self, mark, sink)
  local parts, collect = collector(HEAD_LIMIT)
  local ok, problem = read_until(self, "\r\n\r\n", collect)
  if not ok then return nil, problem end
  local head = read_head(table.concat(parts))
  if not head then return nil, "a part has no name" end
  sink:begin(head)
  ok, problem = read_until(self, mark, function(bytes) sink:add(bytes) end)
  if not ok then return nil, problem end
  sink:finish()
  return true
end

local function ignore() end

--- Reads all parts. `pull` returns the next bytes; nil at the end; or nil and
--- a message.
---@param boundary string
---@param pull fun(): string?, string?
---@param sink yuanjing.sandbox.PartSink
---@return boolean? ok
---@return string? problem
function multipart.read(boundary, pull, sink)
  if boundary == "" then return nil, "the boundary is missing" end
  local self = { buffer = "\r\n", pull = pull }
  local mark = "\r\n--" .. boundary
  local ok, problem = read_until(self, mark, ignore)
  while ok do
    local after
    after, problem = take(self, 2)
    if after == "--" then return true end
    if after and after ~= "\r\n" then problem = "a boundary goes on" end
    if problem then return nil, problem end
    ok, problem = read_part(self, mark, sink)
  end
  return nil, problem
end

return multipart
