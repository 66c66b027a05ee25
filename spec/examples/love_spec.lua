-- The game in examples/love: its line breaking on any Lua; and, only with
-- LuaJIT like LÖVE, the game itself on a virtual screen (support/love), played
-- by support/love/visit.lua and observed in each frame.
local check_frames = require "support.frames"
local json = require "yuanjing.base.json"
local socket = require "socket"
local support = require "support"
local text = require "yuanjing.sandbox.server.chat.text"
local texts = require "support.texts"

local ROOT = support.output("pwd")
local GAME = ROOT .. "/examples/love"
local RUN = "timeout -k 2 580 " .. ROOT .. "/spec/support/love/run.sh"

-- Line breaking ---------------------------------------------------------------

describe("the LÖVE example's line breaking", function()
  local wrap = dofile("examples/love/wrap.lua")

  -- As in a font whose Chinese is twice as wide as its Latin.
  local function width_of(char) return #char > 1 and 2 or 1 end

  local CASES = {
    { "words stay whole", "walk up to Yuan", 8, { "walk up ", "to Yuan" } },
    { "blanks at a line's end take no room", "walk up", 4, { "walk ", "up" } },
    { "Chinese breaks anywhere", "从前有一只小猫", 6, { "从前有", "一只小", "猫" } },
    { "no full stop starts a line", "小猫看月亮。它", 10,
      { "小猫看月", "亮。它" } },
    { "no opening bracket ends one", "他说“好", 6, { "他说", "“好" } },
    { "Latin among Chinese stays whole", "我是qwen模型", 8,
      { "我是qwen", "模型" } },
    { "a word longer than a line is cut", "abcdefg", 3, { "abc", "def", "g" } },
    { "line ends are kept", "a\n\nb", 9, { "a", "", "b" } },
    { "nothing is a line", "", 9, { "" } },
  }

  for _, case in ipairs(CASES) do
    it(case[1], function()
      assert.same(case[4], wrap.lines(case[2], case[3], width_of))
    end)
  end

  it("loses nothing and keeps to the width, however narrow", function()
    local whole = "你好!Hello there, “元境”(yuanjing)——月亮,a-very-long-word。"
    for limit = 4, 40 do
      local lines = wrap.lines(whole, limit, width_of)
      assert.equal(whole, table.concat(lines))
      for _, line in ipairs(lines) do
        local width = 0
        for _, char in ipairs(text.characters((line:gsub(" +$", "")))) do
          width = width + width_of(char)
        end
        assert.is_true(width <= limit, ("%q at %d"):format(line, limit))
      end
    end
  end)
end)

-- Texts -----------------------------------------------------------------------

describe("the LÖVE example's texts", function()
  local language = require "yuanjing.base.language"
  local font = { has_chinese = true }
  local say

  setup(function()
    package.loaded.font = font
    say = dofile("examples/love/say.lua")
    package.loaded.font = nil
    language.choose "zh"
  end)
  teardown(function() language.choose(nil) end)

  it("are Chinese where the player reads it and a font has it", function()
    assert.equal("正在调色，3 秒", say("%s, %d s", say "mixing colours", 3))
    font.has_chinese = false
    assert.equal("mixing colours, 3 s",
      say("%s, %d s", say "mixing colours", 3))
    font.has_chinese = true
  end)

  it("are all in its table", function()
    for _, name in ipairs { "main", "painting", "excuses", "platform" } do
      local source = support.read("examples/love/" .. name .. ".lua")
      for _, literal in ipairs(texts.of(source)) do
        local is_shown = literal.before:find("say%s?%(?$")
          or literal.text:find("^%u%l*[ ,].* .*[.?]$")
        assert.is_true(not is_shown or say(literal.text) ~= literal.text,
          name .. ": " .. literal.text)
      end
    end
  end)
end)

if not rawget(_G, "jit") then return end

-- The game --------------------------------------------------------------------

