local child = require "support.child"
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local async, sleep = yuanjing.async, yuanjing.sleep
local STREAM = scripted.answer(200, { ["Connection"] = "close" })
local SILENCE = { "wait_close", 120 }

local function event_of(text)
  return 'data: {"content":"' .. text .. '"}\n\n'
end

local DONE = "data: [DONE]\n\n"

local function serve(...)
  return support.serve { default = { { "request" }, ... } }
end

local function client_at(server, options)
  local all = { api_key = "sk-test", base_url = server.url, retries = 0 }
  for name, value in pairs(options or {}) do all[name] = value end
  return yuanjing.new(all)
end

local function packed(...)
  return { n = select("#", ...), ... }
end

local function fields(err)
  assert.is_true(errors.is(err), tostring(err))
  return support.fields(err, "kind", "call", "message", "retryable")
end

local CANCELLED = { kind = "cancelled", call = "job:cancel",
  message = "the job was cancelled", retryable = false }
local TIMEOUT = { kind = "timeout", call = "job:await", retryable = true,
  message = "the job is not done yet; await it again" }

-- A job that waits until release() is called with its results.
local function held()
  local given
  local job = async(function()
    while not given do sleep(0.001) end
    return given[1]
  end)
  return job, function(value) given = { value } end
end

local function is_closed(server)
  return server:connections().opened > 0 and server:connections().open == 0
end

-- The error's text without where it was raised.
local function text_of(problem)
  return (tostring(problem):gsub("^[^:]*:%d+: ", ""))
end

local function line_here()
  return debug.getinfo(2, "l").currentline
end

after_each(support.clean)

