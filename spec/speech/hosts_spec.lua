-- A speech where nothing may be held up: between the frames of a game, and in an
-- nginx worker.
local nginx = require "support.nginx"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

local TEXT = ("从前有一只小猫。"):rep(20)

local box

describe("a speech", function()
  setup(function() box = assert(sandbox.start { latency = 0.05 }) end)
  teardown(function() box:stop() end)
  after_each(nginx.clean)
  after_each(support.clean)

  it("comes between the frames of a game", function()
    local client = yuanjing.new { base_url = box.url, api_key = box.api_key }
    local path = support.tempdir() .. "/x.wav"
    -- Of the time that a speech takes, what its longest frame takes.
    local function longest_part()
      local job = yuanjing.async(function()
        return assert(client:speak { model = "m", text = TEXT, stream = true })
          :save(path)
      end)
      local longest, from = 0, support.now()
      while not job.done do
        longest = math.max(longest, (support.timed(yuanjing.update)))
        support.sleep(0.005)
      end
      local took = support.now() - from
      assert.equal(path, job:await())
      assert.is_true(#support.read(path) > 800000)
      return longest / took
    end
    assert.is_true(support.is_ever_below(0.5, longest_part))
  end)

  it("goes through an nginx worker, which has other requests meanwhile",
    function()
      local server = nginx.start { locations = {
        ["/quick"] = 'ngx.say "quick"',
        ["/speak"] = ([[
          local client = require("yuanjing").new { base_url = %q, api_key = %q }
          local speech = assert(client:speak { model = "m", text = %q,
            stream = true, sandbox = "slow=0.3" })
          local count = 0
          for bytes in speech:chunks() do count = count + #bytes end
          ngx.say(count)
        ]]):format(box.url, box.api_key, TEXT) } }
      local slow = server:open("/speak")
      assert.is_true(support.is_ever_below(0.25, function()
        local took, quick = support.timed(server.get, server, "/quick")
        assert.equal("quick\n", quick)
        return took
      end))
      local said = slow:receive "*a"
      slow:close()
      local expected = 44 + 2 * 2640 * 160
      assert.is_truthy(said:find("\n" .. expected .. "\n", 1, true), said)
    end)
end)
