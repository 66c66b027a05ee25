--- `yuanjing speak`: a text as a sound.
local config = require "yuanjing.cli.config"
local destination = require "yuanjing.cli.destination"
local extra = require "yuanjing.cli.extra"
local follow = require "yuanjing.cli.follow"
local number = require "yuanjing.base.number"
local output = require "yuanjing.cli.output"
local prompt = require "yuanjing.cli.terminal.prompt"
local say = require("yuanjing.base.language").say
local screen = require "yuanjing.cli.terminal.screen"
local session = require "yuanjing.cli.session"
local terminal = require "yuanjing.cli.terminal.terminal"

local command = { name = "speak",
  summary = "Have a text spoken, and save the sound." }

-- The folder where it is called: the file is speech.wav there, or speech.mp3 ...
local HERE = "./"

local function to_speed(text)
  local speed = number.read(text)
  if speed and speed > 0 and speed < math.huge then return speed end
  return nil, say("a number is expected, not '%s'", text)
end

function command.options(parser)
  parser:argument("text", "What is said; - is what comes on stdin, which is read "
    .. "as well when nothing is given."):args("*"):argname "TEXT"
  parser:group("Options",
    parser:option("--model", "-m; needed."):hidden_name "-m":argname "MODEL",
    parser:option("--voice", "Whose voice, as the model calls it.")
      :argname "NAME",
    parser:option("--speed", "1 is usual, 2 twice as fast."):argname "NUMBER"
      :convert(to_speed),
    parser:option("--output", "-o; a file, a folder, a new folder with a / behind "
      .. "it, or - for stdout; default: speech.* in this folder.")
      :hidden_name "-o":argname "PATH":convert(session.to_name),
    extra.option(parser))
  parser:epilog("Seen in the platform's public source, not yet confirmed live.")
  session.options(parser)
end

local function params_of(arguments)
  local params = { model = config.model("speak", arguments), text = prompt(arguments.text),
    voice = arguments.voice, speed = arguments.speed }
  for name, value in pairs(extra.given(arguments) or {}) do
    params[name] = value
  end
  return params
end

local function save(shown, speech)
  return follow.save(shown, shown.arguments.output, function(path, options)
    return speech:save(path, options)
  end, say "speaking")
end

local function report(shown, speech, path)
  shown.line:stop()
  local arguments = shown.arguments
  if arguments.json then
    return output.json { file = path, model = speech.model,
      format = speech.format, sample_rate = speech.sample_rate,
      usage = speech.usage }
  end
  local is_shown = shown.line:is_live() and terminal.is(terminal.STDOUT)
  if not arguments.is_to_stdout and not is_shown then output.print { path } end
end

function command.run(arguments)
  arguments.output = arguments.output or HERE
  return screen.run(arguments, function(client, shown)
    local ok, problem = destination.check(arguments)
    if not ok then return nil, problem end
    shown.is_submitting = true
    local speech, err = client:speak(params_of(arguments))
    shown.is_submitting = false
    if not speech then return nil, err end
    if session.shows_request(arguments, speech) then return true end
    local path
    path, err = save(shown, speech)
    if not path then return nil, err end
    report(shown, speech, path)
    return true
  end)
end

return command
