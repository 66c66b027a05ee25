-- The pages' code for hosts, as a reader would use it: games on a screen (only
-- with LuaJIT, like LÖVE), locations in an nginx, and a whole nginx.conf.
local machine = require "yuanjing.sandbox.machine"
local nginx = require "support.nginx"
local pages = require "support.pages"
local ports = require "yuanjing.sandbox.ports"
local sandbox = require "yuanjing.sandbox"
local shell = require "yuanjing.sandbox.shell"
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

-- As a reader starts it: in a folder of its own, by the command of the page;
-- OpenResty's program has another name.
local START = [[
cd "$1" || exit
export YUANJING_API_KEY=$2 YUANJING_BASE_URL=$3
export LUA_PATH="$4/lua/?.lua;$4/lua/?/init.lua;;" LUA_CPATH="$4/build/luajit/?.so;;"
umask 022
chmod 755 .
timeout 600 "$6" -p "$PWD" -e stderr -c nginx.conf >log 2>&1 &
tries=0
until curl -s -o /dev/null "http://127.0.0.1:$5/" || test $((tries += 1)) = 100; do
  sleep 0.1
done
]]

describe("the nginx.conf in", function()
  local server
  setup(function()
    server = assert(sandbox.start { latency = 0.001, task_seconds = 0 })
  end)
  teardown(function() server:stop() end)
  after_each(support.clean)

  -- Another port, and no modules where they are built in.
  local function adapted(host, text, port)
    local folder = (host.modules[1] or ""):match("^.*/")
    text = folder and text:gsub("/usr/lib/nginx/modules/", folder)
      or text:gsub("load_module [^\n]*", "")
    return (text:gsub("127%.0%.0%.1:8080", "127.0.0.1:" .. port))
  end

  local function start(block)
    local folder = support.tempdir()
    local port = tostring(ports.candidates(folder, 1)[1])
    local host = assert(machine.prepare())
    machine.discard(host)
    support.write(folder .. "/nginx.conf", adapted(host, block.text, port))
    shell.read(START, folder, server.api_key, server.url, ROOT, port,
      host.nginx)
    finally(function()
      shell.read('kill "$(cat "$1/nginx.pid")"', folder)
    end)
    return folder, "http://127.0.0.1:" .. port
  end

  -- Head and body, and curl's exit status behind them.
  local function ask(url, ...)
    return shell.read('curl -s -i -N "$@"; echo "exit $?"', url, ...)
  end

  for _, block in ipairs(marked "nginx.conf") do
    it(title(block) .. " serves", function()
      local folder, url = start(block)
      local said = ask(url .. "/chat", "-G", "--data-urlencode",
        "q=讲+个 故事&x")
      assert.truthy(said:find("\nContent-Type: text/plain; charset=utf-8\r", 1,
        true), said)
      assert.truthy(said:find("exit 0\n$"))
      local seen = server:requests()
      assert.truthy(seen[#seen].body:find("讲+个 故事&x", 1, true),
        seen[#seen].body)
      assert.truthy(ask(url .. "/chat"):find("200 OK", 1, true))
      assert.truthy(ask(url .. "/chat?q=%FF"):find(" 400 ", 1, true))
      assert.equal("", support.read(folder .. "/log"):match("%[emerg%][^\n]*")
        or "")
      server:answer("chat", { chunks = { "so", "so" }, scenario = "cut=2" })
      local cut = ask(url .. "/chat?q=x")
      assert.truthy(cut:find("exit 18\n$"), cut) -- curl: a part of the file
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

-- Plays the game: says a name, asks for it before the answer, so that the name has
-- not been said, and quits when the drawn text has not changed for a second.
-- Prints the last of it. What the font can not draw is an error.
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
    local shown = tostring(text):gsub("%s", "")
    assert(shown == "" or love.graphics.getFont():hasGlyphs(shown), shown)
    return draw(text, ...)
  end
end
local update, draw = love.update, love.draw

function love.update(dt)
  frames = frames + 1
  local text = ({ [5] = "我叫小明。", [8] = "我叫什么名字？" })[frames]
  if text then
    love.event.push("textinput", text)
    love.event.push("keypressed", "return", "return", false)
  end
  update(dt)
end

function love.draw()
  drawn = {}
  draw()
  local shown = table.concat(drawn, "\n")
  if shown ~= last then since, last = now(), shown end
  local is_waiting = shown:find("^\n") or shown:find("^asking")
  if frames > 30 and not is_waiting and now() - since > 1 then
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
      assert.is_nil(printed:find("小明", 1, true), printed)
      assert.is_truthy(printed:find("^[^\n]+\n> \n") or printed:find("^done\n"),
        printed)
    end)
  end
end)
