-- client.assets: parameters refused before anything is sent, and uploads of
-- files of every kind.
local cjson = require "cjson"
local sandbox = require "yuanjing.sandbox"
local scripted = require "support.scripted"
local support = require "support"
local uploads = require "support.uploads"
local yuanjing = require "yuanjing"

local at_first = support.at_first

local MIB = 2 ^ 20
local JPEG = "\255\216\255\224\0\16JFIF\0\n" .. ("\1"):rep(20)
local UPLOAD = "POST /reallife_asset/api/rl_upload.dspy"
local OK = scripted.answer(200, {}, '{"status":"ok","data":{"id":"a-1",'
  .. '"vendor_asset_id":"asset-1","status":"Processing"}}')

local function client_at(url, options)
  options = options or {}
  options.asset_url, options.api_key = url, "sk-assets"
  return yuanjing.new(options)
end

local function upload(client, file, more)
  local params = { vendor_group_id = "g-1", file = file }
  for name, value in pairs(more or {}) do params[name] = value end
  return client.assets:upload(params)
end

local FINE = { { "repeat", 99, { { "request" }, { "send", OK } } } }

-- The first connection follows the steps; any other would get an asset, so
-- that a second try would be noticed.
local function serve_once(steps)
  return support.serve { connections = { steps }, default = FINE }
end

-- ---- checks

