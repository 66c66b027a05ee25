local child = require "support.child"
local limits = require "yuanjing.spending.limits"
local loop = require "yuanjing.runtime.loop"
local memory = require "yuanjing.spending.stores.memory"
local nginx = require "support.nginx"
local sandbox = require "yuanjing.sandbox"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local box

-- A client of the sandbox, and a log: each event, the most calls that were
-- open at once, and when each was sent.
local function client_with(bounds, options)
  local log = { most = 0, sent_at = {} }
  local open = 0
  local all = { base_url = box.url, asset_url = box.url, api_key = box.api_key,
    retries = 0, limits = bounds, on_event = function(event)
      log[#log + 1] = event
      if event.type == "request" then
        open = open + 1
        log.sent_at[#log.sent_at + 1] = support.now()
      elseif event.type == "response" or event.type == "error" then
        open = open - (event.attempt > 0 and 1 or 0)
      end
      log.most = math.max(log.most, open)
    end }
  for name, value in pairs(options or {}) do all[name] = value end
  return yuanjing.new(all), log
end

-- Each answer takes that long.
local function slow(seconds)
  return { headers = { ["X-Sandbox"] = "stall-head=" .. seconds } }
end

local function events_of(log, kind)
  local list = {}
  for _, event in ipairs(log) do
    if event.type == kind then list[#list + 1] = event end
  end
  return list
end

-- The prompts of chats after the sandbox's first n requests.
local function prompts_after(n)
  local list = {}
  for i, request in ipairs(box:requests()) do
    if i > n and request.path:find("chat") then
      list[#list + 1] = request.body:match('"prompt":"([^"]*)"')
    end
  end
  return list
end

local function chat(client, prompt)
  return client:chat { prompt = prompt or "x" }
end

local function chat_in_job(client, prompt)
  return yuanjing.async(chat, client, prompt)
end

local function open_stream(client)
  return assert(client:chat { prompt = "x", stream = true })
end

local function all_done(jobs)
  for _, job in ipairs(jobs) do
    if not job.done then return false end
  end
  return true
end

-- The ways to wait for jobs.
local HOSTS = {
  ["awaiting them"] = function(jobs)
    for _, job in ipairs(jobs) do job:await() end
  end,
  ["update() of a game"] = function(jobs)
    local ends = support.now() + support.HANG
    repeat
      yuanjing.update()
      support.sleep(0.002)
    until all_done(jobs) or support.now() > ends
  end,
  ["a loop of others"] = function(jobs)
    local ends = support.now() + support.HANG
    yuanjing.loop:pollfd()
    repeat
      support.sleep(math.min(0.05, yuanjing.loop:timeout() or 0.05))
      yuanjing.loop:step()
    until all_done(jobs) or support.now() > ends
  end,
}

describe("limits", function()
  setup(function() box = assert(sandbox.start { latency = 0.001,
    task_seconds = 30 }) end)
  teardown(function() box:stop() end)

  after_each(function()
    memory.MINUTE = 60
    nginx.clean()
    support.clean()
  end)

  for name, wait in pairs(HOSTS) do
    it("let so many calls be open at a time, by " .. name, function()
      local client, log = client_with({ in_flight = 2 }, slow(0.05))
      local before, jobs = #box:requests(), {}
      for i = 1, 6 do jobs[i] = chat_in_job(client, "n" .. i) end
      wait(jobs)
      for _, job in ipairs(jobs) do
        assert.truthy(job.done)
        assert.truthy(assert(job:await()).content)
      end
      assert.equal(2, log.most)
      assert.equal(4, #events_of(log, "limit"))
      assert.equal(6, #prompts_after(before))
    end)
  end

  it("serve in the order of arrival", function()
    local client = client_with({ in_flight = 1 }, slow(0.01))
    local before, jobs = #box:requests(), {}
    for i = 1, 5 do jobs[i] = chat_in_job(client, "n" .. i) end
    for _, job in ipairs(jobs) do assert(job:await()) end
    assert.same({ "n1", "n2", "n3", "n4", "n5" }, prompts_after(before))
  end)

  it("make the main program wait, too", function()
    local client, log = client_with({ in_flight = 2 }, slow(0.1))
    local before = #box:requests()
    local jobs = { chat_in_job(client, "a"), chat_in_job(client, "b") }
    assert.truthy(assert(chat(client, "mine")).content)
    assert.equal(2, log.most)
    assert.equal("mine", prompts_after(before)[3])
    for _, job in ipairs(jobs) do assert(job:await()) end
  end)

  it("count the calls of any minute, in jobs and out of them", function()
    memory.MINUTE = 1
    assert.is_true(support.is_ever_below(0.95, function()
      local client, log = client_with { per_minute = 3 }
      local jobs = {}
      for i = 1, 4 do jobs[i] = chat_in_job(client) end
      for _ = 1, 4 do assert(chat(client)) end
      for _, job in ipairs(jobs) do assert(job:await()) end
      assert.equal(8, #log.sent_at)
      for i = 1, 5 do
        local took = log.sent_at[i + 3] - log.sent_at[i]
        assert.truthy(took >= 0.99, took)
      end
      assert.truthy(log.sent_at[8] - log.sent_at[1] < support.SOON)
      return log.sent_at[3] - log.sent_at[1]
    end))
  end)

  it("count a call from when it went out", function()
    local time, now = 1000, loop.now
    finally(function() loop.now = now end)
    loop.now = function() return time end
    local store = memory.new()
    local first = assert(store:acquire { per_minute = 2 })
    assert(store:acquire { per_minute = 2 })
    time = time + 30
    store:stamp(first, 30)
    time = time + 31
    assert(store:acquire { per_minute = 2 }) -- instead of the second
    local _, delay = store:acquire { per_minute = 2 }
    assert.equal(29, delay)
  end)

  describe("of the total", function()
    it("refuse what is too much before anything is sent", function()
      local client, log = client_with { total = 2 }
      assert(chat(client))
      assert(open_stream(client)):close()
      local before = #box:requests()
      for _, call in ipairs {
        chat,
        function() return client:chat { prompt = "x", stream = true } end,
        function() return client:image { model = "wan2.2-t2i-flash",
          prompt = "x" } end,
        function() return client:request { path = "/x", json = {} } end,
        function() return client.assets:upload { vendor_group_id = "g",
          source_url = "http://h/a.jpg" } end,
      } do
        local result, err = call(client)
        assert.is_nil(result)
        assert.same({ kind = "limit", code = "total", attempts = 0,
          retryable = false, message = "total = 2 is used up" },
          support.fields(err, "kind", "code", "attempts", "retryable",
            "message"))
        assert.truthy(tostring(err):find("nothing was sent", 1, true))
      end
      assert.equal(before, #box:requests())
      assert.equal(5, #events_of(log, "error"))
    end)

    it("leave alone what costs nothing", function()
      local client = client_with { total = 0 }
      assert(client:models())
      assert(client:request { path = "/llmage/v1/models" })
      assert(client.assets:groups())
      local _, err = client:task("123"):refresh()
      assert.not_equal("limit", err and err.kind)
    end)

    it("count what the platform refused", function()
      local client = client_with({ total = 1 },
        { headers = { ["X-Sandbox"] = "status=500" } })
      assert.equal("server", select(2, chat(client)).kind)
      assert.equal("limit", select(2, chat(client)).kind)
    end)

    it("do not count what never left", function()
      local client = client_with { total = 1, in_flight = 1 }
      local nobody = client:with { base_url = "http://127.0.0.1:9" }
      for _ = 1, 3 do
        assert.equal("transport", select(2, chat(nobody)).kind)
      end
      assert(chat(client))
      assert.equal("limit", select(2, chat(client)).kind)
    end)
  end)

  it("are shared by derived clients, but for those with their own", function()
    local client = client_with { total = 1 }
    local own = client:with { limits = { total = 1 } }
    assert(chat(client:with { timeout = 30 }))
    assert.equal("limit", select(2, chat(client)).kind)
    assert.equal("limit", select(2, chat(client:with { retries = 1 })).kind)
    assert(chat(own))
    assert.equal("limit", select(2, chat(own)).kind)
    assert(chat(client:with { limits = {} }))
  end)

  describe("count a stream as open", function()
    -- A job's call, and whether it has to wait for the other one.
    local function blocked_by(client)
      local job = chat_in_job(client)
      yuanjing.sleep(0.15)
      assert.is_false(job.done)
      return job
    end

    it("until it has been read", function()
      local client = client_with { in_flight = 1 }
      local stream = open_stream(client)
      local job = blocked_by(client)
      assert(stream:finish())
      assert.truthy(assert(job:await(support.HANG)).content)
    end)

    it("until it is closed", function()
      local client = client_with { in_flight = 1 }
      local stream = open_stream(client)
      local job = blocked_by(client)
      stream:close()
      assert.truthy(assert(job:await(support.HANG)).content)
    end)

    it("until it has failed", function()
      local client = client_with { in_flight = 1 }
      local stream = assert(client:with { headers = {
        ["X-Sandbox"] = "cut=2" } }:chat { prompt = "x", stream = true })
      local job = blocked_by(client)
      assert.is_nil((stream:finish()))
      assert.truthy(assert(job:await(support.HANG)).content)
    end)

    it("until the collector takes it", function()
      local client = client_with { in_flight = 1 }
      open_stream(client)
      assert.truthy(assert(chat_in_job(client):await(support.HANG)).content)
      open_stream(client)
      assert.truthy(assert(chat(client)).content)
    end)

    it("until its job is cancelled", function()
      local client = client_with { in_flight = 1 }
      local stream
      local holder = yuanjing.async(function()
        stream = open_stream(client)
        yuanjing.sleep(30)
      end)
      local job = blocked_by(client)
      assert.truthy(stream)
      holder:cancel()
      assert.truthy(assert(job:await(support.HANG)).content)
    end)
  end)

  it("count a submit as open until its answer, not until its task's end",
    function()
      local client = client_with { in_flight = 1 }
      for _ = 1, 2 do
        local task = assert(client:image { model = "wan2.2-t2i-flash",
          prompt = "x" })
        assert.is_false(task.done)
      end
    end)

  it("do not make a task older than it is", function()
    memory.MINUTE = 0.3
    local client = client_with { per_minute = 1 }
    local asked, task = support.now()
    for _ = 1, 2 do
      task = assert(client:image { model = "wan2.2-t2i-flash", prompt = "x" })
    end
    assert.truthy(task._submitted - asked >= 0.295)
  end)

  it("free the place of a job that is cancelled while its call is open",
    function()
      local client, log = client_with({ in_flight = 1 }, slow(30))
      local holder = chat_in_job(client)
      yuanjing.sleep(0.05)
      assert.equal(1, #log.sent_at)
      holder:cancel()
      assert(chat(client:with { headers = { ["X-Sandbox"] = "slow=0" } }))
    end)

  it("let a cancelled job leave the queue, and those behind it go on",
    function()
      local client = client_with { in_flight = 1 }
      local stream, before = open_stream(client), #box:requests()
      local first, second = chat_in_job(client, "n1"), chat_in_job(client, "n2")
      first:cancel()
      assert.equal("cancelled", select(2, first:await()).kind)
      assert(stream:finish())
      assert(second:await(support.HANG))
      assert.same({ "n2" }, prompts_after(before))
    end)

  it("bound a wait by the call's total", function()
    local client, log = client_with { in_flight = 1, per_minute = 50 }
    local stream, before = open_stream(client), #box:requests()
    for _, is_in_job in ipairs { false, true } do
      local quick = client:with { timeout = 0.2 }
      local took, reply, err = support.timed(function()
        if is_in_job then return chat_in_job(quick):await() end
        return chat(quick)
      end)
      assert.is_nil(reply)
      assert.truthy(took >= 0.19 and took < support.SOON, took)
      assert.same({ kind = "limit", code = "in_flight", attempts = 0,
        retryable = true, message = "its turn did not come in time "
        .. "(in_flight = 1, per_minute = 50)",
        call = "POST /llmage/v1/chat/completions" },
        support.fields(err, "kind", "code", "attempts", "retryable", "message",
          "call"))
    end
    assert.equal(before, #box:requests())
    assert.equal(2, #events_of(log, "error"))
    stream:close()
  end)

  it("leave a call the remaining time of its total", function()
    local client = client_with({ in_flight = 1 }, { timeout = 7 })
    local stream = open_stream(client)
    local job = chat_in_job(client:with(slow(support.HANG)))
    yuanjing.sleep(3.5)
    stream:close()
    local took, _, err = support.timed(job.await, job)
    assert.equal("outcome_unknown", err.kind)
    assert.truthy(took < 6.8, took)
  end)

  it("report to on_event which call waits, and for what", function()
    local client, log = client_with { in_flight = 1 }
    local stream = open_stream(client)
    local jobs = { chat_in_job(client), chat_in_job(client) }
    yuanjing.sleep(0.05)
    local reported = events_of(log, "limit")
    stream:close()
    for _, job in ipairs(jobs) do assert(job:await(support.HANG)) end
    assert.same({
      { type = "limit", call = "POST /llmage/v1/chat/completions", ahead = 0,
        bound = "in_flight" },
      { type = "limit", call = "POST /llmage/v1/chat/completions", ahead = 1 },
    }, reported)
    memory.MINUTE = 0.3
    client, log = client_with { per_minute = 1 }
    local from = loop.now()
    jobs = { chat_in_job(client), chat_in_job(client) }
    local last = events_of(log, "limit")[1]
    local longest = 0.3 + (loop.now() - from) -- a call counts from when it is sent
    assert.same({ "per_minute", 0 }, { last.bound, last.ahead })
    assert.truthy(last.delay > 0 and last.delay <= longest, last.delay)
    for _, job in ipairs(jobs) do assert(job:await(support.HANG)) end
  end)

  it("keep no call that is over", function()
    local client = client_with { in_flight = 1, per_minute = 1000 }
    local slots = setmetatable({}, { __mode = "k" })
    local new = loop.scope_add
    finally(function() loop.scope_add = new end)
    loop.scope_add = function(thing, cancel)
      slots[thing] = true
      return new(thing, cancel)
    end
    for _ = 1, 5 do assert(chat(client)) end
    assert.truthy(next(slots))
    collectgarbage()
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(slots))
  end)

  it("begin anew in a forked child, without the parent's calls", function()
    local status, output = child.run(([[
      local process = require "process"
      local yuanjing = require "yuanjing"
      local client = yuanjing.new { base_url = %q, api_key = %q,
        limits = { in_flight = 1 }, timeout = 5 }
      local stream = assert(client:chat { prompt = "x", stream = true })
      yuanjing.async(client.chat, client, { prompt = "waits" })
      local pid = process.fork()
      if pid == 0 then
        print(assert(client:chat { prompt = "child" }).finish_reason)
        stream:close()
        local own = assert(client:chat { prompt = "x", stream = true })
        local quick = client:with { timeout = 0.2 }
        assert(select(2, quick:chat { prompt = "x" }).kind == "limit")
        own:close()
        os.exit(0, false)
      end
      assert(process.wait(pid) == 0)
      print(assert(stream:finish()).finish_reason)
    ]]):format(box.url, box.api_key))
    assert.same({ 0, "stop\nstop" }, { status, output })
  end)

  describe("ask their store", function()
    local function enter(store, seconds)
      return limits.new({ total = 7 }, store):enter(loop.now() + seconds,
        function() end)
    end

    it("again after the requested time", function()
      local asked, released = {}, {}
      local slot = assert(enter({
        acquire = function(_, bounds)
          asked[#asked + 1] = { bounds.total, support.now() }
          if #asked < 3 then return nil, 0.1, "in_flight" end
          return "ticket"
        end,
        release = function(_, ...) released[#released + 1] = { ... } end,
      }, 5))
      assert.equal(3, #asked)
      assert.equal(7, asked[1][1])
      assert.truthy(asked[3][2] - asked[1][2] >= 0.195)
      slot:leave(true)
      slot:leave()
      assert.same({ { "ticket", true } }, released)
    end)

    it("no sooner though much else happens", function()
      local count = 0
      local jobs = {}
      for i = 1, 20 do
        jobs[i] = yuanjing.async(yuanjing.sleep, i * 0.01)
      end
      assert(enter({
        acquire = function()
          count = count + 1
          if count == 1 then return nil, 0.15, "per_minute" end
          return "ticket"
        end,
        release = function() end,
      }, 5))
      assert.is_true(jobs[14].done)
      assert.equal(2, count)
    end)

    it("one at a time, though it waits itself", function()
      local asking, most = 0, 0
      local gate = limits.new({}, {
        acquire = function()
          asking = asking + 1
          most = math.max(most, asking)
          yuanjing.sleep(0.01)
          asking = asking - 1
          return {}
        end,
        release = function() end,
      })
      local jobs = {}
      for i = 1, 4 do
        jobs[i] = yuanjing.async(function()
          return gate:enter(loop.now() + 5, function() end) ~= nil
        end)
      end
      for _, job in ipairs(jobs) do assert.is_true(job:await()) end
      assert.equal(1, most)
    end)

    it("and pass on its own error", function()
      local slot, failure = enter({ acquire = function()
        return nil, { kind = "io", message = "no store" }
      end }, 5)
      assert.is_nil(slot)
      assert.same({ kind = "io", message = "no store" }, failure)
    end)
  end)

  describe("in nginx", function()
    local function serve(upstream)
      return nginx.start {
        init = ([[
          client = require("yuanjing").new { base_url = %q, api_key = %q,
            retries = 0, limits = { in_flight = 1 } }
        ]]):format(upstream, box.api_key),
        locations = { ["/chat"] = [[
          local reply, err = client:chat { prompt = ngx.var.arg_prompt }
          ngx.print(reply and reply.content or tostring(err))
        ]] },
      }
    end

    it("let the requests of a worker wait for each other", function()
      local upstream = support.serve { default = { { "repeat", 9, {
        { "request" }, { "sleep", 0.1 },
        { "send", scripted.answer(200, {}, '{"content":"fine"}') } } } } }
      local server, clients = serve(upstream.url), {}
      for i = 1, 4 do clients[i] = server:open("/chat?prompt=n" .. i) end
      for i = 1, 4 do assert.equal("fine", (nginx.finish(clients[i]))) end
      local requests = upstream:requests()
      assert.equal(4, #requests)
      for i = 2, 4 do
        assert.truthy(requests[i].at - requests[i - 1].at >= 0.095)
      end
    end)

    it("forget those who have left the queue, and the calls of those who have "
      .. "left", function()
      local upstream = support.serve { connections = {
        { { "request" }, { "wait_close", 120 } },
        { { "request" },
          { "send", scripted.answer(200, {}, '{"content":"fine"}') } } } }
      local server = serve(upstream.url)
      local first = server:open("/chat?prompt=holds")
      upstream:wait_for(function() return #upstream:requests() == 1 end)
      local second = server:open("/chat?prompt=leaves")
      support.sleep(0.1)
      local third = server:open("/chat?prompt=stays")
      support.sleep(0.1)
      second:close()
      first:close()
      assert.equal("fine", (nginx.finish(third)))
      assert.equal(2, #upstream:requests())
    end)
  end)
end)
