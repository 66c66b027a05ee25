-- A text that is spoken: the call, the shapes of its answer, the file.
local files = require "yuanjing.base.files"
local json = require "yuanjing.base.json"
local sandbox = require "yuanjing.sandbox"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local TEXT = "你好，世界。今天天气很好！"
local PATH = "/llmage/v1/audio/speech"
local HEAD = scripted.answer(200, { ["Content-Type"] = "text/html",
  ["Connection"] = "close" })

local box

local function client_at(url, options)
  options = options or {}
  options.base_url, options.api_key = url, options.api_key or "sk-secret"
  return yuanjing.new(options)
end

local function client_of(scenario, options)
  options = options or {}
  options.headers = { ["X-Sandbox"] = scenario }
  options.api_key = box.api_key
  return client_at(box.url, options)
end

local function speak(client, fields)
  local params = { model = "tts-1", text = TEXT }
  for name, value in pairs(fields or {}) do params[name] = value end
  return client:speak(params)
end

-- What chunks() brings, and the error that it raises.
local function heard(speech)
  local parts = {}
  local ok, err = pcall(function()
    for bytes in speech:chunks() do parts[#parts + 1] = bytes end
  end)
  return table.concat(parts), not ok and err or nil, parts
end

-- Saves over an old file: the file then, and the error.
local function saved(speech)
  local folder = support.tempdir()
  local path = support.write(folder .. "/声音.wav", "old")
  local ok, err = speech:save(path)
  assert.equal("声音.wav", support.output("ls -A " .. folder))
  if ok then assert.equal(path, ok) end
  return support.read(path), err
end

local function serve_body(bytes, head)
  return support.serve { default = { { "request" }, { "send", head or HEAD },
    { "send", bytes }, { "close" } } }
end

local function speak_from(bytes, head)
  return speak(client_at(serve_body(bytes, head).url))
end

describe("client:speak", function()
  local wav -- as the sandbox says it

  setup(function()
    box = assert(sandbox.start { latency = 0, task_seconds = 0 })
    wav = heard(assert(speak(client_of "")))
  end)
  teardown(function() box:stop() end)
  after_each(support.clean)

  it("says a text as a WAV file that one can hear", function()
    local speech = assert(speak(client_of ""))
    assert.same({ "tts-1", "wav", 24000, 1, 16 }, { speech.model, speech.format,
      speech.sample_rate, speech.channels, speech.bits })
    local bytes = saved(speech)
    assert.equal(wav, bytes)
    assert.same({ 13 }, { speech.usage.characters })
    local loudest = 0
    for n = 45, #wav - 1, 2 do
      local low, high = wav:byte(n, n + 1)
      local value = low + 256 * (high < 128 and high or high - 256)
      loudest = math.max(loudest, math.abs(value))
    end
    assert.is_true(loudest > 3000 and loudest < 32768, loudest)
  end)

  for _, scenario in ipairs { "speech-json", "speech-lines", "speech-url",
    "speech-binary", "speech-qwen", "speech-openai", "speech-hex",
    "speech-minimax", "speech-open", "speech-open; speech-binary",
    "speech-open; speech-url", "speech-json; late-abort",
    "speech-openai; split=997", "speech-openai; many-data",
    "speech-openai; crlf", "speech-openai; comments",
    "speech-openai; bare-lines" } do
    it("saves the same file of the shape " .. scenario, function()
      local bytes, err = saved(assert(speak(client_of(scenario))))
      assert.is_nil(err)
      assert.is_true(bytes == wav)
    end)
  end

  it("reads the same bytes as they come, the header first", function()
    for _, scenario in ipairs { "speech-lines", "speech-minimax", "speech-url",
      "speech-binary" } do
      local bytes, err, parts = heard(assert(speak(client_of(scenario))))
      assert.is_nil(err)
      assert.is_true(bytes == wav, scenario)
      assert.equal(44, #parts[1])
      for _, part in ipairs(parts) do assert.equal(0, #part % 2) end
    end
  end)

  it("has PCM in whole samples", function()
    for _, scenario in ipairs { "speech-binary", "speech-lines",
      "speech-minimax" } do
      local speech = assert(speak(client_of(scenario), { format = "pcm" }))
      local bytes, err, parts = heard(speech)
      assert.is_nil(err)
      assert.is_true(bytes == wav:sub(45), scenario)
      for _, part in ipairs(parts) do assert.equal(0, #part % 2, scenario) end
    end
  end)

  for scenario, case in pairs {
    ["speech-bad"] = { "decode", "byte 10 is no base64" },
    ["speech-hex; speech-bad"] = { "decode", "byte 10 is no hexadecimal" },
    ["speech-hex; speech-bad=short"] = { "decode", "its last digit is alone" },
    ["speech-lines; speech-bad=short"] =
      { "decode", "its last four characters are not all there" },
    ["speech-minimax; speech-bad=short"] =
      { "decode", "its last digit is alone" },
    ["speech-lines; cut=3"] = { "truncated", "of the sound came" },
    ["speech-openai; cut=3"] = { "truncated", "before its sound was complete" },
    ["speech-minimax; cut=3"] = { "truncated", "before its sound was complete" },
    ["speech-openai; half=3"] = { "truncated", "JSON breaks off" },
    ["speech-openai; abort=3"] = { "truncated", "" },
    ["speech-binary; break=1000"] = { "truncated", "" },
    ["speech-json; break=1000"] = { "truncated", "" },
    ["speech-openai; stream-failed"] = { "platform", "" },
    ["speech-lines; stream-error=end"] = { "platform", "" },
  } do
    it("leaves the old file where the sound is not whole: " .. scenario,
      function()
        local speech, err = speak(client_of(scenario))
        if speech then
          local bytes
          bytes, err = saved(speech)
          assert.equal("old", bytes)
        end
        assert.same({ case[1], PATH }, { err.kind, err.call:match(" (.*)") })
        assert.is_truthy(err.message:find(case[2], 1, true), err.message)
      end)
  end

  it("gives what came before a break", function()
    local bytes, err = heard(assert(speak(client_of "speech-binary; break=9000")))
    assert.equal("truncated", err.kind)
    assert.is_true(#bytes > 8000 and bytes == wav:sub(1, #bytes))
  end)

  for scenario, case in pairs {
    ["error-text"] = { "platform", "the model is overloaded" },
    ["error-failed"] = { "platform", "ERROR:the model is overloaded" },
    ["error-python"] = { "platform", "the model is overloaded" },
    ["error-html"] = { "decode", "the answer is HTML: 502 Bad Gateway" },
    ["error-empty"] = { "decode", "the answer is empty" },
    ["error-text=500"] = { "server", "the model is overloaded" },
    ["error-funds=400"] = { "balance", "InsufficientFunds" },
  } do
    it("is an error where the platform says so: " .. scenario, function()
      local speech, err = speak(client_of(scenario, { retries = 0 }))
      assert.same({ nil, case[1], case[2] }, { speech, err.kind, err.message })
    end)
  end

  it("hands on the task that was made instead", function()
    local _, err = speak(client_of "speech-task")
    assert.same({ "decode", "936759404378734592", "function" },
      { err.kind, err.task.id, type(err.task.await) })
  end)

  -- Bytes --------------------------------------------------------------------

  it("reads an answer however it is cut into packets", function()
    local bytes = '\239\187\191id:1\r\nevent:result\r\ndata: {"output":\r\n'
      .. 'data: {"audio": {"data": "AQID"}}}\r\n\r\n'
      .. 'data:{"output":{"audio":{"data":"BA=="},"finish_reason":"stop"}}\n\n'
    local routes = {}
    for at = 1, #bytes - 1 do
      routes[("/%d%s"):format(at, PATH)] = {
        { "send", HEAD }, { "split", bytes, { at }, 0.0005 }, { "close" } }
    end
    local server = support.serve { routes = routes }
    for at = 1, #bytes - 1 do
      local speech = assert(speak(client_at(server.url .. "/" .. at)))
      assert.equal("\1\2\3\4", (heard(speech)))
    end
  end)

  for name, case in pairs {
    ["several documents in a line"] =
      { '{"audio":"AQID"}{"audio":"BA=="}', "\1\2\3\4" },
    ["a list of documents"] = { '[{"audio":"AQID"},{"audio":"BA=="}]',
      "\1\2\3\4" },
    ["a document over many lines"] = { '{\n "audio":\n  "AQID"\n}\n',
      "\1\2\3" },
    ["a Python dict"] = { "{'status': 'SUCCEEDED', 'audio': 'AQID'}",
      "\1\2\3" },
    ["a sign of life between"] =
      { ': x\n\ndata: {"audio":"AQID"}\n\ndata: [DONE]\n\n', "\1\2\3" },
    ["hexadecimal that is base64 as well"] =
      { '{"data":{"audio":"deadbeef","status":2},"base_resp":{"status_code":0}}',
        "\222\173\190\239" },
    ["an ending line without sound"] =
      { '{"status":"RUNNING","audio":"AQID"}\n{"status":"SUCCEEDED"}\n',
        "\1\2\3" },
    ["a URL behind pieces of the same sound"] =
      { '{"audio":"AQID"}\n{"audio":"http://127.0.0.1:1/a","status":"SUCCEEDED"}',
        "\1\2\3" },
  } do
    it("reads " .. name, function()
      local bytes, err = heard(assert(speak_from(case[1])))
      assert.same({ case[2] }, { bytes, err })
    end)
  end

  for name, case in pairs {
    ["a stream of events without an end"] =
      { 'data: {"audio":"AQID"}\n\n', "truncated" },
    ["lines that go on"] = { '{"status":"RUNNING","audio":"AQID"}\n',
      "truncated" },
    ["a failure behind the sound"] =
      { 'data: {"audio":"AQID"}\n\ndata: {"error":"gone"}\n\ndata: [DONE]\n\n',
        "platform" },
    ["a failure by its name"] =
      { 'data: {"audio":"AQID"}\n\nevent: error\ndata: {"message":"gone"}\n\n',
        "platform" },
    ["half a document"] = { '{"audio":"AQID"}\n{"audio":"AQ', "truncated" },
  } do
    it("is an error: " .. name, function()
      local bytes, err = heard(assert(speak_from(case[1])))
      assert.same({ "\1\2\3", case[2] }, { bytes, err.kind })
    end)
  end

  it("returns with the first of the sound, while the rest is on its way",
    function()
      local server = support.serve { default = { { "request" },
        { "send", HEAD .. '{"audio":"' .. ("AQID"):rep(40) .. '"}\n' },
        { "gate", "rest" }, { "send", '{"audio":"AQID"}\n' }, { "close" } } }
      local speech = assert(speak(client_at(server.url)))
      server:open "rest"
      assert.equal(("\1\2\3"):rep(41), (heard(speech)))
    end)

  it("slows the sender down while nobody reads", function()
    local piece = ("\1\2"):rep(32768)
    local server = support.serve { default = { { "request" },
      { "send", scripted.answer(200, { ["Content-Type"] = "audio/pcm",
        ["Content-Length"] = tostring(#piece * 1000) }) },
      { "fill", piece, 1000 }, { "close" } } }
    local speech = assert(speak(client_at(server.url,
      { timeout = { idle = 3 } })))
    local before = collectgarbage "count"
    yuanjing.sleep(3.3)
    assert.is_true(collectgarbage "count" - before < 1000)
    local count = 0
    for bytes in speech:chunks() do count = count + #bytes end
    assert.equal(#piece * 1000, count)
  end)

  -- The file -------------------------------------------------------------------

  it("saves into a folder, and makes a name of its own there", function()
    local folder = support.tempdir() .. "/新/"
    assert.equal(folder .. "speech.wav",
      (assert(speak(client_of ""))):save(folder))
    assert.equal(folder .. "speech-2.wav",
      (assert(speak(client_of ""))):save(folder))
    assert.equal("speech-2.wav\nspeech.wav", support.output("ls -A " .. folder))
  end)

  it("tells how much there is by now", function()
    local told = {}
    assert(assert(speak(client_of "speech-lines")):save(
      support.tempdir() .. "/x.wav",
      { on_progress = function(received) told[#told + 1] = received end }))
    assert.equal(#wav, told[#told])
    assert.is_true(#told > 3)
  end)

  it("leaves nothing behind where on_progress raises", function()
    local folder = support.tempdir()
    local speech = assert(speak(client_of "speech-lines"))
    assert.has_error(function()
      speech:save(folder .. "/x.wav", { on_progress = function()
        error("enough", 0)
      end })
    end, "enough")
    assert.equal("", support.output("ls -A " .. folder))
  end)

  it("says where it can not be saved, and can be saved elsewhere", function()
    local speech = assert(speak(client_of ""))
    local ok, err = speech:save("/nowhere/x.wav")
    assert.same({ nil, "io" }, { ok, err.kind })
    assert.is_true(saved(speech) == wav)
  end)

  -- Promises ---------------------------------------------------------------------

  it("is sent once, whatever becomes of it", function()
    local server = support.serve { default = { { "request" }, { "close" } } }
    local client = client_at(server.url, { retries = 5 })
    local _, err = speak(client)
    assert.same({ "outcome_unknown", 1, "tts-1", "tts", 1 },
      { err.kind, err.attempts, err.model, err.category, #server:requests() })
    assert.equal(1, client:usage().calls.speech)
  end)

  it("asks for a URL without the key, and without the client's headers",
    function()
      local other = support.serve { default = { { "request" },
        { "send", scripted.answer(200, { ["Content-Type"] = "audio/wav" }, wav) } } }
      local server = serve_body(('{"audio":"%s/a.wav"}'):format(other.url))
      local speech = assert(speak(client_at(server.url,
        { headers = { ["X-Own"] = "sk-own" } })))
      assert.is_true(saved(speech) == wav)
      local seen = other:requests()[1]
      assert.same({ "/a.wav" }, { seen.path, seen.headers.authorization,
        seen.headers["x-own"] })
      assert.equal("Bearer sk-secret",
        server:requests()[1].headers.authorization)
    end)

  it("leaves no temporary file of a URL behind", function()
    local folder, temporary = support.tempdir(), files.temporary
    files.temporary = function() return folder .. "/x" end
    finally(function() files.temporary = temporary end)
    assert.is_true(heard(assert(speak(client_of "speech-url"))) == wav)
    local speech = assert(speak(client_of "speech-url"))
    assert.equal(44, #speech:chunks()())
    speech:close()
    local gone = serve_body('{"audio":"http://127.0.0.1:1/a.wav"}')
    speech = assert(speak(client_at(gone.url, { retries = 0 })))
    local bytes, err = saved(speech)
    assert.same({ "old", "transport" }, { bytes, err.kind })
    local stuck = support.serve { default = { { "request" },
      { "send", scripted.answer(200, { ["Content-Length"] = "9" }, nil) },
      { "wait_close", 120 } } }
    local server = serve_body(('{"audio":"%s/a"}'):format(stuck.url))
    local job = yuanjing.async(function()
      return assert(speak(client_at(server.url))):save(folder .. "/y")
    end)
    assert.is_true(support.wait_until(function()
      return support.exists(folder .. "/x.part")
    end, yuanjing.sleep))
    job:cancel()
    assert.equal("cancelled", select(2, job:await()).kind)
    assert.equal("", support.output("ls -A " .. folder))
  end)

  it("keeps the key out of an error", function()
    local _, err = speak(client_of "error-echo")
    assert.is_nil(support.find_text(box.api_key, err))
  end)

  -- The call -----------------------------------------------------------------------

  it("names the fields as the platform does, and sends others untouched",
    function()
      local server = serve_body '{"audio":"AQID"}'
      assert(speak(client_at(server.url), { voice = "晓", speed = 1.5,
        emotion = "happy", other = { a = 1 } }))
      local request = server:requests()[1]
      assert.same({ "POST", PATH }, { request.method, request.path })
      assert.same({ model = "tts-1", catelogid = "tts", prompt = TEXT,
        speaker = "晓", speed = 1.5, emotion = "happy", other = { a = 1 } },
        json.decode(request.body))
    end)

  it("finds all mistakes before anything is sent", function()
    local server = serve_body ""
    local _, err = client_at(server.url):speak { text = 5, voice = {},
      speaker = "x", prompt = "x", sound = yuanjing.bytes "x" }
    assert.same({ "invalid_request", "client:speak", 0 },
      { err.kind, err.call, err.attempts })
    assert.equal(6, #err.problems, err.message)
    _, err = client_at(server.url):speak { model = "m", text = "" }
    assert.same({ "text: missing" }, err.problems)
    assert.equal(0, #server:requests())
    assert.has_error(function() client_at(server.url):speak "hi" end)
  end)

  it("is described by a dry run", function()
    local request = assert(speak(client_of("", { dry_run = true })))
    assert.equal(box.url .. PATH, request.url)
    assert.same({ model = "tts-1", catelogid = "tts", prompt = TEXT },
      json.decode(request.json))
    assert.is_nil(support.find_text(box.api_key, request))
  end)

  it("is counted, and told of", function()
    local types = {}
    local client = client_of("speech-lines", { on_event = function(event)
      types[#types + 1] = event.type
    end })
    heard(assert(speak(client)))
    assert.same({ "request", "response", "end" }, types)
    local usage = client:usage()
    assert.same({ 1, 1, 13 }, { usage.calls.speech,
      usage.models["tts-1"].answers, usage.total_tokens })
  end)

  it("holds its place under a limit until it ends or is closed", function()
    local client = client_of("speech-lines", { limits = { in_flight = 1 },
      timeout = 20 })
    heard(assert(speak(client)))
    assert(speak(client)):close()
    local speech = assert(speak(client))
    local later = yuanjing.async(speak, client)
    yuanjing.sleep(0.1)
    assert.is_false(later.done)
    saved(speech)
    assert(later:await()):close()
    local _, err = speak(client_of("speech-lines; cut=2",
      { limits = { total = 0 } }))
    assert.equal("limit", err.kind)
  end)

  it("can be read once, and not when it is closed", function()
    local speech = assert(speak(client_of ""))
    heard(speech)
    assert.equal("", (heard(speech)))
    assert.has_error(function() speech:save("x") end,
      "save: the sound has been read already")
    speech = assert(speak(client_of ""))
    speech:close()
    speech:close()
    assert.has_error(function() speech:chunks() end, "the speech is closed")
    assert.has_error(function() speech:save("x") end, "the speech is closed")
    assert.equal("yuanjing.Speech (closed)", tostring(speech))
  end)

  it("ends with its job, or when somebody closes it", function()
    local server = support.serve { default = { { "request" },
      { "send", HEAD .. 'data: {"audio":"' .. ("AQID"):rep(40) .. '"}\n\n' },
      { "wait_close", 120 } } }
    local folder = support.tempdir()
    local job = yuanjing.async(function()
      return assert(speak(client_at(server.url))):save(folder .. "/x")
    end)
    support.wait_until(function() return #server:events "waiting" == 1 end,
      yuanjing.sleep)
    job:cancel()
    assert.equal("cancelled", select(2, job:await()).kind)
    assert.equal("", support.output("ls -A " .. folder))
    local speech = assert(speak(client_at(server.url)))
    job = yuanjing.async(function() return { heard(speech) } end)
    support.wait_until(function() return #server:events "waiting" == 2 end,
      yuanjing.sleep)
    yuanjing.sleep(0.1)
    speech:close()
    local got = job:await()
    assert.equal(("\1\2\3"):rep(40), got[1])
    assert.is_truthy(got[2])
  end)

  it("runs beside others", function()
    local jobs = {}
    for n = 1, 8 do
      jobs[n] = yuanjing.async(function()
        return (heard(assert(speak(client_of "speech-openai"))))
      end)
    end
    for _, job in ipairs(jobs) do assert.is_true(job:await() == wav) end
  end)

  it("is the same call for a client of the legacy API", function()
    assert.is_true(heard(assert(speak(client_of("", { api = "legacy" })))) == wav)
  end)
end)
