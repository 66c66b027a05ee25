local media = require "yuanjing.base.media"
local support = require "support"

local PNG = "\137PNG\r\n\26\n" .. ("\0"):rep(20)
local JPEG = "\255\216\255\224\0\16JFIF\0"

local folder
before_each(function() folder = support.tempdir() end)
after_each(support.clean)

local function write(name, data)
  return support.write(folder .. "/" .. name, data)
end

-- "name type" of a file of that name and content.
local function sent_as(name, data)
  local medium = assert(media.read(write(name, data)))
  return medium.name .. " " .. medium.type
end

describe("media", function()
  it("reads a path", function()
    local path = write("a cat.png", PNG)
    assert.same({ kind = "path", path = path, name = "a cat.png",
      type = "image/png", size = #PNG }, media.read(path))
  end)

  it("reads a path with another name and type", function()
    local path = write("x.png", PNG)
    local file = media.file(path, { name = "first", type = "image/x-own" })
    assert.same({ kind = "path", path = path, name = "first.png",
      type = "image/png", size = #PNG }, media.read(file))
    local odd = write("x.own", "no such thing")
    assert.same({ kind = "path", path = odd, name = "first",
      type = "image/x-own", size = 13 }, media.read(media.file(odd,
        { name = "first", type = "image/x-own" })))
    assert.equal("first.webp", media.read(
      media.file(odd, { name = "first", type = "image/webp" })).name)
    local clip = write("clip.ts", "?")
    assert.equal("a b.ts", media.read(media.file(clip, { name = "a b" })).name)
    assert.equal("a.mp4", media.read(media.file(clip, { name = "a.mp4" })).name)
    assert.equal("a.png", media.read(media.file(path, { name = "x/a" })).name)
  end)

  it("reads bytes", function()
    assert.same({ kind = "bytes", data = JPEG, name = "file.jpg",
      type = "image/jpeg", size = #JPEG }, media.read(media.bytes(JPEG)))
    assert.same({ kind = "bytes", data = "?", name = "a.mp4",
      type = "video/mp4", size = 1 },
      media.read(media.bytes("?", { type = "video/mp4", name = "a" })))
  end)

  it("takes URLs and data URIs as they are", function()
    assert.same({ kind = "url", url = "HTTPS://a.example/b?c=d" },
      media.read("HTTPS://a.example/b?c=d"))
    assert.same({ kind = "data_uri", url = "data:image/png;base64,iVBO",
      type = "image/png" }, media.read("data:image/png;base64,iVBO"))
    local path = write("data:,x", PNG)
    assert.equal("path", media.read(media.file(path)).kind)
  end)

  it("knows types by content", function()
    local ftyp = "\0\0\0\24ftyp"
    local heads = {
      ["f.jpg image/jpeg"] = JPEG,
      ["f.png image/png"] = PNG,
      ["f.webp image/webp"] = "RIFF\1\2\3\4WEBPVP8 ",
      ["f.gif image/gif"] = "GIF89a....",
      ["f.bmp image/bmp"] = "BM\1\2\3\4\0\0\0\0\54\0",
      ["f.tif image/tiff"] = "II*\0\8\0\0\0",
      ["f.heic image/heic"] = ftyp .. "heic\0\0\0\0",
      ["f.avif image/avif"] = ftyp .. "avif\0\0\0\0",
      ["f.heif image/heif"] = ftyp .. "mif1\0\0\0\0miaf",
      ["f.mp4 video/mp4"] = ftyp .. "isom\0\0\2\0",
      ["f.mov video/quicktime"] = ftyp .. "qt  \0\0\2\0",
      ["f.m4a audio/mp4"] = ftyp .. "M4A \0\0\2\0",
      ["f.webm video/webm"] = "\26\69\223\163\1\66\130\132webm",
      ["f.mkv video/x-matroska"] = "\26\69\223\163\1\66\130\136matroska",
      ["f.avi video/x-msvideo"] = "RIFF\1\2\3\4AVI LIST",
      ["f.mp3 audio/mpeg"] = "ID3\4\0",
      ["f.wav audio/wav"] = "RIFF\1\2\3\4WAVEfmt ",
      ["f.ogg audio/ogg"] = "OggS\0\2",
      ["f.flac audio/flac"] = "fLaC\0\0\0\34",
      ["f.aac audio/aac"] = "\255\241\80\128",
    }
    for expected, head in pairs(heads) do
      assert.equal(expected, sent_as("f", head))
    end
    assert.equal("f.mp3 audio/mpeg", sent_as("f", "\255\251\144\0"))
  end)

  it("knows types by extension where the content is unknown", function()
    local types = { jpg = "image/jpeg", JPEG = "image/jpeg",
      png = "image/png", webp = "image/webp", gif = "image/gif",
      bmp = "image/bmp", tiff = "image/tiff", heic = "image/heic",
      mp4 = "video/mp4", mov = "video/quicktime", webm = "video/webm",
      mkv = "video/x-matroska", avi = "video/x-msvideo", mp3 = "audio/mpeg",
      wav = "audio/wav", m4a = "audio/mp4", ogg = "audio/ogg",
      flac = "audio/flac", aac = "audio/aac" }
    for extension, mime in pairs(types) do
      local name = "f." .. extension
      assert.equal(name .. " " .. mime, sent_as(name, "no such thing"))
    end
    assert.equal("f application/octet-stream", sent_as("f", "?"))
    assert.equal("f.xyz application/octet-stream", sent_as("f.xyz", "?"))
  end)

  it("knows all brands of HEIF and AVIF, and those inside them", function()
    local function ftyp(major, ...)
      local brands = table.concat { ... }
      return "\0\0\0" .. string.char(16 + #brands) .. "ftyp" .. major
        .. "\0\0\0\0" .. brands
    end
    for _, brand in ipairs { "heic", "heix", "heim", "heis", "hevc", "hevx",
      "hevm", "hevs" } do
      assert.equal("f.heic image/heic", sent_as("f", ftyp(brand, "mif1")))
      assert.equal("f.heic image/heic", sent_as("f.jpg",
        ftyp("mif1", "mif1", brand)))
    end
    for _, brand in ipairs { "avif", "avis", "MA1A", "MA1B" } do
      assert.equal("f.avif image/avif", sent_as("f.heic", ftyp(brand)))
      assert.equal("f.avif image/avif", sent_as("f",
        ftyp("miaf", "miaf", brand)))
    end
    assert.equal("f.heif image/heif", sent_as("f.heif", ftyp("heic")))
    assert.equal("f.heif image/heif", sent_as("f", ftyp("msf1", "msf1")))
    assert.equal("f.avif image/avif", sent_as("f.avif", ftyp("mif1", "mif1")))
    -- Brands behind the box are the next box's bytes.
    assert.equal("f.heif image/heif", sent_as("f", ftyp("mif1") .. "avif"))
    assert.equal("f.mp4 video/mp4", sent_as("f", ftyp("isom", "mif1")))
  end)

  it("takes the bytes' word before the user's, and that before a name", function()
    local function named(data, name, declared)
      local medium = media.read(media.bytes(data, { name = name, type = declared }))
      return medium.name .. " " .. medium.type
    end
    for _, declared in ipairs { "image/jpg", "image/pjpeg", "image/png",
      "IMAGE/JPEG", "application/octet-stream", "video/mp4", "text/plain" } do
      assert.equal("a.jpg image/jpeg", named(JPEG, "a", declared))
      assert.equal("a.jpg image/jpeg", named(JPEG, "a.png", declared))
      assert.equal("a.jpeg image/jpeg", named(JPEG, "a.jpeg", declared))
    end
    -- Unknown bytes.
    assert.equal("a.jpg image/jpeg", named("?", "a", "image/jpg"))
    assert.equal("a.mp3 audio/mpeg", named("?", "a", "audio/mp3"))
    assert.equal("a.png image/png", named("?", "a.png",
      "application/octet-stream"))
    assert.equal("a application/octet-stream", named("?", "a",
      "binary/octet-stream"))
    assert.equal("a.png image/x-own", named("?", "a.png", "image/x-own"))
    -- A container leaves the choice of the kind to the user.
    local mp4 = "\0\0\0\24ftypisom\0\0\2\0"
    assert.equal("a.mov video/quicktime", named(mp4, "a", "video/quicktime"))
    assert.equal("a.m4a audio/mp4", named(mp4, "a.png", "audio/x-m4a"))
    assert.equal("a.mp4 video/mp4", named(mp4, "a", "image/png"))
  end)

  it("keeps names that file systems take, and cuts longer ones", function()
    local name = ("长"):rep(83)
    assert.equal(name .. ".png", media.read(
      media.bytes(PNG, { name = name .. ".png" })).name)
    assert.equal(("长"):rep(83) .. ".png", media.read(
      media.bytes(PNG, { name = ("长"):rep(90) })).name)
    assert.equal(("长"):rep(83) .. ".jpeg", media.read(
      media.bytes(JPEG, { name = ("长"):rep(300) .. ".jpeg" })).name)
    assert.equal(("x"):rep(251) .. ".png", media.read(
      media.bytes(PNG, { name = ("x"):rep(400) .. ".png" })).name)
  end)

  it("is an asset, by its id", function()
    for _, given in ipairs { "asset://asset-1", "ASSET://asset-1",
      media.asset_ref "asset-1", media.asset_ref "asset://asset-1" } do
      assert.same({ kind = "asset", url = "asset://asset-1" },
        media.read(given))
    end
    for _, id in ipairs { "", "asset://", "a b", "a\nb", "\255" } do
      assert.same({ nil, "no good id of an asset" },
        { media.read(media.asset_ref(id)) })
    end
    assert.is_true(media.is(media.asset_ref "a"))
    assert.equal('yuanjing.asset_ref("a")', tostring(media.asset_ref "a"))
    assert.equal("yuanjing.asset_ref: expected string, got nil",
      support.raised(function() local ref = media.asset_ref() return ref end))
  end)

  it("is any object whose metatable has __medium", function()
    local class = { __medium = function(self)
      if self.id then return self.id, "video" end
      return nil, "not ready"
    end }
    assert.same({ kind = "asset", url = "asset://a", type = "video" },
      media.read(setmetatable({ id = "a" }, class)))
    assert.same({ nil, "not ready" }, { media.read(setmetatable({}, class)) })
    assert.is_true(media.is(setmetatable({}, class)))
    assert.is_false(media.is(setmetatable({}, { __metatable = "hidden" })))
  end)

  it("is found inside other values", function()
    local file = media.file "a.png"
    local messages = { { content = { { text = "x" }, { image = file } } } }
    assert.equal("messages[1].content[2].image",
      media.place_in(messages, "messages"))
    assert.equal("x", media.place_in(file, "x"))
    local loop = {}
    loop.loop = loop
    for _, value in ipairs { "a.png", 7, {}, { path = "a.png" }, loop } do
      assert.is_nil(media.place_in(value, "x"))
    end
  end)

  it("sets an extension right that lies or is missing", function()
    assert.equal("a.jpg image/jpeg", sent_as("a.png", JPEG))
    assert.equal("a.v2.jpg image/jpeg", sent_as("a.v2", JPEG))
    assert.equal(".png.png image/png", sent_as(".png", PNG))
    assert.equal("a.JPEG image/jpeg", sent_as("a.JPEG", JPEG))
    -- A container is less specific than the extension.
    local mp4 = "\0\0\0\24ftypisom"
    assert.equal("a.m4a audio/mp4", sent_as("a.m4a", mp4))
    assert.equal("a.mp4 video/mp4", sent_as("a.png", mp4))
  end)

  it("makes names harmless and keeps their letters", function()
    local function name(given)
      return media.read(media.bytes(PNG, { name = given })).name
    end
    assert.equal("猫 坐在 月亮上.png", name("猫 坐在 月亮上.png"))
    assert.equal("it's.png", name("it's.png"))
    assert.equal("a_b_c_.png", name('a"b\r\nc\0.png'):gsub("__", "_"))
    assert.equal("b.png", name("/etc/../a/b.png"))
    assert.equal("b.png", name("C:\\a\\b.png"))
    assert.equal("file.png", name(".."))
    assert.equal("file.png", name("a/"))
    assert.equal("_a_.png", name("\233a\255.png"))
    assert.equal("猫.png", media.read(write("猫.png", PNG)).name)
  end)

  it("reports what can not be read", function()
    local missing = folder .. "/none.png"
    local function problem(value) return select(2, media.read(value)) end
    assert.equal(missing .. ": No such file or directory", problem(missing))
    assert.equal(folder .. ": Is a directory", problem(folder))
    local empty = write("empty.png", "")
    assert.equal(empty .. ": the file is empty", problem(empty))
    assert.equal(empty .. "/a: Not a directory", problem(empty .. "/a"))
    assert.equal("an empty path", problem(""))
    assert.equal(empty .. "\\0.png: a path with a zero byte",
      problem(empty .. "\0.png"))
    assert.equal("no bytes", problem(media.bytes("")))
    assert.equal("no good URL", problem("http:///a"))
    assert.equal("no good URL", problem("http://a.example/b c"))
    assert.equal("a data URI without data", problem("data:image/png"))
    assert.equal("expected a path, yuanjing.file, yuanjing.bytes or a URL, "
      .. "got number", problem(7))
    assert.equal("expected a path, yuanjing.file, yuanjing.bytes or a URL, "
      .. "got table", problem({ path = missing }))
    os.execute(("cd '%s' && mkfifo pipe && ln -s pipe link"):format(folder))
    for _, path in ipairs { folder .. "/pipe", folder .. "/link", "/dev/zero" } do
      assert.equal(path .. ": not a file but a device, a pipe or a socket",
        problem(path))
    end
    assert.equal("/proc/self/stat: the file is empty",
      problem("/proc/self/stat"))
  end)

  it("reports sizes beyond 32 bits", function()
    local path = folder .. "/big.mp4"
    local file = assert(io.open(path, "wb"))
    file:write("\0\0\0\24ftypisom")
    file:seek("set", 5 * 2 ^ 30 - 1)
    file:write("\0")
    file:close()
    local medium = assert(media.read(path))
    assert.equal(5 * 2 ^ 30, medium.size)
    assert.equal("video/mp4", medium.type)
  end)

  it("decodes data URIs", function()
    local function decoded(uri)
      local medium, problem = media.decoded(assert(media.read(uri)))
      return medium and medium.data or problem
    end
    assert.same({ kind = "bytes", data = "\255\216\255a", size = 4,
      name = "file.jpg", type = "image/jpeg" },
      media.decoded(media.read("data:IMAGE/jpeg;base64,/9j/YQ==")))
    assert.equal("a", decoded("data:;base64,YQ"))
    assert.equal("ab", decoded("data:;base64,YW%49%3D"))
    assert.equal("abc", decoded("data:;base64,YW\nJj"))
    assert.equal("a b", decoded("data:text/plain,a%20b"))
    assert.equal("the data URI is no base64", decoded("data:;base64,Y"))
    assert.equal("the data URI is no base64", decoded("data:;base64,YQ*="))
    assert.equal("no bytes", decoded("data:;base64,="))
  end)

  it("raises mistakes in code", function()
    assert.equal("yuanjing.file: expected string, got nil",
      support.raised(function() return (media.file()) end))
    assert.equal("yuanjing.bytes: expected string, got table",
      support.raised(function() return (media.bytes({})) end))
    assert.equal('yuanjing.file: unknown option "nane", did you mean "name"?',
      support.raised(function() return (media.file("a", { nane = "b" })) end))
    assert.equal("yuanjing.file: name: expected string, got number",
      support.raised(function() return (media.file("a", { name = 1 })) end))
    assert.equal("yuanjing.file: options: expected table, got string",
      support.raised(function() return (media.file("a", "b")) end))
    assert.equal("yuanjing.file: type: expected a type such as image/png",
      support.raised(function() return (media.file("a", { type = "a/b\r\n" })) end))
  end)

  it("shows what was made, without the bytes", function()
    assert.equal('yuanjing.file("a.png")', tostring(media.file("a.png")))
    assert.equal("yuanjing.bytes(3 bytes)", tostring(media.bytes("abc")))
    assert.is_true(media.is(media.bytes("abc")))
    assert.is_false(media.is("abc"))
    assert.is_false(media.is({}))
  end)
end)