-- Runs a command on its own screen, in that folder; returns its output, with
-- the status last.
local function on_screen(folder, command)
  return support.output(([[unset YUANJING_API_KEY YUANJING_BASE_URL
    unset LUA_PATH LUA_CPATH
    export XDG_DATA_HOME='%s' TMPDIR='%s'
    %s %s 2>&1; echo "status $?"]]):format(folder, folder, RUN, command))
end

local function is_open(url)
  local connection = socket.connect("127.0.0.1", tonumber(url:match("%d+$")))
  if connection then connection:close() end
  return connection ~= nil
end

describe("the LÖVE example (LuaJIT suite only)", function()
  local folder, report, printed

  -- One visit; the tests check its report.
  setup(function()
    folder = support.tempdir()
    printed = on_screen(folder, ("love %s/spec/support/love %s %s %s/report")
      :format(ROOT, GAME, ROOT .. "/spec/support/love/visit.lua", folder))
    assert(printed:find("status 0$"), printed)
    report = assert(json.decode(support.read(folder .. "/report")))
  end)
  teardown(support.clean)

  local function frames(chapter)
    local list = {}
    for _, frame in ipairs(report.frames) do
      if frame.at == chapter then list[#list + 1] = frame end
    end
    return list
  end

  local function chats()
    local list = {}
    for _, request in ipairs(report.requests) do
      if request.path:find("chat") then list[#list + 1] = request end
    end
    return list
  end

  -- The sandbox's answer to the last question of a request.
  local function answer_to(request)
    local messages = json.decode(request.body).messages
    return text.answer(messages[#messages].content, messages[1].content,
      request.model)
  end

  local function picture(name)
    return support.read(folder .. "/love/yuanjing-love/" .. name)
  end

  it("ends without an error or a message", function()
    assert.equal("status 0", printed)
  end)

  it("finds a Chinese font (Debian: fontconfig, fonts-wqy-microhei)", function()
    assert.is_true(report.has_chinese)
  end)

  it("is walked through with the arrow keys", function()
    local list, stride = frames "walking", 0
    for _, frame in ipairs(list) do stride = math.max(stride, frame.stride) end
    assert.is_true(list[1].x < 200)
    assert.is_true(frames("typing")[1].x > 575)
    assert.is_true(stride > 5)
  end)

  it("is typed in, in Chinese too; backspace takes characters", function()
    assert.equal("讲个故事", report.typed)
  end)

  it("shows the whole answer, as it was sent", function()
    local asked = chats()[1]
    assert.is_true(asked.stream)
    assert.equal(answer_to(asked), report.answer)
  end)

  it("shows the answer growing while the room goes on", function()
    local growths, before = 0, { text = 0, height = 0, clock = 0 }
    local tallest = 0
    for _, frame in ipairs(frames "answer") do
      assert.is_true(frame.clock > before.clock)
      if frame.text > before.text then growths = growths + 1 end
      tallest = math.max(tallest, frame.height)
      before = frame
    end
    assert.is_true(growths >= 4, growths .. " growths")
    assert.is_true(before.lines >= 3 and tallest > 60)
  end)

  it("never holds a frame up", function()
    local times = check_frames(report.frames)
    -- three answers came meanwhile; in two frames a machine may stand still
    assert.is_true(times[#times - 2] < 0.5, times[#times - 2] .. " s")
  end)

  for _, way in ipairs { "escaped", "left" } do
    it("ends the answer when one has " .. way, function()
      local gone = report[way]
      local asked = chats()[way == "escaped" and 2 or 3]
      local whole = answer_to(asked)
      assert.same({ "closed", 0, false },
        { gone.state, gone.in_flight, gone.is_on })
      assert.is_true(#gone.text > 0 and #gone.text < #whole)
      assert.equal(gone.text, whole:sub(1, #gone.text))
      local whole_time = #text.pieces(whole) * 0.4
      assert.is_true(asked.seconds < whole_time - 0.3,
        ("closed after %g of %g s"):format(asked.seconds, whole_time))
    end)
  end

  it("remembers answers, and forgets failed questions", function()
    local roles = {}
    for i, message in ipairs(json.decode(chats()[3].body).messages) do
      roles[i] = message.role
    end
    assert.same({ "system", "user", "assistant", "user" }, roles)
  end)

  it("shows an error kindly, below the earlier text", function()
    local broken, whole = report.broken, answer_to(chats()[4])
    assert.equal("truncated", broken.kind)
    assert.is_true(#broken.text > 0 and #broken.text < #whole)
    assert.equal(broken.text, whole:sub(1, #broken.text))
    assert.is_truthy(broken.excuse:find("the line broke off", 1, true))
  end)

  it("has a picture painted, and shows its progress", function()
    local hints = {}
    for _, frame in ipairs(frames "painting") do
      hints[(frame.hint or "none"):match("^[%l ]+")] = true
    end
    assert.is_true(hints["mixing colours"] and hints.running and hints.none)
    local file = support.output("ls " .. folder .. "/love/*/paintings")
    local width, height = picture("paintings/" .. file):sub(17, 24)
      :match("^%z%z(..)%z%z(..)$")
    local function number(bytes)
      return bytes:byte(1) * 256 + bytes:byte(2)
    end
    assert.same({ number(width), number(height) }, report.texture)
    assert.is_true(report.texture[1] >= 64)
  end)

  it("acts by tools: Yuan walks, and feeds the cat", function()
    local steps, before, meal = 0, nil, 0 -- a slow machine has few frames
    for _, frame in ipairs(frames "acting") do
      if before and frame.yuan ~= before then steps = steps + 1 end
      before, meal = frame.yuan, math.max(meal, frame.meal)
    end
    assert.is_true(steps > 1, steps .. " frames of walking")
    assert.equal(430, report.rug)
    assert.equal("Done. Yuan stands at the rug now.", report.walked)
    assert.is_true(meal > 0 and report.gap < 60)
    assert.equal("Done. The cat eats, and purrs.", report.fed)
  end)

  it("remembers what was said before she acted", function()
    assert.equal("Nice to meet you, Ada! I will remember.", report.greeted)
    assert.equal("Your name is Ada.", report.remembered)
  end)

  it("stops on her way when one leaves, and goes on with what was said",
    function()
      assert.same({ moved = 0, is_on = false }, report.stopped)
      local saved = assert(json.decode(picture "talk.json"))
      local last = saved.messages[#saved.messages]
      assert.equal("Your name is Ada.", last.content)
    end)

  it("draws it all", function()
    for _, name in ipairs { "talk", "error", "painting", "painted",
      "feeding" } do
      local bytes = picture(name .. ".png")
      assert.is_truthy(bytes:find("^\137PNG\r\n"), name)
      assert.is_true(#bytes > 30000, name) -- a screen of one colour is small
    end
  end)

  it("ends its sandbox", function()
    assert.is_false(is_open(report.url))
    assert.is_false(support.exists(report.dir .. "/nginx.conf"))
  end)
end)

describe("love examples/love (LuaJIT suite only)", function()
  after_each(support.clean)

  -- LÖVE treats SIGTERM like the closing of its window.
  it("starts by itself, and ends with its sandbox", function()
    local folder = support.tempdir()
    local script = support.write(folder .. "/play", ([[
      love '%s' & game=$!
      for _ in $(seq 100); do
        ls -d "$TMPDIR"/yuanjing-*/ready 2>/dev/null && break
        sleep 0.05
      done
      sleep 0.5
      kill "$game"
      wait "$game"
      echo "status of the game $?"
      ls -d "$TMPDIR"/yuanjing-* 2>/dev/null || echo no sandbox
    ]]):format(GAME))
    local output = on_screen(folder, "sh " .. script)
    assert.equal(("%s\nstatus of the game 0\nno sandbox\nstatus 0"):format(
      output:match("^[^\n]*/ready") or "the sandbox"), output)
  end)
end)
