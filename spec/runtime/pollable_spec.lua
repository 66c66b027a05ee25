-- The interface for another event loop: the descriptor, and step(). The other
-- loop is poll(2) here; real ones are in conformance_spec.lua.
local core = require "yuanjing.core"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local async, sleep, loop = yuanjing.async, yuanjing.sleep, yuanjing.loop
local pool = require("yuanjing.runtime.loop").pool
local STREAM = scripted.answer(200, { ["Connection"] = "close" })
local EVENT, DONE = 'data: {"content":"a"}\n\n', "data: [DONE]\n\n"
local SILENCE = { "wait_close", 120 }

-- Read once, as other loops do.
local fd = loop:pollfd()
if not fd then return end -- poll(2) has no descriptor

local function serve(...)
  return support.serve { default = { { "request" }, ... } }
end

local function client_at(server)
  return yuanjing.new { api_key = "sk-test", base_url = server.url }
end

local function is_readable(seconds)
  return core.pollfd(fd, seconds or 0)
end

-- Polls as another loop does until the job is done: the number of steps.
local function drive(job)
  local steps, ends = 0, core.now() + support.HANG
  while not job.done and core.now() < ends do
    if is_readable(math.max(0, ends - core.now())) then
      loop:step()
      steps = steps + 1
    end
  end
  assert.is_true(job.done)
  return steps
end

-- Waits until nothing of earlier tests is left; a connection may linger.
local function settle()
  support.wait_until(function() return pool():count() == 0 end, sleep)
  local ends = core.now() + support.HANG
  while is_readable(0.02) and core.now() < ends do loop:step() end
  assert.is_false(is_readable())
end

describe("the loop as others see it", function()
  before_each(settle)
  after_each(support.clean)

  it("has one descriptor, to be read", function()
    assert.equal("number", type(fd))
    assert.same({ fd, "r" }, { loop:pollfd(), loop:events() })
  end)

  it("is woken by the clock for a job that sleeps", function()
    local late = async(sleep, 200)
    assert.is_false(is_readable())
    local left = loop:timeout()
    assert.is_true(left > 100 and left <= 200, left)
    late:cancel()
    settle()
    local from = core.now()
    local steps = drive(async(sleep, 0.2))
    local took = core.now() - from
    assert.is_true(took >= 0.2 and took < support.SOON, took)
    assert.is_true(steps <= 3, steps)
  end)

  it("is woken for the earliest, and for one that comes later", function()
    local late = async(sleep, 200)
    local soon = async(sleep, 0.05)
    local took = support.timed(drive, soon)
    assert.is_true(took < support.SOON, took)
    local sooner = async(function()
      sleep(0.02)
      sleep(0.02)
    end)
    drive(sooner)
    local left = loop:timeout()
    assert.is_true(left > 100 and left <= 200, left)
    late:cancel()
  end)

  it("is woken at once for what was done between two steps", function()
    local sleeping = async(sleep, 60)
    local asker = async(function() return sleeping:await() end)
    settle()
    sleeping:cancel()
    assert.is_false(asker.done)
    assert.is_true(is_readable())
    assert.is_true(loop:timeout() < 0.001)
    loop:step()
    assert.is_true(asker.done)
  end)

  it("is woken for what a call that waited has begun", function()
    local job = async(function()
      sleep(0.02)
      sleep(0.7)
    end)
    sleep(0.1)
    local took = support.timed(drive, job)
    assert.is_true(took < support.SOON, took)
  end)

  it("is woken for a transfer that a stream's end made ready", function()
    local server = support.serve { connections = {
      { { "request" }, { "send", STREAM .. EVENT .. DONE }, { "gate", "end" } },
      { { "request" }, { "send", STREAM .. EVENT }, { "gate", "end" },
        { "send", DONE } } } }
    local client = client_at(server)
    local one = assert(client:chat { prompt = "x", stream = true })
    local other = assert(client:chat { prompt = "x", stream = true })
    local job = async(function() return other:finish() end)
    one:next()
    server:open "end"
    server:wait_for(function() return server:connections().closed == 2 end)
    -- both have ended, and no code has looked
    one:finish()
    drive(job)
  end)

  it("is woken for all that comes, and only for that", function()
    local server = serve({ "sleep", 0.05 }, { "send", STREAM .. EVENT },
      { "sleep", 0.05 }, { "send", EVENT .. DONE }, { "close" })
    local text
    local job = async(function()
      local stream = assert(client_at(server):chat { prompt = "x",
        stream = true })
      text = stream:finish().content
    end)
    local steps = drive(job)
    assert.equal("aa", text)
    assert.is_true(steps < 30, steps)
  end)

  it("is quiet while nothing comes", function()
    local server = serve({ "send", STREAM }, SILENCE)
    local jobs = { async(sleep, 60), async(function()
      return assert(client_at(server):chat { prompt = "x",
        stream = true }):finish()
    end) }
    support.wait_until(function() return #server:events "waiting" == 1 end,
      sleep)
    drive(async(sleep, 0.3)) -- libcurl has no timer any longer
    local wakes, from, ends = 0, os.clock(), core.now() + 0.3
    while core.now() < ends do
      if is_readable(math.max(0, ends - core.now())) then
        loop:step()
        wakes = wakes + 1
      end
    end
    assert.is_true(wakes <= 2, wakes)
    assert.is_true(os.clock() - from < 0.15)
    for _, job in ipairs(jobs) do job:cancel() end
  end)

  it("comes to have nothing to do by the clock when nothing is under way", function()
    assert.is_true(support.wait_until(function()
      loop:step() -- a connection that another test ended may have a last second
      local left = loop:timeout()
      return left == nil or left > 1
    end))
  end)

  it("steps without waiting, and as long as requested", function()
    local job = async(sleep, support.HANG)
    assert.is_true(support.timed(loop.step, loop) < support.SOON)
    assert.is_false(job.done)
    local count = support.sleepers(4, 0)
    loop:step(0)
    assert.equal(1, count())
    loop:step(-1)
    assert.equal(2, count())
    assert.is_true(is_readable())
    loop:step(support.HANG)
    assert.equal(4, count())
    job:cancel()
  end)

  it("takes a budget of seconds and nothing else", function()
    for got, budget in pairs { string = "5", table = {}, nan = 0 / 0 } do
      local ok, problem = pcall(function() loop:step(budget) end)
      assert.is_false(ok)
      assert.equal("loop:step: expected number of seconds, got " .. got,
        (problem:gsub("^.*pollable_spec.lua:%d+: ", "")))
    end
  end)
end)

-- A process that has not used the descriptor yet.
describe("a descriptor that is asked for late", function()
  local child = require "support.child"

  it("wakes for a job that sleeps already", function()
    assert.same({ 0, "true true" }, { child.run [[
      local core, yuanjing = require "yuanjing.core", require "yuanjing"
      local job = yuanjing.async(yuanjing.sleep, 0.05)
      io.write(tostring(core.pollfd(yuanjing.loop:pollfd(), 60)), " ")
      yuanjing.loop:step()
      io.write(tostring(job.done))
    ]] })
  end)

  it("wakes for a job whose turn it is", function()
    assert.same({ 0, "true true" }, { child.run [[
      local core, yuanjing = require "yuanjing.core", require "yuanjing"
      local first = yuanjing.async(yuanjing.sleep, 60)
      local job = yuanjing.async(function() first:await() end)
      first:cancel()
      io.write(tostring(core.pollfd(yuanjing.loop:pollfd(), 60)), " ")
      yuanjing.loop:step()
      io.write(tostring(job.done))
    ]] })
  end)
end)
