-- The history, the balance and prices, in every shape that they may have.
local account = require "yuanjing.protocol.account"
local json = require "yuanjing.base.json"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local function ask(name, body, given)
  local server = support.serve { default = { { "request" }, { "send",
    scripted.answer(200, {}, type(body) == "string" and body
      or assert(json.encode(body))) } } }
  local client = yuanjing.new { base_url = server.url, api_key = "sk-sandbox",
    retries = 0 }
  local answer, err = client.account[name](client.account, given)
  return answer, err, server
end

local ROW = { id = "r1", use_time = "2026-11-30 18:54:43.123", llmid = "x",
  usages = '{"n":1}', status = "succeeded", taskid = 12, amount = "0.2",
  io_content = { input = { transno = "abc", model = "m", catelogid = "t2i",
    prompt = "p" } } }

describe("the history", function()
  after_each(support.clean)

  it("is asked for by page and category", function()
    local _, _, server = ask("history", { success = true, rows = { ROW } },
      { page = 3, category = "文生图" })
    assert.equal("/llmage/api/get_inference_history.dspy?llmcatelogid=t2i"
      .. "&page=3&pagerows=100", server:requests()[1].path)
  end)

  it("has what each call was, and cost", function()
    local history = assert(ask("history",
      { success = true, rows = { ROW }, total = 7, page_size = 10 }))
    local call = history[1]
    call.raw = nil
    assert.same({ id = "r1", transno = "abc", task = "12", status = "SUCCEEDED",
      model = "m", category = "t2i", time = 1796064883, is_zoned = false,
      local_time = ROW.use_time, usage = { n = 1 }, amount = 0.2, input = ROW.io_content.input }, call)
    assert.same({ 1, 7, 10 }, { history.page, history.total, history.page_size })
  end)

  for name, document in pairs {
    ["in data"] = { status = "ok", data = { rows = { ROW } } },
    ["as data"] = { status = "ok", data = { ROW } },
    ["with its content as text"] = { success = true, rows = { {
      ioinfo = json.encode(ROW.io_content), use_time = 1 } } },
    ["with the number beside it"] = { success = true, rows = { {
      transno = "abc", use_time = 1 } } },
  } do
    it("is read " .. name, function()
      assert.equal("abc", assert(ask("history", document))[1].transno)
    end)
  end

  it("may be empty, and may have a call that failed", function()
    assert.equal(0, #assert(ask("history", '{"success":true,"rows":[]}')))
    local failed = { use_time = 1, status = "FAILED", error = "x" }
    assert.equal("FAILED", assert(ask("history",
      { success = true, rows = { failed } }))[1].status)
  end)

  for body, kind in pairs {
    ['{"success":false,"rows":[],"error":"no such user"}'] = "platform",
    ['{"success":false,"rows":[]}'] = "platform",
    ['{"status":"error","data":{"message":"x"}}'] = "platform",
    ['{"status":"ok"}'] = "decode",
    ['{"success":true,"rows":{"a":1}}'] = "decode",
    ['{"success":true,"rows":[{"no":1}]}'] = "decode",
    ['{"success":true,"rows":["x"]}'] = "decode",
    ['{"success":true,"rows":null}'] = "decode",
    ["<html></html>"] = "decode", [""] = "decode",
  } do
    it("is an error of kind " .. kind .. " in " .. body, function()
      local answer, err = ask("history", body)
      assert.is_nil(answer)
      assert.equal(kind, err.kind)
    end)
  end
end)

describe("a time", function()
  for text, time in pairs {
    ["1970-01-01 00:00:00"] = 0, ["2026-11-30 18:54:43"] = 1796064883,
    ["2024-02-29T23:59:59.9"] = 1709251199, ["2024-03-01 00:00:00"] = 1709251200,
    ["2000-12-31 12:00:00"] = 978264000,
  } do
    it("without a zone is read as UTC: " .. text, function()
      assert.same({ time, false }, { account.time_of(text) })
    end)
  end

  it("with a zone, or as a number, is that", function()
    for text, time in pairs { ["2026-11-30T18:54:43Z"] = 1796064883,
      ["2026-11-30T18:54:43+08:00"] = 1796036083,
      ["2026-11-30T18:54:43-0130"] = 1796070283 } do
      assert.same({ time, true }, { account.time_of(text) })
    end
    assert.same({ 1796064883, true }, { account.time_of(1796064883) })
    assert.same({ 1796064883, true }, { account.time_of(1796064883000) })
    assert.is_nil(account.time_of("yesterday"))
  end)
end)

describe("the balance", function()
  after_each(support.clean)

  for body, left in pairs {
    ['{"status":"ok","data":[{"account":"a","balance":1.5},{"balance":"2"}]}'] = 3.5,
    ['{"status":"ok","data":{"balance":4}}'] = 4, ['{"balance":-1}'] = -1,
  } do
    it("is read from " .. body, function()
      assert.equal(left, assert(ask("balance", body)).balance)
    end)
  end

  for _, body in ipairs { '{"status":"ok","data":[]}', '{"status":"ok"}',
    '{"data":[{"account":"a"}]}', '{"data":[{"balance":"much"}]}' } do
    it("is not guessed from " .. body, function()
      local answer, err = ask("balance", body)
      assert.same({ "nil", "decode" }, { type(answer), err.kind })
    end)
  end
end)

describe("prices", function()
  after_each(support.clean)

  it("are numbers where the platform tells numbers, and words else", function()
    local prices = assert(ask("prices", { status = "ok", data = { name = "M",
      pricing_type = "t", display_text = "2元/次", items = {
        { unit = "call", price = "2" }, { unit = "call" },
        { unit = "x", price = -1 } } } }, { model = "m" }))
    prices.raw = nil
    assert.same({ model = "m", name = "M", type = "t", text = "2元/次",
      items = { { unit = "call", price = 2 } } }, prices)
  end)

  it("are an error where there are none", function()
    local _, err = ask("prices", '{"status":"error","message":"no pricing"}',
      { model = "m" })
    assert.same({ "platform", "no pricing" }, { err.kind, err.message })
    _, err = ask("prices", '{"status":"ok","data":{}}', { model = "m" })
    assert.equal("decode", err.kind)
  end)

  it("need a model", function()
    local client = yuanjing.new { api_key = "sk-sandbox" }
    assert.error_matches(function() client.account:prices {} end,
      "client.account:prices: model: missing", 1, true)
  end)
end)
