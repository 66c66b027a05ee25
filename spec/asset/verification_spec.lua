-- A verification: its session, and waiting for its group.
local answers = require "support.answering"
local clock = require "support.clock"
local http = require "yuanjing.http.call"
local polling = require "yuanjing.task.polling"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local answering, bytes_of = answers.serve, answers.bytes_of
local FAST = { interval = 0.01, timeout = 5 }
local VERIFY = "/reallife_asset/api/rl_verify.dspy"
local GROUPS = "/reallife_asset/api/rl_query_groups.dspy"

local function ok(data)
  return { status = "ok", data = data }
end

local SESSION = ok { id = "s-1", h5_link = "https://h5/?token=t",
  byted_token = "b-1" }

-- A group by its id, "id name" or "id name status".
local function group(text)
  local id, name, status = text:match("^(%S+) ?(%S*) ?(%S*)$")
  return { vendor_group_id = id, vendor = "volcengine",
    name = name ~= "" and name or nil,
    status = status ~= "" and status or "active" }
end

local function groups(...)
  local list = {}
  for n, text in ipairs { ... } do list[n] = group(text) end
  return ok { groups = list }
end

local function client_at(server, options)
  options = options or {}
  options.asset_url, options.api_key = server.url, "sk-verify"
  options.retries = options.retries or 0
  return yuanjing.new(options)
end

-- A session and its server. The list has the answers for the groups: the first
-- is used before there is a link.
local function begun(list, params, options)
  list[2] = list[2] or list[1]
  table.insert(list, 2, SESSION)
  local server = answering(list)
  return assert(client_at(server, options).assets:verify(params
    or { vendor = "volcengine" })), server
end

