local nginx = require "support.nginx"
local sandbox = require "yuanjing.sandbox"
local scripted = require "support.scripted"
local support = require "support"

local HEAD = scripted.answer(200, { ["Transfer-Encoding"] = "chunked" })

local function event(text)
  return scripted.chunk(('data: {"choices":[{"delta":{"content":"%s"}}]}\n\n')
    :format(text))
end

local DONE = scripted.chunk("data: [DONE]\n\n") .. scripted.chunk("")

-- A stream that begins and then is silent.
local function serve_silent()
  return support.serve { default = { { "request" },
    { "send", HEAD .. event("a") }, { "wait_close", 120 } } }
end

-- Takes a request and never answers.
local function serve_mute()
  return support.serve { default = { { "request" }, { "wait_close", 120 } } }
end

-- An event, and so many more once the gate "more" is open.
local function serve_paced(more)
  return support.serve { default = { { "request" },
    { "send", HEAD .. event("a") }, { "gate", "more" },
    { "repeat", more, { { "sleep", 0.02 }, { "send", event("a") } } },
    { "send", DONE } } }
end

-- Answers each request of a connection at once.
local function serve_short()
  return support.serve { routes = {},
    default = { { "send", HEAD .. event("a") .. DONE } } }
end

local function is_closed(server)
  return function()
    local connections = server:connections()
    return connections.opened > 0 and connections.open == 0
  end
end

-- The time until the upstream's only connection is closed.
local function until_closed(server)
  local took, closed = support.timed(server.wait_for, server,
    is_closed(server))
  assert.truthy(closed, "the upstream's connection stays open")
  return took
end

local box

-- The code of a location, with `yuanjing`, and a `client` of the sandbox or of
-- the server in ?url=. In a thread of nginx's own there is no get_phase since
-- lua-nginx 0.10.28.
local function with_client(code)
  return ([[
    local yuanjing = require "yuanjing"
    local client = yuanjing.new { api_key = "sk-sandbox",
      base_url = ngx.get_phase and ngx.get_phase() == "content" and ngx.var.arg_url
        or %q }
  ]]):format(box.url) .. code
end

local STREAM = [[
  local stream = assert(client:chat { prompt = "x", stream = true })
  for text in stream:text() do
    ngx.say(text)
    ngx.flush(true)
    ngx.ctx.has_printed = true
  end
]]

