-- `yuanjing batch` and `yuanjing tasks`, as a user runs them, on the sandbox.
local core = require "yuanjing.core"
local redis = require "support.redis"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

local LUA = require("support.child").interpreter()

describe("the command", function()
  local server, folder
  setup(function() server = assert(sandbox.start { task_seconds = 0 }) end)
  teardown(function() server:stop() end)
  before_each(function() folder = support.tempdir() end)
  after_each(support.clean)

  -- The exit status, stdout and stderr of a run.
  local function run(words)
    local status = support.output(("YUANJING_BASE_URL=%s YUANJING_API_KEY=%s "
      .. "LUA_PATH=';;/usr/share/lua/5.3/?.lua' timeout 120 %s bin/yuanjing %s >%s/out 2>%s/err </dev/null; echo $?")
      :format(server.url, server.api_key, LUA, words, folder, folder))
    return tonumber(status), support.read(folder .. "/out"),
      support.read(folder .. "/err")
  end

  local function submits()
    local count = 0
    for _, request in ipairs(server:requests()) do
      if request.fields then count = count + 1 end
    end
    return count
  end

  -- Writes a list into the folder; returns the words of its batch.
  local function batch_of(list)
    return ("batch %s -m wan2.2-t2i-flash -o %s"):format(
      support.write(folder .. "/list", list), folder)
  end

  local LINES = [[
{"model": "wan2.2-t2i-plus", "prompt": "a cat"}

a dog
{"model": "wan2.6-t2v", "prompt": "a horse", "duration": 5}
]]

  it("batch makes a file for each line, and pays for none twice", function()
    local before = submits()
    support.write(folder .. "/prompts.jsonl", LINES)
    local words = ("batch %s/prompts.jsonl -o %s -m wan2.2-t2i-flash"):format(
      folder, folder)
    local status, _, printed = run(words)
    assert.same({ 0, 3 }, { status, submits() - before }, printed)
    assert.truthy(printed:find("3 of 3 saved, 0 failed, 0 unknown", 1, true))
    assert.truthy(support.read(folder .. "/0002.png"):find("^\137PNG"))
    assert.truthy(support.read(folder .. "/0003.mp4"):find("^....ftyp"))
    os.remove(folder .. "/0001.png")
    assert.equal(0, (run(words)))
    assert.equal(3, submits() - before)
    assert.truthy(support.exists(folder .. "/0001.png"))
    support.write(folder .. "/prompts.jsonl", (LINES:gsub("dog", "bird")))
    assert.equal(0, (run(words)))
    assert.equal(4, submits() - before)
  end)

  it("batch makes its folder, or reports why not before it pays", function()
    local before = submits()
    support.write(folder .. "/prompts.jsonl", "a cat\n")
    local words = ("batch %s/prompts.jsonl -m wan2.2-t2i-flash -o "):format(
      folder)
    local status, _, printed = run(words .. folder .. "/prompts.jsonl/x")
    assert.same({ 11, before }, { status, submits() })
    assert.truthy(printed:find("nothing was sent", 1, true), printed)
    assert.equal(0, (run(words .. folder .. "/a/b")))
    assert.truthy(support.exists(folder .. "/a/b/0001.png"))
  end)

  it("batch checks all lines before it pays for the first", function()
    local before = submits()
    support.write(folder .. "/prompts.jsonl", "# two\na cat\n"
      .. '{"model":"wan2.2-t2i-plus"}\n{"prompt":"x","mood":"good"}\n')
    local words = ("batch %s/prompts.jsonl -m wan2.2-t2i-flash -o %s"):format(
      folder, folder)
    for _ = 1, 2 do
      local status, _, printed = run(words)
      assert.same({ 2, before }, { status, submits() })
      assert.truthy(printed:find("line 3: prompt: ", 1, true), printed)
      assert.truthy(printed:find("line 4: mood: unknown parameter", 1, true), printed)
      assert.truthy(printed:find("nothing was sent", 1, true), printed)
    end
    local status, _, printed = run(("batch %s/none -o %s"):format(folder, folder))
    assert.equal(11, status)
    assert.truthy(printed:find("No such file", 1, true))
  end)

  it("batch shows what it would send, and prints its counts as JSON",
  function()
    local before = submits()
    support.write(folder .. "/prompts.jsonl", "a cat\n")
    local words = ("batch %s/prompts.jsonl -o %s -m wan2.2-t2i-flash "):format(
      folder, folder)
    local status, shown = run(words .. "--dry-run")
    assert.same({ 0, before }, { status, submits() })
    assert.truthy(shown:find("^POST .*/llmage/v1/image/generations"), shown)
    support.write(folder .. "/bad.jsonl", "a cat\n{}\n{\"prompt\":1}\n")
    local code, _, printed = run(("batch %s/bad.jsonl -m wan2.2-t2i-flash --dry-run")
      :format(folder))
    assert.equal(2, code)
    assert.truthy(printed:find("line 2: prompt: .*; line 3: prompt: "), printed)
    assert.is_false(support.exists(folder .. "/tasks.journal"))
    assert.equal(('{"failed":0,"lines":[{"files":["%s/0001.png"],"line":1,'
      .. '"outcome":"saved"}],"saved":1,"total":1,"unknown":0}\n')
      :format(folder), (select(2, run(words .. "--json"))))
    local printed_out = select(2, run("tasks --json --journal " .. folder
      .. "/tasks.journal"))
    assert.truthy(printed_out:find('"state":"done"', 1, true), printed_out)
  end)

  it("batch knows a line by its parameters, wherever it is", function()
    local before = submits()
    local function run_list(list)
      local status, _, printed = run(batch_of(list))
      assert.equal(0, status, printed)
      return submits() - before
    end
    assert.equal(3, run_list "a cat\na dog\na dog\n")
    local cat = support.read(folder .. "/0001.png")
    assert.equal(4, run_list "\239\187\191an owl\r\na dog\r\na cat\r\na dog")
    assert.equal(cat, support.read(folder .. "/0001.png"))
    assert.truthy(support.exists(folder .. "/0004.png"))
    assert.equal(4, run_list "a dog\n")
    assert.equal(5, run_list "a dog\na dog\na dog\n")
  end)

  it("batch leaves alone what was in the folder before", function()
    support.write(folder .. "/0001.jpg", "mine")
    local status, _, printed = run(batch_of "a cat\n")
    assert.equal(0, status)
    assert.truthy(printed:find("line 1: " .. folder .. "/0002.png", 1, true), printed)
    assert.equal("mine", support.read(folder .. "/0001.jpg"))
  end)

  it("batch names what a task did not bring", function()
    support.write(folder .. "/prompts.jsonl",
      '{"prompt": "x", "extra": {"sandbox": "result-partial=no face"}}\n'
      .. '{"prompt": "y", "extra": {"sandbox": "result-reason=no cats"}}\n')
    local status, _, printed = run(("batch %s/prompts.jsonl -o %s -m "
      .. "wan2.2-t2i-flash"):format(folder, folder))
    assert.is_true(status ~= 0)
    assert.truthy(printed:find("not all of it came: .*image 3: no face"), printed)
    assert.truthy(printed:find("no cats", 1, true), printed)
    assert.truthy(support.read(folder .. "/0001.png"):find("^\137PNG"))
  end)

  it("batch saves all pictures of a task, and those that are missing", function()
    local before = submits()
    local words = batch_of(
      '{"prompt": "x", "extra": {"sandbox": "result-many=3"}}\n')
    assert.equal(0, (run(words)))
    for _, name in ipairs { "0001", "0001-2", "0001-3" } do
      assert.truthy(support.exists(("%s/%s.png"):format(folder, name)), name)
    end
    os.remove(folder .. "/0001-2.png")
    assert.equal(0, (run(words)))
    assert.truthy(support.exists(folder .. "/0001-2.png"))
    assert.equal(1, submits() - before)
  end)

  it("batch makes a line again whose task has failed", function()
    local before = submits()
    local words = batch_of(
      '{"prompt": "x", "extra": {"sandbox": "task-fails=moderation"}}\n')
    for n = 1, 2 do
      local status, printed_out, printed = run(words .. " --json")
      assert.same({ 7, n }, { status, submits() - before })
      assert.truthy(printed_out:find('"files":[],"line":1,"outcome":"failed"', 1, true),
        printed_out)
      assert.truthy(printed:find("line 1: failed: task_failed: moderation", 1,
        true), printed)
    end
  end)

  it("batch prints how to make a line again whose outcome is unknown",
    function()
      local before = submits()
      local words = batch_of(
        '{"prompt": "x", "extra": {"sandbox": "reset"}}\n')
      assert.equal(10, (run(words)))
      local status, _, printed = run(words)
      assert.same({ 10, 1 }, { status, submits() - before })
      local forget = printed:match("`yuanjing (tasks [^`]+)`")
      assert.equal(0, (run(forget)))
      assert.equal(10, (run(words)))
      assert.equal(2, submits() - before)
    end)

  it("batch works in a folder by itself, until it ends in whatever way",
    function()
      local words = batch_of "a cat\n"
      local lock = assert(core.file(folder .. "/.batch.lock"))
      assert(lock:lock(0))
      local before = submits()
      local status, _, printed = run(words)
      assert.same({ 11, before }, { status, submits() })
      assert.truthy(printed:find("another `yuanjing batch` is at work in that "
        .. "folder; nothing was sent", 1, true), printed)
      lock:close()
      assert.equal(0, (run(words)))
    end)

  it("batch waits for a submit that another process is at", function()
    local before = submits()
    support.write(folder .. "/list",
      '{"prompt": "x", "extra": {"sandbox": "stall-head=1"}}\n')
    local pipe = io.popen(("YUANJING_BASE_URL=%s YUANJING_API_KEY=%s timeout 120 "
      .. "%s bin/yuanjing batch %s/list -m wan2.2-t2i-flash -o %s/one 2>&1")
      :format(server.url, server.api_key, LUA, folder, folder))
    assert.truthy(support.wait_until(function()
      local path = folder .. "/one/tasks.journal"
      return support.exists(path) and support.read(path):find("sending", 1, true)
    end))
    local status, _, printed = run(("batch %s/list -m wan2.2-t2i-flash -o %s/two "
      .. "--journal %s/one/tasks.journal"):format(folder, folder, folder))
    pipe:close()
    assert.same({ 0, 1 }, { status, submits() - before }, printed)
    assert.truthy(support.exists(folder .. "/two/0001.png"))
  end)

  it("tasks lists what the journal knows", function()
    local path = folder .. "/tasks.journal"
    local client = yuanjing.new { base_url = server.url,
      api_key = server.api_key, journal = path }
    local task = assert(client:image { model = "wan2.2-t2i-plus",
      prompt = "x", note = "one" })
    local other = yuanjing.new { base_url = server.url, journal = path,
      api_key = server.api_key, headers = { ["X-Sandbox"] = "reset" } }
    local _ = other:image { model = "wan2.2-t2i-plus", prompt = "y",
      note = "two" }
    local status, printed = run("tasks --journal " .. path)
    assert.same({ 0, 2 }, { status, select(2, printed:gsub("\n", "")) }, printed)
    local _, pending = run("tasks --pending --journal " .. path)
    assert.truthy(pending:find(task.id, 1, true))
    assert.truthy(pending:find("running .* one\n$"), pending)
    assert.equal(1, select(2, pending:gsub("\n", "")))
    local unknown = select(2, run("tasks --unknown --journal " .. path))
    assert.truthy(unknown:find("unknown .* two\n$"), unknown)
    local key = unknown:match("  (%x+%-%d+) ")
    assert.equal(0, (run(("tasks --forget %s --journal %s"):format(key, path))))
    assert.equal("", (select(2, run("tasks --unknown --journal " .. path))))
    assert.equal(6, (run(("tasks --forget %s-1 --journal %s"):format(key,
      path))))
  end)

  it("tasks shows what workers gave up, and hands it out again", function()
    local box = redis.start()
    finally(redis.clean)
    local client = yuanjing.new { base_url = server.url,
      api_key = server.api_key, journal = box.url }
    assert(client:image { model = "wan2.2-t2i-plus", prompt = "x",
      note = "one" })
    client.journal:work { drain = true, interval = 0.05, lease = 0.1,
      attempts = 2, on_result = function() error("no room\nat all", 0) end }
    local _, dead = run("tasks --dead --journal " .. box.url)
    assert.truthy(dead:find("done .* 2 attempts: no room\n$"), dead)
    local key = dead:match("  (%x+%-%d+) ")
    assert.equal(0, (run(("tasks --retry %s --journal %s"):format(key,
      box.url))))
    assert.equal("", (select(2, run("tasks --dead --journal " .. box.url))))
    assert.equal(1, client._settings.journal.store:left())
    local path = support.write(folder .. "/tasks.journal", "")
    assert.equal(6, (run(("tasks --retry %s --journal %s"):format(key, path))))
  end)

  it("tasks makes no journal where there is none", function()
    local status, _, printed = run("tasks --journal " .. folder .. "/none")
    assert.equal(11, status)
    assert.truthy(printed:find("No such file", 1, true))
    assert.is_false(support.exists(folder .. "/none"))
  end)
end)
