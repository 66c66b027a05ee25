-- Merging records, with any store.
local backlog = require "yuanjing.runtime.backlog"
local book_of = require "yuanjing.journal.book"
local child = require "support.child"
local loop = require "yuanjing.runtime.loop"
local merging = require "yuanjing.journal.merging"
local support = require "support"

-- A store with these records, in memory; it fails while `is_away` is set.
local function new_store(records)
  local read = 0
  local store = { owner = "me", records = records, is_away = false }
  function store:append(record)
    if self.is_away then return nil, "it is away" end
    records[#records + 1] = record
    return true
  end
  function store:read(take, restart)
    if self.is_void then
      self.is_void, read = nil, 0
      restart()
    end
    for i = read + 1, #records do take(records[i]) end
    read = #records
    return true
  end
  function store.is_alive() return false end
  function store:compact() return self ~= nil end
  return store
end

local function entry_of(records)
  local book = book_of.new(new_store(records))
  assert(book:refresh())
  return book.entries.k, book
end

-- Calls visit() with each order of the list.
local function each_order(list, visit, n)
  n = n or #list
  if n == 1 then return visit(list) end
  for i = 1, n do
    list[i], list[n] = list[n], list[i]
    each_order(list, visit, n - 1)
    list[i], list[n] = list[n], list[i]
  end
end

describe("a journal's book", function()
  after_each(support.clean)

  it("is the same for any order of writers", function()
    each_order({
      { key = "k", state = "sending", at = 7, note = "n", owner = "o",
        digest = "d", media = { { name = "a", size = 1 } } },
      { key = "k", state = "running", id = "1", status = "RUNNING" },
      { key = "k", state = "unknown", error = { kind = "x", message = "y" } },
      { key = "k", state = "done", status = "SUCCEEDED",
        result = { images = { "u" } }, changed = 9 },
      { key = "k", saved = { "a" }, changed = 8 },
    }, function(records)
      local entry = entry_of(records)
      assert.same({ key = "k", state = "done", at = 7, note = "n", id = "1",
        owner = "o", digest = "d", media = { { name = "a", size = 1 } },
        status = "SUCCEEDED", result = { images = { "u" } }, changed = 9,
        saved = { "a" } }, entry)
    end)
  end)

  it("goes forward only", function()
    local states = { "sending", "unknown", "refused", "running", "failed",
      "done", "forgotten" }
    for i = 1, #states do
      for j = 1, #states do
        local entry = entry_of { { key = "k", state = states[i] },
          { key = "k", state = states[j] } }
        assert.equal(states[math.max(i, j)], entry.state)
      end
    end
  end)

  it("joins what several have saved", function()
    local entry = entry_of { { key = "k", saved = { "a", "b" } },
      { key = "k", saved = { "c", "a" } } }
    assert.same({ "a", "b", "c" }, entry.saved)
  end)

  it("has enough with one record of an entry", function()
    local full = { key = "k", state = "sending", at = 7, kind = "image",
      api = "v1", model = "m", category = "t2i", note = "n", digest = "d" }
    local alone = entry_of { merging.record(full, { state = "running",
      id = "1" }) }
    assert.same({ key = "k", state = "running", at = 7, kind = "image",
      api = "v1", model = "m", category = "t2i", note = "n", digest = "d",
      id = "1" }, alone)
  end)

  it("takes nothing that is no record of ours", function()
    local entry, book = entry_of { { key = 5, state = {} }, { key = {} },
      { key = "k", state = "nonsense", at = "x", id = 7, note = {},
        later = { 1 } } }
    assert.same({ key = "k", later = { 1 } }, entry)
    assert.equal(1, #book.order)
  end)

  it("finds an equal submit that still runs", function()
    local _, book = entry_of { { key = "a", digest = "d", state = "running" },
      { key = "k", digest = "d", state = "sending" } }
    assert.equal("k", book:find_open("d").key)
    assert(book:append { key = "k", state = "done" })
    assert.equal("a", book:find_open("d").key)
    assert(book:append { key = "a", state = "failed" })
    assert.is_nil(book:find_open "d")
    assert(book:append { key = "b", digest = "d", state = "sending" })
    assert.equal("b", book:find_open("d").key)
  end)

  it("writes what was learnt, however late, before anything else", function()
    local store = new_store {}
    local book = book_of.new(store)
    store.is_away = true
    assert.is_nil((book:write { key = "k", state = "running", id = "1" }))
    assert.is_nil((book:write { key = "k", state = "done" }))
    assert.equal("done", book.entries.k.state) -- known here at once
    assert.is_nil((book:append { key = "b", state = "sending" }))
    store.is_away = false
    assert(book:append { key = "b", state = "sending" })
    local states = {}
    for i, record in ipairs(store.records) do states[i] = record.state end
    assert.same({ "running", "done", "sending" }, states)
    store.is_away = true
    assert.is_nil((book:write { key = "b", state = "running", id = "2" }))
    store.is_away, store.is_void = false, true
    assert(book:refresh()) -- all is read again, and this is still known
    assert.equal("running", book.entries.b.state)
    assert.is_true(support.wait_until(function()
      return #store.records == 4
    end, loop.sleep))
  end)

  it("writes again what a store has lost, where that may lose something", function()
    local store = new_store {}
    store.may_lose = true
    local book = book_of.new(store)
    assert(book:refresh())
    for _, record in ipairs { { key = "a", state = "sending", note = "a" },
      { key = "a", state = "running", note = "a", id = "1" },
      { key = "b", state = "running", note = "b", id = "2" } } do
      assert(book:append(record, true))
    end
    table.remove(store.records)
    table.remove(store.records) -- the last two are gone
    store.records[#store.records + 1] = { key = "c", state = "running" }
    store.is_void = true
    assert(book:refresh())
    assert.same({ "running", "running", "running" }, { book.entries.a.state,
      book.entries.b.state, book.entries.c.state })
    assert(book:flush())
    local keys = {}
    for i, record in ipairs(store.records) do
      keys[i] = record.key .. record.state
    end
    assert.same({ "asending", "crunning", "arunning", "brunning" }, keys)
  end)

  it("writes a submit again of which only the end is known", function()
    local store = new_store {}
    store.may_lose = true
    local book = book_of.new(store)
    assert(book:append({ key = "a", state = "sending", owner = "me" }, true))
    assert(book:append({ key = "a", state = "running", owner = "me", id = "1",
      submitted = true }, true))
    table.remove(store.records)
    store.records[2] = { key = "a", state = "done", id = "1" }
    store.is_void = true
    assert(book:refresh())
    assert(book:flush())
    assert.same({ "running", true }, { store.records[3].state,
      store.records[3].submitted })
    assert.equal("done", book.entries.a.state)
  end)

  it("leaves one record of each entry that still counts", function()
    local now = os.time()
    local store = new_store {
      { key = "a", state = "refused" }, { key = "b", state = "sending" },
      { key = "c", state = "running", id = "1", note = "x" },
      { key = "c", state = "forgotten", changed = now - 60 },
      { key = "d", state = "forgotten", changed = now - 8 * 86400 },
      { key = "b", state = "running", id = "2" } }
    function store:compact(merged, kept)
      local left, streamed = merged(self.records), {}
      for record in kept() do streamed[#streamed + 1] = record end
      assert.same({ { key = "b", state = "running", id = "2" },
        { key = "c", state = "forgotten", changed = now - 60 } }, left)
      assert.same(left, streamed)
      return true
    end
    assert.is_true(book_of.new(store):compact())
  end)
end)

describe("a backlog", function()
  after_each(support.clean)

  it("is written in its order, by a timer", function()
    local written, is_away = {}, true
    local log = backlog.new(function(item)
      if is_away then return nil, "away" end
      written[#written + 1] = item
      return true
    end)
    assert.is_true((log:flush()))
    for i = 1, 3 do log:push(i) end
    assert.is_true(log:must_wait())
    assert.same({ nil, "away" }, { log:flush() })
    is_away = false
    assert.is_true(support.wait_until(function() return #written == 3 end,
      loop.sleep))
    assert.same({ 1, 2, 3 }, written)
    assert.is_false(log:must_wait())
  end)

  it("outlives a write that raises", function()
    local calls = 0
    local log = backlog.new(function()
      calls = calls + 1
      return calls > 1 or error("oops", 0)
    end)
    log:push(1)
    assert.same({ nil, "oops" }, { log:flush() })
    assert.is_true((log:flush()))
    assert.same({}, log.items)
  end)

  it("is written when the process ends", function()
    local path = support.tempdir() .. "/tasks.journal"
    local status, output = child.run(([[
      local book = require("yuanjing.journal.book").new(%q)
      assert(book:append({ key = "a", state = "sending" }, true))
      local append = book.store.append
      book.store.append = function() return nil, "it is away" end
      print(book:write { key = "a", state = "running", id = "1" })
      book.store.append = append
    ]]):format(path))
    assert.same({ 0, "nil\tit is away" }, { status, output })
    local book = book_of.new(path)
    assert(book:refresh())
    assert.equal("running", book.entries.a.state)
  end)
end)
