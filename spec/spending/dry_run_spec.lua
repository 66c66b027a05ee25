-- A dry run compared with the call itself: its description must equal what the
-- sandbox gets.
local json = require "yuanjing.base.json"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

local PNG = "\137PNG\r\n\26\n0123456789"

local box, folder, cat

local function client_with(options)
  local all = { base_url = box.url, asset_url = box.url, api_key = box.api_key,
    headers = { ["X-Team"] = "blue", ["X-Empty"] = "" } }
  for name, value in pairs(options or {}) do all[name] = value end
  return yuanjing.new(all)
end

-- Each call that can be made; some with the legacy API, see `api`.
local CALLS = {
  ["a chat"] = { run = function(client)
    return client:chat { prompt = "你好", temperature = 0.5 }
  end },
  ["a streamed chat"] = { run = function(client)
    return client:chat { stream = true,
      messages = { { role = "user", content = 'a "b"' } } }
  end },
  ["a legacy chat"] = { api = "legacy", run = function(client)
    return client:chat { prompt = "x" }
  end },
  ["an image"] = { run = function(client)
    return client:image { model = "wan2.2-t2i-flash", prompt = "x" }
  end },
  ["a video of a text"] = { run = function(client)
    return client:video { model = "viduq3-pro", prompt = "x", duration = 5 }
  end },
  ["a video with files"] = { run = function(client)
    return client:video { model = "viduq3-pro", prompt = "x\ny",
      first_frame = cat, last_frame = yuanjing.bytes(PNG, { name = "b.png" }) }
  end },
  ["a video with a list of files"] = { run = function(client)
    return client:video { model = "happyhorse-1.0-r2v", prompt = "x",
      reference_images = { cat, cat } }
  end },
  ["a legacy video"] = { api = "legacy", run = function(client)
    return client:video { model = "viduq3-pro", llmid = "x", prompt = "x",
      first_frame = cat, last_frame = cat, validate = false }
  end },
  ["the models"] = { run = function(client)
    return client:models { category = "t2v" }
  end },
  ["a request"] = { run = function(client)
    return client:request { path = "/llmage/v1/x", query = { a = "b c" },
      json = { d = 1 } }
  end },
  ["a task"] = { run = function(client)
    return client:task("123"):refresh()
  end },
  ["a legacy task"] = { api = "legacy", run = function(client)
    return client:task("123"):refresh()
  end },
  ["groups"] = { run = function(client) return client.assets:groups() end },
  ["an asset"] = { run = function(client) return client.assets:get("7") end },
  ["assets"] = { run = function(client)
    return client.assets:list { vendor_group_id = "g" }
  end },
  ["an upload"] = { run = function(client)
    return client.assets:upload { vendor_group_id = "g", file = cat }
  end },
  ["a verification"] = { asks_before = true, run = function(client)
    return client.assets:verify { vendor = "volcengine", name = "张三" }
  end },
}

local function path_of(request)
  return request.path .. (request.query and "?" .. request.query or "")
end

