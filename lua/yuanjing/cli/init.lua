--- The command `yuanjing`. Each of its commands is a module in this folder
-- that returns { name, summary, options(parser), run(arguments) -> status }.
local argparse = require "yuanjing.need" "argparse"

local cli = {}

local COMMANDS = { "sandbox" }

cli.OK, cli.FAILED, cli.USAGE = 0, 1, 2

local function print_version()
  print("yuanjing " .. require("yuanjing.version"))
  os.exit(cli.OK, true)
end

local function build()
  local parser = argparse("yuanjing",
    "The 元境 platform from the command line.")
  parser:flag("--version", "Print the version and exit.")
    :action(print_version)
  parser:command_target("command")
  parser:require_command(true)
  local by_name = {}
  for _, name in ipairs(COMMANDS) do
    local command = require("yuanjing.cli." .. name)
    command.options(parser:command(command.name, command.summary))
    by_name[command.name] = command
  end
  return parser, by_name
end

--- Runs what the arguments say.
---@param arguments string[]
---@return integer status of the process: 0 well, 1 failed, 2 wrongly called
function cli.main(arguments)
  local parser, commands = build()
  local ok, parsed = parser:pparse(arguments)
  if not ok then
    io.stderr:write(parser:get_usage(), "\n\nyuanjing: ", parsed, "\n")
    return cli.USAGE
  end
  return commands[parsed.command].run(parsed)
end

return cli
