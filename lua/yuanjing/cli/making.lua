--- The commands `image` and `video`: submit, wait, save. They differ only in
-- their kind and its entries in the catalog.
local catalog = require "yuanjing.generation.catalog"
local destination = require "yuanjing.cli.destination"
local extra = require "yuanjing.cli.extra"
local flags = require "yuanjing.cli.flags"
local follow = require "yuanjing.cli.follow"
local prompt = require "yuanjing.cli.terminal.prompt"
local screen = require "yuanjing.cli.terminal.screen"
local session = require "yuanjing.cli.session"

local making = {}

local function add_options(parser, kind, is_for_completion)
  parser:argument("prompt", "What it should be; - is what comes on stdin.")
    :args("*"):argname "PROMPT"
  local model = parser:option("--model", "-m; `yuanjing catalog` lists them.")
    :hidden_name "-m":argname "MODEL"
  if is_for_completion then model:choices(catalog.models("v1", kind)) end
  local path, limit = follow.options(parser)
  parser:group("Options", model, path, limit,
    parser:flag("--no-wait", "Print the task's id and go."),
    extra.option(parser),
    parser:flag("--no-validate", "Send what the catalog does not know; the "
      .. "platform may take more than its documents say."))
  flags.add(parser, kind)
  session.options(parser)
end

local function params_of(arguments, kind)
  local params = flags.given(arguments, kind)
  params.prompt = prompt(arguments.prompt)
  params.model, params.extra = arguments.model, extra.given(arguments)
  return params
end

local function run(arguments, kind)
  return screen.run(arguments, function(client, shown)
    local ok, problem = destination.check(arguments)
    if not ok then return nil, problem end
    local params = params_of(arguments, kind)
    if arguments.no_validate then client = client:with { validate = false } end
    shown.is_submitting = true
    local task, err = client[kind](client, params)
    shown.is_submitting = false
    if not task then return nil, flags.with_options(err, kind) end
    if session.shows_request(arguments, task) then return true end
    if not arguments.no_wait then return follow.await(shown, task) end
    follow.report(shown, task, { task.id or "(done at once, without an id)" })
    return true
  end)
end

--- The command of a kind.
---@param kind "image"|"video"
---@param summary string
function making.command(kind, summary)
  return {
    name = kind, summary = summary,
    options = function(parser, is_for_completion)
      add_options(parser, kind, is_for_completion)
    end,
    run = function(arguments) return run(arguments, kind) end,
  }
end

return making
