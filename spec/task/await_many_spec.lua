local errors = require "yuanjing.errors"
local json = require "yuanjing.base.json"
local loop = require "yuanjing.runtime.loop"
local polling = require "yuanjing.task.polling"
local scripted = require "support.scripted"
local settings_of = require "yuanjing.settings"
local support = require "support"
local task_of = require "yuanjing.task.task"
local yuanjing = require "yuanjing"

local FAST = { interval = 0.02 }

-- Tasks of a platform in this process: each is done after so many polls (a
-- list by key), and each query takes `takes` seconds. The log has the queried
-- ids, and the most queries at one time.
local function tasks_of(polls, takes)
  local log, open, left = { most = 0 }, 0, {}
  local function ask(_, id)
    log[#log + 1] = id
    open = open + 1
    log.most = math.max(log.most, open)
    loop.sleep(takes or 0.001)
    open = open - 1
    left[id] = left[id] - 1
    if left[id] > 0 then return { status = "RUNNING" } end
    return { status = "SUCCEEDED", result = { video = "http://h/" .. id,
      videos = { "http://h/" .. id } } }
  end
  local tasks = {}
  for key, count in pairs(polls) do
    left[tostring(key)] = count
    tasks[key] = task_of.new(settings_of.defaults(), { task = ask },
      { id = tostring(key) })
  end
  return tasks, log
end

local function videos(results)
  local list = {}
  for key, result in pairs(results) do list[key] = result.video end
  return list
end

local function fill(n, value)
  local list = {}
  for i = 1, n do list[i] = value end
  return list
end

local function client_at(url)
  return yuanjing.new { base_url = url, api_key = "sk-secret", retries = 0 }
end

-- Steps by path, so that each task has its own answer.
local function routes_of(answers)
  local routes = {}
  for id, steps in pairs(answers) do
    routes["/llmage/v1/tasks?taskid=" .. id] = steps
  end
  return routes
end

local function saying(fields, delay)
  return { { "sleep", delay or 0 },
    { "send", scripted.answer(200, {}, assert(json.encode(fields))) } }
end

describe("await_all", function()
  after_each(support.clean)

  it("keeps the keys, and the errors apart", function()
    local server = support.serve { routes = routes_of {
      a = saying { status = "SUCCEEDED", image = "http://h/a" },
      b = saying { status = "FAILED", error = "no such face" },
      c = saying { status = "FAILED", error = "taskid=c not exist" },
      d = { { "send", scripted.answer(401, {}, '{"error":"key"}') } },
    } }
    local client, tasks = client_at(server.url), {}
    for _, id in ipairs { "a", "b", "c", "d" } do tasks[id] = client:task(id) end
    local results, failures = yuanjing.await_all(tasks,
      { interval = 0.01, timeout = 0.5 })
    assert.equal(tasks.a.result, results.a)
    assert.equal("http://h/a", results.a.image)
    results.a = nil
    assert.is_nil(next(results))
    local kinds = {}
    for key, err in pairs(failures) do
      assert.equal(tasks[key], err.task)
      kinds[key] = err.kind
    end
    assert.same({ b = "task_failed", c = "timeout", d = "auth" }, kinds)
    assert.is_true(#server:requests() > 4) -- c may still be unknown
  end)

  it("asks for a hundred, four at a time", function()
    local answers, tasks, wanted = {}, {}, {}
    for n = 1, 100 do
      local id = tostring(n)
      wanted[n] = "http://h/" .. id
      answers[id] = saying({ status = "SUCCEEDED", video = wanted[n] }, 0.005)
    end
    local server = support.serve { routes = routes_of(answers) }
    local client = client_at(server.url)
    for n = 1, 100 do tasks[n] = client:task(tostring(n)) end
    local results, failures = yuanjing.await_all(tasks)
    assert.same(wanted, videos(results))
    assert.is_nil(next(failures))
    assert.equal(100, #server:requests())
    assert.equal(4, server:connections().opened)
  end)

  for _, most in ipairs { 1, 3, 10 } do
    it(("asks for as many at a time as requested: %d"):format(most), function()
      local tasks, log = tasks_of(fill(20, 3), 0.002)
      local results = yuanjing.await_all(tasks,
        { interval = 0.001, in_flight = most })
      assert.same({ 20, most, 60 }, { #results, log.most, #log })
    end)
  end

  it("asks for one at a time at least", function()
    for _, given in ipairs { 0, -1, 0.5 } do
      local tasks, log = tasks_of { 1, 2 }
      assert.equal(2, #yuanjing.await_all(tasks,
        { interval = 0.001, in_flight = given }))
      assert.equal(1, log.most)
    end
  end)

  it("uses all it may, and not more than there are", function()
    local tasks, log = tasks_of(fill(3, 2), 0.01)
    yuanjing.await_all(tasks, { interval = 0.001 })
    assert.equal(3, log.most)
  end)

  it("asks no more often than needed", function()
    local polls, wanted = {}, 0
    for n = 1, 200 do
      polls[n] = n % 5 + 1
      wanted = wanted + polls[n]
    end
    local tasks, log = tasks_of(polls, 0)
    assert.equal(200, #yuanjing.await_all(tasks, { interval = 0.05 }))
    assert.equal(wanted, #log)
  end)

  it("asks for each in its own time", function()
    local tasks, log = tasks_of { slow = 2, fast = 4 }
    local interval = polling.interval
    finally(function() polling.interval = interval end)
    polling.interval = function(_, n) return n * 0.02 end
    local took = support.timed(yuanjing.await_all, tasks)
    assert.equal(6, #log)
    assert.truthy(took >= 0.12 and took < support.SOON, took)
  end)

  it("asks for nothing that is known", function()
    local tasks, log = tasks_of(fill(3, 1))
    yuanjing.await_all(tasks)
    assert.equal(3, #log)
    local results = yuanjing.await_all(tasks)
    assert.equal(tasks[2].result, results[2])
    assert.equal(3, #log)
  end)

  it("has nothing to do for no tasks", function()
    assert.same({ {}, {} }, { yuanjing.await_all {} })
  end)

  it("ends in time, and leaves the tasks good to await", function()
    local tasks = tasks_of { quick = 1, slow = 9, slower = 9 }
    local took, results, failures = support.timed(yuanjing.await_all, tasks,
      { timeout = 2, interval = 0.5 })
    assert.truthy(took >= 1.99 and took < support.SOON, took)
    assert.same({ quick = "http://h/quick" }, videos(results))
    assert.same({ "timeout", tasks.slow }, { failures.slow.kind,
      failures.slow.task })
    assert.equal("timeout", failures.slower.kind)
    assert.same({ slow = "http://h/slow", quick = "http://h/quick",
      slower = "http://h/slower" },
      videos((yuanjing.await_all(tasks, { interval = 0.001 }))))
  end)

  it("ends in time when a query hangs", function()
    local server = support.serve { routes = routes_of {
      a = saying { status = "SUCCEEDED", image = "http://h/a" },
      b = { { "wait_close", 120 } } } }
    local client = client_at(server.url)
    local took, results, failures = support.timed(yuanjing.await_all,
      { a = client:task("a"), b = client:task("b") }, { timeout = 2 })
    assert.truthy(took >= 1.99 and took < support.SOON, took)
    assert.equal("http://h/a", results.a.image)
    assert.equal("timeout", failures.b.kind)
  end)

  it("goes on when a query fails", function()
    local tasks = tasks_of { a = 2, b = 2 }
    local ask, failures = tasks.a._api.task, 0
    tasks.a._api = { task = function(...)
      if failures == 3 then return ask(...) end
      failures = failures + 1
      return nil, errors.new { kind = "server", message = "out of order" }
    end }
    assert.same({ a = "http://h/a", b = "http://h/b" },
      videos((yuanjing.await_all(tasks, { interval = 0.001 }))))
    assert.equal(3, failures)
  end)

  it("reports each status once", function()
    local tasks, seen = tasks_of { a = 3, b = 1 }, { a = {}, b = {} }
    yuanjing.await_all(tasks, { interval = 0.001, on_update = function(task)
      table.insert(seen[task.id], task.status)
    end })
    assert.same({ a = { "RUNNING", "SUCCEEDED" }, b = { "SUCCEEDED" } }, seen)
  end)

  it("raises what on_update raises, and asks no more", function()
    local tasks, log = tasks_of(fill(5, 9))
    local ok, message = pcall(yuanjing.await_all, tasks, { interval = 0.001,
      on_update = function() error("mine", 0) end })
    assert.same({ false, "mine" }, { ok, message })
    loop.sleep(0.02)
    local asked = #log
    loop.sleep(0.1)
    assert.equal(asked, #log)
  end)

  it("refuses unknown options, at the caller's line", function()
    for name, call in pairs { await_all = yuanjing.await_all,
      as_completed = yuanjing.as_completed } do
      assert.same({ 1, name .. ': unknown option "in_fligt", '
        .. 'did you mean "in_flight"?' },
        { support.raised_at(function()
          local results = call({}, { in_fligt = 2 })
          return results
        end) })
    end
  end)
end)

describe("as_completed", function()
  after_each(support.clean)

  it("has them in the order they end", function()
    local server = support.serve { routes = routes_of {
      a = saying({ status = "SUCCEEDED", image = "http://h/a" }, 0.3),
      b = saying({ status = "FAILED", error = "no" }, 0.15),
      c = saying { status = "SUCCEEDED", image = "http://h/c" } } }
    local client, seen = client_at(server.url), {}
    local tasks = { a = client:task("a"), b = client:task("b"),
      c = client:task("c") }
    for key, result, err in yuanjing.as_completed(tasks, FAST) do
      seen[#seen + 1] = { key, result and result.image, err and err.kind }
    end
    assert.same({ { "c", "http://h/c" }, { "b", nil, "task_failed" },
      { "a", "http://h/a" } }, seen)
  end)

  it("has no more when all have ended", function()
    local next_one = yuanjing.as_completed((tasks_of { 1 }))
    assert.equal(1, (next_one()))
    assert.is_nil((next_one()))
    assert.is_nil((next_one()))
  end)

  it("asks no more when the loop is left", function()
    local polls = fill(20, 50)
    polls[7] = 2
    local tasks, log = tasks_of(polls)
    for key in yuanjing.as_completed(tasks, { interval = 0.005 }) do
      assert.equal(7, key)
      if key == 7 then break end
    end
    loop.sleep(0.02) -- lets the running queries end
    local asked = #log
    loop.sleep(0.2)
    assert.equal(asked, #log)
    assert.equal("RUNNING", tasks[1].status)
  end)

  it("has asked for what was due while the loop was busy", function()
    local tasks, log = tasks_of { a = 1, b = 2, c = 3, d = 2, e = 1 }
    local seen = {}
    for key in yuanjing.as_completed(tasks, { interval = 0.01 }) do
      seen[#seen + 1] = key
      loop.sleep(0.03)
    end
    table.sort(seen)
    assert.same({ "a", "b", "c", "d", "e" }, seen)
    assert.equal(9, #log)
  end)

  it("may be left by an error", function()
    local tasks, log = tasks_of(fill(8, 30))
    tasks[9] = tasks_of { [9] = 1 }[9]
    local ok = pcall(function()
      for _ in yuanjing.as_completed(tasks, { interval = 0.005 }) do
        error("mine")
      end
    end)
    assert.is_false(ok)
    loop.sleep(0.02)
    local asked = #log
    loop.sleep(0.1)
    assert.equal(asked, #log)
  end)

  it("frees what it was given", function()
    local tasks = tasks_of { 1, 30 }
    for key in yuanjing.as_completed(tasks, { interval = 0.005 }) do
      if key == 1 then break end
    end
    support.watch(tasks[2])
    tasks = nil -- luacheck: ignore
    loop.sleep(0.05)
    support.assert_freed()
  end)
end)
