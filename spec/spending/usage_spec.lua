local sandbox = require "yuanjing.sandbox"
local scripted = require "support.scripted"
local support = require "support"
local usage = require "yuanjing.spending.usage"
local yuanjing = require "yuanjing"

local box

local function client_with(options)
  local all = { base_url = box.url, asset_url = box.url, api_key = box.api_key,
    retries = 0 }
  for name, value in pairs(options or {}) do all[name] = value end
  return yuanjing.new(all)
end

local function scenario(name)
  return { headers = { ["X-Sandbox"] = name } }
end

-- Sums that are zero except for the given fields.
local function sums(fields)
  local all = { answers = 0, prompt_tokens = 0, completion_tokens = 0,
    total_tokens = 0, images = 0, videos = 0, credits = 0, duration = 0 }
  for name, value in pairs(fields) do all[name] = value end
  return all
end

-- The usage of a chat, as its reply has it.
local function of_chat(reply)
  local printed = reply.usage
  return sums { answers = 1, prompt_tokens = printed.prompt_tokens,
    completion_tokens = printed.completion_tokens,
    total_tokens = printed.total_tokens }
end

local function plus(left, right)
  local sum = {}
  for name, value in pairs(left) do sum[name] = value + right[name] end
  return sum
end

local function with(all, fields)
  for name, value in pairs(fields) do all[name] = value end
  return all
end

