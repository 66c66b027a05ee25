-- `yuanjing account`, `tasks --settle`, and twins.
local command = require "support.command"
local json = require "yuanjing.base.json"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

describe("yuanjing", function()
  local server, journal
  setup(function() server = assert(sandbox.start { task_seconds = 0 }) end)
  teardown(function() server:stop() end)
  before_each(function()
    server:clear()
    journal = support.tempdir() .. "/tasks.journal"
  end)
  after_each(support.clean)

  local function run(...)
    return command.run(server, { ... })
  end

  local function buy(...)
    return run("image", "-m", "wan2.2-t2i-plus", "cat", "--journal", journal, ...)
  end

  it("account shows what is left, the calls, and a price", function()
    assert.equal("balance 100.00\n", run("account").out)
    assert.equal(0, buy().status)
    assert.equal("balance 99.80\n", run("account").out)
    local calls = json.decode(run("account", "--history", "--json").out).calls
    assert.same({ 1, "wan2.2-t2i-plus" }, { #calls, calls[1].model })
    assert.equal("0.2元/次\n0.2 for each call\n",
      run("account", "--price", "wan2.2-t2i-plus").out)
    assert.equal(7, run("account", "--price", "none").status)
  end)

  it("image buys the same again with --again alone", function()
    assert.equal(0, buy().status)
    local second = buy()
    assert.equal(2, second.status)
    assert.is_truthy(second.err:find("the same was bought %d+ seconds ago: "
      .. "task %d+; %-%-again buys it once more"), second.err)
    assert.equal(1, #server:requests "image")
    assert.equal(0, buy("--again").status)
    assert.equal(2, #server:requests "image")
  end)

  it("tasks --settle records what the history says", function()
    local client = yuanjing.new { base_url = server.url, retries = 0,
      api_key = server.api_key, journal = journal, reconcile = true }
    server:answer("image", { scenario = "close" })
    client:image { model = "wan2.2-t2i-plus", prompt = "x", note = "one" }
    server:answer("history", { status = 404, error = "gone" })
    local refused = run("tasks", "--journal", journal, "--settle", "--wait", "1")
    assert.equal(10, refused.status)
    assert.is_truthy(refused.out:find("still_unknown", 1, true))
    assert.is_truthy(refused.err:find("1 of 1 are still unknown", 1, true))
    local found = run("tasks", "--journal", journal, "--settle", "--wait", "5")
    assert.equal(0, found.status, found.err)
    assert.is_truthy(found.out:find("billed  %d+  one"))
    assert.equal("", run("tasks", "--journal", journal, "--unknown").out)
  end)
end)
