local core = require "yuanjing.core"
local support = require "support"

local fibers, log

-- A separate queue and timers for the test.
local function new_fibers()
  local loaded = package.loaded["yuanjing.runtime.fibers"]
  package.loaded["yuanjing.runtime.fibers"] = nil
  local fresh = require "yuanjing.runtime.fibers"
  package.loaded["yuanjing.runtime.fibers"] = loaded
  return fresh
end

local function note(...)
  for _, word in ipairs { ... } do log[#log + 1] = word end
end

-- A fiber that logs its name each time it goes on after a park, and at its
-- end.
local function start(name, parks, seconds)
  local mine
  fibers.start(nil, function(fiber)
    mine = fiber
    for n = 1, parks or 1 do
      note(name .. n)
      fiber:park(seconds)
    end
    note(name .. " ends")
  end)
  return mine
end

before_each(function() fibers, log = new_fibers(), {} end)

describe("a fiber", function()
  it("runs at once until it parks, and on when it is woken", function()
    local fiber = start("a")
    assert.same({ "a1" }, log)
    assert.is_false(fibers.run())
    assert.is_nil(fibers.due())
    fiber:wake()
    assert.same({ "a1" }, log)
    assert.is_true(fibers.due() <= core.now())
    assert.is_true(fibers.run())
    assert.same({ "a1", "a ends" }, log)
    assert.is_false(fibers.run())
  end)

  it("goes on once, however often it was woken", function()
    local fiber = start("a", 3)
    for _ = 1, 5 do fiber:wake() end
    fibers.run()
    assert.same({ "a1", "a2" }, log)
    assert.is_false(fibers.run())
  end)

  it("goes on in its turn", function()
    local a, b, c = start("a"), start("b"), start("c")
    log = {}
    c:wake()
    a:wake()
    b:wake()
    a:wake()
    fibers.run()
    assert.same({ "c ends", "a ends", "b ends" }, log)
  end)

  it("that is woken in the queue's course waits for the next", function()
    local b = start("b")
    local a
    fibers.start(nil, function(fiber)
      a = fiber
      fiber:park()
      b:wake()
      a:wake()
      fiber:park()
      note("a ends")
    end)
    log = {}
    a:wake()
    fibers.run()
    assert.same({}, log)
    fibers.run()
    assert.same({ "b ends", "a ends" }, log)
  end)

  it("that has ended is not woken", function()
    local fiber = start("a")
    fiber:wake()
    fibers.run()
    fiber:wake()
    fiber:interrupt("too late")
    fibers.run()
    assert.same({ "a1", "a ends" }, log)
  end)

  it("knows what runs in it", function()
    local job, seen = { done = true, broken_off = function() end }, nil
    fibers.start(job, function(fiber) seen = { fiber.job } end)
    assert.equal(job, seen[1])
  end)

  it("notifies its job that it is gone, and why", function()
    local reported
    local job = { broken_off = function(_, problem) reported = problem end }
    fibers.start(job, function() error("oh", 0) end)
    assert.equal("oh", reported)
  end)

  it("must not raise, and reports where when it did", function()
    local ok, problem = pcall(fibers.start, nil, function() error("oh") end)
    assert.is_false(ok)
    assert.matches("oh\nstack traceback:.*fibers_spec", problem)
    assert.is_false(fibers.is_running())
    assert.is_nil(fibers.innermost())
  end)
end)

describe("the queue", function()
  it("runs at least one, and leaves the others for the next time", function()
    for _, name in ipairs { "a", "b", "c" } do start(name):wake() end
    log = {}
    assert.is_true(fibers.run(core.now() - 1))
    assert.same({ "a ends" }, log)
    assert.is_true(fibers.due() <= core.now())
    fibers.run(core.now() - 1)
    fibers.run(core.now() - 1)
    assert.same({ "a ends", "b ends", "c ends" }, log)
    assert.is_false(fibers.run(core.now() - 1))
    assert.is_nil(fibers.due())
  end)

  it("with time enough runs all", function()
    for i = 1, 100 do start("f" .. i):wake() end
    log = {}
    fibers.run(core.now() + 10)
    assert.equal(100, #log)
  end)

  it("starves no job", function()
    local quiet = start("quiet")
    for _ = 1, 3 do
      fibers.start(nil, function(fiber)
        while true do
          fiber:wake()
          fiber:park()
        end
      end)
    end
    quiet:wake()
    for _ = 1, 4 do fibers.run(core.now() - 1) end
    assert.same({ "quiet1", "quiet ends" }, log)
  end)
end)

describe("a timer", function()
  it("ends a park in its time", function()
    local late = start("late", 1, support.HANG)
    fibers.wake_due()
    assert.is_false(fibers.run())
    local from = core.now()
    start("soon", 1, 0.03)
    local due = fibers.due()
    assert.is_true(due >= from + 0.03 and due <= core.now() + 0.03)
    support.sleep(0.035)
    fibers.wake_due()
    fibers.run()
    assert.same({ "late1", "soon1", "soon ends" }, log)
    assert.is_true(fibers.due() > due)
    late:wake()
    fibers.run()
    assert.equal("late ends", log[4])
    assert.is_nil(fibers.due())
  end)

  it("is gone when its fiber was woken before", function()
    local fiber = start("a", 1, 60)
    fiber:wake()
    fibers.run()
    assert.same({ "a1", "a ends" }, log)
    assert.is_nil(fibers.due())
  end)

  it("of no time gives way once", function()
    start("a", 2, 0)
    assert.same({ "a1" }, log)
    fibers.wake_due()
    fibers.run()
    assert.same({ "a1", "a2" }, log)
  end)
end)

describe("a yield that is not ours", function()
  it("yields to every fiber once, and returns nothing", function()
    local seen
    fibers.start(nil, function()
      seen = { n = select("#", coroutine.yield("what", 5)) }
      note("a")
    end)
    start("b", 2, 0)
    assert.is_nil(seen)
    fibers.wake_due()
    fibers.run()
    assert.same({ "b1", "a", "b2" }, log)
    assert.same({ n = 0 }, seen)
  end)

  it("in a coroutine inside reaches its creator", function()
    fibers.start(nil, function()
      local inner = coroutine.wrap(function()
        coroutine.yield("to you")
        return "done"
      end)
      note(inner(), inner())
    end)
    assert.same({ "to you", "done" }, log)
  end)
end)

-- A debug hook may raise anywhere: at each instruction in turn.
describe("a change that is broken off", function()
  local function sweep(change)
    for n = 1, 2000 do
      fibers, log = new_fibers(), {}
      start("a", 2, 0)
      start("b", 2)
      local is_over
      pcall(function()
        debug.sethook(function()
          debug.sethook()
          if not is_over then error("interrupted!", 0) end
        end, "", n)
        change()
        is_over = true
      end)
      debug.sethook()
      assert.is_false(fibers.is_running())
      collectgarbage() -- collects fibers that are in no list any more
      for _ = 1, 4 do
        fibers.finish(fibers.begin())
        fibers.wake_due()
        fibers.run()
      end
      if is_over then return n end
    end
  end

  it("loses no timer and no woken fiber", function()
    local n = sweep(function()
      fibers.wake_due()
      fibers.run()
    end)
    assert.is_true(n > 20)
    assert.truthy(table.concat(log, " "):find("a ends", 1, true))
  end)

  it("is over for all the time after", function()
    sweep(function() fibers.finish(fibers.begin()) end)
    assert.is_nil(fibers.due())
  end)
end)

describe("the current fiber", function()
  it("is the one that runs, but in a coroutine inside it", function()
    assert.is_nil(fibers.current())
    assert.is_nil(fibers.innermost())
    assert.is_false(fibers.is_running())
    local seen = {}
    fibers.start(nil, function(fiber)
      seen[1] = fibers.current() == fiber
      coroutine.wrap(function()
        seen[2], seen[3] = fibers.current() == nil, fibers.innermost() == fiber
      end)()
      fibers.start(nil, function(inner)
        seen[4] = fibers.current() == inner and fibers.innermost() == inner
      end)
      seen[5] = fibers.current() == fiber and fibers.is_running()
    end)
    assert.same({ true, true, true, true, true }, seen)
    assert.is_nil(fibers.current())
    assert.is_false(fibers.is_running())
  end)
end)

describe("starting", function()
  it("hundreds, each from within the last, is no matter", function()
    local deepest = 0
    local function nest(n)
      deepest = n
      if n < 500 then fibers.start(nil, function() nest(n + 1) end) end
    end
    nest(1)
    while fibers.run() do end
    assert.equal(500, deepest)
  end)
end)

describe("stopping", function()
  -- A fiber that catches interrupt() so many times.
  local function stubborn(times)
    local mine
    fibers.start(nil, function(fiber)
      mine = fiber
      for _ = 1, times do
        local ok, problem = pcall(fiber.park, fiber)
        note(ok and "on" or problem)
      end
      note("ends")
    end)
    return mine
  end

  it("raises where it is parked, at once", function()
    local fiber = stubborn(1)
    fiber:interrupt("no")
    assert.same({ "no", "ends" }, log)
  end)

  it("raises whenever it parks again", function()
    local fiber = stubborn(3)
    fiber:interrupt("no")
    assert.same({ "no", "no", "no", "ends" }, log)
  end)

  it("abandons a fiber that never ends", function()
    local fiber = stubborn(math.huge)
    fiber:interrupt("no")
    local reported = #log
    assert.is_true(reported > 3 and reported < 100, reported)
    fiber:wake()
    fiber:interrupt("no!")
    fibers.run()
    assert.is_true(#log <= reported + 2)
    assert.is_nil(fibers.due())
    support.watch(fiber)
    fiber = nil -- luacheck: ignore
    support.assert_freed()
  end)

  it("one that runs has it go on until it parks", function()
    fibers.start(nil, function(fiber)
      fiber:interrupt("no")
      note("still here")
      local _, problem = pcall(fiber.park, fiber)
      note(problem)
    end)
    assert.same({ "still here", "no" }, log)
  end)

  it("takes its timer away", function()
    fibers.start(nil, function(fiber)
      note(fiber)
      pcall(fiber.park, fiber, 60)
    end)
    log[1]:interrupt("no")
    assert.is_nil(fibers.due())
  end)

  it("hundreds, each by the last, is no matter", function()
    local list, ended = {}, 0
    for i = 1, 500 do
      fibers.start(nil, function(fiber)
        list[i] = fiber
        pcall(fiber.park, fiber)
        ended = ended + 1
        if list[i + 1] then list[i + 1]:interrupt("no") end
      end)
    end
    list[1]:interrupt("no")
    while fibers.run() do end
    assert.equal(500, ended)
  end)
end)

describe("a forgotten fiber", function()
  it("goes on no more, whatever is done to it", function()
    local parked, timed, queued = start("a"), start("b", 1, 0), start("c")
    queued:wake()
    log = {}
    fibers.forget()
    assert.is_nil(fibers.due())
    parked:wake()
    timed:interrupt("no")
    queued:wake()
    fibers.wake_due()
    assert.is_false(fibers.run())
    assert.same({}, log)
    start("new"):wake()
    fibers.run()
    assert.same({ "new1", "new ends" }, log)
  end)

  it("is none that runs just now", function()
    local before = { start("a"), start("b") }
    local mine
    fibers.start(nil, function(fiber)
      mine = fiber
      fiber:park()
      fibers.forget()
      fiber:park()
      note("on")
    end)
    before[1]:wake()
    mine:wake()
    before[2]:wake()
    log = {}
    fibers.run()
    assert.same({ "a ends" }, log)
    mine:wake()
    fibers.run()
    assert.same({ "a ends", "on" }, log)
  end)
end)
