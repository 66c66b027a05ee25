-- The journal inside nginx workers.
local core = require "yuanjing.core"
local nginx = require "support.nginx"
local ports = require "yuanjing.sandbox.ports"
local redis = require "support.redis"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

local SUBMIT = [[
  local task, err = client:image { model = "wan2.2-t2i-plus", prompt = "x",
    note = ngx.var.arg_note }
  ngx.print(task and task.id or tostring(err))
]]

describe("the journal in nginx", function()
  local box, path
  setup(function() box = assert(sandbox.start { task_seconds = 0.1 }) end)
  teardown(function() box:stop() end)
  before_each(function()
    local folder = support.tempdir()
    os.execute("chmod 777 " .. folder) -- a worker runs as another user
    path = folder .. "/tasks.journal"
  end)
  after_each(function()
    nginx.clean()
    support.clean()
  end)

  local function start(plan, journal)
    plan.init_worker = ([[
      client = require("yuanjing").new { api_key = "sk-sandbox",
        base_url = %q, journal = %q }
    ]]):format(box.url, journal or path)
    plan.threads = "yuanjing"
    return nginx.start(plan)
  end

  it("is shared by the workers, and outlives them", function()
    local server = start { workers = 2, locations = {
      ["/submit"] = SUBMIT,
      ["/pending"] = [[
        local ids = {}
        for i, task in ipairs(assert(client.journal:pending())) do
          ids[i] = task.id
        end
        ngx.print(table.concat(ids, " "))
      ]],
      ["/await"] = [[
        for _, task in ipairs(assert(client.journal:pending())) do
          assert(task:await { interval = 0.05 })
        end
      ]] } }
    local ids = {}
    for i = 1, 8 do ids[i] = server:get("/submit?note=" .. i) end
    for _ = 1, 4 do
      assert.equal(table.concat(ids, " "), (server:get "/pending"))
    end
    server:stop()
    local client = yuanjing.new { api_key = "sk-sandbox", base_url = box.url,
      journal = path }
    assert.equal(8, #client.journal:pending())
    assert.same({}, (client.journal:unknown()))
    server = start { locations = { ["/await"] = [[
      for _, task in ipairs(assert(client.journal:pending())) do
        assert(task:await { interval = 0.05 })
      end
      ngx.print("all")
    ]] } }
    assert.equal("all", (server:get "/await"))
    assert.same({}, (client.journal:pending()))
    assert.equal(8, #client.journal:find {})
  end)

  it("holds no request up while another process writes, and loses no task",
    function()
      local server = start { locations = { ["/submit"] = SUBMIT,
        ["/ping"] = "ngx.print 'pong'" } }
      assert.truthy(server:get("/submit?note=0"):find("^%d+$"))
      os.execute("chmod 666 " .. path .. " " .. path .. ".lock")
      local locks = assert(core.file(path .. ".lock"))
      assert.is_true(locks:lock(0))
      local pipe = io.popen(("curl -s '%s/submit?note=1'"):format(server.url))
      support.sleep(0.2)
      assert.is_true(support.is_ever_below(0.2, function()
        local took, printed = support.timed(server.get, server, "/ping")
        assert.equal("pong", printed)
        return took
      end))
      locks:close()
      assert.truthy(pipe:read("*a"):find("^%d+$"))
      pipe:close()
      local client = yuanjing.new { api_key = "sk-sandbox", base_url = box.url,
        journal = path }
      assert.equal(2, #client.journal:pending())
    end)

  it("leaves a Redis that is not the master any more", function()
    local folder = nginx.resty_folder()
    if not folder then return pending("no resty.redis here") end
    local old = redis.start()
    local new = redis.start("--replicaof 127.0.0.1 " .. old.port)
    finally(redis.clean)
    local port = ports.candidates(path, 1)[1]
    local proxy = io.popen(("exec python3 spec/support/proxy.py %d %d"):format(
      port, old.port), "w")
    support.sleep(1.5)
    local server = start({ workers = 1,
      init = ("package.path = %q .. package.path"):format(folder .. "/?.lua;"),
      locations = { ["/submit"] = SUBMIT } }, "redis://127.0.0.1:" .. port)
    for i = 1, 3 do
      assert.truthy(server:get("/submit?note=" .. i):find("^%d+$"))
    end
    new:cli "replicaof no one"
    old:cli("replicaof 127.0.0.1 " .. new.port)
    proxy:write("lead ", new.port, "\n")
    proxy:flush()
    support.sleep(0.3)
    for i = 4, 6 do
      local printed = server:get("/submit?note=" .. i)
      assert.truthy(printed:find("^%d+$"), printed)
    end
    proxy:close()
    assert.equal("12", new:cli("xlen {yuanjing:journal}:records"))
  end)

  it("may be in Redis", function()
    local folder = nginx.resty_folder()
    if not folder then return pending("no resty.redis here") end
    local store = redis.start("--requirepass pw")
    finally(redis.clean)
    local url = ("redis://:pw@127.0.0.1:%d/1"):format(store.port)
    local server = start({ workers = 2,
      init = ("package.path = %q .. package.path"):format(folder .. "/?.lua;"),
      locations = {
        ["/submit"] = SUBMIT,
        ["/work"] = [[
          local notes = {}
          assert(client.journal:work { drain = true, interval = 0.05,
            on_result = function(task, result)
              notes[#notes + 1] = result.image and task.note
            end })
          table.sort(notes)
          ngx.print(table.concat(notes, " "))
        ]] } }, url)
    for i = 1, 5 do
      assert.truthy(server:get("/submit?note=" .. i):find("^%d+$"))
    end
    local client = yuanjing.new { api_key = "sk-sandbox", base_url = box.url,
      journal = url }
    assert.equal(5, #client.journal:pending())
    assert.equal("1 2 3 4 5", (server:get "/work"))
    assert.same({}, (client.journal:pending()))
    store:stop()
    assert.truthy(server:get("/submit?note=6"):find("^io: the journal redis"))
    store:restart()
    assert.truthy(server:get("/submit?note=7"):find("^%d+$"))
  end)

  it("reports what is missing without resty.redis", function()
    local server = start({ init = 'package.preload["resty.redis"] = function()'
      .. ' error("none") end', locations = { ["/submit"] = SUBMIT } },
      "redis://127.0.0.1")
    assert.truthy(server:get("/submit"):find("resty.redis is not there", 1,
      true))
  end)

  it("knows the submit of a request that was ended", function()
    local upstream = support.serve { default = { { "request" },
      { "wait_close", 120 } } }
    local server = start { locations = {
      ["/submit"] = ([[
        local slow = client:with { base_url = %q }
        local _ = slow:image { model = "wan2.2-t2i-plus", prompt = "x" }
      ]]):format(upstream.url),
      ["/unknown"] = [[
        collectgarbage()
        collectgarbage()
        ngx.print(#assert(client.journal:unknown()))
      ]] } }
    local request = server:open "/submit"
    assert.truthy(upstream:wait_for(function()
      return #upstream:requests() == 1
    end))
    assert.equal("0", (server:get "/unknown"))
    request:close()
    local ends = support.now() + 10
    repeat
      support.sleep(0.05)
      local count = server:get "/unknown"
    until count == "1" or support.now() > ends
    assert.equal("1", (server:get "/unknown"))
  end)
end)
