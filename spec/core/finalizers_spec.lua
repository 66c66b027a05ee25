-- A user's finalizers may run inside the core, wherever it makes a Lua string. They
-- must not be able to close, feed, advance or read the object that the core is
-- reading. spec/soak/finalizers.lua tests the same at random.
local core = require "yuanjing.core"
local scripted = require "support.scripted"
local support = require "support"

local IS_READ = "this is being read already, or an error cut its reading short"
local HEAD = scripted.answer(200, { ["Connection"] = "close" })
local new_proxy = rawget(_G, "newproxy")

local function text_of(n) return ("%05d,"):format(n):rep(n % 50 + 20) end

local function event_of(n)
  return ('data: {"id":"%s","choices":[{"delta":{"content":"%s",'
    .. '"reasoning_content":"%s"}}]}\n\n'):format(("x"):rep(900), text_of(n),
    ("r"):rep(300))
end

local function check_chunk(n, content, json, reasoning)
  assert.equal(text_of(n), content)
  assert.is_truthy(json:find('^{"id":"x+",.*"}}]}$'))
  assert.equal(("r"):rep(300), reasoning)
end

local act, inside, met -- the action of finalizers; whether a call runs; their count in it

local function attach(collect)
  if not new_proxy then return setmetatable({}, { __gc = collect }) end
  getmetatable(new_proxy(true)).__gc = collect
end

local function arm()
  attach(function()
    if not act then return end
    if inside then
      met = met + 1
      act()
    end
    arm()
  end)
end

-- The results of a method during which finalizers perform the action. The
-- collector stands still but for this call: else its steps may come at the same
-- place of each round, always outside.
local function amidst(object, name, ...)
  local method = object[name]
  inside = true
  collectgarbage "restart" -- its next step is at the next allocation
  local a, b, c, d, e, f = method(object, ...)
  collectgarbage "stop"
  inside = false
  return a, b, c, d, e, f
end

-- Repeats until finalizers have run so often. If few strings are made, the
-- collector may never run: then it stops after a while.
local function until_met(what, run, is_rare)
  act, met, inside = what, 0, false
  -- so many that most steps of the collector call some
  for _ = 1, new_proxy and 3000 or 300 do arm() end
  local round, ends = 0, core.now() + (is_rare and 2 or 5 * support.HANG)
  while met < (is_rare and 1 or 3) and core.now() < ends do
    round = round + 1
    run(round)
  end
  act = nil
  collectgarbage "restart"
  assert.is_truthy(is_rare or met >= 3)
end

local pool

before_each(function()
  pool = support.watch(assert(core.pool()))
  support.set_collector(new_proxy and 0 or 200, 1000)
end)

after_each(function()
  act = nil
  support.set_collector(200, 200)
  pool:close()
  pool = nil
  support.clean()
end)

describe("a decoder that is being read", function()
  local decoder

  local function fed(n)
    decoder = core.decoder()
    decoder:feed(event_of(n))
    return decoder
  end

  it("gives what it has read, when it is closed meanwhile", function()
    local was_met
    until_met(function() decoder:close() end, function(round)
      was_met = met
      check_chunk(round, amidst(fed(round), "next"))
      if met > was_met then
        assert.same({ nil, "end" }, { decoder:next() })
      end
    end)
  end)

  it("refuses to be fed and to be read", function()
    local refusals = {}
    until_met(function()
      for name, argument in pairs { feed = event_of(9):rep(50), next = false,
        text = false, drain = false } do
        refusals[name] = select(2, pcall(decoder[name], decoder, argument))
      end
    end, function(round)
      check_chunk(round, amidst(fed(round), "next"))
      assert.same({ nil, "pending" }, { decoder:next() })
    end)
    assert.same({ feed = IS_READ, next = IS_READ, text = IS_READ,
      drain = IS_READ }, refusals)
  end)

  it("tells all that it knows, when it is closed meanwhile", function()
    until_met(function() decoder:close() end, function(round)
      fed(round):next()
      local content, reasoning, _, last = amidst(decoder, "summary")
      check_chunk(round, content, last, reasoning)
    end)
  end)
end)

