-- Random conversations at which things fail at random: streams are cut, answers do
-- not come, tools raise, asks are cancelled, the program is killed between two steps
-- and goes on with what it has saved. Whatever happens:
--   what is sent is what a strict vendor takes;
--   what was said stays said, and an ask that failed leaves no trace in it;
--   each request has its row in the ledger, and none is sent a second time;
--   what is saved is loaded into the same bytes.
-- $YJ_TALKS is how many conversations there are, $YJ_SEED the first seed.
local canonical = require "yuanjing.chat.schema.canonical"
local support = require "support"
local talks = require "support.talks"
local yuanjing = require "yuanjing"

local TALKS = tonumber(os.getenv("YJ_TALKS") or 40)
local FIRST = tonumber(os.getenv("YJ_SEED") or 1)
local REQUESTS, ACTS = 24, 10

-- The same numbers everywhere: Park and Miller's.
local function new_random(seed)
  local state = seed * 7919 % 2147483646 + 1
  return function(n)
    state = state * 16807 % 2147483647
    return math.floor(state / 17) % n + 1
  end
end

-- What the model says ----------------------------------------------------------

local CALLS = {
  { "look", '{"at":"door"}', id = "0" }, { "look", '{"at":"sky"}' },
  { "look", "[1]" }, { "look", '{"at":' }, { "look", "" },
  { "raise", "{}", id = "call_0" }, { "fail", "{}" }, { "wait", "{}" },
  { "none_such", "{}" }, { "", "{}" }, { "by_hand", '{"door":1}', id = "0" },
}

