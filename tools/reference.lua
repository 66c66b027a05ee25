-- Writes docs/reference.md from the annotations:   make docs
-- A public function or type without its documentation (parameters, units,
-- returns, kinds of errors, where the platform documents it) is an error here,
-- with its line.
package.path = "tools/?.lua;" .. package.path
local annotations = require "annotations"

local HEAD = [[
# Reference

`make docs` writes this page from the annotations in the code. An editor with a Lua
language server shows the same. Guides with examples are in [guide/](guide/), models
and their parameters in [models.md](models.md), the rooms in
[architecture.md](architecture.md).

A call can fail in two ways: a mistake in code (a wrong type, an unknown option,
a closed stream) raises; everything else returns `nil, err`, and `err` is a
[`yuanjing.Error`](#yuanjingerror). `?` marks what may be nil or left out.
]]

-- The sections of the page by room: a title, how examples call the value, and
-- the file.
local SECTIONS = {
  { title = "yuanjing", file = "init", is_module = true },
  { title = "Client", value = "client", file = "client" },
  { title = "Stream", value = "stream", file = "chat/stream" },
  { title = "Conversation", value = "talk", file = "chat/conversation/init" },
  { title = "TalkStream", value = "stream", file = "chat/conversation/stream" },
  { title = "Speech", value = "speech", file = "speech/speech" },
  { title = "Task", value = "task", file = "task/task" },
  { title = "Result", value = "result", file = "task/result" },
  { title = "Journal", value = "client.journal", file = "journal/init" },
  { title = "Account", value = "client.account", file = "account/init" },
  { title = "Assets", value = "client.assets", file = "asset/assets" },
  { title = "Verification", value = "session", file = "asset/verification" },
  { title = "Asset", value = "asset", file = "asset/asset" },
  { title = "Job", value = "job", file = "runtime/job" },
  { title = "Loop", value = "yuanjing.loop", file = "runtime/pollable" },
  { title = "Catalog", value = "yuanjing.catalog", file = "generation/catalog/init" },
  { title = "Sandbox", value = "sandbox", file = "sandbox/init",
    start = "require(\"yuanjing.sandbox\")" },
}

-- Reading the tree ---------------------------------------------------------

local files, types = {}, {}

local function path_of(name) return "lua/yuanjing/" .. name .. ".lua" end

local function read(name)
  files[name] = files[name] or annotations.read(path_of(name))
  return files[name]
end

local function read_all()
  local pipe = assert(io.popen("cd lua/yuanjing && "
    .. "find * -name '*.lua' | LC_ALL=C sort"))
  for path in pipe:lines() do
    local found = read((path:gsub("%.lua$", "")))
    for _, list in ipairs { found.classes, found.aliases } do
      for _, declared in ipairs(list) do
        declared.path = found.path
        types[declared.name] = declared
      end
    end
  end
  pipe:close()
end

-- What is missing ----------------------------------------------------------

local problems = {}

local function problem(path, line, format, ...)
  problems[#problems + 1] = ("%s:%d: "):format(path, line) .. format:format(...)
end

local function text_of(doc) return table.concat(doc.text, " ") end

local function is_failing(doc)
  for _, given in ipairs(doc.returns) do
    if given.text:find("yuanjing.Error", 1, true) then return true end
  end
end

local UNITS = { "second", "byte", "frame", "credit", "how many", "of HTTP",
  "1970", "Unix time", "money" }

local function check_unit(path, line, item)
  if not (" " .. item.text .. " "):find("[^%w_.]number[^%w_]") then return end
  for _, unit in ipairs(UNITS) do
    if (item.name .. " " .. item.about):find(unit, 1, true) then return end
  end
  problem(path, line, "%s is a number of what?", item.name)
end

local function check_params(path, made)
  local given, taken = {}, {}
  for n, param in ipairs(made.doc.params) do
    given[n] = param.name:gsub("%?", "")
    check_unit(path, made.line, param)
  end
  for _, name in ipairs(made.takes) do
    if not name:find("^_") then taken[#taken + 1] = name end
  end
  given, taken = table.concat(given, ", "), table.concat(taken, ", ")
  if given ~= taken then
    problem(path, made.line, "%s takes (%s), annotated (%s)", made.name, taken,
      given)
  end
end

-- `calls`: the function calls the platform, so it has to name its source.
local function check_function(path, made, calls)
  local text = text_of(made.doc)
  local function missing(what)
    problem(path, made.line, "%s: %s", made.name, what)
  end
  if text == "" then missing "no word on what it does" end
  check_params(path, made)
  if made.gives and #made.doc.returns == 0 then missing "returns what?" end
  if not is_failing(made.doc) then return end
  if not text:find("kind") then missing "no kinds of errors" end
  if calls and not text:find("Source: ", 1, true) then missing "no source" end
end

-- An editor finds methods only on the table that is annotated as the class.
local function check_owner(class, entry)
  local owner = entry.made.name:match("^(%w+)[:.]")
  if owner and class.owner ~= owner and class.path == entry.path then
    problem(class.path, class.line, "%s is the class of %s, not of %s",
      class.name, tostring(class.owner), owner)
  end
end

-- Types that are named -----------------------------------------------------

-- Whether another page has the type.
local function is_elsewhere(name)
  return types[name].path:find("meta/models", 1, true) ~= nil
end

local named, has_section = {}, {}

local function shown_fields(class)
  local list = {}
  for _, field in ipairs(class.fields) do
    if not field.is_hidden then list[#list + 1] = field end
  end
  return list
end

local function name_types(list)
  for _, item in ipairs(list) do
    for _, name in ipairs(item.names) do
      if types[name] and not named[name] and not is_elsewhere(name) then
        named[name] = true
        name_types { types[name] }
        name_types(types[name].fields and shown_fields(types[name])
          or types[name].values)
      end
    end
  end
end

-- Writing ------------------------------------------------------------------

local function anchor(name)
  return has_section[name] and has_section[name]:lower()
    or name:gsub("%.", ""):lower()
end

-- A type as code, and as a link if it is on this page.
local function shown_type(text)
  local name = text:match("^(yuanjing[%w_.]*)[%[%]?]*$")
  if not name or not types[name] then return ("`%s`"):format(text) end
  local page = is_elsewhere(name) and "models.md" or "#" .. anchor(name)
  return ("[`%s`](%s)"):format(text, page)
end

local function item_line(name, item, mark)
  local about = item.about == "" and "" or ": " .. item.about
  return ("- %s%s%s%s"):format(name, name ~= "" and " " or "",
    shown_type(item.text), mark or "") .. about
end

-- docs/platform.md#tasks as a link from docs/.
local function link(path, heading)
  local title = heading == "" and path or path .. ", " .. heading:sub(2)
  return ("[%s](%s%s)"):format(title, path, heading)
end

-- The kinds of errors and the source stand on lines of their own.
local function prose(doc)
  local text = text_of(doc):gsub("  +", " ")
  text = text:gsub("docs/([%w_/-]+%.md)(#?[^%s,;.()]*)", link)
  text = text:gsub("%s*Error kinds?([ :])", "\n\nError kinds%1")
  text = text:gsub("%s*Source: ", "\n\nSource: ")
  return text
end

local function return_lines(doc, lines)
  for n, given in ipairs(doc.returns) do
    local name, about = given.about:match("^([%l_]+)$"), ""
    if not name and given.about ~= "" then about = ": " .. given.about end
    lines[#lines + 1] = ("- returns%s %s%s%s"):format(n > 1 and ", then" or "",
      shown_type(given.text), name and (" `%s`"):format(name) or "", about)
  end
  for _, overload in ipairs(doc.overloads) do
    lines[#lines + 1] = ("- or `%s`"):format(overload.text)
  end
end

-- The lines as one text that ends with one line end.
local function ended(lines)
  return table.concat(lines, "\n"):gsub("\n+$", "") .. "\n"
end

local function function_text(call, made)
  local shown = {}
  for _, param in ipairs(made.doc.params) do shown[#shown + 1] = param.name end
  local lines = { ("### %s(%s)\n"):format(call, table.concat(shown, ", ")),
    prose(made.doc), "" }
  for _, param in ipairs(made.doc.params) do
    lines[#lines + 1] = item_line(("`%s`"):format(param.name), param)
  end
  return_lines(made.doc, lines)
  return ended(lines)
end

local function fields_text(class)
  local lines = {}
  if class.parent then
    lines[1] = "- all of " .. shown_type(class.parent)
  end
  for _, field in ipairs(shown_fields(class)) do
    check_unit(class.path, class.line, field)
    lines[#lines + 1] = item_line(("`%s`"):format(field.name), field)
  end
  return table.concat(lines, "\n")
end

local function type_text(name)
  local given = types[name]
  local lines = { "### " .. name .. "\n" }
  local about = given.about ~= "" and given.about or given.prose
  if about ~= "" then lines[#lines + 1] = about .. "\n" end
  if given.fields and #given.fields > 0 then
    lines[#lines + 1] = fields_text(given)
  elseif given.text then
    lines[#lines + 1] = "- " .. shown_type(given.text)
  end
  for _, value in ipairs(given.values or {}) do
    lines[#lines + 1] = item_line("", value)
  end
  return ended(lines)
end

-- Sections -----------------------------------------------------------------

local function find(file, name)
  for _, made in ipairs(read(file).functions) do
    if made.name == name then return made end
  end
  error(("%s: no function %s"):format(path_of(file), name), 0)
end

-- The file of a module, as path_of() takes it.
local function file_of(module)
  local name = module:gsub("%.", "/")
  local file = io.open(path_of(name))
  if not file then return name .. "/init" end
  file:close()
  return name
end

-- `new = client.new,` in the module's table, with the file of `client`.
local function module_functions(file)
  local source, homes, list = path_of(file), {}, {}
  for line in io.lines(source) do
    local home, module = line:match(
      '^local (%w+) = require "yuanjing%.([%w.]+)"')
    if home then homes[home] = file_of(module) end
    local name, owner, made = line:match("^  ([%w_]+) = (%w+)%.([%w_]+),$")
    if not name then -- file = lazy.fn("yuanjing.base.media", "file"),
      name, module, made = line:match(
        '^  ([%w_]+) = lazy%.%l+%("yuanjing%.([%w_.]+)", "([%w_]+)"%),$')
      owner = module and module:match("[%w_]+$")
      homes[owner or false] = module and file_of(module)
    end
    if name and homes[owner] then
      list[#list + 1] = { call = "yuanjing." .. name,
        path = path_of(homes[owner]),
        made = find(homes[owner], owner .. "." .. made) }
    end
  end
  return list
end

-- The methods of a value, or the functions of its table.
local function value_functions(section)
  local list = {}
  if section.start then
    list[1] = { call = section.start .. ".start", path = path_of(section.file),
      made = find(section.file, "start") }
  end
  for _, made in ipairs(read(section.file).functions) do
    local is_plain = section.file == "runtime/pollable"
      or section.file == "generation/catalog/init"
    local name = made.name:match(is_plain and "^%w+%.([%w_]+)$"
      or "^methods[:.]([%w_]+)$")
    if name and not made.doc.private then
      list[#list + 1] = { path = path_of(section.file), made = made,
        call = section.value .. (section.value == "yuanjing.catalog" and "." or ":")
          .. name }
    end
  end
  return list
end

local CALLS = { client = true, assets = true }
local LOCAL = { with = true, task = true, new = true }

local function section_text(section)
  local functions = section.is_module and module_functions(section.file)
    or value_functions(section)
  local class = types[section.class]
  local parts = { ("## %s\n"):format(section.title) }
  local fields = class and fields_text(class) or ""
  if fields ~= "" then parts[#parts + 1] = fields .. "\n" end
  for _, entry in ipairs(functions) do
    local made = entry.made
    check_owner(class, entry)
    check_function(entry.path, made, CALLS[section.file]
      and not LOCAL[made.name:match("[%w_]+$")])
    name_types(made.doc.params)
    name_types(made.doc.returns)
    name_types(made.doc.overloads)
    parts[#parts + 1] = function_text(entry.call, made)
  end
  if class then
    name_types { class }
    name_types(shown_fields(class))
  end
  return table.concat(parts, "\n")
end

-- A class with methods needs a section of its own.
local function check_no_methods(class)
  if not class.owner then return end
  for _, made in ipairs(annotations.read(class.path).functions) do
    local name = made.name:match("^" .. class.owner .. "[:.]([%w_]+)$")
    if name and not name:find("^__") and not made.doc.private then
      problem(class.path, made.line, "%s has methods, and no section in %s",
        class.name, "tools/reference.lua")
    end
  end
end

local function types_text()
  local list, parts = {}, { "## Types\n" }
  for name in pairs(named) do
    if not has_section[name] then list[#list + 1] = name end
  end
  table.sort(list)
  for _, name in ipairs(list) do
    check_no_methods(types[name])
    parts[#parts + 1] = type_text(name)
  end
  return table.concat(parts, "\n")
end

local function name_sections()
  for _, section in ipairs(SECTIONS) do
    section.class = section.is_module and "yuanjing"
      or "yuanjing." .. section.title
    has_section[section.class] = section.title
  end
end

-- The sections of each room, in the order of the page.
local function contents_text()
  local rooms, lines = {}, {}
  for _, section in ipairs(SECTIONS) do
    local room = section.file:match("^(%l+)/") or ""
    if not rooms[room] then
      rooms[room] = {}
      lines[#lines + 1] = room
    end
    table.insert(rooms[room], ("[%s](#%s)"):format(section.title,
      section.title:lower()))
  end
  for n, room in ipairs(lines) do
    lines[n] = ("- `lua/yuanjing/%s`: %s"):format(room,
      table.concat(rooms[room], ", "))
  end
  lines[#lines + 1] = "- [Types](#types) of all rooms"
  return table.concat(lines, "\n") .. "\n"
end

read_all()
name_sections()
local parts = { HEAD, contents_text() }
for _, section in ipairs(SECTIONS) do
  parts[#parts + 1] = section_text(section)
end
parts[#parts + 1] = types_text()
if #problems > 0 then error(table.concat(problems, "\n"), 0) end
io.write(table.concat(parts, "\n"))
