local child = require "support.child"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local loop = require "yuanjing.runtime.loop"
local HEAD = scripted.answer(200, {})
local EVENT, DONE = 'data: {"content":"a"}\n\n', "data: [DONE]\n\n"

local function get(url, more)
  local request = { method = "GET", url = url, proxy = "" }
  for name, value in pairs(more or {}) do request[name] = value end
  return assert(loop.open(request))
end

local function serve(...)
  return support.serve { default = { { "request" }, ... } }
end

local function client_at(server)
  return yuanjing.new { api_key = "sk-test", base_url = server.url }
end

describe("the loop", function()
  after_each(support.clean)

  it("has one pool", function()
    assert.equal(loop.pool(), loop.pool())
    assert.truthy(loop.pool():is_mine())
  end)

  it("has a clock that is never set back", function()
    local from = loop.now()
    local took = support.timed(support.sleep, 0.02)
    local between = loop.now() - from
    assert.truthy(between >= took and between < took + support.SOON)
  end)

  it("sleeps as long as requested, without work", function()
    local from = os.clock()
    local took = support.timed(loop.sleep, 0.3)
    assert.truthy(took >= 0.3 and took < support.SOON, took)
    assert.truthy(os.clock() - from < 0.15)
    for _, seconds in ipairs { 0, -1 } do
      assert.truthy(support.timed(loop.sleep, seconds) < support.SOON)
    end
  end)

  it("sleeps less than a millisecond, too", function()
    local took = support.timed(function()
      for _ = 1, 20 do loop.sleep(0.0005) end
    end)
    assert.truthy(took >= 0.01 and took < support.SOON, took)
  end)

  it("waits for the head, and for the end", function()
    local server = serve({ "sleep", 0.1 }, { "send", HEAD },
      { "gate", "body" }, { "send", "whole" })
    local transfer = get(server.url)
    assert.is_nil(transfer:status())
    loop.wait_head(transfer)
    assert.same({ 200, false, "" }, { transfer:status(), transfer:done(),
      transfer:body() })
    server:open "body"
    loop.wait_done(transfer)
    assert.same({ true, "whole" }, { transfer:done(), transfer:body() })
    local took = support.timed(function()
      loop.wait(transfer)
      loop.wait_head(transfer)
      loop.wait_done(transfer)
    end)
    assert.truthy(took < support.SOON, took)
  end)

  it("waits for a head that never comes until the failure", function()
    local transfer = get(serve({ "close" }).url)
    loop.wait_head(transfer)
    assert.is_nil(transfer:status())
    assert.equal("curl", (transfer:failure()))
  end)

  it("moves all that is in flight while it sleeps", function()
    local server = serve({ "send", HEAD .. "1" }, { "sleep", 0.05 },
      { "send", "2" })
    local first, second = get(server.url), get(server.url)
    support.wait_until(function() return first:done() and second:done() end,
      loop.sleep)
    assert.same({ true, "12", true, "12" }, { first:done(), first:body(),
      second:done(), second:body() })
  end)

  it("moves all that is in flight while a call waits", function()
    local server = support.serve { routes = {
      ["/other"] = { { "sleep", 0.05 }, { "send", scripted.answer(200, {}, "x") },
        { "open", "chat" } } },
      default = { { "gate", "chat" }, { "send", HEAD .. '{"content":"y"}' },
        { "close" } } }
    local other = get(server.url .. "/other")
    assert.equal("y", assert(client_at(server):chat { prompt = "x" }).content)
    assert.same({ true, "x" }, { other:done(), other:body() })
  end)

  -- A process that is stopped and goes on finds its wait interrupted.
  it("goes on waiting after a signal", function()
    local file = support.write(support.tempdir() .. "/child.lua", ([[
      package.path, package.cpath = %q, %q
      local loop = require "yuanjing.runtime.loop"
      os.execute("(sleep 0.1; kill -STOP $PPID; sleep 0.05; kill -CONT $PPID) &")
      local from = loop.now()
      loop.sleep(0.4)
      local took = loop.now() - from
      print(took >= 0.4 and took < 30 or took)
    ]]):format(package.path, package.cpath))
    assert.equal("true", support.output(child.interpreter()
      .. " " .. file .. " 2>&1"))
  end)
end)

describe("a stream that is read to its end", function()
  after_each(support.clean)

  local CHUNKED = scripted.answer(200, { ["Transfer-Encoding"] = "chunked" })

  local function whole_stream(client)
    local stream = assert(client:chat { prompt = "x", stream = true })
    return assert(stream:finish()).content
  end

  it("does not wait for the end of the connection's part", function()
    local server = serve({ "send", CHUNKED .. scripted.chunk(EVENT .. DONE) },
      { "wait_close", 120 })
    local took, text = support.timed(whole_stream, client_at(server))
    assert.equal("a", text)
    assert.truthy(took < support.SOON, took)
  end)

  it("keeps its connection when the end comes soon", function()
    local server = serve({ "send", CHUNKED .. scripted.chunk(EVENT .. DONE) },
      { "sleep", 0.1 }, { "send", scripted.chunk("") }, { "request" },
      { "send", CHUNKED .. scripted.chunk(EVENT .. DONE) .. scripted.chunk("") })
    local client = client_at(server)
    assert.equal("a", whole_stream(client))
    support.wait_until(function() return loop.pool():count() == 0 end,
      loop.sleep)
    assert.equal("a", whole_stream(client))
    assert.equal(1, server:connections().opened)
  end)

  -- A transfer that lingers until `is_done`, and counts the calls of done().
  local function lingering(asked)
    return { is_done = false, discard = function() end,
      done = function(self)
        asked.count = asked.count + 1
        return self.is_done
      end }
  end

  it("costs the same however many connections still end", function()
    local asked, all = { count = 0 }, {}
    loop.pool()
    for i = 1, 500 do
      all[i] = lingering(asked)
      loop.linger(all[i])
    end
    asked.count = 0
    loop.linger(lingering(asked))
    assert.truthy(asked.count <= 4, asked.count)
    for i = 1, 500 do all[i].is_done = true end
    support.watch(all[500])
    all = nil -- luacheck: ignore
    for _ = 1, 520 do
      local one = lingering(asked)
      loop.linger(one)
      one.is_done = true
    end
    support.assert_freed()
  end)

  it("gives its connection up when the end does not come", function()
    local server = serve({ "send", CHUNKED .. scripted.chunk(EVENT .. DONE) },
      { "repeat", 999, { { "sleep", 0.1 }, { "send", scripted.chunk(EVENT) } } })
    assert.equal("a", whole_stream(client_at(server)))
    local since = support.now()
    local closed = server:wait_for(function()
      return server:connections().open == 0
    end, function() loop.sleep(0.1) end)
    assert.truthy(closed)
    local took = server:connections().list[1].closed_at - since
    assert.truthy(took > 1.8 and took < support.SOON, took)
  end)
end)
