--- `yuanjing tasks`: what a journal knows, a line for each submit.
local yuanjing = require "yuanjing"

local command = {
  name = "tasks",
  summary = "List the tasks of a journal.",
}

function command.options(parser)
  parser:option("--journal", "The journal: a path, or a URL of Redis.")
    :default "tasks.journal"
  parser:mutex(
    parser:flag("--pending", "Those that have not ended."),
    parser:flag("--unknown", "Submits whose outcome nobody knows."))
  parser:option("--forget", "Have the journal forget the entry of that key.")
    :argname "KEY"
end

local function fail(problem)
  io.stderr:write("yuanjing: ", tostring(problem), "\n")
  return 1
end

-- A journal that is not there is not made.
local function is_there(source)
  if source:find("^rediss?://") then return true end
  local file, problem = io.open(source, "rb")
  if file then file:close() end
  return file ~= nil, problem
end

local function line_of(entry)
  local about = entry.note or entry.error and entry.error.message or ""
  return ("%s  %-20s  %-8s  %-10s  %-20s  %s\n"):format(
    os.date("%Y-%m-%d %H:%M:%S", entry.at), entry.key, entry.state,
    entry.status or "-", entry.id or "-", (about:gsub("%c", " ")))
end

local function wanted(arguments, entry)
  if arguments.pending then return entry.state == "running" end
  if arguments.unknown then return entry.state == "unknown" end
  return true
end

function command.run(arguments)
  local there, problem = is_there(arguments.journal)
  if not there then return fail(problem) end
  local journal = yuanjing.new({ journal = arguments.journal }).journal
  if arguments.forget then
    local ok, err = journal:forget { key = arguments.forget }
    return ok and 0 or fail(err)
  end
  local entries, err = journal:find {}
  if not entries then return fail(err) end
  for _, entry in ipairs(entries) do
    if wanted(arguments, entry) then io.stdout:write(line_of(entry)) end
  end
  return 0
end

return command
