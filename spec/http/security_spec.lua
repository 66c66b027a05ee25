-- The promises of SECURITY.md that no other spec tests.
local calls = require "support.fault_calls"
local child = require "support.child"
local cjson = require "cjson"
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local KEY = "sk-s3cret/Key+0="
local PNG = "\137PNG\r\n\26\n" .. ("\0"):rep(20)
local FILM = ("film"):rep(5000)
local LAST = { Connection = "close" } -- the last answer of a connection
local OK = scripted.answer(200, LAST, '{"status":"RUNNING","data":[]}')
local CREATED = scripted.answer(200, LAST, '{"taskid":"7","status":"CREATED"}')
local REPLY = scripted.answer(200, LAST, '{"content":"fine"}')

-- Texts that are dangerous if they are not escaped: in a URL, a header, a
-- form, JSON, a path, a pattern.
local HOSTILE = { 'a"b', "a'b", "a\\b", "a;b", "a&taskid=b", "a=b", "a#b", "a?b",
  "a/../b", "../../b", "a%00b", "a%0d%0ab", "a b", "a+b", "a\r\nX-Evil: 1",
  "a\r\n\r\nGET /evil HTTP/1.1\r\n\r\n", "a\nb", "a\rb", "a\0b", "a\tb",
  "a\127b", "猫", "a\255b", "%s%n", "{}[]<>|^`", "@evil.invalid/",
  '"; filename="evil.sh' }

local function client_at(url, options)
  options = options or {}
  options.base_url, options.asset_url = url, url
  options.api_key = options.api_key or KEY
  options.retries, options.timeout = options.retries or 0, 20
  return yuanjing.new(options)
end

local function serve(answer)
  return support.serve { default = { { "request" }, { "send", answer or OK } } }
end

