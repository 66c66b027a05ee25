local sound_of = require "yuanjing.speech.sound"

local HEADER = "RIFF\255\255\255\255WAVEfmt \16\0\0\0\1\0\2\0\64\31\0\0\0\125\0\0"
  .. "\4\0\16\0data\255\255\255\255"

-- Reads the pieces as a sound: what comes out, and the failure.
local function read(pieces, told)
  local n = 0
  local sound = sound_of.new(function()
    n = n + 1
    local piece = pieces[n]
    if type(piece) == "table" then return nil, piece end
    return piece
  end)
  sound:describe(told or {})
  local out = {}
  local bytes, failure = sound:next()
  while bytes do
    out[#out + 1] = bytes
    bytes, failure = sound:next()
  end
  return out, failure, sound
end

local function split(bytes, size)
  local pieces = {}
  for at = 1, #bytes, size do
    pieces[#pieces + 1] = bytes:sub(at, at + size - 1)
  end
  return pieces
end

describe("a sound", function()
  it("comes in whole samples, wherever its pieces end", function()
    local pcm = ("\1\2\3\4"):rep(100)
    for _, size in ipairs { 1, 3, 7, 199, 400 } do
      local out, failure = read(split(pcm, size), { format = "pcm" })
      assert.is_nil(failure)
      assert.equal(pcm, table.concat(out))
      for _, bytes in ipairs(out) do assert.equal(0, #bytes % 2) end
    end
  end)

  it("has its WAV header first and alone, then samples of all channels",
    function()
      local wav = HEADER .. ("abcd"):rep(50)
      for _, size in ipairs { 1, 5, 43, 44, 45, 1000 } do
        local out, failure, sound = read(split(wav, size))
        assert.is_nil(failure)
        assert.equal(HEADER, out[1])
        assert.equal(wav, table.concat(out))
        for n = 2, #out do assert.equal(0, #out[n] % 4) end
        assert.same({ "wav", "audio/wav", 8000, 2, 16 }, { sound.format,
          sound.type, sound.sample_rate, sound.channels, sound.bits })
      end
    end)

  it("is known by its bytes rather than by what is told of it", function()
    local _, _, sound = read({ "ID3" .. ("x"):rep(99) },
      { format = "wav", type = "audio/wav" })
    assert.same({ "mp3", "audio/mpeg" }, { sound.format, sound.type })
    _, _, sound = read({ "odd bytes" }, { format = "opus" })
    assert.equal("opus", sound.format)
  end)

  it("is an error where it ends in the middle of a sample", function()
    local out, failure = read({ "abc" }, { format = "pcm" })
    assert.same({ { "ab" }, { kind = "truncated",
      message = "the sound ends in the middle of a sample" } }, { out, failure })
    out, failure = read({ HEADER .. "abcdef" })
    assert.same({ HEADER .. "abcd", "truncated" },
      { table.concat(out), failure.kind })
  end)

  it("is an error where it is less than its header says", function()
    local short = HEADER:sub(1, 40) .. "\8\0\0\0"
    local out, failure = read({ short .. "abcd" })
    assert.same({ short .. "abcd", { kind = "truncated",
      message = "4 of 8 bytes of the sound came" } },
      { table.concat(out), failure })
    out, failure = read({ short .. "abcdefgh" })
    assert.same({ short .. "abcdefgh" }, { table.concat(out), failure })
  end)

  it("is an error where there is none", function()
    local silence = { kind = "decode", message = "the answer holds no sound" }
    for _, pieces in ipairs { {}, { HEADER } } do
      local _, failure = read(pieces)
      assert.same(silence, failure)
    end
  end)

  it("is whole in spite of a break behind all that its header says", function()
    local whole = HEADER:sub(1, 4) .. "\40\0\0\0" .. HEADER:sub(9, 40)
      .. "\4\0\0\0abcd"
    local break_off = { kind = "truncated", message = "x", is_break = true }
    local out, failure = read({ whole, break_off })
    assert.same({ whole }, { table.concat(out), failure })
    failure = select(2, read({ whole:sub(1, -2), break_off }))
    assert.equal(break_off, failure)
    local told = { kind = "platform", message = "told" }
    failure = select(2, read({ whole, told }))
    assert.equal(told, failure)
  end)
end)
