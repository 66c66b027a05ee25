--- `yuanjing batch`: many images and videos from a file, one JSON object of
-- parameters a line, each into a file of a folder. A journal there knows what
-- is paid for, so the command can be given again, whatever ended it.
local digest = require "yuanjing.digest"
local errors = require "yuanjing.errors"
local json = require "yuanjing.json"
local output = require "yuanjing.cli.output"
local progress = require "yuanjing.cli.progress"
local session = require "yuanjing.cli.session"
local shell = require "yuanjing.sandbox.shell"
local yuanjing = require "yuanjing"

local command = {
  name = "batch",
  summary = "Make many images and videos; goes on where it was ended.",
}

local EXTENSIONS = { image = "png", video = "mp4" }

local function to_count(text)
  local count = tonumber(text)
  if count and count % 1 == 0 and count >= 1 then return count end
  return nil, ("a number of 1 or more is expected, not '%s'"):format(text)
end

function command.options(parser)
  parser:argument("prompts", "A file with a JSON object of parameters a line: "
    .. '{"model": "...", "prompt": "..."}; a line that is no JSON is a prompt.')
  parser:group("Options",
    parser:option("-o --out", "The folder for the files; made where it is "
      .. "missing."):default ".",
    parser:option("-m --model", "The model of the lines that name none."),
    parser:option("-j --jobs", "How many at a time."):default "8"
      :convert(to_count),
    parser:option("--journal", "The journal: a path, or a URL of Redis; "
      .. "default: tasks.journal in that folder."))
  session.options(parser)
end

-- Lines --------------------------------------------------------------------

local function parameters_of(line, model)
  local params = json.decode(line)
  if type(params) ~= "table" then params = { prompt = line } end
  params.model = params.model or model
  return params
end

-- A line that changes is another task; one that moves is not the same either.
local function new_item(number, params)
  local row = yuanjing.catalog.find("v1", params.model or "")
  local kind = row and row.kind or "image"
  local note = ("%d:%s"):format(number, digest(params):sub(1, 12))
  return { number = number, params = params, kind = kind,
    note = params.note or note }
end

local function read_items(arguments)
  local file, problem = io.open(arguments.prompts)
  if not file then
    return nil, errors.new { kind = "io", message = problem }
  end
  local items = {}
  for line in file:lines() do
    if line:find("%S") then
      items[#items + 1] = new_item(#items + 1,
        parameters_of(line, arguments.model))
    end
  end
  file:close()
  return items
end

-- Working ------------------------------------------------------------------

local function exists(path)
  local file = io.open(path, "rb")
  return file ~= nil and file:close()
end

-- What the journal has of each note: its last submit that was not refused.
local function entries_by_note(client)
  local entries, err = client.journal:find {}
  if not entries then return nil, err end
  local by_note = {}
  for _, entry in ipairs(entries) do
    if entry.note and entry.state ~= "refused" then
      by_note[entry.note] = entry
    end
  end
  return by_note
end

local function submit(client, item)
  local params = {}
  for name, value in pairs(item.params) do params[name] = value end
  params.note = item.note
  return client[item.kind](client, params)
end

-- "saved", "failed" or "unknown", and why.
local function make(batch, item)
  local entry = batch.entries[item.note]
  local path = ("%s/%04d.%s"):format(batch.folder, item.number,
    EXTENSIONS[item.kind])
  if entry and entry.saved and exists(path) then return "saved" end
  if entry and not entry.task then
    return "unknown", "it may have been submitted and billed"
  end
  local task, err = entry and entry.task, nil
  if not task then task, err = submit(batch.client, item) end
  if task then task, err = task:save(path) end
  if task then return "saved" end
  return err.kind == "outcome_unknown" and "unknown" or "failed", err
end

local function counts(batch)
  return ("%d of %d saved, %d failed, %d unknown"):format(batch.saved,
    #batch.items, batch.failed, batch.unknown)
end

local function work(batch)
  while batch.begun < #batch.items do
    batch.begun = batch.begun + 1
    local item = batch.items[batch.begun]
    local outcome, why = make(batch, item)
    batch[outcome] = batch[outcome] + 1
    if why then
      batch.line:clear()
      output.say(("%d: %s: %s"):format(item.number, outcome, tostring(why)))
      batch.kind = errors.is(why) and why.kind or "outcome_unknown"
    end
    batch.line:stage("making", counts(batch))
  end
end

-- With --dry-run: what each line would send.
local function show_requests(arguments, client, items)
  for _, item in ipairs(items) do
    local request, err = submit(client, item)
    if not request then return nil, err end
    session.shows_request(arguments, request)
  end
  return true
end

local function judge(arguments, batch)
  batch.line:stop()
  output.say(counts(batch))
  if arguments.json then
    output.json { total = #batch.items, saved = batch.saved,
      failed = batch.failed, unknown = batch.unknown }
  end
  if batch.saved == #batch.items then return true end
  return nil, errors.new { kind = batch.kind,
    message = ("%d of %d were not saved"):format(#batch.items - batch.saved,
      #batch.items) }
end

local function make_folder(path)
  if exists(path .. "/.") then return true end
  local problem = shell.read('mkdir -p -- "$1" 2>&1', path)
  if problem == "" then return true end
  return nil, errors.new { kind = "io", attempts = 0,
    message = problem:match("[^\n]+"), hint = "nothing was sent" }
end

local function run(arguments, client, line)
  local items, problem = read_items(arguments)
  if not items then return nil, problem end
  if arguments.dry_run then return show_requests(arguments, client, items) end
  local ok, unmade = make_folder(arguments.out)
  if not ok then return nil, unmade end
  client = client:with { journal = arguments.journal
    or arguments.out .. "/tasks.journal" }
  local entries, err = entries_by_note(client)
  if not entries then return nil, err end
  local batch = { items = items, client = client, entries = entries,
    line = line, folder = arguments.out, begun = 0, saved = 0, failed = 0,
    unknown = 0 }
  line:stage("making", counts(batch))
  local jobs = {}
  for i = 1, math.min(arguments.jobs, #items) do
    jobs[i] = yuanjing.async(work, batch)
  end
  for _, job in ipairs(jobs) do job:await() end
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
      return "interrupted; the same command goes on where it was"
    end,
  })
end

return command
