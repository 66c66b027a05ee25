-- A missing dependency is reported with what to install.
local support = require "support"

local LUA = support.LUA
local CORE = ("build/%s/?.so"):format(support.BUILD)

-- The output of a Lua that finds only these modules.
local function run(path, cpath, code)
  return support.output(("LUA_PATH='%s' LUA_CPATH='%s' %s -e '%s' 2>&1")
    :format(path, cpath, LUA, code))
end

-- The output of a compiler that finds only our headers.
local function compile(file)
  return support.output("cc -nostdinc -isystem spec -E -o /dev/null csrc/"
    .. file .. " 2>&1")
end

describe("without", function()
  local OURS = "lua/?.lua;lua/?/init.lua"

  it("lua-cjson the error names its package", function()
    local printed = run(OURS, CORE, [[require "yuanjing"]])
    assert.is_truthy(printed:find("yuanjing needs lua-cjson for this Lua: "
      .. "`apt install lua-cjson`", 1, true), printed)
    assert.is_truthy(printed:find("module 'cjson' not found", 1, true), printed)
  end)

  it("a build the error explains how to make one", function()
    for _, module in ipairs { "yuanjing", "yuanjing.sandbox" } do
      local printed = run(OURS, "", ('require "%s"'):format(module))
      assert.is_truthy(printed:find("yuanjing is not built for this Lua: "
        .. "`make build`", 1, true), printed)
    end
  end)

  it("argparse the command names its package", function()
    local printed = run(OURS, CORE, [[require "yuanjing.cli"]])
    assert.is_truthy(printed:find("`apt install lua-argparse`", 1, true), printed)
  end)

  it("libcurl's headers the compiler names their package", function()
    local printed = compile("core/libcurl.h")
    assert.is_truthy(printed:find("apt install libcurl4-openssl-dev", 1, true),
      printed)
    assert.is_truthy(printed:find("compilation terminated", 1, true), printed)
  end)

  it("Lua's headers the compiler names their packages", function()
    local printed = compile("lua/compat.h")
    assert.is_truthy(printed:find("apt install liblua5.4-dev", 1, true), printed)
    assert.is_truthy(printed:find("compilation terminated", 1, true), printed)
  end)
end)

-- The output of another Lua that does not search its standard folders.
local function ask(lua, build, code)
  return support.output(("LUA_PATH='%s' LUA_CPATH='build/%s/?.so' %s -e '%s' 2>&1")
    :format("lua/?.lua;lua/?/init.lua", build, lua, code))
end

describe("a Lua that it does not run on", function()
  local SENTENCE = "yuanjing runs on LuaJIT 2.1 and on Lua 5.3, 5.4 and 5.5, "
    .. "not on PUC Lua 5."

  it("is refused by require in one sentence", function()
    for _, minor in ipairs { 1, 2 } do
      for _, build in ipairs { "luajit", "5.4", "none" } do
        for _, module in ipairs { "yuanjing", "yuanjing.sandbox" } do
          assert.equal(SENTENCE .. minor, ask("lua5." .. minor, build,
            ('print(select(2, pcall(require, "%s")))'):format(module)))
        end
      end
    end
  end)

  it("is refused by the core, too", function()
    assert.equal(SENTENCE .. 1, ask("lua5.1", "luajit",
      [[print(select(2, pcall(require, "yuanjing.core")))]]))
  end)

  it("differs from a LuaJIT that hides its name", function()
    assert.equal("table", ask("luajit", "luajit", [[jit, package.loaded.jit = nil
      print(type(require "yuanjing.core"), require "yuanjing.base.dependency" and "")]])
      :match("%a+"))
  end)

  -- What a compiler says, or makes of a file, with this lua.h.
  local function compile_with(lua_h, flags)
    local folder = support.tempdir()
    support.write(folder .. "/lauxlib.h", "")
    support.write(folder .. "/lua.h", lua_h)
    local printed = support.output(("cc -isystem %s -Icsrc/core -E %s 2>&1")
      :format(folder, flags))
    support.clean()
    return printed
  end

  it("is refused by the compiler, which says nothing else", function()
    for minor = 0, 5 do
      local printed = compile_with("#define LUA_VERSION_NUM 50" .. minor,
        "-nostdinc -o /dev/null csrc/lua/compat.h")
      local is_refused = printed:find("5.5, not on this Lua", 1, true) ~= nil
      local is_over = printed:find("compilation terminated", 1, true) ~= nil
      assert.equal(minor == 0 or minor == 2, is_refused)
      assert.equal(is_refused, is_over, printed)
    end
  end)

  it("is named by the compiler where LuaJIT could load the result", function()
    local PUC, LUAJIT = "#define LUA_VERSION_NUM 501\n", "#define LUA_LJDIR\n"
    local NOTE = "PUC Lua 5.1 will refuse it"
    local printed = compile_with(PUC, "csrc/lua/lcore.c")
    assert.truthy(printed:find(NOTE, 1, true), printed)
    printed = compile_with(PUC .. LUAJIT, "csrc/lua/lcore.c")
    assert.is_nil(printed:find(NOTE, 1, true))
  end)
end)

describe("the command, where something is missing,", function()
  it("reports it in one line, without a traceback", function()
    local printed = support.output("LUA_PATH='/none' LUA_CPATH='/none' "
      .. LUA .. " bin/yuanjing doctor 2>&1; echo $?")
    assert.truthy(printed:find("^yuanjing: the command needs argparse"), printed)
    assert.is_nil(printed:find("traceback", 1, true))
    assert.truthy(printed:find("1$"))
  end)
end)

describe("every file that needs libcurl", function()
  it("includes it by way of the check", function()
    assert.equal("csrc/core/libcurl.h",
      support.output("grep -l 'include <curl/' csrc/*/*"))
  end)
end)
