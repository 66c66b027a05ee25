--- `yuanjing catalog`: the models and their parameters as a table.
local catalog = require "yuanjing.generation.catalog"
local fields = require "yuanjing.protocol.fields"
local cells = require "yuanjing.cli.terminal.cells"
local columns = require "yuanjing.cli.terminal.columns"
local document = require "yuanjing.cli.document"
local errors = require "yuanjing.errors"
local flags = require "yuanjing.cli.catalog.flags"
local names = require "yuanjing.cli.catalog.names"
local number = require "yuanjing.base.number"
local output = require "yuanjing.cli.output"
local protocols = require "yuanjing.protocol"
local purposes = require "yuanjing.cli.catalog.purposes"
local say = require("yuanjing.base.language").say
local terminal = require "yuanjing.cli.terminal.terminal"

local command = { name = "catalog",
  summary = "Show what the image and video models take; asks nobody." }

local STDOUT = terminal.STDOUT

function command.options(parser, is_for_completion)
  local model = parser:argument("model", "All models, in short, unless given.")
    :args("?"):argname "MODEL"
  local purpose = parser:option("--for", "Those that are good for a command, or take "
    .. "an option: image, video, first-frame, last-frame, reference-image, ...")
    :target("purpose"):argname "WHAT"
  if is_for_completion then
    model:choices(catalog.models "v1")
    purpose:choices(purposes.NAMES)
  else
    purpose:convert(purposes.reader(purposes.NAMES))
  end
  parser:option("--api", "Whose wire; default: v1."):choices(protocols.NAMES)
  parser:flag("--json", "JSON on stdout, for scripts.")
end

local function is_wanted(row, arguments)
  local model, purpose = arguments.model, arguments.purpose
  return (not model or row.model == model)
    and (not purpose or purposes.fits(row, purpose))
end

local function rows_of(api, arguments)
  local rows = document.list {}
  for _, row in ipairs(catalog) do
    if row.api == api and is_wanted(row, arguments) then
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

-- A line for each model, with its categories among those rows.
local function overview(wanted)
  local rows, by_model = { { say "MODEL", say "COMMAND", say "CATEGORIES",
    say "VENDOR" } }, {}
  for _, row in ipairs(wanted) do
    local line = by_model[row.model]
    if line then
      line[3] = line[3] .. " " .. row.category
    else
      line = { row.model, row.kind, row.category, row.vendor or "" }
      by_model[row.model], rows[#rows + 1] = line, line
    end
  end
  print_table(rows)
end

local function flag_of(param)
  if param.name == "prompt" then return "PROMPT" end
  return flags.option_of(param.role or param.alias or param.name)
end

local function values_of(param)
  if param.flag then return say "switch" end
  if param.choices then
    local values = {}
    for i, value in ipairs(param.choices) do values[i] = number.show(value) end
    return table.concat(values, " ")
  elseif param.minimum then
    return say("%d to %d", param.minimum, param.maximum)
  elseif param.role then
    return param.max_count and say("up to %d files", param.max_count)
      or param.type == "files" and say "files" or say "file"
  end
  return param.type == "integer" and say "whole number" or say "text"
end

local function print_row(row)
  local title = ("%s  %s%s"):format(row.model, row.category,
    row.vendor and "  " .. row.vendor or "")
  terminal.write(STDOUT, terminal.paint(STDOUT, "mark", title),
    row.available and "" or "  " .. say "(not opened yet)", "\n")
  local rows = { { "  " .. say "OPTION", say "NEEDED", say "DEFAULT",
    say "VALUES" } }
  for _, param in ipairs(row.params) do
    if not fields.is_filled_in(param.name) then
      rows[#rows + 1] = { "  " .. flag_of(param),
        param.required and say "yes" or "",
        param.default ~= nil and not param.flag and number.show(param.default)
          or "", values_of(param) }
    end
  end
  print_table(rows)
end

local function unknown(arguments, api)
  local model = arguments.model
  if not model then
    return output.fail(arguments, errors.new { kind = "not_found",
      message = say("no model of %s takes that", api) })
  end
  return output.fail(arguments, errors.new { kind = "not_found",
    message = say("the catalog has no model %s", cells.harmless(model)),
    hint = names.hint(model, catalog.models(api))
      or say "`yuanjing catalog` lists them" })
end

function command.run(arguments)
  local api = arguments.api or "v1"
  local rows = rows_of(api, arguments)
  if #rows == 0 then return unknown(arguments, api) end
  if arguments.json then
    output.json { models = rows }
  elseif not arguments.model then
    overview(rows)
  else
    for i, row in ipairs(rows) do
      if i > 1 then terminal.write(STDOUT, "\n") end
      print_row(row)
    end
  end
  return 0
end

return command
