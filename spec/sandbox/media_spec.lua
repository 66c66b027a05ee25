-- The sandbox's images, videos, tasks and files, asked by curl: they follow
-- the platform's documents, so the client has no part in this.
local json = require "yuanjing.base.json"
local ask_by_curl = require("support.curl").ask
local sandbox = require "yuanjing.sandbox"
local shell = require "yuanjing.sandbox.shell"
local socket = require "socket"
local support = require "support"

local unpack = table.unpack or unpack

local IMAGE = "/llmage/v1/image/generations"
local VIDEO = "/llmage/v1/video/generations"
local BEARER = "Authorization: Bearer sk-sandbox"
local JSON = "Content-Type: application/json"

local server, folder

setup(function()
  server = assert(sandbox.start { task_seconds = 0 })
  folder = support.tempdir()
  support.write(folder .. "/1.jpg", "\255\216\255one")
  support.write(folder .. "/2.png", "\137PNG two")
end)

teardown(function() support.stop_sandbox(server) end)

-- curl(address or path, "-X", "POST", ...), in the folder of the test's files
local function curl(...) return ask_by_curl(server, folder, ...) end

local function decoded(answer)
  return assert(json.decode(answer.body))
end

local function post(path, fields, ...)
  local body = type(fields) == "string" and fields or
    assert(json.encode(fields))
  return curl(path, "-H", BEARER, "-H", JSON, "-d", body, ...)
end

