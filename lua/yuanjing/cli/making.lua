--- The commands `image` and `video`: submit, wait, save. They differ only in
-- their kind and its entries in the catalog.
local catalog = require "yuanjing.generation.catalog"
local config = require "yuanjing.cli.config"
local destination = require "yuanjing.cli.destination"
local digest = require "yuanjing.base.digest"
local errors = require "yuanjing.errors"
local extra = require "yuanjing.cli.extra"
local flags = require "yuanjing.cli.catalog.flags"
local follow = require "yuanjing.cli.follow"
local form = require "yuanjing.protocol.form"
local names = require "yuanjing.cli.catalog.names"
local params_check = require "yuanjing.generation.params"
local prompt = require "yuanjing.cli.terminal.prompt"
local say = require("yuanjing.base.language").say
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
    parser:option("--journal", "Record it there: a path, or a URL of Redis; then "
      .. "the same is not bought twice by mistake.")
      :convert(session.to_name),
    parser:flag("--again", "Buy it although the journal has the same."),
    parser:flag("--no-wait", "Print the task's id and go."),
    extra.option(parser),
    parser:flag("--no-validate", "Send what the catalog does not know; the "
      .. "platform may take more than its documents say."))
  flags.add(parser, kind, is_for_completion)
  session.options(parser)
end

local function params_of(arguments, kind)
  local params = flags.given(arguments, kind)
  params.prompt = prompt(arguments.prompt)
  params.model, params.extra = config.model(kind, arguments),
    extra.given(arguments)
  return params
end

-- A part of a model's name, such as wan, is not sent: no model has it.
local function check_model(arguments, model, models)
  if arguments.no_validate or not model or not names.is_part(model, models) then
    return true
  end
  return nil, errors.new { kind = "invalid_request", attempts = 0,
    message = say("the catalog has no model %s", model),
    hint = say("%s `--no-validate` sends it", names.hint(model, models)) }
end

-- Submits that came to nothing.
local IS_OVER = { refused = true, failed = true }

-- The last entry of the journal that bought the same; or nil and an error.
local function twin_of(client, kind, params)
  local settings = client._settings
  local checked = params_check.check(settings.api, kind, params,
    settings.validate)
  if not checked then return nil end -- the submit says what is wrong
  local same = digest(form.about(checked).params)
  local entries, err = client.journal:find { model = checked.model }
  for n = #(entries or {}), 1, -1 do
    local entry = entries[n]
    if entry.digest == same and not IS_OVER[entry.state] then return entry end
  end
  return nil, err
end

local function ago(seconds)
  if seconds < 120 then return say("%d seconds", seconds) end
  if seconds < 7200 then return say("%d minutes", math.floor(seconds / 60)) end
  return say("%d hours", math.floor(seconds / 3600))
end

-- Whether it may be bought: the journal does not have the same.
local function check_twin(arguments, client, kind, params)
  if not client.journal or arguments.again or arguments.dry_run then return true end
  local twin, err = twin_of(client, kind, params)
  if not twin then return not err or nil, err end
  return nil, errors.new { kind = "invalid_request", attempts = 0, message =
    say("the same was bought %s ago: %s; --again buys it once more",
      ago(math.max(0, math.floor(os.time() - twin.at))), twin.id
      and say("task %s", twin.id) or say "its outcome is unknown") }
end

local function run(arguments, kind)
  return screen.run(arguments, function(client, shown)
    local ok, problem = destination.check(arguments)
    if not ok then return nil, problem end
    local params = params_of(arguments, kind)
    if arguments.no_validate then client = client:with { validate = false } end
    if arguments.journal then
      client = client:with { journal = arguments.journal }
    end
    local models = catalog.models(client._settings.api, kind)
    ok, problem = check_model(arguments, params.model, models)
    if not ok then return nil, problem end
    ok, problem = check_twin(arguments, client, kind, params)
    if not ok then return nil, problem end
    shown.is_submitting = true
    local task, err = client[kind](client, params)
    shown.is_submitting = false
    if not task then
      names.add_hint(err, params.model, models)
      return nil, flags.with_options(err, kind)
    end
    if session.shows_request(arguments, task) then return true end
    if not arguments.no_wait then return follow.await(shown, task) end
    follow.report(shown, task, { task.id or say "(done at once, without an id)" })
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