describe("parameters of an asset", function()
  local server, client, folder
  before_each(function()
    server = serve_once(FINE)
    client = client_at(server.url)
    folder = support.tempdir()
  end)
  after_each(support.clean)

  -- The problems of a call, which must not be sent.
  local function problems(call, params, by)
    local value, err = (by or client).assets[call](client.assets, params)
    assert.is_nil(value)
    assert.same({ kind = "invalid_request", attempts = 0, retryable = false,
      call = "client.assets:" .. call,
      message = table.concat(err.problems, "; ") }, support.fields(err, "kind",
      "attempts", "retryable", "call", "message"))
    assert.equal(0, server:connections().opened)
    return err.problems
  end

  -- The body of an upload.
  local function body_of(params, by)
    assert((by or client).assets:upload(params))
    local requests = server:requests()
    return cjson.decode(requests[#requests].body)
  end

  it("are refused all at once", function()
    assert.same({
      "asset_typ: unknown parameter, did you mean \"asset_type\"?",
      "file_name: unknown parameter",
      "name: expected a text, got number",
      "vendor_group_id: missing",
      "file, source_url: give one of them",
    }, problems("upload", { asset_typ = "Image", name = 5, file_name = "a",
      file = folder, source_url = "https://h/" }))
    assert.same({
      "nam: unknown parameter, did you mean \"name\"?",
      "project_name: expected a text, got an empty one",
      "vendor: missing",
    }, problems("verify", { nam = "x", project_name = "" }))
    assert.same({
      "group_id: unknown parameter",
      "vendor_group: unknown parameter, did you mean \"vendor_group_id\"?",
      "vendor_group_id: missing",
    }, problems("list", { group_id = "g", vendor_group = "g" }))
    assert.same({ "1: a parameter needs a name", "vendor_group_id: missing",
      "file: missing" }, problems("upload", { "photo.jpg" }))
  end)

  it("are texts in UTF-8 that are not empty", function()
    for _, name in ipairs { "vendor", "project_name", "name" } do
      for value, problem in pairs { [5] = "expected a text, got number",
        [true] = "expected a text, got boolean",
        [""] = "expected a text, got an empty one",
        ["\255"] = "the text is not UTF-8" } do
        local params = { vendor = "v" }
        params[name] = value
        assert.same({ name .. ": " .. problem }, problems("verify", params))
      end
    end
    assert.same({ "source_url: the text is not UTF-8" }, problems("upload",
      { vendor_group_id = "g", source_url = "https://h/\255" }))
  end)

  it("stay as they were", function()
    local params = { vendor_group_id = "g-1", extra = { a = 1 },
      file = yuanjing.bytes(JPEG), asset_type = "image" }
    local copy = { vendor_group_id = "g-1", extra = params.extra,
      file = params.file, asset_type = "image" }
    assert(client.assets:upload(params))
    assert.same(copy, params)
    assert.same({ a = 1 }, params.extra)
  end)

  it("may be more than is known, by `extra`", function()
    assert.same({ a = true, source_url = "asset://x", asset_type = "3D",
      vendor_group_id = "g", list = { 1, 2 } }, body_of { vendor_group_id = "g",
      extra = { a = true, source_url = "asset://x", asset_type = "3D",
      list = { 1, 2 } } })
    for extra, problem in pairs {
      [{ name = "b" }] = "extra.name: the same field goes out without it",
      [{ picture = { yuanjing.file "/a.png" } }] =
        "extra.picture[1]: a file goes out as `file`",
      [{ [""] = 1 }] = ": a parameter needs a name",
      [{ 1 }] = "1: a parameter needs a name",
      [5] = "extra: expected table, got number",
    } do
      local value, err = upload(client, yuanjing.bytes(JPEG),
        { name = "a", extra = extra })
      assert.is_nil(value)
      assert.same({ problem }, err.problems)
    end
    local value, err = upload(client, yuanjing.bytes(JPEG),
      { extra = { source_url = "https://h/" } })
    assert.is_nil(value)
    assert.same({ "file, source_url: give one of them" }, err.problems)
    assert.equal(1, #server:requests())
  end)

  it("go out unchanged without validation", function()
    local unchecked = client:with { validate = false }
    assert.same({ vendor_group_id = 5, source_url = "photo.jpg", nam = "x",
      asset_type = "", name = "" }, body_of({ vendor_group_id = 5, nam = "x",
      source_url = "photo.jpg", asset_type = "", name = "" }, unchecked))
    assert.same({ source_url = "data:,a b" },
      body_of({ file = "data:,a b" }, unchecked))
    assert.same({}, body_of({}, unchecked))
    local _, err = unchecked.assets:upload { file = folder .. "/none.png" }
    assert.same({ "file: " .. folder .. "/none.png: No such file or directory" },
      err.problems)
  end)

  it("name a file that can be sent", function()
    local empty = support.write(folder .. "/空 .png", "")
    local text = support.write(folder .. "/notes.txt", "no picture")
    local CASES = {
      { folder .. "/none.png", folder .. "/none.png: No such file or directory" },
      { folder, folder .. ": Is a directory" },
      { empty, empty .. ": the file is empty" },
      { empty .. "/a.png", empty .. "/a.png: Not a directory" },
      { "", "an empty path" },
      { "a\0b.png", "a\\0b.png: a path with a zero byte" },
      { yuanjing.bytes "", "no bytes" },
      { "/dev/null", "/dev/null: not a file but a device, a pipe or a socket" },
      { text, "application/octet-stream is neither image nor video "
        .. "(yuanjing.file(path, { type = }) tells what it is)" },
      { "asset://a", "an asset is uploaded already" },
      { yuanjing.asset_ref "a", "an asset is uploaded already" },
      { yuanjing.bytes("?", { type = "text/plain" }), "text/plain is neither "
        .. "image nor video (yuanjing.file(path, { type = }) tells what it is)" },
      { 5, "expected a path, yuanjing.file, yuanjing.bytes or a URL, got number" },
      { { "a.png" }, "expected a path, yuanjing.file, yuanjing.bytes or a URL, "
        .. "got table" },
    }
    for _, case in ipairs(CASES) do
      assert.same({ "file: " .. case[2] }, problems("upload",
        { vendor_group_id = "g", file = case[1] }))
    end
  end)

  it("name a URL that is one", function()
    local path = support.write(folder .. "/a.jpg", JPEG)
    for _, url in ipairs { path, "", "h/a.jpg", "ftp://h/a.jpg", 5,
      yuanjing.bytes(JPEG) } do
      assert.same({ "source_url: expected a URL or a data URI "
        .. "(a file is given as `file`)" }, problems("upload",
        { vendor_group_id = "g", source_url = url }))
    end
    for _, url in ipairs { "https://", "https:///a", "https://h/a b" } do
      assert.same({ "source_url: no good URL" }, problems("upload",
        { vendor_group_id = "g", source_url = url }))
      assert.same({ "file: no good URL" }, problems("upload",
        { vendor_group_id = "g", file = url }))
    end
  end)

  it("take the type of a URL from its path, if it shows one", function()
    for url, wanted in pairs { ["https://h/a.JPG?x=1"] = "Image",
      ["HTTP://h/b.mp4#c.jpg"] = "Video", ["https://h/c.mp3"] = "Audio",
      ["https://h/片.webm"] = "Video", ["https://h/?d=a.mp4"] = false,
      ["https://h.mp4"] = false, ["https://h/e"] = false } do
      local expected = { vendor_group_id = "g", source_url = url,
        asset_type = wanted or nil }
      assert.same(expected, body_of { vendor_group_id = "g",
        source_url = url })
      assert.same(expected, body_of { vendor_group_id = "g", file = url })
      expected.asset_type = "Image"
      assert.same(expected, body_of { vendor_group_id = "g",
        source_url = url, asset_type = "image" })
    end
  end)

  it("have a data URI that the platform can read", function()
    local CASES = {
      ["data:"] = "a data URI without data",
      ["data:image/png;base64"] = "a data URI without data",
      ["data:image/png;base64,"] = "a data URI without data",
      ["data:;base64,iVBO"] =
        "a data URI without a type (data:image/jpeg;base64,...)",
      ["data:,hello"] = "a data URI without a type (data:image/jpeg;base64,...)",
      ["data:image/png,iVBO"] = "a data URI that is not in base64",
      ["data:image/png;base64;x=1,iVBO"] = "a data URI that is not in base64",
      ["data:image/png;base64,iVB"] = "a data URI whose base64 is broken",
      ["data:image/png;base64,iVBOR==="] = "a data URI whose base64 is broken",
      ["data:image/png;base64,===="] = "a data URI whose base64 is broken",
      ["data:image/png;base64,iV=O"] = "a data URI whose base64 is broken",
      ["data:image/png;base64,iVB-"] = "a data URI whose base64 is broken",
      ["data:image/png;base64,iVB%3D"] = "a data URI whose base64 is broken",
      ["data:image/png;base64,iVB\255"] = "a data URI whose base64 is broken",
      ["data:image/png;base64,iVB\0"] = "a data URI whose base64 is broken",
      ["data:image/png;base64,iVBO,iVBO"] = "a data URI whose base64 is broken",
      ["data:text/plain;base64,iVBO"] = "text/plain is neither image nor video",
    }
    for uri, problem in pairs(CASES) do
      for _, name in ipairs { "source_url", "file" } do
        local params = { vendor_group_id = "g" }
        params[name] = uri
        assert.same({ name .. ": " .. problem }, problems("upload", params))
      end
    end
  end)

  it("send a good data URI as it is, but for line ends", function()
    for uri, expected in pairs {
      ["data:image/jpeg;base64,/9j/4AAQSkZJRgAB"] = {
        "data:image/jpeg;base64,/9j/4AAQSkZJRgAB", "Image" },
      ["DATA:Video/MP4;charset=x;Base64,AAAA+A=="] = {
        "DATA:Video/MP4;charset=x;Base64,AAAA+A==", "Video" },
      ["data:audio/mpeg;base64,SUQ\n zBA\r\n==\t"] = {
        "data:audio/mpeg;base64,SUQzBA==", "Audio" },
      ["data:image/jpg;base64,/9j/4AAQSkZJRgAB"] = {
        "data:image/jpeg;base64,/9j/4AAQSkZJRgAB", "Image" },
      ["data:application/octet-stream;base64,/9j/4AAQSkZJRgAB"] = {
        "data:image/jpeg;base64,/9j/4AAQSkZJRgAB", "Image" },
      ["data:;base64,iVBORw0KGgoAAAANSUhEUg=="] = {
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==", "Image" },
      ["data:video/mp4;base64,iVBORw0KGgoAAAANSUhEUg=="] = {
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==", "Image" },
      ["data:image/svg+xml;base64,PHN2Zz4="] = {
        "data:image/svg+xml;base64,PHN2Zz4=", "Image" },
    } do
      local body = { vendor_group_id = "g", source_url = expected[1],
        asset_type = expected[2] }
      assert.same(body, body_of { vendor_group_id = "g", source_url = uri })
      assert.same(body, body_of { vendor_group_id = "g", file = uri })
    end
  end)

  it("have an asset_type that is that of the file", function()
    local MP4 = yuanjing.bytes("\0\0\0\24ftypisom....", { name = "a.mp4" })
    local CASES = {
      { "Video", yuanjing.bytes(JPEG), "image/jpeg" },
      { "image", MP4, "video/mp4" },
      { "Audio", yuanjing.bytes(JPEG), "image/jpeg" },
      { "Image", yuanjing.bytes "?", "application/octet-stream" },
      { "Image", "data:video/mp4;base64,AAAA", "video/mp4" },
    }
    for _, case in ipairs(CASES) do
      local wanted = case[1]:gsub("^%l", string.upper)
      assert.same({ ("asset_type: %s, but what is given is %s"):format(wanted,
        case[3]) }, problems("upload", { vendor_group_id = "g",
        file = case[2], asset_type = case[1] }))
    end
    for given, sent in pairs { IMAGE = "Image", image = "Image",
      Image = "Image", Portrait = "Portrait" } do
      assert.equal(sent, body_of { vendor_group_id = "g",
        file = yuanjing.bytes(JPEG), asset_type = given }.asset_type)
    end
  end)

  it("raise where they are no table, at the caller's line", function()
    for _, call in ipairs { "verify", "upload", "list" } do
      assert.same({ 1, ("client.assets:%s: expected table, got string"):format(
        call) }, { support.raised_at(function()
        local value = client.assets[call](client.assets, "x")
        return value
      end) })
    end
    for value, got in pairs { [""] = "an empty text", [5] = "number" } do
      local raised, message = pcall(function()
        local asset = client.assets:get(value)
        return asset
      end)
      assert.is_false(raised)
      assert.truthy(message:find("assets_spec.lua:%d+: client.assets:get: "
        .. "expected an id, got " .. got), message)
    end
  end)
end)

describe("client.assets", function()
  after_each(support.clean)

  it("are one client's own", function()
    local first, second = serve_once(FINE), serve_once(FINE)
    local client = client_at(first.url)
    local other = client:with { asset_url = second.url }
    assert.equal(client.assets, client.assets)
    assert.not_equal(client.assets, other.assets)
    assert(upload(other, yuanjing.bytes(JPEG)))
    assert.same({ 0, 1 }, { #first:requests(), #second:requests() })
  end)

  it("need a key and an address", function()
    local client = yuanjing.new { api_key = " ", asset_url = "ftp://h" }
    local _, err = client.assets:groups()
    assert.same({ "invalid_request", 0 }, { err.kind, err.attempts })
    _, err = client:with { asset_url = "http://127.0.0.1:1" }.assets:groups()
    assert.same({ "auth", 0 }, { err.kind, err.attempts })
  end)
end)

-- ---- files on their way

local folder

local function write(name, bytes)
  return support.write(folder .. "/" .. name, bytes)
end

local function sparse(name, size)
  return support.sparse(folder .. "/" .. name, JPEG, size)
end

local function coded(size)
  return math.floor((size + 2) / 3) * 4
end

-- The bytes that the JSON has around a picture.
local around
local function overhead()
  if not around then
    local server = serve_once(FINE)
    assert(upload(client_at(server.url), yuanjing.bytes(JPEG)))
    around = server:requests()[1].body_length - coded(#JPEG)
  end
  return around
end

local function await_close(server)
  assert.truthy(server:wait_for(function()
    return server:connections().closed == 1
  end))
end

local function body_received(server)
  await_close(server)
  return uploads.body_received(server)
end

-- Digests of the file and of its data URI, computed by Python.
local DIGESTS = [[
import base64, hashlib, json, sys
with open(sys.argv[1], "rb") as file:
    body = json.loads(file.read().decode("utf-8"))
with open(sys.argv[2], "rb") as file:
    data = file.read()
sent = base64.b64decode(body["source_url"].partition(",")[2], validate=True)
print(hashlib.md5(data).hexdigest() == hashlib.md5(sent).hexdigest())
]]

describe("an upload", function()
  before_each(function() folder = support.tempdir() end)
  after_each(support.clean)

  it("takes a path of any letters", function()
    for _, name in ipairs { "第 一'帧\".jpg", "-rf", "a\nb.jpg", "http:.jpg",
      "\233.jpg" } do
      local server = serve_once(FINE)
      local path = write(name, JPEG .. name)
      assert(upload(client_at(server.url), path))
      local body = write("body", server:requests()[1].body)
      local script = write("digests.py", DIGESTS)
      os.rename(path, folder .. "/file")
      assert.equal("True", support.output(("python3 '%s' '%s' '%s/file'")
        :format(script, body, folder)))
      server:stop()
    end
  end)

  it("takes a path that looks like a URL, by yuanjing.file", function()
    os.execute(("mkdir -p '%s/http:'"):format(folder))
    local path = folder .. "/http:/a.jpg"
    support.write(path, JPEG)
    local server = serve_once(FINE)
    assert(upload(client_at(server.url), yuanjing.file(path)))
    assert.equal(overhead() + coded(#JPEG),
      server:requests()[1].body_length)
  end)

  it("that is refused for its size reports the size", function()
    local BODIES = { "413: Request Entity Too Large", "", "<html><head><title>"
      .. "413 Request Entity Too Large</title></head></html>" }
    for _, body in ipairs(BODIES) do
      local size = 64 * MIB
      local server = serve_once { { "head" }, { "read", 65536 },
        { "send", scripted.answer(413, {}, body) }, { "wait_close", 5 } }
      local asset, err = upload(client_at(server.url),
        sparse("413.jpg", size))
      assert.is_nil(asset)
      assert.same({ "platform", 413, 1, false, UPLOAD },
        { err.kind, err.status, err.attempts, err.retryable, err.call })
      assert.truthy(err.message:find("too large for the platform (89.5 MB)",
        1, true), err.message)
      assert.truthy(body_received(server) < coded(size))
      assert.equal(1, #server:requests())
      server:stop()
    end
  end)

  local PARTS = {
    ['{"status":"ok","data":{"id":"77","vendor_asset_id":"v'] = "77",
    ['{"data": {"vendor_asset_id" : "v", "asset_id" : 77, "sta'] = "77",
    ['{"data":{"vendor_asset_id":"v"'] = "none",
    ['{"data":{"id":"7'] = "none",
    ['{"data":{"id":7'] = "none",
    ['<p>{"id":"77"}'] = "none",
  }
  for body, id in pairs(PARTS) do
    it(("reports the asset in half an answer: %s"):format(body), function()
      local server = serve_once { { "request" }, { "send",
        "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" .. body } }
      local asset, err = upload(client_at(server.url), sparse("a.jpg", 999),
        { name = "模特" })
      assert.is_nil(asset)
      assert.same({ "truncated", body, 1 },
        { err.kind, err.body, #server:requests() })
      assert.equal(id, err.asset and err.asset.id or "none")
      if not err.asset then return end
      assert.same({ "Processing", "Image" },
        { err.asset.status, err.asset.asset_type })
      assert.truthy(tostring(err):find("asset 77", 1, true))
    end)
  end

  it("that is refused for its size reports that for a data URI, too",
  function()
    local server = serve_once { { "request" },
      { "send", scripted.answer(413, {}, "") } }
    local _, err = client_at(server.url).assets:upload { vendor_group_id = "g",
      source_url = "data:image/png;base64," .. ("iVBO"):rep(500000) }
    assert.truthy(err.message:find("(2.0 MB)", 1, true), err.message)
  end)

  it("announces its length, whatever its size", function()
    for _, size in ipairs { 5 * 2 ^ 30, 5 * 2 ^ 30 + 1, 5 * 2 ^ 30 + 2 } do
      local server = serve_once { { "head" }, { "read", 8 * MIB },
        { "reset" } }
      local asset, err = upload(client_at(server.url), sparse("big.jpg", size))
      assert.is_nil(asset)
      assert.same({ "outcome_unknown", 1 }, { err.kind, err.attempts })
      local request = server:requests()[1]
      assert.equal(("%.0f"):format(coded(size) + overhead()),
        request.headers["content-length"])
      assert.equal("application/json", request.headers["content-type"])
      assert.is_nil(request.headers.expect)
      server:stop()
    end
  end)

  it("reports its progress", function()
    local size, events = 18 * MIB, {}
    local server = serve_once { { "head" },
      { "repeat", 12, { { "read", 2 * MIB }, { "sleep", 0.1 } } },
      { "read", overhead() }, { "send", OK }, { "wait_close", 5 } }
    assert(upload(client_at(server.url, { on_event = function(event)
      if event.type == "upload" then events[#events + 1] = event end
    end }), sparse("told.jpg", size)))
    assert.truthy(#events >= 3)
    local sent = -1
    for _, event in ipairs(events) do
      assert.same({ UPLOAD, coded(size) }, { event.call, event.total })
      assert.truthy(event.sent >= sent)
      sent = event.sent
    end
    assert.truthy(sent >= coded(size), sent)
  end)

  -- NB: of what has left, 10 MiB may lie in buffers of the system.
  it("may take longer than the limits while it moves", function()
    local server = serve_once { { "head" },
      { "repeat", 12, { { "read", 2 * MIB }, { "sleep", 0.36 } } },
      { "read", overhead() }, { "send", OK }, { "wait_close", 5 } }
    local took, asset, err = support.timed(upload, client_at(server.url,
      { timeout = { first = 4, idle = 4 } }), sparse("slow.jpg", 18 * MIB))
    assert.equal("a-1", assert(asset, tostring(err)).id, took)
    assert.truthy(took > 4.2, took)
  end)

  for what, case in pairs(uploads.CHANGES) do
    it("of a file " .. what .. " at the last moment is not made", function()
      local server, path = serve_once(FINE), write("a.jpg", JPEG)
      local asset, err = upload(client_at(server.url, { on_event = at_first(
        "request", function() case[2](path) end) }), path)
      assert.is_nil(asset)
      assert.same({ "io", path .. ": " .. case[1], 1, false },
        { err.kind, err.message, err.attempts, err.retryable })
      assert.equal(0, #server:requests())
    end)
  end

  it("of a file that shrinks meanwhile is broken off", function()
    local size = 24 * MIB
    local path = sparse("shrinks.jpg", size)
    local server = serve_once { { "head" }, { "sleep", 0.5 },
      { "read", 64 * MIB }, { "send", OK } }
    local asset, err = upload(client_at(server.url, { on_event = at_first(
      "request", function() uploads.empty_soon(path) end) }), path)
    assert.is_nil(asset)
    assert.same({ "io", 1, false }, { err.kind, err.attempts, err.retryable })
    assert.truthy(body_received(server) < coded(size))
    assert.equal(1, #server:requests())
  end)

  it("of a file that grows meanwhile is as long as it was", function()
    local size = 12 * MIB
    local path = sparse("grows.jpg", size)
    local length = coded(size) + overhead()
    local server = serve_once { { "head" }, { "sleep", 0.5 },
      { "read", length }, { "send", OK } }
    assert(upload(client_at(server.url, { on_event = at_first("upload",
      function()
        local file = assert(io.open(path, "ab"))
        file:write(("x"):rep(100000))
        file:close()
      end) }), path))
    assert.equal(length, body_received(server))
    assert.truthy(#support.read(path) > size)
  end)

  it("reads its file anew when it is made again", function()
    local path = write("again.jpg", JPEG .. "first")
    local server = support.serve { connections = { { { "request" }, { "send",
      scripted.answer(503, { ["Retry-After"] = "0", Connection = "close" },
        "") } } }, default = FINE }
    assert(upload(client_at(server.url, { on_event = at_first("retry",
      function() write("again.jpg", JPEG .. "second") end) }), path))
    local requests = server:requests()
    assert.equal(2, #requests)
    for n, word in ipairs { "first", "second" } do
      assert.equal(overhead() + coded(#JPEG + #word), requests[n].body_length)
      local body = write("body", requests[n].body)
      local original = write("original", JPEG .. word)
      assert.equal("True", support.output(("python3 '%s' '%s' '%s'"):format(
        write("digests.py", DIGESTS), body, original)))
    end
  end)

  it("has no more in memory than without a file", function()
    local size = 256 * MIB
    local server = serve_once { { "head" },
      { "read", coded(size) + overhead() }, { "send", OK } }
    local client, path = client_at(server.url), sparse("large.jpg", size)
    collectgarbage()
    support.write("/proc/self/clear_refs", "5") -- the peak is what there is now
    local function peak() -- KiB
      return tonumber(support.read("/proc/self/status"):match("VmHWM:%s*(%d+)"))
    end
    local before = peak()
    assert(upload(client, path))
    assert.truthy(peak() - before < 4096, peak() - before)
  end)
end)

-- ---- the whole flow

describe("on the sandbox", function()
  local server, client

  setup(function()
    server = assert(sandbox.start { task_seconds = 0.2 })
    client = yuanjing.new { asset_url = server.asset_url,
      base_url = "http://127.0.0.1:1", api_key = server.api_key }
  end)
  teardown(function() server:stop() end)
  before_each(function() folder = support.tempdir() end)
  after_each(support.clean)

  -- The same client, but the sandbox does something odd.
  local function odd(scenario)
    return client:with { headers = { ["X-Sandbox"] = scenario } }
  end

  local function press_button(link)
    local phone = client:with { base_url = server.url }
    assert(phone:request { method = "POST",
      path = link:match("^http://[^/]+(/.*)$") })
  end

  local function new_group(name, by)
    local session = assert((by or client).assets:verify {
      vendor = "volcengine", name = name })
    press_button(session.h5_link)
    return assert(session:await_group { timeout = 5, interval = 0.05 })
  end

  local QUICK = { timeout = 10, interval = 0.05 }

  local function binary(length)
    local file = assert(io.open("/dev/urandom", "rb"))
    local bytes = JPEG .. file:read(length)
    file:close()
    return bytes
  end

  it("leads from a person to what was uploaded", function()
    local session = assert(client.assets:verify { vendor = "volcengine",
      name = "张三" })
    local group, err = session:await_group { timeout = 0.2, interval = 0.1 }
    assert.same({ nil, "timeout" }, { group, err.kind })
    press_button(session.h5_link)
    group = assert(session:await_group { timeout = 5, interval = 0.05 })
    assert.same({ "张三", "volcengine", "active" },
      { group.name, group.vendor, group.status })
    local listed = assert(client.assets:groups())
    assert.same(group, listed[#listed])

    local small, large = binary(1000), binary(3 * MIB + 1)
    local path = support.write(folder .. "/照片.jpg", large)
    local uri = "data:image/jpeg;base64," .. support.output(
      ("base64 -w 0 '%s'"):format(support.write(folder .. "/small", small)))
    local given = {
      { file = path, name = "模特A" },
      { file = yuanjing.bytes(small), name = "模特B" },
      { source_url = uri, name = "模特C" },
      { source_url = "https://h.invalid/d.mp4", name = "模特D" },
    }
    local assets = {}
    for n, params in ipairs(given) do
      params.vendor_group_id = group.vendor_group_id
      assets[n] = assert(client.assets:upload(params))
      assert.same({ "Processing", false }, { assets[n].status, assets[n].done })
    end
    for n, bytes in ipairs { large, small, small } do
      local saved = folder .. "/saved"
      assert.equal(assets[n], (assert(assets[n]:await(QUICK))))
      assert.equal(saved, (assert(assets[n]:save(saved))))
      assert.is_true(support.read(saved) == bytes, n)
    end
    assert(assets[4]:await(QUICK))

    local list, total = assert(client.assets:list {
      vendor_group_id = group.vendor_group_id })
    assert.same({ 4, 4 }, { #list, total })
    for n, each in ipairs(list) do
      assert.same({ assets[n].id, assets[n].vendor_asset_id, given[n].name,
        n == 4 and "Video" or "Image", "Active", group.vendor_group_id },
        { each.id, each.vendor_asset_id, each.name, each.asset_type,
          each.status, each.vendor_group_id })
    end
    assert(list[1]:save(folder .. "/again"))
    assert.is_true(support.read(folder .. "/again") == large)
    assert.same({ "Active", assets[2].id }, { assert(client.assets:get(
      assets[2].id)).status, assets[2].id })
  end)

  it("is the same in the flat envelope", function()
    local flat = odd "assets-flat"
    local group = new_group("李四", flat)
    local asset = assert(upload(flat, yuanjing.bytes(JPEG), {
      vendor_group_id = group.vendor_group_id }))
    assert(asset:await(QUICK))
    assert(asset:save(folder .. "/a"))
    assert.equal(JPEG, support.read(folder .. "/a"))
    local list, total = flat.assets:list {
      vendor_group_id = group.vendor_group_id }
    assert.same({ 1, 1, "Active" }, { #list, total, list[1].status })
    local _, err = flat.assets:list { vendor_group_id = "none" }
    assert.same({ "not_found", "group_not_found" }, { err.kind, err.code })
  end)

  it("takes a group that needs no confirmation", function()
    local session = assert(odd "verified".assets:verify {
      vendor = "volcengine", name = "王五" })
    assert.equal("王五", assert(session:await_group(QUICK)).name)
  end)

  it("keeps two persons apart that are verified at a time", function()
    local sessions = {}
    for _, name in ipairs { "甲", "乙" } do
      sessions[name] = assert(client.assets:verify { vendor = "volcengine",
        name = name })
    end
    press_button(sessions["乙"].h5_link)
    local group, err = sessions["甲"]:await_group { timeout = 0.2,
      interval = 0.1 }
    assert.same({ nil, "timeout" }, { group, err.kind })
    press_button(sessions["甲"].h5_link)
    for name, session in pairs(sessions) do
      assert.equal(name, assert(session:await_group(QUICK)).name)
    end
  end)

  it("refuses with the documented texts", function()
    local _, err = client.assets:verify { vendor = "nobody" }
    assert.same({ "platform", "vendor_not_configured" }, { err.kind, err.code })
    _, err = odd "vendor-stopped".assets:verify { vendor = "volcengine" }
    assert.same({ "platform", "vendor_disabled" }, { err.kind, err.code })
    _, err = upload(client, yuanjing.bytes(JPEG))
    assert.same({ "not_found", "group_not_found" }, { err.kind, err.code })
    _, err = client.assets:get "a-none"
    assert.same({ "not_found", "asset_not_found" }, { err.kind, err.code })
    _, err = upload(odd "unverified", yuanjing.bytes(JPEG))
    assert.same({ "platform", "verification_incomplete" },
      { err.kind, err.code })
    _, err = odd("assets-error=维护中").assets:groups()
    assert.same({ "platform", nil, "维护中" }, { err.kind, err.code, err.message })
  end)

  it("refuses what is too large, and reports the size", function()
    local group = new_group "赵六"
    local _, err = upload(odd "json-limit=100000", yuanjing.bytes(binary(MIB)),
      { vendor_group_id = group.vendor_group_id })
    assert.same({ "platform", 413 }, { err.kind, err.status })
    assert.truthy(err.message:find("too large for the platform (1.4 MB)", 1,
      true), err.message)
  end)

  it("saves by a fresh link when the old one is refused", function()
    local group = new_group "钱七"
    local asset = assert(upload(odd "expired", yuanjing.bytes(JPEG), {
      vendor_group_id = group.vendor_group_id }))
    assert(asset:await(QUICK))
    local old = asset.url
    assert(asset:save(folder .. "/a"))
    assert.not_equal(old, asset.url)
    assert.equal(JPEG, support.read(folder .. "/a"))
  end)
end)
