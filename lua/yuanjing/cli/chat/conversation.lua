--- `yuanjing chat -i`: a conversation, line by line, at a terminal or on a pipe.
local commands = require "yuanjing.cli.chat.commands"
local config = require "yuanjing.cli.config"
local core = require "yuanjing.core"
local exits = require "yuanjing.cli.exits"
local extra = require "yuanjing.cli.extra"
local output = require "yuanjing.cli.output"
local printing = require "yuanjing.cli.chat.printing"
local say = require("yuanjing.base.language").say
local session = require "yuanjing.cli.session"
local terminal = require "yuanjing.cli.terminal.terminal"

local conversation = {}

local STDIN, STDOUT = terminal.STDIN, terminal.STDOUT

-- Lines ----------------------------------------------------------------------

local function sign()
  return terminal.paint(STDOUT, "mark", terminal.is_utf8() and "› " or "> ")
end

-- The next line, or nil at the end. At a terminal the first Ctrl-C clears the line;
-- after the second it returns nil and the exit status.
local function read_line(is_typed)
  if not is_typed then return io.read("*l") end
  local line, status = session.typed(sign())
  if line or not status then return line end
  output.note(say "Ctrl-D ends it.", "dim")
  return session.typed(sign())
end

-- Turns ----------------------------------------------------------------------

-- The question, with its pictures and options.
local function question(self, line)
  local asked = { line, images = #self.images > 0 and self.images or nil,
    schema = self.arguments.schema,
    stream = printing.streams(self.arguments) or nil }
  for name, value in pairs(extra.given(self.arguments) or {}) do
    asked[name] = value
  end
  return asked
end

-- Asks and prints. Returns the reply, true for a dry run, or nil and an error.
local function ask(self, asked, printer)
  local answer, err = self.talk:ask(asked)
  if not answer then return nil, err end
  if session.shows_request(self.arguments, answer) then return true end
  if asked.stream then return printing.stream(answer, printer) end
  printing.reply(self.arguments, answer)
  return answer
end

local function keep(self)
  if not self.arguments.keep then return true end
  return self.talk:save(self.arguments.keep)
end

-- One question and its answer. A failed turn leaves the conversation as it was.
local function turn(self, line)
  local printer, reply = printing.new(), nil
  local status = session.attempt(self.arguments, function()
    local err
    reply, err = ask(self, question(self, line), printer)
    if not reply then return nil, err end
    self.images = {}
    return keep(self)
  end, { over = function() printer:finish() end })
  return self.judge(status, reply)
end

-- A new conversation, or the one that a file keeps; or nil and an error.
local function begin(arguments, judge, is_typed)
  local client, keeps = session.client(arguments), arguments.keep
  local is_kept = keeps and core.look(keeps) ~= nil
  local talk, err = client:conversation { load = is_kept and keeps or nil,
    system = arguments.system,
    model = config.model("chat", arguments) }
  if not talk then return nil, err end
  return { arguments = arguments, client = client, talk = talk, images = {},
    keep = keeps, is_typed = is_typed, judge = judge }
end

-- At a terminal the conversation continues after a failed turn.
local function converse(self)
  local is_typed = self.is_typed
  local line, ended = table.concat(self.arguments.prompt, " "), nil
  local status = exits.OK
  if line == "" then line, ended = read_line(is_typed) end
  while line do
    local is_done = not line:find("[^ \t-\r]")
      or commands.run(self, line)
    if not is_done then status = turn(self, line) end
    local is_answered = status == exits.OK or status == exits.CUT
    if not is_answered and not is_typed then break end
    line, ended = read_line(is_typed)
  end
  session.leave()
  return ended or is_typed and exits.OK or status
end

--- Runs a conversation to its end. Returns the exit status.
---@param arguments table
---@param judge fun(status: integer, reply: any): integer the exit status for an answer
---@return integer
function conversation.run(arguments, judge)
  local is_typed = terminal.is(STDIN)
  local self, err = begin(arguments, judge, is_typed)
  if not self then return output.fail(arguments, err) end
  if is_typed then output.note(say "Ctrl-D ends it, /help says more.", "dim") end
  return converse(self)
end

return conversation
