-- A sound that is written down.
local json = require "yuanjing.base.json"
local sandbox = require "yuanjing.sandbox"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local TEXT = "你好，世界。今天天气很好！"
local PATH = "/llmage/v1/audio/transcriptions"

local box

local function client_of(scenario, options)
  options = options or {}
  options.base_url, options.api_key = box.url, box.api_key
  options.headers = { ["X-Sandbox"] = scenario }
  return yuanjing.new(options)
end

local function answering(body)
  local server = support.serve { default = { { "request" },
    { "send", scripted.answer(200, { ["Content-Type"] = "text/html" }, body) } } }
  return yuanjing.new { base_url = server.url, api_key = "k" }, server
end

local SOUND = "RIFF\44\0\0\0WAVEfmt ...."

local function hear(client, fields)
  local params = { file = yuanjing.bytes(SOUND, { name = "声音.wav" }) }
  for name, value in pairs(fields or {}) do params[name] = value end
  return client:transcribe(params)
end

describe("client:transcribe", function()
  setup(function()
    box = assert(sandbox.start { latency = 0, task_seconds = 0 })
  end)
  teardown(function() box:stop() end)
  after_each(support.clean)

  it("writes down what was spoken", function()
    local client = client_of ""
    local path = support.tempdir() .. "/你好.wav"
    assert(assert(client:speak { model = "m", text = TEXT }):save(path))
    local heard = assert(client:transcribe { file = path })
    assert.equal(TEXT, heard.text)
    assert.equal(TEXT, tostring(heard))
    local texts = {}
    for n, segment in ipairs(heard.segments) do
      texts[n] = segment.text
      assert.is_true(segment.start < segment["end"])
    end
    assert.same({ "你好，世界。", "今天天气很好！" }, texts)
    assert.is_true(math.abs(heard.duration - 13 * 0.11) < 0.001)
    local usage = client:usage()
    assert.same({ 1, 1 }, { usage.calls.transcription, usage.calls.speech })
    assert.is_true(usage.total_tokens > 13)
  end)

  it("sends a file as one of a form, with its name", function()
    local client, server = answering '{"text":"hi"}'
    assert.equal("hi", hear(client, { model = "asr-1", language = "zh" }).text)
    local request = server:requests()[1]
    assert.same({ "POST", PATH }, { request.method, request.path })
    local names = {}
    for name in request.body:gmatch('; name="([^"]*)"') do
      names[#names + 1] = name
    end
    assert.same({ "model", "catelogid", "language", "audio_file" }, names)
    assert.is_truthy(request.body:find('filename="声音.wav"', 1, true))
    assert.is_truthy(request.body:find(SOUND, 1, true))
  end)

  it("sends a URL as a text", function()
    local client, server = answering '{"text":"hi"}'
    assert(client:transcribe { file = "https://h/a.mp3" })
    assert.same({ catelogid = "asr", audio_file = "https://h/a.mp3" },
      json.decode(server:requests()[1].body))
  end)

  for body, expected in pairs {
    ['{"text":"hi","usage":{"total_tokens":3}}'] = { "hi", nil, 3 },
    ['{"status":"SUCCEEDED","text":""}'] = { "" },
    ['{"status":"ok","data":{"text":"hi","language":"en","duration":2.5}}'] =
      { "hi", nil, nil, "en", 2.5 },
    ['{"text":"a b","segments":[{"start":0,"end":1.5,"text":"a"},5,{}]}'] =
      { "a b", "a 0 1.5" },
  } do
    it("reads " .. body, function()
      local heard = assert(hear((answering(body))))
      local first = heard.segments and heard.segments[1]
      assert.same({ expected[1], expected[2], expected[3], expected[4],
        expected[5] }, { heard.text, first and ("%s %s %s"):format(first.text,
          first.start, first["end"]), heard.usage and heard.usage.total_tokens,
        heard.language, heard.duration })
      assert.equal("table", type(heard.raw))
    end)
  end

  for body, kind in pairs {
    ['{"usage":{}}'] = "decode", ['{"text":null}'] = "decode", [""] = "decode",
    ['{"error":"no"}'] = "platform", ['{"text":"x","error":"no"}'] = "platform",
    ['{"status":"FAILED","error":"ERROR:x"}'] = "platform",
    ["<html></html>"] = "decode", ['{"text":"ha'] = "truncated",
  } do
    it(("is an error of the kind %s: %s"):format(kind, body), function()
      local heard, err = hear((answering(body)))
      assert.same({ nil, kind }, { heard, err.kind })
    end)
  end

  it("hands on a task that was made instead", function()
    local _, err = hear((answering '{"taskid":"123","status":"CREATED"}'))
    assert.same({ "decode", "123", "function" },
      { err.kind, err.task.id, type(err.task.await) })
  end)

  it("finds all mistakes before anything is sent", function()
    local client, server = answering ""
    for _, case in ipairs {
      { {}, "file: missing" },
      { { file = "/nowhere/声音.mp3" },
        "file: /nowhere/声音.mp3: No such file or directory" },
      { { file = 5 }, "file: expected a path" },
      { { file = "https://h/a", model = 5, language = {} },
        "language: expected string, got table" },
    } do
      local _, err = client:transcribe(case[1])
      assert.same({ "invalid_request", 0 }, { err.kind, err.attempts })
      assert.is_truthy(err.message:find(case[2], 1, true), err.message)
    end
    local _, err = hear(client, { words = false })
    assert.is_truthy(err.message:find("words: false", 1, true), err.message)
    assert.equal(0, #server:requests())
  end)

  it("is sent once", function()
    local server = support.serve { default = { { "request" }, { "close" } } }
    local client = yuanjing.new { base_url = server.url, api_key = "k",
      retries = 5 }
    local _, err = hear(client)
    assert.same({ "outcome_unknown", 1 }, { err.kind, #server:requests() })
    assert.equal(1, client:usage().calls.transcription)
  end)

  it("is described by a dry run, and told of while it goes out", function()
    local request = assert(hear(client_of("", { dry_run = true })))
    assert.same({ "catelogid", "audio_file" },
      { request.form[1].name, request.form[2].name })
    local types = {}
    assert(hear(client_of("", { on_event = function(event)
      types[event.type] = true
    end })))
    assert.same({ request = true, upload = true, response = true }, types)
  end)
end)
