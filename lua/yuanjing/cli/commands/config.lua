--- `yuanjing config`: the settings in force, and where each comes from.
local columns = require "yuanjing.cli.terminal.columns"
local config = require "yuanjing.cli.config"
local exits = require "yuanjing.cli.exits"
local output = require "yuanjing.cli.output"
local say = require("yuanjing.base.language").say

local command = { name = "config",
  summary = "Show the settings in force, and where each comes from." }

local EPILOG = [[
Options come first, then the environment, then a file. It may have these names:

  {
    "base_url": "https://opencomputing.ai",
    "lang": "zh",
    "models": { "chat": "qwen3-max", "image": "wan2.2-t2i-plus" }
  }

asset_url and api (v1, legacy) as well; models also for video, speak and
transcribe. `yuanjing login` puts the key there.]]

function command.options(parser)
  parser:flag("--json", "JSON on stdout, for scripts.")
  parser:epilog(EPILOG)
end

local function as_rows(settings)
  local rows = {}
  for n, setting in ipairs(settings) do
    rows[n] = { setting.name, config.shown(setting) or "-",
      setting.source == "default" and say "default" or setting.source or "" }
  end
  return rows
end

local function as_json(settings)
  local named = {}
  for _, setting in ipairs(settings) do
    named[setting.name] = { value = config.shown(setting),
      source = setting.source }
  end
  return { file = config.path(), settings = named }
end

function command.run(arguments)
  local settings, err = config.in_force(arguments)
  if err then return output.fail(arguments, err) end
  if arguments.json then
    output.json(as_json(settings))
  else
    output.print(columns(as_rows(settings)))
  end
  local advice = config.advice()
  if advice then output.note(advice) end
  return exits.OK
end

return command
