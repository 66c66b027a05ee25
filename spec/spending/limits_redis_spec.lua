-- Limits whose counters are in Redis, beside the journal.
local child = require "support.child"
local fibers = require "yuanjing.runtime.fibers"
local link = require "yuanjing.redis.connection"
local redis_url = require "yuanjing.redis.url"
local memory = require "yuanjing.spending.stores.memory"
local nginx = require "support.nginx"
local redis_journal = require "support.redis_journal"
local redis_limits = require "yuanjing.spending.stores.redis"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local CHAT = { prompt = "x" }

describe("limits in Redis", function()
  local suite, box, server
  setup(function()
    suite = redis_journal.start { latency = 0.001 }
    box, server = suite.redis, suite.sandbox
  end)
  teardown(function() suite:stop() end)

  local url, keys, raw
  before_each(function()
    url = suite:new_url()
    raw = assert(link.new(url))
    keys = link.keys(assert(redis_url.parse(url)), { "open", "recent", "spent",
      "waiting" })
  end)
  after_each(function()
    memory.MINUTE, redis_limits.LEASE, redis_limits.SILENCE = 60, 60, 1
    nginx.clean()
    support.clean()
  end)

  local function client_with(bounds, options)
    return suite:client({ journal = url, limits = bounds, timeout = support.HANG },
      options)
  end

  local function stream_of(client)
    return assert(client:chat { prompt = "x", stream = true })
  end

  -- The limit that stops a call with a short timeout.
  local function limit_of(client, bound)
    local reply, err = client:with({ timeout = 0.6 }):chat(CHAT)
    assert.is_nil(reply)
    assert.same({ "limit", bound, 0 }, { err.kind, err.code, err.attempts })
  end

  local function wait_until(is_so)
    yuanjing.sleep(0.01)
    return support.wait_until(is_so, yuanjing.sleep)
      or error("it never came to that")
  end

  -- A process with a client of the same journal: its pid after ready(), and a
  -- function that waits for its end.
  local function process(bounds, lines)
    local path = support.tempdir() .. "/ready"
    local finish = child.start(([[
      require("yuanjing.spending.stores.redis").LEASE = %g
      local yuanjing = require "yuanjing"
      local client = yuanjing.new { base_url = %q, api_key = %q, retries = 0,
        journal = %q, limits = { %s }, timeout = 60 }
      local function ready()
        local file = assert(io.open(%q, "wb"))
        file:write(os.getenv "YJ_PID", "\n")
        file:close()
      end
    ]]):format(redis_limits.LEASE, server.url, server.api_key, url, bounds,
      path) .. lines)
    return wait_until(function()
      return support.exists(path) and support.read(path):match("^%d+\n")
    end), finish
  end

  -- Holds its place until there is a file.
  local HOLD = [[
    local stream = assert(client:chat { prompt = "x", stream = true })
    ready()
    repeat yuanjing.sleep(0.02) until io.open(%q)
    stream:close()
  ]]

  it("are those of all clients of the same journal", function()
    local one, other = client_with { in_flight = 1, total = 3 },
      client_with { in_flight = 1, total = 3 }
    local stream = stream_of(one)
    limit_of(other, "in_flight")
    stream:close()
    assert(other:chat(CHAT))
    assert(one:with({ retries = 1 }):chat(CHAT))
    for _, client in ipairs { one, other } do limit_of(client, "total") end
    assert(client_with({ total = 1 }, { journal = box.url .. "?name=own" })
      :chat(CHAT))
  end)

  it("are those of a client that gets its journal or its limits later",
    function()
      assert(client_with({ total = 9 }):chat(CHAT))
      for _, client in ipairs {
        client_with(nil):with { limits = { total = 1 } },
        client_with({ total = 1 }, { journal = support.tempdir() .. "/own" })
          :with { journal = url },
        client_with({ total = 9 }):with { limits = { total = 1 } } } do
        limit_of(client, "total")
        assert(client:with({ limits = {} }):chat(CHAT))
      end
      assert.equal("1", raw:call("GET", keys.spent))
      assert(client_with({ total = 1 }, { journal = support.tempdir()
        .. "/own" }):chat(CHAT))
    end)

  it("are each client's own bounds", function()
    local wide, narrow = client_with { in_flight = 3, total = 5 },
      client_with { in_flight = 2, total = 3 }
    local streams = { stream_of(wide), stream_of(narrow) }
    limit_of(narrow, "in_flight")
    streams[3] = stream_of(wide)
    limit_of(wide, "in_flight")
    for _, stream in ipairs(streams) do stream:close() end
    limit_of(narrow, "total")
    assert(wide:chat(CHAT))
  end)

  it("hold for all processes", function()
    local path, has_waited = support.tempdir() .. "/go", false
    local client = client_with({ in_flight = 1, total = 2 }, {
      on_event = function(event)
        if event.type ~= "limit" then return end
        has_waited = true
        support.write(path, "go")
      end })
    local _, finish = process("in_flight = 1", HOLD:format(path))
    assert(client:chat(CHAT))
    assert.is_true(has_waited)
    assert.same({ 0, "" }, { finish() })
    limit_of(client, "total")
  end)

  it("get the place of a process back that is killed", function()
    redis_limits.LEASE = 1
    local client = client_with { in_flight = 2 }
    local own = stream_of(client)
    local pid, finish = process("in_flight = 2", HOLD:format "/nonexistent/go")
    limit_of(client, "in_flight")
    os.execute("kill -9 " .. pid)
    local killed = support.now()
    assert(client:chat(CHAT))
    local took = support.now() - killed
    assert.truthy(took > 0.3 and took < support.SOON, took)
    assert.not_equal(0, (finish()))
    own:close()
  end)

  it("keep the place of a call as long as it is open", function()
    redis_limits.LEASE = 3.5
    local one, other = client_with { in_flight = 2 },
      client_with { in_flight = 2 }
    local first, second = stream_of(one), stream_of(one)
    yuanjing.sleep(4)
    limit_of(other, "in_flight")
    first:close()
    assert(other:chat(CHAT))
    second:close()
    assert.equal(0, raw:call("ZCARD", keys.open))
    yuanjing.sleep(0.01)
    assert.is_nil(fibers.due()) -- no lease is renewed any longer
  end)

  it("get the place of a stream back that the collector takes", function()
    redis_limits.LEASE = 1
    stream_of(client_with { in_flight = 1 })
    assert.equal(1, raw:call("ZCARD", keys.open))
    collectgarbage()
    collectgarbage()
    wait_until(function() return raw:call("EXISTS", keys.open) == 0 end)
  end)

  it("count the calls of any minute", function()
    memory.MINUTE = 0.4
    local clients, sent, began = {}, {}, support.now()
    for i = 1, 2 do
      clients[i] = client_with({ per_minute = 3 }, { on_event = function(event)
        if event.type == "request" then sent[#sent + 1] = support.now() end
        if event.type == "limit" then
          assert.equal("per_minute", event.bound)
          assert.truthy(event.delay > 0 and event.delay <= 0.4, event.delay)
        end
      end })
    end
    local jobs = {}
    for i = 1, 7 do
      jobs[i] = yuanjing.async(clients[i % 2 + 1].chat, clients[i % 2 + 1],
        CHAT)
    end
    for _, job in ipairs(jobs) do assert(job:await()) end
    assert.equal(7, #sent)
    for i, at in ipairs(sent) do
      local took, least = at - began, 0.4 * math.floor((i - 1) / 3)
      assert.truthy(took >= least - 0.005, took)
      assert.truthy(took < least + support.SOON, took)
    end
  end)

  it("serve the first caller first, even if another has more calls", function()
    local slow = { headers = { ["X-Sandbox"] = "stall-head=0.05" } }
    local busy, other = client_with({ in_flight = 1 }, slow),
      client_with({ in_flight = 1 }, slow)
    local jobs, ended = {}, 0
    for i = 1, 8 do
      jobs[i] = yuanjing.async(function()
        assert(busy:chat(CHAT))
        ended = ended + 1
      end)
    end
    assert(other:chat(CHAT))
    assert.truthy(ended <= 4, ended)
    for _, job in ipairs(jobs) do job:await() end
  end)

  it("do not wait for callers that gave up", function()
    redis_limits.SILENCE = 6
    local one, other, third = client_with { in_flight = 1 },
      client_with { in_flight = 1 }, client_with { in_flight = 2 }
    local stream = stream_of(one)
    limit_of(other, "in_flight")
    stream:close()
    assert(third:chat(CHAT)) -- with its own limits
    limit_of(one, "in_flight")
    assert(one:chat(CHAT))
    assert.equal(0, raw:call("ZCARD", keys.waiting .. ":1:"))
  end)

  it("count once what was asked twice, and not what never left", function()
    local client = client_with { total = 2, in_flight = 1 }
    local store = client._settings.limits.store
    local call = store.link.call
    store.link.call = function(...)
      call(...)
      return call(...)
    end
    local nobody = client:with { base_url = "http://127.0.0.1:9" }
    for _ = 1, 3 do
      assert.equal("transport", select(2, nobody:chat(CHAT)).kind)
    end
    for i = 1, 2 do
      assert(client:chat(CHAT))
      assert.equal(tostring(i), raw:call("GET", keys.spent))
    end
    limit_of(client, "total")
  end)

  it("wait no longer for times from the future than for any", function()
    memory.MINUTE, redis_limits.LEASE = 0.3, 0.3
    local future = ("%.0f"):format((os.time() + 3600) * 1e6)
    for key, bounds in pairs { open = { in_flight = 1 },
      recent = { per_minute = 1 } } do
      raw:call("ZADD", keys[key], future, "ghost")
      local took, reply = support.timed(function()
        return client_with(bounds):chat(CHAT)
      end)
      assert.truthy(reply)
      assert.truthy(took > 0.25 and took < support.SOON, took)
    end
  end)

  it("give back what was never sent, also when Redis was away then", function()
    local client
    client = client_with({ total = 1 }, { base_url = "http://127.0.0.1:9",
      on_event = function(event)
        if event.type == "request" then box:stop() end
      end })
    assert.equal("transport", select(2, client:chat(CHAT)).kind)
    box:restart()
    assert.equal("1", raw:call("GET", keys.spent))
    wait_until(function() return raw:call("GET", keys.spent) == "0" end)
    assert(client_with({ total = 1 }):chat(CHAT))
  end)

  it("count a call of the minute from when it went out", function()
    memory.MINUTE = 20
    local client = client_with { per_minute = 1 }
    local store = client._settings.limits.store
    local ticket = assert(store:acquire { per_minute = 1 })
    yuanjing.sleep(4)
    store:stamp(ticket, 4)
    local _, delay = store:acquire { per_minute = 1 }
    assert.truthy(delay > 16.2, delay)
    store:release(ticket, false, 0.6)
  end)

  it("fail the call where Redis is away, before anything is sent", function()
    local before = #server:requests()
    for _, source in ipairs { "redis://127.0.0.1:1", "redis://h/x",
      "redis://:wrong@127.0.0.1:" .. box.port } do
      local reply, err = client_with({ total = 9 }, { journal = source })
        :chat(CHAT)
      assert.is_nil(reply)
      assert.same({ "io", 0 }, { err.kind, err.attempts })
      assert.truthy(err.message:find("the limits in redis://", 1, true))
      assert.is_nil(tostring(err):find("wrong@", 1, true))
    end
    assert.equal(before, #server:requests())
  end)

  it("go on when Redis was started anew", function()
    local client = client_with { in_flight = 1, total = 3 }
    local stream = stream_of(client)
    box:stop()
    assert.equal("io", select(2, client:chat(CHAT)).kind)
    box:restart()
    limit_of(client, "in_flight")
    stream:close()
    assert(client:chat(CHAT))
    stream = stream_of(client)
    box:stop()
    stream:close() -- recorded when Redis is back
    box:restart()
    limit_of(client, "total")
    wait_until(function() return raw:call("ZCARD", keys.open) == 0 end)
  end)

  it("are another's in a forked child", function()
    local status, output = child.run(([[
      local process = require "process"
      require("yuanjing.spending.stores.redis").SILENCE = 0.1
      local yuanjing = require "yuanjing"
      local client = yuanjing.new { base_url = %q, api_key = %q, timeout = 5,
        journal = %q, limits = { in_flight = 1 } }
      local stream = assert(client:chat { prompt = "x", stream = true })
      local id = process.fork()
      if id == 0 then
        stream:close()
        local quick = client:with { timeout = 0.2 }
        print(select(2, quick:chat { prompt = "x" }).kind)
        io.stdout:flush()
        process.exit(0)
      end
      process.wait(id)
      stream:close()
      print(assert(client:chat { prompt = "x" }).finish_reason)
    ]]):format(server.url, server.api_key, url))
    assert.same({ 0, "limit\nstop" }, { status, output })
  end)

  describe("in nginx", function()
    local upstream
    before_each(function()
      upstream = support.serve { default = { { "repeat", 9, {
        { "request" }, { "sleep", 0.1 },
        { "send", scripted.answer(200, {}, '{"content":"fine"}') } } } } }
    end)

    local function serve(plan)
      plan.init_worker = ([[
        client = require("yuanjing").new { base_url = %q, api_key = "sk-x",
          retries = 0, journal = %q, limits = { in_flight = 1 } }
        function chat()
          local reply, err = client:chat { prompt = "x" }
          return reply and reply.content or tostring(err)
        end
        early = chat()
      ]]):format(upstream.url, url)
      plan.locations["/chat"] = "ngx.print(chat())"
      return nginx.start(plan)
    end

    it("hold for all workers", function()
      local folder = nginx.resty_folder()
      if not folder then return pending("no resty.redis here") end
      local host, clients = serve { workers = 2,
        init = ("package.path = %q .. package.path"):format(folder
          .. "/?.lua;"),
        locations = { ["/early"] = "ngx.print(early)" } }, {}
      assert.truthy((host:get "/early"):find("^io: the limits in redis"))
      for i = 1, 5 do clients[i] = host:open "/chat" end
      for i = 1, 5 do assert.equal("fine", (nginx.finish(clients[i]))) end
      local requests = upstream:requests()
      assert.equal(5, #requests)
      for i = 2, 5 do
        assert.truthy(requests[i].at - requests[i - 1].at >= 0.095)
      end
      assert.equal("5", raw:call("GET", keys.spent))
      wait_until(function() return raw:call("ZCARD", keys.open) == 0 end)
    end)

    -- A slow client of Redis that notes how many keys each script has: 5 to
    -- acquire, 4 to release or to record a late call.
    local SLOW = [[
      asked = {}
      local redis = {}
      function redis:new() return self end
      redis.set_timeout = redis.new
      redis.connect = redis.new
      redis.get_reused_times = redis.new
      redis.set_keepalive = redis.new
      function redis.eval(_, _, count)
        asked[#asked + 1] = count
        ngx.sleep(0.3)
        return { "granted", "0" }
      end
      package.preload["resty.redis"] = function() return redis end
    ]]

    it("do not wait for a request that leaves while Redis is asked", function()
      local host = serve { init = SLOW, locations = {
        ["/asked"] = 'ngx.print(table.concat(asked, " "))' } }
      local function wait_for(asked)
        wait_until(function() return host:get "/asked" == asked end)
      end
      wait_for "5" -- in vain, during init_worker
      local first = host:open "/chat"
      wait_for "5 5"
      first:close()
      wait_for "5 5 4"
      assert.equal("fine", (host:get "/chat"))
      wait_for "5 5 4 5 4 4"
      assert.equal(1, #upstream:requests())
    end)
  end)
end)
