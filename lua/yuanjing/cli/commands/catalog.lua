--- `yuanjing catalog`: the models and their parameters as a table.
local ascii = require "yuanjing.base.ascii"
local catalog = require "yuanjing.generation.catalog"
local fields = require "yuanjing.protocol.fields"
local cells = require "yuanjing.cli.terminal.cells"
local columns = require "yuanjing.cli.terminal.columns"
local document = require "yuanjing.cli.document"
local errors = require "yuanjing.errors"
local flags = require "yuanjing.cli.flags"
local number = require "yuanjing.base.number"
local output = require "yuanjing.cli.output"
local protocols = require "yuanjing.protocol"
local suggest = require "yuanjing.base.suggest"
local terminal = require "yuanjing.cli.terminal.terminal"

local command = { name = "catalog",
  summary = "Show what the image and video models take; asks nobody." }

local STDOUT = terminal.STDOUT

function command.options(parser, is_for_completion)
  local model = parser:argument("model", "All models, in short, unless given.")
    :args("?"):argname "MODEL"
  if is_for_completion then model:choices(catalog.models "v1") end
  parser:option("--api", "Whose wire; default: v1."):choices(protocols.NAMES)
  parser:flag("--json", "JSON on stdout, for scripts.")
end

local function rows_of(api, model)
  local rows = document.list {}
  for _, row in ipairs(catalog) do
    if row.api == api and (not model or row.model == model) then
      rows[#rows + 1] = row
    end
  end
  return rows
end

-- The first line is bold. It is painted after the columns are measured.
local function print_table(rows)
  local lines = columns(rows)
  lines[1] = terminal.paint(STDOUT, "bold", lines[1])
  terminal.write(STDOUT, table.concat(lines, "\n"), "\n")
end

local function overview(api)
  local rows = { { "MODEL", "COMMAND", "CATEGORIES", "VENDOR" } }
  for _, model in ipairs(catalog.models(api)) do
    local row = catalog.find(api, model)
    rows[#rows + 1] = { model, row.kind,
      table.concat(catalog.categories(api, model), " "), row.vendor or "" }
  end
  print_table(rows)
end

local function flag_of(param)
  if param.name == "prompt" then return "PROMPT" end
  return flags.option_of(param.role or param.alias or param.name)
end

local function values_of(param)
  if param.flag then return "switch" end
  if param.choices then
    local values = {}
    for i, value in ipairs(param.choices) do values[i] = number.show(value) end
    return table.concat(values, " ")
  elseif param.minimum then
    return ("%d to %d"):format(param.minimum, param.maximum)
  elseif param.role then
    return param.max_count and ("up to %d files"):format(param.max_count)
      or param.type == "files" and "files" or "file"
  end
  return param.type == "integer" and "whole number" or "text"
end

local function print_row(row)
  local title = ("%s  %s%s"):format(row.model, row.category,
    row.vendor and "  " .. row.vendor or "")
  terminal.write(STDOUT, terminal.paint(STDOUT, "mark", title),
    row.available and "" or "  (not opened yet)", "\n")
  local rows = { { "  OPTION", "NEEDED", "DEFAULT", "VALUES" } }
  for _, param in ipairs(row.params) do
    if not fields.is_filled_in(param.name) then
      rows[#rows + 1] = { "  " .. flag_of(param),
        param.required and "yes" or "",
        param.default ~= nil and not param.flag and number.show(param.default)
          or "", values_of(param) }
    end
  end
  print_table(rows)
end

-- The first model whose name contains the text, or the nearest one.
local function meant(text, models)
  for _, model in ipairs(models) do
    if model:find(ascii.lower(text), 1, true) then return model end
  end
  return suggest(text, models)
end

local function unknown(arguments, api)
  local nearest = meant(arguments.model, catalog.models(api))
  return output.fail(arguments, errors.new { kind = "not_found",
    message = ("the catalog has no model %s"):format(
      cells.harmless(arguments.model)),
    hint = nearest and ("did you mean %s?"):format(nearest)
      or "`yuanjing catalog` lists them" })
end

function command.run(arguments)
  local api = arguments.api or "v1"
  local rows = rows_of(api, arguments.model)
  if #rows == 0 then return unknown(arguments, api) end
  if arguments.json then
    output.json { models = rows }
  elseif not arguments.model then
    overview(api)
  else
    for i, row in ipairs(rows) do
      if i > 1 then terminal.write(STDOUT, "\n") end
      print_row(row)
    end
  end
  return 0
end

return command
