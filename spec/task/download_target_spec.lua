local core = require "yuanjing.core"
local support = require "support"
local target = require "yuanjing.task.download.target"

local folder
before_each(function() folder = support.tempdir() end)
after_each(support.clean)

local function run(command, ...)
  os.execute(("cd '%s' && "):format(folder) .. command:format(...))
end

describe("a target", function()
  it("is a file, there or not", function()
    support.write(folder .. "/old", "old")
    for _, name in ipairs { "old", "new", ("长"):rep(83) .. ".png" } do
      local path = folder .. "/" .. name
      assert.same({ path = path, real = path, is_folder = false },
        target.of(path))
    end
    assert.equal("old", support.output("ls -A " .. folder))
  end)

  it("is a folder where there is one, and is made where a slash asks for it",
    function()
      for _, path in ipairs { "", "/", "//", "/new/", "/a/b/c/" } do
        assert.same({ path = (folder .. path):gsub("/+$", "") .. "/",
          is_folder = true }, target.of(folder .. path))
      end
      assert.equal("folder", (core.look(folder .. "/a/b/c")))
      run("ln -s new link")
      assert.is_true(target.of(folder .. "/link").is_folder)
    end)

  it("is where a link leads", function()
    run("mkdir far; ln -s far/new a; ln -s a b")
    assert.same({ path = folder .. "/b", real = folder .. "/far/new",
      is_folder = false }, target.of(folder .. "/b"))
  end)

  local CASES = {
    { "pipe", "mkfifo pipe", "it is a pipe" },
    { "link", "mkfifo pipe; ln -s pipe link", "it is a pipe" },
    { "null", "ln -s /dev/null null", "it is a device" },
    { "none/x", "true", "No such file or directory" },
    { "file/x", "touch file", "Not a directory" },
    { "file/", "touch file", "Not a directory" },
    { "loop", "ln -s loop loop", "a link that is not followed" },
    { "x\0y", "true", "a path with a zero byte" },
    { ("y"):rep(300), "true", "File name too long" },
    { "away/x", "ln -s none away", "No such file or directory" },
    { "away", "ln -s none/x away", "No such file or directory" },
  }

  for _, case in ipairs(CASES) do
    it("is refused: " .. case[1]:sub(1, 20):gsub("%z", "?") .. ", "
      .. case[3], function()
      run(case[2])
      local before = support.output("ls -lA " .. folder)
      local found, problem = target.check(folder .. "/" .. case[1])
      assert.is_nil(found)
      assert.truthy(problem:find(case[3], 1, true), problem)
      assert.equal(before, support.output("ls -lA " .. folder))
    end)
  end

  it("is tried once for all that go into one folder", function()
    local made, part = 0, core.part
    core.part = function(...)
      made = made + 1
      return part(...)
    end
    finally(function() core.part = part end)
    for n = 1, 5 do assert.is_true(target.check(folder .. "/" .. n)) end
    assert.is_true(target.check(folder .. "/" .. ("y"):rep(200)))
    assert.is_true(target.check(folder))
    assert.same({ 2, "" }, { made, support.output("ls -A " .. folder) })
    run("mkdir other")
    assert.is_true(target.check(folder .. "/other/1"))
    assert.equal(3, made)
  end)

  it("can not be begun where nothing can be written", function()
    local path = folder .. "/none/x"
    local state = { target = target.of(path), part = target.part(path) }
    local ok, problem = target.begin(state)
    assert.same({ nil, path .. " can not be written: " .. path
      .. ".part: No such file or directory" }, { ok, problem })
    assert.is_nil(state.file)
  end)

  it("has a name in the making that is never too long, and its own", function()
    assert.equal("a/b.part", target.part("a/b"))
    assert.equal("b.part", target.part("b"))
    local long = ("长"):rep(83)
    local one, other = target.part(long .. ".png"), target.part(long .. ".mp4")
    assert.truthy(#one <= 255 and one ~= other)
    assert.is_nil(core.utf8_error(one))
    assert.truthy(one:find("%.part$"))
  end)
end)

describe("a name in a folder", function()
  it("replaces what has it, unless it is made up", function()
    support.write(folder .. "/a.png", "old")
    local at = folder .. "/"
    assert.same({ at .. "a.png", at .. "a.png" },
      { target.in_folder(at, "a.png", false) })
    assert.equal(at .. "a-2.png", (target.in_folder(at, "a.png", true)))
    support.write(folder .. "/a-2.png", "old")
    assert.equal(at .. "a-3.png", (target.in_folder(at, "a.png", true)))
    assert.equal(at .. "b", (target.in_folder(at, "b", true)))
  end)

  it("is another where it is no file's", function()
    run("mkdir a.png; mkfifo b; ln -s loop loop; touch c; ln -s c d")
    local at = folder .. "/"
    assert.equal(at .. "a-2.png", (target.in_folder(at, "a.png", false)))
    assert.equal(at .. "b-2", (target.in_folder(at, "b", false)))
    assert.equal(at .. "loop-2", (target.in_folder(at, "loop", false)))
    assert.same({ at .. "d", at .. "c" }, { target.in_folder(at, "d", false) })
  end)
end)
