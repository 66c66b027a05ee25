--- What `require "yuanjing"` finds in a package. Beside the core lies one file
-- with the modules of a first chat, precompiled for this Lua: a program that takes
-- them from there starts sooner. The sources lie beside this file, and are loaded
-- wherever that file is missing, of another Lua, or older than a source.
--
-- modules.luac: the version of Lua, and this file's own bytecode, which another Lua
-- may not make of it; how many bytes of lines follow; a line "name size path bytes"
-- for each module; their bytecode, of so many bytes each.
local has_core, core = pcall(require, "yuanjing.core")
local folder = debug.getinfo(1, "S").source:match("^@(.-)yuanjing%.lua$")
local jit = rawget(_G, "jit")
local mark = (jit and jit.version or _VERSION)
  .. string.dump(debug.getinfo(1, "f").func, true)

-- NB: no table with names is written here: LuaJIT's bytecode of one varies.
local load, loadfile, preload = load, loadfile, package.preload
local made -- the time of modules.luac

local function is_changed(path, size)
  local kind, _, now, time = core.look(path)
  return kind and (now ~= size or time > made)
end

-- What require() calls for a module of the file; its bytecode is needed once.
local function loader(path, size, code)
  return function(name)
    local chunk = code and not is_changed(path, size) and load(code, name, "b")
    code = nil
    return (chunk or assert(loadfile(path)))(name, path)
  end
end

-- Nothing if the file is of another Lua, or breaks off.
local function read_modules(file)
  local loaders = {}
  local length = file:read(#mark) == mark and tonumber(file:read("*l"))
  local lines = length and file:read(length) or ""
  for name, size, path, bytes in lines:gmatch("(%S+) (%d+) (%S+) (%d+)\n") do
    local code = file:read(tonumber(bytes))
    if not code or #code < tonumber(bytes) then return {} end
    loaders[name] = loader(folder .. path, tonumber(size), code)
  end
  return loaders
end

local path = has_core and folder and package.searchpath("yuanjing.modules",
  (package.cpath:gsub("%?%.%w+", "?.luac")))
local file = path and io.open(path, "rb")
if file then
  made = select(4, core.look(path))
  for name, load_it in pairs(made and read_modules(file) or {}) do
    preload[name] = preload[name] or load_it
  end
  file:close()
end

return require "yuanjing.init"
