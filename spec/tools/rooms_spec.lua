-- tools/rooms.lua on made-up trees: what it takes for a require, and which of them
-- it refuses.
local support = require "support"

package.path = "tools/?.lua;" .. package.path
local rooms = require "rooms"

local ORDER = {
  { top = "" },
  { left = "", right = "" },
  { ["base errors"] = "" },
  { core = "", ["top.server"] = "" },
}

-- The faults of a tree of these files, without the folder's name.
local function faults_of(files, exceptions)
  local folder = support.tempdir()
  for path, text in pairs(files) do
    local place = path:match("^(.*)/") or "."
    os.execute(("mkdir -p '%s/%s'"):format(folder, place))
    support.write(folder .. "/" .. path, text)
  end
  local faults = rooms.check(folder, ORDER, exceptions or {})
  for i, fault in ipairs(faults) do faults[i] = fault:sub(#folder + 2) end
  return faults
end

describe("the order of the rooms", function()
  after_each(support.clean)

  it("lets a module require its own room and those below it", function()
    assert.same({}, faults_of {
      ["top/init.lua"] = 'require "yuanjing.left.one" require "yuanjing.core"',
      ["left/one.lua"] = 'require "yuanjing.left.two" require "yuanjing.base.a"',
      ["left/two.lua"] = 'require "yuanjing.left.one"',
      ["base/a.lua"] = 'require "yuanjing.core" require "cjson"',
    })
  end)

  it("refuses an arrow that goes up, by file and line", function()
    assert.same({ "base/a.lua:2: base -> left goes up (yuanjing.left.one)" },
      faults_of {
        ["left/one.lua"] = 'require "yuanjing.base.a"',
        ["base/a.lua"] = 'local a = {}\nlocal b = require "yuanjing.left.one"',
      })
  end)

  it("refuses one between rooms of one storey, and so each cycle", function()
    assert.same({
      "left/one.lua:1: left -> right goes aside (yuanjing.right)",
      "right/init.lua:1: right -> left goes aside (yuanjing.left.one)" },
      faults_of {
        ["left/one.lua"] = 'require "yuanjing.right"',
        ["right/init.lua"] = 'require "yuanjing.left.one"',
      })
  end)

  it("holds for a room inside another", function()
    assert.same({
      "top/server/a.lua:1: top.server -> core goes aside (yuanjing.core)",
      "top/server/a.lua:1: top.server -> top goes up (yuanjing.top.b)" },
      faults_of {
        ["top/server/a.lua"] = 'require "yuanjing.core" require "yuanjing.top.b"',
        ["top/b.lua"] = 'require "yuanjing.top.server.a"',
      })
  end)

  it("takes several folders and files for one room", function()
    assert.same({ "errors.lua:1: base -> left goes up (yuanjing.left)" },
      faults_of {
        ["errors.lua"] = 'require "yuanjing.base.a" require "yuanjing.left"',
        ["base/a.lua"] = 'require "yuanjing.errors"',
        ["left.lua"] = 'require "yuanjing.errors"',
      })
  end)

  it("is not kept by a folder without files", function()
    assert.error_matches(function() faults_of {} end, "no Lua files")
  end)

  it("has a place for each room", function()
    assert.same({ "attic/a.lua: no storey of ORDER has this room" },
      faults_of { ["attic/a.lua"] = "" })
  end)

  for _, code in ipairs { 'lazy.room "yuanjing.top.a"',
    'lazy.fn("yuanjing.top.a", "run")', "lazy.must('yuanjing.top.a', 'run')",
    'lazy.load("yuanjing.top." .. name)', 'dependency "yuanjing.top.a"',
    'require("yuanjing.top." .. name)', 'require "yuanjing.base.a" "yuanjing.top.a"',
    'pcall(require, "yuanjing.top.a")', "require [[yuanjing.top.a]]",
    'require(("yuanjing.top.%s"):format(name))', "require(\n'yuanjing.top.a')",
    'package.loaded["yuanjing.top.a"]', 'load("yuanjing." .. room)',
    '--[[ ]] require "yuanjing.top.a"', 'print("\\"") require "yuanjing.top.a"',
    "a = a -- [[\nrequire 'yuanjing.top.a'" } do
    it("sees " .. code, function()
      local faults = faults_of { ["base/a.lua"] = "return " .. code,
        ["top/a.lua"] = "" }
      assert.equal(1, #faults)
      assert.truthy(faults[1]:find("^base/a.lua:%d: base %-> top goes up"))
    end)
  end

  for _, code in ipairs { '-- require "yuanjing.top.a"',
    '--[==[ require "yuanjing.top.a"\n]] ]==]', '"see yuanjing.top.a"',
    '[[\nrequire "yuanjing.top.a"]]', '"yuanjing"', '"yuanjing.Top"',
    "'\"' --' require 'yuanjing.top.a'" } do
    it("takes for none " .. code, function()
      assert.same({}, faults_of { ["base/a.lua"] = code, ["top/a.lua"] = "",
        ["top/init.lua"] = "" })
    end)
  end

  it("lets an exception through, for its file alone", function()
    local code = 'require "yuanjing.top.a"'
    assert.same({ "base/b.lua:1: base -> top goes up (yuanjing.top.a)" },
      faults_of({ ["base/a.lua"] = code, ["base/b.lua"] = code,
        ["top/a.lua"] = "" }, { { "base/a.lua", "top", "why" } }))
  end)

  it("refuses an exception that nothing needs any more", function()
    assert.same(
      { "base/a.lua: requires top no more: take it out of EXCEPTIONS" },
      faults_of({ ["base/a.lua"] = "", ["top/a.lua"] = "" },
        { { "base/a.lua", "top", "why" } }))
  end)
end)

describe("lua/yuanjing", function()
  it("keeps the order, and a module that does not is found", function()
    local folder = support.tempdir()
    os.execute(("cp -r lua/yuanjing/. '%s'"):format(folder))
    assert.same({}, (rooms.check(folder)))
    support.write(folder .. "/task/bad.lua", 'local lazy = require "yuanjing.base.lazy"\n'
      .. 'local journal = lazy.room "yuanjing.journal"\n')
    assert.same({ folder .. "/task/bad.lua:2: task -> journal goes up "
      .. "(yuanjing.journal)" }, (rooms.check(folder)))
    local said = support.output(("lua5.4 tools/rooms.lua '%s' 2>&1; echo $?")
      :format(folder))
    assert.truthy(said:find("^[^\n]*/task/bad.lua:2: task %-> journal goes up"))
    assert.truthy(said:find("\n1$"))
  end)

  it("says what each room is for, and why each exception is one", function()
    for _, storey in ipairs(rooms.ORDER) do
      for room, purpose in pairs(storey) do
        assert.truthy(#purpose > 10, room)
      end
    end
    for _, exception in ipairs(rooms.EXCEPTIONS) do
      assert.truthy(#exception[3] > 10, exception[1])
    end
  end)
end)
