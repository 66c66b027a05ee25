-- docs/testing.md: its examples, run as by a user, and its tables.
local child = require "support.child"
local errors = require "yuanjing.errors"
local pages = require "support.pages"
local sandbox = require "yuanjing.sandbox"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"

local PATH = "docs/testing.md"
local PAGE = support.read(PATH)

describe("docs/testing.md", function()
  after_each(support.clean)

  -- The examples, each in the file that its first line names.
  local function extract()
    local folder = support.tempdir()
    for name, code in PAGE:gmatch("```lua\n%-%- ([%w_]+%.lua)\n(.-)```") do
      support.write(folder .. "/" .. name, code)
    end
    return folder
  end

  local function busted(folder, file)
    local here = support.output("pwd")
    return shell.read([[
      cd "$1"; shift
      LUA_PATH=$1 LUA_CPATH=$2 timeout 120 "$3" "$4" "$5" 2>&1 </dev/null]],
      folder, "./?.lua;" .. package.path:gsub("%f[^;%z]lua/", here .. "/lua/"),
      package.cpath:gsub("%f[^;%z]build/", here .. "/build/"), child.interpreter(),
      here .. "/spec/support/busted.lua", file)
  end

  for file, tests in pairs { ["poster_spec.lua"] = 4, ["kinds_spec.lua"] = 16,
    ["tools_spec.lua"] = 9 } do
    it("has a " .. file .. " that passes unchanged", function()
      local printed = busted(extract(), file)
      assert.is_truthy(printed:find(
        ("\n%d successes / 0 failures / 0 errors"):format(tests), 1, true), printed)
    end)
  end

  it("has a request of curl that prints what it shows", function()
    local box = assert(sandbox.start { latency = 0 })
    finally(function() box:stop() end)
    local block
    for _, candidate in ipairs(pages.blocks(PATH)) do
      if candidate.language == "sh" then block = candidate end
    end
    local printed = shell.read([[export YUANJING_BASE_URL="$1"
      export YUANJING_API_KEY="$2"; sh -eu -c "$3" 2>&1]], box.url, box.api_key,
      block.text)
    assert.is_true(pages.is_output(block.prints, printed), printed)
  end)

  it("has a line for each kind of error", function()
    for kind in pairs(errors.kinds) do
      assert.is_truthy(PAGE:find("\n  " .. kind .. " = { ", 1, true), kind)
    end
  end)

  it("names every option, field and method", function()
    local function names(path, class)
      local text = support.read(path)
      local from = select(2, text:find("---@class [^\n]*" .. class .. "\n"))
      local fields = text:sub(from + 1):match("^(.-)\n[^-]")
      return fields:gmatch("%-%-%-@field (%l[%w_]*)")
    end
    for _, where in ipairs {
      { "lua/yuanjing/sandbox/init.lua", "yuanjing%.sandbox%.Options" },
      { "lua/yuanjing/sandbox/script.lua", "yuanjing%.sandbox%.Answer" },
      { "lua/yuanjing/sandbox/request_log.lua", "yuanjing%.sandbox%.Request" },
    } do
      local count = 0
      for name in names(where[1], where[2]) do
        count = count + 1
        assert.is_truthy(PAGE:find("`" .. name .. "`", 1, true), name)
      end
      assert.truthy(count > 5, where[2])
    end
    local init = support.read("lua/yuanjing/sandbox/init.lua")
    for name in init:gmatch("function methods:(%w+)") do
      assert.is_truthy(PAGE:find("`box:" .. name, 1, true), name)
    end
  end)
end)
