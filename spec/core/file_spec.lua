local child = require "support.child"
local core = require "yuanjing.core"
local support = require "support"

local EAGAIN, ENOENT, NO_FILE = 11, 2, -1

describe("core.sha256", function()
  it("is of a part, where one is named", function()
    assert.equal(core.sha256("bc"), core.sha256("abcd", 2, 3))
    assert.equal(core.sha256(""), core.sha256("abcd", 5))
    for _, part in ipairs { { 0, 2 }, { 3, 1 }, { 1, 5 }, { 6 } } do
      assert.is_false(pcall(core.sha256, "abcd", part[1], part[2]))
    end
  end)
end)

describe("core.file", function()
  local path
  before_each(function() path = support.tempdir() .. "/file" end)
  after_each(support.clean)

  it("appends, and reads what is there", function()
    local file = assert(core.file(path))
    assert.is_true(file:append("one\n"))
    assert.is_true(file:append("two\n", true))
    assert.same({ 8, "one\ntwo\n", "two\n", "o", "", "" }, { file:size(),
      file:read(0, 100), file:read(4, 100), file:read(6, 1), file:read(8, 9),
      file:read(1e9, 9) })
    assert.equal("one\ntwo\n", support.read(path))
    assert.is_true(file:truncate(4))
    assert.is_true(file:append("3\n"))
    assert.equal("one\n3\n", support.read(path))
  end)

  it("is its owner's alone", function()
    assert(core.file(path))
    assert.equal("600", support.output("stat -c %a " .. path))
  end)

  it("makes room that nobody sees", function()
    local file = assert(core.file(path))
    assert(file:append("x"))
    assert.is_true(file:reserve(65536))
    assert.equal(1, file:size())
    assert.equal("x", support.read(path))
  end)

  it("says why it can not be opened", function()
    local file, message, code = core.file(path .. "/x/y")
    assert.same({ nil, "No such file or directory", ENOENT },
      { file, message, code })
    for _, other in ipairs { "/dev/null", "/dev/full" } do
      assert.same({ "not a file but a device, a pipe or a socket", NO_FILE },
        { select(2, core.file(other)) })
    end
  end)

  -- Under a limit of so many KiB for any file.
  local function run_limited(limit, script)
    local name = support.write(support.tempdir() .. "/script.lua",
      ("package.path, package.cpath = %q, %q\n"):format(package.path,
        package.cpath) .. script)
    return support.output(("trap '' XFSZ; ulimit -f %d; timeout 120 %s %s 2>&1")
      :format(limit * 2, child.interpreter(), name))
  end

  it("leaves what was there where an append does not fit", function()
    local output = run_limited(4, ([[
      local core = require "yuanjing.core"
      local file = assert(core.file(%q))
      assert(file:append(("a"):rep(4000)))
      local ok, message = file:append(("b"):rep(5000), true)
      print(ok, message, ("%%d"):format(file:size()))
      print(file:append("c"), ("%%d"):format(file:size()))
    ]]):format(path))
    assert.equal("nil\tFile too large\t4000\ntrue\t4001", output)
    assert.equal(("a"):rep(4000) .. "c", support.read(path))
  end)

  it("knows a path that leads elsewhere", function()
    local file = assert(core.file(path))
    assert.is_true(file:is_at(path))
    os.rename(path, path .. ".old")
    assert.is_false(file:is_at(path))
    assert.is_true(file:is_at(path .. ".old"))
    assert.is_true(core.sync_folder(path))
    assert.is_true(core.sync_folder("bare"))
    assert.is_nil((core.sync_folder(path .. "/x/y")))
  end)

  it("locks bytes against others, and knows their locks", function()
    local one, other = assert(core.file(path)), assert(core.file(path))
    assert.is_true(one:lock(2 ^ 48))
    assert.same({ true, false }, { other:is_locked(2 ^ 48), other:is_locked(7) })
    assert.is_false(other:lock(2 ^ 48)) -- a question takes nobody's lock away
    assert.is_true(other:lock(7))
    assert.is_true(one:unlock(2 ^ 48))
    assert.is_false(other:is_locked(2 ^ 48))
    other:close()
    assert.is_false(one:is_locked(7))
  end)

  it("raises by name what is used wrongly", function()
    local file = assert(core.file(path))
    file:close()
    file:close()
    local ok, problem = pcall(file.size, file)
    assert.is_false(ok)
    assert.truthy(problem:find("the file is closed", 1, true))
    file = assert(core.file(path))
    for _, call in ipairs { { "read", -1, 1 }, { "read", 0, 2 ^ 40 },
      { "lock", -1 }, { "lock" }, { "append" }, { "truncate", "x" } } do
      assert.is_false(pcall(file[call[1]], file, call[2], call[3]), call[1])
    end
  end)

  it("ends its locks with the process, be it killed", function()
    local file = assert(core.file(path))
    local status, output = child.run(([[
      local core, process = require "yuanjing.core", require "process"
      local file = assert(core.file(%q))
      assert(file:lock(5))
      local id = process.fork()
      if id == 0 then
        print(file:is_mine(), file:is_locked(5))
        file:close()
        print(core.file(%q):is_locked(5))
        io.stdout:flush()
        process.exit(0)
      end
      process.wait(id)
      print(file:is_mine(), core.file(%q):is_locked(5))
      io.stdout:flush()
      os.execute("kill -9 " .. io.open("/proc/self/stat"):read("*n"))
    ]]):format(path, path, path))
    assert.equal("false\tfalse\ntrue\ntrue\ttrue", (output:gsub("\nKilled", "")))
    assert.equal(137, status)
    assert.is_false(file:is_locked(5))
  end)

  it("does not wait for a lock", function()
    local one, other = assert(core.file(path)), assert(core.file(path))
    assert(one:lock(0))
    assert.is_false(other:lock(0))
    one:close()
    assert.is_true(other:lock(0))
  end)
end)

