--- What `require "yuanjing"` finds in a package. Beside the core lies one file
-- with the modules of a first chat, precompiled for this Lua: a program that takes
-- them from there starts sooner. The sources lie beside this file, and are loaded
-- wherever that file is missing, of another Lua, or older than a source.
--
-- modules.luac: the version of Lua, and this file's own bytecode, which another Lua
-- may not make of it; a line "name size from to path" for each module; an empty
-- line; their bytecode.
local has_core, core = pcall(require, "yuanjing.core")
local folder = debug.getinfo(1, "S").source:match("^@(.-)yuanjing%.lua$")
local jit = rawget(_G, "jit")
local mark = (jit and jit.version or _VERSION)
  .. string.dump(debug.getinfo(1, "f").func, true)

-- NB: no table with names is written here: LuaJIT's bytecode of one varies.
local load, loadfile, sub = load, loadfile, string.sub
local unpack = table.unpack or unpack
local text, made, rows -- of modules.luac: its bytes, its time, its modules

local function read_modules()
  local path = package.searchpath("yuanjing.modules",
    (package.cpath:gsub("%?%.%w+", "?.luac")))
  local file = path and io.open(path, "rb")
  if not file then return end
  local bytes = file:read("*a")
  file:close()
  made = select(4, core.look(path))
  return made and bytes
end

-- Nothing if the file breaks off.
local function index()
  local list, at, ends = {}, #mark + 1
  local first = (text:find("\n\n", at, true) or at) + 1
  for name, size, from, upto, path in
    text:sub(at, first):gmatch("(%S+) (%d+) (%d+) (%d+) (%S+)\n") do
    ends = first + upto
    list[name] = { folder .. path, tonumber(size), first + from, ends }
  end
  return ends == #text and list or {}
end

local function is_changed(path, size)
  local kind, _, now, time = core.look(path)
  return kind and (now ~= size or time > made)
end

-- What require() calls for a module of the file.
local function run(name)
  local path, size, from, upto = unpack(rows[name])
  local chunk = not is_changed(path, size)
    and load(sub(text, from, upto), name, "b")
  return (chunk or assert(loadfile(path)))(name, path)
end

text = has_core and folder and read_modules()
if text and sub(text, 1, #mark) == mark then
  rows = index()
  for name in pairs(rows) do
    package.preload[name] = package.preload[name] or run
  end
end

return require "yuanjing.init"
