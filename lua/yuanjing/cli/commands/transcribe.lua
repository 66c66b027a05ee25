--- `yuanjing transcribe`: a sound as a text.
local config = require "yuanjing.cli.config"
local document = require "yuanjing.cli.document"
local errors = require "yuanjing.errors"
local extra = require "yuanjing.cli.extra"
local output = require "yuanjing.cli.output"
local say = require("yuanjing.base.language").say
local screen = require "yuanjing.cli.terminal.screen"
local session = require "yuanjing.cli.session"

local command = { name = "transcribe", summary = "Write down what is said." }

function command.options(parser)
  parser:argument("file", "The sound: a file, or a URL."):argname "FILE"
    :convert(session.to_name)
  parser:group("Options",
    parser:option("--model", "-m."):hidden_name "-m":argname "MODEL",
    parser:option("--language", "Of what is said, as the model calls it.")
      :argname "NAME",
    parser:flag("--srt", "Print subtitles (SubRip), where the platform tells "
      .. "the times."),
    extra.option(parser))
  parser:epilog("Seen in the platform's public source, not yet confirmed live.")
  session.options(parser)
end

local function params_of(arguments)
  local params = { file = arguments.file, model = config.model("transcribe", arguments),
    language = arguments.language }
  for name, value in pairs(extra.given(arguments) or {}) do
    params[name] = value
  end
  return params
end

-- 00:01:02,345
local function clock(seconds)
  local ms = math.floor(seconds * 1000 + 0.5)
  local whole = math.floor(ms / 1000)
  return ("%02d:%02d:%02d,%03d"):format(math.floor(whole / 3600),
    math.floor(whole / 60) % 60, whole % 60, ms % 1000)
end

-- The lines of the subtitles; nil: there are no times.
local function subtitles(transcript)
  local lines = {}
  for n, segment in ipairs(transcript.segments or {}) do
    if not segment.start or not segment["end"] then return nil end
    lines[#lines + 1] = tostring(n)
    lines[#lines + 1] = clock(segment.start) .. " --> " .. clock(segment["end"])
    lines[#lines + 1] = segment.text
    lines[#lines + 1] = ""
  end
  return #lines > 0 and lines or nil
end

local function segments_of(transcript)
  if not transcript.segments then return nil end
  local list = document.list {}
  for n, segment in ipairs(transcript.segments) do
    list[n] = { start = segment.start, ["end"] = segment["end"],
      text = segment.text }
  end
  return list
end

-- What was heard is paid for: it is printed, whatever else is missing.
local function report(arguments, transcript)
  if arguments.json then
    output.json { text = transcript.text, language = transcript.language,
      duration = transcript.duration, segments = segments_of(transcript),
      usage = transcript.usage }
    return true
  end
  local lines = arguments.srt and subtitles(transcript)
  output.print(lines or { (transcript.text:gsub("\n$", "")) })
  if lines or not arguments.srt then return true end
  return nil, errors.new { kind = "platform",
    message = say("the platform told no times, so there are no subtitles; the "
      .. "text is on stdout") }
end

function command.run(arguments)
  return screen.run(arguments, function(client, shown)
    shown.is_submitting = true
    local transcript, err = client:transcribe(params_of(arguments))
    shown.is_submitting = false
    if not transcript then return nil, err end
    shown.line:stop()
    if session.shows_request(arguments, transcript) then return true end
    return report(arguments, transcript)
  end)
end

return command
