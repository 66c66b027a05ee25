-- The plan of a batch, from its lines and a journal.
local digest = require "yuanjing.base.digest"
local plan = require "yuanjing.cli.batch.plan"
local yuanjing = require "yuanjing"

local MODEL = "wan2.2-t2i-plus"

local client = yuanjing.new { api_key = "k" }

-- An item for each prompt.
local function items_of(...)
  local list = {}
  for i, prompt in ipairs { ... } do
    list[i] = { number = i, params = { prompt = prompt, model = MODEL } }
  end
  return plan.items(list)
end

local last = 0

-- An entry as a batch writes it.
local function entry_of(prompt, number, state, saved)
  last = last + 1
  return { key = "k" .. last, at = last, state = state or "done", saved = saved,
    digest = "d", note = ("%d:%s"):format(number,
      digest { prompt = prompt, model = MODEL }:sub(1, 12)) }
end

-- The numbers of the items' files; those not bought yet in brackets.
local function planned(items, entries, taken)
  plan.make(items, client, entries, taken or {})
  local shown = {}
  for i, item in ipairs(items) do
    shown[i] = (item.entry and "%d" or "(%d)"):format(item.number)
  end
  return table.concat(shown, " ")
end

describe("the plan of a batch", function()
  it("gives lines their places, in a folder of their own", function()
    assert.equal("(1) (2) (3)", planned(items_of("a", "b", "a"), {}))
  end)

  it("knows lines that have moved", function()
    local entries = { entry_of("a", 1), entry_of("b", 2) }
    assert.equal("(3) 2 1", planned(items_of("c", "b", "a"), entries))
    assert.equal("2", planned(items_of("b"), entries))
  end)

  it("counts equal lines", function()
    local entries = { entry_of("a", 1), entry_of("a", 2) }
    assert.equal("1 2 (3)", planned(items_of("a", "a", "a"), entries))
    assert.equal("1", planned(items_of("a"), entries))
  end)

  it("counts what may have been bought, and not what was refused or failed",
    function()
      for state, is_bought in pairs { sending = true, running = true,
        unknown = true, done = true, refused = false, failed = false } do
        assert.equal(is_bought and "1" or "(1)",
          planned(items_of("a"), { entry_of("a", 1, state) }), state)
      end
    end)

  it("takes no number that a file has, or another list's line", function()
    assert.equal("(4) (5) (3)", planned(items_of("a", "b", "c"),
      { entry_of("x", 2) }, { true }))
  end)

  it("goes by where a file was saved last", function()
    assert.equal("7", planned(items_of("a"),
      { entry_of("a", 1, "done", { "p/0001.png", "p/0007.png" }) }))
    assert.equal("1", planned(items_of("a"),
      { entry_of("a", 1, "done", { "p/elsewhere.png" }) }))
  end)

  it("leaves a number that two have had to the later one", function()
    local entries = { entry_of("a", 1), entry_of("b", 1) }
    assert.equal("2 1", planned(items_of("a", "b"), entries))
  end)

  it("knows a line with a note of its own by that and by what it asks",
    function()
      local items = items_of("a", "b")
      items[1].params.note, items[2].params.note = "mine", "mine"
      plan.make(items, client, {}, {})
      local entries = { { key = "k", at = 1, state = "done", note = "mine",
        digest = items[2].identity:sub(1, 64), saved = { "0004.png" } } }
      assert.equal("(1) 4", planned(items, entries))
      assert.same({ "mine", "mine" }, { items[1].note, items[2].note })
    end)
end)
