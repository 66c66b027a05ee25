--- Where a file is saved: a path as users give it, checked before anything is
-- asked for or paid.
local core = require "yuanjing.core"

local target = {}

local NOTHING = 2 -- ENOENT
local LONGEST = 255 -- bytes of a name, on nearly every file system
local ENDING = ".part"

---@class yuanjing.SaveTarget
---@field path string the folder, with a slash, or the file as it was given
---@field is_folder boolean
---@field real? string the file itself, where the path is a link

local function is_utf8_tail(char) return char:find("[\128-\191]") end

-- A name that may be as long as can be, with so much behind it.
local function shortened(name, ending)
  if #name + #ending <= LONGEST then return name .. ending end
  ending = "-" .. core.sha256(name):sub(1, 8) .. ending
  local length = LONGEST - #ending
  while length > 0 and is_utf8_tail(name:sub(length + 1, length + 1)) do
    length = length - 1
  end
  return name:sub(1, length) .. ending
end

local function split(path)
  return path:match("^(.*/)([^/]*)$") or "", path:match("[^/]*$")
end

--- The name that a file has until it is whole, beside its own.
---@param path string
---@return string
function target.part(path)
  local folder, name = split(path)
  return folder .. shortened(name, ENDING)
end

-- Whether a file can be made in that folder, with a name of that length.
local function try_to_make(folder, length)
  local probe = (".%.0f"):format(core.now() * 1e6)
  local path = folder .. probe .. ("x"):rep(length - #probe)
  local file, problem = core.part(path)
  if not file then return nil, problem end
  os.remove(path)
  file:close()
  return true
end

local function refused(path, problem)
  return nil, ("%s can not be written: %s"):format(path, problem)
end

-- The file that a path leads to, which may be there or not.
local function real_file(path)
  local kind, identity, number = core.look(path)
  if not kind and number ~= NOTHING then return nil, identity end
  if kind and kind ~= "file" then return nil, "it is a " .. kind end
  local real, problem = core.resolve(path)
  if not real then return nil, problem end
  if kind and select(2, core.look(real)) ~= identity then
    return nil, "it leads to a file that has no name any more"
  end
  return real
end

local function look_at_file(path)
  local real, problem = real_file(path)
  if not real then return refused(path, problem) end
  local folder, name = split(real)
  if #name > LONGEST then return refused(path, "File name too long") end
  local ok
  ok, problem = try_to_make(folder, #shortened(name, ENDING))
  if not ok then return refused(path, problem) end
  return { path = path, real = real, is_folder = false }
end

local function look_at_folder(path)
  local ok, problem = try_to_make(path, #ENDING + 20)
  if not ok then return refused(path, problem) end
  return { path = path, is_folder = true }
end

--- What a path means: a folder where there is one or the path ends with a slash,
--- and then it is made; else a file, that of a link where it leads. Nil and why
--- nothing can be saved there: it is a device, a pipe or a socket, the folder is
--- missing or read-only, the name is too long, a link is another user's.
---@param path string
---@return yuanjing.SaveTarget?
---@return string? problem
function target.of(path)
  if path:find("%z") then
    return refused(path:gsub("%z", "\\0"), "a path with a zero byte")
  end
  if path:find("/$") then
    local ok, problem = core.make_folders(path)
    if not ok then return refused(path, problem) end
  end
  if core.look(path) == "folder" then
    return look_at_folder(path:gsub("/+$", "") .. "/")
  end
  return look_at_file(path)
end

-- A name that nothing has yet: cat.png, cat-2.png, ...
local function free_path(folder, name)
  local stem, extension = name:match("^(.+)(%.[^.]*)$")
  local path, n = folder .. name, 1
  while core.look(path) or core.resolve(path) ~= path do
    n = n + 1
    path = ("%s%s-%d%s"):format(folder, stem or name, n, extension or "")
  end
  return path
end

--- Where a file of the folder goes: another file of that name is replaced, if
--- that is what its own URL says, and is spared where a server has just made the
--- name up.
---@param folder string with its slash
---@param name string
---@param is_made_up boolean
---@return string path
---@return string real the file itself, where that is a link
function target.in_folder(folder, name, is_made_up)
  local path = folder .. name
  local real = not is_made_up and real_file(path)
  if real then return path, real end
  path = free_path(folder, name)
  return path, path
end

return target
