-- The programs of docs/journal.md, on the sandbox.
local child = require "support.child"
local redis = require "support.redis"
local sandbox = require "yuanjing.sandbox"
local support = require "support"

local function programs()
  local list = {}
  for code in support.read("docs/journal.md"):gmatch("\n```lua\n(.-)```") do
    list[#list + 1] = code
  end
  return list
end

-- The output of each block, in order, where it is known.
local PRINTS = {
  [2] = "1\thttp.*",
  [3] = "the same parameters were submitted before: task %d+ .*",
  [7] = "one\tsaved",
  [9] = "counted",
  [10] = "1",
}

describe("docs/journal.md", function()
  local server, folder, box
  setup(function()
    server, box = assert(sandbox.start { task_seconds = 0 }), redis.start()
  end)
  teardown(function()
    server:stop()
    redis.clean()
  end)
  after_each(support.clean)

  -- Runs the code in its own folder, with a key.
  local function run(code)
    local head = ([[
      local settings = require "yuanjing.settings"
      local defaults = settings.defaults
      settings.defaults = function()
        local all = defaults()
        all.base_url, all.api_key = %q, %q
        return all
      end
    ]]):format(server.url, server.api_key)
    code = code:gsub('"tasks%.journal"', ("%q"):format(folder .. "/tasks"))
      :gsub('"cat%.png"', ("%q"):format(folder .. "/cat.png"))
      :gsub("task%.note %.%. ", ("%q .. %%0"):format(folder .. "/"))
      :gsub("redis://127.0.0.1:6379", box.url)
    return child.run(head .. code)
  end

  it("has programs that run", function()
    local list = programs()
    assert.equal(10, #list)
    for i, code in ipairs(list) do
      folder = support.tempdir()
      -- the second program finds an earlier task
      local before = i == 2 and [[
        assert(require("yuanjing").new { journal = "tasks.journal" }
          :image { model = "wan2.2-t2i-plus", prompt = "x" })
      ]] or ""
      local status, output = run(before .. code)
      assert.equal(0, status, output)
      assert.truthy(output:find("^" .. (PRINTS[i] or "") .. "$"), output)
    end
  end)
end)
