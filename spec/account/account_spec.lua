-- client.account on the sandbox.
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

local IMAGE = { model = "wan2.2-t2i-plus", prompt = "one" }

describe("client.account", function()
  local box, client
  setup(function() box = assert(sandbox.start { task_seconds = 0 }) end)
  teardown(function() box:stop() end)
  before_each(function()
    box:clear()
    client = yuanjing.new { base_url = box.url, api_key = box.api_key }
  end)
  after_each(support.clean)

  it("has the calls, the newest first, and what is left", function()
    local task = assert(client:image(IMAGE))
    local reply = assert(client:chat { prompt = "hallo" })
    local history = assert(client.account:history())
    assert.same({ 2, 2, "qwen3-max", IMAGE.model, task.id, 0.2 }, { #history,
      history.total, history[1].model, history[2].model, history[2].task,
      history[2].amount })
    assert.equal(reply.usage.total_tokens, history[1].usage.total_tokens)
    local left = assert(client.account:balance()).balance
    assert.is_true(left < 99.8 and left > 99.7)
  end)

  it("tells what a model costs, and quotes by that alone", function()
    local dry = client:with { dry_run = true }
    assert.same({ mark = "unknown",
      text = "client.account:prices{ model = } asks for it" },
      dry:image(IMAGE).quote)
    local prices = assert(client.account:prices { model = IMAGE.model })
    assert.same({ "call", 0.2, "0.2元/次" },
      { prices.items[1].unit, prices.items[1].price, prices.text })
    assert.same({ mark = "known", cost = 0.2,
      text = "the platform says: 0.2元/次" }, dry:image(IMAGE).quote)
    assert.is_truthy(tostring(dry:image(IMAGE)):find("\n\ncost: 0.2 (known); ", 1,
      true))
    assert.equal("unknown", client:with({ dry_run = true, api_key = "sk-other" })
      :image(IMAGE).quote.mark)
  end)

  it("quotes a video by its seconds, and estimates where they are a default",
    function()
      assert(client.account:prices { model = "viduq3-pro" })
      local dry = client:with { dry_run = true }
      local video = { model = "viduq3-pro", prompt = "x", duration = 4 }
      assert.same({ 2, "known" }, { dry:video(video).quote.cost,
        dry:video(video).quote.mark })
      video.duration = nil
      assert.equal("estimated", dry:video(video).quote.mark)
    end)

  it("bounds what calls cost, by prices that were told", function()
    local bounded = client:with { limits = { cost = 0.5 } }
    local _, err = bounded:image(IMAGE)
    assert.same({ "limit", "cost", 0 }, { err.kind, err.code, err.attempts })
    assert(client.account:prices { model = IMAGE.model })
    assert(bounded:image(IMAGE))
    box:answer("image", { status = 503, error = "busy", headers = {} })
    bounded:with({ retries = 0 }):image(IMAGE)
    _, err = bounded:image(IMAGE)
    assert.equal("cost = 0.5 is used up", err.message)
    assert.equal(2, #box:requests "image")
  end)

  it("charges a chat by its tokens, when they are known", function()
    local bounded = client:with { limits = { cost = 0.0001 } }
    assert.is_nil((bounded:chat { prompt = "hallo" }))
    assert(client.account:prices { model = "qwen3-max" })
    assert(bounded:chat { prompt = "hallo" })
    local _, err = bounded:chat { prompt = "hallo" }
    assert.equal("cost = 0.0001 is used up", err.message)
  end)

  it("costs nothing where nothing was sent", function()
    local nowhere = client:with { base_url = "http://127.0.0.1:1", retries = 0,
      limits = { cost = 0.3 } }
    nowhere._settings.prices[IMAGE.model] = { model = IMAGE.model,
      items = { { unit = "call", price = 0.2 } } }
    for _ = 1, 3 do
      assert.equal("transport", select(2, nowhere:image(IMAGE)).kind)
    end
  end)

  it("shows its requests in a dry run", function()
    local dry = client:with { dry_run = true }
    for _, name in ipairs { "history", "balance" } do
      assert.equal("GET", dry.account[name](dry.account).method)
    end
    assert.equal("GET", dry.account:prices({ model = "m" }).method)
  end)
end)