local function recorder()
  local events = {}
  return function(event) events[#events + 1] = event end, events
end

local function last_of(events, kind)
  for i = #events, 1, -1 do
    if events[i].type == kind then return events[i] end
  end
end

describe("the usage of a client", function()
  setup(function()
    box = assert(sandbox.start { latency = 0.001, task_seconds = 0 })
  end)
  teardown(function() box:stop() end)
  after_each(support.clean)

  it("is nothing at first", function()
    assert.same(with(sums {}, { calls = {}, models = {} }),
      client_with():usage())
  end)

  it("adds up chats by model, streamed and not", function()
    local client = client_with()
    local one = of_chat(assert(client:chat { prompt = "a b c" }))
    local other = of_chat(assert(client:chat { prompt = "d",
      model = "qwen-plus", validate = false }))
    local stream = assert(client:chat { prompt = "e f", stream = true })
    for _ in stream:text() do end
    local streamed = of_chat(assert(stream:finish()))
    assert.truthy(one.total_tokens > 0 and streamed.total_tokens > 0)
    local all = plus(plus(one, other), streamed)
    assert.same(with(all, { calls = { chat = 3 },
      models = { ["qwen3-max"] = plus(one, streamed), ["qwen-plus"] = other } }),
      client:usage())
  end)

  it("counts a stream once, however it is read", function()
    for _, read in ipairs {
      function(stream) assert(stream:finish()) stream:finish() end,
      function(stream) for _ in stream:chunks() do end stream:close() end,
      function(stream) for _ in stream:text() do end stream:finish() end,
      function(stream) -- stops after it has seen the usage
        repeat local chunk = stream:next() until chunk.usage
        stream:close()
      end,
    } do
      local client = client_with()
      read(assert(client:chat { prompt = "x", stream = true }))
      local used = client:usage()
      assert.same({ 1, 1 }, { used.answers, used.calls.chat })
      assert.truthy(used.total_tokens > 0)
    end
  end)

  it("is what the platform reported, for failures, too", function()
    local client = client_with()
    for name, printed in pairs {
      ["no-usage"] = { 1, 0 }, ["cut=2"] = { 0, 0 }, ["usage-only"] = { 1 },
    } do
      local before = client:usage()
      local stream = assert(client:with(scenario(name)):chat { prompt = "x",
        stream = true })
      stream:finish()
      local after = client:usage()
      assert.equal(printed[1], after.answers - before.answers)
      local tokens = after.total_tokens - before.total_tokens
      assert.equal(printed[2] or tokens, tokens)
      assert.equal(not printed[2], tokens > 0)
    end
    assert.equal(3, client:usage().calls.chat)
  end)

  it("counts a stream that failed behind its usage", function()
    local body = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
      .. 'data: {"choices":[],"usage":{"total_tokens":7}}\n\n'
      .. 'data: {"error":"late","status":"FAILED"}\n\ndata: [DONE]\n\n'
    local server = support.serve { default = { { "request" },
      { "send", scripted.answer(200, {}, body) } } }
    local client = client_with { base_url = server.url }
    local stream = assert(client:chat { prompt = "x", stream = true })
    assert.equal("platform", select(2, stream:finish()).kind)
    assert.equal(7, client:usage().total_tokens)
  end)

  it("adds up what tasks have brought, each once", function()
    local client = client_with()
    local image = assert(client:image { model = "wan2.2-t2i-flash",
      prompt = "x" })
    local video = assert(client:video { model = "viduq3-pro", prompt = "x",
      duration = 4 })
    for _ = 1, 2 do
      assert(image:await { interval = 0.02 })
      assert(video:await { interval = 0.02 })
      assert(video:refresh())
    end
    local of_image = sums { answers = 1, images = 1, credits = 10 }
    local of_video = sums { answers = 1, videos = 1, credits = 10,
      duration = 4 }
    assert.same(with(plus(of_image, of_video), {
      calls = { image = 1, video = 1 },
      models = { ["wan2.2-t2i-flash"] = of_image, ["viduq3-pro"] = of_video } }),
      client:usage())
    local later = client_with()
    assert(later:task(video.id):await { interval = 0.02 })
    assert.same({ ["viduq3-pro"] = of_video }, later:usage().models)
  end)

  it("counts a result once though several wait for it", function()
    local client = client_with(scenario "stall-head=0.05")
    local task = assert(client:image { model = "wan2.2-t2i-flash",
      prompt = "x" })
    local jobs = {}
    for i = 1, 3 do
      jobs[i] = yuanjing.async(task.await, task, { interval = 0.02 })
    end
    for _, job in ipairs(jobs) do assert(job:await()) end
    assert.equal(1, client:usage().images)
  end)

  it("counts an image that was answered at once", function()
    local client = client_with(scenario "submit-finished")
    assert.is_true(assert(client:image { model = "wan2.2-t2i-flash",
      prompt = "x" }).done)
    assert.equal(1, client:usage().models["wan2.2-t2i-flash"].images)
  end)

  it("counts the calls that went out, by kind", function()
    local client = client_with()
    client:with(scenario "status=500"):chat { prompt = "x" }
    client:with { base_url = "http://127.0.0.1:9" }:chat { prompt = "x" }
    client:with { dry_run = true }:chat { prompt = "x" }
    client:chat {}
    assert(client:models())
    client:request { path = "/llmage/v1/x", json = {} }
    client:request { path = "/llmage/v1/models" }
    client.assets:verify { vendor = "volcengine" }
    client.assets:upload { vendor_group_id = "g",
      source_url = "http://h/a.jpg" }
    client:with { api = "legacy", validate = false }:video { llmid = "x",
      model = "viduq3-pro", prompt = "x" }
    local job = yuanjing.async(function()
      return client:with(scenario "stall-head=30"):chat { prompt = "x" }
    end)
    yuanjing.sleep(0.1)
    job:cancel()
    assert.same({ chat = 2, request = 1, verify = 1, upload = 1, video = 1 },
      client:usage().calls)
  end)

  it("takes in that of derived clients, and not the other way round",
    function()
      local client = client_with()
      local one, two = client:with { timeout = 9 }, client:with {}
      local inner = one:with {}
      assert(client:chat { prompt = "x" })
      assert(one:chat { prompt = "x" })
      assert(inner:chat { prompt = "x" })
      local counts = {}
      for i, each in ipairs { client, one, two, inner } do
        counts[i] = each:usage().calls.chat or 0
      end
      assert.same({ 3, 2, 0, 1 }, counts)
      assert.equal(3, client:usage().answers)
    end)

  it("is a copy, which does not change", function()
    local client = client_with()
    local before = client:usage()
    assert(client:chat { prompt = "x" })
    assert.equal(0, before.answers)
    local used = client:usage()
    used.models["qwen3-max"].answers = 100
    used.calls.chat = 100
    assert.equal(1, client:usage().models["qwen3-max"].answers)
    assert.equal(1, client:usage().calls.chat)
  end)

  it("takes the same memory however many answers there are", function()
    local settings = { usage = usage.new(usage.new()) }
    local function add(count)
      for _ = 1, count do
        usage.count(settings, "chat", 1)
        usage.add(settings, "qwen3-max", { total_tokens = 2 })
      end
      collectgarbage()
      collectgarbage()
      return collectgarbage("count")
    end
    assert.truthy(add(100) - add(20000) > -50)
    assert.equal(40200, usage.total(settings).total_tokens)
  end)

  describe("in events", function()
    it("is in the response of a plain call", function()
      local on_event, events = recorder()
      local client = client_with { on_event = on_event }
      local reply = assert(client:chat { prompt = "x" })
      assert.same(reply.usage, last_of(events, "response").usage)
      assert.is_nil(last_of(events, "end"))
      assert(client:models())
      assert.is_nil(last_of(events, "response").usage)
    end)

    it("is in the response with a task's result", function()
      local on_event, events = recorder()
      local client = client_with { on_event = on_event }
      for _, name in ipairs { "slow=0", "query-wrapped" } do
        local task = assert(client:with(scenario(name)):image {
          model = "wan2.2-t2i-flash", prompt = "x" })
        local result = assert(task:await { interval = 0.02 })
        assert.equal(10, result.usage.credits)
        assert.same(result.usage, last_of(events, "response").usage)
      end
    end)

    it("is in the end of a stream, once", function()
      local on_event, events = recorder()
      local client = client_with { on_event = on_event }
      local stream = assert(client:chat { prompt = "x", stream = true })
      assert.is_nil(last_of(events, "end"))
      local reply = assert(stream:finish())
      stream:close()
      local types = {}
      for i, event in ipairs(events) do types[i] = event.type end
      assert.equal("request response end", table.concat(types, " "))
      local reported = events[3]
      assert.truthy(reported.elapsed > 0 and reported.elapsed < 10)
      reported.elapsed = nil
      assert.same({ type = "end", call = "POST /llmage/v1/chat/completions",
        attempt = 1, status = 200, usage = reply.usage }, reported)
    end)

    it("has an end for no stream that was left or broke", function()
      local on_event, events = recorder()
      local client = client_with { on_event = on_event }
      assert(client:chat { prompt = "x", stream = true }):close()
      assert(client:with(scenario "cut=2"):chat { prompt = "x",
        stream = true }):finish()
      assert.truthy(last_of(events, "error"))
      assert.is_nil(last_of(events, "end"))
    end)
  end)
end)
