-- `luarocks make` installs exactly the modules of the tree.
local support = require "support"

-- Loaded as luarocks does: without any globals.
local function rockspec()
  local env = {}
  local text = support.read("yuanjing-scm-1.rockspec")
  local chunk
  if setfenv then
    chunk = assert(loadstring(text, "rockspec"))
    setfenv(chunk, env)
  else
    chunk = assert(load(text, "rockspec", "t", env))
  end
  chunk()
  return env
end

local function files(command)
  local list = {}
  for file in (support.output(command .. " | LC_ALL=C sort")):gmatch("[^\n]+") do
    list[#list + 1] = file
  end
  return list
end

describe("the rockspec", function()
  local build = rockspec().build

  it("lists each Lua file under its module's name", function()
    local expected, listed = {}, {}
    for _, file in ipairs(files "find lua -type f") do
      expected[file] = file:gsub("^lua/", ""):gsub("%.lua$", "")
        :gsub("/init$", ""):gsub("/", ".")
    end
    for module, file in pairs(build.modules) do
      if type(file) == "string" then
        listed[file] = module
      end
    end
    assert.same(expected, listed)
  end)

  local function sources(platform)
    local list = {}
    local core = build.platforms[platform].modules["yuanjing.core"]
    for i, source in ipairs(core.sources) do
      list[i] = source
    end
    table.sort(list)
    return list
  end

  it("lists each C file for the systems that it is for", function()
    assert.same(files "ls csrc/*/*.c | grep -v _windows", sources "unix")
    assert.same(files "ls csrc/*/*.c | grep -v _posix", sources "windows")
  end)

  it("lists the commands", function()
    assert.same(files "ls bin/*", build.install.bin)
  end)
end)
