-- err:settle on the sandbox: what becomes of a call whose answer never came.
local json = require "yuanjing.base.json"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

local IMAGE = { model = "wan2.2-t2i-plus", prompt = "one" }

describe("err:settle", function()
  local box, client
  setup(function() box = assert(sandbox.start { task_seconds = 0 }) end)
  teardown(function() box:stop() end)
  before_each(function()
    box:clear()
    client = yuanjing.new { base_url = box.url, api_key = box.api_key,
      reconcile = true, retries = 0 }
  end)
  after_each(support.clean)

  local function lose(scenario, of)
    box:answer("image", { scenario = scenario or "close" })
    local task, err = (of or client):image { model = IMAGE.model, prompt = "two" }
    assert.is_nil(task)
    assert.equal("outcome_unknown", err.kind)
    return err
  end

  local function with(scenario)
    return client:with { headers = { ["X-Sandbox"] = scenario } }
  end

  it("finds the task that was bought", function()
    local err = lose()
    assert.is_truthy(err.transno:find("^%x+$"))
    local settled = err:settle { timeout = 5 }
    assert.same({ "billed", 0.2, "t2i" },
      { settled.outcome, settled.amount, settled.task.category })
    assert.is_truthy(assert(settled.task:await()).image)
    assert.equal(1, #box:requests "image")
  end)

  it("waits for a history that lags", function()
    local err = lose(nil, with "history-lag=3")
    local early = err:settle { timeout = 0 }
    assert.equal("still_unknown", early.outcome)
    assert.equal("billed", err:settle({ timeout = 20 }).outcome)
  end)

  it("finds a chat, with its usage", function()
    box:answer("chat", { scenario = "close" })
    local _, err = client:chat { prompt = "hallo" }
    local settled = err:settle { timeout = 5 }
    assert.equal("billed", settled.outcome)
    assert.is_true(settled.usage.total_tokens > 0)
    assert.is_nil(settled.task)
  end)

  it("says that it was not received, after a while", function()
    assert(client:image(IMAGE))
    local err = lose "close; unrecorded"
    assert.equal("still_unknown", err:settle({ timeout = 1 }).outcome)
    assert.equal("not_received", err:settle({ timeout = 30 }).outcome)
    assert.equal(2, #box:requests "image")
  end)

  for scenario, reason in pairs {
    ["history-refused"] = "the history can not be read: need login",
    ["history-moved"] = "the history can not be read: 404: Not Found",
    ["history-page"] = "the history can not be read: the answer is HTML: 登录",
    ["history-other"] =
      "the history can not be read: the answer has no list of calls",
    ["history-empty"] = "the history is empty",
    ["history-unreadable"] = "no call of yours is in the history with its "
      .. "number: so that this one is not proves nothing",
  } do
    it("knows nothing more from " .. scenario, function()
      local other = with(scenario)
      assert(other:image(IMAGE))
      local settled = lose(nil, other):settle { timeout = 0.5 }
      assert.same({ outcome = "still_unknown", reason = reason }, settled)
    end)
  end

  it("believes no history that mixes up the numbers", function()
    local other = with "history-shifted"
    assert(other:image(IMAGE))
    assert.equal("still_unknown",
      lose(nil, other):settle({ timeout = 1 }).outcome)
  end)

  it("asks again after a failure that passes", function()
    local err = lose()
    box:answer("history", { status = 502, body = "<html></html>" })
    assert.equal("billed", err:settle({ timeout = 10 }).outcome)
  end)

  it("reads as many pages as it takes", function()
    for n = 1, 12 do assert(client:image { model = IMAGE.model, prompt = "p" .. n }) end
    local err = lose()
    for n = 1, 12 do assert(client:image { model = IMAGE.model, prompt = "q" .. n }) end
    require("yuanjing.protocol.account").PAGE = 5
    local settled = err:settle { timeout = 5 }
    require("yuanjing.protocol.account").PAGE = 100
    assert.equal("billed", settled.outcome)
    assert.equal(5, #box:requests "history")
  end)

  it("knows nothing of another key's calls", function()
    local err = lose()
    local ring = client._settings.reconcile
    assert.not_equal(ring, client:with({ api_key = "sk-other" })._settings.reconcile)
    assert.equal(ring, client:with({ timeout = 3 })._settings.reconcile)
    assert.equal("billed", err:settle({ timeout = 5 }).outcome)
  end)

  it("raises for a wrong option, and where there is nothing to settle", function()
    local err = lose()
    assert.error_matches(function() err:settle { wait = 3 } end,
      'err:settle: unknown option "wait" (known: timeout)', 1, true)
    local _, bad = client:image { model = IMAGE.model }
    assert.error_matches(function() bad:settle() end,
      "err:settle: this error is of no call that may have been billed", 1, true)
  end)
end)

describe("without `reconcile`", function()
  it("nothing of a call changes, and an error has no number", function()
    local box = assert(sandbox.start { task_seconds = 0 })
    local client = yuanjing.new { base_url = box.url, api_key = box.api_key,
      retries = 0 }
    assert(client:image(IMAGE))
    assert.same({ model = "wan2.2-t2i-plus", catelogid = "t2i", prompt = "one" },
      json.decode(box:requests("image")[1].body))
    box:answer("image", { scenario = "close" })
    local _, err = client:image(IMAGE)
    assert.is_nil(err.transno)
    assert.equal("still_unknown", err:settle({ timeout = 0 }).outcome)
    box:stop()
  end)
end)
