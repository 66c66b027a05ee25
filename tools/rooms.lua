-- Checks who may require whom in lua/yuanjing:   make rules
--
-- A room is a folder, a file that stands alone, or several of these. The rooms have
-- an order, and a module may require its own room and the rooms below it. The name
-- of a module in a string counts as a require, whatever is done with it there: so a
-- module that is loaded later (yuanjing.base.lazy) counts as well.
local rooms = {}

--- The order, from the top: a storey is a table of rooms that know nothing of each
--- other, each with what it is for.
rooms.ORDER = {
  { cli = "the command `yuanjing`",
    meta = "what editors read: nobody loads it" },
  { sandbox = "starts the platform on loopback" },
  { init = "what `require \"yuanjing\"` returns" },
  { client = "the calls of a client, by their names" },
  { settings = "the options of a client, checked; makes what they ask for" },
  { chat = "text: calls, replies, streams",
    generation = "images and videos: the catalog, parameters, submits",
    asset = "real-person assets",
    speech = "spoken texts, and sound written down",
    journal = "records submits and tasks, which call it as settings.recorder" },
  { account = "history, balance, prices; settles unknown outcomes" },
  { task = "what the platform does in its own time, and files from it" },
  { protocol = "the platform's paths, fields and envelopes" },
  { http = "sends, and sends again; reads answers as bytes" },
  { spending = "limits, usage, dry runs" },
  { redis = "a connection to Redis, for limits and journals" },
  { runtime = "the loop, jobs, fibers, nginx",
    ["sandbox.server"] = "the platform as nginx runs it: shares nothing but base "
      .. "and the paths with the client that is tested on it" },
  { ["base errors events version"] = "serve all and know none: errors, JSON, "
      .. "numbers, media, and the like" },
  { core = "C over libcurl" },
}

--- Requires that go up all the same: { file, room, why }.
rooms.EXCEPTIONS = {
  { "sandbox/server/endpoints.lua", "protocol", "serves the paths that are called: "
    .. "data, of which specs of both sides have copies" },
  { "sandbox/server/routes.lua", "protocol", "routes the paths that are called" },
}

-- Reading --------------------------------------------------------------------

local function lines_of(command)
  local pipe, list = assert(io.popen(command)), {}
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- Where the quotes close that open at `at`, and what stands in them.
local function quoted(text, at)
  local quote, i = text:sub(at, at), at + 1
  while i <= #text and text:sub(i, i) ~= quote do
    i = i + (text:sub(i, i) == "\\" and 2 or 1)
  end
  return i, text:sub(at + 1, i - 1)
end

-- Where a comment or a string ends that begins at `at`, and what stands in the
-- string. Nil: neither begins there.
local function token_at(text, at)
  local dashes, level = text:match("^(%-*)%[(=*)%[", at)
  if dashes == "" or dashes == "--" then
    local first = at + #dashes + #level + 2
    local last, stop = text:find("]" .. level .. "]", first, true)
    return stop or #text, dashes == "" and text:sub(first, (last or 0) - 1)
  end
  if text:find("^%-%-", at) then return text:find("\n", at, true) or #text end
  if text:find("^[\"']", at) then return quoted(text, at) end
end

-- The beginning of a module's name in a string, and whether there is more to come.
-- "yuanjing" alone may be a name of anything.
local function name_in(text, at, value, stop)
  local is_name = value:find("^yuanjing%.[%w_.%%]*$")
    or value == "yuanjing" and text:sub(1, at - 1):find("require[%s(,]*$")
  if not is_name then return nil end
  return value:match("^[^%%]*"), value:find("%", 1, true) ~= nil
    or text:find("^%s*%.%.", stop + 1) ~= nil
end

-- Calls back for each string that names a module: its place, the name, whether it
-- is only how the name begins.
local function each_name(text, take)
  local at = text:find("[-%[\"']")
  while at do
    local stop, value = token_at(text, at)
    local name, is_begun
    if value then name, is_begun = name_in(text, at, value, stop) end
    if name then take(at, name, is_begun) end
    at = text:find("[-%[\"']", (stop or at) + 1)
  end
end

local function line_of(text, at)
  local _, count = text:sub(1, at):gsub("\n", "")
  return count + 1
end

