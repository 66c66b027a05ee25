--- Where -o sends a command's file: a path, or stdout.
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local files = require "yuanjing.base.files"
local say = require("yuanjing.base.language").say
local target_of = require "yuanjing.task.download.target"
local terminal = require "yuanjing.cli.terminal.terminal"

local destination = {}

local BLOCK = 65536 -- bytes

-- "-", or any path that leads to the same file as stdout.
local function is_stdout(path)
  if path == "-" then return true end
  local kind, identity = core.look(path)
  return kind ~= nil and identity == select(2, core.look(terminal.STDOUT))
end

local function stdout_problem(arguments)
  if arguments.json then return say "--json wants stdout for itself" end
  if not core.look(terminal.STDOUT) then return say "stdout is closed" end
  if terminal.is(terminal.STDOUT) then
    return say "a file would garble the terminal: send it on with > or |"
  end
end

--- True if the output can be written, or nil and an error. Sets
--- arguments.is_to_stdout.
-- NB: to be called before anything is paid for: a result that can not be saved
-- is lost money.
---@param arguments { output?: string, dry_run?: boolean, json?: boolean }
---@return true?
---@return yuanjing.Error?
function destination.check(arguments)
  local path = arguments.output
  if not path or arguments.dry_run then return true end
  arguments.is_to_stdout = is_stdout(path)
  local problem
  if arguments.is_to_stdout then
    problem = stdout_problem(arguments)
  else
    problem = select(2, target_of.check(path))
  end
  if not problem then return true end
  return nil, errors.new { kind = "io", attempts = 0, message = problem,
    hint = say "nothing was sent" }
end

local function copy_to_stdout(path)
  local file, at = assert(core.open_to_read(path)), 0
  repeat
    local bytes = assert(file:read(at, BLOCK))
    terminal.write(terminal.STDOUT, bytes)
    at = at + #bytes
  until bytes == ""
  file:close()
end

--- Saves with save(path, options): to the path, or to stdout by way of a
--- temporary file, so that a partial file never reaches stdout.
---@param arguments table
---@param path string
---@param save fun(path: string, options: table): string?, yuanjing.Error?
---@param options table
---@return string? path
---@return yuanjing.Error?
function destination.save(arguments, path, save, options)
  if not arguments.is_to_stdout then return save(path, options) end
  local between = files.temporary()
  local ok, saved, err = pcall(save, between, options)
  local problem = not ok and saved
  if ok and saved then ok, problem = pcall(copy_to_stdout, between) end
  files.remove(between)
  if not ok then error(problem, 0) end
  return saved and "stdout", err
end

return destination
