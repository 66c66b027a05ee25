--- The folder of a batch: its numbered files, and the lock of the run that
-- uses it.
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local say = require("yuanjing.base.language").say
local shell = require "yuanjing.sandbox.shell"
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

local function exists(path)
  local file = io.open(path, "rb")
  return file ~= nil and file:close()
end

local function make(path)
  if exists(path .. "/.") then return true end
  local problem = shell.read('mkdir -p -- "$1" 2>&1', path)
  if problem == "" then return true end
  return nil, problem:match("[^\n]+")
end

--- Makes the folder if necessary, and locks out other runs until this process
--- ends in any way.
---@param path string
---@return yuanjing.cli.Folder?
---@return yuanjing.Error?
function folder.open(path)
  local ok, problem = make(path)
  if not ok then return nil, io_error(problem) end
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
  for name in shell.read('ls -- "$1" 2>/dev/null', self.path)
    :gmatch("[^\n]+") do
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
    local name = paths[i]:match("[^/]*$")
    if name:match("^(.*)%.[^.]*$") == stem(number, n)
      and exists(self.path .. "/" .. name) then
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
  local file = io.open(path, "rb")
  if not file then return path end
  local name = types.match(path:match("[^/]*$"), file:read(types.HEAD) or "")
  file:close()
  local right = self.path .. "/" .. name
  return right ~= path and os.rename(path, right) and right or path
end

return folder
