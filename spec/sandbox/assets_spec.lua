-- The sandbox's real-person assets, asked over plain HTTP: they follow the
-- platform's documents, so the client has no part in this.
local http = require "socket.http"
local json = require "yuanjing.base.json"
local ltn12 = require "ltn12"
local mime = require "mime"
local sandbox = require "yuanjing.sandbox"
local shell = require "yuanjing.sandbox.shell"
local socket = require "socket"
local support = require "support"

local NO_VENDOR = "供应商配置不存在"
local STOPPED = "供应商服务已停用"
local NO_GROUP = "无效的素材组合ID或无权访问"
local NO_ASSET = "素材不存在或无权访问"
local UNVERIFIED = "尚未完成认证或认证失败"

local ENDPOINTS = { "rl_verify", "rl_query_groups", "rl_upload", "rl_status",
  "rl_assets" }

local server, folder

setup(function()
  folder = support.tempdir()
  server = assert(sandbox.start {
    task_seconds = 0, keys = { "sk-first-key", "sk-second-key" },
  })
end)

teardown(function() support.stop_sandbox(server) end)

-- One request; headers by lower-case names. `body` may be an ltn12 source.
local function request(method, url, headers, body)
  local chunks, source = {}, body
  if type(body) == "string" then
    source = ltn12.source.string(body)
    headers["Content-Length"] = #body
  end
  local ok, status, answered = http.request {
    method = method, url = url, headers = headers, source = source,
    sink = ltn12.sink.table(chunks), redirect = false,
  }
  assert(ok, status)
  return { status = status, headers = answered, body = table.concat(chunks) }
end

local function get(url, headers)
  return request("GET", url, headers or {})
end

local function address(endpoint)
  return ("%s/reallife_asset/api/%s.dspy"):format(server.asset_url, endpoint)
end

-- post(endpoint, a table or JSON or nothing, { key =, scenario = })
local function post(endpoint, body, options)
  options = options or {}
  if type(body) == "table" then body = assert(json.encode(body)) end
  return request("POST", address(endpoint), {
    ["Authorization"] = "Bearer " .. (options.key or "sk-first-key"),
    ["Content-Type"] = "application/json",
    ["X-Sandbox"] = options.scenario,
  }, body or "")
end

local function data_of(answer)
  assert.equal(200, answer.status, answer.body)
  local value = assert(json.decode(answer.body))
  assert.equal("ok", value.status, answer.body)
  return value.data
end

local function refusal(answer)
  assert.equal(200, answer.status, answer.body)
  local value = assert(json.decode(answer.body))
  assert.equal("error", value.status, answer.body)
  local message = value.data.message
  assert.same({ status = "error", data = { message = message } }, value)
  return message
end

local function verify(name, options)
  return data_of(post("rl_verify", { vendor = "volcengine", name = name },
    options))
end

local function groups(options)
  return data_of(post("rl_query_groups", nil, options)).groups
end

