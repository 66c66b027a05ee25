-- Submits: their faults, and files of every kind.
local scripted = require "support.scripted"
local support = require "support"
local uploads = require "support.uploads"
local yuanjing = require "yuanjing"

local join, at_first = support.join, support.at_first

local unpack = table.unpack or unpack
local MIB = 2 ^ 20
local PNG = "\137PNG\r\n\26\n" .. ("\0"):rep(20)
local ID = "936759404378734592"
local CREATED = '{"taskid":"' .. ID .. '","status":"CREATED"}'
local OK = scripted.answer(200, {}, CREATED)
local VIDEO = "/llmage/v1/video/generations"

local function client_at(url, options)
  options = options or {}
  options.base_url, options.api_key = url, "sk-form"
  return yuanjing.new(options)
end

local function form(client, first_frame, more)
  local params = { model = "happyhorse-1.0-i2v", prompt = "x",
    first_frame = first_frame or yuanjing.bytes(PNG) }
  for name, value in pairs(more or {}) do params[name] = value end
  return client:video(params)
end

-- Each way to submit, with its path.
local SUBMITS = {
  ["an image"] = { "/llmage/v1/image/generations", function(client)
    return client:image { model = "wan2.2-t2i-plus", prompt = "x" }
  end },
  ["a video in JSON"] = { VIDEO, function(client)
    return client:video { model = "happyhorse-1.0-t2v", prompt = "x" }
  end },
  ["a video by a form"] = { VIDEO, form },
  ["a legacy video"] = { "/llmage/video", function(client)
    return client:with { api = "legacy" }:video { model = "viduq3-pro",
      prompt = "x", first_frame = yuanjing.bytes(PNG),
      last_frame = yuanjing.bytes(PNG) }
  end },
}

local FINE = { { "request" }, { "send", OK } }

-- The first connection follows the steps; any other would get a task, so that
-- a second try would be noticed.
local function serve_once(...)
  return support.serve { connections = { join(...) }, default = FINE }
end

-- How many requests came, and how many bytes on any but the first connection.
local function count(server)
  local bytes = 0
  for i, connection in ipairs(server:connections().list) do
    if i > 1 then bytes = bytes + connection.received end
  end
  return #server:requests(), bytes
end

local function cut(body, to)
  return ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#body,
    body:sub(1, to))
end

local function answer(status, body, headers)
  return { { "send", scripted.answer(status, headers or {}, body) } }
end

-- ---- what may go wrong with a submit

