-- The folder for LÖVE on luajit.exe, with stand-ins for what its loader takes from
-- LÖVE: love.data, love.filesystem, and the loader that looks for libraries in the
-- save directory.
--   luajit.exe love.lua GAME SAVE CORE URL KEY
-- GAME is the folder that has `yuanjing`, SAVE an empty one, CORE a core.dll, which
-- is borrowed to compute checksums; URL and KEY are of a sandbox.
local game, save, borrowed, url, key = unpack(arg, 1, 5)
local PLACE = "Windows/x64/core.dll"

local core = assert(package.loadlib(borrowed, "luaopen_yuanjing_core"))()
local passed, failed = 0, 0

local function try(name, f, ...)
  local ok, problem = pcall(f, ...)
  passed, failed = passed + (ok and 1 or 0), failed + (ok and 0 or 1)
  print(("%-8s%s%s"):format(ok and "passed" or "failed", name,
    ok and "" or ": " .. tostring(problem)))
end

local function equal(expected, seen)
  if expected ~= seen then
    error(("%s is expected, not %s"):format(tostring(expected), tostring(seen)), 2)
  end
end

-- ---- what LÖVE has

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local bytes = file:read("*a")
  file:close()
  return bytes
end

local function write(path, bytes)
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  return file:close()
end

local filesystem = {}
function filesystem.read(name)
  return read(save .. "/" .. name) or read(game .. "/" .. name)
end
function filesystem.write(name, bytes) return write(save .. "/" .. name, bytes) end
function filesystem.createDirectory(name)
  return core.make_folders(save .. "/" .. name)
end
function filesystem.getSaveDirectory() return save end

-- As in LÖVE, "hash" is bytes and "encode" makes their digits: here the digits are
-- there from the start.
local data = {}
function data.hash(kind, bytes)
  equal("sha256", kind)
  return core.sha256(bytes)
end
function data.encode(_, _, digits) return digits end

package.preload["love.filesystem"] = function() return filesystem end
package.preload["love.data"] = function() return data end

local function load_source(name)
  local path = name:gsub("%.", "/")
  for _, ending in ipairs { ".lua", "/init.lua" } do
    local source = filesystem.read(path .. ending)
    if source then return assert(loadstring(source, "@" .. path .. ending)) end
  end
end

local function load_library(name)
  local path = ("%s/%s.dll"):format(save, (name:gsub("%.", "/")))
  return package.loadlib(path, "luaopen_" .. name:gsub("%.", "_"))
end

package.path, package.cpath = "", ""
package.loaders = { package.loaders[1], load_source, load_library }

-- ---- the loader

local function forget()
  for name in pairs(package.loaded) do
    if name:find "^yuanjing" then package.loaded[name] = nil end
  end
end

local function check_refused(sentence)
  local ok, problem = pcall(require, "yuanjing")
  forget()
  equal(false, ok)
  equal(sentence, problem)
  equal(nil, read(save .. "/yuanjing/core.dll"))
end

try("a core that is not the game's is refused", function()
  local path = ("%s/yuanjing/runtime/%s"):format(game, PLACE)
  local bytes = read(path)
  write(path, bytes:sub(1, -2) .. "?")
  local ok, problem = pcall(check_refused,
    "yuanjing is damaged in this game: " .. PLACE)
  write(path, bytes)
  assert(ok, problem)
end)

try("a processor that it is not for is named", function()
  local arch = jit.arch
  jit.arch = "mips"
  local ok, problem = pcall(check_refused, "yuanjing has no core for Windows on "
    .. "mips in this game: docs/packages.md")
  jit.arch = arch
  assert(ok, problem)
end)

try("what others have put into the save directory is replaced", function()
  core.make_folders(save .. "/yuanjing")
  write(save .. "/yuanjing/core.dll", "no library")
  write(save .. "/cjson.dll", "neither")
  assert(require "yuanjing")
  for _, name in ipairs { "core.dll", "cjson.dll" } do
    equal(read(("%s/yuanjing/runtime/Windows/x64/%s"):format(game, name)),
      read(("%s/%s%s"):format(save, name == "core.dll" and "yuanjing/" or "", name)))
  end
end)

-- A library that runs can not be written on Windows; there is no need to.
try("a second start takes what is there", function()
  forget()
  assert(require "yuanjing")
end)

try("a chat while frames are drawn", function()
  local yuanjing = require "yuanjing"
  local job = yuanjing.async(function()
    local client = yuanjing.new { base_url = url, api_key = key }
    return assert(client:chat { prompt = "讲个故事" }).content
  end)
  local ends = core.now() + 20
  repeat yuanjing.update() until job.done or core.now() > ends
  assert(job.done, "it does not end")
  assert(job:await())
end)

print(("\n%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0, true)
