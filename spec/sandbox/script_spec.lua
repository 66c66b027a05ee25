-- The sandbox in a user's own tests: scripted answers, recorded requests, and
-- a fast clock.
local child = require "support.child"
local sandbox = require "yuanjing.sandbox"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"
local yuanjing = require "yuanjing"

local CHAT = { model = "qwen3-max", prompt = "你是谁" }
local IMAGE = { model = "wan2.2-t2i-plus", prompt = "一只猫" }
local VIDEO = { model = "viduq3-pro", prompt = "一只猫" }

local function with(params, more)
  local merged = {}
  for name, value in pairs(params) do merged[name] = value end
  for name, value in pairs(more) do merged[name] = value end
  return merged
end

local STREAM = with(CHAT, { stream = true })

local box, client

local function start(options)
  box = assert(sandbox.start(options))
  client = yuanjing.new(box.options)
end

local function stop()
  assert.equal("", support.read(box.logs.error))
  box:stop()
end

local function chat(more)
  return client:chat(with(CHAT, more or {}))
end

local function kind_of(_, err)
  return err and err.kind
end

-- Whether it is the usual answer, not a scripted one.
local function is_usual(reply)
  return reply.content:find("我是元境沙箱", 1, true) ~= nil
end

describe("box:answer", function()
  setup(function() start { latency = 0 } end)
  teardown(stop)
  after_each(function()
    box:clear()
    support.clean()
  end)

  describe("has a chat", function()
    it("send a text, with all fields of a reply", function()
      box:answer("chat", { content = "你好; = \n\"\\", reasoning = "嗯",
        finish_reason = "length", usage = { prompt_tokens = 3,
          completion_tokens = 4 } })
      local reply = assert(chat())
      assert.same({ content = "你好; = \n\"\\", reasoning_content = "嗯",
        finish_reason = "length", model = "qwen3-max" },
        support.fields(reply, "content", "reasoning_content",
          "finish_reason", "model"))
      assert.same({ 3, 4, 7 }, { reply.usage.prompt_tokens,
        reply.usage.completion_tokens, reply.usage.total_tokens })
    end)

    it("send it as a stream", function()
      box:answer("chat", { content = "你好", reasoning = "嗯",
        finish_reason = "length", usage = { total_tokens = 9 } })
      local reply = assert(assert(client:chat(STREAM)):finish())
      assert.same({ "你好", "嗯", "length", 9 }, { reply.content,
        reply.reasoning_content, reply.ended_by, reply.usage.total_tokens })
    end)

    it("send it in exactly these chunks, with pauses", function()
      local chunks = { "一", 0.1, "只", "猫" }
      box:answer("chat", { chunks = chunks, times = 2 })
      local texts, from = {}, support.now()
      for text in assert(client:chat(STREAM)):text() do
        texts[#texts + 1] = text
      end
      assert.same({ "一", "只", "猫" }, texts)
      assert.truthy(support.now() - from >= 0.1)
      assert.equal("一只猫", assert(chat()).content)
    end)

    it("take its time between the chunks", function()
      box:answer("chat", { chunks = { "一" }, gap = 0.05 })
      local seconds, reply = support.timed(function()
        return assert(client:chat(STREAM)):finish()
      end)
      assert.equal("一", reply.content)
      assert.truthy(seconds > 0.18, seconds) -- head, text, two at the end
    end)

    it("call tools, with words and thoughts or without", function()
      local calls = { { name = "weather", arguments = { city = "北京" },
        id = "c1" }, { name = "clock" } }
      box:answer("chat", { tool_calls = calls, content = "等等",
        reasoning_content = "嗯", times = 2 })
      box:answer("chat", { tool_calls = { { name = "f",
        arguments = '{"x":' } }, finish_reason = "length" })
      local plain = assert(chat())
      local streamed = assert(assert(client:chat(STREAM)):finish())
      for _, reply in ipairs { plain, streamed } do
        assert.same({ content = "等等", reasoning_content = "嗯",
          finish_reason = "tool_calls" }, support.fields(reply, "content",
          "reasoning_content", "finish_reason"))
        assert.same({ id = "c1", name = "weather",
          arguments = { city = "北京" }, raw = '{"city":"北京"}' },
          reply.tool_calls[1])
        assert.same({ "clock", "{}" },
          { reply.tool_calls[2].name, reply.tool_calls[2].raw })
        assert.matches("^call_%x+$", reply.tool_calls[2].id)
      end
      local cut = assert(chat())
      assert.same({ "length", "", '{"x":' },
        { cut.ended_by, cut.content, cut.tool_calls[1].raw })
    end)

    it("send it in the legacy API", function()
      box:answer("chat", { content = "旧" })
      assert.equal("旧", assert(client:with { api = "legacy" }:chat(CHAT)).content)
    end)
  end)

  describe("answers", function()
    it("in the order they were given, then as ever", function()
      box:answer("chat", { content = "1" })
      box:answer("chat", { content = "2" })
      assert.equal("1", assert(chat()).content)
      assert.equal("2", assert(chat()).content)
      assert.is_true(is_usual(assert(chat())))
    end)

    it("so many requests", function()
      box:answer("chat", { content = "1", times = 2 })
      box:answer("chat", { content = "2", times = math.huge })
      local printed = {}
      for n = 1, 5 do printed[n] = assert(chat()).content end
      assert.equal("1 1 2 2 2", table.concat(printed, " "))
    end)

    it("those with a text in their model or prompt", function()
      box:answer("chat", { content = "plus", model = "-plus" })
      box:answer("chat", { content = "dog", prompt = "狗" })
      box:answer("chat", { content = "both", model = "max", prompt = "猫" })
      assert.is_true(is_usual(assert(chat())))
      assert.equal("both", assert(chat { prompt = "一只猫" }).content)
      assert.equal("dog", assert(chat { messages = {
        { role = "user", content = "猫和狗" } } }).content)
      assert.equal("plus", assert(chat { model = "qwen-plus" }).content)
    end)

    it("queries and downloads by their task's model and prompt", function()
      box:answer("task", { prompt = "狗", status = 404 })
      box:answer("file", { model = "wan2.2", body = "a cat" })
      local cat = assert(client:image(with(IMAGE, { extra = {
        sandbox = "submit-done" } })))
      local dog = assert(client:image(with(IMAGE, { prompt = "狗" })))
      assert.truthy(client:task(cat.id):refresh())
      assert.equal("not_found", kind_of(dog:refresh()))
      local path = support.tempdir() .. "/cat.png"
      assert(cat:save(path))
      assert.equal("a cat", support.read(path))
    end)

    it("nothing yet while it is half written", function()
      local line = '"answer", { to = "chat", times = 1, content = "1" }'
      local file = assert(io.open(box.dir .. "/script", "a"))
      file:setvbuf("no")
      file:write(line)
      assert.is_true(is_usual(assert(chat())))
      file:write("\n")
      file:close()
      assert.equal("1", assert(chat()).content)
    end)

    it("no client whose key is wrong", function()
      box:answer("chat", { content = "1" })
      local stranger = client:with { api_key = "sk-stranger" }
      assert.equal("auth", kind_of(stranger:chat(CHAT)))
      assert.equal("1", assert(chat()).content)
    end)
  end)

  describe("sends", function()
    it("a refusal", function()
      box:answer("chat", { status = 401, error = "no such key" })
      local reply, err = chat()
      assert.is_nil(reply)
      assert.same({ kind = "auth", status = 401, message = "no such key" },
        support.fields(err, "kind", "status", "message"))
      box:answer("chat", { error = "overloaded" })
      assert.equal("platform", kind_of(chat()))
    end)

    it("a rate limit, which is waited for", function()
      box:answer("chat", { status = 429, retry_after = 0.02 })
      box:answer("chat", { content = "1" })
      assert.equal("1", assert(chat()).content)
      assert.equal(2, #box:requests("chat"))
    end)

    it("any JSON, bytes and headers", function()
      box:answer("chat", { json = { choices = { { message = {
        content = "by hand" }, finish_reason = "stop" } } } })
      assert.equal("by hand", assert(chat()).content)
      local bytes = {}
      for byte = 0, 255 do bytes[byte + 1] = string.char(byte) end
      local all = table.concat(bytes)
      box:answer("models", { body = all, headers = { ["X-Test"] = "here" } })
      local answer = assert(client:request { path = "/llmage/v1/models" })
      assert.equal(all, answer.body)
      assert.equal("here", answer.headers["x-test"])
    end)

    it("headers with whatever it is", function()
      local task = assert(client:image(IMAGE))
      box:answer("task", { retry_after = 7, headers = { ["X-Test"] = "on" } })
      local answer = assert(client:request {
        path = "/llmage/v1/tasks?taskid=" .. task.id })
      assert.same({ "CREATED", "7", "on" }, { answer.json.status,
        answer.headers["retry-after"], answer.headers["x-test"] })
    end)

    it("so many bytes, then breaks the connection", function()
      box:answer("chat", { content = ("长"):rep(100), break_after = 200 })
      local _, err = chat()
      assert.equal("truncated", err.kind)
      assert.equal(200, #err.body)
      box:answer("chat", { chunks = { "一", "二" }, break_after = 700 })
      local reply
      reply, err = assert(client:chat(STREAM)):finish()
      assert.same({ "truncated", "一" }, { err.kind, err.partial })
      assert.is_nil(reply)
    end)

    it("it late", function()
      box:answer("chat", { delay = 0.1 })
      local seconds = support.timed(chat)
      assert.truthy(seconds >= 0.1, seconds)
    end)

    it("any scenario", function()
      box:answer("chat", { scenario = "cut=3", chunks = { "一", "二", "三" } })
      local _, err = assert(client:chat(STREAM)):finish()
      assert.same({ "truncated", "一二" }, { err.kind, err.partial })
      assert.equal("cut=3", box:requests("chat")[1].scenario:match("[^; ]+"))
    end)
  end)

  describe("has work", function()
    it("take so long, or fail", function()
      box:answer("image", { seconds = 0 })
      box:answer("video", { seconds = 0, fails = "画面违规; 请修改" })
      assert.is_true(assert(assert(client:image(IMAGE)):refresh()).done)
      local _, err = assert(client:video(VIDEO)):await()
      assert.same({ "task_failed", "画面违规; 请修改" },
        { err.kind, err.message })
    end)

    it("written by hand", function()
      box:answer("video", { json = { taskid = "42", status = "CREATED" } })
      box:answer("task", { json = { taskid = "42", status = "SUCCEEDED",
        video = box.url .. "/idfile?path=/my.mp4" } })
      box:answer("file", { body = "\0\255 film" })
      local path = support.tempdir() .. "/my.mp4"
      assert(assert(client:video(VIDEO)):save(path))
      assert.equal("\0\255 film", support.read(path))
    end)

    it("bring bytes that a broken download goes on with", function()
      box:answer("image", { seconds = 0 })
      box:answer("file", { body = ("0123456789"):rep(1000),
        scenario = "file-cut=4000" })
      box:answer("file", { body = ("0123456789"):rep(1000) })
      local path = support.tempdir() .. "/long.png"
      assert(assert(client:image(IMAGE)):save(path))
      assert.is_true(support.read(path) == ("0123456789"):rep(1000))
      local second = box:requests("file")[2]
      assert.equal("bytes=4000-", second.headers.range)
      assert.equal(206, second.status)
    end)

    it("fail among the assets, at each step", function()
      box:answer("verify", { scenario = "vendor-stopped" })
      box:answer("verify", { scenario = "verified" })
      local verify = { vendor = "volcengine", name = "张三" }
      assert.equal("vendor_disabled",
        select(2, client.assets:verify(verify)).code)
      local group = assert(assert(client.assets:verify(verify)):await_group())
      local photo = { vendor_group_id = group.vendor_group_id,
        source_url = "http://h/a.jpg" }
      box:answer("upload", { seconds = 0, fails = "没有人脸" })
      box:answer("status", { scenario = "no-asset" })
      local asset = assert(client.assets:upload(photo))
      assert.equal("asset_not_found", select(2, asset:refresh()).code)
      local _, err = asset:await()
      assert.same({ "task_failed", "没有人脸" }, { err.kind, err.message })
      box:answer("groups", { status = 500, times = 3 })
      local hasty = client:with { retries = 0 }
      assert.equal("server", kind_of(hasty.assets:groups()))
      box:answer("assets", { body = "<html>" })
      assert.equal("decode", kind_of(client.assets:list {
        vendor_group_id = group.vendor_group_id }))
    end)
  end)

  it("names the mistake, at the line that made it", function()
    local MISTAKES = {
      { 'unknown endpoint "chats"', "chats", {} },
      { "expected table, got string", "chat", "你好" },
      { 'unknown field "contents", did you mean "content"?', "chat", { contents = "你好" } },
      { "content: expected string, got number", "chat", { content = 1 } },
      { "delay: expected a number, 0 or more, got -1", "chat", { delay = -1 } },
      { "times: expected a number, 1 or more, got 0", "chat", { times = 0 } },
      { "content: means nothing to video", "video", { content = "你好" } },
      { "fails: means nothing to chat", "chat", { fails = "x" } },
      { "status and content exclude each other", "chat",
        { content = "x", status = 500 } },
      { "body and json exclude each other", "chat", { body = "", json = {} } },
      { "unknown scenario cut-mid-stream", "chat",
        { scenario = "cut-mid-stream" } },
      { "chunks[2]: a table", "chat", { chunks = { "一", {} } } },
      { "usage[total_tokens]: a string", "chat",
        { usage = { total_tokens = "3" } } },
      { "headers[X-A]: a boolean", "chat", { headers = { ["X-A"] = true } } },
      { "reasoning and reasoning_content are the same: give one", "chat",
        { reasoning = "x", reasoning_content = "x" } },
      { "tool_calls: means nothing to image", "image", { tool_calls = {} } },
      { "tool_calls: expected table, got string", "chat",
        { tool_calls = "weather" } },
      { "tool_calls: the list is empty", "chat", { tool_calls = {} } },
      { "tool_calls: expected a list of { name =, arguments = }", "chat",
        { tool_calls = { name = "weather" } } },
      { "tool_calls[2]: expected table, got string", "chat",
        { tool_calls = { { name = "a" }, "b" } } },
      { "tool_calls[1].name: missing", "chat", { tool_calls = { {} } } },
      { "tool_calls[1].name: expected the name of a tool", "chat",
        { tool_calls = { { name = "" } } } },
      { 'tool_calls[1]: unknown option "args" (known: arguments, id, name)', "chat",
        { tool_calls = { { name = "a", args = {} } } } },
      { "tool_calls[1].arguments: expected table or string, got number", "chat",
        { tool_calls = { { name = "a", arguments = 1 } } } },
      { "tool_calls[1].arguments: expected an object, got a list", "chat",
        { tool_calls = { { name = "a", arguments = { 1 } } } } },
      { "tool_calls[1].arguments: f: a function can not be written as JSON",
        "chat", { tool_calls = { { name = "a", arguments = { f = print } } } } },
      { "status and tool_calls exclude each other", "chat",
        { tool_calls = { { name = "a" } }, status = 500 } },
      { "unknown scenario kimie", "chat", { scenario = "kimie" } },
      { "doubao=half: expected one of whole", "chat",
        { scenario = "doubao=half" } },
      { "gateway needs a value: gateway=shape", "chat",
        { scenario = "gateway" } },
      { "json: x: JSON has no inf", "chat", { json = { x = math.huge } } },
    }
    for _, mistake in ipairs(MISTAKES) do
      local ok, message = pcall(function()
        box:answer(mistake[2], mistake[3])
      end)
      assert.is_false(ok)
      local line = debug.getinfo(1, "l").currentline - 3
      assert.equal(("spec/sandbox/script_spec.lua:%d: box:answer: %s"):format(
        line, mistake[1]), message)
    end
  end)
end)

describe("box:requests", function()
  setup(function() start { latency = 0, task_seconds = 0 } end)
  teardown(stop)
  after_each(function() box:clear() end)

  it("shows what was sent, without the key", function()
    assert(chat { temperature = 0.5 })
    local request = box:requests()[1]
    assert.same({ method = "POST", endpoint = "chat", status = 200,
      path = "/llmage/v1/chat/completions", auth = "ok" },
      support.fields(request, "method", "endpoint", "status", "path", "auth"))
    assert.equal("Bearer ***", request.headers.authorization)
    assert.same({ "qwen3-max", "你是谁", 0.5 }, { request.fields.model,
      request.fields.prompt, request.fields.temperature })
    assert.is_nil(support.read(box.logs.access):find(box.api_key, 1, true))
  end)

  it("shows the texts and the files of a form", function()
    local picture = yuanjing.bytes("\137PNG\r\n", { name = "a.png" })
    assert(client:video(with(VIDEO, { first_frame = picture,
      last_frame = picture })))
    local request = box:requests("video")[1]
    assert.equal("一只猫", request.fields.prompt)
    assert.same({ "a.png", 6 },
      { request.files[1].filename, request.files[1].size })
  end)

  it("shows one endpoint alone, or what came since clear()", function()
    assert(assert(client:image(IMAGE)):await())
    assert.equal(1, #box:requests("image"))
    assert.equal(1, #box:requests("task"))
    assert.equal(2, #box:requests())
    box:clear()
    assert.same({}, box:requests())
    assert(chat())
    assert.equal("chat", box:requests()[1].endpoint)
  end)
end)

describe("box:clear", function()
  setup(function() start { latency = 0, task_seconds = 0 } end)
  teardown(stop)

  it("makes the box as new", function()
    box:answer("chat", { content = "1" })
    box:answer("verify", { scenario = "verified" })
    assert(client.assets:verify { vendor = "volcengine" })
    local group = assert(client.assets:groups())[1]
    local asset = assert(client.assets:upload { source_url = "http://h/a.jpg",
      vendor_group_id = group.vendor_group_id })
    local task = assert(client:image(IMAGE))
    assert(task:await())
    box:advance(1e6)
    local odd = client:with { headers = { ["X-Sandbox"] = "say=1; times=1" } }
    assert.equal("1", assert(odd:with { api = "legacy" }:chat(CHAT)).content)
    box:clear()
    assert.is_true(is_usual(assert(chat())))
    assert.same({}, assert(client.assets:groups()))
    assert.equal("not_found", kind_of(client:task(task.id):refresh()))
    assert.equal("not_found", kind_of(asset:refresh()))
    assert.equal("1", assert(odd:chat(CHAT)).content)
    local again = assert(client:image(IMAGE))
    assert.not_equal(task.id, again.id)
    local listed = assert(client:request { path = "/sandbox/tasks" }).json
    assert.equal(1, listed.begun)
    assert.truthy(math.abs(listed.tasks[1].at - os.time()) < 1000)
  end)

  it("and advance want a box that runs", function()
    local ended = assert(sandbox.start())
    ended:stop()
    for call, arguments in pairs { clear = {}, advance = { 1 },
      answer = { "chat", {} } } do
      local ok, message = pcall(function()
        ended[call](ended, (unpack or table.unpack)(arguments))
      end)
      assert.is_false(ok)
      assert.matches(("box:%s: the sandbox is stopped$"):format(call), message)
    end
    assert.has_error(function() box:advance(-1) end,
      "box:advance: expected a number of seconds, 0 or more, got -1")
  end)
end)

describe("the sandbox's time", function()
  local SHORTEST_PAUSE = 3 -- seconds, of a client without another setting

  describe("at speed 1000", function()
    setup(function() start { speed = 1000, task_seconds = 200 } end)
    teardown(stop)
    after_each(function() box:clear() end)

    -- What a program without any settings does.
    local function assert_quick(run)
      assert.is_true(support.is_ever_below(SHORTEST_PAUSE, function()
        box:clear()
        local seconds, value = support.timed(run)
        assert.truthy(value)
        return seconds
      end))
    end

    it("a long video is there at once", function()
      local stages = {}
      assert_quick(function()
        return assert(assert(client:video(VIDEO)):await { on_update = function(it)
          stages[#stages + 1] = it.status
        end })
      end)
      assert.equal("SUCCEEDED", stages[#stages])
    end)

    it("in the legacy API too", function()
      local legacy = client:with { api = "legacy" }
      assert_quick(function()
        return assert(assert(legacy:video(VIDEO)):await())
      end)
    end)

    it("many tasks are there at once", function()
      assert_quick(function()
        local tasks = {}
        for n = 1, 5 do tasks[n] = assert(client:image(IMAGE)) end
        local results, problems = yuanjing.await_all(tasks)
        assert.same({}, problems)
        return #results == 5
      end)
    end)

    it("an asset is there at once", function()
      assert_quick(function()
        box:answer("verify", { scenario = "verified" })
        local session = assert(client.assets:verify { vendor = "volcengine" })
        local group = assert(session:await_group())
        local asset = assert(client.assets:upload {
          vendor_group_id = group.vendor_group_id,
          source_url = "http://h/a.jpg" })
        return assert(asset:await())
      end)
      assert.truthy(#box:requests("status") > 2)
    end)

    it("the groups are asked for again and again", function()
      local session = assert(client.assets:verify { vendor = "volcengine" })
      local _, err = session:await_group { timeout = 2 }
      assert.equal("timeout", err.kind)
      assert.truthy(#box:requests("groups") > 3)
      assert.equal(2, select("#", client.assets:groups()))
    end)

    it("a rate limit is over at once", function()
      assert_quick(function()
        box:answer("chat", { status = 429, retry_after = 20 })
        box:answer("chat", { scenario = "rate-limit=20" })
        return assert(chat())
      end)
      assert.equal(3, #box:requests("chat"))
    end)

    it("delays and pauses are short", function()
      assert_quick(function()
        box:answer("chat", { delay = 100, chunks = { "一", 100, "二" },
          gap = 100 })
        local seconds, reply = support.timed(function()
          return assert(client:chat(STREAM)):finish()
        end)
        assert.truthy(seconds > 0.5, seconds)
        return reply.content == "一二"
      end)
    end)
  end)

  describe("that jumps", function()
    setup(function() start { latency = 0, task_seconds = 600 } end)
    teardown(stop)
    after_each(function() box:clear() end)

    it("brings tasks along, stage by stage", function()
      local task = assert(client:video(VIDEO))
      local stages = {}
      for n, seconds in ipairs { 0, 100, 100, 500 } do
        box:advance(seconds)
        stages[n] = assert(task:refresh()).status
      end
      assert.equal("CREATED PENDING RUNNING SUCCEEDED",
        table.concat(stages, " "))
    end)

    it("ends what is good for a time only", function()
      local session = assert(client.assets:verify { vendor = "volcengine" })
      local page = session.h5_link:match("^http://[^/]+(/.*)$")
      local function status()
        local answer, err = client:request { path = page }
        return (answer or err).status
      end
      box:advance(100)
      assert.equal(200, status())
      box:advance(30)
      assert.equal(410, status())
    end)

    it("is real time without a pace, unless set", function()
      local task = assert(client:video(VIDEO))
      for _, path in ipairs { "/llmage/v1/tasks?taskid=" .. task.id,
        "/llmage/tasks?taskid=" .. task.id } do
        local answer = assert(client:request { path = path })
        assert.equal("CREATED", answer.json.status)
        assert.is_nil(answer.headers["retry-after"])
      end
      local listed = assert(client:request { path = "/sandbox/tasks" }).json
      assert.truthy(math.abs(listed.tasks[1].at - os.time()) < 60)
    end)
  end)
end)

describe("a box that is not stopped", function()
  local function is_gone(dir)
    return support.wait_until(function()
      return not support.exists(dir .. "/nginx.conf")
    end)
  end

  it("ends when it is collected", function()
    local dir = assert(sandbox.start()).dir
    assert.is_true(support.exists(dir .. "/nginx.conf"))
    collectgarbage()
    collectgarbage()
    assert.is_true(is_gone(dir))
  end)

  it("ends with a spec that fails", function()
    finally(support.clean)
    local folder = support.tempdir()
    support.write(folder .. "/failing_spec.lua", [[
      local box = assert(require("yuanjing.sandbox").start())
      it("fails", function() error("at " .. box.dir .. ".") end)]])
    local printed = shell.read([["$@" 2>&1 </dev/null]], "env",
      "LUA_PATH=" .. package.path, "LUA_CPATH=" .. package.cpath,
      child.interpreter(), "spec/support/busted.lua",
      folder .. "/failing_spec.lua")
    local dir = printed:match("at (/%S+)%.\n")
    assert.is_truthy(dir, printed)
    assert.is_true(is_gone(dir))
  end)
end)

describe("a literal", function()
  it("is read as it was, on one line", function()
    local literal = require "yuanjing.sandbox.literal"
    local value = { "a\n\r\0\26\255\\\"", { 0.1, -3, 2 ^ 40, math.huge },
      deep = { yes = true, no = false }, [7.5] = "你好" }
    local text = literal(value)
    assert.is_nil(text:find("\n", 1, true))
    local load = loadstring or load -- luacheck: ignore 113
    assert.same(value, assert(load("return " .. text))())
    assert.has_error(function() literal { print } end,
      "a function has no literal")
  end)
end)
