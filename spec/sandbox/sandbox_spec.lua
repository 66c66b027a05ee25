-- The sandbox by itself, asked by curl: it follows the platform's contract,
-- so the client has no part in this.
local child = require "support.child"
local json = require "yuanjing.base.json"
local curls = require "support.curl"
local sandbox = require "yuanjing.sandbox"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"

local CHAT = "/llmage/v1/chat/completions"

local function now()
  local file = assert(io.open("/proc/uptime"))
  local seconds = file:read("*n")
  file:close()
  return seconds
end

local function is_alive(pid)
  local ok = os.execute(("kill -0 %s 2>/dev/null"):format(pid))
  return ok == true or ok == 0
end

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local function read_file(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

-- call(url, "-X", "POST", ...)
local function curl(url, ...)
  return curls.run(".", url, ...)
end

describe("a sandbox process", function()
  it("starts on a free port, answers, and is gone after stop", function()
    local one = assert(sandbox.start())
    assert.matches("^http://127%.0%.0%.1:%d+$", one.url)
    assert.equal(one.url, one.asset_url)
    assert.equal("sk-sandbox", one.api_key)
    assert.equal(200, curl(one.url .. "/sandbox/scenarios").status)
    local pid = read_file(one.dir .. "/nginx.pid"):match("%d+")
    assert.is_true(is_alive(pid))
    one:stop()
    assert.is_false(is_alive(pid))
    assert.is_false(exists(one.dir))
    one:stop()
    assert.same({}, one:requests())
  end)

  it("runs beside another, each with its own keys", function()
    local one = assert(sandbox.start { keys = { "sk-first-key" } })
    local two = assert(sandbox.start { keys = { "sk-second-key" } })
    assert.not_equal(one.url, two.url)
    local bearer = "Authorization: Bearer sk-first-key"
    assert.equal(200, curl(one.url .. "/llmage/v1/models", "-H", bearer).status)
    assert.equal(401, curl(two.url .. "/llmage/v1/models", "-H", bearer).status)
    one:stop()
    assert.equal(200, curl(two.url .. "/sandbox/scenarios").status)
    assert.is_nil(read_file(two.logs.access):find("sk-first-key", 1, true))
    two:stop()
  end)

  it("refuses a port that is in use, in words", function()
    local one = assert(sandbox.start())
    local other, err = sandbox.start { port = one.port }
    assert.is_nil(other)
    assert.equal("io", err.kind)
    assert.equal(("sandbox: port %d is in use"):format(one.port), err.message)
    one:stop()
    local again = assert(sandbox.start { port = one.port })
    assert.equal(one.url, again.url)
    again:stop()
  end)

  it("keeps a folder that was given, blanks in its path and all", function()
    local parent = shell.read("mktemp -d"):match("[^\n]+")
    local one = assert(sandbox.start { dir = parent .. "/a 'b' $c" })
    assert.equal(200, curl(one.url .. "/sandbox/scenarios").status)
    one:stop()
    assert.equal(parent .. "/a 'b' $c", one.dir)
    assert.equal(1, #one:requests())
    assert.equal("", read_file(one.logs.error))
    shell.read('rm -r "$1"', parent)
  end)

  it("reports what to install when there is no nginx", function()
    local read = shell.read
    shell.read = function() return "" end
    local none, err = sandbox.start()
    shell.read = read
    assert.is_nil(none)
    assert.equal("io", err.kind)
    assert.equal("sandbox: no nginx found; install nginx with its Lua module " ..
      "(Debian and Ubuntu: apt install nginx-light libnginx-mod-http-lua) or " ..
      "OpenResty", err.message)
  end)

  it("reports what to install when nginx has no Lua module", function()
    local read = shell.read
    shell.read = function()
      return "nginx=/usr/sbin/nginx\nbuilt=nginx/1.22\nroot=lua\ndir=/none\n"
    end
    local none, err = sandbox.start()
    shell.read = read
    assert.is_nil(none)
    assert.equal("io", err.kind)
    assert.equal("sandbox: /usr/sbin/nginx has no Lua module; install nginx " ..
      "with its Lua module (Debian and Ubuntu: apt install nginx-light " ..
      "libnginx-mod-http-lua) or OpenResty", err.message)
  end)

  it("loads Debian's module only into an nginx without one inside", function()
    local machine = require "yuanjing.sandbox.machine"
    local folder = support.tempdir()
    finally(support.clean)
    local path = support.write(folder .. "/ngx_http_lua_module.so", "")
    local read = shell.read
    local function modules_of(built)
      shell.read = function()
        return ("nginx=nginx\nbuilt=%s \nmodules=%s\nroot=lua\ndir=/none\n")
          :format(built, folder)
      end
      local host = machine.prepare("/none")
      shell.read = read
      return host.modules
    end
    for built, expected in pairs {
      ["--with-threads"] = { path },
      ["--add-dynamic-module=/b/lua-nginx-module-0.10.26"] = { path },
      ["--add-module=../ngx_lua_upstream-0.07 --with-pcre"] = { path },
      ["--add-module=../ngx_lua-0.10.28 --with-pcre"] = {},
      ["--with-pcre --add-module=../ngx_lua"] = {},
      ["--add-module=/b/lua-nginx-module"] = {},
    } do
      assert.same(expected, modules_of(built), built)
    end
  end)

  it("raises on an option it does not know or can not use", function()
    local function message(options)
      local ok, text = pcall(sandbox.start, options)
      assert.is_false(ok)
      return (text:gsub("^.-:%d+: ", ""))
    end
    assert.equal('sandbox.start: unknown option "prot", did you mean "port"?', message { prot = 1 })
    assert.equal("sandbox.start: port: expected a whole number from 1 to 65535, "
      .. "got string",
      message { port = "80" })
    assert.equal("sandbox.start: speed: expected a number above 0, got 0",
      message { speed = 0 })
    assert.equal("sandbox.start: expected table, got number", message(80))
  end)

  -- Runs a command with every signal blocked.
  local BLOCKED = "python3 -c 'import os, signal, sys; "
    .. "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()); "
    .. "os.execvp(sys.argv[1], sys.argv[1:])' "

  -- `wait` decides whether a child of the dying process holds the pipe, too;
  -- `runner` comes before the command.
  local function dies_with_its_parent(wait, runner)
    local script = ([[
      package.path, package.cpath = %q, %q
      local one = assert(require("yuanjing.sandbox").start())
      local pid = io.popen("exec sh -c 'echo $PPID'"):read("*n")
      io.stdout:write(("%%d %%s\n"):format(pid, one.dir))
      io.stdout:flush()
      %s]]):format(package.path, package.cpath, wait)
    local file = support.write(support.tempdir() .. "/parent.lua", script)
    local parent = assert(io.popen(shell.command(
      ('exec %s"$1" "$2" 2>&1'):format(runner or ""), child.interpreter(),
      file)))
    local line = parent:read("*l")
    local pid, dir = line:match("^(%d+) (.*)$")
    assert.is_truthy(pid, line)
    local nginx = read_file(dir .. "/nginx.pid"):match("%d+")
    os.execute("kill -9 " .. pid)
    assert.is_true(support.wait_until(function()
      return not is_alive(nginx) and not exists(dir)
    end))
    parent:close()
    support.clean()
  end

  it("dies with its parent, even on kill -9", function()
    dies_with_its_parent('io.popen("exec sleep 3"):read("*a")')
  end)

  it("dies with its parent though a child of that holds the pipe", function()
    dies_with_its_parent('os.execute("exec sleep 3")')
  end)

  it("dies with its parent though that had blocked every signal", function()
    dies_with_its_parent('io.popen("exec sleep 3"):read("*a")', BLOCKED)
    dies_with_its_parent('os.execute("exec sleep 3")', BLOCKED)
  end)

  it("stops though its parent has blocked every signal", function()
    local file = support.write(support.tempdir() .. "/parent.lua", ([[
      package.path, package.cpath = %q, %q
      local one = assert(require("yuanjing.sandbox").start())
      local pid = io.open(one.dir .. "/nginx.pid"):read("*n")
      one:stop()
      print(pid)]]):format(package.path, package.cpath))
    local pid = support.output(("timeout 120 %s '%s' '%s' 2>&1")
      :format(BLOCKED, child.interpreter(), file))
    assert.is_truthy(pid:find("^%d+$"), pid)
    assert.is_false(is_alive(pid))
    support.clean()
  end)
end)

describe("the command", function()
  local function run(...)
    local text = shell.read([["$@" 2>&1 </dev/null; printf '\n%s' $?]], ...)
    local printed, status = text:match("^(.*)\n(%d+)$")
    return printed, tonumber(status)
  end

  local lua = child.interpreter()

  it("runs a sandbox until Ctrl-C and leaves nothing behind", function()
    local printed, status = run("python3", "spec/support/interrupted.py",
      lua, "bin/yuanjing", "sandbox", "--latency", "0")
    assert.equal(0, status, printed)
    local url = printed:match("url%s+(http://127%.0%.0%.1:%d+)\n")
    assert.is_truthy(url, printed)
    for _, line in ipairs {
      "export YUANJING_API_KEY=sk-sandbox", "export YUANJING_BASE_URL=" .. url,
      "export YUANJING_ASSET_URL=" .. url,
    } do
      assert.is_truthy(printed:find("\n  " .. line .. "\n", 1, true), line)
    end
    assert.is_false(exists(printed:match("access log%s+(%S+)")))
    assert.equal(7, curl(url .. "/sandbox/scenarios").curl)
  end)

  it("answers with its exit status", function()
    local printed, status = run(lua, "bin/yuanjing", "--version")
    assert.same({ "yuanjing " .. require("yuanjing.version") .. "\n", 0 },
      { printed, status })
    assert.equal(2, select(2, run(lua, "bin/yuanjing", "sandbx")))
    assert.equal(2, select(2, run(lua, "bin/yuanjing", "sandbox", "--port", "x")))
    printed, status = run(lua, "bin/yuanjing", "sandbox", "--list")
    assert.equal(0, status)
    assert.is_truthy(printed:find("\n  single-newline ", 1, true))
  end)

  it("fails with words when the port is taken", function()
    local one = assert(sandbox.start())
    local printed, status = run(lua, "bin/yuanjing", "sandbox", "--port",
      tostring(one.port))
    one:stop()
    assert.equal(11, status)
    assert.equal(("yuanjing: io: sandbox: port %d is in use\n"):format(one.port),
      printed)
  end)
end)

describe("the sandbox's platform", function()
  local server

  setup(function() server = assert(sandbox.start { latency = 0 }) end)
  teardown(function()
    assert.equal("", read_file(server.logs.error))
    server:stop()
  end)

  local BEARER = "Authorization: Bearer sk-sandbox"
  local JSON = "Content-Type: application/json"

  local function post(path, body, ...)
    return curl(server.url .. path, "-H", BEARER, "-H", JSON, "-d", body, ...)
  end

  local function get(path, ...)
    return curl(server.url .. path, "-H", BEARER, ...)
  end

  local function ask(scenario, stream, text)
    return post(CHAT, assert(json.encode {
      model = "qwen3-max", prompt = text or "abcdefghij", stream = stream,
      sandbox = scenario,
    }))
  end

  -- The chunks of a stream in its usual framing.
  local function chunks(body)
    local list = {}
    for text in body:gmatch("data: ({[^\n]*})\n\n") do
      list[#list + 1] = assert(json.decode(text))
    end
    return list
  end

  local function content(list)
    local parts = {}
    for i, chunk in ipairs(list) do parts[i] = chunk.content or "" end
    return table.concat(parts)
  end

  describe("at the door", function()
    it("wants the exact prefix and a known key", function()
      local function status(header)
        return curl(server.url .. "/llmage/v1/models", "-H", header).status
      end
      assert.equal(200, status(BEARER))
      assert.equal(401, status("Authorization: bearer sk-sandbox"))
      assert.equal(401, status("Authorization: Bearer  sk-sandbox"))
      assert.equal(401, status("Authorization: Bearer sk-sandboxx"))
      assert.equal(401, status("X-Nothing: at all"))
      local refused = curl(server.url .. "/llmage/v1/models")
      assert.equal('{"error": "Invalid API Key"}', refused.body)
    end)

    it("drops what is not application/json", function()
      local body = '{"model": "qwen3-max", "prompt": "hello"}'
      local answer = curl(server.url .. CHAT, "-H", BEARER, "-d", body)
      assert.equal(400, answer.status)
      assert.equal('{"error": "Missing required parameter: prompt"}',
        answer.body)
      assert.equal(200, post(CHAT, body, "-H",
        "Content-Type: application/json; charset=utf-8").status)
    end)

    it("names what is missing", function()
      local function refusal(body)
        local answer = post(CHAT, body)
        assert.equal(400, answer.status)
        return answer.body
      end
      local prompt = '{"error": "Missing required parameter: prompt"}'
      assert.equal(prompt, refusal("{}"))
      assert.equal(prompt, refusal('{"model": "x", "prompt": ""}'))
      assert.equal(prompt, refusal('{"model": "x", "prompt": "cut'))
      assert.equal(prompt, refusal('["model", "prompt"]'))
      assert.equal('{"error": "Missing required parameter: model"}',
        refusal('{"prompt": "hello"}'))
    end)

    it("refuses a JSON body beyond 10 MiB, in plain text", function()
      local huge = [[head -c 10485761 /dev/zero | tr '\0' ' ' |
        curl -s -i -H "$2" -H 'Content-Type: application/json' \
          -H "$3" --data-binary @- "$1"; printf '\n0']]
      for _, header in ipairs { "Expect:", "Transfer-Encoding: chunked" } do
        local answer = curls.parse(shell.read(huge, server.url .. CHAT, BEARER, header))
        assert.equal(413, answer.status)
        assert.matches("^text/plain", answer.headers["content-type"])
        assert.equal("Maximum request body size 10485760 exceeded, actual " ..
          "body size 10485761", answer.body)
      end
    end)

    it("takes a body that is large but allowed", function()
      local answer = curls.parse(shell.read([[
        { printf '{"model": "m", "sandbox": "say=OK", "prompt": "'
          head -c 3000000 /dev/zero | tr '\0' a; printf '"}'; } |
        curl -s -i -H "$2" -H 'Content-Type: application/json' \
          --data-binary @- "$1"; printf '\n0']], server.url .. CHAT, BEARER))
      assert.equal(200, answer.status)
    end)

    it("knows its addresses and their methods", function()
      assert.equal(404, get("/llmage/v2/models").status)
      assert.equal(405, get(CHAT).status)
    end)
  end)

  it("lists the models of a category once each", function()
    local all = assert(json.decode(get("/llmage/v1/models").body))
    local some = assert(json.decode(
      get("/llmage/v1/models?catelogid=i2v").body))
    assert.equal("list", some.object)
    local seen = {}
    for _, model in ipairs(some.data) do
      assert.is_nil(seen[model.id])
      seen[model.id] = true
    end
    assert.equal(6, #some.data)
    assert.is_true(seen["happyhorse-1.0-i2v"])
    local floats, ids = 0, {}
    for _, model in ipairs(all.data) do
      if model.created % 1 ~= 0 then floats = floats + 1 end
      ids[model.id] = (ids[model.id] or 0) + 1
    end
    assert.is_true(floats > 0 and floats < #all.data)
    assert.equal(3, ids["doubao-seedance-2-0-260128"])
    assert.equal(1, ids["qwen3-max"])
    assert.same({}, json.decode(get("/llmage/v1/models?catelogid=x").body).data)
  end)

  describe("in a chat", function()
    it("answers one object with the platform's fields", function()
      local answer = ask("say=Hi", false)
      assert.equal(200, answer.status)
      assert.equal("text/html", answer.headers["content-type"])
      assert.matches('^{"id": "chatcmpl%-[%x-]+", "object": ' ..
        '"chat.completion", "created": %d+, "choices": %[{"finish_reason": ' ..
        '"stop", "index": 0, "message": {"content": "Hi", "role": ' ..
        '"assistant"}}%], "model": "qwen3%-max", "reasoning_content": null, ' ..
        '"content": "Hi", "finish": "1", "usage": {"completion_tokens": 2, ' ..
        '"prompt_tokens": 2, "prompt_tokens_details": {"cached_tokens": 0}, ' ..
        '"total_tokens": 4}}$', answer.body)
    end)

    it("streams as the platform was captured", function()
      local answer = ask("say=我是", true)
      assert.equal("text/html", answer.headers["content-type"])
      local body = answer.body:gsub('"chatcmpl%-[%x-]+"', '"ID"')
        :gsub('"created": %d+', '"created": 1')
        :gsub('"llmusageid": "K9_%x+"', '"llmusageid": "K9"')
      local head = 'data: {"id": "ID", "object": "chat.completion.chunk", ' ..
        '"created": 1, "choices": '
      local tail = '"finish": "0", "llmusageid": "K9"}\n\n'
      assert.equal(table.concat {
        head, '[{"logprobs": null, "index": 0, "delta": {"content": "", ',
        '"role": "assistant"}}], "model": "qwen3-max", ',
        '"reasoning_content": null, "content": "", ', tail,
        head, '[{"delta": {"content": "\\u6211\\u662f", "role": null}, ',
        '"index": 0}], "model": "qwen3-max", "reasoning_content": null, ',
        '"content": "\\u6211\\u662f", ', tail,
        head, '[{"delta": {"content": "", "role": null}, "index": 0, ',
        '"finish_reason": "stop"}], "model": "qwen3-max", ',
        '"reasoning_content": null, "content": "", ', tail,
        head, '[], "model": "qwen3-max", "finish": "1", "usage": ',
        '{"total_tokens": 5, "completion_tokens": 3, "prompt_tokens": 2, ',
        '"prompt_tokens_details": {"cached_tokens": 0}}, ',
        '"llmusageid": "K9"}\n\ndata: [DONE]\n\n',
      }, body)
    end)

    it("introduces itself in both languages, and can be brief", function()
      local function say(prompt, system)
        return json.decode(post(CHAT, json.encode {
          model = "qwen3-max", prompt = prompt, sys_prompt = system,
        }).body).content
      end
      assert.equal("我是元境沙箱里的 qwen3-max，住在你自己的电脑上。",
        say("你是谁", "简短回答"))
      assert.equal("Hello! You said: \"1+1=?\".", say("1+1=?", "be brief"))
      assert.matches("^I am qwen3%-max", say("你是谁", "answer in English"))
      assert.equal(say("你是谁"), content(chunks(ask("", true, "你是谁").body)))
    end)

    it("takes messages in the prompt's place", function()
      local answer = post(CHAT, [[{"model": "m", "sandbox": "echo",
        "prompt": "no", "messages": [{"role": "user", "content": [
        {"type": "text", "text": "\u5143\u5883\ud83d\ude00"}]}]}]])
      assert.equal("元境😀", json.decode(answer.body).content)
    end)

    it("serves the legacy address alike", function()
      local answer = post("/llmage/t2t",
        '{"model": "m", "prompt": "x", "sandbox": "say=OK"}')
      assert.equal("OK", json.decode(answer.body).content)
    end)

    it("has the text \"false\" for true", function()
      local answer = post(CHAT, [[{"model": "m", "prompt": "x",
        "stream": "false"}]])
      assert.matches("^data: ", answer.body)
    end)

    it("lets a thinking model think first", function()
      local answer = post(CHAT, '{"model": "deepseek-r1", "prompt": "x", ' ..
        '"stream": true}')
      local list = chunks(answer.body)
      assert.equal("Th", list[2].choices[1].delta.reasoning_content)
      assert.equal("Th", list[2].reasoning_content)
      assert.equal("", list[2].content)
    end)

    it("takes its time between chunks", function()
      local begun = now()
      ask("say=ab; slow=0.05", true)
      assert.is_true(now() - begun >= 0.19)
    end)
  end)

  describe("on request", function()
    it("answers by header and by field", function()
      local body = '{"model": "m", "prompt": "x"}'
      local answer = post(CHAT, body, "-H", "X-Sandbox: balance; slow=0")
      assert.equal(429, answer.status)
      assert.equal("balance; slow", answer.headers["x-sandbox"])
    end)

    it("refuses a name or value it does not know", function()
      for scenario, words in pairs {
        ["no-such"] = "unknown scenario no-such",
        ["slow=fast"] = "slow=fast: a number is expected",
        ["times"] = "times needs a value: times=n",
        ["crlf=1"] = "crlf takes no value",
      } do
        local answer = ask(scenario)
        assert.equal(400, answer.status)
        assert.is_truthy(answer.body:find("sandbox: " .. words, 1, true),
          answer.body)
      end
    end)

    it("serves a scenario the first n times only", function()
      local list = {}
      for i = 1, 3 do list[i] = ask("unavailable=2; times=2; tag=a") end
      assert.same({ 503, 503, 200 },
        { list[1].status, list[2].status, list[3].status })
      assert.equal("2", list[1].headers["retry-after"])
      assert.equal(503, ask("unavailable=2; times=2; tag=b").status)
    end)

    local DONE = "data: %[DONE%]"
    for scenario, pattern in pairs {
      ["single-newline"] = '"}\ndata: {.*' .. DONE .. "\n\n$",
      ["bare-lines"] = '^{.*}\n{[^\n]*"finish": "1"[^\n]*}\n$',
      ["no-space"] = "^data:{.*\n\ndata:%[DONE%]\n\n$",
      ["crlf"] = "^data: {[^\n]*}\r\n\r\n.*" .. DONE .. "\r\n\r\n$",
      ["cr"] = "^data: {[^\n]*}\r\rdata: [^\n]*" .. DONE .. "\r\r$",
      ["bom"] = "^\239\187\191data: ",
      ["comments"] = "^: keep%-alive\n\ndata: {.*}\n\n: keep%-alive\n\n" ..
        DONE .. "\n\n$",
      ["comments; crlf"] = "^: keep%-alive\r\n\r\ndata: ",
      ["fields"] = "^event: message\nid: 7\nretry: 3000\ndata: {",
      ["many-data"] = '^data: {"id": "[^\n]*",\ndata: "object": ',
      ["no-done"] = '"finish": "1"[^\n]*}\n\n$',
      ["done=1"] = "}\n\n" .. DONE .. "\n$",
      ["done=0"] = "}\n\n" .. DONE .. "$",
      ["split=3; say=abc"] = DONE .. "\n\n$",
      ["content-null"] = '"delta": {"content": null',
      ["role-null"] = '^data: {.-"delta": {"content": "", "role": null}',
      ["no-choices"] = '"created": %d+, "model"',
      ["usage-only"] = 'data: {"usage": {"total_tokens": 3',
      ["top-only"] = '"created": %d+, "model": "qwen3%-max", ' ..
        '"reasoning_content": null, "content": "ab"',
      ["delta-only"] = '"content": "ab", "role": null}, "index": 0}%], ' ..
        '"model": "qwen3%-max"}\n',
      ["no-usage"] = '"finish": "1", "llmusageid"',
      ["finish"] = '"finish_reason": "length"',
      ["broken"] = 'data: {"id": "chatcmpl%-0", "choices": %[{%]}\n\n',
      ["cut=2"] = '^data: {[^\n]*}\n\ndata: {[^\n]*"content": "ab"[^\n]*}\n\n$',
      ["half=1"] = '^data: {[^\n]*}\n\ndata: {[^\n]*$',
      ["keep-alive=0.05"] = "^: keep%-alive\n\n: keep%-alive\n\n.*" .. DONE,
      ["keep-alive=0.05; after=1"] = "^data: {[^\n]*\n\n: keep%-alive\n\n",
      ["stream-failed=start"] = '^data: {"error": "ERROR:[^"]*", "status": ' ..
        '"FAILED", "llmusageid": "[^"]*"}\n\n' .. DONE .. "\n\n$",
      ["stream-error"] = '^data: {"id".*data: {"error": "ERROR:[^"]*"}\n\n' ..
        DONE .. "\n\n$",
      ["stream-failed=end"] = '"finish": "1"[^\n]*}\n\ndata: {"error": ' ..
        '[^\n]*}\n\n' .. DONE .. "\n\n$",
      ["stream-error-object"] = 'data: {"error": {"message": "ERROR:[^\n]*' ..
        '}}\n\n' .. DONE .. "\n\n$",
      ["as-plain"] = '^{"id": ',
    } do
      it("streams with " .. scenario, function()
        local answer = ask("echo; " .. scenario, true)
        assert.same({ 200, 0 }, { answer.status, answer.curl })
        assert.is_truthy(answer.body:find(pattern), answer.body)
      end)
    end

    for scenario, pattern in pairs {
      ["content-null"] = '"message": {"content": null, "role": "assistant"}',
      ["role-null"] = '"message": {"content": "[^"]*", "role": null}',
      ["delta-only"] = '"created": %d+, "choices": %[[^%]]*%], "model": ' ..
        '"qwen3%-max", "usage"',
      ["task"] = '^{"taskid": "%d+", "status": "CREATED"}$',
      ["two-values"] = '^{"id": .*}{"status": "SUCCEEDED", "taskid": "%d+"}$',
      ["broken"] = '^{"id" "chatcmpl',
      ["cut"] = '^{"id": "chatcmpl[^}]*$',
      ["stall=0.05"] = '^{"id": .*}}$',
      ["as-stream"] = "^data: {.*" .. DONE .. "\n\n$",
      ["reasoning"] = '"reasoning_content": "The user says',
      ["error-text"] = '^{"error": "the model is overloaded"}$',
      ["error-object"] = '^{"error": {"message": "[^"]*", "type": "[^"]*", ' ..
        '"code": "[^"]*"}}$',
      ["error-data"] = '^{"status": "error", "data": {"message": "[^"]*"}}$',
      ["error-success"] = '^{"success": false, "message": "[^"]*"}$',
      ["error-success-error"] = '^{"success": false, "error": "[^"]*"}$',
      ["error-failed"] = '^{"status": "FAILED", "error": "ERROR:[^"]*"}$',
      ["error-message"] = '^{"status": "error", "message": "[^"]*"}$',
      ["error-errcode"] = '^{"errcode": 40001, "errmsg": "[^"]*"}$',
      ["error-plain"] = "^ERROR: the model is overloaded$",
      ["error-html"] = "^<html>.*</html>$",
      ["error-python"] = "^{'error': '[^']*', 'code': None, 'ok': False}$",
      ["error-empty"] = "^$",
      ["error-echo"] = "Authorization: Bearer sk%-sandbox",
    } do
      it("answers with " .. scenario, function()
        local answer = ask("say=Hi; " .. scenario)
        assert.same({ 200, 0 }, { answer.status, answer.curl })
        assert.is_truthy(answer.body:find(pattern), answer.body)
      end)
    end

    for scenario, expected in pairs {
      ["bad-request"] = { 400, '^{"error": "Missing required' },
      ["error-funds=400"] = { 400, '^{"error": "InsufficientFunds"}$' },
      ["unauthorized"] = { 401, '^{"error": "Invalid API Key"}$' },
      ["unauthorized-text"] = { 401, "^401: Unauthorized$" },
      ["forbidden"] = { 403, "^403: Forbidden$" },
      ["not-found"] = { 404, "^404: Not Found$" },
      ["balance"] = { 429, '^{"error": "Insufficient balance"}$' },
      ["rate-limit=3"] = { 429, "Rate limit", "3" },
      ["rate-limit-bare"] = { 429, "Rate limit" },
      ["server-error"] = { 500, "^500 " },
      ["bad-gateway"] = { 502, "^<html>" },
      ["unavailable"] = { 503, "^<html>", "1" },
      ["unavailable-bare"] = { 503, "^<html>" },
      ["status=418"] = { 418, "status 418" },
    } do
      it("refuses with " .. scenario, function()
        local answer = ask(scenario, true)
        assert.equal(expected[1], answer.status)
        assert.is_truthy(answer.body:find(expected[2]), answer.body)
        assert.equal(expected[3], answer.headers["retry-after"])
      end)
    end

    it("leads elsewhere", function()
      local answer = ask("redirect=http://example.test/a")
      assert.equal(302, answer.status)
      assert.equal("http://example.test/a", answer.headers.location)
      answer = ask("redirect-307")
      assert.equal(307, answer.status)
      assert.equal(("http://localhost:%d/sandbox/elsewhere"):format(
        server.port), answer.headers.location)
    end)

    -- 18: the body was incomplete; 52: there was no answer at all
    for scenario, status in pairs {
      abort = 18, ["abort=0"] = 18, ["late-abort"] = 18, ["head-abort"] = 18,
      close = 52,
    } do
      it("breaks the connection with " .. scenario, function()
        assert.equal(status, ask(scenario, true).curl)
        assert.equal(status, ask(scenario, false).curl)
      end)
    end

    it("promises more than it sends", function()
      assert.equal(18, ask("short").curl)
    end)

    it("breaks off inside an event, or after the end mark", function()
      assert.matches("^data: {[^\n]*}\n\ndata: {[^\n]*$",
        ask("abort=1", true).body)
      assert.matches(DONE .. "\n\n$", ask("late-abort", true).body)
    end)

    for scenario, body in pairs {
      ["stall-head=99"] = "^$", ["stall-start=99"] = "^$",
      ["stall=99"] = "^data: {[^\n]*}\n\n$",
      ["stall=99; after=2"] = "^data: {[^\n]*}\n\ndata: {[^\n]*}\n\n$",
    } do
      it("goes silent with " .. scenario, function()
        local answer = curls.parse(shell.read([[curl -s -N -i -m 2.5 -H "$2" \
          -H 'Content-Type: application/json' -H "X-Sandbox: $3" \
          -d '{"model": "m", "prompt": "x", "stream": true}' "$1"
          printf '\n%s' $?]], server.url .. CHAT, BEARER, scenario))
        assert.equal(28, answer.curl)
        assert.is_truthy(answer.body:find(body), answer.body)
      end)
    end

    it("compresses only then", function()
      local want = { "-H", "Accept-Encoding: gzip" }
      local plain = post(CHAT, '{"model": "m", "prompt": "x"}', want[1], want[2])
      assert.is_nil(plain.headers["content-encoding"])
      local packed = ask("gzip; say=OK", true)
      assert.equal("gzip", packed.headers["content-encoding"])
      assert.equal("\31\139", packed.body:sub(1, 2))
    end)

    it("says what a body is, for clients that ask for it", function()
      for scenario, types in pairs {
        [""] = { "text/html", "text/html" },
        ["content-type"] = { "application/json", "text/event-stream" },
        ["content-type=text/plain"] = { "text/plain", "text/plain" },
      } do
        assert.same(types, {
          ask(scenario, false).headers["content-type"],
          ask(scenario, true).headers["content-type"] }, scenario)
      end
      local refused = ask("unauthorized; content-type", false)
      assert.same({ 401, "application/json" },
        { refused.status, refused.headers["content-type"] })
      local answer = get("/llmage/v1/models", "-H", "X-Sandbox: content-type")
      assert.equal("application/json", answer.headers["content-type"])
    end)

    it("sends much text, or one long line", function()
      assert.equal(300 + 3, #chunks(ask("long=300", true).body))
      local answer = ask("huge-line=200000", true)
      assert.equal(200000, #chunks(answer.body)[2].content)
      assert.equal(1048580, #json.decode(ask("error-long").body).error)
    end)

    it("does the same for the other addresses", function()
      local answer = get("/llmage/v1/models", "-H", "X-Sandbox: bad-gateway")
      assert.equal(502, answer.status)
      answer = get("/llmage/v1/models", "-H", "X-Sandbox: two-values")
      assert.matches('^{"object": "list".*}{"status"', answer.body)
    end)
  end)

  describe("keeps a log", function()
    local function last()
      local list = server:requests()
      return list[#list]
    end

    it("of what was asked and answered, without the key", function()
      local before = #server:requests()
      local body = '{"model": "m", "prompt": "sk-sandbox", "stream": true, ' ..
        '"sandbox": "cut"}'
      post(CHAT .. "?a=1", body, "-H", "Cookie: session=abc")
      local seen = last()
      assert.equal(before + 1, #server:requests())
      assert.equal("POST", seen.method)
      assert.equal(CHAT, seen.path)
      assert.equal("a=1", seen.query)
      assert.same({ "m", true, "cut", "ok" },
        { seen.model, seen.stream, seen.scenario, seen.auth })
      assert.same({ 200, #body }, { seen.status, seen.bytes })
      assert.equal((body:gsub("sk%-sandbox", "***")), seen.body)
      assert.equal("Bearer ***", seen.headers.authorization)
      assert.equal("***", seen.headers.cookie)
      assert.is_nil(read_file(server.logs.access):find("sk-sandbox", 1, true))
    end)

    it("of a client that went away, and of one still waiting", function()
      local hung = io.popen(shell.command([[exec curl -s -m 4 -H "$2" \
        -H 'Content-Type: application/json' -H 'X-Sandbox: stall-head=99' \
        -d '{"model": "m", "prompt": "x"}' "$1"]], server.url .. CHAT, BEARER))
      assert.is_true(support.wait_until(function()
        return last().scenario == "stall-head=99"
      end))
      local seen = last()
      assert.is_nil(seen.status)
      hung:close()
      assert.is_true(support.wait_until(function() return last().status end)
        == 499)
      assert.equal(seen.id, last().id)
    end)
  end)
end)
