local memoize = require "yuanjing.base.memoize"

describe("what was worked out last", function()
  local asked, double

  before_each(function()
    asked = {}
    double = memoize.last(function(n)
      asked[#asked + 1] = n
      return n * 2
    end)
  end)

  it("is not worked out again for the same value", function()
    assert.equal(4, double(2))
    assert.equal(4, double(2))
    assert.same({ 2 }, asked)
  end)

  it("is forgotten for another", function()
    assert.equal(4, double(2))
    assert.equal(6, double(3))
    assert.equal(4, double(2))
    assert.same({ 2, 3, 2 }, asked)
  end)

  it("is not kept of a value that raises", function()
    assert.equal(4, double(2))
    assert.has_error(function() double({}) end)
    assert.equal(4, double(2))
  end)

  it("is asked for nil like for anything", function()
    local is_nil = memoize.last(function(value) return value == nil end)
    assert.is_true(is_nil(nil))
    assert.is_false(is_nil(1))
  end)
end)
