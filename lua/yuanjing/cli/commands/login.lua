--- `yuanjing login`: asks for the key, and keeps it in the user's file.
local address = require "yuanjing.http.address"
local config = require "yuanjing.cli.config"
local errors = require "yuanjing.errors"
local exits = require "yuanjing.cli.exits"
local output = require "yuanjing.cli.output"
local say = require("yuanjing.base.language").say
local session = require "yuanjing.cli.session"
local shell = require "yuanjing.sandbox.shell"
local terminal = require "yuanjing.cli.terminal.terminal"

local command = { name = "login",
  summary = "Keep the key in a file that only you can read." }

function command.options(parser)
  parser:flag("--json", "JSON on stdout, for scripts.")
  parser:epilog("The key is asked for at a terminal, and not shown; else it is the "
    .. "first line of stdin. There is no option for it: everybody on a machine can "
    .. "see the arguments of a command.")
end

-- Whether the terminal does it; where there is no stty it does not.
local function set_terminal(mode)
  if not shell.is_here then return false end
  local result = os.execute("stty " .. mode .. " 2>/dev/null")
  return result == true or result == 0 -- LuaJIT returns the status
end

local function typed_key()
  local is_hidden = set_terminal "-echo"
  local line, status = session.typed(is_hidden
    and say "Key (it is not shown): " or say "Key: ")
  if is_hidden then
    set_terminal "echo"
    if line then terminal.write(terminal.STDOUT, "\n") end
  end
  session.leave()
  return line, status
end

local function read_key()
  if terminal.is(terminal.STDIN) then return typed_key() end
  return io.read("*l")
end

local function report(arguments, path)
  if arguments.json then
    output.json { path = path }
  else
    output.print { say("the key is in %s, for you alone to read", path) }
  end
  local is_hidden = (os.getenv "YUANJING_API_KEY" or "") ~= ""
  if is_hidden then
    output.note(say "NB: YUANJING_API_KEY is set, and comes before that file")
  end
  return exits.OK
end

function command.run(arguments)
  local line, status = read_key()
  if status then return status end
  local key, problem = address.key { api_key = line or "" }
  if not key then
    return output.fail(arguments, errors.new { kind = "invalid_request",
      attempts = 0, message = problem.message,
      hint = say "nothing was changed; keys are made at https://ai.opencomputing.cn" })
  end
  local path, err = config.keep_key(key)
  if not path then return output.fail(arguments, err) end
  return report(arguments, path)
end

return command
