--- `yuanjing chat`: one question, or a conversation.
local config = require "yuanjing.cli.config"
local conversation = require "yuanjing.cli.chat.conversation"
local endings = require "yuanjing.protocol.chat.endings"
local errors = require "yuanjing.errors"
local exits = require "yuanjing.cli.exits"
local extra = require "yuanjing.cli.extra"
local files = require "yuanjing.base.files"
local json = require "yuanjing.base.json"
local output = require "yuanjing.cli.output"
local printing = require "yuanjing.cli.chat.printing"
local prompt = require "yuanjing.cli.terminal.prompt"
local say = require("yuanjing.base.language").say
local session = require "yuanjing.cli.session"
local terminal = require "yuanjing.cli.terminal.terminal"

local command = { name = "chat", summary = "Ask a text model." }

-- Converter for argparse: the JSON in a file.
local function to_schema(path)
  local text, why = files.read(path)
  if not text then return nil, why end
  local schema, problem = json.decode(text)
  if type(schema) == "table" then return schema end
  return nil, ("%s: %s"):format(path, problem or say "no JSON schema")
end

function command.options(parser)
  parser:argument("prompt", "What is asked; - is what comes on stdin, which is "
    .. "read as well when nothing is given."):args("*"):argname "PROMPT"
  parser:group("Options",
    parser:option("--system", "-s; what holds for all of it.")
      :hidden_name "-s":argname "TEXT",
    parser:option("--model", "-m; default: qwen3-max."):hidden_name "-m"
      :argname "MODEL",
    parser:flag("-i --interactive", "A conversation, until Ctrl-D; Ctrl-C "
      .. "stops an answer, or clears the line."),
    parser:option("--keep", "With -i: goes on with the conversation in that "
      .. "file, and saves it there after each answer."):argname "FILE"
      :convert(session.to_name),
    parser:option("--schema", "A JSON schema that the answer has to fit; prints "
      .. "the JSON."):argname "FILE":convert(to_schema),
    parser:flag("--stream", "Print the answer as it comes, on a pipe as well."),
    parser:flag("--no-stream", "Print the answer when it is whole."),
    extra.option(parser))
  session.options(parser)
end

-- The exit status for an answer; reports an answer that was cut.
local function judge(status, reply)
  local reason = type(reply) == "table" and reply.finish_reason or nil
  if status ~= exits.OK or not endings.is_full(reason) then return status end
  output.note(say("yuanjing: the answer is cut off at its length limit (%s); "
    .. "`--extra max_tokens=...` asks for more", reason))
  return exits.CUT
end

-- Asks and prints. Returns the reply, true for a dry run, or nil and an error.
local function ask(client, arguments, printer)
  local params = { prompt = prompt(arguments.prompt),
    sys_prompt = arguments.system, schema = arguments.schema,
    model = config.model("chat", arguments),
    stream = printing.streams(arguments) or nil }
  for name, value in pairs(extra.given(arguments) or {}) do
    params[name] = value
  end
  local answer, err = client:chat(params)
  if not answer then return nil, err end
  if session.shows_request(arguments, answer) then return true end
  if params.stream then return printing.stream(answer, printer) end
  printing.reply(arguments, answer)
  return answer
end

local function ask_once(arguments)
  local printer, reply = printing.new(), nil
  local status = session.run(arguments, function(client)
    local err
    reply, err = ask(client, arguments, printer)
    return reply and true, err
  end, { over = function() printer:finish() end })
  return judge(status, reply)
end

local function nothing_asked(arguments)
  return output.fail(arguments, errors.new { kind = "invalid_request",
    message = say "nothing is asked",
    hint = say 'yuanjing chat "...", or -i for a conversation' })
end

function command.run(arguments)
  if arguments.interactive or arguments.keep then
    return conversation.run(arguments, judge)
  end
  if terminal.is(terminal.STDIN) and #arguments.prompt == 0 then
    return nothing_asked(arguments)
  end
  return ask_once(arguments)
end

return command