-- form("a=1", "b=@file", ...)
local function form(...)
  local words = {}
  for _, part in ipairs { ... } do
    words[#words + 1], words[#words + 2] = "-F", part
  end
  return curl(VIDEO, "-H", BEARER, unpack(words))
end

local function submit(scenario, path)
  if path == "/llmage/video" then
    return post(path, { llmid = "r0ill7L0s6PtBS8mkmg-7", prompt = "x",
      sandbox = scenario })
  elseif path == IMAGE then
    return post(path, { model = "wan2.2-t2i-plus", catelogid = "t2i",
      prompt = "x", sandbox = scenario })
  end
  return post(VIDEO, { model = "viduq3-pro", catelogid = "t2v", prompt = "x",
    sandbox = scenario })
end

local function query(id, ...)
  return curl("/llmage/v1/tasks?taskid=" .. id, "-H", BEARER, ...)
end

local function list()
  return decoded(curl("/sandbox/tasks?last=1"))
end

-- The last submitted task, as listed by the sandbox.
local function last_task()
  return list().tasks[1]
end

-- The addresses in a finished task, by kind.
local function urls(scenario, path)
  return decoded(query(decoded(submit(scenario, path)).taskid))
end

local function refusal(answer)
  assert.equal(400, answer.status, answer.body)
  return decoded(answer).error
end

describe("the rows of the documents", function()
  local function api(name)
    return decoded { body = support.read("spec/data/api/" .. name) }
  end

  local function quote(text)
    return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
  end

  -- One curl for all: asks is a list of { path =, fields =, files = }; returns
  -- the statuses.
  local function statuses(asks)
    local lines = {}
    local function add(...) lines[#lines + 1] = (...):format(select(2, ...)) end
    for i, ask in ipairs(asks) do
      if i > 1 then add("next") end
      add("url = %s", quote(server.url .. ask.path))
      add("header = %s", quote(BEARER))
      add('output = "/dev/null"')
      add('write-out = "%%{http_code}\\n"')
      add("silent")
      if ask.files then
        for name, value in pairs(ask.fields) do
          add("form-string = %s", quote(name .. "=" .. tostring(value)))
        end
        for _, file in ipairs(ask.files) do add("form = %s", quote(file)) end
      else
        add("header = %s", quote(JSON))
        add("data = %s", quote(assert(json.encode(ask.fields))))
      end
    end
    support.write(folder .. "/asks", table.concat(lines, "\n") .. "\n")
    local result = {}
    for status in shell.read('cd "$1" && curl -K asks', folder)
      :gmatch("%d+") do
      result[#result + 1] = tonumber(status)
    end
    return result
  end

  local SAMPLES = { image = "1.jpg", video = "3.mp4", audio = "4.mp3" }

  -- The smallest request that the row allows.
  local function smallest(row, path, extra)
    local ask = { path = path, fields = { llmid = row.llmid,
      model = not row.llmid and row.model or nil } }
    for _, param in ipairs(row.params) do
      if param.required and param.type:find("file") and not row.llmid then
        ask.files = ask.files or {}
        table.insert(ask.files, ("%s=@%s"):format(param.name,
          SAMPLES[param.name:match("^%l+")]))
      elseif param.required and param.role then
        ask.fields[param.name] = "https://example.test/1.jpg"
      elseif param.const or param.name == "prompt" then
        ask.fields[param.name] = param.const or "x"
      end
    end
    for name, value in pairs(extra or {}) do ask.fields[name] = value end
    return ask
  end

  -- Each row without optional fields, with each choice and each default, with
  -- a wrong choice, and without each required field.
  local function asks_of(row, path)
    local good, bad = { smallest(row, path) }, {}
    for _, param in ipairs(row.params) do
      local choices = param.enum or {}
      for _, value in ipairs(choices) do
        good[#good + 1] = smallest(row, path, { [param.name] = value })
      end
      if param.default then
        good[#good + 1] = smallest(row, path, { [param.name] = param.default })
      end
      if param.enum then
        bad[#bad + 1] = smallest(row, path, { [param.name] = "7" })
      end
      if param.maximum then
        bad[#bad + 1] = smallest(row, path,
          { [param.name] = param.maximum + 1 })
      end
      if param.type == "integer" then
        bad[#bad + 1] = smallest(row, path, { [param.name] = "5s" })
      end
      if param.required and not param.type:find("file") then
        local ask = smallest(row, path)
        ask.fields[param.name] = nil
        bad[#bad + 1] = ask
      end
    end
    return good, bad
  end

  local function check(row, path)
    local good, bad = asks_of(row, path)
    local expected = {}
    for i = 1, #good do expected[i] = 200 end
    for _, ask in ipairs(bad) do
      expected[#expected + 1], good[#good + 1] = 400, ask
    end
    assert.same(expected, statuses(good),
      ("%s %s"):format(row.model, row.category))
  end

  it("of v1 are taken and checked", function()
    local rows = api("models-v1.json").models
    for _, row in ipairs(rows) do check(row, row.path) end
    assert.equal(20, #rows)
  end)

  it("of the legacy API are taken and checked", function()
    local rows = api("models-legacy.json").models
    for _, row in ipairs(rows) do
      if row.available ~= false then check(row, "/llmage/video") end
    end
    assert.equal(8, #rows)
    assert.equal("Model not available: YjjGgxO_Xma8PWsMjJvps", refusal(post(
      "/llmage/video", { llmid = "YjjGgxO_Xma8PWsMjJvps", prompt = "x" })))
  end)
end)

describe("a submit of JSON", function()
  local function video(fields)
    local all = { model = "viduq3-pro", catelogid = "t2v", prompt = "x" }
    for name, value in pairs(fields) do all[name] = value end
    return refusal(post(VIDEO, all))
  end

  it("begins a task", function()
    local answer = submit()
    assert.equal(200, answer.status)
    assert.equal("text/html", answer.headers["content-type"])
    assert.matches('^{"taskid": "9%d+", "status": "CREATED"}$', answer.body)
    assert.equal(18, #decoded(answer).taskid)
    assert.not_equal(answer.body, submit().body)
    assert.matches('^{"taskid": "9%d+", "status": "created"}$',
      submit(nil, "/llmage/video").body)
  end)

  it("is refused by name of what is missing or wrong", function()
    assert.equal("Missing required parameter: prompt", video { prompt = "" })
    assert.equal("Missing required parameter: model", video { model = "" })
    assert.equal("Missing required parameter: catelogid",
      video { catelogid = "" })
    assert.equal("Invalid parameter prompt: string expected",
      video { prompt = 5 })
    assert.equal("Invalid parameter duration: integer expected",
      video { duration = "5" })
    assert.equal("Invalid parameter duration: integer expected",
      video { duration = 5.5 })
    assert.equal("Invalid parameter duration: one of 1..16 expected",
      video { duration = 17 })
    assert.equal("Invalid parameter resolution: one of 540p,720p,1080p " ..
      "expected", video { resolution = "720P" })
    assert.equal("Invalid parameter off_peak: string expected",
      video { off_peak = true })
    assert.equal("Model not found: vidu", video { model = "vidu" })
    assert.equal("Model viduq3-pro has no catelogid ref2v",
      video { catelogid = "ref2v" })
    assert.equal("Invalid parameter catelogid: t2i is not for this address",
      video { catelogid = "t2i" })
  end)

  it("is dropped when it is no JSON object in UTF-8", function()
    local missing = "Missing required parameter: prompt"
    local whole = '{"model": "viduq3-pro", "catelogid": "t2v", "prompt": "x%s"}'
    assert.equal(200, post(VIDEO, whole:format("图")).status)
    assert.equal(missing, refusal(post(VIDEO, whole:format("\255"))))
    assert.equal(missing, refusal(post(VIDEO, whole:format('"'))))
    assert.equal(missing, refusal(curl(VIDEO, "-H", BEARER, "-d",
      whole:format(""))))
    assert.equal(401, curl(VIDEO, "-d", whole:format("")).status)
    assert.equal(405, curl(VIDEO, "-H", BEARER).status)
  end)

  it("takes anything on request", function()
    assert.equal(200, post(VIDEO, { model = "new", catelogid = "x2y",
      prompt = "x", sandbox = "unchecked" }).status)
  end)

  it("of the legacy API wants addresses or base64", function()
    local function legacy(image)
      return post("/llmage/video", { llmid = "VooAIOtJdawpZjusWEzrh",
        prompt = "x", image_file1 = image })
    end
    assert.equal("Missing required parameter: image_file1", refusal(legacy()))
    for _, image in ipairs { "1.jpg", "data:image/png;base64,%%%%",
      "data:image/png,abcd", "ftp://example.test/1.jpg" } do
      assert.equal("Invalid parameter image_file1: URL or base64 expected",
        refusal(legacy(image)))
    end
    assert.equal(200, legacy("YWJj").status)
    assert.equal(200, legacy("data:image/png;base64,iVBORw0KGgo=").status)
    assert.same({ { name = "image_file1", type = "image/png", size = 8,
      md5 = "e9dd2797018cad79186e03e8c5aec8dc", head = "89504e470d0a1a0a" } },
      last_task().files)
  end)
end)

describe("a submit as a form", function()
  local I2V = { "model=happyhorse-1.0-i2v", "catelogid=i2v", "prompt=x" }

  local function i2v(...)
    local parts = { unpack(I2V) }
    for _, part in ipairs { ... } do parts[#parts + 1] = part end
    return form(unpack(parts))
  end

  it("is kept part by part, in order", function()
    local answer = form("model=doubao-seedance-2-0-260128", "catelogid=ref2v",
      "prompt=从图片1到图片2", "duration=5",
      'image_files=@1.jpg;filename="图 1.jpg"',
      "image_files=@2.png;type=image/x-own")
    assert.equal(200, answer.status)
    local task = last_task()
    assert.equal(decoded(answer).taskid, task.id)
    assert.same({ model = "doubao-seedance-2-0-260128", catelogid = "ref2v",
      prompt = "从图片1到图片2", duration = "5" }, task.fields)
    assert.same({ "model", "catelogid", "prompt", "duration", "image_files",
      "image_files" }, task.order)
    local files = {
      { name = "image_files", filename = "图 1.jpg", type = "image/jpeg",
        size = 6, head = "ffd8ff6f6e65" },
      { name = "image_files", filename = "2.png", type = "image/x-own",
        size = 8, head = "89504e472074776f" },
    }
    for i, name in ipairs { "1.jpg", "2.png" } do
      files[i].md5 = shell.read('md5sum <"$1"', folder .. "/" .. name)
        :match("%x+")
    end
    assert.same(files, task.files)
    local requests = server:requests()
    for i = #requests, 1, -1 do
      local seen = requests[i]
      if seen.path == VIDEO then
        assert.same({ task.fields, task.files, task.order },
          { seen.fields, seen.files, seen.order })
        assert.equal(tonumber(seen.headers["content-length"]), seen.bytes)
        assert.is_nil(seen.body)
        break
      end
    end
  end)

  it("is refused by name of what is missing or wrong", function()
    assert.equal("Missing required parameter: image_file", refusal(i2v()))
    assert.equal("Missing required parameter: image_file",
      refusal(i2v("image_file=1.jpg")))
    assert.equal("Invalid file type for image_file: 1",
      refusal(i2v("image_file=@1.jpg;filename=1")))
    assert.equal("Invalid file type for image_file: 1.mp4",
      refusal(i2v("image_file=@1.jpg;filename=1.mp4")))
    assert.equal(200, i2v("image_file=@1.jpg;filename=1.JPEG").status)
    assert.equal("Empty file: image_file",
      refusal(i2v("image_file=@/dev/null;filename=1.jpg")))
    assert.equal("Invalid parameter image_file: at most 1 file expected",
      refusal(i2v("image_file=@1.jpg", "image_file=@2.png")))
    assert.equal("Unknown file field: image_files",
      refusal(i2v("image_file=@1.jpg", "image_files=@2.png")))
    assert.equal("Invalid parameter duration: integer expected",
      refusal(i2v("duration=5.0", "image_file=@1.jpg")))
    assert.equal("Invalid parameter image_file: files, URLs or asset://ID "
      .. "expected", refusal(i2v("image_file=https://a.example/1.jpg",
        "image_file=1.jpg")))
    local many = { "model=happyhorse-1.0-r2v", "catelogid=ref2v", "prompt=x" }
    for _ = 1, 10 do many[#many + 1] = "image_files=@1.jpg" end
    assert.equal("Invalid parameter image_files: at most 9 files expected",
      refusal(form(unpack(many))))
  end)

  it("takes texts behind files, and addresses in their place", function()
    assert.equal(200, i2v("image_file=@1.jpg", "duration=5").status)
    assert.equal("5", last_task().fields.duration)
    assert.equal(200, i2v("image_file=https://a.example/1.jpg").status)
    assert.equal(200, i2v("image_file=asset://asset-2026-a").status)
    local head = { "model=happyhorse-1.0-r2v", "catelogid=ref2v", "prompt=x" }
    for _, part in ipairs { "image_files=@1.jpg",
      "image_files=https://a.example/2.jpg", "image_files=asset://a" } do
      head[#head + 1] = part
    end
    assert.equal(200, form(unpack(head)).status)
    assert.same({ "https://a.example/2.jpg", "asset://a" },
      last_task().fields.image_files)
    for _, images in ipairs { "https://a.example/1.jpg",
      { "https://a.example/1.jpg", "asset://a" } } do
      assert.equal(200, post(VIDEO, { model = "happyhorse-1.0-r2v",
        catelogid = "ref2v", prompt = "x", image_files = images }).status)
    end
  end)

  it("loses all that follows a byte that is not UTF-8", function()
    assert.equal("Missing required parameter: prompt", refusal(form(
      "model=happyhorse-1.0-i2v", "catelogid=i2v", "prompt=\195(",
      "image_file=@1.jpg")))
    assert.equal("Missing required parameter: image_file",
      refusal(i2v("negative_prompt=\255", "image_file=@1.jpg")))
  end)

  local HEAD = 'Content-Disposition: form-data; name="%s"\r\n\r\n%s\r\n--B'

  local function raw(body, ...)
    return curl(VIDEO, "-H", BEARER, "-H",
      "Content-Type: multipart/form-data; boundary=B", "--data-binary", body,
      ...)
  end

  it("may be chunked, and have odd bytes in its files", function()
    local body = "preamble\r\n--B\r\n" ..
      HEAD:format("model", "happyhorse-1.0-i2v") .. "\r\n" ..
      HEAD:format("catelogid", "i2v") .. "\r\n" ..
      HEAD:format("prompt", "x") .. "\r\nContent-Disposition: form-data; " ..
      "name=\"image_file\"; filename=\"a \\\"b\\\\.jpg\"\r\n\r\n" ..
      "\r\n--\r\n-B\r\n--b\r\n\r\n--B--\r\n"
    for _, header in ipairs { "Transfer-Encoding: chunked", "Expect:" } do
      assert.equal(200, raw(body, "-H", header).status)
      local file = last_task().files[1]
      assert.same({ 'a "b\\.jpg', 15, "0d0a2d2d0d0a2d420d0a2d2d620d0a" },
        { file.filename, file.size + 0, file.head })
    end
  end)

  it("is refused when it is broken or cut", function()
    local problem = "Malformed multipart body: "
    for body, words in pairs {
      [""] = "it ends too soon", ["--B"] = "it ends too soon",
      ["--Bx"] = "it ends too soon", ["--Bxy"] = "a boundary goes on",
      ["--B\r\nContent-Type: a/b\r\n\r\nx\r\n--B--"] = "a part has no name",
      ["--B\r\n" .. HEAD:format("prompt", "x")] = "it ends too soon",
    } do
      assert.equal(problem .. words, refusal(raw(body)))
    end
    assert.equal("Missing required parameter: prompt", refusal(raw("--B--")))
  end)

  it("is logged though its sender goes away in the middle", function()
    local sender = assert(socket.connect("127.0.0.1", server.port))
    assert(sender:send(("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 1000"
      .. "\r\nContent-Type: multipart/form-data; boundary=B\r\n\r\n--B")
      :format(VIDEO)))
    sender:close()
    local seen
    assert.is_true(support.wait_until(function()
      local requests = server:requests()
      seen = requests[#requests]
      return seen.problem ~= nil
    end))
    assert.equal(VIDEO, seen.path)
    assert.equal(3, seen.bytes)
  end)

  it("has no limit, where JSON has one", function()
    local before = shell.read('grep VmHWM "/proc/$(cat "$1")/status"',
      server.dir .. "/nginx.pid"):match("%d+")
    shell.read('truncate -s 50M "$1"', folder .. "/big.png")
    assert.equal(200, i2v("image_file=@big.png").status)
    local file = last_task().files[1]
    assert.equal(52428800, file.size + 0)
    assert.equal("25e317773f308e446cc84c503a6d1f85", file.md5)
    local after = shell.read('grep VmHWM "/proc/$(cat "$1")/status"',
      server.dir .. "/nginx.pid"):match("%d+")
    assert.is_true(after - before < 8192, after - before)
    assert.equal(413, curl(VIDEO, "-H", BEARER, "-H", JSON, "-H", "Expect:",
      "-H", "Transfer-Encoding: chunked", "--data-binary",
      "@big.png").status)
  end)

  it("takes its scenario from the header", function()
    local answer = i2v("image_file=@1.jpg;headers=\"X-A: b\"")
    assert.equal(200, answer.status)
    answer = curl(VIDEO, "-H", BEARER, "-H", "X-Sandbox: submit-wrapped",
      "-F", I2V[1], "-F", I2V[2], "-F", I2V[3], "-F", "image_file=@1.jpg")
    assert.matches('^{"status": "ok", "data": {"taskid"', answer.body)
    assert.equal("submit-wrapped", answer.headers["x-sandbox"])
  end)
end)

describe("the answer to a submit", function()
  local ID = '"taskid": "%d+"'
  for scenario, pattern in pairs {
    ["submit-wrapped"] = '^{"status": "ok", "data": {' .. ID ..
      ', "status": "CREATED"}}$',
    ["submit-status=submitted"] = '^{' .. ID .. ', "status": "submitted"}$',
    ["submit-status=PENDING; submit-twice"] = '^{' .. ID ..
      ', "status": "PENDING"}{' .. ID .. ', "status": "PENDING"}$',
    ["submit-done"] = '^{"usage": {.*"image": "http.*"status": "SUCCEEDED", ' ..
      ID .. "}$",
    ["submit-failed"] = '^{"status": "FAILED", ' .. ID ..
      ', "error": "ERROR:the content was refused"}$',
    ["submit-finished"] = '^{"usage": {.*"image": "http.*' ..
      '"status": "SUCCEEDED"}$',
    ["submit-finished; result-array"] = '"image": %["http[^"]*"%],.*' ..
      '"status": "SUCCEEDED"}$',
    ["error-text"] = '^{"error": "the model is overloaded"}$',
    ["error-python"] = "^{'error': ",
    ["bare-lines"] = "^{" .. ID, -- for streams only: no effect here
  } do
    it("may be " .. scenario, function()
      for _, path in ipairs { IMAGE, VIDEO, "/llmage/video" } do
        local answer = submit(scenario, path)
        assert.same({ 200, 0 }, { answer.status, answer.curl })
        local body = answer.body:gsub('"created"', '"CREATED"')
        assert.is_truthy(body:find(pattern), body)
      end
    end)
  end

  -- Whether there is a task in the end, and curl's exit status for the break.
  for scenario, expected in pairs {
    close = { 52, true }, reset = { 56, true }, abort = { 18, true },
    short = { 18, true }, ["late-abort"] = { 18, true },
    ["submit-cut=31"] = { 18, true }, ["too-large"] = { 0, false },
    ["error-html=502"] = { 0, false }, ["stall-head=0.05"] = { 0, true },
  } do
    it("may break with " .. scenario, function()
      local before = list()
      local answer = submit(scenario)
      assert.equal(expected[1], answer.curl)
      local after = list()
      assert.equal(before.posts[VIDEO] + 1, after.posts[VIDEO])
      assert.equal(expected[2], after.begun == before.begun + 1)
      local requests = server:requests()
      assert.equal(scenario, requests[#requests - 1].scenario)
      assert.is_truthy(requests[#requests - 1].status)
    end)
  end

  it("may end right behind the id", function()
    assert.matches('^{"taskid": "%d+"$', submit("submit-cut=31").body)
    assert.equal(413, submit("too-large").status)
  end)
end)

describe("a task", function()
  local function states(scenario, count)
    local id, words = decoded(submit(scenario)).taskid, {}
    for i = 1, count or 1 do
      words[i] = decoded(query(id)).status
    end
    return words, id
  end

  it("goes through its stages in its time", function()
    assert.same({ "CREATED" }, (states("task=200")))
    local place = { CREATED = 1, PENDING = 2, RUNNING = 3, SUCCEEDED = 4 }
    local from, last = support.now(), 1
    local _, id = states("task=2")
    repeat
      local now = place[decoded(query(id)).status]
      assert.is_true(now >= last)
      last = now
    until last == 4
    assert.is_true(support.now() - from > 1.5)
  end)

  it("ends with what the documents show", function()
    local answer = post(VIDEO, { model = "viduq3-pro", catelogid = "t2v",
      prompt = "x", resolution = "540p", duration = 1 })
    local id = decoded(answer).taskid
    local address = ("http://127%%.0%%.0%%.1:%d/idfile%%?path=/tmp/%s/")
      :format(server.port, "%d+/%d+/%d+/%d+")
    local body = query(id).body
    assert.matches('^{"usage": {"action": "t2v", "credits": 10, "type": ' ..
      '"text2video", "model": "viduq3%-pro", "resolution": "540p", ' ..
      '"off_peak": false, "duration": 1}, "image": "' .. address ..
      'cover.png", "video": "' .. address ..
      'video.mp4", "status": "SUCCEEDED", "taskid": "' .. id .. '"}$', body)
    for _, way in ipairs {
      { "-H", JSON, "-d", ('{"taskid": "%s"}'):format(id) },
      { "-G", "-d", "taskid=" .. id } } do
      assert.equal(body, curl("/llmage/tasks", "-H", BEARER,
        unpack(way)).body)
    end
    assert.matches('^{"usage": {"action": "t2i", [^}]*"image_count": 1}, ' ..
      '"image": "' .. address .. 'image.png", "status"',
      query(decoded(submit(nil, IMAGE)).taskid).body)
  end)

  it("must be named, and be known", function()
    assert.equal("Missing required parameter: taskid",
      refusal(curl("/llmage/v1/tasks", "-H", BEARER)))
    assert.equal("Invalid parameter taskid: string expected",
      refusal(post("/llmage/tasks", '{"taskid": 936759404378734592}')))
    assert.equal('{"status": "FAILED", "error": "taskid=1 not exist"}',
      query("1").body)
    assert.equal(401, curl("/llmage/v1/tasks?taskid=1").status)
  end)

  it("may end otherwise, or not at all", function()
    local words = states "task-ends=CANCELLED"
    assert.same({ "CANCELLED" }, words)
    assert.same({ "RUNNING", "RUNNING" }, (states("task-never", 2)))
    assert.same({ "queued" }, (states "task-never; task-word=queued"))
    local id = decoded(submit "task-fails=ERROR:no").taskid
    assert.equal('{"status": "FAILED", "taskid": "' .. id ..
      '", "error": "ERROR:no"}', query(id).body)
  end)

  local NEW = '"status": "SUCCEEDED"'
  for scenario, patterns in pairs {
    ["query-wrapped"] = { '^{"status": "ok", "data": {"usage"', "^{.*data" },
    ["query-wrapped; first=1"] = { '^{"status": "ok", "data": {', "^{.usage" },
    ["query-resposne"] = { '"data": {"resposne": {"usage"' },
    ["query-taskstatus"] = { '"taskstatus": "SUCCEEDED"' },
    ["query-lower"] = { '"status": "succeeded"' },
    ["query-twice"] = { "}{" },
    ["query-other-id"] = { '"taskid": "cgt%-20260401%-%d+"' },
    ["query-no-id"] = { '"status": "SUCCEEDED"}$' },
    ["query-error=1"] = {
      '^{"status": "error", "data": {"message": "[^"]*"}}$', NEW },
    ["query-not-exist=2"] = { '^{"status": "FAILED", "error": "taskid=%d+ ' ..
      'not exist"}$', "not exist", NEW },
    ["query-not-exist"] = { "not exist", "not exist", "not exist" },
    ["query-500=1"] = { "^500 Internal Server Error$", NEW },
    ["query-502=1"] = { "^<html>", NEW },
    ["query-html=1"] = { "^<html>", NEW },
    ["query-reset=1"] = { "^$", NEW },
    ["query-hang=0.1; task-never"] = { "RUNNING" },
    ["result-array"] = { '"image": %["http[^"]*"%], "video": %["' },
    ["result-more"] = { '"audio": "http[^"]*wav", "output": "http[^"]*mp4", ' ..
      '"text": "made' },
    ["result-none"] = { '^{"usage": {[^}]*}, "status"' },
    ["result-reason=no face"] = { '^{"usage": {[^}]*}, "status": "SUCCEEDED"'
      .. '.*"message": "no face"}$' },
    ["result-objects"] = { '"video": {"url": "http[^"]*mp4"}' },
    ["result-relative"] = { '"video": "/idfile[^"]*mp4"' },
    ["result-no-scheme"] = { '"video": "//127[^"]*mp4"' },
    ["result-blanks"] = { '"video": " http[^"]*mp4\\n"' },
    ["result-data"] = { '"image": "data:image/png;base64,iVBO' },
    ["result-nested"] = { '"output": {"image_url": "http[^"]*png", ' ..
      '"video_url": "http[^"]*mp4"}' },
    ["result-partial=no face"] = { '"image": %["http[^"]*", null, ' ..
      '{"error": {"message": "no face"}}%]' },
    ["task-done=succeed"] = { '"video": "http.*"status": "succeed"' },
    ["task-fails=no face; task-fail-word"] = {
      '"status": "rejected", .*"error": "no face"' },
    ["task-fails=no face; query-reason"] = { '"fail_reason": "no face"}$' },
    ["task-fails=no face; query-reason=output.message"] = {
      '"output": {"message": "no face"}' },
    ["result-host"] = { '"video": "http://127.0.0.1:443/idfile' },
    ["expired"] = { "video.mp4&issue=1", "video.mp4&issue=2" },
  } do
    it("may be asked about with " .. scenario, function()
      local _, id = states(scenario, 0)
      for _, pattern in ipairs(patterns) do
        local answer = query(id)
        assert.is_truthy(answer.body:find(pattern), answer.body)
      end
    end)
  end

  it("takes a scenario for one query too", function()
    local _, id = states("", 0)
    assert.equal(502, query(id, "-H", "X-Sandbox: bad-gateway").status)
    local answer = query(id, "-H", "X-Sandbox: query-lower")
    assert.matches('"succeeded"', answer.body)
    assert.equal("query-lower", answer.headers["x-sandbox"])
    assert.matches(NEW, query(id).body)
    assert.equal(2, last_task().queries) -- the queries so far
  end)

  it("answers a hanging query when it ends", function()
    local _, id = states("task=0.2; query-hang=9", 0)
    assert.matches(NEW, query(id).body)
  end)
end)

describe("a file", function()
  local url, bytes

  setup(function()
    url = urls("size=200000").video
    bytes = curl(url).body
  end)

  local function range(header, ...)
    local answer = curl(url, "-H", "Range: " .. header, ...)
    return answer.status, answer.headers["content-range"], answer.body
  end

  it("is a picture or a film that opens", function()
    local png = curl(urls(nil, IMAGE).image)
    assert.equal("image/png", png.headers["content-type"])
    assert.equal("\137PNG\r\n\26\n\0\0\0\13IHDR\0\0\2\0\0\0\2\0\8\3\0\0\0",
      png.body:sub(1, 29))
    assert.equal("\0\0\0\0IEND\174B`\130", png.body:sub(-12))
    local film = curl(urls().video)
    assert.equal("video/mp4", film.headers["content-type"])
    local at, boxes = 1, {}
    while at <= #film.body do
      local a, b, c, d = film.body:byte(at, at + 3)
      boxes[#boxes + 1] = film.body:sub(at + 4, at + 7)
      at = at + ((a * 256 + b) * 256 + c) * 256 + d
    end
    assert.equal("ftyp moov free mdat free", table.concat(boxes, " "))
    assert.equal(#film.body + 1, at)
  end)

  local function picture(prompt)
    local task = post(IMAGE, { model = "cogview-3-flash", catelogid = "t2i",
      prompt = prompt })
    return curl(decoded(query(decoded(task).taskid)).image).body
  end

  it("is drawn from its prompt", function()
    assert.equal(picture("月亮"), picture("月亮"))
    assert.not_equal(picture("月亮"), picture("太阳"))
    assert.not_equal(picture("一只猫"), picture("一只狗"))
  end)

  -- The colour above the picture, and whether it has that one anywhere.
  local function sky(prompt) return (picture(prompt):match("PLTE(...)")) end
  local function has(prompt, colour)
    return picture(prompt):match("PLTE(.-)IDAT"):find(colour, 1, true) ~= nil
  end

  it("shows the time of day that is named, in both languages", function()
    local night = sky "安静的夜晚"
    for _, prompt in ipairs { "a night in May", "星空", "moonlight",
      "a cat at midnight" } do
      assert.equal(night, sky(prompt), prompt)
    end
    assert.equal(sky "海上日落", sky "sunset at the sea")
    assert.equal(sky "晴天", sky "a sunny day")
    assert.not_equal(night, sky "日落")
    assert.not_equal(night, sky "a nightingale by day")
  end)

  it("shows what is named, in the colour before it", function()
    local purple = "\142\100\190"
    for prompt, is_there in pairs {
      ["白天，一只紫色的猫"] = true, ["白天，一只猫"] = false,
      ["a purple dog by day"] = true, ["a dog by day"] = false,
    } do
      assert.equal(is_there, has(prompt, purple), prompt)
    end
    assert.is_true(has("白天的熊猫", "\24\26\34"))
  end)

  -- As a strict reader would: checksums, zlib's stream, each row and colour.
  local READER = [[
import struct, sys, zlib
data, at, parts = sys.stdin.buffer.read(), 8, {}
while at < len(data):
    size, kind = struct.unpack(">I4s", data[at:at + 8])
    body = data[at + 8:at + 8 + size]
    crc, = struct.unpack(">I", data[at + 8 + size:at + 12 + size])
    assert crc == zlib.crc32(kind + body), kind
    parts[kind], at = body, at + 12 + size
width, height = struct.unpack(">II", parts[b"IHDR"][:8])
raw = zlib.decompress(parts[b"IDAT"])
assert len(raw) == (width + 1) * height and not any(raw[::width + 1])
assert max(raw) < len(parts[b"PLTE"]) / 3 <= 256
print("good")]]

  it("is a whole PNG, whatever the prompt", function()
    support.write(folder .. "/read.py", READER)
    for n, prompt in ipairs { "x", "海", "城市夜景，下雪", "雨中的一只红猫和船",
      "a girl, a horse, a castle, a tree and a robot", "蓝色", "%d [[ %%" } do
      support.write(folder .. "/" .. n, picture(prompt))
      assert.equal("good", support.output(("python3 %s/read.py < %s/%d 2>&1")
        :format(folder, folder, n)), prompt)
    end
  end)

  it("has a complete head", function()
    local head = curl(url, "-I")
    assert.equal(200, head.status)
    assert.equal("", head.body)
    assert.equal("200000", head.headers["content-length"])
    assert.equal("bytes", head.headers["accept-ranges"])
    assert.matches('^"%x+%-%x+"$', head.headers.etag)
    assert.matches(" GMT$", head.headers["last-modified"])
    assert.equal(200000, #bytes)
    assert.equal(304, curl(url, "-H", "If-None-Match: " ..
      head.headers.etag).status)
  end)

  it("comes in parts", function()
    for header, expected in pairs {
      ["bytes=0-0"] = { 0, 0 }, ["bytes=199999-"] = { 199999, 199999 },
      ["bytes=65520-131100"] = { 65520, 131100 },
      ["bytes=5-999999999"] = { 5, 199999 }, ["bytes=-7"] = { 199993, 199999 },
      ["bytes=-999999"] = { 0, 199999 },
    } do
      local first, last = expected[1], expected[2]
      local status, declared, body = range(header)
      assert.same({ 206, ("bytes %d-%d/200000"):format(first, last) },
        { status, declared })
      assert.is_true(body == bytes:sub(first + 1, last + 1), header)
    end
    for _, header in ipairs { "bytes=200000-", "bytes=-0" } do
      local status, declared = range(header)
      assert.same({ 416, "bytes */200000" }, { status, declared })
    end
    for _, header in ipairs { "bytes=0-1,3-4", "bytes=9-2", "lines=1-2" } do
      local status, declared, body = range(header)
      assert.same({ 200, nil }, { status, declared })
      assert.equal(200000, #body)
    end
  end)

  it("comes in parts only as long as it is the same", function()
    local headers = curl(url, "-I").headers
    for validator, status in pairs {
      [headers.etag] = 206, [headers["last-modified"]] = 206,
      ['"other"'] = 200, ["W/" .. headers.etag] = 200,
    } do
      assert.equal(status, (range("bytes=5-", "-H", "If-Range: " .. validator)))
    end
  end)

  it("needs no key, but must be there", function()
    assert.equal(404, curl("/idfile").status)
    assert.equal(404, curl("/idfile?path=/etc/passwd").status)
    assert.equal(404, curl((url:gsub("video.mp4", "video.exe"))).status)
    local id = decoded(submit "task-never").taskid
    assert.equal(404, curl(("/idfile?path=/tmp/%s/%s/%s/%s/video.mp4")
      :format(id:sub(1, 5), id:sub(6, 9), id:sub(10, 14), id:sub(15))).status)
    local requests = server:requests()
    assert.equal("missing", requests[#requests].auth)
  end)

  -- The outcome of a first and a second download: curl's exit status, the HTTP
  -- status, and other properties of the answer.
  for scenario, expected in pairs {
    ["file-cut=1000; first=1"] = { { 18, 200, 1000 }, { 0, 200 } },
    ["file-cut=0"] = { { 18, 200, 0 }, { 18, 200, 0 } },
    ["file-cut=3000; size=5000"] = { { 18, 200, 3000 } },
    ["file-no-length"] = { { 0, 200, length = false } },
    ["file-wrong-length=10; size=5000"] = { { 18, 200, 5000,
      length = "5010" } },
    ["file-slow=0.1; size=5000"] = { { 0, 200, 5000 } },
    ["file-stall=0.1; size=5000"] = { { 0, 200, 5000 } },
    ["file-gzip"] = { { 0, 200, length = "2617" } },
    ["file-gzip-always"] = { { 0, 200, length = false } },
    ["file-no-etag"] = { { 0, 200, etag = false } },
    ["file-403=1"] = { { 0, 403 }, { 0, 200 } },
    ["file-404=1"] = { { 0, 404 }, { 0, 200 } },
    ["file-500=1"] = { { 0, 500 }, { 0, 200 } },
    ["file-502=1"] = { { 0, 502 }, { 0, 200 } },
    ["file-html=1"] = { { 0, 200, 100 }, { 0, 200, 2617 } },
    ["file-json=1"] = { { 0, 200, 55 }, { 0, 200, 2617 } },
    ["file-empty=1"] = { { 0, 200, 0 }, { 0, 200, 2617 } },
    ["file-reset=1"] = { { 56 }, { 0, 200 } },
    ["file-redirect"] = { { 0, 302 } },
    ["expired"] = { { 0, 403 }, { 0, 403 } },
    ["signed=9"] = { { 0, 200 } },
    ["signed=0"] = { { 0, 403 } },
  } do
    it("may come with " .. scenario, function()
      local address = urls(scenario).video
      for _, want in ipairs(expected) do
        local answer = curl(address)
        assert.same({ want[1], want[2] }, { answer.curl, answer.status })
        if want[3] then assert.equal(want[3], #answer.body) end
        for name, header in pairs { length = "content-length",
          etag = "etag" } do
          if want[name] ~= nil then
            assert.equal(want[name] or nil, answer.headers[header])
          end
        end
      end
    end)
  end

  it("has a new address after an old one has expired", function()
    local id = decoded(submit "expired").taskid
    local old, new = decoded(query(id)).video, decoded(query(id)).video
    assert.same({ 403, 200 }, { curl(old).status, curl(new).status })
  end)

  it("is compressed if accepted", function()
    local address = urls("file-gzip; size=5000").video
    local answer = curl(address, "-H", "Accept-Encoding: gzip")
    assert.equal("gzip", answer.headers["content-encoding"])
    assert.is_nil(answer.headers["content-length"])
    answer = curl(address, "-H", "Accept-Encoding: identity")
    assert.is_nil(answer.headers["content-encoding"])
    assert.equal("5000", answer.headers["content-length"])
  end)

  it("may change between two downloads", function()
    local address = urls("file-changes; file-cut=100; first=1").video
    local one, two = curl(address), curl(address)
    assert.same({ 18, 0 }, { one.curl, two.curl })
    assert.not_equal(one.headers.etag, two.headers.etag)
    assert.not_equal(one.headers["last-modified"],
      two.headers["last-modified"])
    local rest = curl(address, "-H", "Range: bytes=100-", "-H",
      "If-Range: " .. one.headers.etag)
    assert.equal(200, rest.status)
  end)

  it("may come in wrong parts", function()
    local header = "Range: bytes=1000-1999"
    local whole = curl(urls("file-no-ranges; size=5000").video, "-H", header)
    assert.same({ 200, 5000 }, { whole.status, #whole.body })
    local other = curl(urls("file-other-range; size=5000").video, "-H", header)
    assert.equal(206, other.status)
    assert.equal("bytes 0-999/5000", other.headers["content-range"])
    assert.equal(whole.body:sub(1, 1000), other.body)
    local slice = curl(urls("file-slice; size=5000").video, "-H", header)
    assert.same({ 200, "bytes 1000-1999/5000", whole.body:sub(1001, 2000) },
      { slice.status, slice.headers["content-range"], slice.body })
    local longer = curl(urls("file-other-total; size=5000").video, "-H", header)
    assert.same({ 206, "bytes 1000-1999/5007" },
      { longer.status, longer.headers["content-range"] })
  end)

  it("may be one of many", function()
    local images = urls("result-many=3", IMAGE).image
    assert.equal(3, #images)
    local one, two = curl(images[1]), curl(images[2])
    assert.same({ 200, 200 }, { one.status, two.status })
    assert.not_equal(one.body, two.body)
  end)

  it("is counted", function()
    assert.equal(list().begun, #decoded(curl("/sandbox/tasks")).tasks)
    local address = urls().video
    curl(address)
    curl(address, "-I")
    assert.same({ ["cover.png"] = 0, ["video.mp4"] = 1 },
      last_task().downloads)
  end)
end)
