--- `yuanjing logout`: removes the key from the user's file.
local config = require "yuanjing.cli.config"
local exits = require "yuanjing.cli.exits"
local output = require "yuanjing.cli.output"
local say = require("yuanjing.base.language").say

local command = { name = "logout",
  summary = "Remove the key that `yuanjing login` keeps." }

function command.options(parser)
  parser:flag("--json", "JSON on stdout, for scripts.")
end

function command.run(arguments)
  local path, err, is_changed = config.keep_key(nil)
  if not path then return output.fail(arguments, err) end
  is_changed = is_changed ~= false
  if arguments.json then
    output.json { path = path, removed = is_changed }
  else
    output.print { is_changed and say("the key is gone from %s", path)
      or say("there is no key in %s", path) }
  end
  return exits.OK
end

return command
