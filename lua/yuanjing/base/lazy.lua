--- Rooms that are entered when somebody first asks for something in them: what a
-- program never uses it does not load. By then the program may have gone to
-- another folder, have emptied package.path, or have taken require() away; so they
-- are looked for where this file is.
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"

local lazy = {}

local require, package, loaded, globals = require, package, package.loaded, _G
local setlocale, open = os.setlocale, io.open

-- The folder above yuanjing/, in which this file was found; nil where it was in
-- none.
local function find_folder()
  local source = debug.getinfo(1, "S").source
  local path = source:match("^@(.*)$")
  path = path and core.real_path(path)
  return path and path:match("^(.*)/yuanjing/base/lazy%.lua$")
end

local folder = find_folder()
local templates = folder and ("%s/?.lua;%s/?/init.lua;"):format(folder, folder)
  or ""

-- Lua 5.4 does not read `1.4` in a program where the host's locale has a point of
-- several bytes. The locale of the numbers, if it is one of those.
local function odd_locale()
  return #tostring(0.5) > 3 and setlocale(nil, "numeric")
end

-- As the surroundings were: the path, and require(), by which rooms load others.
local function with_ours(load, name)
  local path, global = package.path, rawget(globals, "require")
  package.path = templates .. (path or "")
  rawset(globals, "require", require)
  local locale = odd_locale()
  if locale then setlocale("C", "numeric") end
  local ok, room = pcall(load, name)
  if locale then setlocale(locale, "numeric") end
  rawset(globals, "require", global)
  package.path = path
  return ok, room
end

-- LuaJIT takes one that was broken off for one that is being loaded.
local function forget_unfinished()
  for name, room in pairs(loaded) do
    if type(room) == "userdata" and name:find("^yuanjing%.") then
      loaded[name] = nil
    end
  end
end

-- Behind a colon the reason is on the next line.
local function first_line(problem)
  return (problem:gsub(":\n[ \t]*", ": "):gsub("\n.*", ""))
end

-- Why a room can not be loaded: where not even this file can be read (no descriptor
-- is left, the files are gone) that is the reason, and not where they were looked
-- for.
local function reason(problem)
  local file, why
  if folder then file, why = open(folder .. "/yuanjing/base/lazy.lua") end
  if file then file:close() end
  return why or first_line(problem)
end

-- The room, or nil and why not.
local function load(name)
  if loaded[name] then return loaded[name] end
  local ok, room = with_ours(require, name)
  if ok then return room end
  forget_unfinished()
  return nil, ("can not load %s: %s"):format(name,
    reason(tostring(room)))
end

--- Loads the room of that name, as require() takes it, or raises why not.
---@param name string
---@return table
function lazy.load(name)
  local room, problem = load(name)
  return room or error(problem, 0)
end

-- In the place of a function of a room that is not to be had: no descriptor is
-- left, or the files are gone.
local function refusing(problem)
  return function()
    return nil, errors.new { kind = "io", message = problem, attempts = 0 }
  end
end

--- The room of that name. Where it can not be loaded each function in it returns
--- nil and an error.
---@param name string
---@return table
function lazy.room(name)
  return setmetatable({}, {
    __index = function(self, key)
      local room, problem = load(name)
      if not room then return refusing(problem) end
      setmetatable(self, { __index = room })
      return room[key]
    end,
  })
end

--- A function in it.
---@param name string
---@param key string
---@return function
function lazy.fn(name, key)
  local room = lazy.room(name)
  return function(...) return room[key](...) end
end

--- The same, but raises where the room can not be loaded.
---@param name string
---@param key string
---@return function
function lazy.must(name, key)
  return function(...) return lazy.load(name)[key](...) end
end

return lazy
