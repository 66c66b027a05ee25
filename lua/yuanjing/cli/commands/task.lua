--- `yuanjing task`: an earlier task, by its id.
local columns = require "yuanjing.cli.terminal.columns"
local destination = require "yuanjing.cli.destination"
local follow = require "yuanjing.cli.follow"
local kinds = require "yuanjing.protocol.task.kinds"
local screen = require "yuanjing.cli.terminal.screen"
local session = require "yuanjing.cli.session"

local command = { name = "task",
  summary = "Show how a task stands, wait for it, save its result." }

function command.options(parser)
  parser:argument("id", "What `image --no-wait` printed."):argname "ID"
    :convert(session.to_name)
  parser:group("Options",
    parser:flag("--await", "Wait until it is done; -o does so, too."),
    follow.options(parser))
  session.options(parser)
end

local function rows_of(task)
  local rows = { { "task", task.id }, { "status", task.status } }
  for _, kind in ipairs(kinds) do
    for _, url in ipairs(task.result and task.result[kind .. "s"] or {}) do
      rows[#rows + 1] = { kind, url }
    end
  end
  return rows
end

local function look(shown, task)
  local known, err = task:refresh()
  if not known then return nil, err end
  if session.shows_request(shown.arguments, known) then return true end
  follow.report(shown, task, columns(rows_of(task)))
  return true
end

function command.run(arguments)
  return screen.run(arguments, function(client, shown)
    local ok, problem = destination.check(arguments)
    if not ok then return nil, problem end
    local task = client:task(arguments.id)
    local is_wait = arguments.await or arguments.output
    if not is_wait or arguments.dry_run then return look(shown, task) end
    return follow.await(shown, task)
  end)
end

return command