-- A description's form, in the sandbox's format.
local function read_form(form)
  local order, fields, files = {}, {}, {}
  for _, part in ipairs(form) do
    order[#order + 1] = part.name
    if part.file then
      files[#files + 1] = { name = part.name, filename = part.file,
        type = part.type, size = part.bytes }
    else
      fields[part.name] = part.value
    end
  end
  return { order = order, fields = fields, files = files }
end

local function seen_form(request)
  local files = {}
  for i, file in ipairs(request.files) do
    files[i] = { name = file.name, filename = file.filename, type = file.type,
      size = file.size }
  end
  return { order = request.order, fields = request.fields, files = files }
end

-- A description's body, with its files; for an upload the sandbox knows only
-- the length of the file.
local function read_body(text, request)
  local body = json.decode((text:gsub("<cat%.png, image/png, 18 bytes>",
    "iVBORw0KGgowMTIzNDU2Nzg5")))
  if not request.body then
    assert.equal("data:image/png;base64,iVBORw0KGgowMTIzNDU2Nzg5",
      body.source_url)
    body.source_url = { type = "image/png", size = #PNG,
      md5 = request.fields.source_url.md5 }
  end
  return body
end

local function seen_body(request)
  return request.body and json.decode(request.body) or request.fields
end

describe("a dry run", function()
  setup(function()
    box = assert(sandbox.start())
    folder = support.output("mktemp -d")
    cat = support.write(folder .. "/cat.png", PNG)
  end)

  teardown(function()
    box:stop()
    os.execute("rm -r '" .. folder .. "'")
  end)

  for name, case in pairs(CALLS) do
    it("of " .. name .. " is what the call sends, and sends nothing", function()
      local client = client_with { api = case.api, validate = not case.api }
      local before = #box:requests()
      local described = case.run(client:with { dry_run = true })
      assert.equal(before, #box:requests())
      assert.is_true(described.dry_run)
      case.run(client)
      local seen = box:requests()
      local request = seen[before + (case.asks_before and 2 or 1)]
      assert.same({ request.method, box.url .. path_of(request) },
        { described.method, described.url })
      for header, value in pairs(described.headers) do
        local sent = request.headers[header:lower()]
        if header == "Content-Type" then sent = sent:match("^[^;]*") end
        if header ~= "Authorization" then assert.equal(sent, value) end
      end
      assert.equal("blue", described.headers["X-Team"])
      assert.equal("Bearer ***", described.headers.Authorization)
      if described.form then
        assert.is_nil(described.json)
        assert.same(seen_form(request), read_form(described.form))
      elseif described.json then
        assert.same(seen_body(request), read_body(described.json, request))
      else
        assert.equal(0, request.bytes)
      end
    end)
  end

  it("describes a wait for a task, and its file, by the first question",
    function()
      local task = client_with { dry_run = true }:task("123")
      local wanted = box.url .. "/llmage/v1/tasks?taskid=123"
      assert.equal(wanted, task:await().url)
      assert.equal(wanted, task:save(folder .. "/none").url)
      assert.is_false(support.exists(folder .. "/none"))
      local results, failures = yuanjing.await_all { a = task, b = task }
      assert.same({ wanted, wanted }, { results.a.url, results.b.url })
      assert.same({}, failures)
    end)

  it("has nothing in it but its fields", function()
    local client = client_with { dry_run = true, headers = {} }
    local described = client:task("123"):refresh()
    local asset = client.assets:get("7")
    assert.is_nil(asset.task or asset.asset)
    described.headers["User-Agent"] = nil
    assert.same({ dry_run = true, method = "GET",
      url = box.url .. "/llmage/v1/tasks?taskid=123",
      headers = { Authorization = "Bearer ***" } }, support.fields(described))
  end)

  it("holds no secret", function()
    local key = "sk-very/secret+1"
    local client = client_with { dry_run = true, api_key = key, headers = {
      ["X-Api-Token"] = "t0psecret", ["X-Note"] = "of " .. key } }
    local calls = {
      client:chat { prompt = "my key is " .. key .. ", Bearer of news" },
      client:request { path = "/x", query = { key = key } },
      client:video { model = "happyhorse-1.0-r2v", prompt = key,
        reference_images = { cat } },
    }
    for _, described in ipairs(calls) do
      local text = tostring(described) .. described.url .. (described.json or "")
        .. described.headers["X-Api-Token"] .. described.headers["X-Note"]
      for _, part in ipairs(described.form or {}) do
        text = text .. (part.value or "")
      end
      assert.is_nil(text:find("secret", 1, true))
    end
    assert.truthy(calls[1].json:find("Bearer of news", 1, true))
  end)

  it("fails as the call would before it is sent", function()
    local client = client_with { dry_run = true }
    local _, err = client:video { model = "viduq3-pro", prompt = "x",
      first_frame = folder .. "/none.png", last_frame = cat }
    assert.equal("invalid_request", err.kind)
    assert.truthy(err.message:find("none.png", 1, true))
    _, err = client:chat {}
    assert.equal("invalid_request", err.kind)
    _, err = client:with { api_key = "" }:chat { prompt = "x" }
    assert.equal("auth", err.kind)
  end)

  it("reads no file into memory", function()
    local path = folder .. "/large.mp4"
    os.execute(("truncate -s 4G '%s' && printf '\\0\\0\\0\\030ftypisom' | "
      .. "dd of='%s' conv=notrunc status=none"):format(path, path))
    collectgarbage()
    local before = collectgarbage("count")
    local described = assert(client_with { dry_run = true, validate = false }:video {
      model = "happyhorse-1.0-video-edit", prompt = "x", video = path,
      reference_videos = { path } })
    assert.truthy(collectgarbage("count") - before < 1000)
    assert.equal(4 * 2 ^ 30, described.form[#described.form].bytes)
  end)

  it("counts as no call, and needs no turn", function()
    local client = client_with { dry_run = true, limits = { total = 0 } }
    assert.is_true(client:chat({ prompt = "x" }).dry_run)
    assert.same({}, client:usage().calls)
  end)

  it("prints as a request", function()
    local client = client_with { dry_run = true, user_agent = "me" }
    local head = table.concat({
      "POST " .. box.url .. "%s",
      "Authorization: Bearer ***",
      "Content-Type: %s",
      "User-Agent: me",
      "X-Empty: ",
      "X-Team: blue",
      "",
    }, "\n") .. "\n"
    assert.equal(head:format("/x", "application/json") .. '{"a":1}',
      tostring(client:request { path = "/x", json = { a = 1 } }))
    local described = client:video { model = "happyhorse-1.0-r2v", prompt = "x\ny",
      reference_images = { cat } }
    local texts, file = tostring(described):match("^(.*)\n(.-)$")
    assert.equal(described.form[#described.form].name
      .. ": <cat.png, image/png, 18 bytes>", file)
    assert.equal(head:format("/llmage/v1/video/generations",
      "multipart/form-data"), texts:sub(1, #texts - #texts:match(
      "\n\n(.*)$")))
    assert.truthy((texts .. "\n"):find("\nprompt: x\n  y\n", 1, true))
  end)
end)