local LIMITED = { timeout = { first = 0.4 } }
local HALF = cut(CREATED, #CREATED - 5)

-- The steps after the request; kind, task and message of the error; options.
local FAULTS = {
  ["dropped after the body"] = { { { "close" } }, "outcome_unknown" },
  ["reset after the body"] = { { { "reset" } }, "outcome_unknown" },
  ["slow"] = { { { "sleep", 3 } }, "outcome_unknown", nil, "first limit",
    LIMITED },
  ["no more than a head"] = { { { "send",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" },
    { "sleep", 3 } }, "timeout", nil, "first limit", LIMITED },
  ["cut off behind the id"] = { { { "send", HALF }, { "close" } },
    "truncated", ID },
  ["reset behind the id"] = { { { "send", HALF }, { "sleep", 0.1 },
    { "reset" } }, "truncated", ID },
  ["stuck behind the id"] = { { { "send", HALF }, { "sleep", 3 } },
    "timeout", ID, "idle limit", { timeout = { idle = 0.4 } } },
  ["cut off in the id"] = { { { "send", cut(CREATED, 20) }, { "close" } },
    "truncated" },
  ["cut off in the head"] = { { { "send", "HTTP/1.1 200 OK\r\nConte" },
    { "close" } }, "truncated" },
  ["without a body"] = { { { "send", cut("", 0) } }, "decode" },
  ["failed with 200"] = { answer(200,
    '{"status":"FAILED","error":"ERROR:no such thing"}'), "platform", nil,
    "no such thing" },
  ["failed with 200 and an id"] = { answer(200, '{"taskid":"' .. ID
    .. '","status":"FAILED","error":"ERROR:not so"}'), "task_failed", ID,
    "not so" },
  ["wrapped"] = { answer(200,
    '{"status":"error","data":{"message":"没有这个模型"}}'), "platform", nil,
    "没有这个模型" },
  ["several tasks"] = { answer(200, "[" .. CREATED .. "," .. CREATED .. "]"),
    "decode", ID, "no json object" },
  ["several tasks, wrapped"] = { answer(200, '{"code":0,"data":[' .. CREATED
    .. "," .. CREATED .. "]}"), "decode", ID },
  ["a failure alone in a list"] = { answer(200, '[{"error":"没有这个模型"}]'),
    "platform", nil, "没有这个模型" },
  ["a dict of Python's"] = { answer(200, "{'error': 'it\\'s off'}"),
    "platform", nil, "off" },
  ["HTML"] = { answer(200, "<html><title>502 Bad</title></html>"),
    "decode" },
  ["too large"] = { answer(413, "413: Request Entity Too Large"),
    "platform", nil, "413" },
  ["too large, from a proxy"] = { answer(413, "<html><head><title>413 "
    .. "Request Entity Too Large</title></head></html>"),
    "platform", nil, "too large" },
  ["a fault of the server's"] = { answer(500, "oops"), "server" },
  ["bad gateway"] = { answer(502, "<html>502</html>"), "server" },
  ["unavailable"] = { answer(503, "later"), "server" },
}

-- Answers with a task, although they look otherwise.
local READABLE = {
  ["a dict of Python's"] = answer(200,
    "{'taskid': '" .. ID .. "', 'status': 'CREATED', 'x': None}"),
  ["whole, but the connection is not"] = { { "send",
    "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" .. CREATED },
    { "close" } },
  ["twice in a row"] = answer(200, CREATED .. CREATED),
  ["wrapped"] = answer(200, '{"status":"ok","data":' .. CREATED .. "}"),
  ["alone in a list"] = answer(200, "[" .. CREATED .. "]"),
  ["wrapped, alone in a list"] = answer(200, '{"code":0,"data":[' .. CREATED
    .. "]}"),
  ["HTML by its type"] = answer(200, CREATED,
    { ["Content-Type"] = "text/html" }),
}

describe("a submit", function()
  after_each(support.clean)

  for name, submit in pairs(SUBMITS) do
    local path, call = submit[1], submit[2]

    for fault, case in pairs(FAULTS) do
      it(("is sent once: %s, %s"):format(name, fault), function()
        local steps, kind, id, words, options = unpack(case, 1, 5)
        local server = serve_once({ { "request" } }, steps)
        local task, err = call(client_at(server.url, options))
        assert.is_nil(task)
        assert.equal(kind, err.kind)
        assert.equal(id, err.task and err.task.id)
        assert.same({ 1, false, "POST " .. path },
          { err.attempts, err.retryable, err.call })
        if words then
          assert.truthy(tostring(err):lower():find(words, 1, true),
            tostring(err))
        end
        assert.same({ 1, 0 }, { count(server) })
      end)
    end

    for looks, steps in pairs(READABLE) do
      it(("is a task: %s, %s"):format(name, looks), function()
        local server = serve_once({ { "request" } }, steps)
        local task = assert(call(client_at(server.url)))
        assert.same({ ID, "CREATED", false },
          { task.id, task.status, task.done })
        assert.same({ 1, 0 }, { count(server) })
      end)
    end

    it(("leaves a task to await where only its id came: %s"):format(name),
      function()
        local server = serve_once({ { "request" } },
          { { "send", HALF }, { "close" } })
        local _, err = call(client_at(server.url))
        assert.equal("function", type(err.task.await))
        assert.truthy(tostring(err.task):find(ID, 1, true))
      end)

    it(("is not sent again on a connection used before: %s"):format(name),
      function()
        for _, death in ipairs { { { "head" }, { "reset" } },
          { { "request" }, { "close" } }, { { "request" }, { "reset" } } } do
          local server = serve_once(FINE, death)
          local client = client_at(server.url)
          assert(call(client))
          local task, err = call(client)
          assert.is_nil(task)
          assert.equal("outcome_unknown", err.kind)
          assert.same({ 2, 0 }, { count(server) })
        end
      end)
  end
end)

describe("what the catalog does not know", function()
  it("is refused with the way to send it all the same", function()
    local client = client_at("http://127.0.0.1:1")
    for _, given in ipairs { { ratio = "21:9" },
      { first_frame = yuanjing.bytes(PNG) }, { category = "ref2v" } } do
      given.model, given.prompt = "viduq3-pro", "x"
      local _, err = client:video(given)
      assert.equal("if the platform takes it by now, `validate = false` "
        .. "sends it", err.hint)
      assert.truthy(tostring(err):find("validate = false", 1, true))
    end
    local _, err = client:video { model = "viduq3-pro", prompt = 5 }
    assert.is_nil(err.hint)
  end)
end)

-- ---- files

local folder

local function write(name, bytes)
  return support.write(folder .. "/" .. name, bytes)
end

local function sparse(name, size)
  return support.sparse(folder .. "/" .. name, PNG, size)
end

-- The bytes that a form has around a file of that name.
local around = {}
local function overhead(name)
  if not around[name] then
    local server = serve_once(FINE)
    assert(form(client_at(server.url), yuanjing.bytes(PNG, { name = name })))
    around[name] = server:requests()[1].body_length - #PNG
  end
  return around[name]
end

-- A server that pauses after the head, then reads n bytes.
local function slow_server(n)
  return serve_once({ { "head" }, { "sleep", 0.5 }, { "read", n },
    { "send", OK } })
end

describe("a file", function()
  before_each(function() folder = support.tempdir() end)
  after_each(support.clean)

  it("that can not be sent is reported before anything is sent", function()
    local server = serve_once(FINE)
    local function problem(value)
      local task, err = form(client_at(server.url), value)
      assert.is_nil(task)
      assert.same({ "invalid_request", 0 }, { err.kind, err.attempts })
      return err.problems[1]
    end
    local missing = folder .. "/none.png"
    assert.equal("first_frame: " .. missing .. ": No such file or directory",
      problem(missing))
    assert.equal("first_frame: " .. folder .. ": Is a directory",
      problem(folder))
    local empty = write("empty.png", "")
    assert.equal("first_frame: " .. empty .. ": the file is empty",
      problem(empty))
    assert.equal("first_frame: " .. empty .. "/a.png: Not a directory",
      problem(empty .. "/a.png"))
    assert.equal(0, server:connections().opened)
  end)

  for what, case in pairs(uploads.CHANGES) do
    it(what .. " at the last moment is not sent", function()
      local server, path = serve_once(FINE), write("a.png", PNG)
      local task, err = form(client_at(server.url,
        { on_event = at_first("request", function() case[2](path) end) }),
        path)
      assert.is_nil(task)
      assert.same({ "io", path .. ": " .. case[1], 1, false },
        { err.kind, err.message, err.attempts, err.retryable })
      assert.equal(0, #server:requests())
    end)
  end

  it("that grows while it is sent goes out as long as it was", function()
    local size = 24 * MIB
    local path = sparse("grows.png", size)
    local server = slow_server(size + overhead("grows.png"))
    local task = assert(form(client_at(server.url, { on_event = at_first(
      "upload", function()
        local file = assert(io.open(path, "ab"))
        file:write(("x"):rep(100000))
        file:close()
      end) }), path))
    assert.equal(ID, task.id)
    local length = size + overhead("grows.png")
    assert.equal(("%.0f"):format(length),
      server:requests()[1].headers["content-length"])
    server:wait_for(function() return server:connections().closed == 1 end)
    assert.equal(length, uploads.body_received(server))
    assert.is_true(#support.read(path) > size)
  end)

  local SHRINKING = { ["a form"] = function(client, path)
    return form(client, path)
  end, ["a legacy video"] = function(client, path)
    return client:with { api = "legacy" }:video { model = "viduq3-pro",
      prompt = "x", first_frame = path, last_frame = "https://host.invalid/" }
  end }
  for name, call in pairs(SHRINKING) do
    it("that shrinks while it is sent breaks the request: " .. name, function()
      local path = sparse("shrinks.png", 24 * MIB)
      local server = slow_server(48 * MIB)
      local task, err = call(client_at(server.url, { on_event = at_first(
        "request", function() uploads.empty_soon(path) end) }), path)
      assert.is_nil(task)
      assert.same({ "io", 1, false },
        { err.kind, err.attempts, err.retryable })
      server:wait_for(function() return server:connections().closed == 1 end)
      local request = server:requests()[1]
      assert.truthy(uploads.body_received(server)
        < tonumber(request.headers["content-length"]))
      assert.same({ 1, 0 }, { count(server) })
    end)
  end

  it("of 5 GiB announces its length", function()
    local size = 5 * 2 ^ 30
    local server = serve_once({ { "head" }, { "read", 8 * MIB },
      { "reset" } })
    local path = sparse("big.png", size)
    local task, err = form(client_at(server.url), path)
    assert.is_nil(task)
    assert.equal("outcome_unknown", err.kind)
    assert.equal(("%.0f"):format(size + overhead("big.png")),
      server:requests()[1].headers["content-length"])
  end)

  it("of 5 GiB announces its length in the legacy API", function()
    local size = 5 * 2 ^ 30
    local server = serve_once({ { "head" }, { "read", 8 * MIB },
      { "reset" } })
    local path = sparse("big.png", size)
    local _, err = SHRINKING["a legacy video"](client_at(server.url), path)
    assert.equal("outcome_unknown", err.kind)
    local length = tonumber(server:requests()[1].headers["content-length"])
    local coded = math.floor((size + 2) / 3) * 4
    assert.truthy(length > coded and length < coded + 300)
  end)

  it("is read again from its start when it is sent again", function()
    local path = write("again.png", PNG .. "first")
    local refusal = answer(503, "", { ["Retry-After"] = "0" })
    local server = support.serve { default = join({ { "request" } }, refusal,
      FINE) }
    local task = assert(form(client_at(server.url, { on_event = at_first(
      "retry", function() write("again.png", PNG .. "second") end) }), path))
    assert.equal(ID, task.id)
    local requests = server:requests()
    assert.equal(2, #requests)
    for i, word in ipairs { "first", "second" } do
      local sent = requests[i]
      assert.is_true(sent.complete)
      assert.truthy(sent.body:find(PNG .. word .. "\r\n", 1, true))
      assert.equal(overhead("again.png") + #PNG + #word, sent.body_length)
    end
  end)

  it("is tried again where no server listens", function()
    local server = support.serve {}
    server:stop()
    local seen = {}
    local task, err = form(client_at(server.url, { retries = 1,
      on_event = function(event)
        if event.type ~= "upload" then seen[#seen + 1] = event.type end
      end }),
      write("a.png", PNG))
    assert.is_nil(task)
    assert.same({ "transport", 2, true },
      { err.kind, err.attempts, err.retryable })
    assert.same({ "request", "error", "retry", "request", "error" }, seen)
  end)
end)

describe("a form", function()
  before_each(function() folder = support.tempdir() end)
  after_each(support.clean)

  it("with text that is not UTF-8 is not sent", function()
    local server = serve_once(FINE)
    for _, more in ipairs { { prompt = "a\255b" },
      { extra = { note = "\195" } }, { extra = { ["n\255"] = "x" } },
      { extra = { list = { "a", "\237\160\128" } } },
      { extra = { ["a\r\nX-Evil: 1"] = "x" } },
      { extra = { ["a\0b"] = "x" } } } do
      local task, err = form(client_at(server.url), nil, more)
      assert.is_nil(task)
      assert.same({ "invalid_request", 0 }, { err.kind, err.attempts })
    end
    assert.equal(0, server:connections().opened)
  end)

  it("reports its progress", function()
    local size, events = 24 * MIB, {}
    local path = sparse("told.png", size)
    local server = support.serve { connections = { { { "head" },
      { "repeat", 12, { { "read", 2 * MIB }, { "sleep", 0.1 } } },
      { "read", overhead("told.png") }, { "send", OK },
      { "wait_close", 5 } } } }
    assert(form(client_at(server.url, { on_event = function(event)
      if event.type == "upload" then events[#events + 1] = event end
    end }), path))
    assert.truthy(#events >= 3)
    local sent = -1
    for _, event in ipairs(events) do
      assert.same({ "POST " .. VIDEO, size }, { event.call, event.total })
      assert.truthy(event.sent >= sent)
      assert.truthy(event.sent <= size + overhead("told.png"))
      sent = event.sent
    end
    assert.truthy(sent > size / 2)
  end)

  it("may take longer than the limit to answer while it moves", function()
    local size = 24 * MIB
    local path = sparse("slow.png", size)
    local server = serve_once({ { "head" },
      { "repeat", 12, { { "read", 2 * MIB }, { "sleep", 0.36 } } },
      { "read", overhead("slow.png") }, { "send", OK },
      { "wait_close", 5 } })
    local took, task = support.timed(form,
      client_at(server.url, { timeout = { first = 4 } }), path)
    assert.equal(ID, assert(task).id)
    assert.truthy(took > 4.2)
  end)

  it("is given up where the server stops reading", function()
    local server = serve_once({ { "head" }, { "read", 4 * MIB },
      { "sleep", support.HANG } })
    local took, task, err = support.timed(form,
      client_at(server.url, { timeout = { first = 0.5 } }),
      sparse("stuck.png", 64 * MIB))
    assert.is_nil(task)
    assert.same({ "outcome_unknown", 1 }, { err.kind, err.attempts })
    assert.truthy(tostring(err):find("first limit", 1, true))
    assert.truthy(took > 0.4 and took < support.SOON)
  end)

  it("is bounded by total where that is given", function()
    local server = serve_once({ { "head" },
      { "repeat", 60, { { "read", 2 * MIB }, { "sleep", 1 } } } })
    local took, task, err = support.timed(form,
      client_at(server.url, { timeout = { total = 3 } }),
      sparse("total.png", 128 * MIB))
    assert.is_nil(task)
    assert.equal("outcome_unknown", err.kind)
    assert.truthy(took > 2.9 and took < support.SOON)
  end)

  -- The platform sends the head of its answer before it has done anything.
  it("goes on when the head of the answer comes early", function()
    local size = 16 * MIB
    local server = serve_once({ { "head" },
      { "send", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" },
      { "sleep", 0.3 }, { "read", size + overhead("early.png") },
      { "send", scripted.chunk(CREATED) .. scripted.chunk("") },
      { "wait_close", 5 } })
    local task = assert(form(client_at(server.url),
      sparse("early.png", size)))
    assert.equal(ID, task.id)
    assert.same({ 1, 0 }, { count(server) })
  end)

  it("stops when it is refused before it is sent", function()
    local size = 64 * MIB
    local server = serve_once({ { "head" }, { "read", 65536 } },
      answer(413, "413: Request Entity Too Large"), { { "wait_close", 5 } })
    local task, err = form(client_at(server.url), sparse("413.png", size))
    assert.is_nil(task)
    assert.same({ "platform", 413, 1 },
      { err.kind, err.status, err.attempts })
    assert.truthy(tostring(err):find("413", 1, true))
    server:wait_for(function() return server:connections().closed == 1 end)
    assert.truthy(uploads.body_received(server) < size)
  end)
end)