-- The names of the headers of a request, in their order.
local function header_names(request)
  local names = {}
  for name in request.head:gmatch("\r\n([^:\r\n]+)") do
    names[#names + 1] = name
  end
  return table.concat(names, " ")
end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

-- Where the key, or half of it, is in a value; nil: nowhere.
local function key_in(value, name)
  return support.find_text("s3cret", value, name)
end

-- What a caller gives -------------------------------------------------------

describe("a text of the caller", function()
  after_each(support.clean)

  it("is one value of a query, whatever is in it", function()
    local server = serve()
    local client = client_at(server.url)
    for _, id in ipairs(HOSTILE) do assert(client:task(id):refresh()) end
    local requests = server:requests()
    assert.equal(#HOSTILE, #requests)
    for n, request in ipairs(requests) do
      local value = request.path:match("^/llmage/v1/tasks%?taskid=([%w%%._~-]+)$")
      assert.truthy(value, request.path)
      assert.equal(HOSTILE[n], unescape(value))
      assert.equal("Host Accept User-Agent Authorization",
        header_names(request))
    end
  end)

  it("is one name or one value of client:request's query", function()
    local server = serve()
    local client = client_at(server.url)
    for _, text in ipairs(HOSTILE) do
      assert(client:request { path = "/x", query = { [text] = text } })
    end
    for n, request in ipairs(server:requests()) do
      local name, value = request.path:match("^/x%?([%w%%._~-]+)=([%w%%._~-]+)$")
      assert.truthy(name, request.path)
      assert.same({ HOSTILE[n], HOSTILE[n] },
        { unescape(name), unescape(value) })
    end
  end)

  it("stays in the JSON it was given for", function()
    local server, sent = serve(REPLY), {}
    local client = client_at(server.url)
    for _, text in ipairs(HOSTILE) do
      if not core.utf8_error(text) then
        assert(client:chat { prompt = text, [text] = text })
        sent[#sent + 1] = text
      end
    end
    for n, request in ipairs(server:requests()) do
      assert.same({ prompt = sent[n], [sent[n]] = sent[n], model = "qwen3-max",
        stream = false }, cjson.decode(request.body))
      assert.equal("Host Accept User-Agent Authorization Content-Type "
        .. "Content-Length", header_names(request))
    end
    assert.truthy(#sent > 20)
  end)

  it("is one field of a form, or none", function()
    local server, refused = serve(CREATED), 0
    for _, name in ipairs(HOSTILE) do
      local task, err = client_at(server.url):video {
        model = "happyhorse-1.0-i2v", prompt = "x",
        first_frame = yuanjing.bytes(PNG), extra = { [name] = "the value" } }
      if not task then
        assert.same({ "invalid_request", 0 }, { err.kind, err.attempts })
        refused = refused + 1
      end
    end
    assert.equal(#HOSTILE - refused, #server:requests())
    for _, request in ipairs(server:requests()) do
      local boundary = request.headers["content-type"]:match("boundary=(%S+)$")
      local _, parts = request.body:gsub("%-%-" .. boundary:gsub("%p", "%%%0")
        .. "\r\nContent%-Disposition: form%-data; name=\"[^\"\r\n%z]+\"[;\r]", "")
      assert.equal(5, parts, request.body)
      local _, files = request.body:gsub('; filename="', "")
      assert.equal(1, files)
      assert.is_nil(request.headers["x-evil"])
    end
    assert.equal(7, refused) -- those with control characters, and bad UTF-8
  end)

  it("is no header and no path with a control character", function()
    local client = client_at("http://127.0.0.1:1")
    for byte = 0, 127 do
      if byte < 32 or byte == 127 then
        local bad = "a" .. string.char(byte) .. "b"
        for _, options in ipairs { { headers = { ["X-A"] = bad } },
          { headers = { [bad] = "x" } }, { user_agent = bad } } do
          assert.is_false(pcall(yuanjing.new, options))
        end
        assert.is_false(pcall(client.request, client, { path = "/" .. bad }))
        assert.is_false(pcall(client.request, client,
          { path = "/", method = bad }))
      end
    end
  end)

  it("is no other host, as a path", function()
    local server = serve()
    for _, path in ipairs { "//evil.invalid/x", "/@evil.invalid",
      "/\\evil.invalid", "/:80/x", "/http://evil.invalid/" } do
      assert(client_at(server.url):request { path = path })
    end
    for _, path in ipairs { "@evil.invalid/", ".evil.invalid/", ":1/", "",
      "http://evil.invalid/" } do
      local client = client_at(server.url)
      assert.is_false(pcall(client.request, client, { path = path }))
    end
    assert.equal(5, #server:requests())
  end)
end)

-- The key -------------------------------------------------------------------

describe("the key", function()
  after_each(support.clean)

  it("goes out as it is, or not at all", function()
    local server, sent = serve(), {}
    for _, text in ipairs(HOSTILE) do
      local key = "k" .. text .. "k"
      local list, err = client_at(server.url, { api_key = key }):models()
      if text:find("[%z\1-\31\127]") then
        assert.is_nil(list)
        assert.same({ "auth", "the API key has control characters in it", 0 },
          { err.kind, err.message, err.attempts })
      else
        sent[#sent + 1] = "Bearer " .. key
      end
    end
    for n, request in ipairs(server:requests()) do
      assert.equal(sent[n], request.headers.authorization)
      assert.equal("Host Accept User-Agent Authorization",
        header_names(request))
    end
    assert.equal(#sent, #server:requests())
  end)

  it("is in no error that the core raises", function()
    local pool = assert(core.pool())
    finally(function() pool:close() end)
    local bearer = "Authorization: Bearer " .. KEY
    for _, wrong in ipairs { { method = "get" }, { method = false },
      { url = "http://a\0b" }, { headers = { bearer, 1 } },
      { headers = { bearer .. "\r\nX: y" } }, { headers = { bearer .. "\0" } },
      { body = {} }, { parts = { {} } }, { timeouts = { idle = "1" } },
      { proxy = 1 }, { max_body = "1" } } do
      local request = { method = "POST", url = "http://127.0.0.1:1/",
        headers = { bearer }, body = "x" }
      for name, value in pairs(wrong) do request[name] = value end
      local ok, problem = pcall(pool.open, pool, request)
      assert.is_false(ok)
      assert.is_nil(key_in(problem))
    end
  end)

  it("is in no error of a request that can not be made", function()
    for _, options in ipairs { { base_url = "http://127.0.0.1:1/"
      .. ("x"):rep(8000001) }, { ca_file = "/none" }, { proxy = "nonsense://x" },
      { proxy = "http://[::1" }, { base_url = "http://no..such.invalid" } } do
      local base = options.base_url or "https://127.0.0.1:1"
      for _, text in ipairs { "x", ("x"):rep(100000) } do
        local events = {}
        options.on_event = function(event) events[#events + 1] = event end
        local reply, err = client_at(base, options):chat { prompt = text }
        assert.is_nil(reply)
        assert.is_nil(key_in(support.fields(err)))
        assert.is_nil(key_in(tostring(err)))
        assert.is_nil(key_in(events))
      end
    end
  end)

  it("is not for a proxy that is to open a tunnel", function()
    local proxy = support.serve { default = { { "request" },
      { "send", scripted.answer(403, LAST, "") } } }
    local client = client_at("https://platform.invalid", { proxy = proxy.url,
      headers = { ["X-Mine"] = "s3cret" } })
    for _, stream in ipairs { false, true } do
      local reply, err = client:chat { prompt = "x", stream = stream }
      assert.is_nil(reply)
      assert.equal("transport", err.kind)
    end
    local requests = proxy:requests()
    assert.equal(2, #requests)
    for _, request in ipairs(requests) do
      assert.equal("CONNECT platform.invalid:443 ",
        request.head:match("^CONNECT %S+ "))
      assert.is_nil(key_in(request.head))
    end
  end)

  it("is in no process's arguments", function()
    local server = support.serve { default = { { "request" },
      { "wait_close", 120 } } }
    local job = yuanjing.async(function()
      return client_at(server.url):chat { prompt = "x" }
    end)
    server:wait_for(function() return #server:requests() == 1 end,
      function() yuanjing.sleep(0.005) end)
    local seen = 0
    for path in support.output("ls -d /proc/[0-9]* 2>/dev/null"):gmatch("%S+") do
      local file = io.open(path .. "/cmdline", "rb")
      local arguments = file and file:read("*a") or ""
      if file then file:close() end
      assert.is_nil(key_in(arguments))
      seen = seen + (arguments ~= "" and 1 or 0)
    end
    assert.truthy(seen > 1)
    job:cancel()
  end)

  it("follows no redirect, whatever the call", function()
    local elsewhere = support.serve { default = { { "request" },
      { "send", scripted.answer(404, { Connection = "close" }, "") } } }
    for _, status in ipairs { 300, 301, 302, 303, 307, 308 } do
      local server = support.serve { default = { { "request" }, { "send",
        scripted.answer(status, { Connection = "close",
          Location = elsewhere.url .. "/evil" }, "") } } }
      local client = client_at(server.url, { headers = { ["X-Mine"] = "s3cret" } })
      local folder = support.tempdir()
      local place = { folder = folder, picture = support.write(folder
        .. "/a.png", PNG) }
      for _, call in ipairs(calls) do
        if not call.is_file then
          local value, err = call.run(client, place)
          assert.is_nil(value)
          assert.same({ "platform", status }, { err.kind, err.status })
        end
      end
      server:stop()
    end
    assert.equal(0, elsewhere:connections().opened)
  end)
end)

-- What a server sends -------------------------------------------------------

-- A task with its film at that URL; it sends no query for another URL.
local function task_with(url, options)
  local task = client_at("http://127.0.0.1:1", options):task("7")
  task._api = { task = function()
    return { status = "SUCCEEDED", result = { video = url, videos = { url } } }
  end }
  return task
end

-- URLs that do not belong to the server, but look similar.
local function bad_urls(server)
  local host = "127.0.0.1:" .. server.port
  return { "file:///etc/passwd", "FILE:///etc/passwd", "file://" .. host .. "/",
    "ftp://" .. host .. "/x", "gopher://" .. host .. "/x",
    "dict://" .. host .. "/x", "scp://" .. host .. "/x", "data:text/plain,x",
    "http://me:hunter2@" .. host .. "/x", "http://hunter2@" .. host .. "/x",
    "http://evil.invalid@" .. host .. "/x",
    "http://" .. host .. "/a\r\nX-Evil:1", "http://" .. host .. "/a\nb",
    "http://" .. host .. "/a\0b", "http://" .. host .. "/a\tb",
    "http:///" .. host, "http://" .. host .. "99999/",
    "http:\\\\" .. host .. "/x", "javascript:alert(1)" }
end

describe("a URL of the server's", function()
  after_each(support.clean)

  it("is not asked for unless it is a plain one of http or https", function()
    local server, folder = serve(), support.tempdir()
    for _, url in ipairs(bad_urls(server)) do
      local saved, err = task_with(url):save(folder .. "/x")
      assert.is_nil(saved, url)
      assert.equal(url:find("^data:") and "decode" or "platform", err.kind)
      assert.is_nil(tostring(err):find("hunter2", 1, true))
    end
    assert.equal(0, server:connections().opened)
    assert.equal("", support.output("ls -A " .. folder))
  end)

  it("is not followed to what is none", function()
    local server, folder = serve(), support.tempdir()
    for _, url in ipairs(bad_urls(server)) do
      if not url:find("[%z\r\n]") then
        local leading = support.serve { default = { { "request" }, { "send",
          scripted.answer(302, { Location = url, Connection = "close" }, "") } } }
        local saved, err = task_with(leading.url .. "/x"):save(folder .. "/x")
        assert.is_nil(saved, url)
        assert.truthy(err.kind == "platform" or err.kind == "transport", url)
        assert.is_nil(tostring(err):find("hunter2", 1, true))
        leading:stop()
      end
    end
    assert.equal(0, server:connections().opened)
    assert.equal("", support.output("ls -A " .. folder))
  end)

  it("shows its signature nowhere", function()
    local cut = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"
    local headers = { ["Content-Range"] = "bytes 7-8/9", Connection = "close" }
    local failing = {
      server = { { "send", scripted.answer(500, {}, "oops") } },
      not_found = { { "send", scripted.answer(403, {}, "expired") } },
      truncated = { { "send", cut } },
      decode = { { "send", scripted.answer(206, headers, "xx") } },
      platform = { { "send", scripted.answer(302, { Connection = "close",
        Location = "/x?sig=s3cret" }, "") } },
    }
    for kind, steps in pairs(failing) do
      local server = support.serve { default = { { "request" }, steps[1] } }
      local events = {}
      local task = task_with(server.url .. "/x?sig=s3cret#s3cret",
        { on_event = function(event) events[#events + 1] = event end })
      local saved, err = task:save(support.tempdir() .. "/x")
      assert.is_nil(saved)
      assert.equal(kind, err.kind)
      err.task = nil
      assert.is_nil(key_in(support.fields(err)))
      assert.is_nil(key_in(tostring(err)))
      assert.is_nil(key_in(events))
      assert.truthy(#events > 1)
    end
  end)
end)

describe("a file of the server's", function()
  after_each(support.clean)

  local function film_server()
    return support.serve { default = { { "request" }, { "file", FILM, '"1"' } } }
  end

  it("is not written where a link leads", function()
    local folder = support.tempdir()
    local other = support.write(folder .. "/other", "mine")
    os.execute(("ln -s other '%s/x.part'"):format(folder))
    local saved, err = task_with(film_server().url .. "/x"):save(folder .. "/x")
    assert.is_nil(saved)
    assert.equal("io", err.kind)
    assert.equal("mine", support.read(other))
  end)

  it("goes where a link of the user's own leads, and leaves the link", function()
    local folder = support.tempdir()
    local other = support.write(folder .. "/other", "mine")
    os.execute(("ln -s other '%s/x'"):format(folder))
    assert(task_with(film_server().url .. "/x"):save(folder .. "/x"))
    assert.is_true(support.read(other) == FILM)
    assert.equal("other", support.output(("readlink '%s/x'"):format(folder)))
  end)

  it("does not go where another user's link leads", function()
    if support.output("id -u") ~= "0" then
      return pending("only root can make another user's link")
    end
    local folder = support.tempdir()
    local other = support.write(folder .. "/other", "mine")
    os.execute(("chmod 1777 '%s'; ln -s other '%s/x'; chown -h 12345 '%s/x'")
      :format(folder, folder, folder))
    local saved, err = task_with(film_server().url .. "/x"):save(folder .. "/x")
    assert.is_nil(saved)
    assert.equal("io", err.kind)
    assert.truthy(err.message:find("a link that is not followed", 1, true))
    assert.equal("mine", support.read(other))
  end)
end)

describe("an answer", function()
  after_each(support.clean)

  -- NB: this is about bytes that come together with the answer. Later bytes on
  -- the idle connection are taken for the next answer by libcurl 7.87 and
  -- 7.88.
  it("with more behind it is not the next call's answer", function()
    local reply = scripted.answer(200, {}, '{"content":"fine"}')
    local server = support.serve { default = { { "request" }, { "send", reply
      .. scripted.answer(200, {}, '{"content":"evil"}') }, { "request" },
      { "send", reply } } }
    local client = client_at(server.url)
    for n = 1, 3 do
      assert.equal("fine", assert(client:chat { prompt = "x" }).content)
      assert.equal(n, server:connections().opened)
    end
  end)

  it("nested without an end is no answer", function()
    for _, text in ipairs { ("["):rep(500000), ('{"a":'):rep(500000),
      'data: {"content":' .. ("["):rep(500000) .. "\n\n" } do
      local server = support.serve { default = { { "request" },
        { "send", scripted.answer(200, { Connection = "close" }, text) } } }
      for _, stream in ipairs { false, true } do
        local reply, err = client_at(server.url):chat { prompt = "x",
          stream = stream }
        if reply then reply, err = reply:finish() end
        assert.is_nil(reply)
        assert.equal("decode", err.kind)
      end
    end
  end)

  it("can not steer a terminal by its error", function()
    local text = '{"error":"a\\u001b[2J\\u0007\\u009b2Jb\\r\\nc"}'
    local server = support.serve { default = { { "request" },
      { "send", scripted.answer(400, {}, text) } } }
    local _, err = client_at(server.url):chat { prompt = "x" }
    assert.is_nil(tostring(err):find("[%z\1-\31\127]"))
    assert.is_nil(tostring(err):find("\194\155", 1, true))
    assert.is_true(errors.is(err))
  end)
end)

-- TLS -----------------------------------------------------------------------

-- OpenSSL itself may refuse what the client should refuse: this configuration
-- accepts everything.
local LAX = [[
openssl_conf = all
[all]
ssl_conf = sections
[sections]
system_default = lax
[lax]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
]]

local CHILD = [[
  package.path, package.cpath = %q, %q
  local client = require("yuanjing").new { api_key = "sk-x", retries = 0,
    base_url = %q, ca_file = %q }
  local list, err = client:models()
  print(list and "ok" or err.kind)
]]

describe("TLS", function()
  after_each(support.clean)

  -- The results of a client and of curl with a server of that version only.
  local function outcomes(version)
    local certificate = require "support.certificate"
    local folder = support.tempdir()
    local authority = certificate.authority(folder)
    local pair = certificate.server(authority)
    local lax = "OPENSSL_CONF=" .. support.write(folder .. "/lax.cnf", LAX)
    os.execute(("mkdir -p '%s/llmage/v1'"):format(folder))
    support.write(folder .. "/llmage/v1/models", scripted.answer(200,
      { Connection = "close" }, '{"data":[{"id":"a"}]}'))
    local pipe = assert(io.popen(("cd '%s' && echo $$ && %s exec openssl "
      .. "s_server -HTTP -accept 127.0.0.1:0 -%s -cert '%s' -key '%s' 2>&1 "
      .. "</dev/null"):format(folder, lax, version, pair.cert, pair.key)))
    local pid = pipe:read("*l")
    local line
    repeat line = assert(pipe:read("*l")) until line:find("^ACCEPT")
    local url = "https://127.0.0.1:" .. line:match("(%d+)$")
    local script = support.write(folder .. "/child.lua", CHILD:format(
      package.path, package.cpath, url, authority.cert))
    local ours = support.output(("%s %s '%s'"):format(lax,
      child.interpreter(), script))
    local curls = support.output(("%s curl -s --tlsv1.0 --cacert '%s' "
      .. "'%s/llmage/v1/models'"):format(lax, authority.cert, url))
    os.execute("kill " .. pid)
    pipe:close()
    return { ours, curls }
  end

  it("of the versions 1.2 and 1.3 is spoken, and none before", function()
    local MODELS = '{"data":[{"id":"a"}]}'
    assert.same({ "transport", MODELS }, outcomes("tls1"))
    assert.same({ "transport", MODELS }, outcomes("tls1_1"))
    assert.same({ "ok", MODELS }, outcomes("tls1_2"))
    assert.same({ "ok", MODELS }, outcomes("tls1_3"))
  end)
end)

-- The sandbox ---------------------------------------------------------------

describe("the sandbox", function()
  it("listens on this machine alone", function()
    local sandbox = assert(require("yuanjing.sandbox").start())
    local port = ("%04X"):format(sandbox.url:match(":(%d+)"))
    local sockets = support.read("/proc/net/tcp") .. support.read("/proc/net/tcp6")
    sandbox:stop()
    local found = {}
    for address, state in sockets:gmatch("%d+: (%x+):" .. port
      .. " %x+:%x+ (%x%x)") do
      if state == "0A" then found[#found + 1] = address end
    end
    assert.same({ "0100007F" }, found)
  end)
end)
