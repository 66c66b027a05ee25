--- `yuanjing tasks`: the entries of a journal, one line for each submit.
local columns = require "yuanjing.cli.terminal.columns"
local document = require "yuanjing.cli.document"
local errors = require "yuanjing.errors"
local files = require "yuanjing.base.files"
local output = require "yuanjing.cli.output"
local redis_url = require "yuanjing.redis.url"
local say = require("yuanjing.base.language").say
local session = require "yuanjing.cli.session"

local command = {
  name = "tasks",
  summary = "List the tasks of a journal.",
}

function command.options(parser)
  parser:group("Options",
    parser:option("--journal", "The journal: a path, or a URL of Redis.")
      :default "tasks.journal":convert(session.to_name),
    parser:flag("--pending", "Those that have not ended."),
    parser:flag("--unknown", "Submits whose outcome nobody knows."),
    parser:flag("--dead", "Those that workers gave up, and why."),
    parser:option("--retry", "Hand the entry of that key, which was given up, to "
      .. "the workers again."):argname "KEY":convert(session.to_name),
    parser:option("--forget", "Have the journal forget the entry of that key.")
      :argname "KEY":convert(session.to_name),
    parser:flag("--settle", "Look for the submits whose outcome nobody knows in "
      .. "the account's history, and record what it says; buys nothing."),
    parser:option("--wait", "How long to look, for the history may lag (90).")
      :argname "SECONDS":convert(session.to_seconds))
  session.options(parser)
end

-- Prevents that a missing journal is created.
local function check_there(source)
  if redis_url.is(source) then return true end
  local text, problem = files.read(source, 1)
  if text then return true end
  return nil, errors.new { kind = "io", message = problem }
end

local function is_wanted(arguments, entry)
  if arguments.pending then return entry.state == "running" end
  if arguments.unknown then return entry.state == "unknown" end
  return not arguments.dead or entry.dead ~= nil
end

local function about_of(arguments, entry)
  if arguments.dead then
    return say("%d attempts: %s", entry.dead.attempts,
      entry.dead.error:match("[^\n]*"))
  end
  return entry.note or entry.error and entry.error.message or ""
end

local function row_of(arguments, entry)
  return { os.date("%Y-%m-%d %H:%M:%S", entry.at), entry.key, entry.state,
    entry.status or "-", entry.id or "-", about_of(arguments, entry) }
end

local function list(arguments, journal)
  local entries, err = journal:find {}
  if not entries then return nil, err end
  local rows, wanted = {}, {}
  for _, entry in ipairs(entries) do
    entry.task = nil -- a handle can not be printed
    if is_wanted(arguments, entry) then
      rows[#rows + 1], wanted[#wanted + 1] = row_of(arguments, entry), entry
    end
  end
  if arguments.json then
    output.json { tasks = wanted }
  else
    output.print(columns(rows))
  end
  return true
end

local function settled_row(entry)
  return { os.date("%Y-%m-%d %H:%M:%S", entry.at), entry.key, entry.outcome,
    entry.id or "-", entry.reason or entry.note or "" }
end

-- What the history says of the unknown submits; those that stay unknown are an
-- error.
local function settle(arguments, journal)
  local entries, err = journal:settle { timeout = arguments.wait }
  if not entries then return nil, err end
  if session.shows_request(arguments, entries) then return true end
  local rows, left = {}, 0
  for n, entry in ipairs(entries) do
    entry.task, rows[n] = nil, settled_row(entry)
    left = left + (entry.outcome == "still_unknown" and 1 or 0)
  end
  if arguments.json then
    output.json { tasks = document.list(entries) }
  else
    output.print(columns(rows))
  end
  if left == 0 then return true end
  return nil, errors.new { kind = "outcome_unknown", attempts = 0,
    message = say("%d of %d are still unknown", left, #entries) }
end

-- A journal in a file has no workers, so no tasks were given up.
local function retry(arguments, journal)
  if redis_url.is(arguments.journal) then
    return journal:retry { key = arguments.retry }
  end
  return nil, errors.new { kind = "not_found", message = say(
    "only a journal in Redis has tasks that were given up") }
end

function command.run(arguments)
  return session.run(arguments, function(client)
    local there, problem = check_there(arguments.journal)
    if not there then return nil, problem end
    local journal = client:with({ journal = arguments.journal }).journal
    if arguments.forget then
      return journal:forget { key = arguments.forget }
    elseif arguments.retry then
      return retry(arguments, journal)
    elseif arguments.settle then
      return settle(arguments, journal)
    end
    return list(arguments, journal)
  end)
end

return command
