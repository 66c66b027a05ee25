-- journal:settle: the unknown entries of a journal, by the history.
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

local MODEL = "wan2.2-t2i-plus"

describe("journal:settle", function()
  local box, client, path
  setup(function() box = assert(sandbox.start { task_seconds = 0 }) end)
  teardown(function() box:stop() end)
  before_each(function()
    box:clear()
    path = support.tempdir() .. "/tasks.journal"
    client = yuanjing.new { base_url = box.url, api_key = box.api_key,
      reconcile = true, retries = 0, journal = path }
  end)
  after_each(support.clean)

  local function image(note, scenario)
    if scenario then box:answer("image", { scenario = scenario }) end
    return client:image { model = MODEL, prompt = note, note = note }
  end

  local function settle(timeout)
    local outcomes = {}
    for _, entry in ipairs(assert(client.journal:settle { timeout = timeout })) do
      outcomes[entry.note] = entry.outcome .. " " .. entry.state
    end
    return outcomes
  end

  it("has the number of each submit on the disk before it leaves", function()
    local seen
    client:with({ on_event = function(event)
      if event.type == "request" then seen = support.read(path) end
    end }):image { model = MODEL, prompt = "x" }
    local number = assert(client.journal:find {})[1].transno
    assert.is_truthy(seen:find(number, 1, true))
    assert.equal(number, assert(client.account:history())[1].transno)
  end)

  it("records what was billed and what was not received, and buys nothing",
    function()
      assert(image "good")
      image("billed", "close")
      image("lost", "close; unrecorded")
      assert.same({ billed = "billed running", lost = "not_received refused" },
        settle(30))
      assert.same({}, client.journal:unknown())
      assert.equal(3, #box:requests "image")
      local task = client.journal:find({ note = "billed" })[1].task
      assert.is_truthy(assert(task:await()).image)
      assert.same({}, settle(1))
    end)

  it("leaves what it does not know, with the reason", function()
    image("a", "close")
    box:answer("history", { status = 404, error = "gone" })
    local list, err = client.journal:settle { timeout = 1 }
    assert.same({ "still_unknown", "the history can not be read: gone", "unknown" },
      { list[1].outcome, list[1].reason, list[1].state })
    assert.equal("not_found", err.kind)
    assert.equal(1, #client.journal:unknown())
  end)

  it("records a submit that the platform says has failed", function()
    image("bad", "close; task-fails")
    assert.same({ bad = "still_unknown failed" }, settle(1))
    assert.same({}, client.journal:unknown())
  end)

  it("gives a task of another to none", function()
    assert(image "good")
    image("a", "close")
    client = client:with { headers = { ["X-Sandbox"] = "history-shifted" } }
    assert.same({ a = "still_unknown unknown" }, settle(1))
  end)

  it("leaves submits that are under way", function()
    box:answer("image", { delay = 0.5 })
    local job = yuanjing.async(image, "slow")
    assert.same({}, settle(0))
    assert.is_truthy((job:await()).id)
  end)

  it("takes nothing from a call without a number but what it asked for", function()
    client = client:with { reconcile = false }
    assert(image "good")
    image("a", "close")
    local list = assert(client.journal:settle { timeout = 0 })
    assert.equal("still_unknown", list[1].outcome)
  end)

  -- spec/kills/run.sh does that 200 times
  it("finds out what became of all submits of a batch that was killed", function()
    math.randomseed(7)
    local found = require("support.reconciling").run(6, 2)
    assert.same({ {}, {} }, { found.unknown, found.wrong })
  end)

  it("raises for an unknown option, and describes its request in a dry run",
    function()
      assert.error_matches(function() client.journal:settle { wait = 1 } end,
        "journal:settle: unknown option", 1, true)
      image("a", "close")
      local dry = client:with({ dry_run = true }).journal:settle()
      assert.equal("GET", dry.method)
    end)
end)
