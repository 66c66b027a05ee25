-- The drop-in folder for LÖVE, in games that are started as players do: out of a
-- .love, or with LÖVE and the game in one file, from another folder. Only with
-- LuaJIT, like LÖVE.
local jit = rawget(_G, "jit")
if not jit then return end

local sandbox = require "yuanjing.sandbox"
local support = require "support"

local ROOT = support.output("pwd")

-- What a visitor of examples/love would do, in a job.
local VISIT = [[
local load = love.load
function love.load(...)
  load(...)
  yuanjing.async(function()
    local reply, err = platform.client:chat { prompt = "Say hi" }
    print(platform.name, err or #reply.content > 0)
    print(love.filesystem.isFused() and "fused" or "a .love")
    love.event.quit()
  end)
end
]]

-- A game without a window that tells whether the module can be loaded.
local TRY = [[
function love.conf(game)
  game.identity = "try"
  game.modules.window, game.modules.graphics = false, false
end
]]

local TELL = [[
local function tell()
  local ok, yuanjing = pcall(require, "yuanjing")
  print(ok and yuanjing.version or yuanjing)
end
%s
tell()
love.event.quit()
]]

local folder, server, drop_in

-- Runs a command in the root folder, on a screen, with `home` for save
-- directories; its output.
local function on_screen(home, command)
  return support.output(([[cd /; unset LUA_PATH LUA_CPATH
    export XDG_DATA_HOME='%s' YUANJING_BASE_URL='%s' YUANJING_API_KEY='%s'
    timeout -k 2 40 '%s/spec/support/love/run.sh' %s 2>&1]]):format(home,
    server.url, server.api_key, ROOT, command))
end

-- A .love of these files and a drop-in folder; returns its path.
local function pack(name, files, from)
  local place = folder .. "/" .. name
  os.execute(("mkdir '%s' && cp -R '%s' '%s/'"):format(place, from, place))
  for file, text in pairs(files) do support.write(place .. "/" .. file, text) end
  os.execute(("cd '%s' && zip -qr ../%s.love ."):format(place, name))
  return place .. ".love"
end

describe("the LÖVE drop-in (LuaJIT suite only)", function()
  setup(function()
    folder = support.tempdir()
    drop_in = folder .. "/drop-in/yuanjing"
    server = assert(sandbox.start())
    assert.equal("done", support.output(("packaging/love.sh . "
      .. "build/luajit/yuanjing/core.so '%s/drop-in' && echo done"):format(folder)))
    os.execute(("cp -R examples/love '%s/game'"):format(folder))
    local main = support.read("examples/love/main.lua")
    support.write(folder .. "/game/main.lua", main .. VISIT)
    os.execute(("'%s/game/pack.sh' '%s' '%s/out'"):format(folder, drop_in, folder))
  end)

  teardown(function()
    server:stop()
    support.clean()
  end)

  it("plays examples/love out of a .love", function()
    assert.equal("with your key\ttrue\na .love",
      on_screen(folder .. "/home", ("love '%s/out/yuan.love'"):format(folder)))
  end)

  it("plays it as one file with LÖVE, for a user with a Chinese name", function()
    assert.equal("with your key\ttrue\nfused",
      on_screen(folder .. "/小猫", ("'%s/out/yuan'"):format(folder)))
    assert.is_true(support.read("build/luajit/yuanjing/core.so")
      == support.read(folder .. "/小猫/yuanjing-love/yuanjing/core.so"))
  end)

  it("replaces what others have put into the save directory, and says which "
    .. "machine it is not for", function()
    local game = pack("plain", { ["conf.lua"] = TRY, ["main.lua"] = TELL:format [[
      local arch = jit.arch
      jit.arch = "mips"
      tell()
      jit.arch = arch
      for name in pairs(package.loaded) do
        if name:find "^yuanjing" then package.loaded[name] = nil end
      end
    ]] }, drop_in)
    local home = folder .. "/attacked"
    local save = home .. "/love/try"
    os.execute(("mkdir -p '%s/yuanjing'"):format(save))
    support.write(save .. "/yuanjing/core.so", "no library")
    support.write(save .. "/cjson.so", "neither")
    assert.equal("yuanjing has no core for Linux on mips in this game: "
      .. "docs/packages.md\n" .. require "yuanjing.version",
      on_screen(home, "love " .. game))
    assert.is_true(support.read("build/luajit/yuanjing/core.so")
      == support.read(save .. "/yuanjing/core.so"))
  end)

  it("says so where the game's own file is damaged, and loads nothing", function()
    os.execute(("cp -R '%s/drop-in' '%s/damaged'"):format(folder, folder))
    local place = ("Linux/%s/core.so"):format(jit.arch)
    local path = ("%s/damaged/yuanjing/runtime/%s"):format(folder, place)
    support.write(path, support.read(path):gsub("yuanjing%.core%.", "yuanjing.cOre.", 1))
    local game = pack("broken", { ["conf.lua"] = TRY,
      ["main.lua"] = TELL:format "" }, folder .. "/damaged/yuanjing")
    assert.equal("yuanjing is damaged in this game: " .. place,
      on_screen(folder .. "/home", "love " .. game))
    assert.is_false(support.exists(folder .. "/home/love/try/yuanjing/core.so"))
  end)
end)
