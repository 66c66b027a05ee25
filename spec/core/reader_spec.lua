-- Waiters for the events of a transfer: fibers inside the readers of a stream, and
-- other subscribers.
local core = require "yuanjing.core"
local scripted = require "support.scripted"
local support = require "support"
local transfers = require "support.transfers"

local answer = scripted.answer
local STREAM = answer(200, { ["Connection"] = "close" })
local SILENCE = { "wait_close", 120 }

local function event_of(text)
  return ('data: {"choices":[{"delta":{"content":"%s"}}]}\n\n'):format(text)
end

local pool, servers

before_each(function()
  pool, servers = support.watch(assert(core.pool())), {}
end)

after_each(function()
  pool:close()
  pool = nil
  support.clean()
end)

-- A stream whose server follows these steps.
local function open(...)
  local server = support.serve { default = { { "request" }, ... } }
  servers[#servers + 1] = server
  return assert(pool:open { method = "GET", proxy = "", url = server.url,
    events = true })
end

-- A coroutine for the function, and the results of its first switch: it has run
-- until it waits.
local function fiber(run)
  local thread = coroutine.create(run)
  return thread, core.switch(thread)
end

-- Advances the pool until all is here that the servers send.
local function settle()
  for _, server in ipairs(servers) do transfers.settle(pool, server) end
end

-- Dispatches until a fiber has ended. Returns the results of dispatch().
local function dispatch_until_ended()
  local ends = core.now() + support.HANG
  repeat
    pool:wait(0.1)
    local told = { pool:dispatch() }
    if told[2] then return told end
  until core.now() > ends
  error("no fiber has ended")
end

describe("a fiber", function()
  it("waits in a reader, and is gone on with by each event", function()
    local transfer = open({ "send", STREAM }, { "sleep", 0.05 },
      { "send", event_of "a" }, { "sleep", 0.05 }, { "send", event_of "b" },
      { "sleep", 0.05 }, { "send", "data: [DONE]\n\n" }, SILENCE)
    local seen = {}
    local thread, waits = fiber(function()
      for _ = 1, 3 do seen[#seen + 1] = { transfer:text() } end
    end)
    assert.is_true(waits)
    assert.equal(thread, transfer:waiter())
    assert.same({ true, thread, false }, dispatch_until_ended())
    assert.same({ { "a" }, { "b" }, { nil, "done" } }, seen)
    assert.is_nil(transfer:waiter())
    assert.equal("dead", coroutine.status(thread))
  end)

  it("gets what that reader is after", function()
    local script = { { "send", STREAM }, { "sleep", 0.05 },
      { "send", event_of "a" .. "data: [DONE]\n\n" }, SILENCE }
    local unpack = table.unpack or unpack
    local seen = {}
    for _, name in ipairs { "next", "text", "drain" } do
      local transfer = open(unpack(script))
      fiber(function() seen[name] = { transfer[name](transfer, true) } end)
      dispatch_until_ended()
      if name == "next" then
        assert.equal("done", select(2, transfer:next()))
      end
    end
    assert.same({ "a" }, seen.text)
    assert.same({ nil, "done" }, seen.drain)
    assert.equal('{"choices":[{"delta":{"content":"a"}}]}',
      core.text(seen.next[2]))
    seen.next[2] = "json"
    assert.same({ "a", "json", nil, false, false }, seen.next)
  end)

  it("reads on without a wait while there is something", function()
    local transfer = open({ "send", STREAM .. event_of "a" .. event_of "b" },
      SILENCE)
    settle()
    local _, waits = fiber(function()
      assert.equal("ab", transfer:text() .. transfer:text())
    end)
    assert.is_false(waits)
  end)

  it("is not told of what is nothing to it", function()
    local transfer = open({ "send", STREAM }, { "sleep", 0.05 },
      { "send", ": a comment\n\ndata: {\"choices\":" }, { "sleep", 0.1 },
      { "send", "[],\"content\":\"\"}\n\ndata: [DONE]\n\n" }, SILENCE)
    local times = 0
    fiber(function()
      assert.equal("done", select(2, transfer:text()))
      times = times + 1
    end)
    dispatch_until_ended()
    assert.equal(1, times)
  end)

  it("that is woken gets nothing, and may read again", function()
    local transfer = open({ "send", STREAM }, { "sleep", 0.1 },
      { "send", event_of "a" }, SILENCE)
    local seen = {}
    local thread = fiber(function()
      seen[1] = select("#", transfer:text())
      transfer:subscribe(nil)
      seen[2] = transfer:text()
    end)
    assert.is_true(core.switch(thread))
    dispatch_until_ended()
    assert.same({ 0, "a" }, seen)
  end)

  it("that was stopped waits in no reader", function()
    local transfer = open({ "send", STREAM }, SILENCE)
    local seen
    local thread = coroutine.create(function()
      core.interrupt(core.fiber())
      seen = { transfer:text() }
    end)
    assert.is_false(core.switch(thread))
    assert.same({ nil, "pending" }, seen)
    local _, waits = fiber(function() transfer:text() end)
    assert.is_true(waits) -- others do
  end)

  it("does not wait where another does", function()
    local transfer = open({ "send", STREAM }, SILENCE)
    local thread = fiber(function() transfer:drain() end)
    local _, waits, problem = fiber(function() transfer:text() end)
    assert.is_nil(waits)
    assert.is_truthy(problem:find("somebody else is reading this already", 1,
      true))
    assert.equal(thread, transfer:waiter())
    assert.has_error(function() transfer:subscribe("me") end,
      "somebody else is reading this already")
  end)

  it("in whose course another coroutine reads does not wait", function()
    local transfer = open({ "send", STREAM }, SILENCE)
    local outer, seen
    fiber(function()
      outer = core.fiber()
      coroutine.wrap(function()
        seen = { outer == core.fiber(), transfer:text() }
      end)()
    end)
    assert.same({ true, nil, "pending" }, seen)
    assert.is_nil(core.fiber())
    assert.same({ nil, "pending" }, { transfer:text() })
  end)

  it("that reads a closed transfer is told so", function()
    local transfer = open({ "send", STREAM }, SILENCE)
    local seen
    local thread = fiber(function()
      transfer:text()
      seen = { transfer:text() }
    end)
    transfer:close()
    assert.is_false(core.switch(thread))
    assert.same({ nil, "closed" }, seen)
  end)

  it("may run another, which may wait", function()
    local transfer = open({ "send", STREAM }, { "sleep", 0.05 },
      { "send", event_of "a" }, SILENCE)
    local text, inner_waits
    local outer, waits = fiber(function()
      local inner
      inner, inner_waits = fiber(function() text = transfer:text() end)
      assert.equal(inner, transfer:waiter())
      coroutine.yield(core.fiber())
    end)
    assert.same({ true, true }, { waits, inner_waits })
    assert.is_false(dispatch_until_ended()[3])
    assert.equal("a", text)
    assert.is_false(core.switch(outer))
  end)
end)

describe("a fiber that has read a stream to its end", function()
  -- A stream with this as its end.
  local function check_forgotten(...)
    local transfer = open({ "send", STREAM }, { "sleep", 0.05 }, ...)
    local threads = setmetatable({}, { __mode = "k" })
    local thread = fiber(function()
      while transfer:text() do end
    end)
    threads[thread], thread = true, nil
    dispatch_until_ended()
    collectgarbage()
    collectgarbage()
    assert.is_nil((next(threads)))
    assert.is_nil(thread or transfer:waiter())
  end

  it("is not kept, if it waited for the end", function()
    check_forgotten({ "send", event_of "a" }, { "sleep", 0.05 },
      { "send", "data: [DONE]\n\n" }, SILENCE)
  end)

  it("is not kept, if the end was there already", function()
    check_forgotten({ "send", event_of "a" .. "data: [DONE]\n\n" }, SILENCE)
  end)
end)

describe("switch()", function()
  it("tells a wait from any other end", function()
    local _, waits = fiber(function() coroutine.yield(core.fiber()) end)
    assert.is_true(waits)
    local results = { core.switch(coroutine.create(function()
      coroutine.yield(1, 2)
    end)) }
    assert.same({ false }, results)
    assert.same({ false }, { core.switch(coroutine.create(function()
      return core.fiber()
    end)) })
  end)

  it("hands out what a failure raised", function()
    local problem = {}
    local results = { core.switch(coroutine.create(function()
      error(problem)
    end)) }
    assert.is_nil(results[1])
    assert.equal(problem, results[2])
    assert.is_nil(core.fiber())
  end)

  it("refuses what is no coroutine that can go on", function()
    local function refusal(thread)
      return select(2, pcall(core.switch, thread))
    end
    local running, normal
    local dead = fiber(function()
      local thread = core.fiber()
      running = refusal(thread)
      fiber(function() normal = refusal(thread) end)
    end)
    local not_suspended = "a coroutine that is not suspended can not go on"
    assert.same({ not_suspended, not_suspended, not_suspended },
      { refusal(dead), running, normal })
    assert.has_error(function() core.switch(1) end,
      "bad argument #1 to 'switch' (thread expected)")
    assert.is_nil(core.fiber())
  end)
end)

describe("tell()", function()
  it("goes on with all that have news", function()
    local seen = 0
    for _ = 1, 3 do
      local transfer = open({ "send", STREAM }, { "sleep", 0.05 },
        { "send", event_of "a" }, SILENCE)
      fiber(function()
        assert.equal("a", transfer:text())
        seen = seen + 1
        transfer:text()
      end)
    end
    local ends = core.now() + support.HANG
    while seen < 3 and core.now() < ends do
      pool:wait(0.1)
      assert.is_nil(select(2, pool:dispatch()))
    end
    assert.equal(3, seen)
    assert.is_false((pool:dispatch()))
  end)

  it("ends when its time is over, but tells one at least", function()
    local seen = 0
    for _ = 1, 3 do
      local transfer = open({ "send", STREAM .. event_of "a" }, SILENCE)
      local function read()
        transfer:text()
        seen = seen + 1
        transfer:text()
      end
      fiber(read)
    end
    settle()
    for i = 1, 3 do
      assert.is_true((pool:dispatch(core.now() - 1)))
      assert.equal(i, seen)
    end
    assert.is_false((pool:dispatch(core.now() - 1)))
  end)

  it("gives back whoever else hears", function()
    local transfer = open({ "send", STREAM .. event_of "a" }, SILENCE)
    local me = {}
    transfer:subscribe(me)
    settle()
    assert.same({ true, me }, { pool:dispatch() })
    assert.equal(me, transfer:waiter())
    assert.is_false((pool:dispatch()))
    assert.same({ me }, pool:waiters())
  end)

  it("gives back a fiber that failed", function()
    local transfer = open({ "send", STREAM .. event_of "a" }, SILENCE)
    local thread = fiber(function()
      transfer:text()
      error("oh", 0)
    end)
    settle()
    assert.same({ true, thread, nil, "oh" }, { pool:dispatch() })
  end)

  it("survives that a fiber closes the pool", function()
    local transfer = open({ "send", STREAM .. event_of "a" }, SILENCE)
    local seen
    fiber(function()
      transfer:text()
      pool:close()
      seen = { select(2, transfer:text()) }
    end)
    settle()
    assert.is_true((pool:dispatch()))
    assert.same({ "end" }, seen)
  end)
end)
