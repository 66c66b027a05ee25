--- `yuanjing batch`: makes many images and videos from a file with one prompt,
-- or one JSON object of parameters, a line, and saves them in a folder. A
-- journal there records what is paid for, so the command can be repeated
-- after any interruption.
local catalog = require "yuanjing.generation.catalog"
local config = require "yuanjing.cli.config"
local document = require "yuanjing.cli.document"
local errors = require "yuanjing.errors"
local folder = require "yuanjing.cli.batch.folder"
local follow = require "yuanjing.cli.follow"
local lines = require "yuanjing.cli.batch.lines"
local loop = require "yuanjing.runtime.loop"
local names = require "yuanjing.cli.catalog.names"
local output = require "yuanjing.cli.output"
local plan = require "yuanjing.cli.batch.plan"
local progress = require "yuanjing.cli.terminal.progress"
local redis_url = require "yuanjing.redis.url"
local say = require("yuanjing.base.language").say
local session = require "yuanjing.cli.session"
local yuanjing = require "yuanjing"

local command = {
  name = "batch",
  summary = "Make many images and videos; goes on where it was ended.",
}

-- Until the bytes show the type.
local EXTENSIONS = { image = "png", video = "mp4", audio = "mp3" }

local to_count = session.to_number("a number of 1 or more is expected, not '%s'",
  function(count) return count % 1 == 0 and count >= 1 end)

function command.options(parser)
  parser:argument("prompts", "A file in UTF-8 with a prompt a line, or a JSON "
    .. 'object of parameters: {"model": "...", "prompt": "..."}. A line that '
    .. "begins with # is a comment.")
  parser:group("Options",
    parser:option("-o --out", "The folder for the files; made where it is "
      .. "missing."):default ".":convert(session.to_name),
    parser:option("-m --model", "The model of the lines that name none."),
    parser:option("-j --jobs", "How many at a time."):default "8"
      :convert(to_count),
    parser:option("--journal", "The journal: a path, or a URL of Redis; "
      .. "default: tasks.journal in that folder."):convert(session.to_name))
  session.options(parser)
end

-- Working ------------------------------------------------------------------

local function submit(client, item)
  local params = {}
  for name, value in pairs(item.params) do params[name] = value end
  params.note = item.note
  local task, err = client[item.kind](client, params)
  if err then
    names.add_hint(err, params.model, catalog.models(client._settings.api))
  end
  return task, err
end

local WAIT = 0.5 -- seconds between two checks of another process' submit

-- The entry after its submit has ended: another process may be submitting now.
local function ended_entry(batch, entry)
  while entry and entry.state == "sending" do
    loop.sleep(WAIT)
    local entries = batch.client.journal:find { note = entry.note }
    for _, other in ipairs(entries or {}) do
      if other.key == entry.key then entry = other end
    end
  end
  if entry and entry.state ~= "refused" then return entry end
end

-- Hides the URL, which may contain a password.
local function journal_in_words(source)
  return redis_url.is(source) and "..." or follow.word(source)
end

-- The task of a line, bought now if necessary; or nil and why not.
local function task_of(batch, item)
  local entry = ended_entry(batch, item.entry)
  if not entry then return submit(batch.client, item) end
  if entry.task then return entry.task, nil, entry.saved end
  return nil, errors.new { kind = "outcome_unknown",
    message = say("it may have been submitted and billed; if it was not, "
      .. "`yuanjing tasks --journal %s --forget %s` has it made",
      journal_in_words(batch.journal), entry.key) }
end

-- Saves one file of a result unless it exists. Returns its path, or nil and an
-- error.
local function save_one(batch, item, result, saved, kind, n)
  local there = batch.folder:find(saved or {}, item.number, n)
  if there then return there end
  local path, err = result:save(batch.folder:place(item.number, n,
    EXTENSIONS[kind] or "bin"), { kind = kind, index = n })
  if not path then return nil, err end
  local right = batch.folder:set_extension(path)
  local task = result.task
  if right ~= path and task._entry then
    batch.client._settings.recorder:saved(task._entry, right, path)
  end
  return right
end

