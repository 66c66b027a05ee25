-- Each example as a user runs it, on the sandbox.
local absent = require "support.absent"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

-- The user's interpreter and the usual build, whatever Lua runs the specs.
local BUILD = support.BUILD
local LUA = support.LUA
local ROOT = support.output("pwd")

local EXPECTED = {
  ["chat.lua"] = { prints = "tokens, ended by stop" },
  ["stream.lua"] = { prints = "tokens, ended by stop" },
  ["tools.lua"] = { prints = "(roll_dice {\"count\": 2}: {" },
  ["extract.lua"] = { prints = "张三, 35, 北京" },
  ["errors.lua"] = { prints = "auth: Invalid API Key" },
  ["image.lua"] = { prints = "saved image.png", file = "image.png" },
  ["video.lua"] = { prints = "video.mp4", file = "video.mp4" },
  ["image_to_video.lua"] = { prints = "moving.mp4", file = "moving.mp4" },
  ["reference_video.lua"] = { prints = "reference.mp4",
    file = "reference.mp4" },
  ["many_tasks.lua"] = { prints = "猫\t./猫.png", file = "熊猫.png" },
  ["batch.lua"] = { prints = "3 of 3 saved, 0 failed, 0 unknown",
    file = "003.png", needs = { ["prompts.txt"] = "猫\n狗\n马\n" } },
  ["resume_task.lua"] = { prints = "resumed.mp4", file = "resumed.mp4" },
  ["legacy.lua"] = { prints = "legacy.mp4", file = "legacy.mp4" },
  ["assets.lua"] = { prints = "saved asset.png", file = "asset.png",
    same = "portrait.png", link = "(http%S+/h5%?token=%S+)\n" },
  ["cqueues.lua"] = { prints = "ticks meanwhile", host = "cqueues" },
  ["luv.lua"] = { prints = "ticks meanwhile", host = "luv" },
  ["copas.lua"] = { prints = "ticks meanwhile", lua = "luajit" }, -- not for 5.4
}

local SIGNATURES = { png = "^\137PNG\r\n", mp4 = "^....ftyp" }

describe("the example", function()
  local server
  setup(function()
    server = assert(sandbox.start { latency = 0.001, task_seconds = 0 })
  end)
  teardown(function() server:stop() end)
  after_each(support.clean)

  -- The person that an example waits for: opens the link and confirms.
  local function confirm(link)
    local client = yuanjing.new { base_url = server.url, api_key = "none" }
    assert(client:request { method = "POST",
      path = assert(link:match("^http://[^/]+(/.*)$")) })
  end

  -- The output, when the example has ended.
  local function follow(folder, pattern)
    local confirmed, ends = false, support.now() + 2 * support.HANG
    while not support.exists(folder .. "/ended") do
      assert(support.now() < ends, support.read(folder .. "/output"))
      local link = pattern and not confirmed
        and support.read(folder .. "/output"):match(pattern)
      if link then
        confirm(link)
        confirmed = true
      end
      support.sleep(0.02)
    end
    return support.read(folder .. "/output")
  end

  local function run(name, folder, expected)
    support.write(folder .. "/output", "")
    os.execute(([[cd '%s' && { YUANJING_BASE_URL='%s' \
      YUANJING_ASSET_URL='%s' YUANJING_API_KEY='%s' \
      LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua;;' \
      LUA_CPATH='%s/build/%s/?.so;;' \
      timeout 120 %s '%s/examples/%s' %s > output 2>&1; : > ended; } &]]):format(
      folder, server.url, server.asset_url, server.api_key, ROOT, ROOT, ROOT,
      expected.lua or BUILD, expected.lua or LUA, ROOT, name,
      expected.words or ""))
    return follow(folder, expected.link)
  end

  local function check(name, expected)
    local folder = support.tempdir()
    for needed, text in pairs(expected.needs or {}) do
      support.write(folder .. "/" .. needed, text)
    end
    local output = run(name, folder, expected)
    assert.is_truthy(output:find(expected.prints, 1, true), output)
    if expected.file then
      local bytes = support.read(folder .. "/" .. expected.file)
      local extension = expected.file:match("%.(%w+)$")
      assert.is_truthy(bytes:find(SIGNATURES[extension]), expected.file)
      if expected.same then
        assert.is_true(bytes == support.read(folder .. "/" .. expected.same))
      end
    end
  end

  for name, expected in pairs(EXPECTED) do
    local reason = absent(expected.host)
    if reason then
      it(("%s has no host: %s"):format(name, reason), function()
        assert.is_false((pcall(require, expected.host)))
      end)
    else
      it(name .. " does what it describes", function()
        check(name, expected)
      end)
    end
  end

  it("assets.lua makes a video of the person when it is asked for", function()
    local folder = support.tempdir()
    support.write(folder .. "/me.jpg", "\255\216\255\224 me")
    local output = run("assets.lua", folder, { link = EXPECTED["assets.lua"].link,
      words = "张三 me.jpg 图片1里的人在跳舞" })
    assert.is_truthy(output:find("saved person.mp4", 1, true), output)
    local made = server:requests "video"
    assert.matches("^asset://", made[#made].json
      and made[#made].json.image_files[1]
      or made[#made].fields.image_files[1])
  end)

  it("is in this list", function()
    for name in support.output("ls examples"):gmatch("[^\n]+%.lua") do
      assert.is_truthy(EXPECTED[name] or name == "demo.lua", name)
    end
  end)
end)
