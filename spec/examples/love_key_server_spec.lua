-- The key server of examples/love: the file as it is, with the sandbox in the place
-- of the platform.
local nginx = require "support.nginx"
local ports = require "yuanjing.sandbox.ports"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

describe("the key server of a game", function()
  local box, url, host, whole

  setup(function()
    box = assert(sandbox.start { latency = 0.05 })
    local port = ports.candidates(support.tempdir(), 1)[1]
    local key = support.write(support.tempdir() .. "/key.conf",
      ('proxy_set_header Authorization "Bearer %s";\n'):format(box.api_key))
    local conf, changes = support.read "examples/love/key_server.conf", 0
    for old, new in pairs {
      ["listen 8200;"] = ("listen 127.0.0.1:%d;"):format(port),
      ["include key.conf;"] = ("include %s;"):format(key),
      ["proxy_pass https://opencomputing.ai;"] = "proxy_pass " .. box.url .. ";",
    } do
      local count
      conf, count = conf:gsub(old:gsub("%p", "%%%0"), new)
      changes = changes + count
    end
    assert.equal(3, changes)
    host = nginx.start { http = conf }
    url = "http://127.0.0.1:" .. port
  end)

  teardown(function()
    nginx.clean()
    box:stop()
    support.clean()
  end)

  local function game(options)
    options = options or {}
    options.base_url, options.api_key = url, "player"
    return yuanjing.new(options)
  end

  it("adds the key, and hands on each piece at once", function()
    assert.is_true(support.is_ever_below(0.5, function()
      local stream = assert(game():chat { prompt = "讲个故事", stream = true })
      local begun, first, count = support.now(), nil, 0
      for _ in stream:text() do
        first = first or support.now() - begun
        count = count + 1
      end
      assert.is_true(count > 1, count .. " pieces")
      whole = support.now() - begun
      return first / whole
    end))
    local requests = box:requests()
    assert.equal("ok", requests[#requests].auth)
  end)

  it("ends the answer when the player leaves", function()
    assert.is_true(support.is_ever_below(whole / 2, function()
      local before = #box:requests()
      local stream = assert(game():chat { prompt = "讲个故事", stream = true })
      assert(stream:next())
      stream:close()
      return support.wait_until(function()
        local last = box:requests()[before + 1]
        return last and last.seconds
      end)
    end))
  end)

  it("has nothing else to call", function()
    local before = #box:requests()
    local task, err = game():image { model = "cogview-3-flash", prompt = "猫" }
    assert.is_nil(task)
    assert.equal(404, err.status)
    assert.equal(before, #box:requests())
  end)

  it("holds off a player who asks too often, before it costs", function()
    box:clear()
    local client, refused, jobs = game { retries = 0 }, nil, {}
    for i = 1, 30 do
      jobs[i] = yuanjing.async(client.chat, client, { prompt = "hi" })
    end
    for _, job in ipairs(jobs) do
      local _, err = job:await()
      refused = refused or err
    end
    assert.equal("rate_limit", refused.kind)
    assert.is_true(#box:requests() < 30)
    assert.is_nil(support.read(host.dir .. "/error.log"):find("[emerg]", 1, true))
  end)
end)
