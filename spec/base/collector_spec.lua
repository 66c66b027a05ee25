-- A step of the collector is that much work on every Lua.
local collector = require "yuanjing.base.collector"

describe("the collector", function()
  it("has gone through everything after memory has been turned over four times",
  function()
    collectgarbage()
    local kept = {}
    for i = 1, 20000 do kept[i] = { i } end
    local weak = setmetatable({ {} }, { __mode = "v" })
    local steps = 0
    while weak[1] and steps < 1000 do
      collector.step(collectgarbage("count") / 16)
      steps = steps + 1
    end
    assert.is_true(steps <= 64, steps)
    assert.equal(20000, #kept)
  end)
end)
