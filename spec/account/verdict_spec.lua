-- What a history proves of a call whose outcome is unknown, and what it does not.
local digest = require "yuanjing.base.digest"
local verdict = require "yuanjing.account.verdict"

local NOW = 1796094000

local function call(fields)
  local made = { id = fields.id or fields.transno, time = NOW - 100,
    is_zoned = true, input = {}, status = "SUCCEEDED", raw = {} }
  for name, value in pairs(fields) do made[name] = value end
  return made
end

local function wanted(fields)
  local made = { transno = "lost", at = NOW - 100, latest = NOW - 100,
    kind = "image", model = "m", digest = "d" }
  for name, value in pairs(fields or {}) do made[name] = value end
  return made
end

local function known(fields)
  local made = { transno = "k1", id = "t1", at = NOW - 50, kind = "image",
    took = 0, delay = 1 }
  for name, value in pairs(fields or {}) do made[name] = value end
  return made
end

local KNOWN_CALL = { transno = "k1", task = "t1", model = "m", time = NOW - 50 }

-- The verdict of a whole history of one page.
local function judge(calls, given)
  given = given or {}
  local list = given.known or { known() }
  local one = given.wanted or wanted()
  local evidence = verdict.evidence(given.all or { one }, list)
  local page = { total = given.total, page = 1 }
  for n, fields in ipairs(calls) do page[n] = call(fields) end
  verdict.add(evidence, page)
  evidence.is_whole = given.is_whole ~= false
  return verdict.of(evidence, one, given.now or NOW)
end

local function is_unknown(found, reason)
  assert.equal("still_unknown", found.outcome)
  assert.is_truthy(found.reason:find(reason, 1, true), found.reason)
end

describe("a call that is in the history", function()
  it("is billed, with its task and what it used", function()
    local found = judge { KNOWN_CALL, { transno = "lost", task = "t2",
      model = "m", amount = 0.2, usage = { n = 1 } } }
    assert.same({ "billed", "t2", 0.2, { n = 1 } },
      { found.outcome, found.task, found.amount, found.usage })
    assert.is_nil(found.reason)
  end)

  it("is billed where nothing else of ours is there", function()
    assert.equal("billed", judge({ { transno = "lost" } },
      { known = {} }).outcome)
  end)

  it("has no task where two entries with its number name two", function()
    local found = judge { { id = "1", transno = "lost", task = "a" },
      { id = "2", transno = "lost", task = "b" } }
    assert.equal("billed", found.outcome)
    assert.is_nil(found.task)
    assert.equal("the history has 2 entries with its number", found.reason)
  end)

  it("has no task where known calls have other ids there", function()
    local found = judge { { transno = "k1", task = "r1" },
      { transno = "lost", task = "r2" } }
    assert.same({ "billed", "the history gives tasks of yours other ids than they have" },
      { found.outcome, found.reason })
    assert.is_nil(found.task)
  end)

  it("is billed once where a page repeats it", function()
    local found = judge { { id = "1", transno = "lost", task = "a" },
      { id = "1", transno = "lost", task = "a" } }
    assert.equal("a", found.task)
  end)

  it("that failed is billed only where it cost something", function()
    local found = judge { { transno = "lost", status = "FAILED", task = "a" } }
    is_unknown(found, "it ended as FAILED")
    assert.equal("a", found.task)
    assert.equal("billed", judge({ { transno = "lost", status = "FAILED",
      amount = 1 } }).outcome)
  end)

  it("is unknown at the task of another, or at another model", function()
    is_unknown(judge { KNOWN_CALL, { transno = "lost", task = "t1" } },
      "the task of another")
    is_unknown(judge { KNOWN_CALL, { transno = "lost", model = "other" } },
      "at the model other")
  end)

  it("is unknown where what another one asked for stands beside its number",
    function()
      local asked = { model = "m", prompt = "two" }
      local other = wanted { transno = "other", digest = digest {
        fields = asked, files = {} } }
      local one = wanted()
      is_unknown(judge({ { transno = "lost", model = "m", input = asked } },
        { wanted = one, all = { one, other } }), "what another one asked for")
    end)

  it("is unknown in a history that has the known numbers at other tasks",
    function()
      is_unknown(judge({ { transno = "k1", task = "t2" },
        { transno = "k2", task = "t1" }, { transno = "lost", task = "t3" } },
        { known = { known(), known { transno = "k2", id = "t2" } } }),
        "at other tasks")
    end)
end)

