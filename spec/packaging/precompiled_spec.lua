-- The tree of a package, made as `make dist` makes it, for the Lua that runs this.
local child = require "support.child"
local support = require "support"

local BUILD = ("%s/build/%s"):format(support.output "pwd", os.getenv "YJ_BUILD")
local ENDING = support.exists(BUILD .. "/yuanjing/core.dll") and "dll" or "so"

local TIME = "@1700000000"

local tree, file, client, bytes -- of the package, of the client's source

-- Returns what is precompiled.
local function lay_out(folder)
  local done = support.output(("SOURCE_DATE_EPOCH=%s packaging/tree.sh "
    .. "%s %s/yuanjing/core.%s %s/lua %s/so && echo done"):format(TIME:sub(2),
    child.interpreter(), BUILD, ENDING, folder, folder))
  assert.equal("done", done)
  return support.read(folder .. "/so/yuanjing/modules.luac")
end

local function write(path, text, time)
  support.write(path, text)
  os.execute(("touch -d %s '%s'"):format(time or TIME, path))
end

-- The output of a script in another folder, where only the tree has the module. On
-- Windows lua-cjson lies beside the core.
local function run(script)
  local elsewhere = ("env -C / %s %%s"):format(child.interpreter())
  local status, output = child.start_under(elsewhere, ([[
    package.path = "%s/lua/?.lua;%s/lua/?/init.lua;" .. package.path
    package.cpath = "%s/so/?.%s;" .. package.cpath .. ";%s/?.%s"
  ]]):format(tree, tree, tree, ENDING, BUILD, ENDING) .. script)()
  assert.equal(0, status, output)
  return output
end

-- Asks, and tells from which file the client was loaded; Windows has a drive and
-- separators of its own in its path.
local ASK = [[
  local yuanjing = require "yuanjing"
  local client = yuanjing.new { api_key = "sk-test", retries = 0,
    base_url = "http://127.0.0.1:1" }
  print(select(2, client:chat { prompt = "hi" }).kind)
  local source = debug.getinfo(require("yuanjing.client").new, "S").short_src
  print((source:gsub("\\", "/"):gsub("^%a:", "")))
  print(#yuanjing.catalog > 0)
]]

local function asked(source)
  return ("transport\n%s\ntrue"):format(source)
end

local FROM_FILE = asked "lua/yuanjing/client.lua"

local function from_source()
  return asked(client)
end

describe("a package", function()
  setup(function()
    tree = support.tempdir()
    file, client = tree .. "/so/yuanjing/modules.luac",
      tree .. "/lua/yuanjing/client.lua"
    bytes = { [file] = lay_out(tree), [client] = support.read(client) }
  end)
  teardown(support.clean)

  after_each(function()
    for path, text in pairs(bytes) do write(path, text) end
  end)

  it("loads a first chat from one file, and the rest from its sources",
    function()
      assert.equal(FROM_FILE, run(ASK))
      assert.equal("", run [[
        require("yuanjing").new { api_key = "sk-test", retries = 0,
          base_url = "http://127.0.0.1:1" }:chat { prompt = "hi" }
        for name in pairs(package.loaded) do
          if name:find "^yuanjing%." and name ~= "yuanjing.core"
            and not package.preload[name] then
            print(name)
          end
        end
      ]])
    end)

  it("names the sources and their lines in a traceback", function()
    local line
    local n = 0
    for text in io.lines "lua/yuanjing/client.lua" do
      n = n + 1
      if text:find "check.options%(\"client:request\"" then line = n end
    end
    local output = run [[
      local client = require("yuanjing").new { api_key = "sk-test" }
      print(select(2, xpcall(function()
        client:request { path = 1 }
      end, debug.traceback)))
    ]]
    assert.is_truthy(output:find(("\n\tlua/yuanjing/client.lua:%d:"):format(line),
      1, true), output)
  end)

  it("changes nothing that others see", function()
    assert.equal("same", run [[
      local function seen()
        local names = { package.path, package.cpath,
          #(package.searchers or package.loaders) }
        for name in pairs(_G) do names[#names + 1] = name end
        for name in pairs(package.preload) do
          if not name:find "^yuanjing%." then names[#names + 1] = name end
        end
        table.sort(names, function(one, other)
          return tostring(one) < tostring(other)
        end)
        return table.concat(names, " ")
      end
      local before = seen()
      require "yuanjing"
      print(seen() == before and "same" or seen())
    ]])
  end)

  it("keeps to a module that the program has put in its place", function()
    assert.equal("own", run [[
      package.preload["yuanjing.version"] = function() return "own" end
      print(require("yuanjing").version)
    ]])
  end)

  it("is found by modules that are loaded late, from another folder", function()
    assert.equal(FROM_FILE, run([[
      local yuanjing = require "yuanjing"
      package.path, package.cpath = "", ""
    ]] .. ASK))
  end)

  it("loads a source that is longer now", function()
    write(client, bytes[client] .. "\n", "@1600000000")
    assert.equal(from_source(), run(ASK))
  end)

  it("loads a source that is younger than the file", function()
    write(client, bytes[client], "@1700000001")
    assert.equal(from_source(), run(ASK))
  end)

  it("goes on with the file when the sources are gone", function()
    os.remove(client)
    assert.equal(FROM_FILE, run(ASK))
  end)

  it("makes the same file of the same sources", function()
    assert.is_true(bytes[file] == lay_out(support.tempdir()))
  end)

  local OTHERS = {
    ["that is missing"] = false,
    ["that is empty"] = function() return "" end,
    ["that breaks off at once"] = function(text) return text:sub(1, 100) end,
    ["that breaks off in its list"] = function(text)
      return text:sub(1, (text:find("yuanjing.init", 1, true)))
    end,
    ["that breaks off in the bytecode"] = function(text)
      return text:sub(1, -2)
    end,
    ["of a Lua that makes other bytecode"] = function(text)
      return text:sub(1, 40) .. "\255" .. text:sub(42)
    end,
    ["that is no such file"] = function(text) return ("x"):rep(#text) end,
  }
  for name, other in pairs(OTHERS) do
    it("loads the sources without a word for a file " .. name, function()
      os.remove(file)
      if other then write(file, other(bytes[file])) end
      assert.equal(from_source(), run(ASK))
    end)
  end

  it("is refused by PUC 5.1 with a sentence", function()
    local output = support.output(("env LUA_PATH='%s/lua/?.lua;"
      .. "%s/lua/?/init.lua' LUA_CPATH='%s/so/?.so' lua5.1 -e "
      .. "'require \"yuanjing\"' 2>&1"):format(tree, tree, tree))
    assert.equal("lua5.1: yuanjing runs on LuaJIT 2.1 and on Lua 5.3, 5.4 and "
      .. "5.5, not on PUC Lua 5.1", output:match("^[^\n]*"))
  end)
end)
