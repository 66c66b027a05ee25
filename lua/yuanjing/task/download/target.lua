--- The place where a file is saved: checks a user's path before anything is sent
-- or paid for.
local core = require "yuanjing.core"
local files = require "yuanjing.base.files"

local target = {}

local NOTHING = 2 -- ENOENT
local LONGEST = 255 -- bytes of a name on nearly all file systems
local ENDING = ".part"

---@class yuanjing.SaveTarget
---@field path string the folder, with a slash, or the file as it was given
---@field is_folder boolean
---@field real? string the file itself, if the path is a link

local function is_utf8_tail(char) return char:find("[\128-\191]") end

-- The name with an ending, shortened to the longest possible name.
local function shortened(name, ending)
  if #name + #ending <= LONGEST then return name .. ending end
  ending = "-" .. core.sha256(name):sub(1, 8) .. ending
  local length = LONGEST - #ending
  while length > 0 and is_utf8_tail(name:sub(length + 1, length + 1)) do
    length = length - 1
  end
  return name:sub(1, length) .. ending
end

--- The path of the part file, beside the file.
---@param path string
---@return string
function target.part(path)
  local folder, name = files.split(path)
  return folder .. shortened(name, ENDING)
end

-- The last folder that took a file, with a name of that length, and until when it
-- is not tried again: many results are saved into one folder, and to make a file
-- and remove it may take longer than to save one.
local proven = { folder = "", length = 0, ends = 0 }
local PROVEN = 10 -- seconds

-- Whether a file with a name of that length can be created in the folder.
local function try_to_make(folder, length)
  if folder == proven.folder and length <= proven.length
    and core.now() < proven.ends then
    return true
  end
  local probe = (".%.0f"):format(core.now() * 1e6)
  local path = folder .. probe .. ("x"):rep(length - #probe)
  local file, problem = core.part(path)
  if not file then return nil, problem end
  files.remove(path)
  file:close()
  proven = { folder = folder, length = length, ends = core.now() + PROVEN }
  return true
end

local function refused(path, problem)
  return nil, ("%s can not be written: %s"):format(path, problem)
end

-- The file that a path leads to; it may not exist yet. What core.look() found at
-- the path goes along.
local function real_file(path, kind, identity, number)
  if not kind and number ~= NOTHING then return nil, identity end
  if kind and kind ~= "file" then return nil, "it is a " .. kind end
  local real, problem = core.resolve(path)
  if not real then return nil, problem end
  if kind and select(2, core.look(real)) ~= identity then
    return nil, "it leads to a file that has no name any more"
  end
  local _, name = files.split(real)
  if #name > LONGEST then return nil, "File name too long" end
  return real
end

--- The target for a path. A path of a folder, or one that ends with a slash, is a
--- folder, which is created. Any other path is a file; a link is followed. Or nil
--- and why nothing can be saved there: it is a device, a pipe or a socket, the
--- name is too long, a link is another user's. NB: only check() and begin() find
--- out whether the folder takes files.
---@param path string
---@return yuanjing.SaveTarget?
---@return string? problem
function target.of(path)
  if path:find("\0", 1, true) then
    return refused(path:gsub("%z", "\\0"), "a path with a zero byte")
  end
  local folder, name = files.split(path)
  if name == "" and folder ~= "" then
    local ok, problem = core.make_folders(path)
    if not ok then return refused(path, problem) end
  end
  local kind, identity, number = core.look(path)
  if kind == "folder" then
    return { is_folder = true,
      path = (name == "" and path or path .. "/"):gsub("/+$", "/") }
  end
  local real, problem = real_file(path, kind, identity, number)
  if not real then return refused(path, problem) end
  return { path = path, real = real, is_folder = false }
end

--- Checks, long before anything is saved, that a file can be made at a path: the
--- folder is there and not read-only.
---@param path string
---@return true?
---@return string? problem
function target.check(path)
  local found, problem = target.of(path)
  if not found then return nil, problem end
  local folder, name = files.split(found.real or found.path)
  local ok, why = try_to_make(folder, found.is_folder and #ENDING + 20
    or #shortened(name, ENDING))
  if not ok then return refused(path, why) end
  return true
end

--- Makes the part file, with a lock against other writers.
---@param state { file: userdata?, part: string, target: yuanjing.SaveTarget }
---@return true?
---@return string? problem
function target.begin(state)
  local file, problem = core.part(state.part, state.target.real)
  if not file then
    return refused(state.target.path, state.part .. ": " .. problem)
  end
  state.file = file
  return true
end

-- A path that does not exist yet: cat.png, cat-2.png, ...
local function free_path(folder, name)
  local stem, extension = files.split_extension(folder .. name)
  local path, n = folder .. name, 1
  while core.look(path) or core.resolve(path) ~= path do
    n = n + 1
    path = ("%s-%d%s"):format(stem, n, extension)
  end
  return path
end

--- The path for a file in a folder. A name from the URL replaces the file of that
--- name; a name that a server made up never replaces a file.
---@param folder string with its slash
---@param name string
---@param is_made_up boolean
---@return string path
---@return string real the file itself, if the path is a link
function target.in_folder(folder, name, is_made_up)
  local path = folder .. name
  local real = not is_made_up and real_file(path, core.look(path))
  if real then return path, real end
  path = free_path(folder, name)
  return path, path
end

--- Gives the complete part file its name.
---@param state { file: userdata?, part: string }
---@param real string
---@return true?
---@return string? problem
function target.keep(state, real)
  local ok, problem = state.file:move(state.part, real)
  if not ok then return nil, problem end
  state.file:close()
  state.file = nil
  return true
end

--- Removes the part file, after any error. NB: not if another writer has replaced
--- it, and not in a forked child: the parent may still write it.
---@param state { file: userdata?, part: string }
function target.give_up(state)
  if not state.file then return end
  if state.file:is_mine() and state.file:is_at(state.part) then
    files.remove(state.part)
  end
  state.file:close()
  state.file = nil
end

return target
