-- The sandbox's speech, asked by curl: the client has no part in this.
local json = require "yuanjing.base.json"
local ask_by_curl = require("support.curl").ask
local sandbox = require "yuanjing.sandbox"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"

local SPEECH = "/llmage/v1/audio/speech"
local HEARD = "/llmage/v1/audio/transcriptions"
local BEARER = "Authorization: Bearer sk-sandbox"
local JSON = "Content-Type: application/json"

local server, folder

setup(function()
  server = assert(sandbox.start { latency = 0 })
  folder = support.tempdir()
end)

teardown(function() support.stop_sandbox(server) end)

local function curl(...) return ask_by_curl(server, folder, ...) end

local function post(path, fields)
  return curl(path, "-H", BEARER, "-H", JSON, "-d", assert(json.encode(fields)))
end

local function say(text, fields)
  local body = { model = "tts-1", prompt = text, catelogid = "tts" }
  for name, value in pairs(fields or {}) do body[name] = value end
  return post(SPEECH, body)
end

local function unbase64(text)
  return shell.read('printf %s "$1" | base64 -d > "$2"; cat "$2"', text,
    folder .. "/decoded")
end

local function document_of(answer)
  return assert(json.decode(answer.body))
end

local function wav_of(text, fields)
  local answer = document_of(say(text, fields))
  assert.equal("SUCCEEDED", answer.status)
  return unbase64(answer.audio), answer
end

-- How often the wave goes up through zero, in a second of a part of the sound.
local function pitch(wav, from, seconds)
  local count, before = 0, 0
  for n = 45 + 2 * math.floor(from * 24000), 44 + 2 * math.floor((from
    + seconds) * 24000), 2 do
    local value = wav:byte(n) + 256 * wav:byte(n + 1)
    if value >= 32768 then value = value - 65536 end
    if before < 0 and value >= 0 then count = count + 1 end
    before = value
  end
  return count / seconds
end

describe("the sandbox's voice", function()
  it("is a WAV file that the command file knows, a note a character", function()
    local wav = wav_of("一二三四五")
    support.write(folder .. "/x.wav", wav)
    local known = support.output("file -b " .. folder .. "/x.wav")
    assert.is_truthy(known:find("WAVE audio, Microsoft PCM, 16 bit, mono 24000"),
      known)
    assert.equal(44 + 5 * 2 * 2640, #wav)
  end)

  it("follows the text, the voice and the speed, and nothing else", function()
    local wav = wav_of("一二")
    assert.is_true(wav == wav_of("一二"))
    assert.is_false(wav == wav_of("一三"))
    assert.is_false(wav == wav_of("一二", { speaker = "x" }))
    assert.equal(#wav - 44, 2 * (#wav_of("一二", { speed = 2 }) - 44))
  end)

  it("sings: its notes have pitches, and a comma is a rest", function()
    local wav = wav_of("a,b")
    local first, rest, last = pitch(wav, 0.01, 0.08), pitch(wav, 0.12, 0.08),
      pitch(wav, 0.23, 0.08)
    assert.is_true(first > 150 and first < 1300, first)
    assert.equal(0, rest)
    assert.is_true(last > 150 and math.abs(last - first) > 10, last)
  end)

  for name, case in pairs {
    ["without a model"] = { { model = json.null }, "parameter: model" },
    ["without a text"] = { { prompt = "" }, "parameter: prompt" },
    ["of another category"] = { { catelogid = "t2t" }, "catelogid" },
    ["at no speed"] = { { speed = 9 }, "speed" },
    ["in a format that it has not"] = { { format = "mp3" }, "format" },
  } do
    it("refuses a text " .. name, function()
      local answer = say("x", case[1])
      assert.equal(400, answer.status)
      assert.is_truthy(answer.body:find(case[2], 1, true), answer.body)
    end)
  end

  it("needs a key", function()
    assert.equal(401, curl(SPEECH, "-H", JSON, "-d", "{}").status)
  end)

  it("comes in lines where a stream is asked for", function()
    local answer = say("一二三", { stream = true })
    local parts = {}
    for line in answer.body:gmatch("[^\n]+") do
      parts[#parts + 1] = unbase64(assert(json.decode(line)).audio)
    end
    assert.is_true(#parts > 3)
    assert.is_true(table.concat(parts) == wav_of("一二三"))
  end)

  it("has each of its shapes on request", function()
    local wav = wav_of("一二")
    local hex = document_of(say("一二", { sandbox = "speech-hex" }))
    assert.equal(2 * #wav, #hex.data.audio)
    local binary = say("一二", { sandbox = "speech-binary" })
    assert.equal("audio/wav", binary.headers["content-type"])
    assert.is_true(binary.body == wav)
    local url = document_of(say("一二", { sandbox = "speech-url" })).audio
    local file = curl(url)
    assert.same({ 200, "audio/wav" },
      { file.status, file.headers["content-type"] })
    assert.is_true(file.body == wav)
    assert.equal(206, curl(url, "-H", "Range: bytes=2-5").status)
    local open = say("一二", { sandbox = "speech-open; speech-binary" }).body
    assert.equal(("\255"):rep(4), open:sub(5, 8))
    assert.is_true(open:sub(45) == wav:sub(45))
    local events = say("一二", { sandbox = "speech-minimax" }).body
    local _, count = events:gsub("\ndata: ", "")
    assert.equal(6, count)
    assert.equal(404, curl("/sandbox/speech?id=00.wav").status)
  end)
end)

describe("the sandbox's ear", function()
  local function hear(...)
    local words = {}
    for _, part in ipairs { "model=asr-1", "catelogid=asr", ... } do
      words[#words + 1], words[#words + 2] = "-F", part
    end
    return curl(HEARD, "-H", BEARER, (table.unpack or unpack)(words))
  end

  it("understands what it has said, in any of its forms", function()
    local wav = wav_of("你好。再见！")
    support.write(folder .. "/你好.wav", wav)
    support.write(folder .. "/x.pcm", wav:sub(45))
    local heard = document_of(hear("audio_file=@你好.wav"))
    assert.equal("你好。再见！", heard.text)
    assert.same({ "你好。", "再见！" },
      { heard.segments[1].text, heard.segments[2].text })
    assert.equal(heard.segments[1]["end"], heard.segments[2].start)
    assert.equal("你好。再见！", document_of(hear("audio_file=@x.pcm")).text)
    local url = document_of(say("你好。再见！", { sandbox = "speech-url" })).audio
    assert.equal("你好。再见！",
      document_of(post(HEARD, { audio_file = url })).text)
    local text = document_of(say("你好。再见！")).audio
    assert.equal("你好。再见！",
      document_of(post(HEARD, { audio_file = text })).text)
  end)

  it("says how long any other sound is", function()
    support.write(folder .. "/other.wav", wav_of("一二") .. ("\0"):rep(48000))
    assert.equal("A sound of 1.2 seconds, which this sandbox has not said.",
      document_of(hear("audio_file=@other.wav")).text)
    support.write(folder .. "/other.mp3", "ID3 and so on")
    assert.equal("A sound of 13 bytes, which this sandbox has not said.",
      document_of(hear("audio_file=@other.mp3")).text)
  end)

  it("says what a test wants", function()
    support.write(folder .. "/other.mp3", "ID3 and so on")
    assert.equal("well", document_of(hear("sandbox=heard=well",
      "audio_file=@other.mp3")).text)
  end)

  it("refuses what is no sound", function()
    assert.equal(400, hear("x=1").status)
    assert.equal(400, post(HEARD, { audio_file = "*" }).status)
  end)
end)
