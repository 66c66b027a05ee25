local answering = require("support.answering").serve
local json = require "yuanjing.base.json"
local loop = require "yuanjing.runtime.loop"
local polling = require "yuanjing.task.polling"
local scripted = require "support.scripted"
local support = require "support"
local task_of = require "yuanjing.task.task"

local FAST = { interval = 0.01 }
local DONE = { taskid = "vendor-9", status = "SUCCEEDED", video = "http://h/v",
  image = "http://h/c", usage = { seconds = 5 } }
local client_at = require("support.answering").client
local MISSING = { status = "FAILED", error = "taskid=7 not exist" }
local QUERY = "GET /llmage/v1/tasks"

-- A handle of a task by its id, as in another process, and its server.
local function known(list, options)
  local server = answering(list)
  return client_at(server.url, options):task("7"), server
end

-- A task that was just submitted. The first answer is that of the submit.
local function young(list, options)
  local server = answering(list)
  local client = client_at(server.url, options)
  return assert(client:image { model = "wan2.2-t2i-plus", prompt = "x" }), server
end

local CREATED = { taskid = "7", status = "created" }

-- Waiting ------------------------------------------------------------------

describe("a task", function()
  after_each(support.clean)

  it("is awaited until it is done", function()
    local task, server = young { CREATED, { taskid = "7", status = "pending" },
      { status = "ok", data = { taskstatus = "running" } }, DONE }
    assert.same({ "7", "CREATED", false, "wan2.2-t2i-plus", "t2i" },
      { task.id, task.status, task.done, task.model, task.category })
    local result = assert(task:await(FAST))
    assert.same({ "http://h/v", { "http://h/v" }, "http://h/c", 5 },
      { result.video, result.videos, result.image, result.usage.seconds })
    assert.equal("vendor-9", result.raw.taskid)
    assert.equal(task, result.task)
    assert.same({ "7", "SUCCEEDED", true }, { task.id, task.status, task.done })
    assert.equal(result, task.result)
    assert.equal(result, (task:await()))
    local requests = server:requests()
    assert.equal(4, #requests)
    assert.equal("/llmage/v1/tasks?taskid=7", requests[2].path)
    assert.equal("Bearer sk-secret", requests[2].headers.authorization)
  end)

  it("reports each status once", function()
    local task = known { { status = "CREATED" }, { status = "CREATED" },
      { status = "running" }, "reset", { status = "RUNNING" }, DONE }
    local seen = {}
    assert(task:await { interval = 0.01, on_update = function(given)
      assert.equal(task, given)
      seen[#seen + 1] = given.status
    end })
    assert.same({ "CREATED", "RUNNING", "SUCCEEDED" }, seen)
  end)

  it("that failed is an error with the task", function()
    for _, wait in ipairs { "await", "refresh" } do
      local task, server = known { { taskid = "9", status = "failed",
        error = { message = "no such face", code = "E7" } } }
      local result, err = task[wait](task)
      assert.is_nil(result)
      assert.same({ "task_failed", "no such face", "E7", false },
        { err.kind, err.message, err.code, err.retryable })
      assert.equal(task, err.task)
      assert.equal(err, task.error)
      assert.same({ "FAILED", true, "7" }, { task.status, task.done, task.id })
      assert.truthy(tostring(err):find("task 7", 1, true))
      assert.equal(err, select(2, task:await()))
      assert.equal(err, select(2, task:refresh()))
      assert.equal(1, #server:requests())
    end
  end)

  it("that failed keeps the answer, without the key", function()
    local task = known { { status = "FAILED", fail_reason = "sk-secret is odd",
      more = { deep = "kept" } } }
    local _, err = task:await(FAST)
    assert.same({ "*** is odd", "GET /llmage/v1/tasks", 200 },
      { err.message, err.call, err.status })
    assert.truthy(err.body:find('"deep":"kept"', 1, true))
    assert.is_nil(err.body:find("sk-secret", 1, true))
  end)

  it("knows addresses that are none by themselves", function()
    local server = answering { { status = "SUCCEEDED",
      image = { "/1.png", { url = "//h/2.png" }, { error = "no face" } } } }
    local result = assert(client_at(server.url):task("7"):await(FAST))
    assert.same({ server.url .. "/1.png", "http://h/2.png" }, result.images)
    assert.same({ "image 3: no face" }, result.problems)
  end)

  it("keeps the id it has", function()
    local task, server = known { { taskid = "8", status = "RUNNING" },
      { taskid = "9", status = "RUNNING" }, DONE }
    assert(task:await(FAST))
    assert.equal("7", task.id)
    for _, request in ipairs(server:requests()) do
      assert.equal("/llmage/v1/tasks?taskid=7", request.path)
    end
  end)

  it("is refreshed by one query", function()
    local task, server = known { { status = "RUNNING" }, DONE }
    assert.equal(task, (task:refresh()))
    assert.same({ "RUNNING", false, 1 },
      { task.status, task.done, #server:requests() })
    assert.equal(task, (task:refresh()))
    assert.same({ "SUCCEEDED", true }, { task.status, task.done })
    assert.equal(task, (task:refresh()))
    assert.equal(2, #server:requests())
  end)

  it("prints as what it is", function()
    local task = known { DONE }
    assert.equal("yuanjing.Task 7 (CREATED)", tostring(task))
  end)

  it("that was submitted twice in a row is one", function()
    local text = '{"taskid":"7","status":"created"}'
    local task = young { scripted.answer(200, {}, text .. text), DONE }
    assert.same({ "7", "CREATED" }, { task.id, task.status })
    assert(task:await(FAST))
  end)

  it("that is finished at once asks for nothing", function()
    local task, server = young { { status = "SUCCEEDED",
      image = { "http://h/1", "http://h/2" } } }
    assert.same({ "SUCCEEDED", true }, { task.status, task.done })
    assert.is_nil(task.id)
    assert.equal(task, (task:refresh()))
    assert.same({ "http://h/1", "http://h/2" }, (task:await()).images)
    assert.equal(1, #server:requests())
    assert.equal("yuanjing.Task without an id (SUCCEEDED)", tostring(task))
  end)

  it("that is finished at once without a result asks for it", function()
    local task = young { { taskid = "7", status = "SUCCEEDED" }, DONE }
    assert.is_false(task.done)
    assert.equal("http://h/v", assert(task:await(FAST)).video)
  end)

  it("that failed at once does not wait for ever", function()
    local failed = { taskid = "7", status = "FAILED", error = "no such face" }
    local server = answering { failed }
    local task, err = client_at(server.url):image { model = "wan2.2-t2i-plus",
      prompt = "x" }
    assert.is_nil(task)
    assert.same({ "task_failed", "no such face", "7", "FAILED" },
      { err.kind, err.message, err.task.id, err.task.status })
    local result, again = err.task:await { timeout = 1, interval = 0.01 }
    assert.is_nil(result)
    assert.same({ "task_failed", "no such face" }, { again.kind, again.message })
  end)

  it("of the legacy API is queried by POST", function()
    local server = answering { { status = "RUNNING" }, DONE }
    local task = client_at(server.url, { api = "legacy" }):task("7")
    assert.equal("http://h/v", assert(task:await(FAST)).video)
    local requests = server:requests()
    assert.equal(2, #requests)
    for _, request in ipairs(requests) do
      assert.same({ "POST", "/llmage/tasks", { taskid = "7" } },
        { request.method, request.path, json.decode(request.body) })
    end
  end)

  it("of the legacy API queries again after a failure, too", function()
    local server = answering { "reset", DONE }
    local task = client_at(server.url, { api = "legacy", retries = 1 }):task("7")
    assert(task:refresh())
    assert.is_true(task.done)
  end)
end)

-- Not there ----------------------------------------------------------------

describe("a task that the platform does not know", function()
  local now = loop.now
  after_each(function()
    loop.now = now
    support.clean()
  end)

  it("is waited for when it is young", function()
    local task, server = young { CREATED, MISSING, MISSING,
      { status = "ok", data = MISSING }, { status = "RUNNING" }, DONE }
    assert.equal(task, (task:refresh()))
    assert.same({ "CREATED", false }, { task.status, task.done })
    assert(task:await(FAST))
    assert.equal(6, #server:requests())
  end)

  it("is not found a minute later", function()
    local task = young { CREATED, MISSING }
    loop.now = function() return now() + 59 end
    assert.equal(task, (task:refresh()))
    loop.now = function() return now() + 61 end
    local result, err = task:await(FAST)
    assert.is_nil(result)
    assert.same({ "not_found", task, QUERY, 1 }, { err.kind, err.task, err.call,
      err.attempts })
    assert.is_true(task.done)
  end)

  it("is waited for when its id is all there is, for a minute", function()
    local task, server = known { MISSING, MISSING, { status = "RUNNING" }, DONE }
    assert.equal("http://h/v", assert(task:await(FAST)).video)
    assert.equal(4, #server:requests())
    task = known { MISSING }
    loop.now = function() return now() + 61 end
    local result, err = task:await(FAST)
    assert.is_nil(result)
    assert.same({ "not_found", task }, { err.kind, err.task })
  end)

  it("is returned once, and can be queried again", function()
    local task, server = known { MISSING, MISSING, { status = "RUNNING" }, DONE }
    for _ = 1, 2 do
      local same, err = task:refresh()
      assert.is_nil(same)
      assert.same({ "not_found", task, true, QUERY, 1 }, { err.kind, err.task,
        err.retryable, err.call, err.attempts })
      assert.equal(err, task.error)
    end
    assert.equal(task, (task:refresh()))
    assert.same({ "RUNNING", false }, { task.status, task.done })
    assert.is_nil(task.error)
    assert(task:await(FAST))
    assert.equal(4, #server:requests())
  end)

  it("is asked for again after it was given up", function()
    local task = known { MISSING, DONE }
    loop.now = function() return now() + 61 end
    assert.equal("not_found", select(2, task:await(FAST)).kind)
    assert.equal("http://h/v", assert(task:await(FAST)).video)
    assert.is_nil(task.error)
  end)

  it("is named where the wait takes too long", function()
    local _, err = known { MISSING }:await { timeout = 0.1, interval = 0.05 }
    assert.equal("timeout", err.kind)
    assert.truthy(err.message:find("does not know the task", 1, true))
  end)
end)

-- What passes and what does not --------------------------------------------

local PASSING = {
  ["a 500"] = scripted.answer(500, {}, "oops"),
  ["a 503"] = scripted.answer(503, {}, ""),
  ["a reset"] = "reset",
  ["HTML"] = scripted.answer(200, {}, "<html><title>Gateway</title></html>"),
  ["an empty answer"] = scripted.answer(200, {}, ""),
  ["half an answer"] = scripted.answer(200, {}, '{"status":"RUN'),
  ["a query that failed"] = { status = "error", data = { message = "busy" } },
  ["a rate limit"] = scripted.answer(429, {}, '{"error":"too many requests"}'),
  ["no money"] = scripted.answer(429, {}, '{"error":"no balance"}'),
  ["a redirect"] = scripted.answer(302, { Location = "/login" }, ""),
}

local LASTING = {
  ["a wrong key"] = { scripted.answer(401, {}, '{"error":"key"}'), "auth" },
  ["a 403"] = { scripted.answer(403, {}, '{"error":"key"}'), "auth" },
  ["a bad request"] = { scripted.answer(400, {}, '{"error":"taskid"}'),
    "invalid_request" },
}

describe("a wait", function()
  after_each(support.clean)

  for name, answer in pairs(PASSING) do
    it("goes on after " .. name, function()
      local task = known { answer, answer, { status = "RUNNING" }, answer, DONE }
      assert.equal("http://h/v", assert(task:await(FAST)).video)
    end)

    it("is returned by refresh(): " .. name, function()
      local task = known { answer }
      local same, err = task:refresh()
      assert.is_nil(same)
      assert.equal(task, err.task)
      assert.same({ "CREATED", false }, { task.status, task.done })
      assert.is_nil(task.error)
    end)
  end

  for name, case in pairs(LASTING) do
    it("ends with " .. name, function()
      local task, server = known { case[1] }
      local result, err = task:await(FAST)
      assert.is_nil(result)
      assert.same({ case[2], task }, { err.kind, err.task })
      assert.is_false(task.done)
      assert.equal(1, #server:requests())
    end)
  end

  it("does not take it for running when no query was answered", function()
    local server = support.serve { default = { { "wait_close", 5 } } }
    local client = client_at((server.url:gsub("^http", "https")),
      { timeout = { connect = 0.2 } })
    local task = client:task("7")
    local same, err = task:refresh()
    assert.is_nil(same)
    assert.same({ "timeout", "no_connection", true, task, false },
      { err.kind, err.code, err.retryable, err.task, task.done })
    local wait = { timeout = 1.5, interval = 0.01 }
    assert.truthy(select(2, task:await(wait)).message:find(
      "(the last query said: ", 1, true))
  end)

  it("is not asked again for an end mark that got lost", function()
    local server = support.serve { default = { { "request" }, { "send",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      .. scripted.chunk('{"taskid":"7","status":"RUNNING"}') } } }
    local task = client_at(server.url, { retries = 2 }):task("7")
    assert(task:refresh())
    assert.same({ "RUNNING", 1 }, { task.status, #server:requests() })
  end)

  it("takes a query that hangs for a task that runs", function()
    local task, server = known({ 120, DONE }, { timeout = { total = 2 } })
    assert.equal(task, (task:refresh()))
    assert.same({ "CREATED", false, 1 },
      { task.status, task.done, #server:requests() })
    task = known({ 120, 120, DONE }, { timeout = { total = 2 } })
    assert(task:await(FAST))
  end)

  it("that takes too long leaves the task as it is", function()
    local answers = { CREATED, { status = "RUNNING" } }
    local task = young(answers)
    local took, result, err = support.timed(task.await, task,
      { timeout = 2, interval = 0.1 })
    assert.is_nil(result)
    assert.truthy(took >= 1.99 and took < support.SOON, took)
    assert.same({ "timeout", "RUNNING", false, true },
      { err.kind, task.status, task.done, err.retryable })
    assert.equal(task, err.task)
    assert.truthy(err.message:find('client:task("7")', 1, true))
    assert.equal("still RUNNING", err.summary)
    support.clean()
    local server = answering { DONE }
    task = client_at(server.url):task("7")
    task.status = "RUNNING"
    assert(err.task ~= task and task:await(FAST))
  end)

  it("that took too long can be waited for again", function()
    local task = known { { status = "RUNNING" }, { status = "RUNNING" }, DONE }
    local result, err = task:await { timeout = 0.6, interval = 0.35 }
    assert.same({ nil, "timeout" }, { result, err.kind })
    assert.equal("http://h/v", assert(err.task:await(FAST)).video)
  end)

  it("ends in time when the query hangs", function()
    local task = known { 120 }
    local took, result, err = support.timed(task.await, task, { timeout = 0.3 })
    assert.same({ nil, "timeout" }, { result, err.kind })
    assert.truthy(took >= 0.29 and took < support.SOON, took)
  end)

  it("that took too long reports the last query", function()
    local task = known { scripted.answer(500, {}, "out of order") }
    local _, err = task:await { timeout = 2, interval = 0.1 }
    assert.equal("timeout", err.kind)
    assert.truthy(err.message:find("out of order", 1, true))
  end)

  it("sleeps between the queries for the requested time", function()
    local sleep, interval, naps = loop.sleep, polling.interval, {}
    finally(function() loop.sleep, polling.interval = sleep, interval end)
    polling.interval = function(pace, n, fixed)
      assert.equal(task_of.PACE, pace)
      assert.is_nil(fixed)
      return n / 1000
    end
    loop.sleep = function(seconds) naps[#naps + 1] = seconds end
    local task = known { { status = "RUNNING" }, scripted.answer(500, {}, ""),
      { status = "RUNNING" }, DONE }
    assert(task:await())
    assert.same({ 0.001, 0.002, 0.003 }, naps)
  end)

  it("asks for an id as it is, whatever is in it", function()
    local server = answering { { status = "RUNNING" } }
    local task = client_at(server.url):task "a b&c=你/_.~-9"
    assert(task:refresh())
    assert.equal("/llmage/v1/tasks?taskid=a%20b%26c%3D%E4%BD%A0%2F_.~-9",
      server:requests()[1].path)
  end)

  -- After the last one the usual pace applies again.
  it("sleeps as long as an answer asks for", function()
    local sleep, naps = loop.sleep, {}
    finally(function() loop.sleep = sleep end)
    loop.sleep = function(seconds) naps[#naps + 1] = seconds end
    local running = '{"status": "RUNNING"}'
    local task = known { scripted.answer(200, { { "Retry-After", "20" } }, running),
      scripted.answer(200, { { "rETRY-after", "0.002" } }, running),
      { status = "RUNNING" }, DONE }
    assert(task:await())
    assert.same({ 20, 0.002 }, { naps[1], naps[2] })
    assert.truthy(naps[3] > 4 and naps[3] < 15)
  end)

  it("takes half an hour by default", function()
    local before = loop.now()
    local ends = task_of.deadline {}
    assert.truthy(ends >= before + 1800 and ends < before + 1801)
  end)

  local MISTAKES = {
    { { timout = 5 }, 'task:await: unknown option "timout", did you mean "timeout"?' },
    { { timeout = "5" }, "task:await: timeout: expected number, got string" },
    { { interval = true }, "task:await: interval: expected number, got boolean" },
    { { on_update = 1 }, "task:await: on_update: expected function, got number" },
    { 5, "task:await: expected table, got number" },
  }

  it("refuses unknown options, at the caller's line", function()
    local task, server = known { DONE }
    for _, case in ipairs(MISTAKES) do
      assert.same({ 1, case[2] }, { support.raised_at(function()
        local result = task:await(case[1])
        return result
      end) })
    end
    assert.equal(0, #server:requests())
  end)
end)

-- Saving -------------------------------------------------------------------

describe("task:save", function()
  after_each(support.clean)

  it("waits first, then saves", function()
    local files = support.serve { default = { { "request" },
      { "send", scripted.answer(200, {}, "film") } } }
    local task = known { { status = "SUCCEEDED", video = files.url .. "/v.mp4" } }
    local path = support.tempdir() .. "/out.mp4"
    assert.equal(path, (assert(task:save(path))))
    assert.equal("film", support.read(path))
    assert.is_true(task.done)
  end)

  it("takes what await takes, and what Result:save takes", function()
    local files = support.serve { default = { { "request" },
      { "send", scripted.answer(200, {}, "film") } } }
    local task = known { { status = "RUNNING" },
      { status = "SUCCEEDED", image = files.url .. "/c.png",
        video = files.url .. "/v.mp4" } }
    local path, seen, bytes = support.tempdir() .. "/out.mp4", {}, nil
    assert.equal(path, (assert(task:save(path, { timeout = 5,
      interval = 0.01, kind = "video", index = 1,
      on_update = function(t) seen[#seen + 1] = t.status end,
      on_progress = function(received) bytes = received end }))))
    assert.same({ { "RUNNING", "SUCCEEDED" }, 4 }, { seen, bytes })
  end)

  it("waits no longer than it may", function()
    local task = known { { status = "RUNNING" } }
    local path, err = task:save(support.tempdir() .. "/x",
      { timeout = 0.1, interval = 0.02 })
    assert.is_nil(path)
    assert.same({ "timeout", task }, { err.kind, err.task })
  end)

  it("sees before it waits that a file can be made there", function()
    local task, server = known { DONE }
    for _, path in ipairs { "/dev/null", "/proc/none", "a\0b",
      support.tempdir() .. "/none/x" } do
      local saved, err = task:save(path)
      assert.is_nil(saved)
      assert.same({ "io", task }, { err.kind, err.task })
    end
    assert.equal(0, #server:requests())
  end)

  it("has the error of the wait", function()
    local task = known { { status = "FAILED", error = "no" } }
    local path, err = task:save(support.tempdir() .. "/x")
    assert.is_nil(path)
    assert.same({ "task_failed", task }, { err.kind, err.task })
  end)

  it("refuses a mistake before it waits", function()
    local task, server = known { DONE }
    local CASES = {
      { {}, "save: path: expected a path" },
      { { "" }, "save: path: expected a path" },
      { { "x", { on_progres = print } },
        'save: unknown option "on_progres", did you mean "on_progress"?' },
      { { "x", { index = "1" } }, "save: index: expected number, got string" },
      { { "x", { timeout = "1" } },
        "task:save: timeout: expected number, got string" },
      { { "x", 5 }, "task:save: expected table, got number" },
      { { "x", { in_flight = 1 } },
        'save: unknown option "in_flight" (known: index, kind, on_progress)' },
    }
    for _, case in ipairs(CASES) do
      local ok, message = pcall(function()
        local saved = task:save(case[1][1], case[1][2])
        return saved
      end)
      assert.is_false(ok)
      assert.truthy(message:find("task_spec.lua", 1, true), message)
      assert.truthy(message:find(case[2], 1, true), message)
    end
    assert.equal(0, #server:requests())
  end)
end)
