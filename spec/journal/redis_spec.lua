local absent = require "support.absent"
local certificate = require "support.certificate"
local child = require "support.child"
local redis = require "support.redis"
local redis_journal = require "support.redis_journal"
local redis_store = require "yuanjing.journal.stores.redis"
local redis_url = require "yuanjing.redis.url"
local support = require "support"
local workers = require "support.workers"
local yuanjing = require "yuanjing"

local IMAGE = { model = "wan2.2-t2i-plus", prompt = "x" }

describe("the URL of a Redis", function()
  local function parsed(url)
    return support.fields(assert(redis_url.parse(url)), "host", "port", "is_tls",
      "words", "name", "ca")
  end

  it("has all that a connection needs", function()
    assert.same({ host = "h", port = 6379, is_tls = false, words = {},
      name = "journal" }, parsed "redis://h")
    assert.same({ host = "::1", port = 7, is_tls = true, name = "b c",
      ca = "/x.pem", words = { { "AUTH", "me", "p@:w" }, { "SELECT", "3" } } },
      parsed "rediss://me:p%40%3aw@[::1]:7/3?name=b%20c&ca=/x.pem")
    assert.same({ { "AUTH", "pw" } }, parsed("redis://:pw@h/0").words)
    assert.same({ { "SELECT", "12" } }, parsed("REDIS://h/12").words)
    for _, url in ipairs { "redis://", "redis:///0", "redis://h/x", "h:6379",
      "http://h", "redis://:p/w@h", "redis://h:x", "redis://h:65536",
      "redis://u:p@/0" } do
      assert.is_nil((redis_url.parse(url)))
    end
  end)
end)

