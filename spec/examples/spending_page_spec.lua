-- The code in docs/guide/spending.md: each block runs by itself, and prints
-- the block of text behind it.
local redis = require "support.redis"
local sandbox = require "yuanjing.sandbox"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"

local PAGE = "docs/guide/spending.md"
local ROOT = support.output("pwd")

local PRELUDE = [[
local yuanjing = require "yuanjing"
local client = yuanjing.new()
]]

-- $1 the folder, $2 the tree, $3 the build, $4 the Lua, $5 the sandbox, $6 where
-- Lua looks for modules here
local RUN = [[
cd "$1" || exit
export YUANJING_API_KEY=sk-sandbox YUANJING_BASE_URL="$5"
export LUA_PATH="$2/lua/?.lua;$2/lua/?/init.lua;$6;"
export LUA_CPATH="$2/build/$3/?.so;;"
timeout 120 "$4" block.lua 2>&1 </dev/null
echo "status $?"
]]

-- Each block with its line number, and its output if it is documented.
local function blocks()
  local list, at = {}, 1
  local text = support.read(PAGE)
  while true do
    local first, last, code = text:find("```lua\n(.-)```\n", at)
    if not first then return list end
    local _, lines = text:sub(1, first):gsub("\n", "")
    list[#list + 1] = { line = lines + 1, code = code,
      prints = text:match("^```text\n(.-)```", last + 1) }
    at = last + 1
  end
end

local function run(code, url)
  local folder = support.tempdir()
  for _, name in ipairs { "1.jpg", "2.jpg" } do
    support.write(folder .. "/" .. name, "\255\216\255\224" .. ("x"):rep(200))
  end
  support.write(folder .. "/block.lua", PRELUDE .. code)
  return shell.read(RUN, folder, ROOT, support.BUILD, support.LUA, url,
    package.path)
end

describe(PAGE, function()
  local box, store
  setup(function()
    box = assert(sandbox.start { latency = 0.001, task_seconds = 0 })
    store = redis.start()
  end)
  teardown(function()
    box:stop()
    redis.clean()
  end)
  after_each(support.clean)

  for _, block in ipairs(blocks()) do
    it(("has code that runs, at line %d"):format(block.line), function()
      local code = block.code:gsub("redis://127.0.0.1:6379", store.url)
      local printed = run(code, box.url)
      if block.prints then
        assert.equal(block.prints .. "status 0\n", printed)
      else
        assert.truthy(printed:find("status 0\n$"), printed)
      end
    end)
  end

  it("has all its blocks found", function()
    local _, count = support.read(PAGE):gsub("```lua\n", "")
    assert.equal(count, #blocks())
    assert.truthy(count >= 8)
  end)
end)
