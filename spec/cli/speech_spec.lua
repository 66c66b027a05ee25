-- `yuanjing speak` and `yuanjing transcribe`, through pipes.
local command = require "support.command"
local json = require "yuanjing.base.json"
local sandbox = require "yuanjing.sandbox"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"

local TEXT = "你好，世界。今天天气很好！"

local server

local function run(arguments) return command.run(server, arguments) end

local function output_of(arguments)
  return command.output_of(server, arguments)
end

local function failed(status, arguments)
  return command.failed(server, status, arguments)
end

describe("yuanjing", function()
  setup(function()
    server = assert(sandbox.start { latency = 0, task_seconds = 0 })
  end)
  teardown(function() server:stop() end)
  after_each(support.clean)

  it("speaks into a file, and writes down what is in it", function()
    local path = support.tempdir() .. "/你好 世界.wav"
    assert.equal(path .. "\n", output_of { "speak", "-m", "tts-1", TEXT,
      "--voice", "晓", "-o", path })
    assert.equal(TEXT .. "\n", output_of { "transcribe", path })
    assert.equal("RIFF", support.read(path):sub(1, 4))
  end)

  it("speaks what comes on stdin, and to stdout", function()
    local ran = run { "speak", "-m", "m", "-", "-o", "-", stdin = TEXT }
    assert.same({ 0, "" }, { ran.status, ran.err })
    assert.equal("RIFF", ran.out:sub(1, 4))
    local path = support.write(support.tempdir() .. "/x.wav", ran.out)
    assert.equal(TEXT .. "\n", output_of { "transcribe", path })
  end)

  it("tells all in JSON", function()
    local folder = support.tempdir() .. "/新"
    local told = assert(json.decode(output_of { "speak", "-m", "tts-1", TEXT,
      "-o", folder .. "/", "--json" }))
    assert.same({ file = folder .. "/speech.wav", model = "tts-1",
      format = "wav", sample_rate = 24000, usage = told.usage }, told)
    told = assert(json.decode(output_of { "transcribe", told.file, "--json" }))
    assert.same({ TEXT, 2, 0 }, { told.text, #told.segments,
      told.segments[1].start })
  end)

  it("prints subtitles", function()
    local path = support.tempdir() .. "/x.wav"
    output_of { "speak", "-m", "m", TEXT, "-o", path }
    assert.equal("1\n00:00:00,000 --> 00:00:00,660\n你好，世界。\n\n"
      .. "2\n00:00:00,660 --> 00:00:01,430\n今天天气很好！\n\n",
      output_of { "transcribe", path, "--srt" })
    support.write(path, "ID3 of another")
    local line, ran = failed(7, { "transcribe", path, "--srt" })
    assert.is_truthy(line:find("no times", 1, true), line)
    assert.is_truthy(ran.out:find("A sound of 14 bytes", 1, true), ran.out)
  end)

  it("shows what it would send", function()
    local out = output_of { "speak", "-m", "tts-1", "hi", "--speed", "1.5",
      "--dry-run" }
    assert.is_truthy(out:find("POST http[^\n]*/llmage/v1/audio/speech\n"), out)
    assert.is_truthy(out:find('"speed":1.5', 1, true), out)
  end)

  it("leaves the old file where the sound is not whole", function()
    local folder = support.tempdir()
    local path = support.write(folder .. "/x.wav", "old")
    failed(9, { "speak", "-m", "m", TEXT, "-o", path,
      "--extra", "sandbox=speech-lines; speech-bad" })
    assert.same({ "old", "x.wav" },
      { support.read(path), support.output("ls -A " .. folder) })
  end)

  it("pays for nothing that could not be saved, or is not there", function()
    local before = #server:requests()
    failed(11, { "speak", "-m", "m", "hi", "-o", "/nowhere/x.wav" })
    failed(2, { "speak", "hi", "-o", support.tempdir() .. "/x" })
    failed(2, { "transcribe", "/nowhere/声音.wav" })
    failed(2, { "speak", "-m", "m", "hi", "--speed", "fast" })
    assert.equal(before, #server:requests())
  end)

  it("completes both, and has them on its manual page", function()
    local script = shell.read("$1 bin/yuanjing completion bash",
      require("support.child").interpreter())
    for _, name in ipairs { "speak", "transcribe" } do
      assert.is_truthy(script:find(name, 1, true))
      assert.is_truthy(support.read("docs/yuanjing.1"):find("yuanjing " .. name,
        1, true), name)
    end
  end)
end)
