--- The command `yuanjing`. Each of its commands is a module in this folder that
-- returns { name, summary, options(parser, is_for_completion),
-- run(arguments) -> status }.
local argparse = require "yuanjing.base.dependency" "argparse"
local config = require "yuanjing.cli.config"
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local exits = require "yuanjing.cli.exits"
local fields = require "yuanjing.cli.fields"
local language = require "yuanjing.base.language"
local localize = require "yuanjing.cli.localize"
local output = require "yuanjing.cli.output"

local say = language.say

local cli = {}

local COMMANDS = { "chat", "image", "video", "speak", "transcribe", "batch",
  "task", "tasks", "models", "catalog", "account", "assets", "login", "logout",
  "config", "sandbox", "doctor", "completion" }

local WELCOME = [[
The 元境 platform from the command line.

  yuanjing chat "你是谁"
  yuanjing image -m wan2.2-t2i-plus "一只猫坐在月亮上" -o cat.png
  yuanjing video -m viduq3-pro "从白天到夜晚" -o city.mp4 \
    --first-frame day.jpg --last-frame night.jpg

]]

local NO_KEY = [[
It needs a key: `yuanjing login` asks for it and keeps it, or
export YUANJING_API_KEY=sk-...
To try it without one: `yuanjing sandbox` is the platform on this machine.

]]

local MORE = [[
`yuanjing --help` lists the commands, `yuanjing chat --help` the options of one.
]]

local function print_version()
  print("yuanjing " .. require("yuanjing.version"))
  os.exit(exits.OK, true)
end

-- Converter for argparse: any name of a language that is known.
local function to_language(text)
  local name = language.of(text)
  if name then return name end
  return nil, say("en or zh is expected, not '%s'", text)
end

local function add_language(parser, is_for_completion)
  local option = parser:option("--lang", "The language of texts for people: en or "
    .. "zh; default: $YUANJING_LANG, the file of `yuanjing config`, the locale.")
    :argname "LANG":convert(to_language)
  if is_for_completion then option:choices(language.NAMES) end
  for _, command in ipairs(parser._commands) do
    add_language(command, is_for_completion)
  end
end

--- The parser, and the commands by name.
---@param is_for_completion? boolean includes the values that a shell may offer
function cli.parser(is_for_completion)
  local parser = argparse("yuanjing",
    "The 元境 platform from the command line.")
    :help_max_width(80):help_description_margin(30)
    :epilog(("%s\n%s"):format(say "Exit status:", exits.listing()))
  parser:flag("--version", "Print the version and exit.")
    :action(print_version)
  parser:command_target("command")
  parser:require_command(false)
  local by_name = {}
  for _, name in ipairs(COMMANDS) do
    local command = require("yuanjing.cli.commands." .. name)
    command.options(parser:command(command.name, command.summary),
      is_for_completion)
    by_name[command.name] = command
  end
  add_language(parser, is_for_completion)
  localize.parser(parser, is_for_completion)
  return parser, by_name
end

local function welcome()
  local has_key = config.in_force({}).api_key.value
  io.stdout:write(say(WELCOME), has_key and "" or say(NO_KEY), say(MORE))
  return exits.OK
end

-- The name of the command stands behind options of them all, such as --lang zh.
local function name_in(arguments)
  for n, argument in ipairs(arguments) do
    if not argument:find("^%-") and arguments[n - 1] ~= "--lang" then
      return argument
    end
  end
end

-- The help command to suggest after a wrong command line.
local function help_for(arguments, commands)
  local name = name_in(arguments)
  return ("yuanjing %s--help"):format(commands[name] and name .. " " or "")
end

local NOT_THE_KEY = "the key can not be an option, for everybody on this "
  .. "machine can see a command's arguments: `yuanjing login`, or export "
  .. "YUANJING_API_KEY=sk-..."
local ADVICE = { ["--key"] = NOT_THE_KEY, ["--api-key"] = NOT_THE_KEY }

-- An id of the platform may begin with "-", and then looks like an option.
local function advice_on(option, arguments)
  for _, argument in ipairs(arguments) do
    if #argument > 12 and argument:find("^%-[0-9A-Za-z_-]+$")
      and argument:sub(1, 2) == option then
      return say("an id that begins with - goes behind --: -- %s", argument)
    end
  end
  return ADVICE[option] and say(ADVICE[option])
end

local function misused(arguments, commands, problem)
  local option = problem:match("^unknown option '(.-)'")
  local advice = option and advice_on(option, arguments)
  local line = say("yuanjing: %s. See `%s`", advice
    or localize.problem(problem), help_for(arguments, commands))
  io.stderr:write((line:gsub("？。", "？"):gsub("%?%. ", "? ")), "\n")
  return exits.USAGE
end

local function with_traceback(problem)
  return errors.is(problem) and problem or debug.traceback(problem, 2)
end

-- A raised error is a full stdout, or a fault in the command.
local function run(command, arguments)
  local ok, status = xpcall(function() return command.run(arguments) end,
    with_traceback)
  if ok then return status end
  if not errors.is(status) then error(status, 0) end
  return output.fail(arguments, status)
end

-- The language has to be known before the parser is made, which shows its help by
-- itself. With --json the readers are programs, and all is in English.
local function choose_language(arguments)
  local name
  for n, argument in ipairs(arguments) do
    if argument == "--" then break end
    local given = argument:match("^%-%-lang=(.*)$")
      or argument == "--lang" and arguments[n + 1]
    if argument == "--json" then name = "en" break end
    name = given and language.of(given) or name
  end
  language.choose(name or language.find(config.language()))
end

-- On Windows C knows the arguments in the system's code page alone.
local function in_utf8(arguments)
  local list = {}
  for i, argument in ipairs(arguments) do
    list[i] = core.argument(#arguments - i, argument) or argument
  end
  return list
end

--- Runs the command line.
---@param arguments string[]
---@return integer status of the process; yuanjing.cli.exits lists them
function cli.main(arguments)
  if core.show_utf8() then
    io.stdout:setvbuf("full") -- else C may write a character byte by byte,
    io.stderr:setvbuf("full") -- which a console does not put together
  end
  arguments = in_utf8(arguments)
  choose_language(arguments)
  if #arguments == 0 then return welcome() end
  local parser, commands = cli.parser()
  local words, misspelt = fields.as_extra(parser, arguments)
  if misspelt then return misused(arguments, commands, misspelt) end
  local ok, parsed = parser:pparse(words)
  if not ok then return misused(arguments, commands, parsed) end
  if not parsed.command then return welcome() end
  return run(commands[parsed.command], parsed)
end

return cli
