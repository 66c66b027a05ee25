-- The pages' code for hosts, as a reader would use it: games on a screen (only
-- with LuaJIT, like LÖVE), locations in an nginx.
local nginx = require "support.nginx"
local pages = require "support.pages"
local sandbox = require "yuanjing.sandbox"
local support = require "support"

local ROOT = support.output("pwd")

local function title(block)
  return ("%s:%d"):format(block.page, block.line)
end

local function marked(mark)
  return pages.all(function(block) return block.marks[mark] ~= nil end)
end

describe("the location in", function()
  local server
  setup(function()
    server = assert(sandbox.start { latency = 0.001, task_seconds = 0 })
  end)
  teardown(function() server:stop() end)
  after_each(nginx.clean)

  for _, block in ipairs(marked "nginx") do
    it(title(block) .. " answers", function()
      local host = nginx.start { locations = { ["/x"] = block.text .. "\n" },
        main = ("env YUANJING_API_KEY=%s;\nenv YUANJING_BASE_URL=%s;"):format(
          server.api_key, server.url), threads = "yuanjing" }
      local body, status = host:get("/x")
      assert.equal(200, status)
      assert.is_true(#body > 4, body)
      assert.is_nil(support.read(host.dir .. "/error.log"):find("[error]", 1,
        true))
    end)
  end
end)

if not rawget(_G, "jit") then return end

-- NB: on a machine without a sound card LÖVE's audio may wait for ever.
local CONF = [[
function love.conf(game)
  game.modules.audio, game.modules.sound = false, false
  game.window.vsync = 0
end
]]

-- Plays the game: types a question, and quits when the drawn text has not
-- changed for a second. Prints the last of it.
local PLAYER = [[
local here = love.filesystem.getSource()
function love.errorhandler(problem)
  io.stderr:write(debug.traceback(tostring(problem), 2), "\n")
  return function() return 1 end
end
assert(loadfile(here .. "/game.lua"))()

local now = love.timer.getTime
local drawn, last, frames, since = {}, "", 0, now()
for _, name in ipairs { "print", "printf" } do
  local draw = love.graphics[name]
  love.graphics[name] = function(text, ...)
    drawn[#drawn + 1] = tostring(text)
    return draw(text, ...)
  end
end
local update, draw = love.update, love.draw

function love.update(dt)
  frames = frames + 1
  if frames == 5 then
    love.event.push("textinput", "hello")
    love.event.push("keypressed", "return", "return", false)
  end
  update(dt)
end

function love.draw()
  drawn = {}
  draw()
  local shown = table.concat(drawn, "\n")
  if shown ~= last then since, last = now(), shown end
  if frames > 30 and now() - since > 1 then
    print(last)
    love.event.quit()
  end
end
]]

describe("the game in", function()
  after_each(support.clean)

  local function play(block)
    local folder = support.tempdir()
    support.write(folder .. "/game.lua", block.text)
    support.write(folder .. "/main.lua", PLAYER)
    support.write(folder .. "/conf.lua", CONF)
    return support.output(([[unset YUANJING_API_KEY YUANJING_BASE_URL
      export LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua;;'
      export LUA_CPATH='%s/build/luajit/?.so;;' XDG_DATA_HOME='%s'
      timeout -k 2 40 spec/support/love/run.sh love '%s' 2>&1
      echo "status $?"]]):format(ROOT, ROOT, ROOT, folder, folder))
  end

  for _, block in ipairs(marked "game") do
    it(title(block) .. " is played", function()
      local printed = play(block)
      assert.is_truthy(printed:find("status 0$"), printed)
      assert.is_nil(printed:find("Type something", 1, true), printed)
      assert.is_truthy(printed:find("^[^\n]+\n> \n") or printed:find("^done\n"),
        printed)
    end)
  end
end)
