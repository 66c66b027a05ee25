--- Writes the chunks of a stream as lines. Each field is one property of a
-- server's format; scenarios change them one by one.
local json = require "yuanjing.sandbox.server.json"

---@class yuanjing.sandbox.Framing
---@field bom string before everything
---@field prefix string before each JSON text
---@field eol string
---@field blank string parts two events, after the end of the line
---@field before string[] lines before each event
---@field comma string between JSON fields; with a newline, many data lines
---@field done string|false the end mark
---@field done_end string after the end mark
local methods = {}
local Framing = { __index = methods }

local function new()
  return setmetatable({
    bom = "", prefix = "data: ", eol = "\n", blank = "\n", before = {},
    comma = ", ", done = "[DONE]", done_end = "\n\n",
  }, Framing)
end

local function lines_before(self)
  local out = {}
  for i, line in ipairs(self.before) do out[i] = line .. self.eol end
  return table.concat(out)
end

--- An event with this text, line by line.
function methods:event(text)
  local lines = text:gsub("\n", { ["\n"] = self.eol .. self.prefix })
  return lines_before(self) .. self.prefix .. lines .. self.eol .. self.blank
end

function methods:chunk(chunk)
  return self:event(json.encode(chunk, { ascii = true, comma = self.comma }))
end

function methods:comment(text)
  return ": " .. text .. self.eol .. self.blank
end

function methods:mark()
  if not self.done then return "" end
  return lines_before(self) .. self.prefix .. self.done .. self.done_end
end

return { new = new }