describe("a job", function()
  it("runs at once until it waits, then concurrently", function()
    local log = {}
    local job = async(function(word)
      log[#log + 1] = word
      sleep(0.01)
      log[#log + 1] = "on"
    end, "begins")
    log[#log + 1] = "program"
    assert.is_false(job.done)
    job:await()
    assert.is_true(job.done)
    assert.same({ "begins", "program", "on" }, log)
  end)

  it("gives what its function returns, with all nils", function()
    local function all(...) return ... end
    assert.same(packed(nil, 2, nil), packed(async(all, nil, 2, nil):await()))
    assert.same(packed(), packed(async(all):await()))
    assert.same(packed(nil), packed(async(all, nil):await()))
    local job = async(function(...)
      sleep(0.001)
      return nil, select("#", ...), false, nil
    end, nil, nil)
    assert.same(packed(nil, 2, false, nil), packed(job:await()))
  end)

  it("keeps nothing of what it was started with", function()
    local seen = setmetatable({}, { __mode = "k" })
    local function start()
      local given = {}
      seen[given] = true
      return async(function(what)
        assert.is_true(seen[what])
        what = nil
        sleep(60)
        return what
      end, given)
    end
    local job = start()
    collectgarbage()
    collectgarbage()
    assert.is_nil((next(seen)))
    job:cancel()
  end)

  it("is returned to every caller, again and again", function()
    local job, release = held()
    local seen = {}
    local function ask()
      local once, again = job:await(), job:await()
      seen[#seen + 1] = once .. again
    end
    local askers = { async(ask), async(ask), async(ask) }
    release("x")
    assert.equal("x", job:await())
    for _, asker in ipairs(askers) do asker:await() end
    assert.same({ "xx", "xx", "xx" }, seen)
    local took = support.timed(function()
      for _ = 1, 100 do assert(job:await(support.HANG) == "x") end
    end)
    assert.is_true(took < support.SOON, took)
  end)

  it("is of a function", function()
    for got, value in pairs { ["nil"] = false, number = 5, table = {},
      string = "print" } do
      local line = line_here() + 1
      local ok, problem = pcall(function() local job = async(value or nil) return job end)
      assert.is_false(ok)
      assert.equal(("job_spec.lua:%d: yuanjing.async: expected function, got %s")
        :format(line, got), (problem:gsub("^.*(job_spec)", "%1")))
    end
  end)

  it("shows its state", function()
    local job, release = held()
    assert.equal("yuanjing.Job (running)", tostring(job))
    release()
    job:await()
    assert.equal("yuanjing.Job (done)", tostring(job))
    job = async(error, "oh")
    assert.equal("yuanjing.Job (failed)", tostring(job))
    pcall(job.await, job)
    job = async(sleep, 60)
    job:cancel()
    assert.equal("yuanjing.Job (cancelled)", tostring(job))
  end)

  it("that is not referenced goes on", function()
    local count = support.sleepers(10, 0.02)
    collectgarbage()
    collectgarbage()
    support.wait_until(function() return count() == 10 end, sleep)
    assert.equal(10, count())
  end)

  it("may be awaited in a chain of ten thousand", function()
    local first, release = held()
    local job = first
    for n = 1, 10000 do
      local before = job
      job = async(function() return (before:await()) + 1, n end)
    end
    release(0)
    assert.same({ 10000, 10000 }, { job:await() })
  end)

  it("may start one that starts one, five hundred deep", function()
    local function nest(n, waits)
      if waits then sleep(0) end
      if n == 0 then return "the end" end
      return (async(nest, n - 1, waits):await())
    end
    assert.equal("the end", nest(500))
    assert.equal("the end", async(nest, 500, true):await())
  end)

  it("gives way to all where its user yields", function()
    local log, seen = {}, nil
    local job = async(function()
      seen = packed(coroutine.yield("to whom?"))
      log[#log + 1] = "job"
    end)
    async(function() log[#log + 1] = "other" end)
    job:await()
    assert.same({ "other", "job" }, log)
    assert.same(packed(), seen)
  end)

  it("may wait in a coroutine of its user's", function()
    local server = serve({ "sleep", 0.02 }, { "send", STREAM .. event_of("a")
      .. event_of("b") .. DONE }, { "close" })
    local job = async(function()
      local texts = coroutine.wrap(function()
        local stream = assert(client_at(server):chat { prompt = "x",
          stream = true })
        for text in stream:text() do coroutine.yield(text) end
      end)
      return texts(), texts(), texts()
    end)
    assert.same(packed("a", "b"), packed(job:await()))
  end)
end)

describe("awaiting", function()
  it("for a time leaves the job as it is", function()
    local job, release = held()
    for _, seconds in ipairs { 0, -1, -math.huge, 0.03 } do
      local took, result, err = support.timed(job.await, job, seconds)
      assert.is_nil(result)
      assert.same(TIMEOUT, fields(err))
      assert.is_true(took >= seconds and took < math.max(0, seconds) + 3,
        took)
    end
    assert.same(TIMEOUT, fields((select(2, async(function()
      return job:await(0.01)
    end):await()))))
    release("x")
    assert.equal("x", job:await(math.huge))
    assert.equal("x", job:await(0))
  end)

  it("of no time lets the others go on, all the same", function()
    local count, job = 0, held()
    async(function()
      for _ = 1, 5 do
        sleep(0)
        count = count + 1
      end
    end)
    for _ = 1, 20 do job:await(0) end
    assert.equal(5, count)
    job:cancel()
  end)

  it("takes a number of seconds and nothing else", function()
    local job = async(function() end)
    for got, value in pairs { string = "5", table = {}, boolean = true,
      nan = 0 / 0 } do
      local line = line_here() + 1
      local ok, problem = pcall(function() local x = job:await(value) return x end)
      assert.is_false(ok)
      assert.equal(("job_spec.lua:%d: job:await: expected number of seconds, "
        .. "got %s"):format(line, got), (problem:gsub("^.*(job_spec)", "%1")))
    end
  end)

  it("oneself is a mistake", function()
    local job
    job = async(function()
      sleep(0)
      job:await()
    end)
    local ok, problem = pcall(job.await, job)
    assert.is_false(ok)
    assert.matches("^[^\n]*job:await: a job can not await itself\n", problem)
  end)

  it("what can never come raises at once", function()
    local a, b
    a = async(function()
      sleep(0)
      return b:await()
    end)
    b = async(function() return a:await() end)
    assert.has_error(function() a:await() end,
      "nothing is in flight: this would wait for ever")
    assert.same(TIMEOUT, fields((select(2, a:await(0.01)))))
    assert.equal("x", async(function()
      sleep(0.01)
      return "x"
    end):await())
    a:cancel()
    assert.same(CANCELLED, fields((select(2, b:await()))))
  end)
end)

describe("a job that fails", function()
  local function oh() error("oh") end

  it("raises it where it is awaited, with the way it came", function()
    local job = async(function()
      sleep(0)
      oh()
    end)
    for _ = 1, 2 do
      local ok, problem = pcall(job.await, job)
      assert.is_false(ok)
      assert.matches("^[^\n]*job_spec.lua:%d+: oh\nstack traceback:\n", problem)
      assert.matches("oh", problem:match("traceback:(.*)"))
      assert.equal(problem, job.traceback)
    end
    assert.is_true(job.done)
  end)

  it("raises what is no text as it is", function()
    local problem = setmetatable({}, { __tostring = function() return "mine" end })
    local job = async(function() error(problem) end)
    local ok, raised = pcall(job.await, job)
    assert.same({ false, true }, { ok, rawequal(raised, problem) })
    assert.matches("^mine\nstack traceback:\n", job.traceback)
    local outcome = packed(pcall(function() async(error):await() end))
    if _VERSION == "Lua 5.5" then -- which makes a text of nil
      assert.matches("^nil\nstack traceback:\n", outcome[2])
    else
      assert.same(packed(false, nil), outcome)
    end
  end)

  it("returns an error of ours as any call does", function()
    local err = errors.new { kind = "balance", message = "no money" }
    local job = async(function() error(err) end)
    for _ = 1, 2 do
      local result, got = job:await()
      assert.is_nil(result)
      assert.is_true(rawequal(err, got))
    end
    assert.matches("^balance: no money.*\nstack traceback:\n", job.traceback)
  end)

  it("ends what it has begun", function()
    local server = serve({ "send", STREAM .. event_of("a") }, SILENCE)
    local inner, stream
    local job = async(function()
      inner = async(sleep, 60)
      stream = assert(client_at(server):chat { prompt = "x", stream = true })
      oh()
    end)
    assert.is_false((pcall(job.await, job)))
    assert.same(CANCELLED, fields((select(2, inner:await()))))
    assert.is_true(server:wait_for(is_closed))
    stream:next()
    local chunk, err = stream:next()
    assert.same({ nil, "cancelled" }, { chunk, err.kind })
  end)

  it("that ends without an error leaves it", function()
    local server = serve({ "send", STREAM .. event_of("a") }, { "sleep", 0.05 },
      { "send", event_of("b") .. DONE }, { "close" })
    local inner, stream = async(function()
      return async(function()
        sleep(0.02)
        return "on"
      end), assert(client_at(server):chat { prompt = "x", stream = true })
    end):await()
    assert.equal("on", inner:await())
    assert.equal("ab", assert(stream:finish()).content)
  end)
end)

describe("a failure", function()
  local SCRIPT = [[
    local yuanjing = require "yuanjing"
    local errors = require "yuanjing.errors"
    local function fail(problem)
      return yuanjing.async(function()
        yuanjing.sleep(0)
        error(problem, 0)
      end)
    end
  ]]

  -- How often each word was reported on stderr.
  local function reports_of(script)
    local status, output = child.run(SCRIPT .. script)
    assert.equal(0, status, output)
    local counts = {}
    for word in output:gmatch(
      "yuanjing: a job failed and nobody awaited it: ([%w ]+)") do
      counts[word] = (counts[word] or 0) + 1
    end
    return counts, output
  end

  it("that is not awaited is reported once", function()
    local counts, output = reports_of [[
      fail "one" fail "two"
      fail(errors.new { kind = "balance", message = "no money" })
      fail(setmetatable({}, { __tostring = function() error "no text" end }))
      yuanjing.sleep(0.5)
      fail "at the end"
      yuanjing.sleep(0.01)
    ]]
    assert.same({ 1, 1, 1, 1 }, { counts.one, counts.two, counts.balance,
      counts["at the end"] })
    assert.matches("one\nstack traceback:\n", output)
  end)

  it("is reported at once, while the program goes on", function()
    assert.same({ soon = 1, ["in the next frame"] = 1 }, (reports_of [[
      local core, told = require "yuanjing.core", nil
      yuanjing.on_error = function(err, traceback)
        told = core.now()
        assert(traceback:find("stack traceback", 1, true))
        assert(err == "soon" or err == "in the next frame", err)
      end
      local from = core.now()
      fail "soon"
      while not told and core.now() - from < 60 do yuanjing.sleep(0.01) end
      assert(told - from < 30)
      told = nil
      fail "in the next frame"
      for _ = 1, 3 do yuanjing.update() end
      assert(told)
    ]]))
  end)

  it("raises what the hook raises, out of update(), and goes on", function()
    local counts, output = reports_of [[
      local errors = require "yuanjing.errors"
      yuanjing.on_error = function(err) error(err, 0) end
      local frames = 0
      local function frame()
        yuanjing.update()
        frames = frames + 1
      end
      frame()
      fail "one"
      local ok, problem
      repeat ok, problem = pcall(frame) until not ok or frames > 5
      print(ok, (tostring(problem):match "^[^\n]*"))
      fail(errors.new { kind = "balance", message = "no money" })
      repeat ok, problem = pcall(frame) until not ok or frames > 12
      print(ok, problem.kind)
      local last = yuanjing.async(function() return "on" end)
      print(last:await())
    ]]
    assert.same({ one = 1, balance = 1 }, counts)
    assert.matches("false\tone\n.*false\tbalance\non", output)
  end)

  it("that came too late to be awaited is reported, too", function()
    assert.same({ slow = 1 }, (reports_of [[
      local job = yuanjing.async(function()
        yuanjing.sleep(1)
        error("slow", 0)
      end)
      job:await(0)
      job:await(0.001)
      yuanjing.sleep(1.2)
      job:cancel()
    ]]))
  end)

  it("that was awaited is not reported", function()
    assert.same({ {}, "" }, { reports_of [[
      pcall(function() fail("one"):await() end)
      local job = fail(errors.new { kind = "balance", message = "no money" })
      job:await()
      job:await()
      fail("cancelled"):cancel()
      pcall(function()
        yuanjing.async(function() fail("in a job"):await() end):await()
      end)
      yuanjing.sleep(0.5)
    ]] })
  end)
end)

describe("cancelling", function()
  it("ends a job where it waits, and its await() returns", function()
    local heard
    local job = async(function()
      local ok, problem = pcall(sleep, 60)
      heard = { ok, problem }
      error("cleaned up")
    end)
    local asker = async(function() return job:await() end)
    local took = support.timed(function()
      job:cancel()
      assert.is_true(job.done)
      assert.same(packed(nil, heard[2]), packed(job:await()))
      assert.same(packed(nil, heard[2]), packed(asker:await()))
    end)
    assert.is_true(took < support.SOON, took)
    assert.is_false(heard[1])
    assert.same(CANCELLED, fields(heard[2]))
  end)

  it("twice is as once, and nothing to one that is done", function()
    local count = 0
    local job = async(function()
      pcall(sleep, 60)
      count = count + 1
    end)
    job:cancel()
    job:cancel()
    assert.equal(1, count)
    local done = async(function() return "x" end)
    done:cancel()
    assert.equal("x", done:await())
    local failed = async(error, "oh", 0)
    failed:cancel()
    assert.is_false((pcall(failed.await, failed)))
  end)

  it("oneself ends there", function()
    local job, reached
    job = async(function()
      sleep(0)
      local inner = async(sleep, 60)
      reached = { inner }
      job:cancel()
      reached[2] = "never"
    end)
    assert.same(CANCELLED, fields((select(2, job:await()))))
    assert.same({ 1, true }, { #reached, reached[1].done })
  end)

  it("reaches all that the job has begun, and they", function()
    local jobs, ended = {}, 0
    local function nest(n)
      jobs[n] = async(function()
        if n < 100 then nest(n + 1) end
        pcall(sleep, 60)
        ended = ended + 1
      end)
    end
    nest(1)
    while not jobs[100] do sleep(0) end
    jobs[40]:cancel()
    support.wait_until(function() return ended >= 61 end, sleep)
    assert.equal(61, ended)
    assert.same({ false, true, true },
      { jobs[39].done, jobs[40].done, jobs[100].done })
    jobs[1]:cancel()
    assert.equal(100, ended)
  end)

  it("one's own parent ends both, and the brothers", function()
    local log, parent, brother = {}, nil, nil
    parent = async(function()
      brother = async(sleep, 60)
      local inner = async(function()
        sleep(0.001)
        parent:cancel()
        log[#log + 1] = "the child goes on"
      end)
      local _, problem = pcall(inner.await, inner)
      log[#log + 1] = problem
      sleep(0)
      log[#log + 1] = "the parent goes on"
    end)
    local _, err = parent:await()
    assert.same(CANCELLED, fields(err))
    sleep(0.01)
    assert.same({ 1, true, true }, { #log, rawequal(log[1], err), brother.done })
  end)

  it("leaves what the job only awaits", function()
    local other, release = held()
    local job = async(function() return other:await() end)
    job:cancel()
    assert.is_false(other.done)
    release("x")
    assert.equal("x", other:await())
  end)

  it("in the course of its start ends it where it waits next", function()
    local log, parent = {}, nil
    parent = async(function()
      sleep(0)
      async(function() parent:cancel() end)
      log[#log + 1] = "here"
      sleep(0)
      log[#log + 1] = "never"
    end)
    assert.same(CANCELLED, fields((select(2, parent:await()))))
    assert.same({ "here" }, log)
  end)

  it("one that has not begun keeps it from beginning", function()
    local ran, kept = 0, 0
    local function nest(n)
      local job = async(function() ran = ran + 1 end)
      if not job.done then
        job:cancel()
        kept = kept + 1
      end
      if n > 1 then async(nest, n - 1) end
    end
    nest(50)
    support.wait_until(function() return ran + kept >= 50 end, sleep)
    assert.equal(50, ran + kept)
    assert.is_true(kept > 0)
  end)

  it("five hundred, each by the last, is no matter", function()
    local jobs, ended = {}, 0
    for i = 1, 500 do
      jobs[i] = async(function()
        pcall(sleep, 60)
        ended = ended + 1
        if jobs[i + 1] then jobs[i + 1]:cancel() end
      end)
    end
    jobs[1]:cancel()
    support.wait_until(function() return ended >= 500 end, sleep)
    assert.equal(500, ended)
  end)

  it("a job that catches it does not delay the others", function()
    local tries = 0
    local job = async(function()
      while true do
        pcall(sleep, 0.001)
        tries = tries + 1
      end
    end)
    local took = support.timed(job.cancel, job)
    assert.is_true(took < support.SOON, took)
    assert.same(CANCELLED, fields((select(2, job:await()))))
    local before = tries
    sleep(0.02)
    assert.equal(before, tries)
    assert.is_true(before < 100, before)
  end)

  it("has nothing sent any more, and nothing begun", function()
    local server = serve { "send", scripted.answer(200, {}, '{"content":"x"}') }
    local seen = {}
    local job = async(function()
      pcall(sleep, 60)
      local reply, err = client_at(server):chat { prompt = "x" }
      seen[1], seen[2] = tostring(reply), err.kind
      local inner = async(function() seen[3] = "begun" end)
      seen[4] = select(2, inner:await()).kind
    end)
    job:cancel()
    support.wait_until(function() return seen[4] end, sleep)
    assert.same({ "nil", "cancelled", nil, "cancelled" }, seen)
    assert.equal(0, #server:requests())
  end)

  it("breaks off what the job reads", function()
    local server = serve({ "send", STREAM .. event_of("a") }, SILENCE)
    local texts, err = {}, nil
    local job = async(function()
      local stream = assert(client_at(server):chat { prompt = "x",
        stream = true })
      err = select(2, pcall(function()
        for text in stream:text() do texts[#texts + 1] = text end
      end))
    end)
    while #texts == 0 do sleep(0.001) end
    job:cancel()
    assert.same({ "a" }, texts)
    assert.same(CANCELLED, fields(err))
    assert.is_true(server:wait_for(is_closed))
  end)

  it("breaks off a download, and its part is gone", function()
    local file = support.serve { default = { { "request" },
      { "send", scripted.answer(200, { ["Content-Length"] = "1000" })
        .. ("x"):rep(500) }, SILENCE } }
    local server = serve { "send", scripted.answer(200, {},
      ('{"status":"SUCCEEDED","video":"%s/v.mp4"}'):format(file.url)) }
    local path = support.tempdir() .. "/v.mp4"
    local received, went_on = 0, false
    local job = async(function()
      local result = assert(client_at(server):task("7"):await())
      result:save(path, {
        on_progress = function(bytes) received = bytes end })
      went_on = true
    end)
    while received == 0 do sleep(0.001) end
    assert.is_true(support.exists(path .. ".part"))
    job:cancel()
    assert.same(CANCELLED, fields((select(2, job:await()))))
    assert.is_false(went_on)
    assert.is_false(support.exists(path .. ".part"))
    assert.is_false(support.exists(path))
    assert.is_true(file:wait_for(is_closed))
  end)

  it("thousands leaves nothing behind", function()
    local keep = async(sleep, 60)
    local function round()
      for _ = 1, 200 do
        local list = {}
        for i = 1, 10 do
          list[i] = async(function() keep:await() end)
        end
        support.watch(list[5])
        for i = 1, 10 do list[i]:cancel() end
      end
    end
    round()
    support.assert_freed()
    assert.is_nil((next(keep._waiters)))
    keep:cancel()
  end)
end)

describe("a stream", function()
  it("that a job has opened may be read in another", function()
    local server = serve({ "send", STREAM .. event_of("a") }, { "sleep", 0.03 },
      { "send", event_of("b") .. DONE }, { "close" })
    local stream = assert(async(function()
      return client_at(server):chat { prompt = "x", stream = true }
    end):await())
    assert.equal("ab", async(function()
      return assert(stream:finish()).content
    end):await())
  end)

  it("is read by one at a time", function()
    local server = serve({ "send", STREAM }, { "sleep", 0.05 },
      { "send", event_of("a") .. DONE }, { "close" })
    local stream = assert(client_at(server):chat { prompt = "x", stream = true })
    local first = async(function() return stream:finish().content end)
    local second = async(function() return stream:next() end)
    assert.has_error(function()
      local ok, problem = pcall(second.await, second)
      error(ok or problem:match("^[^\n]*"), 0)
    end, "somebody else is reading this already")
    assert.equal("a", first:await())
  end)

  it("whose reader is cancelled may have another", function()
    local server = serve({ "send", STREAM }, { "sleep", 0.05 },
      { "send", event_of("a") .. DONE }, { "close" })
    local stream = assert(client_at(server):chat { prompt = "x", stream = true })
    async(function() stream:next() end):cancel()
    assert.equal("a", async(function()
      return stream:finish().content
    end):await())
  end)

  it("that is dropped with its reader is closed", function()
    local server = serve({ "send", STREAM }, SILENCE)
    local function drop()
      local stream = assert(client_at(server):chat { prompt = "x",
        stream = true })
      async(function() stream:next() end):cancel()
    end
    coroutine.wrap(drop)()
    collectgarbage()
    collectgarbage()
    assert.is_true(server:wait_for(is_closed))
  end)

  it("loses no event to a fiber that ends with it", function()
    local server = support.serve { connections = {
      { { "request" }, { "send", STREAM .. event_of("a") .. DONE },
        { "gate", "end" } },
      { { "request" }, { "send", STREAM .. event_of("b") }, { "gate", "end" },
        { "send", DONE } } } }
    local client = client_at(server)
    local one = assert(client:chat { prompt = "x", stream = true })
    local other = assert(client:chat { prompt = "x", stream = true })
    local job = async(function() return other:finish().content end)
    one:next()
    server:open "end"
    server:wait_for(function() return server:connections().closed == 2 end)
    -- both have ended, and no code has looked
    assert.equal("a", one:finish().content)
    assert.equal("b", job:await())
  end)

  -- Once the reader was never woken.
  it("notifies its reader that it was closed elsewhere", function()
    local server = serve({ "send", STREAM .. event_of("a") }, SILENCE)
    local stream = assert(client_at(server):chat { prompt = "x",
      stream = true })
    for name, read in pairs {
      next = function() return stream:next() end,
      finish = function() return stream:finish() end,
    } do
      stream = assert(client_at(server):chat { prompt = "x", stream = true })
      local has_begun = false
      local reader = async(function()
        assert.equal("a", assert(stream:next()).content)
        has_begun = true
        return read()
      end)
      support.wait_until(function() return has_begun end, sleep)
      stream:close()
      local took, text, err = support.timed(reader.await, reader, support.HANG)
      assert.is_nil(text)
      assert.same({ name, "cancelled", "the stream was closed meanwhile" },
        { name, err.kind, err.message })
      assert.is_true(took < support.SOON, took)
    end
  end)
end)

describe("sleep", function()
  it("takes a number of seconds and nothing else", function()
    for got, value in pairs { string = "5", table = {}, nan = 0 / 0,
      ["nil"] = false } do
      assert.equal("yuanjing.sleep: expected number of seconds, got " .. got,
        text_of((select(2, pcall(function() sleep(value or nil) end)))))
    end
  end)

  it("ends in the order of time", function()
    local order = {}
    for _, n in ipairs { 3, 1, 4, 2, 5, 0 } do
      async(function()
        sleep(n / 30)
        order[#order + 1] = n
      end)
    end
    local took = support.timed(sleep, 0.2)
    assert.same({ 0, 1, 2, 3, 4, 5 }, order)
    assert.is_true(took >= 0.2 and took < support.SOON, took)
    for _, seconds in ipairs { 0, -1, -math.huge } do
      assert.is_true(support.timed(sleep, seconds) < support.SOON)
    end
  end)

  it("without an end may be cancelled", function()
    local job = async(sleep, math.huge)
    assert.same(TIMEOUT, fields((select(2, job:await(0.01)))))
    job:cancel()
    assert.same(CANCELLED, fields((select(2, job:await()))))
  end)
end)

describe("update", function()
  local update = yuanjing.update

  it("moves everything on, and never waits", function()
    local server = serve({ "gate", "answer" }, { "send", STREAM
      .. event_of("a") .. DONE }, { "close" })
    local job = async(function()
      sleep(0.2)
      return assert(client_at(server):chat { prompt = "x",
        stream = true }):finish().content
    end)
    local frames = 0
    support.wait_until(function()
      update()
      frames = frames + 1
      return frames > 20 and #server:events "gate" == 1
    end)
    assert.is_false(job.done)
    server:open "answer"
    support.wait_until(function()
      update()
      return job.done
    end)
    assert.equal("a", job:await())
  end)

  it("reads all that has come, as far as the budget goes", function()
    local server = serve({ "send", STREAM .. event_of("a") }, { "gate", "b" },
      { "send", event_of("b") }, { "wait_close", 120 })
    local client, seen, jobs = client_at(server), { a = 0, b = 0 }, {}
    for i = 1, 150 do
      jobs[i] = async(function()
        local stream = assert(client:chat { prompt = "x", stream = true })
        for text in stream:text() do seen[text] = seen[text] + 1 end
      end)
    end
    support.wait_until(function() return seen.a == 150 end, update)
    local ends = core.now() + 1 -- libcurl has no timers any more by then
    while core.now() < ends do update(1) end
    server:open "b"
    server:wait_for(function() return #server:events "waiting" == 150 end)
    local before = seen.b
    update(support.HANG)
    assert.same({ a = 150, b = 150 }, seen)
    assert.truthy(before == 0, before)
    for _, job in ipairs(jobs) do job:cancel() end
  end)

  it("takes as long as its budget, and starves no job", function()
    local function burn(seconds)
      local ends = core.now() + seconds
      repeat until core.now() >= ends
    end
    local ran = {}
    for i = 1, 20 do
      async(function()
        for n = 1, 3 do
          sleep(0)
          burn(0.002)
          ran[#ran + 1] = { i, n }
        end
      end)
    end
    local longest, updates = 0, 0
    while #ran < 60 and updates < 100 do
      local before = #ran
      update(0.005)
      longest = math.max(longest, #ran - before)
      updates = updates + 1
    end
    assert.equal(60, #ran)
    assert.is_true(longest <= 4, longest)
    for place, one in ipairs(ran) do
      assert.equal(math.ceil(place / 20), one[2])
    end
  end)

  it("with the least budget does one thing at a time", function()
    for _, budget in ipairs { 0, -1, 1e-9 } do
      local count = support.sleepers(3, 0)
      for n = 1, 3 do
        update(budget)
        assert.equal(n, count())
      end
    end
  end)

  it("resumes all whose transfers a job makes ready", function()
    local server = serve({ "send", STREAM }, SILENCE)
    local stream
    local opener = async(function()
      stream = assert(client_at(server):chat { prompt = "x", stream = true })
      sleep(0.05)
      error "oh"
    end)
    while not stream do sleep(0.001) end
    local reader = async(function() return stream:next() end)
    local ends = core.now() + support.HANG
    while not reader.done and core.now() < ends do
      update(0)
      support.sleep(0.005)
    end
    assert.is_false((pcall(opener.await, opener)))
    assert.is_true(reader.done)
    assert.equal("cancelled", select(2, reader:await()).kind)
  end)

  it("with nothing in flight does nothing", function()
    local took = support.timed(function()
      for _ = 1, 1000 do update() end
    end)
    assert.is_true(took < support.SOON, took)
  end)

  it("takes a number of seconds and nothing else", function()
    for got, value in pairs { string = "5", table = {}, nan = 0 / 0 } do
      assert.equal("yuanjing.update: expected number of seconds, got " .. got,
        text_of((select(2, pcall(function() update(value) end)))))
    end
  end)
end)

-- A forked child, while its parent has jobs in flight.
describe("a forked child", function()
  local SCRIPT = [[
    local yuanjing, process = require "yuanjing", require "process"
    local url, log = ..., {}
    local function client()
      return yuanjing.new { api_key = "k", base_url = url }
    end
    local sleeping = yuanjing.async(function()
      local ok = pcall(yuanjing.sleep, 0.1)
      log[#log + 1] = ok and "slept" or "stopped"
    end)
    local asking = yuanjing.async(function()
      local reply = client():chat { prompt = "x" }
      log[#log + 1] = reply and reply.content or "no reply"
    end)
    local function expect(ok) if not ok then process.exit(9) end end
    local function in_child(run)
      if process.fork() == 0 then
        local ok, problem = pcall(run)
        if not ok then io.stderr:write(tostring(problem), "\n") end
        process.exit(ok and #log == 0 and 0 or 1)
      end
    end
    local function finish(child)
      sleeping:await()
      asking:await()
      table.sort(log)
      io.write(table.concat(log, " "))
    end
  ]]

  local CASES = {
    ["moves everything on"] = [[
      for _ = 1, 30 do yuanjing.update() yuanjing.sleep(0.01) end
    ]],
    ["has jobs of its own"] = [[
      local job = yuanjing.async(function()
        yuanjing.sleep(0.15)
        return "mine"
      end)
      assert(job:await() == "mine")
    ]],
    ["asks for itself"] = [[
      local job = yuanjing.async(function()
        return client():chat { prompt = "child" }.content
      end)
      assert(job:await() == "x")
    ]],
    ["cancels its parent's"] = [[
      sleeping:cancel()
      asking:cancel()
      yuanjing.sleep(0.15)
    ]],
    ["awaits its parent's"] = [[
      local slept, err = sleeping:await()
      assert(not slept and err.kind == "cancelled", err)
    ]],
    ["watches the descriptor"] = [[
      local core = require "yuanjing.core"
      local fd = yuanjing.loop:pollfd()
      assert(not core.pollfd(fd, 0.15))
      yuanjing.loop:step()
    ]],
  }

  for name, script in pairs(CASES) do
    it(name .. ", and its parent's jobs run in the parent alone", function()
      local server = serve({ "sleep", 0.2 },
        { "send", scripted.answer(200, {}, '{"content":"x"}') })
      assert.same({ 0, "slept x" }, { child.run(SCRIPT .. "in_child(function() "
        .. script .. " end) finish()", server.url) })
    end)
  end

  it("that a job has forked goes on in that job alone", function()
    local server = serve({ "sleep", 0.2 },
      { "send", scripted.answer(200, {}, '{"content":"x"}') })
    assert.same({ 0, "slept x" }, { child.run(SCRIPT .. [[
      local third = yuanjing.async(function()
        yuanjing.sleep(0.02)
        yuanjing.async(yuanjing.sleep, 0.01)
        in_child(function()
          yuanjing.sleep(0.15)
          assert(client():chat { prompt = "child" }.content == "x")
        end)
      end)
      third:await()
      finish()
    ]], server.url) })
  end)
end)