describe("a verification", function()
  after_each(function()
    clock.reset()
    support.clean()
  end)

  it("has a link and its end, counted from before it was asked for", function()
    local now = 1000
    os.time = function() return now end -- luacheck: ignore 122
    local session, server = begun({ groups() }, { vendor = "volcengine",
      name = "张三" }, { on_event = function(event)
      if event.type == "response" then now = now + 50 end
    end })
    assert.same({ "s-1", "https://h5/?token=t", "b-1", "张三", 1050 + 120 },
      { session.id, session.h5_link, session.byted_token, session.name,
        session.expires_at })
    assert.same(SESSION, session.raw)
    local requests = server:requests()
    assert.same({ GROUPS, VERIFY }, { requests[1].path, requests[2].path })
    assert.equal(2, #requests)
  end)

  it("may have no more than a link", function()
    local server = answering { groups(), { success = true,
      h5_link = "https://h5/" } }
    local session = assert(client_at(server).assets:verify { vendor = "v" })
    assert.same({ "https://h5/" }, { session.h5_link, session.id,
      session.byted_token, session.name })
  end)

  it("prints as what it is, without its link", function()
    local session = begun { groups() }
    assert.equal("yuanjing.Verification s-1 (open)", tostring(session))
    clock.advance(121)
    assert.equal("yuanjing.Verification s-1 (expired)", tostring(session))
  end)

  it("does not wait for long for the groups there are", function()
    local server = answering { 30, SESSION }
    local limit
    local send = http.send
    finally(function() http.send = send end)
    http.send = function(settings, request)
      if limit then return send(settings, request) end
      limit, request.total = request.total, 0.2
      return send(settings, request)
    end
    local session = assert(client_at(server).assets:verify { vendor = "v" })
    assert.same({ 10, "s-1" }, { limit, session.id })
  end)

  it("is begun at most once", function()
    for name, steps in pairs { ["a reset"] = { { "request" }, { "reset" } },
      ["a close"] = { { "request" }, { "close" } },
      ["a reset before its end"] = { { "head" }, { "reset" } } } do
      local server = support.serve {
        connections = { { { "request" }, { "send", bytes_of(groups()) },
          steps[1], steps[2] } },
        default = { { "request" }, { "send", bytes_of(SESSION) } } }
      local session, err = client_at(server, { retries = 2 })
        .assets:verify { vendor = "v" }
      assert.is_nil(session, name)
      assert.same({ "outcome_unknown", 1 }, { err.kind, err.attempts })
      assert.equal(2, #server:requests())
    end
  end)

  for text, code in pairs { ["供应商配置不存在"] = "vendor_not_configured",
    ["供应商服务已停用"] = "vendor_disabled" } do
    it("that is refused is an error: " .. code, function()
      local server = answering { groups(), { status = "error",
        data = { message = text } } }
      local session, err = client_at(server).assets:verify { vendor = "v" }
      assert.is_nil(session)
      assert.same({ kind = "platform", code = code, message = text,
        call = "POST " .. VERIFY }, support.fields(err, "kind", "code",
        "message", "call"))
    end)
  end
end)

-- Waiting -------------------------------------------------------------------

describe("session:await_group", function()
  after_each(function()
    clock.reset()
    support.clean()
  end)

  it("has the group that is there at once", function()
    local session, server = begun { groups "old", groups("old", "new") }
    assert.equal("new", assert(session:await_group(FAST)).vendor_group_id)
    assert.equal(3, #server:requests())
  end)

  it("has the group that is new", function()
    local session, server = begun { groups("old", "older"),
      groups("old", "older", "new") }
    assert.same(group "new", (assert(session:await_group(FAST))))
    assert.same(group "new", (assert(session:await_group(FAST))))
    assert.equal(4, #server:requests())
    assert.equal(GROUPS, server:requests()[4].path)
  end)

  it("waits as long as the list is what it was", function()
    local session, server = begun { groups "old", groups "old", groups "old",
      groups(), groups "old", groups("new", "old") }
    assert.equal("new", assert(session:await_group(FAST)).vendor_group_id)
    assert.equal(7, #server:requests())
  end)

  it("takes no group that was removed and is back for a new one", function()
    local session = begun { groups "old", groups(), groups "old",
      groups("old", "new") }
    assert.equal("new", assert(session:await_group(FAST)).vendor_group_id)
  end)

  it("waits until the group is active", function()
    local session, server = begun { groups "old",
      groups("old", "new 张三 pending"), groups("old", "new 张三 failed"),
      groups("old", "new 张三 Active") }
    assert.equal("new", assert(session:await_group(FAST)).vendor_group_id)
    assert.equal(5, #server:requests())
  end)

  it("takes a group that was pending before", function()
    local session = begun { groups "new 张三 pending",
      groups "new 张三 pending", groups "new 张三 active" }
    assert.equal("new", assert(session:await_group(FAST)).vendor_group_id)
  end)

  it("takes a group without a status, but none without an id", function()
    local session = begun { groups(), ok { groups = { { name = "x",
      status = "active" } } }, ok { groups = { { vendor_group_id = 7 } } } }
    assert.same({ vendor_group_id = "7" }, (assert(session:await_group(FAST))))
  end)

  it("takes only its own group, by its name", function()
    local session = begun({ groups "old 张三", groups("old 张三", "b 李四"),
      groups("old 张三", "b 李四", "a 模特张三") }, { vendor = "v",
      name = "张三" })
    assert.equal("a", assert(session:await_group(FAST)).vendor_group_id)
  end)

  it("takes names as they are, not as patterns", function()
    local session = begun({ groups(), groups("b aXb"), groups("b aXb",
      "a a.b") }, { vendor = "v", name = "a.b" })
    assert.equal("a", assert(session:await_group(FAST)).vendor_group_id)
  end)

  it("takes any group where a name is missing", function()
    local session = begun { groups(), groups "b 李四" }
    assert.equal("b", assert(session:await_group(FAST)).vendor_group_id)
    session = begun({ groups(), groups "b" }, { vendor = "v", name = "张三" })
    assert.equal("b", assert(session:await_group(FAST)).vendor_group_id)
  end)

  it("reports how many others there were", function()
    local session = begun({ groups(), groups("b 李四", "c 王五") },
      { vendor = "v", name = "张三" })
    local _, err = session:await_group { timeout = 2, interval = 0.1 }
    -- a slow machine may not have finished the last query
    local message = err.message:gsub(
      "; the last query said: n[%l ]+ within the %l+ limit$", "")
    assert.equal("no new group has become active; the link is still good: wait "
      .. "again; new with another name: 2", message)
  end)

  -- ---- what was there before is not known

  for name, answer in pairs { ["a 500"] = scripted.answer(500, {}, ""),
    ["HTML"] = scripted.answer(200, {}, "<html></html>"),
    ["a refusal"] = { status = "error", data = { message = "busy" } } } do
    it("takes what it sees first for old, if it must: " .. name, function()
      local session, server = begun { answer, groups "old", groups "old",
        groups("old", "new") }
      assert.equal("new", assert(session:await_group(FAST)).vendor_group_id)
      assert.equal(5, #server:requests())
    end)
  end

  it("reports it when it had to", function()
    local session = begun { scripted.answer(500, {}, ""), groups "new" }
    local found, err = session:await_group { timeout = 2, interval = 0.1 }
    assert.is_nil(found)
    assert.truthy(err.message:find("what groups there were before is not known: "
      .. "look at client.assets:groups()", 1, true), err.message)
  end)

  -- ---- what passes and what does not

  for name, answer in pairs { ["a 500"] = scripted.answer(500, {}, ""),
    ["a reset"] = "reset", ["HTML"] = scripted.answer(200, {}, "<html></html>"),
    ["not yet"] = { status = "error",
      data = { message = "尚未完成认证或认证失败" } },
    ["not yet, flat"] = { success = false,
      message = "尚未完成认证或认证失败" },
    ["an answer without groups"] = ok { other = 1 } } do
    it("goes on after " .. name, function()
      local session = begun { groups "old", answer, answer, groups "old",
        answer, groups("old", "new") }
      assert.equal("new", assert(session:await_group(FAST)).vendor_group_id)
    end)
  end

  it("ends with a key that is not taken", function()
    local session, server = begun { groups "old",
      scripted.answer(401, {}, '{"error":"Invalid API Key"}') }
    local found, err = session:await_group(FAST)
    assert.same({ nil, "auth" }, { found, err.kind })
    assert.equal(3, #server:requests())
  end)

  it("that took too long can be called again", function()
    local session = begun { groups "old", groups "old", groups "old",
      groups("old", "new") }
    local took, found, err = support.timed(session.await_group, session,
      { timeout = 2, interval = 1.2 })
    assert.is_nil(found)
    assert.truthy(took >= 1.99 and took < support.SOON, took)
    assert.same({ kind = "timeout", call = "session:await_group",
      retryable = true, message = "no new group has become active; the link is "
      .. "still good: wait again" }, support.fields(err))
    assert.equal("new", assert(session:await_group(FAST)).vendor_group_id)
  end)

  it("reports that the link has expired", function()
    local session = begun { groups "old" }
    clock.advance(121)
    local _, err = session:await_group { timeout = 0.5, interval = 0.4 }
    assert.same({ kind = "timeout", call = "session:await_group",
      retryable = false },
      support.fields(err, "kind", "call", "retryable"))
    assert.truthy(err.message:find("no new group has become active; the link "
      .. "has expired: begin anew with client.assets:verify", 1, true))
  end)

  it("finds the group of a person that ended in time", function()
    local session = begun { groups "old", groups("old", "new") }
    clock.advance(500)
    assert.equal("new", assert(session:await_group(FAST)).vendor_group_id)
  end)

  it("reports the last query", function()
    local session = begun { groups(), scripted.answer(500, {}, "out of order") }
    local _, err = session:await_group { timeout = 2, interval = 0.1 }
    assert.equal("timeout", err.kind)
    assert.truthy(err.message:find("the last query said: out of order", 1, true))
  end)

  it("ends in time when the query hangs", function()
    local session = begun { groups(), 120 }
    local took, found, err = support.timed(session.await_group, session,
      { timeout = 0.3 })
    assert.same({ nil, "timeout" }, { found, err.kind })
    assert.truthy(took >= 0.29 and took < support.SOON, took)
  end)

  it("asks every 1.5 to 5 seconds, for 5 minutes by default", function()
    local run, pace, timeout = polling.run, nil, nil
    finally(function() polling.run = run end)
    polling.run = function(own, wait)
      pace, timeout = own, wait.timeout
    end
    begun { groups() }:await_group()
    assert.equal(300, timeout)
    for n = 1, 20 do
      local seconds = polling.interval(pace, n)
      assert.truthy(seconds >= 1.5 and seconds <= 5, seconds)
    end
  end)

  it("refuses unknown options, at the caller's line", function()
    local session, server = begun { groups() }
    for _, case in ipairs {
      { { timout = 5 }, 'session:await_group: unknown option "timout", did you mean "timeout"?' },
      { { on_update = print },
        'session:await_group: unknown option "on_update" '
          .. "(known: interval, timeout)" },
      { { interval = "5" },
        "session:await_group: interval: expected number, got string" },
      { 5, "session:await_group: expected table, got number" },
    } do
      assert.same({ 1, case[2] }, { support.raised_at(function()
        local found = session:await_group(case[1])
        return found
      end) })
    end
    assert.equal(2, #server:requests())
  end)
end)
