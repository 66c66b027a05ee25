-- Yuan's voice in examples/love: only with LuaJIT, like LÖVE. It is played by a
-- device that nobody hears (support/love/run.sh).
local check_frames = require "support.frames"
local json = require "yuanjing.base.json"
local support = require "support"

if not rawget(_G, "jit") then return end

local ROOT = support.output("pwd")

-- The report of support/love/hear.lua, with those sound devices.
local function visit(drivers)
  local folder = support.tempdir()
  local printed = support.output(([[unset YUANJING_API_KEY YUANJING_BASE_URL
    unset LUA_PATH LUA_CPATH
    export XDG_DATA_HOME='%s' TMPDIR='%s' ALSOFT_DRIVERS=%s
    timeout -k 2 580 %s/spec/support/love/run.sh love %s/spec/support/love \
      %s/examples/love %s/spec/support/love/hear.lua %s/report 2>&1
    echo "status $?"]]):format(folder, folder, drivers, ROOT, ROOT, ROOT, ROOT,
    folder))
  assert(printed:find("status 0$"), printed)
  return assert(json.decode(support.read(folder .. "/report"))), printed
end

describe("Yuan's voice (LuaJIT suite only)", function()
  local report, printed

  setup(function() report, printed = visit "null" end)
  teardown(support.clean)

  it("is on where it costs nothing, and there is a device", function()
    assert.same({ true, true, "status 0" },
      { report.has_device, report.was_on, printed })
  end)

  it("says all that is written, a sentence at a time", function()
    assert.equal(report.text, report.spoken)
    assert.is_true(report.sentences >= 3, report.sentences)
  end)

  it("begins while the answer is still being written", function()
    local has_begun = false
    for _, frame in ipairs(report.frames) do
      if frame.at == "listening" and frame.state == "speaking"
        and frame.played > 0 then
        has_begun = true
      end
    end
    assert.is_true(has_begun)
  end)

  it("is played as fast as it sounds, and no faster", function()
    local first, last, seconds = nil, nil, 0
    for _, frame in ipairs(report.frames) do
      if frame.at == "listening" and frame.played > 0 then
        first = first or frame.played
        last, seconds = frame.played, seconds + frame.dt
      end
    end
    -- eight buffers are ahead; a busy machine may be slower
    assert.is_true(last - first < 48000 * (seconds + 1.2),
      ("%d bytes in %g s"):format(last - first, seconds))
  end)

  it("never holds a frame up", function() check_frames(report.frames) end)

  it("stops at once when one leaves", function()
    assert.same({ played = 0, in_flight = 0 }, report.interrupted)
  end)

  it("sends nothing while it is switched off", function()
    assert.same({ is_on = false, played = 0, sent = 0 }, report.silent)
  end)

  it("leaves the writing alone when it fails", function()
    assert.same({ kind = "decode", state = "done", has_text = true },
      report.failed)
  end)

  it("is silent without a device, and costs nothing", function()
    local silent = visit "none"
    assert.same({ has_device = false, was_on = false, is_on = false, sent = 0 },
      { has_device = silent.has_device, was_on = silent.was_on,
        is_on = silent.is_on, sent = silent.sent })
  end)
end)
