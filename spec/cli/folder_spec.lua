-- The folder of a batch.
local folder_of = require "yuanjing.cli.batch.folder"
local support = require "support"

local path

describe("a batch's folder", function()
  before_each(function() path = support.tempdir() .. "/a/b c" end)
  after_each(support.clean)

  it("is made, and one run's alone", function()
    local folder = assert(folder_of.open(path))
    local other, err = folder_of.open(path)
    assert.same({ nil, "io", 0 }, { other, err.kind, err.attempts })
    assert.truthy(err.message:find("another `yuanjing batch`", 1, true))
    assert.truthy(folder)
  end)

  it("can not be made everywhere", function()
    support.write(support.tempdir() .. "/file", "")
    local other, err = folder_of.open("/dev/null/x")
    assert.same({ nil, "io" }, { other, err.kind })
    assert.truthy(tostring(err):find("nothing was sent", 1, true))
  end)

  it("knows the numbers of its files", function()
    local folder = assert(folder_of.open(path))
    for _, name in ipairs { "0001.png", "0002-2.jpg", "12.mp4", "0007.png.part",
      "notes.txt", "a3.png", "4", "tasks.journal" } do
      support.write(path .. "/" .. name, "")
    end
    assert.same({ true, true, [7] = true, [12] = true }, folder:numbers())
  end)

  it("finds a file by its number, from wherever it was written", function()
    local folder = assert(folder_of.open(path))
    support.write(path .. "/0003.jpg", "")
    support.write(path .. "/0003-2.png", "")
    local paths = { "b c/0003.png", "b c/0003.jpg", "/elsewhere/0003-2.png" }
    assert.same({ path .. "/0003.jpg", path .. "/0003-2.png" },
      { folder:find(paths, 3, 1), folder:find(paths, 3, 2) })
    assert.is_nil(folder:find(paths, 3, 3))
    assert.is_nil(folder:find({}, 3, 1))
  end)

  it("gives a file the extension of its bytes", function()
    local folder = assert(folder_of.open(path))
    for name, bytes in pairs { ["0001.jpg"] = "\255\216\255\224",
      ["0002.png"] = "\137PNG\r\n\26\n", ["0003.webp"] = "RIFF1234WEBP",
      ["0004.gif"] = "GIF89a" } do
      local given = support.write(folder:place(tonumber(name:match("%d+")), 1,
        "png"), bytes)
      assert.equal(path .. "/" .. name, folder:set_extension(given))
      assert.equal(bytes, support.read(path .. "/" .. name))
    end
    local odd = support.write(folder:place(5, 2, "png"), "who knows")
    assert.equal(path .. "/0005-2.png", folder:set_extension(odd))
  end)
end)
