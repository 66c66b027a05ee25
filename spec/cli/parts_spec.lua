-- The modules of the command that need no platform.
local cells = require "yuanjing.cli.terminal.cells"
local columns = require "yuanjing.cli.terminal.columns"
local document = require "yuanjing.cli.document"
local errors = require "yuanjing.errors"
local exits = require "yuanjing.cli.exits"
local progress = require "yuanjing.cli.terminal.progress"

describe("cells", function()
  it("counts what a terminal shows", function()
    local widths = { [""] = 0, ["abc"] = 3, ["猫"] = 2, ["元境 a"] = 6,
      ["e\204\129"] = 1, ["ｆ"] = 2, ["…"] = 1, ["✓"] = 1, ["😊"] = 2,
      ["한"] = 2, ["。"] = 2, ["𠀀"] = 2, ["é"] = 1 }
    for text, width in pairs(widths) do
      assert.equal(width, cells.width(text), text)
    end
  end)

  it("cuts between characters, to the given width", function()
    assert.equal("猫坐在月亮上", cells.cut("猫坐在月亮上", 12))
    assert.equal("猫坐在月...", cells.cut("猫坐在月亮上", 11))
    for room = 0, 12 do
      assert.is_true(cells.width(cells.cut("猫a坐b在月亮上", room)) <= room)
    end
  end)

  it("pads to a width", function()
    assert.equal("猫  |", cells.pad("猫", 4) .. "|")
    assert.equal("猫猫|", cells.pad("猫猫", 3) .. "|")
  end)

  it("takes away what steers a terminal, and nothing else", function()
    assert.equal("a[31mb]0;x\tc\n猫", cells.harmless(
      "a\27[31mb\27]0;x\7\tc\r\n\194\155猫\0\127"))
  end)
end)

describe("columns", function()
  it("are aligned, Chinese or not", function()
    assert.same({ "阿里百炼  t2i", "vidu      t2v  x" },
      columns { { "阿里百炼", "t2i" }, { "vidu", "t2v", "x" } })
    assert.same({}, columns {})
  end)
end)

describe("document", function()
  it("has its names in order and its lists as lists", function()
    assert.equal('{"a":[],"b":{},"c":[1,"猫"],"url":"http://a/b"}',
      document.encode { url = "http://a/b", c = { 1, "猫" }, b = {},
        a = document.list {} })
  end)

  it("does not lose the document over a text that is not UTF-8", function()
    assert.equal('{"bad":"a?","good":1}',
      document.encode { bad = "a\255", good = 1 })
  end)
end)

describe("the exit statuses", function()
  it("have a place for each kind of error, and one only", function()
    local seen = {}
    for _, row in ipairs(exits) do
      for _, kind in ipairs(row.kinds) do
        assert.is_nil(seen[kind], kind)
        seen[kind] = true
      end
    end
    for kind in pairs(errors.kinds) do
      assert.is_true(seen[kind], kind)
      seen[kind] = nil
    end
    assert.same({}, seen)
  end)
end)

describe("progress", function()
  it("writes bytes and seconds shortly", function()
    local sizes, clocks = {}, {}
    for i, bytes in ipairs { 0, 999, 1000, 12.4e6, 3e9 } do
      sizes[i] = progress.size(bytes)
    end
    for i, seconds in ipairs { 0, 9.94, 10, 59.6, 67, 3723 } do
      clocks[i] = progress.clock(seconds)
    end
    assert.same({ "0 B", "999 B", "1.0 kB", "12.4 MB", "3.0 GB" }, sizes)
    assert.same({ "0.0 s", "9.9 s", "0:10", "1:00", "1:07", "1:02:03" }, clocks)
  end)
end)