local function module_of(file)
  return (("yuanjing/" .. file):gsub("%.lua$", ""):gsub("/init$", "")
    :gsub("/", "."))
end

-- The files of a folder in order, and their modules; the core is one more.
local function files_in(folder)
  local files, modules = {}, { "yuanjing.core" }
  for _, path in ipairs(lines_of("cd '" .. folder
    .. "' && find . -name '*.lua' | LC_ALL=C sort")) do
    files[#files + 1] = path:gsub("^%./", "")
    modules[#modules + 1] = module_of(files[#files])
  end
  assert(#files > 0, "no Lua files in " .. folder)
  return files, modules
end

-- The order -------------------------------------------------------------------

-- The rooms by the names of what is in them: { name, rank }.
local function places_in(order)
  local places = {}
  for rank, storey in ipairs(order) do
    for names in pairs(storey) do
      local room = { name = names:match("^%S+"), rank = rank }
      for name in names:gmatch("%S+") do places[name] = room end
    end
  end
  return places
end

-- The room of a module: the smallest that has it. Nil: it has no place.
local function room_of(places, module)
  local name = module:gsub("^yuanjing%.?", "")
  if name == "" then name = "init" end
  while name and not places[name] do name = name:match("^(.*)%.[^.]+$") end
  return places[name or ""]
end

-- The rooms that a name means: that of the module of that name, or those of all
-- modules whose names begin so.
local function rooms_meant(check, name, is_begun)
  local list, seen = {}, {}
  for _, module in ipairs(check.modules) do
    local room = room_of(check.places, module)
    local is_meant = module == name
      or is_begun and module:sub(1, #name) == name
    if is_meant and room and not seen[room] then
      seen[room], list[#list + 1] = true, room
    end
  end
  return list
end

local function is_excepted(check, file, room)
  for _, exception in ipairs(check.exceptions) do
    if exception[1] == file and exception[2] == room.name then
      check.used[exception] = true
      return true
    end
  end
end

-- What is wrong with a require; nil: nothing.
local function fault_of(from, to)
  if from == to or from.rank < to.rank then return nil end
  return ("%s -> %s goes %s"):format(from.name, to.name,
    from.rank == to.rank and "aside" or "up")
end

-- Checking ---------------------------------------------------------------------

-- All that the check of a tree knows.
local function new_check(folder, order, exceptions)
  local files, modules = files_in(folder)
  return { folder = folder, files = files, modules = modules,
    places = places_in(order), exceptions = exceptions, used = {}, faults = {},
    count = 0 }
end

local function report(check, format, ...)
  check.faults[#check.faults + 1] = format:format(...)
end

local function check_file(check, file)
  local from = room_of(check.places, module_of(file))
  if not from then
    return report(check, "%s/%s: no storey of ORDER has this room",
      check.folder, file)
  end
  local text = read(check.folder .. "/" .. file)
  each_name(text, function(at, name, is_begun)
    check.count = check.count + 1
    for _, to in ipairs(rooms_meant(check, name, is_begun)) do
      local fault = fault_of(from, to)
      if fault and not is_excepted(check, file, to) then
        report(check, "%s/%s:%d: %s (%s)", check.folder, file,
          line_of(text, at), fault, name)
      end
    end
  end)
end

--- The faults of a tree, a line each, and how many requires it has.
---@param folder string
---@param order? table
---@param exceptions? table
---@return string[] faults
---@return integer count
function rooms.check(folder, order, exceptions)
  local check = new_check(folder, order or rooms.ORDER,
    exceptions or rooms.EXCEPTIONS)
  for _, file in ipairs(check.files) do check_file(check, file) end
  for _, exception in ipairs(check.exceptions) do
    if not check.used[exception] then
      report(check, "%s/%s: requires %s no more: take it out of EXCEPTIONS",
        check.folder, exception[1], exception[2])
    end
  end
  return check.faults, check.count
end

local function run(folder)
  local faults, count = rooms.check(folder or "lua/yuanjing")
  if #faults > 0 then
    io.stderr:write(table.concat(faults, "\n"), "\n", [[
A module may require its own room and the rooms below it: see tools/rooms.lua.
]])
    os.exit(1)
  end
  print(("rooms: %d requires, %d of them go up"):format(count,
    #rooms.EXCEPTIONS))
end

if ... ~= "rooms" then run(...) end -- else a spec requires it

return rooms