local function some_calls(random)
  local calls = {}
  for n = 1, random(3) do
    local call = CALLS[random(#CALLS)]
    calls[n] = { call[1], call[2], id = n == 1 and call.id or nil }
  end
  return calls
end

local function what_is_said(random)
  local said = { usage = { total_tokens = random(9) } }
  local kind = random(10)
  if kind <= 4 then
    said.content = "a text " .. random(100)
  elseif kind == 5 then
    said.content = ""
  else
    said.content, said.calls = random(2) == 1 and "calls" or "",
      some_calls(random)
  end
  said.ended_by = random(12) == 1 and "length" or nil
  return said
end

-- What the server does: the kinds that say nothing are as rare as they are.
local FAULTS = {
  function() return { { "request" }, { "reset" } } end, -- its outcome is unknown
  function() return talks.answer('{"error":{"message":"no"}}', 400) end,
  function() return talks.answer("oops", 500) end,
  function() return talks.answer('{"error":"ERROR: inside a 200"}') end,
  function(said)
    said.is_cut = true
    return talks.answer(talks.streamed(said))
  end,
}

-- Each answer is for a plain and for a streamed request: either takes a body in the
-- manner of the other.
local function plan(random)
  local answers = {}
  for n = 1, REQUESTS do
    local said = what_is_said(random)
    local fault = random(4) == 1 and FAULTS[random(#FAULTS)]
    local speak = random(3) == 1 and talks.plain or talks.streamed
    answers[n] = fault and fault(said) or talks.answer(speak(said))
  end
  return answers
end

-- What the program does ----------------------------------------------------------

local function tools_for(world)
  local function tool(name, run)
    return yuanjing.tool { name = name, run = run, parameters = {
      type = "object", properties = { at = { type = "string" } } } }
  end
  return {
    tool("look", function(args) return { seen = args.at or "nothing" } end),
    tool("raise", function() error("it broke") end),
    tool("fail", function() return nil, "it did not work: \255" end),
    tool("wait", function()
      yuanjing.sleep(0.001)
      if world.random(3) == 1 then world.talk:cancel() end
      return "waited"
    end),
    yuanjing.tool { name = "by_hand", parameters = { door = "integer" } },
  }
end

local function is_prefix(before, after)
  for n, item in ipairs(before) do
    if canonical(item) ~= canonical(after[n]) then return false end
  end
  return true
end

local function copies(list)
  local copy = {}
  for n, item in ipairs(list) do copy[n] = item end
  return copy
end

-- One ask, in one of the ways: what it returned.
local WAYS = {
  function(talk) return talk:ask "plain" end,
  function(talk)
    local stream, err = talk:ask { "streamed", stream = true }
    if not stream then return nil, err end
    return stream:finish()
  end,
  function(talk)
    local stream, err = talk:ask { "read", stream = true }
    if not stream then return nil, err end
    local ok, problem = pcall(function()
      for _ in stream:text() do end
    end)
    if not ok then return nil, problem end
    return stream:finish()
  end,
  function(talk) -- and leaves it
    local stream, err = talk:ask { "left", stream = true }
    if not stream then return nil, err end
    local chunk = stream:next()
    if not chunk then return stream:finish() end -- it was over before
    stream:close()
    return nil, "closed"
  end,
  function(talk, random) -- and is cancelled from beside
    local work = yuanjing.async(function() return talk:ask "beside" end)
    yuanjing.sleep(random(3) / 1000)
    if not work.done then talk:cancel() end
    return work:await()
  end,
  function(talk) -- in a job that is cancelled
    local work = yuanjing.async(function() return talk:ask "in a job" end)
    yuanjing.sleep(0.001)
    work:cancel()
    return work:await()
  end,
}

local function ask(world)
  local talk, before = world.talk, copies(world.talk.messages)
  local rows = #talk.ledger
  local reply, err = WAYS[world.random(#WAYS)](talk, world.random)
  assert.is_true(is_prefix(before, talk.messages))
  if reply then
    assert.is_true(#talk.messages > #before)
    assert.equal("user", talk.messages[#before + 1].role)
  else
    assert.truthy(err)
    assert.equal(#before, #talk.messages)
  end
  for n = rows + 1, #talk.ledger do
    assert.are_not.equal("open", talk.ledger[n].outcome)
    -- After one whose outcome is not known nothing follows.
    assert.is_true(talk.ledger[n].outcome ~= "unknown" or n == #talk.ledger)
  end
end

-- A loop of its own, which answers some of the calls, and is left anywhere.
local function loop_by_hand(world)
  local talk = world.talk
  assert(talk:say "by hand")
  for _ = 1, world.random(3) do
    local before = #talk.messages
    local reply = talk:send { stream = world.random(2) == 1 or nil }
    if reply and reply.finish then reply = reply:finish() end
    if not reply then
      assert.equal(before, #talk.messages)
      return
    end
    for _, call in ipairs(talk:pending()) do
      local what = world.random(3)
      if what == 1 then assert(talk:answer(call.id, "\255 done")) end
      if what == 2 then assert(talk:answer(call.id, nil, "denied")) end
    end
    if not reply.tool_calls then return end
  end
end

local function save_and_die(world)
  local text = assert(world.talk:to_json())
  world.talk = assert(world.client:conversation { from_json = text,
    tools = world.tools })
  assert.equal(text, world.talk:to_json())
end

local function trim(world)
  local before = copies(world.talk.messages)
  local dropped = world.talk:trim { keep = world.random(4) }
  assert.equal(#before, #dropped + #world.talk.messages)
  assert.equal("user", (dropped[1] or { role = "user" }).role)
end

local function cancel(world) world.talk:cancel() end

local DOINGS = { ask, ask, ask, ask, loop_by_hand, save_and_die, trim, cancel }

local function play(seed)
  local world = { random = new_random(seed) }
  local server
  server, world.client = talks.serve(plan(world.random), { retries = 0 })
  world.tools = tools_for(world)
  world.talk = assert(world.client:conversation { tools = world.tools,
    system = seed % 2 == 0 and "be brief" or nil, max_steps = 3,
    parallel = seed % 3 == 0 or nil })
  for _ = 1, ACTS do
    if #world.talk.ledger > REQUESTS - 6 then break end
    DOINGS[world.random(#DOINGS)](world)
  end
  world.talk:cancel()
  assert.same({}, world.talk:pending())
  return server, world
end

describe("random conversations", function()
  after_each(support.clean)

  it("can always be sent, lose nothing and buy nothing twice", function()
    local requests = 0
    for seed = FIRST, FIRST + TALKS - 1 do
      local ok, problem = pcall(function()
        local server, world = play(seed)
        local bodies = talks.sent(server)
        for _, body in ipairs(bodies) do talks.check(body) end
        assert.is_true(#bodies <= #world.talk.ledger)
        requests = requests + #bodies
      end)
      support.clean()
      if not ok then
        error(("seed %d: %s"):format(seed, tostring(problem)), 0)
      end
    end
    assert.is_true(requests > TALKS)
  end)
end)