describe("a call that is not in the history", function()
  it("was not received, if all else is there", function()
    assert.equal("not_received", judge({ KNOWN_CALL }).outcome)
  end)

  it("is unknown in one that is empty", function()
    is_unknown(judge {}, "is empty")
  end)

  it("is unknown in one that does not reach back to it", function()
    is_unknown(judge({ KNOWN_CALL }, { is_whole = false }), "does not reach back")
    assert.equal("not_received", judge({ KNOWN_CALL,
      { id = "old", time = NOW - 1000 } }, { is_whole = false }).outcome)
    is_unknown(judge({ { id = "old", time = NOW - 1000 }, KNOWN_CALL,
      { id = "older", time = NOW - 2000 } }, { is_whole = false }),
      "does not reach back")
  end)

  it("is unknown in one that has none of our numbers", function()
    is_unknown(judge { { id = "x", transno = "somebody" } }, "proves nothing")
    is_unknown(judge({ KNOWN_CALL }, { known = {} }), "proves nothing")
  end)

  it("is unknown in one that lacks a call that was answered", function()
    is_unknown(judge({ KNOWN_CALL },
      { known = { known(), known { transno = "k2" } } }), "lacks calls")
  end)

  it("is unknown in one that says it has more", function()
    is_unknown(judge({ KNOWN_CALL }, { total = 2 }), "has 2 calls, and shows 1")
  end)

  it("is unknown beside one that does not say what it is", function()
    local nameless = { id = "x", input = false, time = NOW - 90 }
    is_unknown(judge { KNOWN_CALL, nameless }, "does not say whose")
    nameless.time = NOW - 1000
    assert.equal("not_received", judge({ KNOWN_CALL, nameless }).outcome)
  end)

  it("is unknown beside one of its model without a number, unless that is another's",
    function()
      local one = { id = "x", model = "m", time = NOW - 90, input = { prompt = "p" } }
      is_unknown(judge { KNOWN_CALL, one }, "does not say whose")
      for name, value in pairs { model = "n", task = "t1", transno = "z" } do
        local other = { id = "x", model = "m", time = NOW - 90 }
        other[name] = value
        assert.equal("not_received", judge({ KNOWN_CALL, other }).outcome, name)
      end
    end)

  it("is unknown without a number", function()
    is_unknown(judge({ KNOWN_CALL }, { wanted = { at = NOW - 100,
      latest = NOW - 100, model = "m", digest = "d" } }), "carried no number")
  end)

  it("is unknown until such calls have been there for long", function()
    local soon = wanted { at = NOW - 5, latest = NOW - 5 }
    is_unknown(judge({ KNOWN_CALL }, { wanted = soon }), "may take 8 s")
    local slow = { known = { known { took = 20 } } }
    is_unknown(judge({ KNOWN_CALL }, slow), "may take 205 s")
    slow.now = NOW + 200
    assert.equal("not_received", judge({ KNOWN_CALL }, slow).outcome)
  end)

  it("is unknown for as long as it takes until known ones can be seen",
    function()
      is_unknown(judge({ KNOWN_CALL }, { known = { known { delay = 25 } },
        wanted = wanted { at = NOW - 45, latest = NOW - 45 } }), "may take 50 s")
    end)
end)

describe("a call without a number", function()
  local ASKED = { model = "m", prompt = "one", transno = nil }
  local ONE = { at = NOW - 100, latest = NOW - 100, kind = "chat", model = "m",
    digest = digest(ASKED) }

  it("is found by model, time and what it asked for", function()
    local found = judge({ { id = "x", model = "m", input = ASKED, task = "a" } },
      { wanted = ONE })
    assert.same({ "billed", "a" }, { found.outcome, found.task })
  end)

  it("is unknown where two are like it, here or there", function()
    local like = { model = "m", input = ASKED }
    is_unknown(judge({ { id = "x", model = "m", input = ASKED },
      { id = "y", model = "m", input = ASKED } }, { wanted = ONE }), "like it")
    local twin = {}
    for name, value in pairs(ONE) do twin[name] = value end
    like.id = "x"
    is_unknown(judge({ like }, { wanted = ONE, all = { ONE, twin } }), "like it")
  end)

  it("is not one of another time, of another model, or with a number", function()
    for _, change in ipairs { { time = NOW - 2000 }, { model = "other" },
      { transno = "other" }, { time = false }, { input = { model = "m" } } } do
      local row = { id = "x", model = "m", input = ASKED }
      for name, value in pairs(change) do row[name] = value end
      is_unknown(judge({ row }, { wanted = ONE }), "carried no number")
    end
  end)
end)

describe("the clock of a history without a zone", function()
  it("is told by a known call", function()
    local east = 8 * 3600
    local calls = { { transno = "k1", task = "t1", is_zoned = false,
      time = NOW - 48 + east }, { id = "old", is_zoned = false, input = false,
      time = NOW - 1000 + east } }
    assert.equal("not_received", judge(calls, { is_whole = false }).outcome)
    calls[2].time = NOW - 100 + east
    is_unknown(judge(calls), "does not say whose")
  end)
end)
