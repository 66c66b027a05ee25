-- Workers of a journal in Redis: failures, losses, and workers that come too
--late.
local redis = require "support.redis"
local redis_journal = require "support.redis_journal"
local support = require "support"
local yuanjing = require "yuanjing"

describe("a worker", function()
  local suite, url, client, events

  setup(function() suite = redis_journal.start { task_seconds = 0.1 } end)
  teardown(function() suite:stop() end)
  after_each(support.clean)

  local function client_at(options)
    return suite:client({ journal = url, on_event = function(event)
      events[#events + 1] = event
    end }, options)
  end

  before_each(function()
    url, events = suite:new_url(), {}
    client = client_at()
  end)

  local function submit(count)
    for i = 1, count do
      assert(client:image { model = "wan2.2-t2i-plus", prompt = "w" .. i,
        note = "w" .. i })
    end
    return client._settings.journal.store
  end

  local function raw(store, command, key, ...)
    return store.link:call(command, store.keys[key], ...)
  end

  -- Runs a worker until no task is left: the notes of those that it handled.
  local function drain(options)
    local handled = {}
    local all = { drain = true, interval = 0.05, lease = 0.5,
      on_result = function(task) handled[#handled + 1] = task.note end }
    for name, value in pairs(options or {}) do all[name] = value end
    assert(client_at().journal:work(all))
    table.sort(handled)
    return handled
  end

  -- Takes the only item from its worker, after the pause for an item that may
  -- have ended its worker.
  local function steal(store, number)
    local other
    repeat
      raw(store, "ZADD", "schedule", 0, raw(store, "ZRANGE", "schedule", 0, 0)[1])
      other = assert(store:take("thief", 30, 1))[1]
    until other
    assert(other.number > number)
  end

  local function events_of(kind)
    local list = {}
    for _, event in ipairs(events) do
      if event.type == kind then list[#list + 1] = event end
    end
    return list
  end

  it("gives up what fails again and again, and retries on request", function()
    local store, times = submit(2), {}
    local handled = {}
    drain { attempts = 3, lease = 0.2, on_result = function(task, _, _, _, lease)
      handled[#handled + 1] = task.note
      if task.note == "w2" then return end
      times[lease.attempt] = support.now()
      error("boom " .. lease.attempt, 0)
    end }
    assert.equal(3, #times)
    assert.equal(4, #handled)
    assert.truthy(times[3] - times[2] > times[2] - times[1])
    local dead = assert(client.journal:dead())
    assert.same({ 1, "w1", "done", 3, "boom 3" }, { #dead, dead[1].note,
      dead[1].state, dead[1].dead.attempts, dead[1].dead.error })
    assert.equal(0, store:left())
    assert(client.journal:compact())
    assert.equal(1, #assert(client_at().journal:dead()))
    assert(client.journal:retry(dead[1]))
    assert.same({}, (client.journal:dead()))
    assert.same({ "w1" }, drain())
    assert.same({ nil, "not_found" }, { (client.journal:retry { key = "x" }),
      select(2, client.journal:retry { key = "x" }).kind })
  end)

  it("gives up what ends its process again and again", function()
    local store = submit(2)
    local item = assert(store:take("gone", 0.1, 1))[1]
    for attempt = 1, 2 do
      assert.is_true(assert(store:begin(item, 0.1)).is_held)
      local again
      repeat
        yuanjing.sleep(0.05)
        again = assert(store:take("gone", 0.1, 1))[1]
        if again and again.key ~= item.key then
          store:leave(again, 0.1, false)
          again = nil
        end
      until again
      assert.same({ attempt, true }, { again.attempts, again.was_held })
      assert.truthy(again.number > item.number)
      item = again
    end
    assert.same({ "w2" }, drain { attempts = 2 })
    assert.equal(2, client.journal:dead()[1].dead.attempts)
  end)

  it("hands out few at a time of what a worker was lost with", function()
    local store = submit(12)
    assert.equal(12, #assert(store:take("gone", 0.1, 12)))
    local now, counts = 0, {}
    drain { concurrency = 12, on_result = function()
      now = now + 1
      counts[#counts + 1] = now
      yuanjing.sleep(0.3)
      now = now - 1
    end }
    assert.same({ 1, 2 }, { counts[1], counts[2] })
    assert.truthy(counts[3] <= 4 and counts[4] <= 4)
    assert.equal(12, #counts)
  end)

  it("refuses a worker that comes too late", function()
    local store = submit(1)
    local seen = {}
    local worker = yuanjing.async(function()
      client:with({}).journal:work { lease = 0.6, interval = 0.05,
        on_result = function(task, _, _, number, lease)
          seen[#seen + 1] = { number, lease.number, lease.lost }
          steal(store, number)
          local ok, err = pcall(yuanjing.sleep, 5)
          seen[#seen + 1] = { ok, err.kind, err.code, lease.lost,
            err.task == task }
          error(err, 0)
        end }
    end)
    assert.is_true(support.wait_until(function() return #seen == 2 end,
      yuanjing.sleep))
    worker:cancel()
    assert.equal(seen[1][1], seen[1][2])
    assert.is_false(seen[1][3])
    assert.same({ false, "cancelled", "worker.lost", true, true }, seen[2])
    local warnings = events_of "warning"
    assert.same({ 1, 1, "worker.lost" }, { store:left(), #warnings,
      warnings[1].code })
  end)

  it("finishes nothing that another has", function()
    local store = submit(1)
    local item = assert(store:take("late", 0.1, 1))[1]
    yuanjing.sleep(0.15)
    local other = assert(store:take("other", 30, 1))[1]
    assert.is_false(assert(store:finish(item)).is_held)
    assert.is_false(assert(store:leave(item, 1, true)).is_held)
    assert.is_false(assert(store:begin(item, 1)).is_held)
    assert.same({}, (store:hold("late", { item.id })))
    assert.equal(1, store:left())
    assert.is_true(assert(store:finish(other)).is_held)
    assert.is_true(assert(store:finish(other)).is_held) -- the answer got lost
    assert.equal(0, store:left())
  end)

  it("finishes what it comes back to before others have it", function()
    local store = submit(1)
    local item = assert(store:take("late", 0.1, 1))[1]
    assert(store:begin(item, 0.1))
    yuanjing.sleep(0.15)
    assert.same({}, (store:take("other", 30, 1))) -- a pause, after an attempt
    assert.same({ [item.id] = true }, (store:hold("late", { item.id })))
    assert.is_true(assert(store:finish(item)).is_held)
    assert.equal(0, store:left())
  end)

  it("leaves its tasks at once when it is cancelled", function()
    submit(2)
    local began = false
    local worker = yuanjing.async(function()
      client_at().journal:work { lease = 60, concurrency = 1, interval = 0.05,
        on_result = function()
          began = true
          yuanjing.sleep(60)
        end }
    end)
    assert.is_true(support.wait_until(function() return began end,
      yuanjing.sleep))
    worker:cancel()
    local from = support.now()
    assert.same({ "w1", "w2" }, drain())
    assert.truthy(support.now() - from < support.SOON)
  end)

  it("goes on where the queue, or what it knows, was lost", function()
    for _, key in ipairs { "work", "queued", "records", "schedule", "holders",
      "attempts", "number" } do
      url = suite:new_url()
      client = client_at()
      local store = submit(3)
      raw(store, "DEL", key)
      assert.same({ "w1", "w2", "w3" }, drain(), key)
      local fresh = client_at().journal
      assert.same({ {}, 3 }, { fresh:pending(), #fresh:find {} }, key)
    end
  end)

  it("queues again what a replica lacks, whichever process notices", function()
    local store = submit(1)
    local worker = client_at()
    local task = assert(worker.journal:pending())[1]
    assert(task:await { interval = 0.05 })
    -- nothing of it is left; another record is in its place
    for _, key in ipairs { "records", "work", "queued", "schedule" } do
      raw(store, "DEL", key)
    end
    raw(store, "XADD", "records", "*", "record", '{"key":"x-1","at":1}')
    assert(worker.journal:pending()) -- it knows that the task is done
    assert(worker._settings.journal:flush())
    assert.equal("done", client_at().journal:find({ note = "w1" })[1].state)
    assert.same({ "w1" }, drain())
  end)

  it("takes the tasks of an older version of this module", function()
    local store = submit(2)
    local items = raw(store, "XRANGE", "work", "-", "+")
    raw(store, "DEL", "work")
    raw(store, "DEL", "schedule")
    for _, item in ipairs(items) do
      raw(store, "XADD", "work", "*", "key", item[2][2])
    end
    assert.same({ "w1", "w2" }, drain())
  end)

  it("finishes only what is over or forgotten", function()
    local store = submit(1)
    raw(store, "XADD", "work", "*", "key", "nobody-1")
    assert.same({ "w1" }, drain())
    local dead = client.journal:dead()
    assert.same({ 1, "nobody-1" }, { #dead, dead[1].key })
    assert(client.journal:forget(dead[1]))
    assert.same({}, (client.journal:dead()))
  end)

  it("discards leases from the future", function()
    local store = submit(1)
    assert.equal(1, #assert(store:take("gone", 0.2, 1)))
    local id = raw(store, "ZRANGE", "schedule", 0, 0)[1]
    raw(store, "ZADD", "schedule", ("%.0f"):format((os.time() + 3600) * 1e6), id)
    local from = support.now()
    assert.same({ "w1" }, drain())
    assert.truthy(support.now() - from < support.SOON)
  end)

  it("asks less and less often what fails again and again", function()
    submit(1)
    local wrong = client_at { api_key = function()
      return "sk-wrong"
    end }
    local before = #suite.sandbox:requests "task"
    local worker = yuanjing.async(function()
      wrong.journal:work { drain = true, interval = 0.05,
        on_result = function() end }
    end)
    support.wait_until(function() return #events_of "warning" > 0 end,
      yuanjing.sleep)
    worker:await(2)
    worker:cancel()
    assert.truthy(#suite.sandbox:requests "task" - before <= 3)
    assert.truthy(events_of("warning")[1].message:find("a worker: auth", 1, true))
  end)

  it("checks its options", function()
    for name, values in pairs { concurrency = { 0, 2.5, -5, 0 / 0, math.huge },
      lease = { 0, -1, math.huge, 0 / 0 }, interval = { 0, -1 },
      attempts = { 0, 1.5 } } do
      for _, value in ipairs(values) do
        local ok, problem = pcall(client.journal.work, client.journal,
          { on_result = print, [name] = value })
        assert.is_false(ok)
        assert.truthy(problem:find("journal:work: " .. name
          .. ": expected a [a-z ]*number[, ].*, got [-0-9a-z.]+$"))
      end
    end
  end)

  it("takes and holds more than Lua takes arguments", function()
    assert(client.journal:pending())
    local store = client._settings.journal.store
    for i = 1, 1200 do
      assert(store:append { key = "k" .. i, state = "running", id = "t" .. i })
    end
    local ids = {}
    for i, item in ipairs(assert(store:take("w", 60, 5000))) do
      ids[i] = item.id
    end
    assert.equal(1200, #ids)
    for i = 1201, 9000 do ids[i] = ids[i % 1200 + 1] end
    local held, count = assert(store:hold("w", ids)), 0
    for _ in pairs(held) do count = count + 1 end
    assert.equal(1200, count)
  end)
end)

describe("a journal in Redis", function()
  local box
  setup(function() box = redis.start() end)
  teardown(redis.clean)

  local function numbers(store, list)
    assert(store:read(function(record) list[#list + 1] = record.n end,
      function() for i = #list, 1, -1 do list[i] = nil end end))
    return list
  end

  it("is read anew where what was read last is not there", function()
    local store = require("yuanjing.journal.stores.redis").new(box.url)
    local records, list = store.keys.records, {}
    for n = 1, 3 do assert(store:append { key = "k", n = n }) end
    assert.same({ 1, 2, 3 }, numbers(store, list))
    -- a replica took over: it lacks the last records, and its clock is behind
    local items = store.link:call("XRANGE", records, "-", "+")
    store.link:call("DEL", records)
    for i = 1, 2 do
      store.link:call("XADD", records, items[i][1], "record", items[i][2][2])
    end
    store.link:call("XADD", records, items[3][1], "record",
      '{"key":"k","n":4}') -- with the id of a record that it lacks
    assert.same({ 1, 2, 4 }, numbers(store, list))
    store.link:call("XADD", records, "*", "record", '{"key":"k","n":5}')
    assert.same({ 1, 2, 4, 5 }, numbers(store, list))
  end)

  it("drops a connection to a server that is not the master", function()
    local store = require("yuanjing.journal.stores.redis").new(box.url .. "?name=ro")
    assert(store:append { key = "k", n = 1 })
    local before = store.link:call("CLIENT", "ID")
    store.link:call("REPLICAOF", "127.0.0.1", "1")
    local ok, problem = store:append { key = "k", n = 2 }
    assert.is_nil(ok)
    assert.truthy(problem:find("READONLY", 1, true))
    local after = store.link:call("CLIENT", "ID")
    assert.truthy(after >= before + 2, after) -- retried on a new connection
    store.link:call("REPLICAOF", "NO", "ONE")
    assert(store:append { key = "k", n = 3 })
  end)

  it("costs no more than its seconds where nothing comes, or by drips", function()
    local link = require "yuanjing.redis.connection"
    local seconds = link.TIMEOUT
    finally(function()
      link.TIMEOUT = seconds
      support.clean()
    end)
    link.TIMEOUT = 0.5
    local server = support.serve { connections = {
      { { "wait_close", 120 } },
      { { "split", ("$99\r\n" .. ("x"):rep(99) .. "\r\n"), "each", 1 } } } }
    local url = server.url:gsub("^http", "redis")
    for _ = 1, 2 do
      local store = require("yuanjing.journal.stores.redis").new(url)
      local took, ok = support.timed(store.append, store, { key = "k" })
      assert.is_nil(ok)
      assert.truthy(took < support.SOON, took)
    end
  end)
end)
