local child = require "support.child"
local disk = require "support.disk"
local errors = require "yuanjing.errors"
local json = require "yuanjing.base.json"
local kills = require "support.kills"
local sandbox = require "yuanjing.sandbox"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local FAST = { interval = 0.02 }
local IMAGE = { model = "wan2.2-t2i-plus", prompt = "x" }

local folder, path, warnings

local function with_note(note)
  return { model = IMAGE.model, prompt = IMAGE.prompt, note = note }
end

local function client_at(server, options)
  local all = { base_url = server.url, api_key = "sk-sandbox", journal = path,
    retries = 0, on_event = function(event)
      if event.type == "warning" then warnings[#warnings + 1] = event end
    end }
  for name, value in pairs(options or {}) do all[name] = value end
  return yuanjing.new(all)
end

-- A client of a server that gives every request this answer.
local function client_of(answer, options)
  local bytes = type(answer) == "table"
    and scripted.answer(200, {}, assert(json.encode(answer))) or answer
  local server = support.serve { default = { { "repeat", 99, {
    { "request" }, { "send", bytes } } } } }
  return client_at(server, options), server
end

local function states(client)
  local list = {}
  for i, entry in ipairs(assert(client.journal:find {})) do
    list[i] = entry.state
  end
  return list
end

local function clear()
  folder, warnings = support.tempdir(), {}
  path = folder .. "/tasks.journal"
end

describe("a client's journal", function()
  local server
  setup(function()
    server = assert(sandbox.start { task_seconds = 0.1 })
  end)
  teardown(function() server:stop() end)
  before_each(clear)
  after_each(support.clean)

  it("knows a task from its submit to its file", function()
    local client = client_at(server)
    assert.same({}, (client.journal:pending()))
    local task = assert(client:image(with_note("first")))
    assert.equal("first", task.note)
    local pending = assert(client_at(server).journal:pending())
    assert.same({ 1, task.id, "first", IMAGE.model, "t2i", "CREATED" },
      { #pending, pending[1].id, pending[1].note, pending[1].model,
        pending[1].category, pending[1].status })
    local result = assert(pending[1]:await(FAST))
    assert(result:save(folder .. "/a.png"))
    assert(result:save(folder .. "/b.png"))
    assert.same({}, (client.journal:pending()))
    assert.same({}, (client.journal:unknown()))
    local entry = client.journal:find({ note = "first" })[1]
    assert.same({ "done", "SUCCEEDED", task.id, "image", "v1", {},
      { folder .. "/a.png", folder .. "/b.png" }, result.images },
      { entry.state, entry.status, entry.id, entry.kind, entry.api,
        entry.media, entry.saved, entry.result.images })
    assert.truthy(math.abs(os.time() - entry.at) < 60)
    assert.truthy(entry.digest:find("^%x+$"))
  end)

  it("has the result of a task that has ended", function()
    local client = client_at(server)
    local result = assert(assert(client:image(IMAGE)):await(FAST))
    local before, later = #server:requests(), client_at(server)
    local task = later.journal:find({})[1].task
    assert.is_true(task.done)
    assert.same(result.images, assert(task:await()).images)
    assert.same({ result.image, {} }, { task.result.image,
      task.result.videos })
    assert.equal(before, #server:requests())
    assert.same({ 1, 0 }, { client:usage().images, later:usage().images })
    assert(task:save(folder .. "/late.png"))
  end)

  it("goes along with a handle made from an id", function()
    local client = client_at(server)
    local id = assert(client:image(with_note("mine"))).id
    local task = client_at(server):task(id)
    assert.same({ "mine", IMAGE.model }, { task.note, task.model })
    assert(task:await(FAST))
    assert.same({ "done" }, states(client))
    assert.is_nil(client:task("12345").note)
  end)

  it("is shared with derived clients, and there is none without", function()
    local client = client_at(server)
    assert(client:with({ timeout = 5 }):image(IMAGE))
    assert.equal(1, #client.journal:pending())
    assert.equal(client._settings.journal,
      client:with({ timeout = 5 })._settings.journal)
    local other = client:with { journal = folder .. "/other" }
    assert.same({}, (other.journal:find {}))
    assert.is_nil(yuanjing.new({}).journal)
  end)

  it("never sends the note", function()
    local plain = yuanjing.new { base_url = server.url, api_key = "sk-sandbox" }
    for _, client in ipairs { plain, client_at(server),
      plain:with { validate = false } } do
      assert(client:image(with_note("secret")))
      local _ = client:image { model = "unheard-of", prompt = "x",
        note = "secret" }
    end
    local seen = 0
    for _, request in ipairs(server:requests()) do
      seen = seen + (request.fields and 1 or 0)
      assert.is_nil((request.body or ""):find("secret", 1, true))
      assert.is_nil((request.fields or {}).note)
    end
    assert.truthy(seen >= 6)
    for _, note in ipairs { 7, "\255" } do
      local task, err = client_at(server):image(with_note(note))
      assert.same({ nil, "invalid_request" }, { task, err.kind })
    end
  end)

  it("records names and sizes of media, and no bytes", function()
    local client = client_at(server)
    local png = "\137PNG\r\n\26\n" .. ("secret"):rep(10)
    assert(client:video { model = "viduq3-pro", prompt = "x",
      first_frame = yuanjing.bytes(png, { name = "a.png" }),
      last_frame = yuanjing.bytes(png .. "!", { name = "b.png" }) })
    assert.same({ { name = "a.png", size = #png },
      { name = "b.png", size = #png + 1 } },
      client.journal:find({})[1].media)
    assert.is_nil(support.read(path):find("secret", 1, true))
  end)

  it("covers the legacy API", function()
    local client = client_at(server, { api = "legacy" })
    local task = assert(client:video { llmid = nil, model = "viduq3-pro",
      prompt = "x", category = "t2v" })
    local again = client_at(server).journal:pending()[1]
    assert.equal(task.id, again.id)
    assert(again:await(FAST))
    assert.equal("legacy", client.journal:find({})[1].api)
  end)

  it("finds by note, model and time, the oldest first", function()
    local client = client_at(server)
    for _, note in ipairs { "a", "b", "a" } do
      assert(client:image(with_note(note)))
    end
    assert(client:image { model = "wan2.2-t2i-flash", prompt = "x",
      note = "a" })
    local function count(wanted) return #client.journal:find(wanted) end
    assert.same({ 4, 3, 1, 1, 0, 4, 0 }, { count {}, count { note = "a" },
      count { note = "b" }, count { model = "wan2.2-t2i-flash" },
      count { note = "b", model = "wan2.2-t2i-flash" },
      count { since = os.time() - 60 }, count { since = os.time() + 60 } })
    for _, wanted in ipairs { { nite = "a" }, { note = 1 }, "a" } do
      assert.has_error(function() client.journal:find(wanted) end)
    end
  end)

  it("forgets, and is compacted", function()
    local client = client_at(server)
    local one, two = assert(client:image(with_note("1"))),
      assert(client:image(with_note("2")))
    assert(client:image(with_note("3")))
    assert.is_true(client.journal:forget(one))
    assert.is_true(client.journal:forget(client.journal:find({ note = "2" })[1]))
    local ok, err = client.journal:forget(client:task("12345"))
    assert.same({ nil, "not_found" }, { ok, err.kind })
    assert.same({ 1, 1 }, { #client.journal:pending(),
      #client.journal:find {} })
    local size = #support.read(path)
    assert.is_true(client.journal:compact())
    assert.truthy(#support.read(path) < size / 3)
    assert.same({ 1, "3" }, { #client.journal:pending(),
      client_at(server).journal:find({})[1].note })
    assert.is_nil(support.read(path):find(two.id, 1, true))
  end)

  it("keeps a forgotten task forgotten", function()
    local client = client_at(server)
    local task = assert(client:image(IMAGE))
    assert(client.journal:forget(task))
    assert(assert(task:await(FAST)):save(folder .. "/a.png"))
    assert.same({}, (client.journal:find {}))
    task = assert(client:image(IMAGE))
    assert(client.journal:forget(task))
    assert(client.journal:compact())
    assert(assert(task:await(FAST)):save(folder .. "/b.png"))
    assert.same({}, (client.journal:find {}))
  end)

  it("warns where the same is asked while it runs, and not later", function()
    local client = client_at(server)
    local first = assert(client:image(with_note("a")))
    assert.same({}, warnings)
    assert(client_at(server):image(with_note("b")))
    assert.equal(1, #warnings)
    assert.equal(first.id, warnings[1].task.id)
    assert.truthy(warnings[1].message:find(first.id, 1, true))
    assert(client:image { model = IMAGE.model, prompt = "another" })
    assert.equal(1, #warnings)
    for _, task in ipairs(client.journal:pending()) do
      assert(task:await(FAST))
    end
    assert(client:image(IMAGE))
    assert.equal(1, #warnings)
  end)

  it("records nothing of a dry run", function()
    local client = client_at(server)
    client._settings.dry_run = true
    local _ = client:image(IMAGE)
    assert.is_false(support.exists(path))
  end)

  it("may be a store of the user's", function()
    local records, read = {}, 0
    local store = { owner = "me",
      append = function(_, record) records[#records + 1] = record return true end,
      read = function(_, take)
        for i = read + 1, #records do take(records[i]) end
        read = #records
        return true
      end,
      compact = function() return true end,
      is_alive = function() return false end }
    local client = client_at(server, { journal = store })
    assert(assert(client:image(IMAGE)):await(FAST))
    assert.same({ "done" }, states(client))
    assert.same({ "sending", "running" }, { records[1].state,
      records[2].state })
    store.read = nil
    assert.has_error(function() client_at(server, { journal = store }) end,
      'journal: the store has no method "read"')
    assert.has_error(function() client_at(server, { journal = 1 }) end,
      "journal: expected string or table, got number")
  end)

  -- Submits until the small disk is full; then prints the journal.
  local FILLING = [[
    local yuanjing = require "yuanjing"
    local client = yuanjing.new { base_url = %q, api_key = "sk-sandbox",
      journal = arg[1] .. "/tasks.journal", on_event = function(event)
        if event.type == "warning" then print(event.message) end
      end }
    local task, err
    local count = -1
    repeat
      count = count + 1
      task, err = client:image { model = "wan2.2-t2i-plus",
        prompt = "filling " .. count, note = ("n"):rep(900) }
    until not task
    print(count, err.kind, err.attempts, #client.journal:pending(),
      #client.journal:unknown())
    print(err.message)
  ]]

  local function submits_of(prompt)
    local count = 0
    for _, request in ipairs(server:requests()) do
      local printed = (request.fields or {}).prompt or ""
      if printed:find(prompt, 1, true) then count = count + 1 end
    end
    return count
  end

  it("fails before money is spent where the disk is full", function()
    local before = submits_of "filling"
    local output, problem = disk.run(FILLING:format(server.url))
    if not output then return pending("no small disk: " .. problem) end
    local count, ids = output:match("^(%d+)\tio\t0\t(%d+)\t0\n")
    assert.truthy(count, output)
    assert.truthy(tonumber(count) > 50, output)
    assert.equal(count, ids)
    assert.equal(tonumber(count), submits_of "filling" - before)
    assert.truthy(output:find("No space left on device", 1, true))
  end)

  it("goes on where a batch was killed", function()
    local found = kills.run(12, 8)
    assert.same({ twice = {}, missing = {}, torn = {} },
      support.fields(found, "twice", "missing", "torn"))
  end)
end)

-- What comes of a submit ---------------------------------------------------

local REFUSALS = {
  [scripted.answer(401, {}, "{}")] = "auth",
  [scripted.answer(400, {}, '{"error":"prompt"}')] = "invalid_request",
  [scripted.answer(429, {}, '{"error":"Insufficient balance"}')] = "balance",
  [scripted.answer(200, {}, '{"error":"no such model"}')] = "platform",
  [scripted.answer(503, { ["Retry-After"] = "1" }, "")] = "server",
}

local UNKNOWN = {
  [""] = "outcome_unknown",
  ["HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"] = "truncated",
  [scripted.answer(200, {}, "<html>")] = "decode",
  [scripted.answer(502, {}, "")] = "server",
}

describe("the journal of a submit", function()
  before_each(clear)
  after_each(support.clean)

  it("that was refused knows that nothing runs", function()
    for answer, kind in pairs(REFUSALS) do
      clear()
      local client = client_of(answer)
      local _, err = client:image(IMAGE)
      assert.equal(kind, err.kind)
      assert.same({ "refused" }, states(client), kind)
      assert.same({}, (client.journal:unknown()))
      assert.equal(kind, client.journal:find({})[1].error.kind)
    end
  end)

  it("that never left knows that, too", function()
    local client = client_at { url = "http://127.0.0.1:1" }
    local _, err = client:image(IMAGE)
    assert.equal("transport", err.kind)
    assert.same({ "refused" }, states(client))
    _, err = client:with({ limits = { total = 0 } }):image(IMAGE)
    assert.equal("limit", err.kind)
    assert.same({ "refused", "refused" }, states(client))
  end)

  it("without a clear answer lists it as unknown", function()
    for answer, kind in pairs(UNKNOWN) do
      clear()
      local server = support.serve { default = { { "request" },
        { "send", answer }, { "close" } } }
      local client = client_at(server)
      local _, err = client:image(with_note("n"))
      assert.equal(kind, err.kind)
      local unknown = assert(client.journal:unknown())
      assert.same({ 1, "n", "unknown" }, { #unknown, unknown[1].note,
        unknown[1].state })
      assert.is_nil(unknown[1].task)
      if err.digest then assert.equal(err.digest, unknown[1].digest) end
      assert(client.journal:forget(unknown[1]))
      assert.same({}, (client.journal:unknown()))
    end
  end)

  it("keeps an id that stood in a broken answer", function()
    local server = support.serve { default = { { "request" }, { "send",
      'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"taskid":"77",' },
      { "close" } } }
    local client = client_at(server)
    local _, err = client:image(IMAGE)
    assert.equal("truncated", err.kind)
    assert.equal("77", client.journal:pending()[1].id)
  end)

  it("has the task that failed at once, and why", function()
    local client = client_of { taskid = "7", status = "FAILED",
      error = "no such face" }
    local _, err = client:image(IMAGE)
    assert.equal("task_failed", err.kind)
    local task = client.journal:find({})[1].task
    local _, again = task:await()
    assert.same({ "task_failed", "no such face", "7", "FAILED" },
      { again.kind, again.message, again.task.id, task.status })
  end)

  it("has a picture that came at once", function()
    local client = client_of { status = "SUCCEEDED", image = "http://h/1" }
    assert(client:image(IMAGE))
    local entry = client.journal:find({})[1]
    assert.same({ "done", "http://h/1" }, { entry.state,
      entry.task:await().image })
    assert.is_nil(entry.id)
  end)

  it("is on the disk before anything is sent", function()
    local client, server
    local intent
    server = support.serve { default = { { "request" },
      { "wait_close", 120 } } }
    client = client_at(server)
    local job = yuanjing.async(function() return client:image(IMAGE) end)
    server:wait_for(function()
      yuanjing.update()
      return #server:requests() == 1
    end)
    local other = client_at(server)
    intent = other.journal:find({})[1]
    assert.same({ "sending", {} }, { intent.state,
      (other.journal:unknown()) })
    assert.same({}, (client.journal:unknown()))
    job:cancel()
    assert.equal(1, #client.journal:unknown())
    assert.equal(1, #other.journal:unknown())
  end)

  it("is not written before its turn has come", function()
    local client, server = client_of { taskid = "7", status = "RUNNING" }
    client = client:with { limits = { per_minute = 1 } }
    assert(client:image(IMAGE))
    local job = yuanjing.async(function() return client:image(IMAGE) end)
    yuanjing.sleep(0.1)
    assert.same({ "running" }, states(client_at(server)))
    job:cancel()
    assert.same({ "running" }, states(client))
    assert.same({}, (client.journal:unknown()))
  end)

  it("gives its turn back where the journal can not be written", function()
    local client, server = client_of({ taskid = "7" },
      { journal = folder .. "/none/tasks.journal", limits = { total = 1 } })
    for _ = 1, 3 do assert.equal("io", select(2, client:image(IMAGE)).kind) end
    assert.equal(0, #server:requests())
    os.execute("mkdir " .. folder .. "/none")
    assert(client:image(IMAGE))
  end)

  it("repeats in each record what it is about", function()
    local client = client_of { taskid = "7", status = "RUNNING" }
    local task = assert(client:image(with_note("mine")))
    local book = client._settings.journal
    local intent = support.read(path):match("^[^\n]*\n")
    support.write(path, support.read(path):sub(#intent + 1)) -- it was lost
    local entry = client_at({ url = "" }).journal:find({ note = "mine" })[1]
    assert.same({ "running", "7", IMAGE.model, "t2i", "image", "v1" },
      { entry.state, entry.id, entry.model, entry.category, entry.kind,
        entry.api })
    assert.truthy(entry.digest and entry.at > 0)
    support.write(path, "")
    assert(task:refresh()) -- the handle still knows its task
    assert.equal(task.id, client.journal:find({ note = "mine" })[1].id)
    assert.equal(1, #book.order)
  end)

  it("is known as not sent where it is unknown if it was written", function()
    local records = {}
    local is_away = true
    local store = { owner = "me",
      append = function(_, record)
        records[#records + 1] = record
        if is_away then return nil, "connection closed", true end
        return true
      end,
      read = function(_, take, restart)
        restart()
        for _, record in ipairs(records) do take(record) end
        return true
      end,
      compact = function() return true end,
      is_alive = function() return false end }
    local client, server = client_of({ taskid = "7" }, { journal = store })
    assert.equal("io", select(2, client:image(IMAGE)).kind)
    is_away = false
    assert.same({}, (client.journal:unknown()))
    assert.same({ "refused" }, states(client))
    assert.equal(0, #server:requests())
  end)

  it("is unknown when its process is gone", function()
    local server = support.serve { default = { { "request" },
      { "wait_close", 120 } } }
    local wait = child.start(([[
      local file = io.open(%q, "w")
      file:write(os.getenv "YJ_PID")
      file:close()
      require("yuanjing").new { base_url = %q, api_key = "k", journal = %q }
        :image { model = "wan2.2-t2i-plus", prompt = "x" }
    ]]):format(folder .. "/pid", server.url, path))
    server:wait_for(function() return #server:requests() == 1 end)
    local client = client_at(server)
    assert.same({}, (client.journal:unknown()))
    os.execute("kill -9 " .. support.read(folder .. "/pid"))
    assert.equal(137, (wait()))
    assert.equal(1, #client.journal:unknown())
  end)

  it("fails where the journal can not be written, and sends nothing", function()
    local client, server = client_of({ taskid = "7" },
      { journal = folder .. "/none/tasks.journal" })
    local task, err = client:image(IMAGE)
    assert.is_nil(task)
    assert.same({ "io", 0, "client:image" }, { err.kind, err.attempts,
      err.call })
    assert.truthy(err.message:find("No such file", 1, true))
    assert.equal(0, #server:requests())
    for _, ask in ipairs { "pending", "unknown", "compact" } do
      local _, problem = client.journal[ask](client.journal)
      assert.same({ true, "io" }, { errors.is(problem), problem.kind })
    end
  end)

  it("keeps the task where its id can not be written", function()
    local full = false
    local records = {}
    local store = { owner = "me",
      append = function(_, record)
        if full then return nil, "No space left on device" end
        records[#records + 1] = record
        full = record.state == "sending"
        return true
      end,
      read = function(_, take)
        for _, record in ipairs(records) do take(record) end
        records = {}
        return true
      end,
      compact = function() return true end,
      is_alive = function() return false end }
    local client = client_of({ taskid = "7", status = "RUNNING" },
      { journal = store })
    local task = assert(client:image(IMAGE))
    assert.equal("7", task.id)
    assert.equal(1, #warnings)
    assert.truthy(warnings[1].message:find("No space left", 1, true))
    assert.equal("7", warnings[1].task.id)
    full = false
    assert(task:refresh())
    assert.equal("7", client.journal:pending()[1].id)
  end)
end)
