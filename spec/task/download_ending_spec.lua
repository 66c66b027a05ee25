local core = require "yuanjing.core"
local ending = require "yuanjing.task.download.ending"
local support = require "support"

local function big_endian(number)
  return string.char(math.floor(number / 2 ^ 24) % 256,
    math.floor(number / 65536) % 256, math.floor(number / 256) % 256,
    number % 256)
end

local function box(name, bytes)
  return big_endian(#bytes + 8) .. name .. bytes
end

local function chunk(name, bytes)
  return big_endian(#bytes) .. name .. bytes .. "sum!"
end

local MUCH = ("bytes"):rep(20)
local HEAD = box("ftyp", "isom")

local PNG = "\137PNG\r\n\26\n" .. chunk("IHDR", "0123456789abc")
  .. chunk("IDAT", MUCH) .. chunk("IEND", "")
local MP4 = HEAD .. box("mdat", MUCH) .. box("moov", MUCH)
local LARGE_BOX = HEAD .. "\0\0\0\1mdat\0\0\0\0" .. big_endian(#MUCH + 16)
  .. MUCH .. box("moov", "")
local WEBP = "RIFF" .. big_endian(#MUCH + 4):reverse() .. "WEBP" .. MUCH
local JPEG = "\255\216\255\224" .. MUCH .. "\255\0" .. MUCH .. "\255\217"

-- By name: the bytes, and how many of them show the format.
local FORMATS = { PNG = { PNG, 8 }, MP4 = { MP4, 8 },
  ["MP4 with a 64-bit box"] = { LARGE_BOX, 8 }, WebP = { WEBP, 8 },
  JPEG = { JPEG, 3 } }

local WHOLE = {
  ["bytes behind a PNG's end"] = PNG .. "more",
  ["bytes behind a JPEG's end"] = JPEG .. ("more"):rep(1000),
  ["a box that goes on to the end"] = HEAD .. box("moov", "")
    .. "\0\0\0\0mdat" .. MUCH,
  ["what is no box behind the boxes"] = MP4 .. "\0\0\0\3\1\2\3\4",
  ["a picture in boxes"] = box("ftyp", "heic") .. box("meta", "")
    .. box("mdat", MUCH),
  ["a sound of a live sender"] = "RIFF\255\255\255\255WAVE" .. MUCH,
  ["another format"] = "GIF89a" .. MUCH,
  ["a text"] = MUCH,
  ["nothing"] = "",
}

describe("the end of a medium", function()
  after_each(support.clean)

  local function is_missing(bytes)
    local path = support.write(support.tempdir() .. "/x", bytes)
    return ending.is_missing(assert(core.open_to_read(path)))
  end

  for name, format in pairs(FORMATS) do
    it("is missing from each beginning of " .. name, function()
      local bytes, path = format[1], support.tempdir() .. "/x"
      local missed = {}
      local file = assert(core.open_to_read(support.write(path, "")))
      for n = format[2], #bytes - 1 do
        support.write(path, bytes:sub(1, n))
        if not ending.is_missing(file) then missed[#missed + 1] = n end
      end
      assert.same({}, missed)
      support.write(path, bytes)
      assert.is_false(ending.is_missing(file))
    end)
  end

  for name, bytes in pairs(WHOLE) do
    it("is not asked for of " .. name, function()
      assert.is_false(is_missing(bytes))
    end)
  end

  it("is there in a real picture, and nowhere before", function()
    local bytes = support.read("examples/love/talk.png")
    assert.is_false(is_missing(bytes))
    assert.is_true(is_missing(bytes:sub(1, -2)))
  end)
end)
