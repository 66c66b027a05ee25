--- `yuanjing models`: lists the models that the platform offers now.
local document = require "yuanjing.cli.document"
local output = require "yuanjing.cli.output"
local session = require "yuanjing.cli.session"

local command = { name = "models",
  summary = "List the models that the platform offers." }

function command.options(parser)
  parser:group("Options", parser:option("--category",
    "One category only: t2t, t2i, t2v, i2v, ref2v."))
  session.options(parser)
end

function command.run(arguments)
  return session.run(arguments, function(client)
    local models, err = client:models { category = arguments.category }
    if not models then return nil, err end
    if session.shows_request(arguments, models) then return true end
    if arguments.json then
      output.json { models = document.list(models) }
    else
      output.print(models)
    end
    return true
  end)
end

return command
