-- The core's functions for terminals and signals, each in its own script.
local child = require "support.child"
local command = require "support.command"
local core = require "yuanjing.core"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"

local CTRL_C = "\3"

local function script(text)
  local path = support.write(support.tempdir() .. "/script.lua",
    ("package.cpath = %q\nlocal core = require 'yuanjing.core'\n")
    :format(package.cpath) .. text)
  return shell.quote(child.interpreter()) .. " " .. path
end

local function watch(steps, text)
  return command.watch(73, steps, script(text))
end

describe("the core", function()
  after_each(support.clean)

  it("knows a terminal and how wide it is, as of now", function()
    local ran = watch({ { "wait", "73" }, { "resize", 31 }, { "send", "\n" } },
      [[
        print(core.is_terminal(1), core.terminal_width(1))
        io.read()
        print(core.terminal_width(1)) ]])
    assert.same({ "true    73", "", "31" }, ran.screen)
    local said = support.output(script [[
      print(core.is_terminal(1), core.terminal_width(1)) ]])
    assert.equal("false\tnil", said)
    assert.has_error(function() core.is_terminal() end)
  end)

  it("notes the first signal, which ends a read", function()
    local ran = watch({ { "wait", "go" }, { "sleep", 1 },
      { "send", CTRL_C } }, [[
        core.catch_signals()
        print(core.caught_signal(), "go")
        print(io.read() == nil, core.caught_signal()) ]])
    assert.equal(0, ran.status)
    assert.equal("^Ctrue  2", ran.screen[2])
  end)

  it("ends a wait of the pool by a signal", function()
    local ran = watch({ { "wait", "go" }, { "sleep", 0.3 },
      { "send", CTRL_C } }, [[
        core.catch_signals()
        print "go"
        print(core.pool():wait(60)) ]])
    assert.equal("^Cnil   interrupted", ran.screen[2])
  end)

  it("ends a wait by a signal that came right before it", function()
    local said = support.output("{ " .. script [[
      core.catch_signals()
      local pool = core.pool()
      assert(core.caught_signal() == nil)
      io.popen("kill -INT $PPID"):close()
      local from = core.now()
      pool:wait(60)
      print(core.caught_signal(), core.now() - from < 30)
      from = core.now()
      pool:wait(0.1)
      print(core.now() - from >= 0.1) ]] .. "; } 2>&1")
    assert.equal("2\ttrue\ntrue", said)
  end)

  it("lets the second signal end the process", function()
    local ran = watch({ { "wait", "go" }, { "send", CTRL_C },
      { "wait", "first" }, { "send", CTRL_C } }, [[
        core.catch_signals()
        print "go"
        while not core.caught_signal() do end
        print "first"
        while true do end ]])
    assert.equal(130, ran.status)
  end)

  it("is there for the next first one when asked again", function()
    local ran = watch({ { "wait", "go" }, { "send", CTRL_C },
      { "wait", "one" }, { "send", CTRL_C } }, [[
        core.catch_signals()
        print "go"
        while not core.caught_signal() do end
        core.catch_signals()
        print("one", core.caught_signal())
        while not core.caught_signal() do end
        print "two" ]])
    assert.equal(0, ran.status)
    assert.equal("^Ctwo", ran.screen[#ran.screen])
  end)

  it("gives the signals back", function()
    local said = support.output("{ " .. script [[
      core.catch_signals()
      core.catch_signals()
      core.release_signals()
      io.stdout:write "begun "
      io.stdout:flush()
      io.popen("kill -INT $PPID"):close()
      for i = 1, 1e6 do local _ = i end
      print "not interrupted" ]] .. "; } 2>&1")
    -- the program lua has its own handler, which raises; other hosts have none
    assert.is_truthy(said:find("^begun "), said)
    assert.is_nil(said:find("not interrupted", 1, true), said)
  end)

  it("leaves alone what is ignored", function()
    local said = support.output("trap '' HUP; " .. script [[
      core.catch_signals()
      io.popen("kill -HUP $PPID"):close()
      print(core.caught_signal())
      io.popen("kill -TERM $PPID"):close()
      print(core.caught_signal()) ]])
    assert.equal("nil\n15", said)
  end)
end)
