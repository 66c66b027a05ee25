-- A machine that lacks something is told what to install.
local support = require "support"

local IS_JIT = rawget(_G, "jit") ~= nil
local LUA = IS_JIT and "luajit" or "lua5.4"
local CORE = ("build/%s/?.so"):format(IS_JIT and "luajit" or "5.4")

-- What a Lua says that finds nothing but these.
local function run(path, cpath, code)
  return support.output(("LUA_PATH='%s' LUA_CPATH='%s' %s -e '%s' 2>&1")
    :format(path, cpath, LUA, code))
end

-- What a compiler says that finds no header but ours.
local function compile(file)
  return support.output("cc -nostdinc -isystem spec -E -o /dev/null csrc/"
    .. file .. " 2>&1")
end

describe("without", function()
  local OURS = "lua/?.lua;lua/?/init.lua"

  it("lua-cjson the error names its package", function()
    local said = run(OURS, CORE, [[require "yuanjing"]])
    assert.is_truthy(said:find("yuanjing needs lua-cjson for this Lua: "
      .. "`apt install lua-cjson`", 1, true), said)
    assert.is_truthy(said:find("module 'cjson' not found", 1, true), said)
  end)

  it("a build the error says how to have one", function()
    local said = run(OURS, "", [[require "yuanjing"]])
    assert.is_truthy(said:find("yuanjing is not built for this Lua: "
      .. "`make build`", 1, true), said)
  end)

  it("argparse the command names its package", function()
    local said = run(OURS, CORE, [[require "yuanjing.cli"]])
    assert.is_truthy(said:find("`apt install lua-argparse`", 1, true), said)
  end)

  it("libcurl's headers the compiler names their package", function()
    local said = compile("libcurl.h")
    assert.is_truthy(said:find("apt install libcurl4-openssl-dev", 1, true),
      said)
    assert.is_truthy(said:find("compilation terminated", 1, true), said)
  end)

  it("Lua's headers the compiler names their packages", function()
    local said = compile("compat.h")
    assert.is_truthy(said:find("apt install liblua5.4-dev", 1, true), said)
    assert.is_truthy(said:find("compilation terminated", 1, true), said)
  end)
end)

describe("every file that needs libcurl", function()
  it("includes it by way of the check", function()
    assert.equal("csrc/libcurl.h",
      support.output("grep -l 'include <curl/' csrc/*"))
  end)
end)
