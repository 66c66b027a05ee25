--- Lazy loading: a module is loaded when it is first used, so that a program
-- does not load what it never needs. By then the program may have changed its
-- directory, emptied package.path or removed require(); so modules are looked
-- for next to this file. Or it has no descriptor left to read them with: what must
-- not fail then, because a call is paid for, is read before, with keep().
local core = require "yuanjing.core"

local lazy = {}

local require, package, loaded, globals = require, package, package.loaded, _G
local preload = package.preload
local setlocale, open, compile = os.setlocale, io.open, loadstring or load

-- The folder above yuanjing/ that holds this file, or nil if it is not in one. A
-- precompiled module does not know its file: its loader passes it on, as require()
-- does on some Luas.
local function find_folder(told)
  local source = debug.getinfo(1, "S").source
  local path = source:match("^@(.*)$") or told
  path = type(path) == "string" and core.real_path(path)
  return path and path:match("^(.*)[/\\]yuanjing[/\\]base[/\\]lazy%.lua$")
end

local folder = find_folder((select(2, ...)))
local templates = folder and ("%s/?.lua;%s/?/init.lua;"):format(folder, folder)
  or ""

-- Lua 5.4 can not parse `1.4` in a program while the locale's decimal point
-- has several bytes. Returns the numeric locale if it is one of those.
local function odd_locale()
  return #tostring(0.5) > 3 and setlocale(nil, "numeric")
end

-- Loads with the path and the require() of the time when this file was loaded.
local function with_ours(load, name)
  local path, current = package.path, rawget(globals, "require")
  package.path = templates .. (path or "")
  rawset(globals, "require", require)
  local locale = odd_locale()
  if locale then setlocale("C", "numeric") end
  local ok, module = pcall(load, name)
  if locale then setlocale(locale, "numeric") end
  rawset(globals, "require", current)
  package.path = path
  return ok, module
end

-- LuaJIT treats a module whose loading failed as one that is being loaded.
local function forget_unfinished()
  for name, module in pairs(loaded) do
    if type(module) == "userdata" and name:find("^yuanjing%.") then
      loaded[name] = nil
    end
  end
end

-- After a colon the reason is on the next line.
local function first_line(problem)
  return (problem:gsub(":\n[ \t]*", ": "):gsub("\n.*", ""))
end

-- Why a module can not be loaded. If even this file can not be read (no
-- descriptor is left, the files are gone), that is the reason, and not the
-- list of places that were searched.
local function reason(problem)
  local file, why
  if folder then file, why = open(folder .. "/yuanjing/base/lazy.lua") end
  if file then file:close() end
  return why or first_line(problem)
end

-- The module, or nil and why not.
local function load(name)
  if loaded[name] then return loaded[name] end
  local ok, module = with_ours(require, name)
  if ok then return module end
  forget_unfinished()
  return nil, ("can not load %s: %s"):format(name,
    reason(tostring(module)))
end

--- The module of that name, as require() takes it; raises if it can not be
--- loaded.
---@param name string
---@return table
function lazy.load(name)
  local module, problem = load(name)
  return module or error(problem, 0)
end

-- The source of a module that lies in a file, and the name of the chunk.
local function source_of(name)
  local place = name:gsub("%.", "/")
  for template in (templates .. (package.path or "")):gmatch("[^;]+") do
    local path = template:gsub("%?", place)
    local file = open(path, "rb")
    if file then
      local source = file:read("*a")
      file:close()
      return source, "@" .. path
    end
  end
end

local function keep(name)
  if loaded[name] or preload[name] then return end
  local source, chunk = source_of(name)
  if not source then return lazy.load(name) end
  preload[name] = function(...)
    preload[name] = nil
    return assert(compile(source, chunk))(...)
  end
end

--- Reads modules, but does not compile them: that is done when they are required,
--- and then needs no file. Raises if one can not be read. What they require
--- themselves has to be in the list, or loaded.
---@param names string[]
function lazy.keep(names)
  for _, name in ipairs(names) do keep(name) end
end

-- Replaces the functions of a module that can not be loaded: no descriptor is
-- left, or the files are gone.
local function refusing(problem)
  return function()
    return nil, lazy.load("yuanjing.errors").new { kind = "io",
      message = problem, attempts = 0 }
  end
end

--- A module that is loaded when it is first used. If that fails, each function
--- in it returns nil and an error.
---@param name string
---@return table
function lazy.module(name)
  return setmetatable({}, {
    __index = function(self, key)
      local module, problem = load(name)
      if not module then return refusing(problem) end
      setmetatable(self, { __index = module })
      return module[key]
    end,
  })
end

local home -- the table of settle_in()

-- A program may have put a function of its own there by now.
local function settle(wrapper, fn)
  for field, value in next, home or {} do
    if value == wrapper then home[field] = fn end
  end
end

--- A function of such a module.
---@param name string
---@param key string
---@return function
function lazy.fn(name, key)
  local fn, wrapper
  function wrapper(...)
    if not fn then
      local module, problem = load(name)
      if not module then return refusing(problem)() end
      fn = module[key]
      settle(wrapper, fn)
    end
    return fn(...)
  end
  return wrapper
end

--- Of this table what fn() has made is replaced by the function itself once that is
--- loaded: a game calls update() in each frame.
---@param module table
function lazy.settle_in(module) home = module end

--- A module that is kept, see keep(), and compiled when it is first used.
---@param name string
---@return table
function lazy.kept(name)
  keep(name)
  return lazy.module(name)
end

--- As fn(), but raises if the module can not be loaded.
---@param name string
---@param key string
---@return function
function lazy.must(name, key)
  return function(...) return lazy.load(name)[key](...) end
end

keep "yuanjing.errors"

return lazy
