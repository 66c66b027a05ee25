local files = require "yuanjing.base.files"
local support = require "support"

describe("files", function()
  local folder

  before_each(function()
    folder = support.tempdir()
  end)

  it("splits a path behind its last separator", function()
    for path, parts in pairs {
      ["cat.png"] = { "", "cat.png" }, ["a/cat.png"] = { "a/", "cat.png" },
      ["/cat.png"] = { "/", "cat.png" }, ["/a//b"] = { "/a//", "b" },
      ["cats/"] = { "cats/", "" }, ["/"] = { "/", "" }, [""] = { "", "" },
      ["图/猫.png"] = { "图/", "猫.png" }, ["a\0b/c\0d"] = { "", "a\0b/c\0d" },
    } do
      assert.same(parts, { files.split(path) }, path)
    end
  end)

  it("takes the extension of the name, not of the folder", function()
    for path, parts in pairs {
      ["a.b/cat"] = { "a.b/cat", "" }, ["a/cat.tar.gz"] = { "a/cat.tar", ".gz" },
      ["a/.hidden"] = { "a/.hidden", "" }, ["猫.png"] = { "猫", ".png" },
      ["cat."] = { "cat", "." }, ["a.b/"] = { "a.b/", "" },
    } do
      assert.same(parts, { files.split_extension(path) }, path)
    end
  end)

  it("reads a file, or its first bytes", function()
    local bytes = ("\0\r\n\26猫"):rep(40000)
    local path = support.write(folder .. "/猫", bytes)
    assert.equal(bytes, files.read(path))
    assert.equal(bytes:sub(1, 5), files.read(path, 5))
    assert.equal(bytes, files.read(path, 1e9))
    assert.equal("", files.read(support.write(folder .. "/empty", "")))
  end)

  it("reads what has no size, as a pipe and a file of the system's", function()
    support.output(("mkfifo %s/pipe"):format(folder))
    support.output(("(printf abc > %s/pipe) >&2 &"):format(folder))
    assert.equal("abc", files.read(folder .. "/pipe"))
    if files.exists "/proc/self/stat" then
      assert.is_truthy(files.read("/proc/self/stat"):find("^%d+ "))
    end
  end)

  it("says which file it can not read", function()
    local none = folder .. "/none"
    assert.same({ n = 2, nil, none .. ": No such file or directory" },
      { n = 2, files.read(none) })
    assert.same({ n = 2, nil, folder .. ": Is a directory" },
      { n = 2, files.read(folder) })
  end)

  it("replaces a file, and removes it", function()
    local from = support.write(folder .. "/新", "new")
    local to = support.write(folder .. "/旧", "old")
    assert.is_true(files.rename(from, to))
    assert.equal("new", files.read(to))
    assert.is_false(files.exists(from))
    assert.is_true(files.remove(to))
    assert.same({ nil, "No such file or directory", 2 }, { files.remove(to) })
    assert.same({ nil, "No such file or directory", 2 },
      { files.rename(to, from) })
    assert.is_nil((files.rename(folder .. "\0", from)))
  end)

  it("lists a folder", function()
    for i = 1, 300 do support.write(("%s/%d-猫"):format(folder, i), "") end
    local names = files.names(folder)
    assert.equal(300, #names)
    table.sort(names)
    assert.equal("1-猫", names[1])
    assert.same({}, files.names(folder .. "/none"))
  end)

  it("makes temporary files, each another one and for this user alone",
    function()
      local one, other = files.temporary(), files.temporary()
      assert.is_true(one ~= other)
      assert.equal("", files.read(one))
      assert.equal("-rw-------",
        (support.output("ls -l " .. one)):match("^[rwx-]+"))
      files.remove(one)
      files.remove(other)
    end)
end)
