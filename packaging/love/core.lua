--- yuanjing.core in a LÖVE game. No system loads a C library out of a .love: so those
-- for this machine, the core and cjson, are copied to the save directory, where
-- LÖVE looks for libraries, and are loaded from there. Other programs can write
-- there too: what does not have the checksum that stands in the game is replaced.
local data, files = require "love.data", require "love.filesystem"

local checksums = require "yuanjing.runtime.checksums"
local folder = debug.getinfo(1, "S").source:match("^@?(.-)core%.lua$")
local suffix = jit.os == "Windows" and ".dll" or ".so"

local function has_checksum(bytes, checksum)
  return bytes ~= nil and checksum
    == data.encode("string", "hex", data.hash("sha256", bytes))
end

local function install(name, target)
  local place = ("%s/%s/%s"):format(jit.os, jit.arch, name)
  local checksum = checksums[place]
  if not checksum then
    error(("yuanjing has no core for %s on %s in this game: docs/packages.md")
      :format(jit.os, jit.arch), 0)
  end
  if has_checksum(files.read(target), checksum) then return end
  local bytes = files.read(folder .. "runtime/" .. place)
  if not has_checksum(bytes, checksum) then
    error("yuanjing is damaged in this game: " .. place, 0)
  end
  files.createDirectory("yuanjing")
  assert(files.write(target, bytes))
end

-- LÖVE's own loader takes paths with Chinese names, package.loadlib() does not.
local function open(name)
  for i = 2, #package.loaders do
    local found = package.loaders[i](name)
    if type(found) == "function" and debug.getinfo(found, "S").what == "C" then
      return found(name)
    end
  end
  error(("yuanjing can not load %s from %s"):format(name,
    files.getSaveDirectory()), 0)
end

install("cjson" .. suffix, "cjson" .. suffix)
install("core" .. suffix, "yuanjing/core" .. suffix)
return open("yuanjing.core")
