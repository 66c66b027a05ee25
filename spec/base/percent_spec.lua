local percent = require "yuanjing.base.percent"

describe("a text in a URL", function()
  it("has the bytes escaped that may not stand there, and back", function()
    local all = {}
    for byte = 0, 255 do all[#all + 1] = string.char(byte) end
    all = table.concat(all)
    assert.equal(all, percent.decode(percent.encode(all)))
    assert.equal("a%20%2F%E7%8C%AB~-._Z9", percent.encode "a /猫~-._Z9")
    assert.equal("a%20/", percent.encode("a /", "[ ]"))
    assert.equal("100% %4 \255%", percent.decode "100% %4 %ff%")
  end)
end)
