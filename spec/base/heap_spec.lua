local heap = require "yuanjing.base.heap"

-- Random numbers, the same on each Lua.
local function new_random(seed)
  return function(n)
    seed = seed * 16807 % 2147483647
    return seed % n + 1
  end
end

local function earliest(list)
  local at = math.huge
  for _, entry in ipairs(list) do at = math.min(at, entry.at) end
  return at
end

-- The first place with an entry that does not know it, or is earlier than its
-- parent; nil if the heap is in order.
local function disorder(one)
  for place = 1, #one do
    local entry, parent = one[place], one[math.floor(place / 2)]
    if entry.place ~= place or parent and parent.at > entry.at then
      return place
    end
  end
end

local function take_out(list, entry)
  for i, other in ipairs(list) do
    if other == entry then return table.remove(list, i) end
  end
  error("it is not in there")
end

local function check_pop(one, list)
  local at = earliest(list)
  local entry = one:pop()
  assert.equal(at, entry.at)
  take_out(list, entry)
end

describe("a heap", function()
  it("is empty at first", function()
    local one = heap.new()
    assert.is_nil(one[1])
    assert.is_nil(one:pop())
    assert.equal(0, #one)
  end)

  it("gives the earliest first", function()
    local one, order = heap.new(), {}
    for _, at in ipairs { 5, 1, 4, 1, 3, -2, 4.5, math.huge, 0 } do
      one:push { at = at }
    end
    assert.equal(-2, one[1].at)
    for i = 1, 9 do order[i] = one:pop().at end
    assert.same({ -2, 0, 1, 1, 3, 4, 4.5, 5, math.huge }, order)
    assert.is_nil(one:pop())
  end)

  it("lets an entry leave early, and come back", function()
    local one = heap.new()
    local early, late = { at = 1 }, { at = 2 }
    one:push(late)
    one:push(early)
    one:remove(early)
    assert.same({ 1, late, nil }, { #one, one[1], early.place })
    one:push { at = 9 }
    one:remove(early)
    assert.same({ 2, late }, { #one, one[1] })
    early.at = 3
    one:push(early)
    assert.equal(late, one:pop())
    assert.equal(early, one:pop())
    assert.is_nil(early.place)
  end)

  for seed = 1, 3 do
    it("agrees with a plain list, whatever is done: " .. seed, function()
      local one, list, random = heap.new(), {}, new_random(seed * 7919)
      local largest = 0
      for _ = 1, 500 do
        local what = random(20)
        if what <= 12 then
          local entry = { at = random(200) }
          one:push(entry)
          list[#list + 1] = entry
        elseif what <= 17 and #list > 0 then
          local entry = list[random(#list)]
          one:remove(entry)
          take_out(list, entry)
        elseif #list > 0 then
          check_pop(one, list)
        end
        largest = math.max(largest, #list)
        assert.equal(#list, #one)
        assert.is_nil(disorder(one))
      end
      assert.is_true(largest > 50)
      while #list > 0 do check_pop(one, list) end
      assert.is_nil(one:pop())
    end)
  end
end)
