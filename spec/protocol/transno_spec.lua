-- The number of ours in each billable call.
local digest = require "yuanjing.base.digest"
local json = require "yuanjing.base.json"
local scripted = require "support.scripted"
local support = require "support"
local transno = require "yuanjing.protocol.transno"
local yuanjing = require "yuanjing"

describe("a number", function()
  local server, client
  before_each(function()
    server = support.serve { default = { { "repeat", 99, { { "request" },
      { "send", scripted.answer(200, {}, '{"taskid":"7","choices":[{"message":'
        .. '{"content":"x"},"finish_reason":"stop"}]}') } } } } }
    client = yuanjing.new { base_url = server.url, api_key = "sk-sandbox",
      asset_url = server.url, retries = 0, reconcile = true }
  end)
  after_each(support.clean)

  local function sent(n)
    return server:requests()[n or 1]
  end

  it("is of 96 random bits", function()
    assert.is_truthy(transno.new():find("^%x+$"))
    assert.equal(24, #transno.new())
    assert.not_equal(transno.new(), transno.new())
  end)

  it("goes with a chat, and its digest does not change", function()
    assert(client:chat { prompt = "x" })
    local body = json.decode(sent().body)
    assert.equal(24, #body.transno)
    body.transno = nil
    assert.same({ model = "qwen3-max", prompt = "x", stream = false }, body)
    local request = { path = "/llmage/x", json = body, billable = "chat" }
    transno.add(request)
    assert.equal(digest(body), digest(request.about.params))
    assert.is_nil(body.transno)
  end)

  it("goes before the files of a form", function()
    local png = support.write(support.tempdir() .. "/a.png", "\137PNG\r\n\26\n")
    assert(client:video { model = "happyhorse-1.0-i2v", prompt = "x",
      first_frame = png })
    local body = sent().body
    local at = body:find('name="transno"', 1, true)
    assert.is_true(at < body:find('filename="a.png"', 1, true))
    assert.is_true(at > body:find('name="prompt"', 1, true))
  end)

  it("goes with a transcription", function()
    client:transcribe { file = yuanjing.bytes("RIFF", { name = "a.wav" }) }
    assert.is_truthy(sent().body:find('name="transno"', 1, true))
    client:transcribe { file = "https://example.com/a.wav" }
    assert.equal(24, #json.decode(sent(2).body).transno)
  end)

  it("is the caller's own where there is one", function()
    assert(client:chat { prompt = "x", transno = "mine" })
    assert.equal("mine", json.decode(sent().body).transno)
    assert(client:request { path = "/llmage/v1/music/generations",
      form = { transno = "own", prompt = "x" } })
    assert.is_truthy(sent(2).body:find("own", 1, true))
    assert.is_nil(sent(2).body:find("transno.*transno"))
  end)

  it("goes with no call that is not of the history", function()
    client:request { path = "/other", json = { a = 1 } }
    client:request { path = "/llmage/x", json = { a = 1 }, base = "asset_url" }
    client:request { path = "/llmage/v1/models" }
    assert.same({ '{"a":1}', '{"a":1}', "" },
      { sent(1).body, sent(2).body, sent(3).body })
  end)

  it("stays when a call is sent again", function()
    local request = { path = "/llmage/x", json = {}, transno = "kept" }
    transno.add(request)
    transno.add(request)
    assert.same({ "kept", "kept" }, { request.transno, request.json.transno })
  end)

  it("of the last 64 answered calls is remembered", function()
    local list = {}
    for n = 1, 100 do transno.received(list, { transno = tostring(n) }) end
    assert.same({ 64, "37", "100" },
      { #list, list[1].transno, list[64].transno })
  end)
end)
