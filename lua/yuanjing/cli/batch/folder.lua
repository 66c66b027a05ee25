--- The folder of a batch: its numbered files, and the lock of the run that
-- uses it.
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local files = require "yuanjing.base.files"
local say = require("yuanjing.base.language").say
local types = require "yuanjing.base.media.types"

local folder = {}

---@class yuanjing.cli.Folder
---@field path string
---@field private lock yuanjing.core.File
local Folder = {}
Folder.__index = Folder

local function io_error(message)
  return errors.new { kind = "io", attempts = 0, message = message,
    hint = say "nothing was sent" }
end

--- Makes the folder if necessary, and locks out other runs until this process
--- ends in any way.
---@param path string
---@return yuanjing.cli.Folder?
---@return yuanjing.Error?
function folder.open(path)
  local ok, problem = core.make_folders(path)
  if not ok then
    return nil, io_error(say("%s can not be written: %s", path, problem))
  end
  local lock, why = core.file(path .. "/.batch.lock")
  if not lock then
    return nil, io_error(say("%s can not be written: %s", path, why))
  end
  ok, why = lock:lock(0)
  if not ok then
    return nil, io_error(("%s: %s"):format(path, why
      or say "another `yuanjing batch` is at work in that folder"))
  end
  return setmetatable({ path = path, lock = lock }, Folder)
end

--- The numbers at the beginning of file names in the folder.
---@return table<integer, boolean>
function Folder:numbers()
  local numbers = {}
  for _, name in ipairs(files.names(self.path)) do
    local number = name:match("^(%d+)[.-]")
    if number then numbers[tonumber(number)] = true end
  end
  return numbers
end

-- The name of the n-th file of a line, without its extension.
local function stem(number, n)
  return ("%04d%s"):format(number, n > 1 and "-" .. n or "")
end

--- The path of the n-th file with that number, or nil. The given paths may be
--- relative to another folder.
---@param paths string[]
---@param number integer
---@param n integer
---@return string?
function Folder:find(paths, number, n)
  for i = #paths, 1, -1 do
    local _, name = files.split(paths[i])
    if name:match("^(.*)%.[^.]*$") == stem(number, n)
      and files.exists(self.path .. "/" .. name) then
      return self.path .. "/" .. name
    end
  end
end

--- Where to save the n-th file of that number.
---@param number integer
---@param n integer
---@param extension string
---@return string
function Folder:place(number, n, extension)
  return ("%s/%s.%s"):format(self.path, stem(number, n), extension)
end

--- Renames a file if its bytes need another extension. Returns its path.
---@param path string
---@return string
function Folder:set_extension(path)
  local head = files.read(path, types.HEAD)
  if not head then return path end
  local _, name = files.split(path)
  local right = self.path .. "/" .. types.match(name, head)
  return right ~= path and files.rename(path, right) and right or path
end

return folder
