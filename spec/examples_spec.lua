-- Each example as a user runs it, on the sandbox.
local sandbox = require "yuanjing.sandbox"
local support = require "support"

-- A user's interpreter and the usual build, whatever runs the specs.
local BUILD = rawget(_G, "jit") and "luajit" or "5.4"
local LUA = rawget(_G, "jit") and "luajit" or "lua5.4"
local ROOT = support.output("pwd")

local EXPECTED = {
  ["chat.lua"] = { prints = "tokens, ended by stop" },
  ["stream.lua"] = { prints = "tokens, ended by stop" },
  ["errors.lua"] = { prints = "auth: Invalid API Key" },
  ["image.lua"] = { prints = "saved image.png", file = "image.png" },
  ["video.lua"] = { prints = "video.mp4", file = "video.mp4" },
  ["image_to_video.lua"] = { prints = "moving.mp4", file = "moving.mp4" },
  ["reference_video.lua"] = { prints = "reference.mp4",
    file = "reference.mp4" },
  ["many_tasks.lua"] = { prints = "猫\t./猫.png", file = "熊猫.png" },
  ["resume_task.lua"] = { prints = "resumed.mp4", file = "resumed.mp4" },
  ["legacy.lua"] = { prints = "legacy.mp4", file = "legacy.mp4" },
}

local SIGNATURES = { png = "^\137PNG\r\n", mp4 = "^....ftyp" }

describe("the example", function()
  local server
  setup(function()
    server = assert(sandbox.start { latency = 0.001, task_seconds = 0 })
  end)
  teardown(function() server:stop() end)
  after_each(support.clean)

  local function run(name, folder)
    return support.output(([[cd '%s' && YUANJING_BASE_URL='%s' \
      YUANJING_API_KEY='%s' \
      LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua;;' \
      LUA_CPATH='%s/build/%s/?.so;;' \
      %s '%s/examples/%s' 2>&1]]):format(folder, server.url, server.api_key,
      ROOT, ROOT, ROOT, BUILD, LUA, ROOT, name))
  end

  for name, expected in pairs(EXPECTED) do
    it(name .. " does what it says", function()
      local folder = support.tempdir()
      local output = run(name, folder)
      assert.is_truthy(output:find(expected.prints, 1, true), output)
      if expected.file then
        local bytes = support.read(folder .. "/" .. expected.file)
        local extension = expected.file:match("%.(%w+)$")
        assert.is_truthy(bytes:find(SIGNATURES[extension]), expected.file)
      end
    end)
  end

  it("is in this list", function()
    for name in support.output("ls examples"):gmatch("[^\n]+%.lua") do
      assert.is_truthy(EXPECTED[name] or name == "demo.lua", name)
    end
  end)
end)
