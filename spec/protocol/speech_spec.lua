-- Where a sound stands in a document, for each API that the platform hands on.
local documents = require "yuanjing.protocol.speech.document"
local json = require "yuanjing.base.json"
local speech = require "yuanjing.protocol.speech.call"

local function read(text, is_named)
  return documents.read(assert(json.decode(text)), is_named)
end

local function sounds_in(text)
  local part, failure = read(text)
  if not part then return failure end
  local list = {}
  for n, found in ipairs(part.sounds) do
    list[n] = found.coding .. " " .. found.text
  end
  return list
end

describe("the sound in a document", function()
  for text, expected in pairs {
    ['{"status":"SUCCEEDED","audio":"QUJD"}'] = { "base64 QUJD" },
    ['{"audio":"deadbeef"}'] = { "base64 deadbeef" },
    ['{"type":"speech.audio.delta","audio":"QUJD"}'] = { "base64 QUJD" },
    ['{"audio_data":"QUJD"}'] = { "base64 QUJD" },
    ['{"audio":["QUJD","REVG"]}'] = { "base64 QUJD", "base64 REVG" },
    ['{"audio":{"data":"QUJD"}}'] = { "base64 QUJD" },
    ['{"status":"ok","data":{"audio":"QUJD"}}'] = { "base64 QUJD" },
    ['{"success":true,"data":{"audio":"QUJD"}}'] = { "base64 QUJD" },
    ['{"status":"ok","data":{"resposne":{"audio":"QUJD"}}}'] =
      { "base64 QUJD" },
    ['{"output":{"audio":{"data":"QUJD","url":""}}}'] = { "base64 QUJD" },
    ['{"output":{"audio":{"data":"","url":"http://h/a.wav"}}}'] =
      { "url http://h/a.wav" },
    ['{"output":{"audio":{"data":"QUJD","url":"http://h/a.wav"}}}'] =
      { "base64 QUJD" },
    ['{"status":"SUCCEEDED","audio":"https://h/a.mp3"}'] =
      { "url https://h/a.mp3" },
    ['{"audio":"HTTP://h/a.mp3"}'] = { "url HTTP://h/a.mp3" },
    ['{"audio":"data:audio/wav;base64,QUJD"}'] =
      { "url data:audio/wav;base64,QUJD" },
    ['{"audio_url":"http://h/a"}'] = { "url http://h/a" },
    ['{"data":{"audio":"dead","status":1},"base_resp":{"status_code":0}}'] =
      { "hex dead" },
    ['{"data":{"audio":"dead","status":2}}'] = { "hex dead" },
    ['{"data":{"audio":"http://h/a","status":2},"base_resp":{"status_code":0}}']
      = { "url http://h/a" },
    ['{"audio":""}'] = {}, ['{"audio":null}'] = {}, ['{"audio":5}'] = {},
    ['{"type":"speech.audio.done","usage":{}}'] = {},
  } do
    it("of " .. text, function()
      assert.same(expected, sounds_in(text))
    end)
  end

  it("is an error where the place does not say how it is written", function()
    local failure = sounds_in '{"data":{"audio":"dead"}}'
    assert.equal("decode", failure.kind)
    assert.is_truthy(failure.message:find("data.audio", 1, true))
  end)

  for text, message in pairs {
    ['{"error":"no such voice"}'] = "no such voice",
    ['{"status":"FAILED","error":"ERROR:x","audio":"QUJD"}'] = "ERROR:x",
    ['{"base_resp":{"status_code":1004,"status_msg":"bad"}}'] = "bad",
    ['{"status":"error","data":{"message":"no"}}'] = "no",
  } do
    it("is not looked for in a failure: " .. text, function()
      local part, failure = read(text)
      assert.is_nil(part)
      assert.equal(message, failure.message)
    end)
  end

  it("comes with what is told of it", function()
    local part = read [[{"data":{"audio":"aa","status":2},"usage":{"a":1},
      "extra_info":{"audio_format":"mp3","audio_sample_rate":32000},
      "base_resp":{"status_code":0}}]]
    assert.same({ "mp3", 32000, { a = 1 }, true, true }, { part.format,
      part.sample_rate, part.usage, part.is_end, part.is_repeated })
    assert.is_nil(part.rest.data.audio)
  end)

  for text, expected in pairs {
    ['{"type":"speech.audio.done"}'] = { true, true, false },
    ['{"type":"speech.audio.undone"}'] = { false, false, false },
    ['{"status":"SUCCEEDED","audio":"QUJD"}'] = { false, true, false },
    ['{"status":"RUNNING","audio":"QUJD"}'] = { false, false, true },
    ['{"output":{"finish_reason":"null"}}'] = { false, false, false },
    ['{"output":{"finish_reason":"stop"}}'] = { true, true, false },
    ['{"data":{"status":1},"base_resp":{}}'] = { false, false, true },
    ['{"status":"ok","data":{"status":"RUNNING"}}'] = { false, false, true },
    ['{"audio":"QUJD"}'] = { false, false, false },
  } do
    it("is at its end or not: " .. text, function()
      local part = read(text)
      assert.same(expected, { part.is_end == true, part.is_done == true,
        part.is_going_on == true })
    end)
  end
end)

describe("an answer", function()
  local WAV = "RIFF\0\0\0\0WAVEfmt "
  for name, case in pairs {
    ["a sound, by its type"] = { "audio/mpeg", "anything", true },
    ["a sound, by a type that says nothing"] =
      { "application/octet-stream", "\0\1", true },
    ["a sound, by its bytes, whatever the type"] = { "text/html", WAV, true },
    ["a sound, by its bytes, without a type"] = { nil, "ID3\3", true },
    ["no sound: JSON"] = { "text/html", '{"audio":"', false },
    ["no sound: JSON in spite of the type"] =
      { "audio/mpeg", '{"error":"x"}', false },
    ["no sound: events in spite of the type"] =
      { "audio/mpeg", "data: {}", false },
    ["no sound: a page in spite of the type"] =
      { "audio/wav", "<html>", false },
    ["no sound: a text"] = { "text/plain", "ERROR: x", false },
    ["no sound: a picture"] = { "text/html", "\137PNG\r\n\26\n", false },
    ["empty"] = { "text/html", "", false },
  } do
    it("is " .. name, function()
      assert.equal(case[3], speech.is_sound({ ["content-type"] = case[1] },
        case[2]))
    end)
  end

  it("tells of its sound in its head", function()
    for kind, expected in pairs {
      ["audio/pcm;rate=16000"] = { "audio/pcm", "pcm", 16000 },
      ["Audio/L16; rate = 24000; channels=1"] = { "audio/l16", "pcm", 24000 },
      ["audio/mpeg"] = { "audio/mpeg" }, ["text/html"] = {},
    } do
      local told = speech.described { ["content-type"] = kind }
      assert.same(expected, { told.type, told.format, told.sample_rate })
    end
  end)
end)
