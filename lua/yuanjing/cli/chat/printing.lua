--- Prints the answers of a model.
local cells = require "yuanjing.cli.terminal.cells"
local output = require "yuanjing.cli.output"
local terminal = require "yuanjing.cli.terminal.terminal"

local printing = {}

local STDOUT = terminal.STDOUT

-- Prints the texts of a stream as they come. Reasoning is only shown at a
-- terminal, and not written to a file.
---@class yuanjing.cli.Printer
local Printer = {}
Printer.__index = Printer

--- A printer of one answer.
function printing.new()
  return setmetatable({ is_terminal = terminal.is(STDOUT), last = "\n",
    is_thinking = false }, Printer)
end

function Printer:put(text)
  if text == "" then return end
  self.last = text:sub(-1)
  terminal.write(STDOUT, self.is_terminal and cells.harmless(text) or text)
end

function Printer:think(text)
  if not self.is_terminal or text == "" then return end
  self.is_thinking, self.last = true, text:sub(-1)
  terminal.write(STDOUT, terminal.paint(STDOUT, "dim", cells.harmless(text)))
end

function Printer:answer(text)
  if text == "" then return end
  if self.is_thinking then self:put "\n\n" end
  self.is_thinking = false
  self:put(text)
end

-- The next output begins on a new line, however the stream ended.
function Printer:finish()
  if self.last ~= "\n" then self:put "\n" end
end

--- Prints a stream as it comes.
---@param stream yuanjing.Stream|yuanjing.TalkStream
---@param printer yuanjing.cli.Printer
---@return yuanjing.Reply?
---@return yuanjing.Error?
function printing.stream(stream, printer)
  local chunk, err = stream:next()
  while chunk do
    printer:think(chunk.reasoning_content or "")
    printer:answer(chunk.content)
    chunk, err = stream:next()
  end
  if err then return nil, err end
  return stream:finish()
end

local FIELDS = { "id", "model", "content", "reasoning_content",
  "finish_reason", "ended_by", "usage", "data", "warnings" }

--- Prints a whole reply: its text; or with a schema its data.
---@param arguments table
---@param reply yuanjing.Reply
function printing.reply(arguments, reply)
  if arguments.json then
    local fields = {}
    for _, name in ipairs(FIELDS) do fields[name] = reply[name] end
    return output.json(fields)
  elseif reply.schema then
    return output.json(reply.data)
  end
  local text = reply.content:gsub("\n$", "") .. "\n"
  terminal.write(STDOUT,
    terminal.is(STDOUT) and cells.harmless(text) or text)
end

--- Whether answers are printed while they come.
---@param arguments table
---@return boolean
function printing.streams(arguments)
  if arguments.json or arguments.no_stream or arguments.schema then
    return false
  end
  return arguments.stream or terminal.is(STDOUT)
end

return printing
