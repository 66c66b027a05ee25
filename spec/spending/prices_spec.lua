-- Quotes by prices that were told, and by no others.
local prices = require "yuanjing.spending.prices"

local function told(items, text)
  return { m = { model = "m", items = items, text = text } }
end

local function quote(items, about)
  about = about or {}
  about.model = "m"
  local found = prices.quote(told(items), about)
  return found.mark, found.cost
end

describe("a quote", function()
  it("is known by the call, in any of the platform's words", function()
    for _, unit in ipairs { "call", "次", "张", "IMAGE" } do
      assert.same({ "known", 2 }, { quote { { unit = unit, price = 2 } } })
    end
  end)

  it("is known by given seconds, estimated by the documents' default", function()
    local per_second = { { unit = "秒", price = 2 } }
    local params = { fields = { duration = "5" } }
    assert.same({ "known", 10 }, { quote(per_second, { params = params }) })
    assert.same({ "known", 10 }, { quote(per_second,
      { params = params, seconds = 8 }) })
    assert.same({ "estimated", 16 }, { quote(per_second, { seconds = 8 }) })
    assert.same({ "unknown" }, { quote(per_second) })
  end)

  it("is unknown by tokens, by several prices, and by other units", function()
    for _, items in ipairs { { { unit = "1k_tokens", price = 1 } }, {},
      { { unit = "call", price = 1 }, { unit = "call", price = 2 } },
      { { unit = "moon", price = 1 } }, { { unit = "", price = 1 } } } do
      assert.same({ "unknown" }, { quote(items) })
    end
    assert.equal("unknown", prices.quote({}, { model = "m" }).mark)
    assert.equal("unknown", prices.quote({}, nil).mark)
  end)
end)

describe("a limit of cost", function()
  it("takes before what is known before, and tokens afterwards", function()
    local per_token = told { { unit = "1k_tokens", price = 3 } }
    assert.equal(0, prices.before(per_token, { model = "m" }))
    assert.equal(0.006, prices.after(per_token, "m", { total_tokens = 2 }))
    assert.is_nil(prices.after(per_token, "m", nil))
    assert.is_nil(prices.after(told { { unit = "call", price = 3 } }, "m",
      { total_tokens = 2 }))
    local cost, problem = prices.before({}, { model = "m" })
    assert.is_nil(cost)
    assert.equal("with a limit of cost, what m costs must be known before: "
      .. "client.account:prices{ model = } asks for it", problem)
  end)
end)
