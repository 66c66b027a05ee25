local scope = require "yuanjing.runtime.cancel_scope"
local support = require "support"

-- A thing for a scope, and its cancel function, which counts.
local function new_thing()
  return { ended = 0 }
end

local function finish(thing)
  thing.ended = thing.ended + 1
end

describe("a scope", function()
  after_each(support.assert_freed)

  it("ends all that it holds, each in its own way", function()
    local one, a, b = scope.new(), new_thing(), new_thing()
    one:add(a, finish)
    one:add(b, function(thing) thing.ended = "otherwise" end)
    assert.same({ 0, 0 }, { a.ended, b.ended })
    one:cancel()
    assert.same({ 1, "otherwise" }, { a.ended, b.ended })
  end)

  it("ends each once, however often it comes to its end", function()
    local one, a, b = scope.new(), new_thing(), new_thing()
    one:add(a, finish)
    one:add(a, finish)
    one:cancel()
    one:cancel()
    assert.equal(1, a.ended)
    one:add(b, finish)
    one:cancel()
    assert.same({ 1, 1 }, { a.ended, b.ended })
  end)

  it("ends each once, when ending one ends them all", function()
    local one, things = scope.new(), {}
    for i = 1, 5 do
      things[i] = new_thing()
      one:add(things[i], function(thing)
        one:cancel()
        finish(thing)
      end)
    end
    one:cancel()
    for _, thing in ipairs(things) do assert.equal(1, thing.ended) end
  end)

  it("may be given more by what it ends", function()
    local one, late, things = scope.new(), new_thing(), {}
    for i = 1, 20 do
      things[i] = new_thing()
      one:add(things[i], function() one:add(late, finish) end)
    end
    one:cancel()
    assert.equal(0, late.ended)
    one:cancel()
    assert.equal(1, late.ended)
  end)

  it("keeps nothing alive", function()
    local one = scope.new()
    for _ = 1, 10 do one:add(support.watch(new_thing()), finish) end
    support.assert_freed()
    one:cancel()
  end)
end)
