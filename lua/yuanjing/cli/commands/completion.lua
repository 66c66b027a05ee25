--- `yuanjing completion`: prints a completion script for a shell.
local terminal = require "yuanjing.cli.terminal.terminal"

local command = { name = "completion",
  summary = "Print a completion script for a shell." }

local EPILOG = [[
bash  eval "$(yuanjing completion bash)"                  in ~/.bashrc
zsh   yuanjing completion zsh > "${fpath[1]}/_yuanjing"   once
fish  yuanjing completion fish | source                   in config.fish]]

function command.options(parser)
  parser:argument("shell", "bash, zsh or fish."):choices {
    "bash", "zsh", "fish" }
  parser:epilog(EPILOG)
end

function command.run(arguments)
  local parser = require("yuanjing.cli").parser(true)
  terminal.write(terminal.STDOUT,
    parser["get_" .. arguments.shell .. "_complete"](parser))
  return 0
end

return command
