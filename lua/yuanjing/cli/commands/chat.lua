--- `yuanjing chat`: one question, or a conversation.
local ascii = require "yuanjing.base.ascii"
local cells = require "yuanjing.cli.terminal.cells"
local errors = require "yuanjing.errors"
local extra = require "yuanjing.cli.extra"
local exits = require "yuanjing.cli.exits"
local output = require "yuanjing.cli.output"
local prompt = require "yuanjing.cli.terminal.prompt"
local session = require "yuanjing.cli.session"
local terminal = require "yuanjing.cli.terminal.terminal"

local command = { name = "chat", summary = "Ask a text model." }

local STDIN, STDOUT = terminal.STDIN, terminal.STDOUT

function command.options(parser)
  parser:argument("prompt", "What is asked; - is what comes on stdin, which is "
    .. "read as well when nothing is given."):args("*"):argname "PROMPT"
  parser:group("Options",
    parser:option("--system", "-s; what holds for all of it.")
      :hidden_name "-s":argname "TEXT",
    parser:option("--model", "-m; default: qwen3-max."):hidden_name "-m"
      :argname "MODEL",
    parser:flag("-i --interactive", "A conversation, until Ctrl-D; Ctrl-C "
      .. "stops an answer."),
    parser:flag("--stream", "Print the answer as it comes, on a pipe as well."),
    parser:flag("--no-stream", "Print the answer when it is whole."),
    extra.option(parser))
  session.options(parser)
end

-- Answers ------------------------------------------------------------------

-- Prints the texts of a stream as they come. Reasoning is only shown at a
-- terminal, and not written to a file.
---@class yuanjing.cli.Printer
local Printer = {}
Printer.__index = Printer

local function new_printer()
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

local function print_stream(stream, printer)
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
  "finish_reason", "ended_by", "usage" }

local function print_reply(arguments, reply)
  if arguments.json then
    local fields = {}
    for _, name in ipairs(FIELDS) do fields[name] = reply[name] end
    return output.json(fields)
  end
  local text = reply.content:gsub("\n$", "") .. "\n"
  terminal.write(STDOUT,
    terminal.is(STDOUT) and cells.harmless(text) or text)
end

local function streams(arguments)
  if arguments.json or arguments.no_stream then return false end
  return arguments.stream or terminal.is(STDOUT)
end

-- Asks and prints. Returns the reply, true for a dry run, or nil and an error.
local function ask(client, arguments, params, printer)
  for name, value in pairs(extra.given(arguments) or {}) do
    params[name] = value
  end
  params.model, params.stream = arguments.model, streams(arguments) or nil
  local answer, err = client:chat(params)
  if not answer then return nil, err end
  if session.shows_request(arguments, answer) then return true end
  if params.stream then return print_stream(answer, printer) end
  print_reply(arguments, answer)
  return answer
end

-- The reasons that the APIs give for an answer cut at its length limit.
local CUT = { length = true, max_tokens = true, max_output_tokens = true }

-- The exit status for an answer; reports an answer that was cut.
local function judge(status, reply)
  local ended_by = type(reply) == "table" and reply.ended_by or ""
  if status ~= exits.OK or not CUT[ascii.lower(ended_by)] then return status end
  output.note(("yuanjing: the answer is cut off at its length limit (%s); "
    .. "`--extra max_tokens=...` asks for more"):format(ended_by))
  return exits.CUT
end

local function ask_once(arguments)
  local printer, reply = new_printer(), nil
  local status = session.run(arguments, function(client)
    local err
    reply, err = ask(client, arguments,
      { prompt = prompt(arguments.prompt), sys_prompt = arguments.system },
      printer)
    return reply and true, err
  end, { over = function() printer:finish() end })
  return judge(status, reply)
end

-- A conversation -----------------------------------------------------------

-- The next line, or nil at the end; and the exit status after a Ctrl-C.
local function read_line(is_typed)
  if not is_typed then return io.read("*l") end
  return session.typed(terminal.paint(STDOUT, "mark",
    terminal.is_utf8() and "› " or "> "))
end

-- One question and its answer; both are added to the messages on success.
local function turn(arguments, messages, line)
  messages[#messages + 1] = { role = "user", content = line }
  local reply
  local printer = new_printer()
  local status = session.attempt(arguments, function(client)
    local err
    reply, err = ask(client, arguments, { messages = messages }, printer)
    return reply and true, err
  end, { over = function() printer:finish() end })
  if type(reply) == "table" then
    messages[#messages + 1] = { role = "assistant", content = reply.content }
  else
    messages[#messages] = nil
  end
  return judge(status, reply)
end

-- At a terminal the conversation continues after a failed turn.
local function converse(arguments)
  local is_typed, status = terminal.is(STDIN), exits.OK
  local messages = {}
  if arguments.system then
    messages[1] = { role = "system", content = arguments.system }
  end
  local line, ended = table.concat(arguments.prompt, " "), nil
  if line == "" then line, ended = read_line(is_typed) end
  while line do
    if line:find("[^ \t-\r]") then status = turn(arguments, messages, line) end
    local is_answered = status == exits.OK or status == exits.CUT
    if not is_answered and not is_typed then break end
    line, ended = read_line(is_typed)
  end
  session.leave()
  return ended or is_typed and exits.OK or status
end

local function nothing_asked(arguments)
  return output.fail(arguments, errors.new { kind = "invalid_request",
    message = "nothing is asked",
    hint = 'yuanjing chat "...", or -i for a conversation' })
end

function command.run(arguments)
  local is_typed = terminal.is(STDIN)
  if arguments.interactive then
    if is_typed then output.note("Ctrl-D ends it.", "dim") end
    return converse(arguments)
  end
  if is_typed and #arguments.prompt == 0 then
    return nothing_asked(arguments)
  end
  return ask_once(arguments)
end

return command