describe("a transfer that is being read", function()
  local EVENTS = 400
  local transfer, server

  local function open_stream(path)
    transfer = assert(pool:open { method = "GET", proxy = "",
      url = server.url .. (path or "/"), events = path ~= "/plain" })
  end

  local function serve()
    local parts = { { "send", HEAD } }
    for n = 1, EVENTS, 10 do
      local part = {}
      for k = n, n + 9 do part[#part + 1] = event_of(k) end
      parts[#parts + 1] = { "send", table.concat(part) }
      parts[#parts + 1] = { "sleep", 0.0005 }
    end
    parts[#parts + 1] = { "send", "data: [DONE]\n\n" }
    server = support.serve { routes = { ["/"] = parts, ["/plain"] = {
      { "send", scripted.answer(200, { ["X-Long"] = ("h"):rep(30000) },
        ("p"):rep(50000)) } } } }
  end

  before_each(function()
    transfer = nil
    serve()
  end)

  it("loses nothing, when the pool is moved meanwhile", function()
    local last = 0
    open_stream()
    until_met(function() pool:step() end, function()
      local content, json, reasoning = amidst(transfer, "next")
      if content then
        last = last + 1
        check_chunk(last, content, json, reasoning)
      elseif json == "done" then
        assert.equal(EVENTS, last)
        last = 0
        open_stream()
      else
        pool:wait(0.01)
      end
    end)
  end)

  it("gives what it has read, when it is closed meanwhile", function()
    local last
    until_met(function() transfer:close() end, function()
      if not last then
        open_stream()
        last = 0
      end
      local was_met = met
      local content, json, reasoning = amidst(transfer, "next")
      if content then
        last = last + 1
        check_chunk(last, content, json, reasoning)
      elseif json == "pending" then
        pool:wait(0.01)
      else
        last = nil
      end
      if met > was_met then
        assert.same({ nil, "closed" }, { transfer:next() })
        last = nil
      end
    end, true)
  end)

  it("gives its body and its head, when it is closed meanwhile", function()
    local body, head
    for name, good in pairs {
      body = function() return body == ("p"):rep(50000) end,
      head = function()
        return head:find "^HTTP/1.1 200 OK\r\n.*X%-Long: h+\r\n" or head == ""
      end } do
      until_met(function() transfer:close() end, function()
        if not transfer then
          open_stream "/plain"
          while not transfer:done() do pool:wait(0.1) end
        end
        local was_met = met
        body = amidst(transfer, name)
        head = body
        assert.is_truthy(good())
        if met > was_met then transfer = nil end
      end, true)
      transfer = nil
    end
  end)

  it("is refused to a finalizer", function()
    local refusal
    open_stream()
    until_met(function()
      refusal = select(2, pcall(transfer.next, transfer))
    end, function()
      local content, event = amidst(transfer, "next")
      if event == "done" then open_stream() end
      if not content then pool:wait(0.01) end
    end)
    assert.equal(IS_READ, refusal)
  end)
end)

describe("a fiber that is told", function()
  local EVENTS = 200
  local transfer, thread, seen

  local function stream()
    local steps = { { "send", HEAD } }
    for n = 1, EVENTS do
      steps[#steps + 1] = { "send", event_of(n) }
      steps[#steps + 1] = { "sleep", 0.0005 }
    end
    steps[#steps + 1] = { "send", "data: [DONE]\n\n" }
    return steps
  end

  -- Reads the streams one by one, and records the end of each.
  local function begin(server)
    transfer = assert(pool:open { method = "GET", proxy = "",
      url = server.url, events = true })
    seen = {}
    local mine, notes = transfer, seen
    thread = coroutine.create(function()
      local last = 0
      repeat
        local content, json, reasoning = mine:next()
        if content then
          last = last + 1
          check_chunk(last, content, json, reasoning)
        end
        if content == nil and json == nil then mine:subscribe(nil) end
        if json == "pending" then coroutine.yield(core.fiber()) end
      until json and json ~= "pending" and not content
      notes.last, notes.ended = last, true
    end)
    core.switch(thread)
  end

  local function dispatch_all()
    pool:wait(0.01)
    inside = true
    local _, _, waits, problem = pool:dispatch()
    inside = false
    assert.is_nil(waits == nil and problem or nil)
  end

  local function check(what)
    local server = support.serve { routes = { ["/"] = stream() } }
    begin(server)
    until_met(what, function()
      dispatch_all()
      if seen.ended then begin(server) end
    end)
    return server
  end

  it("gets every event, whatever goes on meanwhile", function()
    check(function()
      pool:step()
      pool:dispatch()
      pcall(core.switch, thread) -- while it runs that is refused
      for waiter in pool.ready, pool do pcall(core.switch, waiter) end
    end)
    local ends = core.now() + support.HANG
    while not seen.ended and core.now() < ends do dispatch_all() end
    assert.equal(EVENTS, seen.last)
  end)

  it("is told that its stream was closed meanwhile", function()
    check(function() transfer:close() end)
  end)

  it("may be begun by a finalizer, and waits", function()
    local server = support.serve { routes = { ["/"] = stream() } }
    local ends, begun = core.now() + support.HANG, false
    act, met = function()
      begun = true
      act = nil
      begin(server)
    end, 0
    inside = true
    arm()
    repeat local _ = {} until begun or core.now() > ends
    inside = false
    while not seen.ended and core.now() < ends do
      if coroutine.status(thread) == "suspended" then core.switch(thread) end
      pool:wait(0.01)
      pool:dispatch()
    end
    assert.equal(EVENTS, seen.last or seen.ended)
  end)
end)

it("nobody gets at what the collector calls", function()
  assert.same({ false, false }, { getmetatable(pool),
    getmetatable(core.decoder()) })
end)
