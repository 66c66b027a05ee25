local core = require "yuanjing.core"
local support = require "support"
local wav = require "yuanjing.speech.wav"

local function le(value, count)
  local bytes = {}
  for n = 1, count do
    bytes[n] = string.char(value % 256)
    value = math.floor(value / 256)
  end
  return table.concat(bytes)
end

local function chunk(name, bytes, length)
  return name .. le(length or #bytes, 4) .. bytes .. ("\0"):rep(#bytes % 2)
end

local FORMAT = le(1, 2) .. le(2, 2) .. le(8000, 4) .. le(32000, 4) .. le(4, 2)
  .. le(16, 2)

-- A file with these lengths in its header; nil: the right ones.
local function file_of(sound, total, bytes, before, after)
  local body = "WAVE" .. (before or "") .. chunk("fmt ", FORMAT)
    .. "data" .. le(bytes or #sound, 4) .. sound .. (after or "")
  return "RIFF" .. le(total or #body, 4) .. body
end

local SOUND = ("abcd"):rep(10)

describe("a WAV header", function()
  after_each(support.clean)

  it("is read once it is all there", function()
    local file = file_of(SOUND, nil, nil, chunk("LIST", "odd"))
    local length = file:find("data", 1, true) + 7
    for n = 0, length - 1 do assert.is_nil(wav.read(file:sub(1, n)), n) end
    for n = length, #file do
      assert.same({ length = length, bytes = 40, total = #file, frame = 4,
        is_open = false, format = 1, channels = 2, sample_rate = 8000,
        bits = 16 }, wav.read(file:sub(1, n)))
    end
  end)

  it("is not seen in what has none", function()
    for _, bytes in ipairs { "RIFX", "RIFF\0\0\0\0AVI ", "ID3", "\0\0\0\0",
      "RIFF\0\0\0\0WAVEdata\4\0\0\0abcd",
      "RIFF\0\0\0\0WAVEfmt \4\0\0\0abcddata",
      "RIFF\0\0\0\0WAVE" .. chunk("JUNK", ("x"):rep(70000)) } do
      assert.is_false(wav.read(bytes), bytes:sub(1, 40))
    end
  end)

  it("says when bytes are missing", function()
    local header = wav.read(file_of(SOUND))
    assert.is_nil(wav.problem(header, header.length + 40))
    assert.equal("39 of 40 bytes of the sound came",
      wav.problem(header, header.length + 39))
    local open = wav.read(file_of(SOUND, 4294967295, 4294967295))
    assert.is_nil(wav.problem(open, open.length + 40))
    assert.equal("the sound ends in the middle of a sample",
      wav.problem(open, open.length + 39))
  end)

  local TAIL = chunk("LIST", "INFO")
  for name, case in pairs {
    ["marks of a sender that does not know them"] =
      { file_of(SOUND, 4294967295, 4294967295), file_of(SOUND) },
    ["zeroes"] = { file_of(SOUND, 0, 0), file_of(SOUND) },
    ["those of a first piece"] = { file_of(SOUND, 44, 8), file_of(SOUND) },
    ["a mark for the file alone"] =
      { file_of(SOUND, 2147483647), file_of(SOUND) },
    ["the right ones"] = { file_of(SOUND), file_of(SOUND) },
    ["the right ones, before another chunk"] =
      { file_of(SOUND, nil, nil, nil, TAIL), file_of(SOUND, nil, nil, nil, TAIL) },
  } do
    it("gets its lengths, where it has " .. name, function()
      local path = support.tempdir() .. "/x.wav"
      local file = assert(core.part(path))
      assert(file:append(case[1]))
      assert.is_true(wav.mend(file, wav.read(case[1]), #case[1]))
      file:close()
      assert.same(case[2], support.read(path))
    end)
  end

  it("says so when the file can not be written", function()
    local path = support.write(support.tempdir() .. "/x.wav", "x")
    local file = assert(core.open_to_read(path))
    local ok, problem = wav.mend(file, wav.read(file_of(SOUND, 0, 0)), 84)
    assert.is_nil(ok)
    assert.is_truthy(problem:find("Bad file", 1, true), problem)
  end)
end)
