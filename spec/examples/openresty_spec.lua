-- The server of examples/openresty, in front of the sandbox.
local core = require "yuanjing.core"
local json = require "cjson"
local sandbox = require "yuanjing.sandbox"
local scripted = require "support.scripted"
local socket = require "socket"
local start = require("support.studio").start
local support = require "support"
local yuanjing = require "yuanjing"

-- nginx always runs LuaJIT: once is enough. LuaJIT runs the page's spec, the
-- other Lua this one.
if rawget(_G, "jit") then return end

local PNG = "\137PNG\r\n\26\n"

local function lines_of(body)
  local list = {}
  for line in body:gmatch("[^\n]+") do list[#list + 1] = json.decode(line) end
  return list
end

local function text_of(lines)
  local texts = {}
  for _, line in ipairs(lines) do texts[#texts + 1] = line.text end
  return table.concat(texts)
end

-- A server for a single test.
local function start_other(options)
  local other = start(options)
  finally(function() other:stop() end)
  return other
end

-- A platform that answers each request for a path with a JSON text.
local function serve_json(texts)
  local routes = {}
  for path, text in pairs(texts) do
    routes[path] = { { "send", scripted.answer(200, {}, text) } }
  end
  return support.serve { routes = routes }
end

describe("the studio's server", function()
  local box, studio

  setup(function()
    box = assert(sandbox.start { latency = 0.02, task_seconds = 0.3 })
    studio = start { url = box.url }
  end)

  teardown(function()
    studio:stop()
    box:stop()
  end)

  after_each(support.clean)

  it("hands a text on as it comes", function()
    local status, body, headers
    assert.is_true(support.is_ever_below(-0.1, function()
      local times
      status, body, headers, times = studio:ask("/chat",
        { json = { messages = { { role = "user", content = "a cat" } } } })
      return #times > 5 and times[1] - times[#times] or 0
    end))
    local lines = lines_of(body)
    assert.same({ 200, "application/x-ndjson; charset=utf-8" },
      { status, headers["content-type"] })
    assert.truthy(text_of(lines):find('You said: "a cat"', 1, true))
    local last = lines[#lines]
    assert.same({ true, "qwen3-max", "stop" },
      { last.done, last.model, last.ended_by })
    assert.truthy(last.usage.total_tokens > 0)
  end)

  it("keeps a conversation between its requests", function()
    local id, other = ("0a"):rep(16), ("1b"):rep(16)
    local function say(text, talk)
      local _, body = studio:ask("/chat", { json = { prompt = text,
        talk = talk } })
      return text_of(lines_of(body))
    end
    say("My name is Ada.", id)
    assert.equal("Your name is Ada.", say("What is my name?", id))
    assert.equal("You have not told me that yet.",
      say("What is my name?", other))
    assert.equal("You have not told me that yet.", say "What is my name?")
    local said = studio:ask_json("/talk?id=" .. id)
    assert.equal(4, #said.messages)
    assert.same({ role = "assistant", content = "Your name is Ada." },
      said.messages[4])
    assert.same({}, studio:ask_json("/talk?id=" .. ("2c"):rep(16)))
    for _, odd in ipairs { "", "x", ("g"):rep(32), ("0"):rep(33) } do
      assert.equal(400, (studio:ask("/talk?id=" .. odd)), odd)
    end
  end)

  it("keeps a conversation as it was when an answer breaks off", function()
    local id = ("3d"):rep(16)
    local function ask(text)
      local _, body = studio:ask("/chat", { json = { prompt = text, talk = id } })
      local lines = lines_of(body)
      return lines[#lines]
    end
    ask "My name is Ada."
    box:answer("chat", { chunks = { "so", "so" }, scenario = "cut=1" })
    assert.equal("truncated", ask("What is my name?").error.kind)
    assert.equal(2, #studio:ask_json("/talk?id=" .. id).messages)
    assert.is_true(ask("What is my name?").done)
    assert.equal(4, #studio:ask_json("/talk?id=" .. id).messages)
  end)

  it("reports that a text was cut off", function()
    local head = scripted.answer(200, { ["Transfer-Encoding"] = "chunked" })
    local half = scripted.chunked { 'data: {"content":"half"}\n\n' }
    local upstream = support.serve { default = { { "request" },
      { "send", head .. half } } }
    local other = start_other { url = upstream.url }
    local _, body = other:ask("/chat", { json = { prompt = "x" } })
    local lines = lines_of(body)
    assert.same({ 2, "half", "truncated" },
      { #lines, lines[1].text, lines[2].error.kind })
  end)

  it("returns the catalog", function()
    local rows = studio:ask_json("/catalog")
    local expected = {}
    for _, row in ipairs(yuanjing.catalog) do
      if row.api == "v1" then expected[#expected + 1] = row end
    end
    assert.same(expected, rows)
  end)

  it("returns the text models", function()
    assert.equal("qwen3-max", studio:ask_json("/models")[1])
  end)

  for kind, expected in pairs {
    image = { model = "wan2.2-t2i-plus", type = "image/png",
      ending = "png", begins = "^\137PNG\r\n" },
    video = { model = "happyhorse-1.0-t2v", type = "video/mp4",
      ending = "mp4", begins = "^....ftyp" },
  } do
    it("makes a " .. kind .. " and hands it out", function()
      local task, status = studio:ask_json("/" .. kind,
        { model = expected.model, prompt = "a cat" })
      assert.equal(202, status)
      assert.equal(202, (studio:ask("/result?id=" .. task.id)))
      assert.same({ id = task.id, status = "SUCCEEDED" },
        studio:await(task.id))
      local asked
      for _ = 1, 2 do
        local code, body, headers = studio:ask("/result?id=" .. task.id)
        assert.same({ 200, expected.type, ('inline; filename="%s.%s"')
          :format(task.id, expected.ending) }, { code,
          headers["content-type"], headers["content-disposition"] })
        assert.truthy(body:find(expected.begins))
        asked = asked or #box:requests()
      end
      assert.equal(asked, #box:requests())
      local code, part = studio:ask("/result?id=" .. task.id,
        { headers = { Range = "bytes=1-3" } })
      assert.same({ 206, 3 }, { code, #part })
    end)
  end

  it("sends files on, never through its memory", function()
    local before = studio:peak()
    local size = 48 * 2 ^ 20
    local frame = studio:upload(PNG .. ("x"):rep(size - #PNG), "frame.png")
    local task, status = studio:ask_json("/video", { prompt = "a cat",
      model = "happyhorse-1.0-i2v", image_file = frame })
    assert.same({ 202, "CREATED" }, { status, task.status })
    local seen = box:requests()
    local file = seen[#seen].files[1]
    assert.same({ "image_file", "frame.png", "image/png", size },
      { file.name, file.filename, file.type, file.size })
    assert.truthy(studio:peak() - before < 24 * 1024)
    assert.is_false(support.exists(studio.folder .. "/uploads/"
      .. frame.upload))
  end)

  it("sends many files in their order", function()
    local frames = { studio:upload(PNG .. "1", "1.png"),
      studio:upload(PNG .. "22", "2.png") }
    local task = studio:ask_json("/video", { prompt = "a cat",
      model = "happyhorse-1.0-r2v", image_files = frames })
    assert.truthy(task.id)
    local seen, sizes = box:requests(), {}
    for i, file in ipairs(seen[#seen].files) do sizes[i] = file.size end
    assert.same({ 9, 10 }, sizes)
  end)

  it("opens no file that a visitor names", function()
    local secret = support.write(support.tempdir() .. "/secret.png", PNG)
    local before = #box:requests()
    for _, named in ipairs { secret, { path = secret },
      { upload = secret, name = "x.png" },
      { upload = "../nginx.conf", name = "x.png" } } do
      local answer, status = studio:ask_json("/video", { prompt = "x",
        model = "happyhorse-1.0-i2v", image_file = named,
        first_frame = secret })
      assert.same({ 400, "invalid_request",
        "first_frame: needed by happyhorse-1.0-i2v in category i2v" },
        { status, answer.error.kind, answer.error.message })
    end
    studio:ask("/image", { json = { model = "wan2.2-t2i-plus",
      prompt = { path = secret } } })
    assert.equal(before, #box:requests())
    assert.equal(PNG, support.read(secret))
  end)

  it("does not reveal where its files are", function()
    local answer = studio:ask_json("/video", { prompt = "x",
      model = "happyhorse-1.0-i2v",
      image_file = { upload = ("0"):rep(32), name = "x.png" } })
    assert.same({ kind = "invalid_request",
      message = "image_file: No such file or directory" }, answer.error)
  end)

  it("reports what is wrong", function()
    local other = start_other { url = box.url } -- with its own rates
    local answer, status = other:ask_json("/chat", { promt = "x" })
    assert.same({ 400, { kind = "invalid_request",
      message = "prompt: missing" } }, { status, answer.error })
    assert.equal(400, (other:ask("/upload")))
    assert.equal(400, (other:ask("/task?id=../secret")))
    assert.equal(404, (other:ask("/result?id=1234")))
    for _, odd in ipairs { '{"messages":7}', '[1]', 'null', '"x"', "{",
      '{"prompt":{"a":1}}' } do
      assert.equal(400, (other:ask("/chat", { body = odd })), odd)
    end
    for _, odd in ipairs { '{"model":{"a":1}}', '{"category":null}',
      '{"model":"wan2.2-t2i-plus","prompt":null}',
      '{"model":"wan2.2-t2i-plus","prompt":["x"]}' } do
      assert.equal(400, (other:ask("/image", { body = odd })), odd)
    end
    answer, status = other:ask_json("/image", { model = "no-such",
      prompt = "x" })
    assert.same({ 400, "invalid_request" }, { status, answer.error.kind })
  end)

  it("waits for a task that the platform does not know yet", function()
    local upstream = serve_json {
      ["/llmage/v1/image/generations"] = '{"taskid":"7","status":"CREATED"}',
      ["/llmage/v1/tasks"] = '{"status":"FAILED","error":"taskid=7 not exist"}',
    }
    local other = start_other { url = upstream.url }
    other:ask("/image", { json = { model = "wan2.2-t2i-plus", prompt = "x" } })
    local young, status = other:ask_json("/task?id=7")
    local old = other:ask_json("/task?id=8")
    assert.same({ 202, { id = "7", status = "CREATED" } }, { status, young })
    assert.equal("not_found", old.error.kind)
  end)

  it("ends no submit when the visitor leaves: it is paid for", function()
    local upstream = support.serve { routes = {
      ["/llmage/v1/image/generations"] = { { "sleep", 0.3 },
        { "send", scripted.answer(200, {}, '{"taskid":"7"}') } },
      ["/llmage/v1/tasks"] = { { "send", scripted.answer(200, {},
        '{"status":"FAILED","error":"taskid=7 not exist"}') } },
    } }
    local other = start_other { url = upstream.url }
    local body = '{"model":"wan2.2-t2i-plus","prompt":"x"}'
    local visitor = socket.connect("127.0.0.1", other.port)
    visitor:send(("POST /image HTTP/1.1\r\nHost: 127.0.0.1\r\n" ..
      "Content-Length: %d\r\n\r\n%s"):format(#body, body))
    assert.truthy(upstream:wait_for(function()
      return #upstream:requests() == 1
    end))
    visitor:close()
    assert.is_true(support.wait_until(function() -- the task is known to have begun
      return other:ask "/task?id=7" == 202
    end))
  end)

  it("distinguishes a failed task from a failed query", function()
    local upstream = serve_json {
      ["/llmage/v1/tasks?taskid=7"] = '{"status":"FAILED","error":"too wild"}',
      ["/llmage/v1/tasks?taskid=9"] = '{"error":{"message":"not now"}}' }
    local other = start_other { url = upstream.url }
    local failed, status = other:ask_json("/task?id=7")
    local lost = other:ask_json("/task?id=9")
    assert.same({ 410, "7", "task_failed" },
      { status, failed.id, failed.error.kind })
    assert.truthy(failed.error.message:find("too wild", 1, true))
    assert.same({ "platform", "not now" },
      { lost.error.kind, lost.error.message })
    assert.is_nil(lost.id)
  end)

  it("is not asked by pages of others", function()
    local before = #box:requests()
    local body = json.encode { prompt = "x" }
    for origin, expected in pairs { ["http://evil.example"] = 403,
      null = 403, [studio.url] = 200 } do
      assert.equal(expected, (studio:ask("/chat", { body = body,
        headers = { Origin = origin } })), origin)
    end
    assert.equal(before + 1, #box:requests())
    assert.equal(421, (studio:ask("/",
      { headers = { Host = "evil.example" } })))
  end)

  it("lets data be no markup, and nothing else run", function()
    local _, page, headers = studio:ask("/")
    assert.truthy(page:find("<title>元境 Studio</title>", 1, true))
    assert.equal("nosniff", headers["x-content-type-options"])
    local policy = headers["content-security-policy"]
    for _, rule in ipairs { "default-src 'none'", "script-src 'self';",
      "frame-ancestors 'none'", "require-trusted-types-for 'script'",
      "trusted-types dompurify" } do
      assert.truthy(policy:find(rule, 1, true), rule)
    end
  end)

  it("hands out the libraries of others as they were made", function()
    local folder = "examples/openresty/public/vendor/"
    local listed = support.read(folder .. "README.md")
    for _, name in ipairs { "marked.esm.js", "purify.es.mjs" } do
      local line = core.sha256(support.read(folder .. name)) .. "  " .. name
      assert.truthy(listed:find(line, 1, true), line)
    end
    local status, _, headers = studio:ask("/vendor/purify.es.mjs")
    assert.same({ 200, "text/javascript; charset=utf-8" },
      { status, headers["content-type"] })
  end)

  it("tells why an answer is not the whole", function()
    for reason, cut in pairs { length = "length", MAX_TOKENS = "length",
      content_filter = "filter", stop = false } do
      box:answer("chat", { content = "so", finish_reason = reason })
      local _, body = studio:ask("/chat", { json = { prompt = "x" } })
      local lines = lines_of(body)
      assert.equal(cut, lines[#lines].cut or false, reason)
    end
  end)

  it("bounds what one visitor may ask", function()
    local other = start_other { url = box.url }
    local counts = {}
    for _ = 1, 30 do
      local status = other:ask("/chat", { body = "{}" })
      counts[status] = (counts[status] or 0) + 1
    end
    assert.truthy(counts[400] >= 20 and counts[429] >= 1)
  end)

  it("has a sandbox of its own where there is no key", function()
    local other = start_other {}
    assert.equal("qwen3-max", other:ask_json("/models")[1])
    local url = support.read(other.folder .. "/sandbox.txt")
      :match("http://[%d.:]+")
    other:stop()
    local ends, port = support.now() + 10, tonumber(url:match("%d+$"))
    repeat
      local connection = socket.connect("127.0.0.1", port)
      if connection then connection:close() end
      support.sleep(0.05)
    until not connection or support.now() > ends
    assert.is_nil(socket.connect("127.0.0.1", port))
  end)
end)