local LOCATIONS = {
  ["/chat"] = [[
    local reply, err = client:chat { prompt = ngx.var.arg_prompt or "x" }
    ngx.print(reply and reply.content or tostring(err))
  ]],
  ["/stream"] = STREAM,
  ["/total"] = [[
    local _, err = client:with { timeout = 2, retries = 0 }
      :chat { prompt = "x" }
    ngx.print(err.kind)
  ]],
  ["/kind"] = [[
    local reply, err = client:with { api_key = ngx.var.arg_key, retries = 0 }
      :chat { prompt = "x" }
    ngx.print(type(reply), " ", err.kind)
  ]],
  ["/task"] = [[
    local task = assert(client:image { model = "wan2.2-t2i-plus",
      prompt = "x" })
    local result = assert(task:await { interval = 0.05 })
    ngx.print((assert(result:save(ngx.var.arg_path))))
  ]],
  ["/jobs"] = [[
    local jobs, running, most = {}, 0, 0
    for i = 1, 5 do
      jobs[i] = yuanjing.async(function(n)
        running = running + 1
        most = math.max(most, running)
        ngx.sleep(0.2)
        yuanjing.sleep(0.2)
        ngx.say(ngx.var.uri, assert(client:chat { prompt = "n" .. n })
          .content:match("n%d"))
        running = running - 1
        return n
      end, i)
    end
    local sum = 0
    for _, job in ipairs(jobs) do sum = sum + job:await() end
    ngx.say(sum, most == 5)
  ]],
  ["/cancel"] = [[
    local seen
    local job = yuanjing.async(function()
      local ok, err = pcall(yuanjing.sleep, 100)
      seen = err.kind
      error(err, 0)
    end)
    local nothing, late = job:await(0.05)
    ngx.say(tostring(nothing), late.kind, tostring(job.done))
    job:cancel()
    local _, err = job:await()
    yuanjing.sleep(0)
    ngx.say(err.kind, " ", seen)
  ]],
  ["/stubborn"] = [[
    local is_told, tries = false, 0
    local job = yuanjing.async(function()
      repeat
        pcall(yuanjing.sleep, 10)
        tries = tries + 1
      until is_told
    end)
    job:cancel()
    repeat ngx.sleep(0.2) until tries > 1
    local before = tries
    is_told = true
    ngx.print(before > 1 and before < 1000, " ", (select(2, job:await())).kind)
  ]],
  ["/cancel_stream"] = [[
    local has_begun = false
    local job = yuanjing.async(function()
      local stream = assert(client:chat { prompt = "x", stream = true })
      has_begun = true
      return stream:finish()
    end)
    repeat yuanjing.sleep(0.05) until has_begun
    job:cancel()
    ngx.print(select(2, job:await()).kind)
  ]],
  ["/timer"] = [[
    local box = {}
    assert(ngx.timer.at(0, function()
      local job = yuanjing.async(client.chat, client, { prompt = "x" })
      box.content = assert(job:await()).content
    end))
    repeat ngx.sleep(0.01) until box.content
    ngx.print(box.content)
  ]],
  ["/fail"] = [[
    local job = yuanjing.async(function() error("sad") end)
    local ok, err = pcall(job.await, job)
    ngx.print(tostring(ok), err:match("sad"))
  ]],
  ["/fail_unheard"] = [[
    yuanjing.async(function() error("nobody hears this") end)
  ]],
  ["/collect"] = "collectgarbage() collectgarbage()",
  ["/generator"] = [[
    local stream = assert(client:chat { prompt = "x", stream = true })
    local next_text = coroutine.wrap(function()
      for text in stream:text() do coroutine.yield(text) end
    end)
    for text in next_text do ngx.print(text) end
  ]],
  ["/cosocket"] = [[
    local job = yuanjing.async(function()
      local socket = ngx.socket.tcp()
      assert(socket:connect("127.0.0.1", ngx.var.server_port))
      assert(socket:send("GET /chat HTTP/1.0\r\n\r\n"))
      local text = assert(socket:receive("*a"))
      return text:match("\r\n\r\n(.*)"), (client:chat { prompt = "x" }).content
    end)
    local theirs, ours = job:await()
    ngx.print(tostring(theirs == ours))
  ]],
  ["/many"] = [[
    local tasks = {}
    for i = 1, 6 do
      tasks[i] = assert(client:image { model = "wan2.2-t2i-plus",
        prompt = "x" .. i })
    end
    local results = yuanjing.await_all(tasks, { interval = 0.1 })
    for i = 1, 6 do ngx.print(results[i].image and "+" or "-") end
  ]],
  ["/save"] = [[
    client:task("7"):save(ngx.var.arg_path, { on_progress = function()
      ngx.say("begun")
      ngx.flush(true)
    end })
    ngx.say("saved")
    ngx.flush(true)
    ngx.sleep(10)
  ]],
  ["/own_handler"] = "ngx.on_abort(function() ngx.exit(499) end)" .. STREAM,
  ["/exit_elsewhere"] = [[
    ngx.thread.spawn(function()
      repeat ngx.sleep(0.1) until ngx.ctx.has_printed
      ngx.exit(200)
    end)
  ]] .. STREAM,
  ["/stuck"] = [[
    local stream = assert(client:chat { prompt = "x", stream = true })
    ngx.say(stream:next().content)
    ngx.flush(true)
    ngx.sleep(10)
    stream:close()
  ]],
  ["/drop"] = [[
    local stream = assert(client:chat { prompt = "x", stream = true })
    ngx.print(stream:next().content)
  ]],
  ["/pid"] = [[
    local reply = assert(client:chat { prompt = "x" })
    ngx.print(#reply.content > 0 and ngx.worker.pid())
  ]],
}

local function locations(...)
  local list = {}
  for _, path in ipairs { ... } do
    list[path] = with_client(LOCATIONS[path])
  end
  return list
end

local function all_locations()
  local list = {}
  for path, code in pairs(LOCATIONS) do list[path] = with_client(code) end
  return list
end

local function body_of(server, path)
  return (server:get(path))
end

local ECHO = "You said: %q."

describe("nginx", function()
  setup(function()
    box = assert(sandbox.start { latency = 0.01, task_seconds = 0.2 })
  end)

  teardown(function() box:stop() end)

  for name, threads in pairs { ["with a thread pool"] = "yuanjing",
    ["without a thread pool"] = false } do
    describe(name, function()
      local server

      setup(function()
        server = nginx.start { threads = threads or nil,
          locations = all_locations() }
      end)

      teardown(nginx.clean)
      after_each(support.clean)

      local function open_stream(path, upstream)
        local client = server:open(path .. "?url=" .. upstream.url)
        nginx.read_to(client, "^a$")
        return client
      end

      it("goes on beside a job that catches its end", function()
        assert.equal("true cancelled", body_of(server, "/stubborn"))
        assert.is_nil(server:log():find("[warn]", 1, true))
      end)

      it("answers by a chat", function()
        assert.truthy(body_of(server, "/chat?prompt=blue")
          :find(ECHO:format("blue"), 1, true))
      end)

      it("waits in a thread if there is one", function()
        body_of(server, "/chat")
        local found = server:log():find("no thread does the waiting", 1, true)
        assert.equal(not threads, found ~= nil)
      end)

      it("hands a stream on as it comes", function()
        local upstream = serve_paced(9)
        local client = open_stream("/stream", upstream)
        upstream:open "more"
        local rest = client:receive "*a"
        client:close()
        assert.equal(("a\n"):rep(9), rest)
      end)

      it("awaits a task and saves what it brings", function()
        local path = support.tempdir() .. "/image.png"
        assert.equal(path, body_of(server, "/task?path=" .. path))
        assert.equal("\137PNG", support.read(path):sub(1, 4))
      end)

      it("awaits many tasks", function()
        assert.equal("++++++", body_of(server, "/many"))
      end)

      it("serves 50 streams at once in one worker", function()
        local upstream, clients = serve_paced(9), {}
        for i = 1, 50 do
          clients[i] = server:open("/stream?url=" .. upstream.url)
        end
        for _, client in ipairs(clients) do nginx.read_to(client, "^a$") end
        upstream:open "more"
        for _, client in ipairs(clients) do
          assert.equal(("a\n"):rep(9), client:receive "*a")
          client:close()
        end
      end)

      it("runs jobs beside each other, with all of ngx", function()
        local lines = {}
        for line in body_of(server, "/jobs"):gmatch("[^\n]+") do
          lines[#lines + 1] = line
        end
        table.sort(lines, function(a, b) return a < b end)
        assert.same({ "/jobsn1", "/jobsn2", "/jobsn3", "/jobsn4", "/jobsn5",
          "15true" }, lines)
      end)

      it("lets jobs open nginx's own sockets", function()
        assert.equal("true", body_of(server, "/cosocket"))
      end)

      it("times a job out, and cancels it where it waits", function()
        assert.equal("niltimeoutfalse\ncancelled cancelled\n",
          body_of(server, "/cancel"))
      end)

      it("ends the streams of a cancelled job", function()
        local upstream = serve_silent()
        assert.equal("cancelled", body_of(server, "/cancel_stream?url="
          .. upstream.url))
        assert.truthy(until_closed(upstream) < support.SOON)
      end)

      it("works in a timer", function()
        assert.truthy(body_of(server, "/timer"):find(ECHO:format("x"), 1, true))
      end)

      it("waits in a coroutine of the user's", function()
        assert.equal(body_of(server, "/chat"), body_of(server, "/generator"))
      end)

      it("returns errors", function()
        assert.equal("nil auth", body_of(server, "/kind?key=wrong"))
        assert.equal("nil transport",
          body_of(server, "/kind?key=x&url=http://127.0.0.1:1"))
      end)

      it("outlives jobs that fail", function()
        local pid = body_of(server, "/pid")
        assert.equal("falsesad", body_of(server, "/fail"))
        body_of(server, "/fail_unheard")
        assert.truthy(support.wait_until(function()
          body_of(server, "/collect")
          return server:log():find("nobody hears this", 1, true)
        end))
        assert.equal(pid, body_of(server, "/pid"))
      end)

      local function leave(path)
        local upstream = serve_silent()
        open_stream(path, upstream):close()
        local took = until_closed(upstream)
        upstream:stop()
        return took
      end

      it("ends the upstream when the client leaves", function()
        for _, path in ipairs { "/stream", "/stuck" } do
          assert.is_true(support.is_ever_below(0.05,
            function() return leave(path) end), path)
        end
      end)

      -- A place for a file, and a request that saves to it.
      local function save(...)
        local steps = { { "request" }, ... }
        steps[#steps + 1] = { "wait_close", 120 }
        local file = support.serve { default = steps }
        local platform = support.serve { default = { { "request" },
          { "send", scripted.answer(200, {}, ('{"status":"SUCCEEDED",'
            .. '"video":"%s/x"}'):format(file.url)) } } }
        local folder = support.tempdir()
        os.execute("chmod 777 " .. folder)
        local path = folder .. "/film"
        return path, server:open(("/save?url=%s&path=%s"):format(platform.url,
          path)), file
      end

      it("leaves no part of a file when the client leaves", function()
        local path, client, file = save { "send",
          "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf" }
        nginx.read_to(client, "^begun$")
        assert.is_true(support.exists(path .. ".part"))
        client:close()
        assert.truthy(until_closed(file) < support.SOON)
        assert.is_true(support.wait_until(function()
          return not support.exists(path .. ".part")
        end))
        assert.is_false(support.exists(path))
      end)

      it("leaves what has been saved since alone", function()
        local path, client = save { "send", scripted.answer(200, {}, "whole") }
        nginx.read_to(client, "^saved$")
        support.write(path .. ".part", "somebody else's")
        client:close()
        support.sleep(0.3)
        assert.equal("whole", support.read(path))
        assert.is_true(support.exists(path .. ".part"))
      end)

      it("ends it soon where the user handles that first", function()
        assert.is_true(support.is_ever_below(1, function()
          return leave "/own_handler"
        end))
      end)

      it("ends the upstream of a request that is ended elsewhere", function()
        local upstream, other = serve_silent(), serve_silent()
        assert.equal("a\n", body_of(server, "/exit_elsewhere?url="
          .. upstream.url))
        local next_one = open_stream("/stream", other)
        assert.truthy(until_closed(upstream) < support.SOON)
        next_one:close()
        until_closed(other)
      end)

      it("ends a stream that was dropped, in a while", function()
        local upstream = serve_silent()
        assert.equal("a", body_of(server, "/drop?url=" .. upstream.url))
        assert.truthy(until_closed(upstream) < support.SOON)
      end)

      it("begins a call at once beside a stream that has long been silent",
        function()
          local silent, short = serve_silent(), serve_short()
          local client = open_stream("/stream", silent)
          assert.is_true(support.is_ever_below(0.015, function()
            local took = {}
            for i = 1, 7 do
              support.sleep(0.4)
              took[i] = support.timed(body_of, server,
                "/stream?url=" .. short.url)
            end
            table.sort(took)
            return took[4]
          end))
          client:close()
          until_closed(silent)
        end)

      it("uses no CPU while it waits", function()
        local upstream = serve_silent()
        local client = open_stream("/stream", upstream)
        local pid = server:workers()[1]
        local from = nginx.cpu(pid)
        support.sleep(1.5)
        client:close()
        assert.truthy(nginx.cpu(pid) - from < 0.1)
        until_closed(upstream)
      end)
    end)
  end

  describe("that is set up in another way", function()
    after_each(function()
      nginx.clean()
      support.clean()
    end)

    local function start(plan)
      plan.threads = plan.threads or "yuanjing"
      return nginx.start(plan)
    end

    it("may require the module, and call, before the workers are", function()
      local server = start { locations = locations "/chat",
        init = with_client [[
          first = assert(client:chat { prompt = "early" }).content
          job = yuanjing.async(yuanjing.sleep, 10)
        ]],
        server = ([[
          location = /early { content_by_lua_block { ngx.print(first) } }
          location = /job { content_by_lua_block {
            local _, err = job:await()
            ngx.print(err.kind)
          } }
        ]]) }
      assert.truthy(body_of(server, "/early"):find("early", 1, true))
      assert.truthy(body_of(server, "/chat"):find(ECHO:format("x"), 1, true))
      assert.equal("cancelled", body_of(server, "/job"))
    end)

    it("may call when a worker begins, and leave a job behind", function()
      local server = start { init_worker = with_client [[
          first = assert(client:chat { prompt = "early" }).content
          job = yuanjing.async(function()
            yuanjing.sleep(0.1)
            return assert(client:chat { prompt = "late" }).content
          end)
        ]],
        locations = { ["/early"] = "ngx.print(first)",
          ["/late"] = "ngx.print((job:await()))" } }
      assert.truthy(body_of(server, "/early"):find("early", 1, true))
      assert.truthy(body_of(server, "/late"):find("late", 1, true))
    end)

    it("calls in all phases that can wait, and raises in others", function()
      local upstream = serve_short()
      local call = ([[
        local client = require("yuanjing").new { api_key = "k",
          base_url = %q }
        local ok, reply, err = pcall(client.chat, client, { prompt = "x" })
        ngx.log(ngx.WARN, ngx.get_phase(), ": ", ok and reply.content or reply)
      ]]):format(upstream.url)
      local server = start { server = ([[
        location = /x {
          rewrite_by_lua_block { $call }
          access_by_lua_block { $call }
          content_by_lua_block { ngx.print("done") }
          header_filter_by_lua_block { $call }
          log_by_lua_block { $call }
        } ]]):gsub("%$call", (call:gsub("%%", "%%%%"))) }
      assert.equal("done", body_of(server, "/x"))
      assert.truthy(support.wait_until(function()
        return server:log():find("log: nothing", 1, true)
      end))
      local printed = {}
      for phase, text in server:log():gmatch("(%l+_?%l+): (%l[^,]*),") do
        printed[phase] = text
      end
      local refusal = "nothing can wait in nginx's phase %q: call"
        .. " yuanjing.async there"
      assert.same({ rewrite = "a", access = "a",
        header_filter = refusal:format("header_filter"),
        log = refusal:format("log") }, { rewrite = printed.rewrite,
        access = printed.access, header_filter = printed.header_filter,
        log = printed.log })
      assert.equal(2, #upstream:requests())
    end)

    it("ends the upstream in whatever phase the client leaves", function()
      local server = start { server = ([[
        location = /x {
          access_by_lua_block { %s assert(client:chat { prompt = "x" }) }
          content_by_lua_block { %s }
        } ]]):format(with_client "", with_client(LOCATIONS["/stuck"])) }
      assert.is_true(support.is_ever_below(0.05, function()
        local upstream = serve_silent()
        local client = server:open("/x?url=" .. upstream.url)
        nginx.read_to(client, "^a$")
        client:close()
        return until_closed(upstream)
      end))
    end)

    it("runs a job that is started where nothing can wait", function()
      local upstream = serve_short()
      local server = start { server = ([[
        location = /x {
          content_by_lua_block { ngx.print("done") }
          log_by_lua_block {
            local yuanjing = require "yuanjing"
            yuanjing.async(function()
              yuanjing.new { api_key = "k", base_url = %q }
                :chat { prompt = "x" }
            end)
          }
        } ]]):format(upstream.url) }
      assert.equal("done", body_of(server, "/x"))
      assert.truthy(upstream:wait_for(function()
        return #upstream:requests() == 1
      end))
    end)

    it("calls without the cache for code", function()
      local server = start { http = "lua_code_cache off;",
        locations = locations("/chat", "/stream", "/jobs") }
      local expected = body_of(server, "/chat")
      assert.truthy(expected:find(ECHO:format("x"), 1, true))
      for _ = 1, 3 do
        assert.equal(expected, (body_of(server, "/stream"):gsub("\n", "")))
      end
      assert.truthy(body_of(server, "/jobs"):find("15true", 1, true))
    end)

    it("is a program's call in a thread of nginx's own", function()
      local folder = support.tempdir()
      support.write(folder .. "/in_thread.lua", "return { call = function() "
        .. with_client [[
          return assert(client:chat { prompt = "x" }).content
        end }]])
      local server = start { locations = { ["/x"] = ([[
        package.path = %q .. package.path
        ngx.print(select(2, ngx.run_worker_thread("yuanjing", "in_thread",
          "call")))
      ]]):format(folder .. "/?.lua;") } }
      assert.truthy(body_of(server, "/x"):find(ECHO:format("x"), 1, true))
    end)

    it("has two workers that both serve", function()
      local server = start { workers = 2, locations = locations("/pid") }
      local seen, n = {}, 0
      support.wait_until(function()
        local pid = body_of(server, "/pid")
        n = n + (seen[pid] and 0 or 1)
        seen[pid] = true
        return n == 2
      end)
      local pids = {}
      for _, pid in ipairs(server:workers()) do pids[tostring(pid)] = true end
      assert.same(pids, seen)
    end)

    it("serves on when a worker was killed", function()
      local server = start { locations = locations("/pid", "/stream") }
      local pid = body_of(server, "/pid")
      local upstream = serve_silent()
      local client = server:open("/stream?url=" .. upstream.url)
      nginx.read_to(client, "^a$")
      nginx.signal("KILL", tonumber(pid))
      assert.truthy(until_closed(upstream) < support.SOON)
      client:close()
      assert.truthy(support.wait_until(function()
        return server:workers()[1] ~= nil
      end))
      assert.not_equal(pid, body_of(server, "/pid"))
    end)

    for name, threads in pairs { ["with threads"] = "yuanjing",
      ["without threads"] = "other" } do
      it("loses nothing of 50 streams in a reload, " .. name, function()
        local server = start { threads = threads,
          locations = locations("/stream", "/pid") }
        local upstream, clients = serve_paced(19), {}
        local old = body_of(server, "/pid")
        for i = 1, 50 do
          clients[i] = server:open("/stream?url=" .. upstream.url)
        end
        for _, client in ipairs(clients) do nginx.read_to(client, "^a$") end
        nginx.signal("HUP", server:master())
        assert.truthy(support.wait_until(function()
          return body_of(server, "/pid") ~= old
        end))
        upstream:open "more"
        for _, client in ipairs(clients) do
          assert.equal(("a\n"):rep(19), client:receive("*a"))
          client:close()
        end
        assert.truthy(support.wait_until(function()
          return not nginx.is_alive(old)
        end))
      end)
    end

    -- Milliseconds until nginx is gone.
    local function end_by(server, name)
      local master = server:master()
      return support.timed(function()
        nginx.signal(name, master)
        assert.truthy(support.wait_until(function()
          return not nginx.is_alive(master)
        end))
      end)
    end

    it("ends at once when nothing is in flight", function()
      local server = start { locations = locations("/chat") }
      body_of(server, "/chat")
      local took = end_by(server, "QUIT")
      assert.truthy(took < support.SOON, took)
    end)

    it("ends a request whose client disconnected, and its jobs", function()
      local server = start { locations = { ["/x"] = with_client [[
        yuanjing.async(yuanjing.sleep, 100)
        ngx.say("begun")
        ngx.flush(true)
        ngx.sleep(100)
      ]] } }
      local client = server:open("/x")
      nginx.read_to(client, "^begun$")
      client:close()
      local took = end_by(server, "QUIT")
      assert.truthy(took < support.SOON, took)
    end)

    it("ends at once on request, whatever is in flight", function()
      local server, upstream = start { locations = locations("/stream") },
        serve_silent()
      local client = server:open("/stream?url=" .. upstream.url)
      nginx.read_to(client, "^a$")
      local took = end_by(server, "TERM")
      client:close()
      assert.truthy(took < support.SOON, took)
      assert.truthy(until_closed(upstream) < support.SOON)
    end)

    -- nginx reuses the first thread of a request, or timer, that has ended.
    it("leaves nothing of a job to the request in its thread", function()
      local server = start { server = ([[
        location = /begin {
          content_by_lua_block { ngx.print(1) }
          log_by_lua_block {
            job = require("yuanjing").async(function()
              thread = coroutine.running()
              ngx.log(ngx.WARN, "about to end")
              ngx.exit(0)
            end)
          }
        }
        location = /next {
          content_by_lua_block {
            %s
            assert(thread == coroutine.running())
            job:cancel()
            ngx.print(assert(client:chat { prompt = "x" }).content)
          }
        } ]]):format(with_client "") }
      assert.equal("1", body_of(server, "/begin"))
      support.wait_until(function()
        return server:log():find("about to end", 1, true)
      end)
      support.sleep(0.1)
      assert.truthy(body_of(server, "/next"):find(ECHO:format("x"), 1, true))
    end)

    it("keeps no memory of jobs that have ended", function()
      local server = start { locations = { ["/x"] = with_client [[
        local function run(n)
          for _ = 1, n do yuanjing.async(function() end):await() end
          collectgarbage()
          collectgarbage()
          return collectgarbage("count")
        end
        local before = run(500)
        ngx.print(run(3000) - before)
      ]] } }
      local kept = tonumber((body_of(server, "/x")))
      assert.truthy(kept < 100, kept)
    end)

    it("goes on after an error without a job", function()
      local server = start { locations = { ["/x"] = with_client [[
        local loop = require "yuanjing.runtime.loop"
        local step = loop.step
        loop.step = function()
          loop.step = step
          error("nobody's")
        end
      ]] .. with_client(LOCATIONS["/chat"]) } }
      assert.truthy(body_of(server, "/x"):find(ECHO:format("x"), 1, true))
      assert.truthy(server:log():find("nobody's", 1, true))
    end)

    -- Resources that may be exhausted: running timers, connections, nginx's
    -- own threads.
    local SCARCE = {
      timers = { http = "lua_max_running_timers 1;",
        init_worker = "ngx.timer.at(0, function() ngx.sleep(100) end)" },
      connections = { connections = 16, spare = 1 }, -- that of all timers
      ["connections, not one"] = { connections = 16, spare = 0 },
      threads = { hog = true,
        init_worker = [[ngx.timer.at(0, function()
          ngx.run_worker_thread("yuanjing", "hog", "wait")
        end)]] },
    }

    local HOLD = { ["/hold"] = "ngx.sleep(100)" }

    -- Visitors that take all connections but one for another visitor, and those
    -- to spare. How many nginx takes itself differs by version.
    local function hold_connections(server, spare)
      local held = {}
      local function is_full()
        return server:log():find("worker_connections are not enough", 1, true)
      end
      repeat
        held[#held + 1] = server:open("/hold")
        pcall(server.get, server, "/free")
      until is_full()
      for _ = 0, spare do table.remove(held):close() end
      return held
    end

    -- An nginx thread searches modules where nginx does.
    local function start_scarce(plan, threads)
      local folder = support.tempdir()
      support.write(folder .. "/hog.lua", ([[
        return { wait = function()
          os.execute "cd %s && while test -e hog.lua; do sleep 0.02; done"
        end }
      ]]):format(folder))
      local all = locations("/chat", "/total")
      all["/hold"], all["/free"] = HOLD["/hold"], "ngx.exit(200)"
      local server = start { threads = threads, http = plan.http,
        path = folder .. "/?.lua;",
        init_worker = plan.init_worker, connections = plan.connections,
        locations = all }
      local held = plan.spare and hold_connections(server, plan.spare) or {}
      support.sleep(0.2)
      return server, function()
        os.remove(folder .. "/hog.lua")
        for _, client in ipairs(held) do client:close() end
      end
    end

    for what, plan in pairs(SCARCE) do
      for _, threads in ipairs { "yuanjing", "other" } do
        if not plan.hog or threads == "yuanjing" then
          it(("moves on with no %s left, thread pool %s"):format(what, threads),
            function()
              local server, let_go = start_scarce(plan, threads)
              local took, body = support.timed(body_of, server, "/chat")
              assert.truthy(body:find(ECHO:format("x"), 1, true))
              assert.truthy(took < support.SOON, took)
              took, body = support.timed(body_of, server, "/total?url="
                .. serve_mute().url)
              assert.equal("outcome_unknown", body)
              assert.truthy(took > 1.9 and took < support.SOON, took)
              let_go()
            end)
        end
      end
    end

    it("reports a job that failed and was not awaited", function()
      local server = start { locations = { ["/x"] = with_client [[
        yuanjing.on_error = function(err, traceback)
          ngx.log(ngx.WARN, "hook: ", err, traceback:find("stack") and " back")
        end
        yuanjing.async(function() yuanjing.sleep(0) error("oh dear", 0) end)
        local awaited = yuanjing.async(function() error("heard", 0) end)
        ngx.print(tostring(pcall(awaited.await, awaited)))
      ]] } }
      assert.equal("false", body_of(server, "/x"))
      assert.truthy(support.wait_until(function()
        return server:log():find("hook: oh dear back", 1, true)
      end))
      assert.truthy(server:log():find(
        "a job failed and nobody awaited it: oh dear", 1, true))
      assert.falsy(server:log():find("awaited it: heard", 1, true))
    end)

    describe("below a function of C", function()
      local BELOW = {
        gsub = [[("x"):gsub("x", ask)]],
        sort = [[table.sort({ 1, 2 }, ask)]],
        require = [[package.preload.page = ask require "page"]],
        print = [[print(setmetatable({}, { __tostring = ask }))]],
      }
      local ASK = [[
        local name = %q
        local function ask()
          local reply, err = client:chat { prompt = "below" }
          return assert(reply, err).content
        end
      ]]

      for name, code in pairs(BELOW) do
        it("a call raises before anything is sent: " .. name, function()
          local sent = #box:requests()
          local server = start { locations = { ["/x"] = with_client(
            ASK:format(name) .. ("local ok, problem = pcall(function() %s end) ")
              :format(code) .. "ngx.print(tostring(problem))") } }
          assert.matches("a request can not wait inside the callback of",
            body_of(server, "/x"))
          assert.equal(sent, #box:requests())
        end)
      end

      it("a job may be started all the same, and awaited outside", function()
        local server = start { locations = { ["/x"] = with_client [[
          local job
          local _ = ("x"):gsub("x", function()
            job = yuanjing.async(function()
              return assert(client:chat { prompt = "x" }).content
            end)
          end)
          ngx.print((job:await()))
        ]] } }
        assert.truthy(body_of(server, "/x"):find(ECHO:format("x"), 1, true))
      end)

      it("a call blocks while a worker begins", function()
        local server = start { init_worker = with_client [[
            content = ("x"):gsub("x", function()
              return (assert(client:chat { prompt = "early" }).content)
            end)
          ]], locations = { ["/early"] = "ngx.print(content)" } }
        assert.truthy(body_of(server, "/early"):find("early", 1, true))
      end)
    end)
  end)
end)