describe("a journal in Redis", function()
  local suite, box, server
  setup(function()
    suite = redis_journal.start { task_seconds = 0.1 }
    box, server = suite.redis, suite.sandbox
  end)
  teardown(function() suite:stop() end)
  after_each(support.clean)

  local url, warnings
  before_each(function() url, warnings = suite:new_url(), {} end)

  local function note_warning(event)
    if event.type == "warning" then warnings[#warnings + 1] = event.message end
  end

  local function client_at(source, options)
    return suite:client({ journal = source or url, on_event = note_warning },
      options)
  end

  it("is what a file is", function()
    local client = client_at()
    local task = assert(client:image { model = IMAGE.model, prompt = "x",
      note = "one" })
    assert(client:image { model = IMAGE.model, prompt = "y", note = "two" })
    local other = client_at()
    assert.same({ 2, task.id, "one" }, { #other.journal:pending(),
      other.journal:pending()[1].id, other.journal:pending()[1].note })
    assert(other.journal:pending()[1]:await { interval = 0.05 })
    assert.equal("done", client.journal:find({ note = "one" })[1].state)
    assert(client.journal:forget(task))
    assert.equal(1, #other.journal:find {})
    assert.same({}, (client_at(box.url .. "?name=other").journal:find {}))
  end)

  it("keeps texts of any kind", function()
    local record, got = { key = "k", note = "元\n\"\0", saved = { "a\255" } }
    assert(redis_store.new(url):append(record))
    assert(redis_store.new(url):read(function(one) got = one end,
      function() end))
    record.saved = { "a?" }
    assert.same(record, got)
  end)

  it("is compacted, and others notice", function()
    local client, other = client_at(), client_at()
    for i = 1, 5 do
      assert(client:image { model = IMAGE.model, prompt = "x" .. i })
    end
    assert.equal(5, #other.journal:pending())
    assert(client.journal:forget(client.journal:pending()[1]))
    assert(client.journal:compact())
    assert(client:image { model = IMAGE.model, prompt = "x6" })
    for _, journal in ipairs { client.journal, other.journal,
      client_at().journal } do
      assert.equal(5, #journal:pending())
    end
    local stored = client._settings.journal.store
    assert.equal(7, stored.link:call("XLEN", stored.keys.records)) -- one forgotten
    assert.equal(5, stored.link:call("SCARD", stored.keys.queued))
  end)

  it("loses nothing that comes while it is compacted", function()
    local client, other = client_at(), client_at()
    assert(client:image { model = IMAGE.model, prompt = "x", note = "1" })
    local store = client._settings.journal.store
    local call, count = store.link.call, 0
    store.link.call = function(self, ...)
      count = count + 1
      if tostring(select(4, ...)):find(":records:", 1, true) and count < 4 then
        assert(other:image { model = IMAGE.model, prompt = "y" .. count,
          note = "later" })
      end
      return call(self, ...)
    end
    assert(client.journal:compact())
    store.link.call = nil
    for _, journal in ipairs { client.journal, client_at().journal } do
      assert.equal(1, #journal:find { note = "1" })
      assert.truthy(#journal:find { note = "later" } >= 1)
      assert.same({}, (journal:unknown()))
    end
    assert.equal("-1", tostring(store.link:call("TTL", store.keys.records)))
  end)

  it("is compacted once where two do so at a time", function()
    local client, other = client_at(), client_at()
    for i = 1, 3 do
      assert(client:image { model = IMAGE.model, prompt = "x" .. i })
    end
    assert.equal(3, #other.journal:pending())
    assert(client.journal:forget(client.journal:pending()[1]))
    local book = other._settings.journal
    local left = book.store.compact
    book.store.compact = function(self, merged, kept)
      return left(self, merged, function()
        local records = kept()
        assert(client.journal:compact())
        return records
      end)
    end
    local ok, err = other.journal:compact()
    assert.same({ nil, "io" }, { ok, err.kind })
    assert.equal(2, #client_at().journal:pending())
    book.store.compact = nil
    assert(other.journal:compact())
    assert.equal(2, #client_at().journal:pending())
  end)

  it("reads many pages", function()
    local store, count = redis_store.new(url), 0
    assert(store.link:call("EVAL", [[
      for i = 1, 2500 do
        redis.call('XADD', KEYS[1], '*', 'record', '{"key":"k","n":' .. i .. '}')
      end
      return 1]], 1, store.keys.records))
    assert(redis_store.new(url):read(function(record)
      count = count + 1
      assert.equal(count, record.n)
    end, function() end))
    assert.equal(2500, count)
  end)

  it("knows which processes are alive, during a submit", function()
    local upstream = support.serve { default = { { "request" },
      { "wait_close", 120 } } }
    local client = client_at(nil, { base_url = upstream.url })
    local sender, heartbeats = redis_store.new(url), 0
    local class = getmetatable(sender).__index
    local seconds, send = class.HEARTBEAT, class.heartbeat
    finally(function() class.HEARTBEAT, class.heartbeat = seconds, send end)
    class.HEARTBEAT = 0.05
    class.heartbeat = function(self)
      heartbeats = heartbeats + 1
      return send(self)
    end
    local job = yuanjing.async(function() return client:image(IMAGE) end)
    assert.truthy(support.wait_until(function() return heartbeats >= 2 end,
      yuanjing.sleep), heartbeats)
    local other = client_at()
    assert.same({}, (other.journal:unknown()))
    local store = client._settings.journal.store
    store.link:call("DEL", store.keys.alive .. ":" .. store.owner)
    assert.equal(1, #other.journal:unknown())
    job:cancel()
    local before = heartbeats
    yuanjing.sleep(0.2)
    assert.equal(before, heartbeats)
  end)

  it("that is away fails the call, before anything is sent", function()
    local before = #server:requests()
    for _, source in ipairs { "redis://127.0.0.1:1", "redis://h/x",
      "redis://:wrong@127.0.0.1:" .. box.port } do
      local task, err = client_at(source):image(IMAGE)
      assert.is_nil(task)
      assert.same({ "io", 0 }, { err.kind, err.attempts })
      assert.is_nil(tostring(err):find("wrong@", 1, true))
      local list, problem = client_at(source).journal:pending()
      assert.same({ nil, "io" }, { list, problem.kind })
    end
    assert.equal(before, #server:requests())
  end)

  it("goes on when Redis was started anew", function()
    local client = client_at()
    assert(client:image(IMAGE))
    box:stop()
    local task, err = client:image(IMAGE)
    assert.same({ nil, "io" }, { task, err.kind })
    box:restart()
    assert.equal(1, #client.journal:pending())
    box:stop()
    box:restart()
    assert(client:image(IMAGE)) -- on a new connection
    assert.equal(2, #client.journal:pending())
  end)

  it("reports what to install", function()
    local status, output = child.run([[
      package.preload.redis = function() error("not found") end
      local _, err = require("yuanjing").new { journal = "redis://h",
        api_key = "k" }:image { model = "wan2.2-t2i-plus", prompt = "x" }
      print(err.kind, err.message)
    ]])
    assert.equal(0, status)
    assert.truthy(output:find("^io\t.*apt install lua%-redis"), output)
  end)

  it("is another's in a forked child", function()
    local status, output = child.run(([[
      local process = require "process"
      local store = require("yuanjing.journal.stores.redis").new(%q)
      assert(store:append { key = "a" })
      local owner, id = store.owner, process.fork()
      if id == 0 then
        assert(store:append { key = "b" })
        print(store.owner ~= owner)
        io.stdout:flush()
        process.exit(0)
      end
      process.wait(id)
      local count = 0
      assert(store:read(function() count = count + 1 end, function() end))
      print(store.owner == owner, count)
    ]]):format(url))
    assert.same({ 0, "true\ntrue\t2" }, { status, output })
  end)

  -- Work -------------------------------------------------------------------

  local function submit(client, count)
    for i = 1, count do
      assert(client:image { model = IMAGE.model, prompt = "w" .. i,
        note = "w" .. i })
    end
  end

  it("hands each task to a worker, once", function()
    local client, seen = client_at(), {}
    submit(client, 12)
    local jobs = {}
    for i = 1, 3 do
      local worker = client_at()
      jobs[i] = yuanjing.async(function()
        return worker.journal:work { drain = true, concurrency = 2,
          interval = 0.05, on_result = function(task, result)
            assert.truthy(result.image)
            assert.is_nil(seen[task.note])
            seen[task.note] = true
            yuanjing.sleep(0.02)
          end }
      end)
    end
    for i = 1, 3 do assert.is_true((jobs[i]:await())) end
    for i = 1, 12 do assert.is_true(seen["w" .. i]) end
    assert.same({ {}, {} }, { client.journal:pending(), warnings })
    assert.equal(12, #client.journal:find {})
  end)

  it("hands a failed task over, and skips what is forgotten", function()
    local client, seen = client_at(), {}
    submit(client, 1)
    assert(client:with({ headers = { ["X-Sandbox"] = "task-fails" } })
      :image { model = IMAGE.model, prompt = "x", note = "fails" })
    assert(client.journal:forget(client.journal:find({ note = "w1" })[1]))
    client.journal:work { drain = true, interval = 0.05,
      on_result = function(task, result, err)
        seen[#seen + 1] = { task.note, result, err and err.kind }
      end }
    assert.same({ { "fails", nil, "task_failed" } }, seen)
  end)

  it("hands a task over again when a worker fell silent or failed", function()
    local client, calls = client_at(), 0
    submit(client, 1)
    local silent = client._settings.journal.store
    assert.equal(1, #assert(silent:take("silent", 0.6, 5)))
    local from = support.now()
    client.journal:work { drain = true, lease = 0.6, interval = 0.05,
      on_result = function()
        calls = calls + 1
        assert(calls > 1, "not yet")
      end }
    assert.equal(2, calls)
    assert.truthy(support.now() - from > 1)
    assert.truthy(warnings[1]:find("a worker: .*not yet"), warnings[1])
  end)

  it("keeps a task with the worker that renews its lease", function()
    local client = client_at()
    submit(client, 1)
    local LEASE, handled, stolen, is_over = 6, 0, {}, false
    local store = redis_store.new(url)
    local work = yuanjing.async(function()
      client.journal:work { drain = true, lease = LEASE, interval = 0.05,
        on_result = function()
          handled = handled + 1
          repeat yuanjing.sleep(0.05) until is_over
        end }
    end)
    repeat yuanjing.sleep(0.02) until handled == 1
    local longest = 0
    for _ = 1, 24 do
      local ends = store.link:call("EVAL", [[
        local time = redis.call('TIME')
        local due = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
        return tostring(due / 1e6 - time[1] - time[2] / 1e6)]], 1,
        store.keys.schedule)
      longest = math.max(longest, LEASE - ends)
      for _, item in ipairs(assert(store:take("thief", LEASE, 5))) do
        stolen[#stolen + 1] = item
      end
      yuanjing.sleep(0.3)
    end
    is_over = true
    work:await()
    assert.same({ 1, {} }, { handled, stolen })
    assert.truthy(longest < LEASE - 0.1, longest)
  end)

  it("does not hand over what another worker has by now", function()
    local client, handled = client_at(), 0
    submit(client, 1)
    local store = client._settings.journal.store
    store.begin = function(self, item, lease)
      store.begin = nil
      self.link:call("ZADD", self.keys.schedule, 0, item.id) -- lease ended
      assert.equal(1, #assert(self:take("thief", 30, 5)))
      return self:begin(item, lease)
    end
    local job = yuanjing.async(function()
      client.journal:work { lease = 30, interval = 0.05,
        on_result = function() handled = handled + 1 end }
    end)
    yuanjing.sleep(0.5)
    job:cancel()
    assert.same({ 0, 1, {} }, { handled, store:left(), warnings })
  end)

  it("needs on_result, and Redis", function()
    local client = client_at()
    for _, options in ipairs { {}, { on_result = 1 }, "x",
      { on_result = print, speed = 1 } } do
      assert.has_error(function() client.journal:work(options) end)
    end
    local path = support.tempdir() .. "/tasks.journal"
    assert.has_error(function()
      client_at(path).journal:work { on_result = print }
    end, "journal:work: only a journal in Redis has leases")
  end)

  it("loses no task and no lease when workers are killed", function()
    local found = workers.run { tasks = 20, seconds = 1.2, pause = 0.2,
      lease = 2 }
    assert.same({ overlaps = {}, unhandled = {}, twice = {}, left = 0,
      unknown = 0 }, support.fields(found, "overlaps", "unhandled", "twice",
      "left", "unknown"), found.printed)
    assert.truthy(found.kills >= 1)
  end)
end)

describe("a journal in Redis over TLS", function()
  after_each(function()
    redis.clean()
    support.clean()
  end)

  local reason = absent "ssl"
  if reason then
    it("is refused without luasec: " .. reason, function()
      local box = redis.start ""
      local ok, problem = redis_store.new("rediss://127.0.0.1:" .. box.port)
        :append { key = "k" }
      assert.same({ nil, "luasec is not there: apt install lua-sec, or luarocks "
        .. "install luasec" }, { ok, problem })
    end)
    return
  end

  it("checks the server's name", function()
    local ca = certificate.authority(support.tempdir())
    for name, alt in pairs { good = "IP:127.0.0.1", wrong = "DNS:elsewhere" } do
      local pair = certificate.server(ca, { name = name, alt = alt })
      local box = redis.start(("--requirepass pw --port 0 --tls-port $port "
        .. "--tls-cert-file %s --tls-key-file %s --tls-ca-cert-file %s "
        .. "--tls-auth-clients no"):format(pair.cert, pair.key, ca.cert))
      local url = ("rediss://:pw@127.0.0.1:%d/2?ca=%s"):format(box.port,
        ca.cert)
      local store = redis_store.new(url)
      local ok, problem = store:append { key = "k" }
      if name == "good" then
        assert.is_true(ok, problem)
        ok, problem = redis_store.new((url:gsub("?.*", "")))
          :append { key = "k" }
        assert.is_nil(ok)
        assert.truthy(problem:find("certificate verify failed"), problem)
      else
        assert.same({ nil, "127.0.0.1: the certificate is for another name" },
          { ok, problem })
      end
    end
  end)
end)