-- Makes a line. Returns the paths of its files, and an error if some are
-- missing.
local function make(batch, item)
  local paths = document.list {}
  local task, err, saved = task_of(batch, item)
  if not task then return paths, err end
  local result, failure = task:await()
  if not result then return paths, failure end
  local kind, urls = follow.main_kind(result)
  for n = 1, math.max(1, #(urls or {})) do
    local path, problem = save_one(batch, item, result, saved, kind, n)
    paths[#paths + 1] = path
    failure = failure or problem
  end
  return paths, failure or follow.fault_of(task, result)
end

local function counts(batch)
  return say("%d of %d saved, %d failed, %d unknown", batch.saved,
    #batch.items, batch.failed, batch.unknown)
end

local function report(batch, text)
  batch.line:clear()
  output.note(text)
end

local function work(batch)
  while batch.begun < #batch.items do
    batch.begun = batch.begun + 1
    local item, place = batch.items[batch.begun], batch.begun
    local paths, err = make(batch, item)
    local outcome = not err and "saved"
      or err.kind == "outcome_unknown" and "unknown" or "failed"
    batch[outcome] = batch[outcome] + 1
    batch.reported[place] = { line = item.line, outcome = outcome, files = paths }
    if err then
      report(batch, say("line %d: %s: %s", item.line, say(outcome), tostring(err)))
      batch.kind = batch.kind ~= "outcome_unknown" and err.kind or batch.kind
    elseif item.number ~= place then
      report(batch, say("line %d: %s", item.line, paths[1]))
    end
    batch.line:stage(say "making", counts(batch))
  end
end

-- Before anything is bought ------------------------------------------------

-- For --dry-run: shows the request of each line.
local function show_requests(arguments, client, items)
  for _, item in ipairs(items) do
    local request, err = submit(client, item)
    if not request then return nil, err end
    session.shows_request(arguments, request)
  end
  return true
end

-- Checks every line that is to be bought, by a dry run. Returns true, or nil
-- and an error.
local function check(arguments, client, items)
  local dry, problems = client:with { dry_run = true }, {}
  for _, item in ipairs(items) do
    local request, err
    if not item.entry then request, err = submit(dry, item) end
    if err and err.kind ~= "invalid_request" and err.kind ~= "io" then
      return nil, err -- not the fault of this line: no key, for example
    end
    if not item.entry and not request then
      problems[#problems + 1] = say("line %d: %s", item.line, err.message)
    end
  end
  if #problems == 0 then return true end
  return nil, lines.refusal(arguments.prompts, problems)
end

local function judge(arguments, batch)
  batch.line:stop()
  output.note(counts(batch))
  if arguments.json then
    output.json { total = #batch.items, saved = batch.saved,
      failed = batch.failed, unknown = batch.unknown, lines = batch.reported }
  end
  if batch.saved == #batch.items then return true end
  return nil, errors.new { kind = batch.kind,
    message = say("%d of %d were not saved", #batch.items - batch.saved,
      #batch.items) }
end

local function run_jobs(batch, count)
  local jobs = {}
  for i = 1, math.min(count, #batch.items) do
    jobs[i] = yuanjing.async(work, batch)
  end
  for _, job in ipairs(jobs) do
    local _, err = job:await()
    if err then error(err, 0) end
  end
end

local function run(arguments, client, line)
  local list, problem = lines.read(arguments.prompts,
    config.model("image", arguments))
  if not list then return nil, problem end
  local items = plan.items(list)
  if arguments.dry_run then
    local ok, wrong = check(arguments, client, items)
    return ok and show_requests(arguments, client, items), wrong
  end
  local place, unmade = folder.open(arguments.out)
  if not place then return nil, unmade end
  local source = arguments.journal or arguments.out .. "/tasks.journal"
  client = client:with { journal = source }
  local entries, err = client.journal:find {}
  if not entries then return nil, err end
  plan.make(items, client, entries, place:numbers())
  local ok, wrong = check(arguments, client, items)
  if not ok then return nil, wrong end
  local batch = { items = items, client = client, folder = place,
    journal = source, line = line, begun = 0, saved = 0, failed = 0,
    unknown = 0, reported = document.list {} }
  line:stage(say "making", counts(batch))
  run_jobs(batch, arguments.jobs)
  return judge(arguments, batch)
end

function command.run(arguments)
  local line = progress.new(arguments.verbose)
  return session.run(arguments, function(client)
    return run(arguments, client, line)
  end, {
    tick = function() line:tick() end,
    over = function() line:stop() end,
    interrupted = function()
      return say "interrupted; the same command goes on where it was"
    end,
  })
end

return command
