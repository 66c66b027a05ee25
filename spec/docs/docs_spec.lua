-- The documentation: generated parts are up to date, code blocks run (see
-- support/pages.lua), and links lead somewhere.
local pages = require "support.pages"
local sandbox = require "yuanjing.sandbox"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"

local BUILD = support.BUILD
local LUA = support.LUA
local ROOT = support.output("pwd")

-- Generated pages, by `make docs`.
local MADE = {
  ["docs/models.md"] = "tools/models.lua",
  ["docs/zh/models.md"] = "tools/models.lua zh",
  ["docs/reference.md"] = "tools/reference.lua",
  ["lua/yuanjing/meta/models.lua"] = "tools/types.lua",
}

describe("made of the code is", function()
  for page, maker in pairs(MADE) do
    it(page .. " is up to date (else: make docs)", function()
      local made = support.output(("LUA_PATH='lua/?.lua;lua/?/init.lua;;' "
        .. "LUA_CPATH='build/%s/?.so;;' %s %s 2>&1"):format(BUILD, LUA, maker))
      assert.equal(made .. "\n", support.read(page))
    end)
  end
end)

describe("docs/reference.md", function()
  it("has every function of the module", function()
    local page, missing = support.read("docs/reference.md"), {}
    for name, value in pairs(require "yuanjing") do
      if type(value) == "function"
        and not page:find("### yuanjing." .. name .. "(", 1, true) then
        missing[#missing + 1] = name
      end
    end
    assert.same({}, missing)
  end)
end)

-- Code ---------------------------------------------------------------------

local PRELUDE = [[
local yuanjing = require "yuanjing"
local client = yuanjing.new()
]]

-- Files for the code of the pages.
local PICTURES = { "a.jpg", "b.jpg", "day.jpg", "night.jpg", "photo.jpg",
  "1.jpg", "2.jpg" }

-- $1 the folder, $2 the tree, $3 the build, $4 the Lua, $5 the sandbox. `lua`
-- is the Lua that runs the specs, also for bin/yuanjing, and the tree's
-- folders are available.
local RUN = [[
cd "$1" && mkdir bin && lua=$(command -v "$4") &&
  ln -s "$lua" bin/lua && ln -s "$lua" bin/lua5.4
for name in examples docs bin/yuanjing; do
  ln -s "$2/$name" "$name" 2>/dev/null
done
export PATH="$1/bin:$PATH" YUANJING_API_KEY=sk-sandbox
export YUANJING_BASE_URL="$5" YUANJING_ASSET_URL="$5"
export LUA_PATH="$2/lua/?.lua;$2/lua/?/init.lua;;"
export LUA_CPATH="$2/build/$3/?.so;;"
timeout 120 $6 2>&1 </dev/null
echo "status $?"
]]

-- Whether a block begins as a program of its own.
local function is_whole(block)
  return block.text:find('^local yuanjing = require "yuanjing"\n') ~= nil
end

local function program(block)
  if block.language ~= "lua" then return block.text end
  return (is_whole(block) and "" or PRELUDE) .. (block.marks.with or "") .. "\n"
    .. block.text
end

-- The output, and whether it ended without an error.
local function run(block, url, file, command)
  local folder = support.tempdir()
  for _, name in ipairs(PICTURES) do
    support.write(folder .. "/" .. name, "\255\216\255\224" .. ("x"):rep(200))
  end
  support.write(folder .. "/" .. file, program(block))
  local printed = shell.read(RUN, folder, ROOT, BUILD, LUA, url, command)
  local output, status = printed:match("^(.*)status (%d+)\n$")
  return output, status == "0"
end

local function title(block)
  return ("%s:%d"):format(block.page, block.line)
end

local function is_run(block, language)
  local marks = block.marks
  return block.language == language and not (marks["not run"] or marks.from
    or marks.game or marks.nginx)
end

describe("the code in", function()
  local server
  setup(function()
    server = assert(sandbox.start { latency = 0.001, task_seconds = 0 })
  end)
  teardown(function() server:stop() end)
  after_each(support.clean)

  local function check(block, file, command)
    local output, is_well = run(block, server.url, file, command)
    assert.is_true(is_well, output)
    assert.is_true(not block.prints or pages.is_output(block.prints, output),
      output)
  end

  for _, block in ipairs(pages.all(function(b) return is_run(b, "lua") end)) do
    it(title(block) .. " runs", function()
      check(block, "block.lua", "lua block.lua")
    end)
  end

  for _, block in ipairs(pages.all(function(b) return is_run(b, "sh") end)) do
    it(title(block) .. " runs in a shell", function()
      check(block, "block.sh", "sh -eu block.sh")
    end)
  end

  for _, block in ipairs(pages.all(function(b) return b.marks.from end)) do
    it(title(block) .. " stands in " .. block.marks.from, function()
      local ok, line = pages.is_part(block.text, block.marks.from)
      assert.is_true(ok, line)
      assert.is_truthy(block.marks.from:find("^examples/")
        or block.marks.from:find("^spec/"), "no spec runs that file")
    end)
  end
end)

-- Links --------------------------------------------------------------------

describe("the links of", function()
  local linking = pages.everything()
  linking[#linking + 1] = "llms.txt"
  for _, page in ipairs(linking) do
    it(page .. " lead somewhere", function()
      local dead, folder = {}, page:match("^(.*/)") or ""
      local text = support.read(page):gsub("\n```.-\n```", "")
      for link in text:gmatch("%]%(([^%s)]+)%)") do
        local target = link
        if link:find("^#") then target = page:match("[^/]*$") .. link end
        if not target:find("^https?://") and not pages.is_there(folder, target)
        then
          dead[#dead + 1] = target
        end
      end
      assert.same({}, dead)
    end)
  end
end)

-- The two READMEs ----------------------------------------------------------

describe("README.md and README.zh-CN.md", function()
  it("have whole programs", function()
    for _, block in ipairs(pages.blocks "README.md") do
      assert.is_true(block.language ~= "lua" or is_whole(block), title(block))
    end
  end)

  it("are short", function()
    for _, page in ipairs { "README.md", "README.zh-CN.md" } do
      local text = support.read(page):gsub("<!%-%- en: %x+ %-%->\n", "")
      local _, lines = text:gsub("\n", "")
      assert.is_true(lines <= 250, page .. ": " .. lines)
    end
  end)
end)

-- The reader of the pages itself -------------------------------------------

describe("a page's code", function()
  after_each(support.clean)

  local function blocks(text)
    return pages.blocks(support.write(support.tempdir() .. "/p.md", text))
  end

  it("is found with its marks and its output", function()
    local list = blocks("<!-- with: local a = 1 -->\n```lua\nprint(a)\n```\n"
      .. "```text\n1\n```\n\n<!-- not run: root -->\n```sh\nls\n```\n"
      .. "words\n\n```text\nno output\n```\n")
    assert.same({ "lua", "sh", "text" }, { list[1].language, list[2].language,
      list[3].language })
    assert.same({ with = "local a = 1" }, list[1].marks)
    assert.same({ ["not run"] = "root" }, list[2].marks)
    assert.equal("1", list[1].prints)
    assert.is_nil(list[2].prints)
  end)

  it("prints what the page shows, but for ...", function()
    assert.is_true(pages.is_output("a ... b\nc", "a 1 2 b\nc\n"))
    assert.is_false(pages.is_output("a ... b\nc", "a 1 2 b\nd\n"))
    assert.is_false(pages.is_output("a.b", "a-b\n"))
  end)

  it("is part of a file only whole and in its order", function()
    local file = support.write(support.tempdir() .. "/x.lua", "a\n  b\nc\n")
    assert.is_true((pages.is_part("a\nc", file)))
    assert.is_false((pages.is_part("c\na", file)))
    assert.is_false((pages.is_part("a\nx", file)))
  end)
end)