describe("a path", function()
  local folder
  before_each(function() folder = support.tempdir() end)
  after_each(support.clean)

  it("with a zero byte leads nowhere, whoever is asked", function()
    support.write(folder .. "/keep", "mine")
    local path = folder .. "/keep\0.mp4"
    local part = assert(core.part(folder .. "/part"))
    for name, call in pairs { file = core.file, part = core.part,
      look = core.look, resolve = core.resolve, folders = core.make_folders,
      read = core.open_to_read, sync = core.sync_folder,
      target = function() return core.part(folder .. "/x", path) end,
      from = function() return part:move(path, folder .. "/y") end,
      to = function() return part:move(folder .. "/part", path) end } do
      assert.same({ nil, "a path with a zero byte" },
        { (call(path)), (select(2, call(path))) }, name)
    end
    assert.equal("keep\npart", support.output("ls " .. folder))
  end)

  it("leads to a file that is one by all its names", function()
    local path = support.write(folder .. "/a", "x")
    os.execute(("cd '%s' && ln -s a b && ln a c"):format(folder))
    os.execute(("touch -d @1700000000 '%s'"):format(path))
    local kind, identity = core.look(path)
    assert.equal("file", kind)
    for _, name in ipairs { "b", "c" } do
      assert.same({ "file", identity, 1, 1700000000 },
        { core.look(folder .. "/" .. name) })
    end
    assert.equal(path, core.resolve(folder .. "/b"))
    assert.are_not.equal(identity, (select(2, core.look(folder))))
    assert.same({ nil, "No such file or directory", ENOENT },
      { core.look(folder .. "/none") })
  end)

  it("is one writer's alone while a part is under it", function()
    local part = assert(core.part(folder .. "/x.part"))
    assert.same({ nil, "another download writes it", EAGAIN },
      { core.part(folder .. "/x.part") })
    assert.is_true(part:append("new"))
    support.write(folder .. "/x", "old")
    assert.is_true(part:move(folder .. "/x.part", folder .. "/x"))
    assert.equal("new", support.read(folder .. "/x"))
    part:close()
    assert.is_false(pcall(part.size, part))
  end)
end)

describe("core.network", function()
  it("tells of addresses, and not of names", function()
    assert.same({ "public", "private", "private" }, { core.network("8.8.8.8"),
      core.network("[::ffff:127.0.0.1]"), core.network("127.1") })
    assert.is_nil(core.network("example.com"))
    assert.is_false(pcall(core.network))
  end)
end)
