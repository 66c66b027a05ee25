--- `yuanjing models`: lists the models that the platform offers now.
local ascii = require "yuanjing.base.ascii"
local categories = require "yuanjing.protocol.category"
local columns = require "yuanjing.cli.terminal.columns"
local document = require "yuanjing.cli.document"
local output = require "yuanjing.cli.output"
local purposes = require "yuanjing.cli.catalog.purposes"
local session = require "yuanjing.cli.session"
local terminal = require "yuanjing.cli.terminal.terminal"

local command = { name = "models",
  summary = "List the models that the platform offers." }

local NAMES = { "chat" }
for _, name in ipairs(purposes.NAMES) do NAMES[#NAMES + 1] = name end

function command.options(parser, is_for_completion)
  local category = parser:option("--category",
    "One category only: t2t, t2i, t2v, i2v, ref2v.")
  local purpose = parser:option("--for", "Those that are good for a command, or "
    .. "take an option: chat, image, video, first-frame, last-frame, "
    .. "reference-image, ..."):target("purpose"):argname "WHAT"
  if is_for_completion then
    category:choices(categories.NAMES)
    purpose:choices(NAMES)
  else
    purpose:convert(purposes.reader(NAMES))
  end
  parser:group("Options", category, purpose)
  session.options(parser)
end

local function categories_of(models, model)
  local names = {}
  for name in pairs(models.categories[model] or {}) do
    names[#names + 1] = name
  end
  table.sort(names, ascii.less)
  return table.concat(names, " ")
end

-- At a terminal with the categories; on a pipe an id a line.
local function print_list(models, chosen)
  if not terminal.is(terminal.STDOUT) then return output.print(chosen) end
  local rows = {}
  for n, model in ipairs(chosen) do
    rows[n] = { model, categories_of(models, model) }
  end
  output.print(columns(rows))
end

function command.run(arguments)
  return session.run(arguments, function(client)
    local models, err = client:models { category = arguments.category }
    if not models then return nil, err end
    if session.shows_request(arguments, models) then return true end
    local chosen = arguments.purpose
      and purposes.among(models, arguments.purpose) or models
    if arguments.json then
      output.json { models = document.list(chosen) }
    else
      print_list(models, chosen)
    end
    return true
  end)
end

return command
