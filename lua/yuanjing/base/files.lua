--- Files by their paths, on every system. On Windows io.open() does not find a
-- name that is not in the system's code page, os.rename() replaces no file, and
-- a path has two separators; the core knows better.
local core = require "yuanjing.core"

local files = {}

local BLOCK = 2 ^ 17 -- bytes that are read at a time

--- The folder's part of a path, with its separator, and the name behind it. Of
--- "cat.png" the folder is "", of "cats/" the name is.
---@param path string
---@return string folder
---@return string name
function files.split(path)
  return core.split_path(path)
end

--- The name of a file without its extension, with its folder, and the extension
--- with its dot, or "".
---@param path string
---@return string stem
---@return string extension
function files.split_extension(path)
  local folder, name = core.split_path(path)
  local stem, extension = name:match("^(.+)(%.[^.]*)$")
  return folder .. (stem or name), extension or ""
end

local function read_by_c(path, most)
  local file, problem = io.open(path, "rb")
  if not file then return nil, problem end
  local text, why = file:read(most or "*a")
  file:close()
  if why then return nil, path .. ": " .. why end
  return text or ""
end

local function read_by_core(path, most)
  local file, why = core.open_to_read(path)
  if not file then return nil, why end
  local pieces, at = {}, 0
  while not most or at < most do
    local bytes, problem = file:read(at, math.min(BLOCK, (most or at + BLOCK) - at))
    if not bytes then
      file:close()
      return nil, problem
    end
    if bytes == "" then break end
    pieces[#pieces + 1], at = bytes, at + #bytes
  end
  file:close()
  return table.concat(pieces)
end

--- The bytes of a file, or the first of them.
---@param path string
---@param most? integer
---@return string?
---@return string? problem with the path in front
function files.read(path, most)
  local text = read_by_core(path, most)
  if text and text ~= "" then return text end
  -- a pipe, or a file of the system's that has no size
  local other, problem = read_by_c(path, most)
  if not other and not text then return nil, problem end
  return other or text
end

--- Whether the path leads to anything.
---@param path string
---@return boolean
function files.exists(path)
  return core.look(path) ~= nil
end

--- The names in a folder; none if it can not be read.
---@param folder string
---@return string[]
function files.names(folder)
  local list = {}
  for name in (core.names(folder) or ""):gmatch("[^/]+") do
    if name ~= "." and name ~= ".." then list[#list + 1] = name end
  end
  return list
end

--- Gives a file another name, under which there may be a file.
---@param from string
---@param to string
---@return true?
---@return string? problem
function files.rename(from, to)
  return core.rename(from, to)
end

---@param path string
---@return true?
---@return string? problem
function files.remove(path)
  return core.remove(path)
end

--- The path of a new, empty file for this user alone.
---@return string
function files.temporary()
  return assert(core.temporary())
end

return files