-- A new group's id, ready for uploads.
local function new_group(scenario, key)
  verify("x", { key = key, scenario = "verified; " .. (scenario or "") })
  local list = groups { key = key }
  return list[#list].vendor_group_id
end

local function data_uri(bytes, kind)
  return ("data:%s;base64,%s"):format(kind or "image/png", mime.b64(bytes))
end

local function upload(group, fields, options)
  local all = { vendor_group_id = group, source_url = data_uri "picture" }
  for name, value in pairs(fields or {}) do all[name] = value end
  return post("rl_upload", all, options)
end

-- The id of a new asset.
local function new_asset(group, fields, options)
  return data_of(upload(group, fields, options)).id
end

local function status(id, options)
  return data_of(post("rl_status", { asset_id = id }, options))
end

local function assets(group, options)
  return data_of(post("rl_assets", { vendor_group_id = group }, options))
end

local function last_request()
  local list = server:requests()
  return list[#list]
end

local function md5(bytes)
  local path = support.write(folder .. "/bytes", bytes)
  return shell.read('md5sum <"$1"', path):match("%x+")
end

-- All byte values, in a mixed order.
local function binary(length)
  local out = {}
  for i = 1, length do
    out[i] = string.char((i * 167 + math.floor(i / 256)) % 256)
  end
  return table.concat(out)
end

describe("every endpoint of the assets", function()
  it("wants a key, as the others do", function()
    for _, endpoint in ipairs(ENDPOINTS) do
      for _, key in ipairs { "sk-other", " sk-first-key" } do
        local answer = post(endpoint, {}, { key = key })
        assert.same({ 401, '{"error": "Invalid API Key"}' },
          { answer.status, answer.body })
      end
      assert.equal(401, request("POST", address(endpoint), {}, "").status)
    end
  end)

  it("wants POST", function()
    for _, endpoint in ipairs(ENDPOINTS) do
      assert.equal(405, get(address(endpoint),
        { Authorization = "Bearer sk-first-key" }).status)
    end
  end)

  it("names what is missing or no text, in its own envelope", function()
    local group = new_group()
    local calls = {
      { "rl_verify", "vendor", {} },
      { "rl_upload", "vendor_group_id", { source_url = "http://a.test/1" } },
      { "rl_upload", "source_url", { vendor_group_id = group } },
      { "rl_status", "asset_id", {} },
      { "rl_assets", "vendor_group_id", {} },
    }
    for _, call in ipairs(calls) do
      local endpoint, name, fields = call[1], call[2], call[3]
      local missing = "Missing required parameter: " .. name
      assert.equal(missing, refusal(post(endpoint, fields)))
      fields[name] = ""
      assert.equal(missing, refusal(post(endpoint, fields)))
      fields[name] = 5
      assert.equal(("Invalid parameter %s: string expected"):format(name),
        refusal(post(endpoint, fields)))
    end
  end)

  it("drops what is no JSON object in UTF-8", function()
    local missing = "Missing required parameter: vendor"
    local whole = '{"vendor": "volcengine", "name": "%s"}'
    assert.equal("ok", json.decode(post("rl_verify", whole:format("张三"))
      .body).status)
    assert.equal(missing, refusal(post("rl_verify", whole:format("\255"))))
    assert.equal(missing, refusal(post("rl_verify", whole:format('"'))))
    assert.equal(missing, refusal(request("POST", address "rl_verify",
      { Authorization = "Bearer sk-first-key" }, whole:format("x"))))
    assert.equal("Missing required parameter: vendor_group_id",
      refusal(post("rl_upload", ('{"vendor_group_id": "%s", "source_url": ' ..
        '"data:image/png;base64,YQ==", "name": "\255"}'):format(new_group()))))
  end)

  it("sends all as text/html, as the platform does", function()
    for _, endpoint in ipairs(ENDPOINTS) do
      assert.equal("text/html", post(endpoint, {}).headers["content-type"])
    end
  end)
end)

describe("a verification", function()
  it("begins as the documents show", function()
    local answer = post("rl_verify", { vendor = "volcengine",
      project_name = "default", name = "张三" })
    local link = ("http://127%%.0%%.0%%.1:%d/reallife_asset/h5%%?token=%%x+")
      :format(server.port)
    assert.matches('^{"status": "ok", "data": {"id": "[%w_-]+", "h5_link": "' ..
      link .. '", "byted_token": "%x+"}}$', answer.body)
    local one, two = data_of(answer), verify()
    for _, name in ipairs { "id", "h5_link", "byted_token" } do
      assert.not_equal(one[name], two[name])
    end
  end)

  it("is refused for a vendor that is not there, or stopped", function()
    assert.equal(NO_VENDOR, refusal(post("rl_verify", { vendor = "x" })))
    assert.equal(STOPPED,
      refusal(post("rl_verify", { vendor = "stopped-vendor" })))
    assert.equal("Invalid parameter name: string expected",
      refusal(post("rl_verify", { vendor = "volcengine", name = 5 })))
  end)

  it("is over when its time is", function()
    local short = assert(sandbox.start { verify_seconds = 1.5 })
    local link = json.decode(request("POST", short.url ..
      "/reallife_asset/api/rl_verify.dspy", {
        Authorization = "Bearer sk-sandbox",
        ["Content-Type"] = "application/json",
      }, '{"vendor": "volcengine"}').body).data.h5_link
    local first = get(link).status
    support.sleep(1.55)
    local second, pressed = get(link), request("POST", link, {}, "")
    local list = request("POST", short.url ..
      "/reallife_asset/api/rl_query_groups.dspy",
      { Authorization = "Bearer sk-sandbox" }, "").body
    short:stop()
    assert.same({ 200, 410, 410 }, { first, second.status, pressed.status })
    assert.matches("链接已过期", second.body)
    assert.equal(second.body, pressed.body)
    assert.equal('{"status": "ok", "data": {"groups": []}}', list)
  end)

  it("has 120 seconds", function()
    assert.matches("120 秒", get(verify().h5_link).body)
    assert.matches('"121"', get(verify().h5_link).body:match("refresh[^>]*"))
  end)

  it("takes no option but a time", function()
    local ok, message = pcall(sandbox.start, { verify_seconds = "120" })
    assert.is_false(ok)
    assert.matches("verify_seconds: expected a number of seconds", message)
  end)
end)

describe("the page", function()
  it("confirms by a POST, once", function()
    local before, link = #groups(), verify("张三").h5_link
    local page = get(link)
    assert.same({ 200, "text/html; charset=utf-8" },
      { page.status, page.headers["content-type"] })
    assert.matches('<button id="confirm">', page.body, 1, true)
    assert.equal(before, #groups())
    local pressed = request("POST", link, {}, "")
    assert.equal(200, pressed.status)
    assert.matches("认证成功", pressed.body)
    assert.equal(before + 1, #groups())
    for _, method in ipairs { "GET", "POST" } do
      local again = request(method, link, {})
      assert.equal(410, again.status)
      assert.matches("链接已使用", again.body)
      assert.is_nil(again.body:find("confirm", 1, true))
    end
    assert.equal(before + 1, #groups())
  end)

  it("shows that it does not know a link", function()
    for _, link in ipairs { "?token=0", "?token=", "", "?a=b" } do
      for _, method in ipairs { "GET", "POST" } do
        local page = request(method, server.url .. "/reallife_asset/h5" ..
          link, {})
        assert.equal(404, page.status)
        assert.matches("链接无效", page.body)
      end
    end
  end)

  it("reports a failure", function()
    local session = verify(nil, { scenario = "verify-fails" })
    local page = request("POST", session.h5_link, {}, "")
    assert.equal(200, page.status)
    assert.matches("认证未通过", page.body)
    assert.equal(410, get(session.h5_link).status)
    assert.equal(UNVERIFIED, refusal(upload(session.id)))
  end)

  it("escapes the name", function()
    local link = verify("<b>\"x\" & 'y'</b>$name").h5_link
    local name = "&lt;b&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/b&gt;$name"
    for _, page in ipairs { get(link), request("POST", link, {}, "") } do
      assert.is_truthy(page.body:find('<p class="name">' .. name .. "</p>", 1,
        true), page.body)
      assert.is_nil(page.body:find("<b>", 1, true))
    end
  end)

  it("loads nothing and runs nothing", function()
    local page = get(verify().h5_link)
    assert.is_nil(page.body:find("//", 1, true))
    for _, word in ipairs { "<script", "src=", "@import", "url%(" } do
      assert.is_nil(page.body:find(word), word)
    end
    assert.matches("^default%-src 'none';",
      page.headers["content-security-policy"])
    assert.equal("no-store", page.headers["cache-control"])
  end)
end)

describe("the groups", function()
  local TIME = "%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d"

  it("are listed as documented, in the order of arrival", function()
    local own = assert(sandbox.start())
    local function call(endpoint, body)
      return request("POST", ("%s/reallife_asset/api/%s.dspy"):format(own.url,
        endpoint), { Authorization = "Bearer sk-sandbox",
        ["Content-Type"] = body and "application/json" }, body or "").body
    end
    local empty = call("rl_query_groups")
    for _, name in ipairs { "模特张三", "b" } do
      call("rl_verify", json.encode { vendor = "volcengine", name = name,
        sandbox = "verified" })
    end
    local two = call("rl_query_groups")
    own:stop()
    assert.equal('{"status": "ok", "data": {"groups": []}}', empty)
    local function group(name)
      return '{"vendor_group_id": "volc%-asset%-group%-[%w-]+", "vendor": ' ..
        '"volcengine", "name": "' .. name .. '", "status": "active", ' ..
        '"create_time": "' .. TIME .. '"}'
    end
    assert.matches('^{"status": "ok", "data": {"groups": %[' ..
      group("模特张三") .. ", " .. group("b") .. "%]}}$", two)
  end)

  it("need no body, and take any", function()
    for _, body in ipairs { "", "{}", "no JSON" } do
      assert.is_table(data_of(post("rl_query_groups", body)).groups)
    end
  end)

  it("have the time of China's clock", function()
    new_group()
    local list = groups()
    local shown = list[#list].create_time
    local now = os.time() + 8 * 3600
    local expected = { [os.date("!%Y-%m-%d %H:%M:%S", now)] = true }
    for i = 1, 3 do
      expected[os.date("!%Y-%m-%d %H:%M:%S", now - i)] = true
    end
    assert.is_true(expected[shown], shown)
  end)

  it("are their key's alone", function()
    local mine = new_group()
    local theirs = new_group(nil, "sk-second-key")
    for key, ids in pairs {
      ["sk-first-key"] = { mine, theirs }, ["sk-second-key"] = { theirs, mine },
    } do
      local seen = {}
      for _, group in ipairs(groups { key = key }) do
        seen[group.vendor_group_id] = true
      end
      assert.same({ true, nil }, { seen[ids[1]], seen[ids[2]] })
      assert.equal(NO_GROUP, refusal(upload(ids[2], nil, { key = key })))
      assert.equal(NO_GROUP, refusal(post("rl_assets",
        { vendor_group_id = ids[2] }, { key = key })))
    end
  end)

  it("may be listed while they are pending", function()
    local before = #groups()
    verify("x", { scenario = "group-pending" })
    verify("y")
    local list = groups()
    assert.same({ before + 1, "pending", "x" },
      { #list, list[#list].status, list[#list].name })
    list = groups { scenario = "group-pending" }
    assert.same({ "pending", "y" }, { list[#list].status, list[#list].name })
    assert.equal(UNVERIFIED, refusal(upload(list[#list].vendor_group_id)))
    assert.equal(before + 1, #groups())
  end)
end)

describe("an upload", function()
  local group

  setup(function() group = new_group() end)

  it("is answered as the documents show", function()
    for _, source in ipairs { "https://bucket.oss.test/photo.jpg",
      "http://a.test/1", data_uri("x", "image/jpeg") } do
      assert.matches('^{"status": "ok", "data": {"id": "[%w_-]+", ' ..
        '"vendor_asset_id": "asset%-20%d+%-%x+", "status": "Processing"}}$',
        upload(group, { source_url = source, name = "模特A" }).body)
    end
  end)

  it("wants a group that is verified and the vendor's id of it", function()
    local session = verify()
    assert.equal(UNVERIFIED, refusal(upload(session.id)))
    assert.equal(NO_GROUP,
      refusal(upload(session.id, nil, { key = "sk-second-key" })))
    request("POST", session.h5_link, {}, "")
    assert.equal(NO_GROUP, refusal(upload(session.id)))
    assert.equal(NO_GROUP, refusal(upload("volc-asset-group-xxx")))
    assert.equal(UNVERIFIED, refusal(post("rl_assets",
      { vendor_group_id = verify().id })))
    assert.equal(NO_GROUP, refusal(post("rl_assets",
      { vendor_group_id = "volc-asset-group-xxx" })))
  end)

  it("wants an address or base64", function()
    local wrong = "Invalid parameter source_url: "
    for source, words in pairs {
      ["ftp://a.test/1"] = "URL or data URI expected",
      ["https://"] = "URL or data URI expected",
      ["YWJj"] = "URL or data URI expected",
      ["data:image/png;base64"] = "data URI in base64 (no comma) expected",
      ["data:" .. ("x"):rep(300)] = "data URI in base64 (no comma) expected",
      ["data:image/png,abcd"] =
        "data URI in base64 (neither a type nor base64) expected",
      ["data:;base64,YWJj"] =
        "data URI in base64 (neither a type nor base64) expected",
      ["data:image/png;base64,"] = "data URI in base64 (empty) expected",
      ["data:image/png;base64,YWJ"] =
        "data URI in base64 (not a multiple of four characters) expected",
      ["data:image/png;base64,YQ==YQ=="] =
        "data URI in base64 (not base64) expected",
      ["data:image/png;base64,Y==="] =
        "data URI in base64 (not base64) expected",
      ["data:image/png;base64,YQ=a"] =
        "data URI in base64 (not base64) expected",
      ["data:image/png;base64,YW Jj"] =
        "data URI in base64 (not base64) expected",
      ["data:image/png;base64,YW-_"] =
        "data URI in base64 (not base64) expected",
      ["data:image/png;base64,YW\nj"] =
        "data URI in base64 (not base64) expected",
    } do
      assert.equal(wrong .. words,
        refusal(upload(group, { source_url = source })))
      local why = words:match("%((.-)%)")
      assert.equal(why, last_request().problem)
    end
  end)

  it("wants the type that fits", function()
    local function problem(kind, asset_type)
      local answer = upload(group, { asset_type = asset_type,
        source_url = data_uri("x", kind) })
      return answer.body:find('"ok"', 1, true) and "ok" or refusal(answer)
    end
    assert.equal("ok", problem("image/png"))
    assert.equal("ok", problem("IMAGE/PNG", "Image"))
    assert.equal("ok", problem("image/svg+xml;charset=utf-8", ""))
    assert.equal("ok", problem("video/mp4", "Video"))
    assert.equal("ok", problem("audio/wav", "Audio"))
    assert.equal("ok", problem("model/obj", "Model"))
    assert.equal("Invalid parameter source_url: image/... for the " ..
      "asset_type Image expected", problem("video/mp4"))
    assert.equal("Invalid parameter source_url: video/... for the " ..
      "asset_type Video expected", problem("application/octet-stream", "Video"))
    assert.equal("Invalid parameter asset_type: string expected",
      refusal(upload(group, { asset_type = 5 })))
    assert.equal(200, upload(group, { source_url = data_uri("x", "a/b") },
      { scenario = "unchecked" }).status)
    assert.matches('"ok"', upload(group, { source_url = data_uri("x", "a/b") },
      { scenario = "unchecked" }).body)
  end)

  it("brings every byte, whatever the padding", function()
    for _, length in ipairs { 1, 2, 3, 4, 5, 6, 256, 257, 258, 70000, 70001,
      70002 } do
      local bytes = binary(length)
      local id = new_asset(group, { source_url = data_uri(bytes) })
      local answer = get(status(id).url)
      assert.equal("image/png", answer.headers["content-type"])
      assert.is_true(answer.body == bytes, length)
    end
  end)

  it("is logged with its type, size and digest", function()
    local bytes = binary(1000)
    local uri = data_uri(bytes, "image/jpeg")
    upload(group, { source_url = uri, name = "模特B", asset_type = "Image" })
    local seen = last_request()
    assert.same({ vendor_group_id = group, name = "模特B", asset_type = "Image",
      source_url = { type = "image/jpeg", size = 1000, md5 = md5(bytes) } },
      seen.fields)
    assert.same({ { name = "source_url", type = "image/jpeg", size = 1000,
      md5 = md5(bytes), head = "a74ef59c43ea9138df862dd47b22c970" } },
      seen.files)
    assert.is_nil(seen.body)
    assert.is_nil(seen.problem)
    assert.equal(tonumber(seen.headers["content-length"]), seen.bytes)
    upload(group, { source_url = "http://a.test/1" })
    seen = last_request()
    assert.same({ "http://a.test/1", {} },
      { seen.fields.source_url, seen.files })
    assert.is_truthy(seen.body:find("source_url", 1, true))
  end)

  it("may be spelled in any way that JSON has", function()
    local function size(source)
      local answer = post("rl_upload", ('{"vendor_group_id": "%s", %s}')
        :format(group, source))
      assert.matches('"Processing"', answer.body)
      return last_request().fields.source_url.size
    end
    local uri = '"data:image/png;base64,//8/Pz8/"'
    assert.equal(6, size('"source_url":' .. uri))
    assert.equal(6, size('"source_url" \n:\t' .. uri:gsub("/", "\\/")))
    assert.equal(6, size('"source_url": ' .. uri:gsub("/", "\\u002F")))
    assert.equal(6, size('"source_url": ' .. uri:gsub("d", "\\u0064", 1)))
    assert.equal(6, size('"source\\u005furl": ' .. uri))
    assert.equal(6, size('"source_url"' .. (" "):rep(100) .. ":" .. uri))
    assert.equal(6, size('"source_url": "data:image/png;base64,YQ==", ' ..
      '"source_url": ' .. uri))
    assert.equal(6, size('"more": {"source_url": "data:image/png;base64,' ..
      'YQ=="}, "source_url": ' .. uri))
    assert.equal(6, size('"name": "\\"source_url\\":\\"data:", ' ..
      '"source_url": ' .. uri))
  end)

  -- The sandbox reads 64 KiB at a time: the first `count` bytes of `rest` are
  -- in the first piece, behind a name that fills it.
  local function split_at(count, rest)
    local head = ('{"vendor_group_id": "%s", "filling": "'):format(group)
    local filling = ("x"):rep(65536 - #head - 3 - count)
    return head .. filling .. '", ' .. rest
  end

  it("loses nothing where its pieces meet", function()
    local bytes = binary(54) .. ("\255"):rep(6)
    local encoded = mime.b64(bytes):gsub("/", "\\u002F", 1):gsub("/", "\\/")
    assert.matches("u002F.*\\/", encoded)
    local rest = ('"source_url": "data:image/png;base64,%s", ' ..
      '"name": "\\"\\\\\\u5143"}'):format(encoded)
    for count = 0, #rest do post("rl_upload", split_at(count, rest)) end
    local list = server:requests()
    for i = #list - #rest, #list do
      local seen = list[i]
      assert.same({ 60, md5(bytes), '"\\元', false },
        { seen.fields.source_url.size, seen.fields.source_url.md5,
          seen.fields.name, seen.problem or false }, #rest - #list + i)
    end
  end)

  it("is broken when it goes on behind its padding", function()
    local rest = '"source_url": "data:image/png;base64,YQ==YWJj"}'
    for count = 0, #rest do
      assert.equal("Invalid parameter source_url: data URI in base64 (not " ..
        "base64) expected", refusal(post("rl_upload", split_at(count, rest))))
    end
  end)

  local function memory()
    return tonumber(shell.read('grep VmHWM "/proc/$(cat "$1")/status"',
      server.dir .. "/nginx.pid"):match("%d+"))
  end

  -- Sends head, block n times, and tail; also returns the growth of the
  -- sandbox in KiB. NB: LuaJIT stores equal strings once, so the block's
  -- length must differ from that of the sandbox's pieces.
  local function send(head, block, n, tail)
    local before, sent = memory(), -1
    local answer = request("POST", address "rl_upload", {
      ["Authorization"] = "Bearer sk-first-key",
      ["Content-Type"] = "application/json",
      ["Content-Length"] = #head + n * #block + #tail,
    }, function()
      sent = sent + 1
      if sent == 0 then return head end
      if sent == n + 1 then return tail end
      return sent <= n and block or nil
    end)
    return answer, memory() - before
  end

  it("has no limit of size, and takes no memory", function()
    local block = binary(300003)
    local answer, grown = send(split_at(17,
      '"source_url": "data:image/png;base64,'), mime.b64(block), 98, '"}')
    assert.is_true(grown < 8192, grown)
    local seen = last_request()
    local whole = block:rep(98)
    assert.same({ #whole, md5(whole) },
      { seen.fields.source_url.size, seen.fields.source_url.md5 })
    local url = status(data_of(answer).id).url
    assert.is_true(get(url).body == whole)
    assert.is_true(get(url, { Range = "bytes=20000001-20000100" }).body ==
      whole:sub(20000002, 20000101))
  end)

  it("may be chunked", function()
    local answer = request("POST", address "rl_upload", {
      ["Authorization"] = "Bearer sk-first-key",
      ["Content-Type"] = "application/json",
    }, ltn12.source.string(json.encode { vendor_group_id = group,
      source_url = data_uri(binary(100000)) }))
    assert.equal("chunked", last_request().headers["transfer-encoding"])
    assert.is_true(get(status(data_of(answer).id).url).body == binary(100000))
  end)

  it("has the platform's limit for all but its data", function()
    local answer = upload(group, { name = ("x"):rep(10485760) })
    assert.equal(413, answer.status)
    assert.matches("^text/plain", answer.headers["content-type"])
    assert.matches("^Maximum request body size 10485760 exceeded", answer.body)
    local grown
    answer, grown = send('{"name": "', mime.b64(binary(300003)), 200, '"}')
    assert.equal(413, answer.status)
    assert.is_true(grown < 40960, grown)
    assert.equal(413, post("rl_status",
      { asset_id = ("x"):rep(10485760) }).status)
  end)

  it("is no asset when its sender goes away", function()
    local before = assets(group).total
    local sender = assert(socket.connect("127.0.0.1", server.port))
    assert(sender:send("POST /reallife_asset/api/rl_upload.dspy HTTP/1.1\r\n"
      .. "Host: a\r\nContent-Length: 1000\r\nAuthorization: Bearer sk-first-key"
      .. "\r\nContent-Type: application/json\r\n\r\n"
      .. '{"source_url": "data:image/png;base64,AAAA'))
    sender:close()
    assert.is_true(support.wait_until(function()
      return last_request().problem ~= nil
    end))
    assert.equal(before, assets(group).total)
  end)

  it("is dropped for newer ones, a thousand later", function()
    local own, urls = new_group(), {}
    for i = 1, 2 do urls[i] = status(new_asset(own)).url end
    for _ = 1, 999 do new_asset(own) end
    assert.same({ 404, 200 }, { get(urls[1]).status, get(urls[2]).status })
  end)

  it("leaves no file in the sandbox's folder, and none open", function()
    local function open()
      return tonumber(shell.read('ls -l "/proc/$(cat "$1")/fd" | ' ..
        'grep -c "upload (deleted)"', server.dir .. "/nginx.pid"))
    end
    local before = open()
    for _ = 1, 20 do
      assert.equal(NO_GROUP, refusal(upload("volc-asset-group-xxx")))
      assert.equal(401, upload(group, nil, { key = "sk-other" }).status)
      post("rl_upload", '{"source_url": "data:image/png;base64,YQ==", ' ..
        '"source_url": "http://a.test/1"}')
    end
    assert.equal(before, open())
    new_asset(group)
    assert.is_true(open() <= before + 1)
    assert.equal("", shell.read('find "$1" -name "*upload*"', server.dir))
  end)
end)

describe("an asset", function()
  local group

  setup(function() group = new_group() end)

  it("is processed in its time", function()
    local id = new_asset(group, nil, { scenario = "task=1.5" })
    assert.same({ status = "Processing" }, status(id))
    support.sleep(1.55)
    assert.equal("Active", status(id).status)
    assert.matches('^{"status": "ok", "data": {"status": "Active", "url": ' ..
      '"http://[^"]*"}}$', post("rl_status", { asset_id = id }).body)
  end)

  it("takes the time of the sandbox's tasks", function()
    local slow = assert(sandbox.start { task_seconds = 600 })
    local function call(endpoint, fields)
      return json.decode(request("POST", ("%s/reallife_asset/api/%s.dspy")
        :format(slow.url, endpoint), { Authorization = "Bearer sk-sandbox",
        ["Content-Type"] = "application/json" }, json.encode(fields)).body).data
    end
    call("rl_verify", { vendor = "volcengine", sandbox = "verified" })
    local id = call("rl_upload", { source_url = "http://a.test/1",
      vendor_group_id = call("rl_query_groups", {}).groups[1].vendor_group_id })
      .id
    local state = call("rl_status", { asset_id = id })
    slow:stop()
    assert.same({ status = "Processing" }, state)
  end)

  it("is its key's alone", function()
    local id = new_asset(group)
    assert.equal("Active", status(id).status)
    assert.equal(NO_ASSET, refusal(post("rl_status", { asset_id = id },
      { key = "sk-second-key" })))
    for _, other in ipairs { "asset_record_id_xxx", id:sub(2), group } do
      assert.equal(NO_ASSET, refusal(post("rl_status", { asset_id = other })))
    end
    local vendors = data_of(upload(group)).vendor_asset_id
    assert.equal(NO_ASSET, refusal(post("rl_status", { asset_id = vendors })))
  end)

  it("is listed with its group as the documents show", function()
    local own = new_group()
    assert.same({ assets = {}, total = 0 }, assets(own))
    local one = data_of(upload(own, { name = "模特A" }))
    local two = data_of(upload(own, { asset_type = "Video",
      source_url = "http://a.test/1.mp4" }, { scenario = "task-never" }))
    local body = post("rl_assets", { vendor_group_id = own }).body
    local time = '"create_time": "%d+-%d+-%d+ %d+:%d+:%d+"}'
    local pattern = '{"status": "ok", "data": {"assets": [{"id": "' .. one.id ..
      '", "vendor_asset_id": "' .. one.vendor_asset_id .. '", "name": ' ..
      '"模特A", "asset_type": "Image", "status": "Active", "url": "'
    assert.equal(pattern, body:sub(1, #pattern))
    local rest = '", ' .. time .. ', {"id": "' .. two.id:gsub("-", "%%-") ..
      '", "vendor_asset_id": "' .. two.vendor_asset_id:gsub("-", "%%-") ..
      '", "name": "", "asset_type": "Video", "status": "Processing", ' ..
      time .. '], "total": 2}}$'
    assert.matches(rest:gsub("%d%+%-", "%%d+%%-"):gsub("%]", "%%]"), body)
  end)

  describe("has an address", function()
    local function url_of(fields, scenario)
      return status(new_asset(group, fields, { scenario = scenario })).url
    end

    it("that is signed for 12 hours and needs no key", function()
      local url = url_of()
      local expires = tonumber(url:match("expires=([%d.]+)"))
      assert.is_true(math.abs(expires - os.time() - 12 * 3600) < 5)
      assert.equal("picture", get(url).body)
      assert.equal("missing", last_request().auth)
    end)

    it("that is good for its time, and anew when asked again", function()
      local id = new_asset(group, nil, { scenario = "signed=1.5" })
      local url = status(id).url
      local first = get(url)
      support.sleep(1.55)
      local late = get(url)
      assert.same({ 200, 403 }, { first.status, late.status })
      assert.equal("application/xml", late.headers["content-type"])
      assert.matches("<Code>AccessDenied</Code>", late.body)
      assert.equal(200, get(status(id).url).status)
    end)

    it("that can not be forged", function()
      local url = url_of()
      for _, other in ipairs {
        (url:gsub("expires=%d", "expires=9")), (url:gsub("&.*", "")),
        (url:gsub("sign=.*", "sign=0")),
        (url:gsub("path=[^&]*", "path=" .. url_of():match("path=([^&]*)"))),
      } do
        assert.equal(403, get(other).status, other)
      end
    end)

    it("only once it is active", function()
      local id = new_asset(group, nil, { scenario = "task=1.5" })
      local vendors = assets(group).assets
      local path = vendors[#vendors].vendor_asset_id
      local place = server.url .. "/reallife_asset/file?path=/"
      assert.equal(404, get(place .. path .. ".png").status)
      support.sleep(1.55)
      assert.equal(403, get(place .. path .. ".png").status)
      assert.equal(200, get(status(id).url).status)
      for _, other in ipairs { "", "asset-1-1.png", "../settings.lua", id } do
        assert.equal(404, get(place .. other).status)
      end
      assert.equal(404, get(server.url .. "/reallife_asset/file").status)
    end)

    it("for HEAD, ETag and parts too", function()
      local bytes = binary(5000)
      local url = url_of { source_url = data_uri(bytes, "image/webp") }
      local head = request("HEAD", url, {})
      assert.same({ 200, "5000", "image/webp", "bytes", "" },
        { head.status, head.headers["content-length"],
          head.headers["content-type"], head.headers["accept-ranges"],
          head.body })
      local etag = head.headers.etag
      assert.matches('^"%x+%-%x+"$', etag)
      assert.equal(304, get(url, { ["If-None-Match"] = etag }).status)
      local part = get(url, { Range = "bytes=2495-2504", ["If-Range"] = etag })
      assert.same({ 206, "bytes 2495-2504/5000", bytes:sub(2496, 2505) },
        { part.status, part.headers["content-range"], part.body })
      assert.equal(200, get(url, { Range = "bytes=1-2",
        ["If-Range"] = '"other"' }).status)
      assert.equal(416, get(url, { Range = "bytes=5000-" }).status)
    end)

    it("for a file of the sandbox's own where a URL was given", function()
      local function file(asset_type, scenario)
        return get(url_of({ asset_type = asset_type,
          source_url = "http://a.test/1" }, scenario))
      end
      assert.equal("\137PNG", file("Image").body:sub(1, 4))
      assert.equal("image/png", file("Image").headers["content-type"])
      assert.equal("ftyp", file("Video").body:sub(5, 8))
      assert.equal("video/mp4", file("Video").headers["content-type"])
      assert.equal("RIFF", file("Audio").body:sub(1, 4))
      assert.equal(20000, #file("Image", "size=20000").body)
    end)

    it("with the odd downloads of tasks", function()
      assert.equal(502, get(url_of(nil, "file-502=1")).status)
      local whole = get(url_of(nil, "file-no-ranges"), { Range = "bytes=1-2" })
      assert.same({ 200, "picture" }, { whole.status, whole.body })
    end)
  end)
end)

describe("on request the assets", function()
  local TEXTS = {
    ["no-vendor"] = NO_VENDOR, ["vendor-stopped"] = STOPPED,
    ["no-group"] = NO_GROUP, ["no-asset"] = NO_ASSET, unverified = UNVERIFIED,
    ["assets-error"] = "素材服务繁忙,请稍后再试", ["assets-error=x y"] = "x y",
  }
  for scenario, text in pairs(TEXTS) do
    it("refuse with " .. scenario, function()
      for _, endpoint in ipairs(ENDPOINTS) do
        local answer = post(endpoint, {}, { scenario = scenario })
        assert.equal(text, refusal(answer))
        assert.equal(scenario:match("^[^=]+"), answer.headers["x-sandbox"])
        answer = post(endpoint, {}, { scenario = scenario .. "; assets-flat" })
        assert.same({ success = false, message = text },
          json.decode(answer.body))
      end
    end)
  end

  for scenario, expected in pairs {
    ["error-html"] = { 200, "^<html>" }, ["bad-gateway"] = { 502, "^<html>" },
    ["too-large"] = { 413, "^Maximum request body size" },
    ["json-limit=9"] = { 413, "^Maximum request body size 9 exceeded, " ..
      "actual body size 10$" },
    ["server-error"] = { 500, "^500" }, unauthorized = { 401, "Invalid" },
    ["error-empty"] = { 200, "^$" },
  } do
    it("answer with " .. scenario, function()
      for _, endpoint in ipairs(ENDPOINTS) do
        local answer = post(endpoint, '{"a": "b"}', { scenario = scenario })
        assert.equal(expected[1], answer.status)
        assert.matches(expected[2], answer.body)
      end
    end)
  end

  it("take an upload within a limit, and none beyond", function()
    local group = new_group()
    local body = json.encode { vendor_group_id = group,
      source_url = data_uri(binary(1000)) }
    local function with(limit)
      return post("rl_upload", body, { scenario = "json-limit=" .. limit })
    end
    assert.equal(200, with(#body).status)
    assert.equal(413, with(#body - 1).status)
    assert.equal(1, assets(group).total)
  end)

  it("are flat, for good", function()
    local session = json.decode(post("rl_verify", { vendor = "volcengine" },
      { scenario = "assets-flat; verified" }).body)
    assert.same({ "boolean", "string", "string", "string" },
      { type(session.success), type(session.id), type(session.h5_link),
        type(session.byted_token) })
    assert.is_nil(session.data)
    local list = json.decode(post("rl_query_groups", nil,
      { scenario = "assets-flat" }).body)
    assert.is_true(list.success)
    local group = list.groups[#list.groups].vendor_group_id
    assert.matches('^{"success": true, "id": "[^"]*", "vendor_asset_id": ' ..
      '"[^"]*", "status": "Processing"}$', upload(group).body)
    local answer = post("rl_assets", { vendor_group_id = group })
    assert.equal("assets-flat", answer.headers["x-sandbox"])
    local all = json.decode(answer.body)
    assert.same({ true, 1 }, { all.success, all.total })
    assert.matches('^{"success": true, "status": "Active", "url": "http',
      post("rl_status", { asset_id = all.assets[1].id }).body)
    assert.same({ success = false, message = NO_ASSET }, json.decode(
      post("rl_status", { asset_id = "x" }, { scenario = "assets-flat" }).body))
    assert.same({ success = false, message = "Missing required parameter: " ..
      "vendor" }, json.decode(post("rl_verify", {},
      { scenario = "assets-flat" }).body))
  end)

  -- Scenarios of the upload, or of the verification of its group.
  for scenario, expected in pairs {
    ["task-never"] = { status = "Processing" },
    ["task-fails"] = { status = "Failed",
      message = "ERROR:the content was refused" },
    ["task-fails="] = { status = "Failed" },
    ["task-word=Pending; task-never"] = { status = "Pending" },
    ["task-ends=Expired"] = { status = "Expired" },
    ["result-none"] = { status = "Active" },
  } do
    it("end as " .. scenario .. " describes", function()
      local id = new_asset(new_group(), nil, { scenario = scenario })
      assert.same(expected, status(id))
      assert.same(expected, status(new_asset(new_group(scenario))))
      local listed = new_group()
      new_asset(listed, nil, { scenario = scenario })
      assert.same({ expected.status },
        { assets(listed).assets[1].status, assets(listed).assets[1].url })
    end)
  end

  it("have a list without a total", function()
    local group = new_group()
    assert.same({ assets = {} }, assets(group, { scenario = "no-total" }))
    assert.same({ assets = {}, total = 0 }, assets(group))
    assert.same({ assets = {} }, assets(new_group "no-total"))
  end)

  it("have odd queries, as tasks have", function()
    local group = new_group()
    local function answers(scenario)
      local id = new_asset(group, nil, { scenario = scenario })
      return post("rl_status", { asset_id = id }),
        post("rl_status", { asset_id = id })
    end
    local first, second = answers "query-502=1"
    assert.same({ 502, 200 }, { first.status, second.status })
    first, second = answers "query-error=1"
    assert.equal("can not ask the vendor", refusal(first))
    assert.equal("Active", data_of(second).status)
    local from = support.now()
    answers "query-hang=0.1; task-never; first=1"
    local seconds = support.now() - from
    assert.is_true(seconds > 0.09 and seconds < support.SOON, seconds)
  end)

  it("name another host", function()
    local id = new_asset(new_group "result-host=a.test:81")
    assert.matches("^http://a.test:81/reallife_asset/file%?path=",
      status(id).url)
  end)

  it("take their scenario from a name, too", function()
    local before = #groups()
    data_of(post("rl_verify", { vendor = "volcengine",
      name = "张三 [sandbox: verified; no-total]" }))
    local list = groups()
    assert.same({ before + 1, "张三 [sandbox: verified; no-total]" },
      { #list, list[#list].name })
    local group = list[#list].vendor_group_id
    local id = new_asset(group, { name = "[sandbox:task-fails=] x" })
    assert.same({ status = "Failed" }, status(id))
    assert.is_nil(assets(group).total)
    assert.matches("unknown scenario no%-such", post("rl_verify",
      { vendor = "volcengine", name = "[sandbox: no-such]" }).body)
  end)

  it("have a link with a time of its own", function()
    local session = verify(nil, { scenario = "verify=0" })
    assert.equal(410, get(session.h5_link).status)
  end)

  it("are in the listing", function()
    local listing = get(server.url .. "/sandbox/scenarios").body
    assert.matches("\n  no%-total ", listing)
    assert.matches("%[sandbox: %.%.%.%]", listing)
  end)
end)
