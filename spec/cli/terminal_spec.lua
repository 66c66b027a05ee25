-- The command at a terminal, as a user sees it.
local command = require "support.command"
local sandbox = require "yuanjing.sandbox"
local json = require "yuanjing.base.json"
local support = require "support"

-- The output is the same with every Lua: once is enough, because it waits a
-- lot. LuaJIT runs this spec, Lua 5.4 that of docs/cli.md.
if not rawget(_G, "jit") then return end

local server

local CTRL_C, CTRL_D = "\3", "\4"
local IMAGE = { "image", "-m", "wan2.2-t2i-plus", "一只猫坐在月亮上" }

local function at(columns, steps, arguments)
  return command.at_terminal(server, columns, steps, arguments)
end

-- The words of an image call, with a scenario of the sandbox and more words.
local function image(scenario, ...)
  local words = {}
  for i, word in ipairs(IMAGE) do words[i] = word end
  for _, word in ipairs { "--extra", "sandbox=" .. scenario, ... } do
    words[#words + 1] = word
  end
  return words
end

-- The successive states of the progress line, as plain text.
local function pictures(ran)
  local list = {}
  for picture in ran.raw:gmatch("\r([^\r\n]*)\27%[K") do
    list[#list + 1] = (picture:gsub("\27%[%d*m", ""))
  end
  return list
end

local function has(list, pattern)
  for _, text in ipairs(list) do
    if text:find(pattern) then return true end
  end
  return false
end

describe("at a terminal", function()
  setup(function()
    server = assert(sandbox.start { latency = 0.01, task_seconds = 0 })
  end)
  teardown(function() server:stop() end)
  after_each(support.clean)

  it("chat streams, thoughts first", function()
    local ran = at(80, {}, { "chat", "hi", "--extra", "sandbox=reasoning" })
    assert.equal(0, ran.status)
    assert.same({ 'The user says "hi". Let me think, then answer.', "" },
      { ran.screen[1], ran.screen[2] })
    assert.is_truthy(ran.screen[3]:find("^Hello!"))
    assert.is_truthy(ran.raw:find("\27[2mTh", 1, true), "dim")
  end)

  it("chat lets no text steer the terminal", function()
    local ran = at(80, {}, { "chat", "--extra", "sandbox=echo",
      "a\27]0;title\7b\194\1552Jc" })
    assert.equal("a]0;titleb2Jc\r\n", ran.raw)
  end)

  it("chat that breaks off has its error on a line of its own", function()
    local ran = at(200, {}, { "chat", "hi", "--extra", "sandbox=cut" })
    assert.equal(9, ran.status)
    assert.is_truthy(ran.screen[1]:find("^Hello!"))
    assert.is_truthy(ran.screen[2]:find("^yuanjing: truncated: "))
  end)

  it("speaks Chinese where it is asked to", function()
    local ran = at(80, { { "wait", "› " }, { "send", "/undo\r" },
      { "wait", "没有可忘掉的" }, { "send", CTRL_D } },
      { "chat", "-i", env = { YUANJING_LANG = "zh" } })
    assert.same({ 0, "按 Ctrl-D 结束，输入 /help 查看更多。" },
      { ran.status, ran.screen[1] })
    local words = image("slow=0.1", "-o", support.tempdir() .. "/cat.png",
      "--lang", "zh")
    local saved = at(120, {}, words)
    assert.is_truthy(saved.raw:find("已保存 ", 1, true), saved.raw)
  end)

  it("a conversation goes on after Ctrl-C, and ends by Ctrl-D", function()
    local ran = at(80, { { "wait", "› " }, { "send", "hi\n" },
      { "wait", "Hello" }, { "send", CTRL_C }, { "wait", "› " },
      { "send", CTRL_D } },
      { "chat", "-i", "--extra", "sandbox=slow=0.5" })
    assert.equal(0, ran.status)
    assert.same({ "Ctrl-D ends it, /help says more.", "› hi" },
      { ran.screen[1], ran.screen[2] })
    assert.is_truthy(ran.screen[3]:find("^Hello.*%^C$"), ran.screen[3])
    assert.same({ "yuanjing: interrupted", "›" },
      { ran.screen[4], ran.screen[5] })
  end)

  it("Ctrl-C clears the line of a conversation, and two of them end it", function()
    local ran = at(80, { { "wait", "› " }, { "send", "half" }, { "sleep", 0.2 },
      { "send", CTRL_C }, { "wait", "› " }, { "send", "hi\n" },
      { "wait", "Hello" }, { "wait", "› " }, { "send", CTRL_C },
      { "wait", "› " }, { "send", CTRL_C } }, { "chat", "-i" })
    assert.equal(130, ran.status)
    local seen = table.concat(ran.screen, "\n")
    assert.is_truthy(seen:find("› hi\n", 1, true), seen)
    assert.is_nil(seen:find("halfhi", 1, true))
  end)

  it("a conversation is saved, gone on with, and forgets", function()
    local path = support.tempdir() .. "/talk.json"
    local ran = at(80, { { "wait", "› " }, { "send", "one\n" },
      { "wait", "Hello" }, { "wait", "› " }, { "send", "two\n" },
      { "wait", "› " }, { "send", "/undo\n" }, { "wait", "› " },
      { "send", "/save " .. path .. "\n" }, { "wait", "› " },
      { "send", "/nothing\n" }, { "wait", "/image" }, { "send", CTRL_D } },
      { "chat", "-i" })
    assert.equal(0, ran.status)
    local kept = assert(json.decode(support.read(path)))
    assert.same({ "user", "assistant" },
      { kept.messages[1].role, kept.messages[2].role })
    assert.same({ 2, 2 }, { #kept.messages, #kept.ledger })
    ran = at(80, { { "wait", "› " }, { "send", "/load " .. path .. "\n" },
      { "wait", "2 messages" }, { "send", "/load none\n" },
      { "wait", "No such file" }, { "send", CTRL_D } }, { "chat", "-i" })
    assert.equal(0, ran.status)
  end)

  it("Ctrl-C while a prompt is typed sends nothing", function()
    local before = #server:requests()
    local ran = at(80, { { "wait", "Ctrl-D" }, { "send", "half a\n" },
      { "sleep", 0.5 }, { "send", CTRL_C } }, { "chat", "-" })
    assert.equal(130, ran.status)
    assert.equal("yuanjing: interrupted", ran.screen[#ran.screen])
    assert.equal(before, #server:requests())
  end)

  it("chat without a question prints how to ask", function()
    local ran = at(120, {}, { "chat" })
    assert.equal(2, ran.status)
    assert.is_truthy(ran.screen[1]:find('yuanjing chat "..."', 1, true))
  end)

  it("a task shows its stages, and what is done stays", function()
    local path = support.tempdir() .. "/猫.png"
    local ran = at(80, {}, image("task=1; size=400000; file-slow=1", "-o", path))
    assert.equal(0, ran.status)
    local seen = pictures(ran)
    assert.is_true(has(seen, "^%S+ CREATED .*task %d+$"), ran.raw)
    assert.is_true(has(seen, "^%S+ downloading .*⣿⠤.* +%d+%%  %d"), ran.raw)
    assert.equal(2, #ran.screen)
    assert.is_truthy(ran.screen[1]:find("^✓ SUCCEEDED    task %d+  [%d.]+ s$"))
    assert.is_truthy(ran.screen[2]:find("✓ saved        " .. path
      .. "  400.0 kB", 1, true))
    assert.equal(0, ran.wraps)
  end)

  it("an upload has a bar of its own", function()
    local big = support.tempdir() .. "/big.png"
    local file = assert(io.open(big, "wb"))
    file:write("\137PNG\r\n\26\n", ("x"):rep(20 * 2 ^ 20))
    file:close()
    local ran = at(80, {}, { "video", "-m", "happyhorse-1.0-i2v", "x",
      "--first-frame", big })
    assert.equal(0, ran.status)
    assert.is_truthy(ran.screen[1]:find("^✓ uploaded     21.0 MB  "),
      ran.raw:sub(-300))
  end)

  it("no line is longer than the window, also when that changes", function()
    local is_drawn = { "wait", "\27[K" }
    local steps = { { "wait", " left\27[K" },
      { "resize", 50 }, { "wait", "kB of 2.0 MB\27[K" },
      { "resize", 36 }, { "wait", "%\27[K" }, { "resize", 9 }, is_drawn, is_drawn,
      { "resize", 200 }, { "wait", " left\27[K" }, { "send", CTRL_C } }
    local ran = at(80, steps, image("size=2000000; file-slow=20", "-o",
      support.tempdir() .. "/cat.png"))
    local seen = pictures(ran)
    assert.equal(0, ran.wraps)
    assert.is_true(has(seen, "⠤ +%d+%%  [%d.]+ kB of 2.0 MB$"), ran.raw)
    assert.is_true(has(seen, "⠤ +%d+%%$"), ran.raw)
    assert.is_true(has(seen, "^%S+$"), ran.raw)
    assert.is_true(has(seen, " left$"), ran.raw)
  end)

  it("Ctrl-C leaves no half file, keeps the task and prints how to go on",
    function()
      local folder = support.tempdir()
      local ran = at(400, { { "wait", "downloading" }, { "sleep", 0.3 },
        { "send", CTRL_C } },
        image("size=2000000; file-slow=20", "-o", folder .. "/cat.png"))
      assert.equal(130, ran.status)
      local last = ran.screen[#ran.screen]
      local words = last:match("^yuanjing: interrupted; the task goes on: "
        .. "yuanjing (task %d+ %-o %S+)$")
      assert.is_truthy(words, last)
      assert.equal("", support.output("ls " .. folder))
      local again = {}
      for word in words:gmatch("%S+") do again[#again + 1] = word end
      local id = again[2]
      local ran_again = command.run(server, { "task", id })
      assert.is_truthy(ran_again.out:find("SUCCEEDED", 1, true))
    end)

  it("Ctrl-C while it is sent reports that it may be billed", function()
    local ran = at(200, { { "wait", "sending" }, { "sleep", 2 },
      { "send", CTRL_C } }, image "stall-head=100")
    assert.equal(130, ran.status)
    assert.is_truthy(ran.screen[#ran.screen]:find("may have been received and "
      .. "billed", 1, true), ran.raw)
  end)

  it("NO_COLOR and a dumb terminal are respected", function()
    local words = image "task=0"
    words.env = { NO_COLOR = "1" }
    local ran = at(80, {}, words)
    assert.is_nil(ran.raw:find("\27%[%d*m"))
    words.env = { TERM = "dumb" }
    ran = at(80, {}, words)
    assert.is_nil(ran.raw:find("\27", 1, true))
    assert.equal(1, #ran.screen)
  end)

  it("where there is no UTF-8 the signs are plain", function()
    local words = image "task=0"
    words.env = { LC_ALL = "C" }
    assert.is_truthy(at(80, {}, words).screen[1]:find("^* SUCCEEDED"))
  end)

  it("a picture is shown by chafa, where that is", function()
    local folder = support.tempdir()
    local words = image("task=0", "-o", folder .. "/a b.png")
    words.viewers = 'echo "${0##*/} $*"'
    local ran = at(60, {}, words)
    assert.equal(("chafa --size=60x24 -- %s/a b.png"):format(folder),
      ran.screen[#ran.screen])
  end)

  it("a verification shows its link and waits for the person", function()
    local ran = at(120, {}, { "assets", "verify", "--name", "张三", "--wait",
      "0.3", viewers = 'echo "${0##*/} $*"' })
    assert.equal(8, ran.status)
    local link = ran.screen[1]
    assert.is_truthy(link:find("^http://[^ ]+/h5%?token="))
    assert.equal("qrencode -t ANSIUTF8 -m 1 -- " .. link, ran.screen[2])
    assert.is_true(has(pictures(ran), "waiting .*for the person to say yes"))
    assert.is_truthy(ran.screen[4]:find("wait again", 1, true))
  end)
end)
