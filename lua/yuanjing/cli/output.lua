--- The output of a command: a result, or one line with the error and what to
-- do next, and the exit status.
local cells = require "yuanjing.cli.terminal.cells"
local config = require "yuanjing.cli.config"
local document = require "yuanjing.cli.document"
local errors = require "yuanjing.errors"
local exits = require "yuanjing.cli.exits"
local say = require("yuanjing.base.language").say
local terminal = require "yuanjing.cli.terminal.terminal"

local output = {}

--- Writes a line on stderr.
---@param text string
---@param style? string
function output.note(text, style)
  text = cells.harmless(text)
  terminal.write(terminal.STDERR,
    style and terminal.paint(terminal.STDERR, style, text) or text, "\n")
end

--- The result as JSON, in one line.
---@param value table
function output.json(value)
  terminal.write(terminal.STDOUT, document.encode(value), "\n")
end

--- Lines of plain text on stdout.
---@param lines string[]
function output.print(lines)
  for _, line in ipairs(lines) do
    terminal.write(terminal.STDOUT, cells.harmless(line), "\n")
  end
end

-- Advice for errors, as a command line.
local DOCTOR = "`yuanjing doctor` shows how far it comes"
local HINTS = { transport = DOCTOR, decode = DOCTOR, timeout = DOCTOR,
  truncated = "what came before the break is above, if anything" }
local NO_KEY = "`yuanjing login` keeps one, or export YUANJING_API_KEY=sk-...; "
  .. "`yuanjing sandbox` is the platform on this machine, which needs none of yours"

local function waits_for(err)
  local task, asset = err.task, err.asset
  if task and task.id then
    return say("it goes on: yuanjing task %s --await", task.id)
  elseif asset and asset.id then
    return say("it goes on: yuanjing assets status %s --await", asset.id)
  end
end

-- A copy of the error, worded for a terminal.
local function for_terminal(err)
  local copy = errors.new(err)
  copy.message = say(err.message)
  if (err.call or ""):find("^[a-z]") then
    copy.call = nil -- a Lua function, not an HTTP request
  else
    copy.hint = rawget(err, "hint") or HINTS[err.kind] and say(HINTS[err.kind]) or err.hint
  end
  if err.kind == "auth" and err.attempts == 0 then copy.hint = config.advice() or say(NO_KEY) end
  if err.kind == "timeout" and waits_for(err) then
    copy.message, copy.hint = say(err.summary or err.message), waits_for(err)
    copy.call, copy.task, copy.asset = nil, nil, nil
  end
  return copy
end

local FIELDS = { "kind", "message", "code", "status", "attempts", "retry_after",
  "partial", "problems", "hint", "files" }

local function fields_of(err, status)
  local fields = { retryable = err.retryable, exit = status }
  for _, name in ipairs(FIELDS) do fields[name] = err[name] end
  for _, name in ipairs { "task", "asset" } do
    if err[name] then
      fields[name] = { id = err[name].id, status = err[name].status }
    end
  end
  return fields
end

--- Reports an error: a line on stderr, and with --json an object on stdout.
--- Returns the exit status.
---@param arguments { json?: boolean }
---@param err yuanjing.Error
---@return integer status
function output.fail(arguments, err)
  local status = exits.of(err.kind)
  if arguments.json then
    pcall(output.json, { error = fields_of(err, status) }) -- stdout may be full
  end
  output.note("yuanjing: " .. tostring(for_terminal(err)))
  return status
end

return output
