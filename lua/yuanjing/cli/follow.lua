--- A task on the screen: its stages while it runs, and its files.
local core = require "yuanjing.core"
local destination = require "yuanjing.cli.destination"
local document = require "yuanjing.cli.document"
local errors = require "yuanjing.errors"
local kinds = require "yuanjing.protocol.task.kinds"
local output = require "yuanjing.cli.output"
local paths = require "yuanjing.base.files"
local picture = require "yuanjing.cli.terminal.picture"
local progress = require "yuanjing.cli.terminal.progress"
local say = require("yuanjing.base.language").say
local session = require "yuanjing.cli.session"
local shell = require "yuanjing.sandbox.shell"
local terminal = require "yuanjing.cli.terminal.terminal"

local follow = {}

-- Options ------------------------------------------------------------------

--- Adds the options for the place of the files and the time to wait.
---@return table output
---@return table wait
function follow.options(parser)
  return parser:option("--output", "-o; a file or a folder to save the result "
    .. "in, a new folder with a / behind it, or - for stdout."):hidden_name "-o":argname "PATH"
    :convert(session.to_name),
    parser:option("--wait", "How long to wait for the end (1800).")
      :argname "SECONDS":convert(session.to_seconds)
end

-- Saving -------------------------------------------------------------------

--- The kind of the main files, and their URLs; nil if there are none.
---@param result yuanjing.Result
---@return string? kind
---@return string[]? urls
function follow.main_kind(result)
  for _, kind in ipairs(kinds) do
    if result[kind] then return kind, result[kind .. "s"] end
  end
end

-- The name of the n-th file: cat.png, cat-2.png, ... NB: also in a folder: the
-- platform may give two files the same name.
local function numbered(path, n)
  local stem, extension = paths.split_extension(path)
  return ("%s-%d%s"):format(stem, n, extension)
end

--- Saves with save(path, options) and shows a progress bar. Returns the path,
--- or nil and an error.
---@param screen yuanjing.cli.Screen
---@param path string
---@param save fun(path: string, options: yuanjing.SaveOptions): string?, yuanjing.Error?
---@param stage? string what the line shows meanwhile ("downloading")
---@return string? path
---@return yuanjing.Error?
function follow.save(screen, path, save, stage)
  local line, received = screen.line, 0
  line:stage(stage or say "downloading")
  local saved, err = destination.save(screen.arguments, path, save, {
    on_progress = function(done, total)
      received = done
      line:bytes(done, total)
    end })
  if saved then
    line:done(say "saved", ("%s  %s"):format(saved, progress.size(received)))
  end
  return saved, err
end

local function unsaved(screen, kind, n, err)
  screen.line:clear()
  output.note(say("%s %d was not saved: %s", say(kind), n, tostring(err)))
end

-- Saves all files, even if some fail. Returns the paths, and the first error.
local function save_all(screen, result)
  local kind, urls = follow.main_kind(result)
  local files, first, failure, failed = document.list {}, nil, nil, 0
  local most = math.max(1, #(urls or {}))
  if screen.arguments.is_to_stdout and most > 1 then
    output.note(say("the first of %d files; a folder (-o) takes all", most))
    most = 1
  end
  for n = 1, most do
    local path = screen.arguments.output
    if n > 1 then path = numbered(first or path, n) end
    local saved, err = follow.save(screen, path, function(there, options)
      options.kind, options.index = kind, n
      return result:save(there, options)
    end)
    if saved then
      files[#files + 1], first = saved, first or saved
    else
      if most > 1 then unsaved(screen, kind, n, err) end
      failure, failed = failure or err, failed + 1
    end
  end
  if failed > 0 and #files > 0 then
    failure.message = say("%d of %d files were saved; the first that was not: %s",
      #files, most, failure.message)
  end
  return files, failure
end

-- Reporting ----------------------------------------------------------------

local function fields_of(task, files)
  local fields = { id = task.id, status = task.status, model = task.model,
    category = task.category, files = files }
  local result = task.result
  if not result then return fields end
  for _, kind in ipairs(kinds) do
    fields[kind .. "s"] = result[kind] and document.list(result[kind .. "s"])
  end
  fields.text, fields.usage = result.text, result.usage
  fields.problems = result.problems and document.list(result.problems)
  return fields
end

-- Nothing is printed if the file itself goes to stdout. At a terminal the
-- progress has already shown the names.
local function is_reported(screen, files)
  return screen.arguments.is_to_stdout
    or files and screen.line:is_live() and terminal.is(terminal.STDOUT)
end

--- Prints the state of a task, as JSON or as the given lines.
---@param screen yuanjing.cli.Screen
---@param task yuanjing.Task
---@param lines string[]
---@param files? string[]
function follow.report(screen, task, lines, files)
  screen.line:stop()
  if screen.arguments.json then
    output.json(fields_of(task, files))
  elseif not is_reported(screen, files) then
    output.print(lines)
  end
end

--- A word of a command line, quoted only if necessary.
---@param text string
---@return string
function follow.word(text)
  return text:find("^[0-9A-Za-z%./_-]+$") and text or shell.quote(text)
end

-- The hint with the command that continues with this task.
local function goes_on(task, arguments)
  local path, api = arguments.output, arguments.api
  return say("the task goes on: yuanjing task %s%s %s", task.id,
    api and " --api " .. api or "",
    path and "-o " .. follow.word(path) or "--await")
end

-- What stands beside the status: the id, and how long it may still take.
local function note_of(task)
  local left, count = task:remaining()
  local id = task.id and say("task %s", task.id)
  if not left then return id end
  return say("%s, about %d s left (by %d like it)", id or "", left, count)
end

local function wait(screen, task)
  if task.result then return task.result end
  local line, began = screen.line, core.now()
  local function note() return note_of(task) end
  screen.goes_on = task.id and goes_on(task, screen.arguments)
  line:stage(task.status, note, began)
  local result, err = task:await { timeout = screen.arguments.wait,
    on_update = function() line:stage(task.status, note, began) end }
  if result then line:done(task.status, note() or "") end
  return result, err
end

--- What is wrong with a result that the platform calls a success, or nil.
---@param task yuanjing.Task
---@param result yuanjing.Result
---@return yuanjing.Error?
function follow.fault_of(task, result)
  local message = result.problems and say("not all of it came: %s",
    table.concat(result.problems, "; "))
  if not follow.main_kind(result) and not result.text then
    message = say("the platform says that it succeeded, and names no file: %s",
      result.reason or say "it gives no reason")
  end
  return message and errors.new { kind = "platform", task = task,
    message = message } or nil
end

--- Waits for the task, saves its files where requested, and prints their
--- names. A result without a file, or with missing files, is printed and is an
--- error.
---@param screen yuanjing.cli.Screen
---@param task yuanjing.Task
---@return true?
---@return yuanjing.Error?
function follow.await(screen, task)
  local result, err = wait(screen, task)
  if not result then return nil, err end
  local fault, files = follow.fault_of(task, result), nil
  if fault and not follow.main_kind(result) then return nil, fault end
  if screen.arguments.output then
    files, err = save_all(screen, result)
    if not files[1] then return nil, err end
  end
  local _, urls = follow.main_kind(result)
  local arguments = screen.arguments
  err = err or fault
  if err and arguments.json then
    err.files = files or urls
    return nil, err
  end
  follow.report(screen, task, files or urls or { result.text }, files)
  if not arguments.json and not arguments.is_to_stdout then
    picture.show(files)
  end
  return not err or nil, err
end

return follow
