local child = require "support.child"
local json = require "yuanjing.base.json"
local scripted = require "support.scripted"
local support = require "support"

local client_at = require("support.answering").client
local FILM = ("0123456789abcdef"):rep(4000) -- 64000 bytes
local HALF = 30000
local ETAG = '"v1"'

-- A result with a video. Its task is queried at `api`.
local function result_at(url, options, api)
  local task = client_at(api or "http://127.0.0.1:1", options):task("7")
  local fields = { status = "SUCCEEDED", video = url }
  task._api = { task = function()
    return { status = "SUCCEEDED", result = { video = fields.video,
      videos = { fields.video }, images = {}, audios = {}, outputs = {},
      raw = fields } }
  end }
  return assert(task:await()), task
end

local function whole(headers)
  headers = headers or { ETag = ETAG }
  return scripted.answer(200, headers, FILM)
end

-- The head and the first bytes of a truncated answer.
local function broken(headers, length)
  headers["Content-Length"] = tostring(#FILM)
  return scripted.answer(200, headers, FILM:sub(1, length or HALF))
end

local function part(from, headers)
  headers = headers or {}
  headers.ETag = headers.ETag or ETAG
  headers["Content-Range"] = headers["Content-Range"]
    or ("bytes %d-%d/%d"):format(from, #FILM - 1, #FILM)
  return scripted.answer(206, headers, FILM:sub(from + 1))
end

-- A server that gives each connection the next of these answers.
local function serving(...)
  local connections = {}
  for n, answer in ipairs { ... } do
    connections[n] = { { "request" }, { "send", answer }, { "close" } }
  end
  local server = support.serve { connections = connections,
    default = connections[#connections] }
  return server, server.url .. "/a/v.mp4?sig=1"
end

-- The names in a folder.
local function names_in(folder)
  return support.output(("ls -A '%s'"):format(folder))
end

local function ranges_of(server)
  local list = {}
  for n, request in ipairs(server:requests()) do
    list[n] = { request.headers.range, request.headers["if-range"] }
  end
  return list
end

-- Saves over an old file: the result, the path, and the folder's files then.
local function save(url, options, client_options)
  local folder = support.tempdir()
  local path = support.write(folder .. "/v.mp4", "old")
  local saved, err = result_at(url, client_options):save(path, options)
  return saved, err, path, names_in(folder)
end

local function assert_saved(saved, err, path, names)
  assert.is_nil(err)
  assert.equal(path, saved)
  assert.is_true(support.read(path) == FILM)
  assert.equal("v.mp4", names)
end

local function assert_untouched(kind, saved, err, path, names)
  assert.is_nil(saved)
  assert.equal(kind, err.kind)
  assert.equal("7", err.task.id)
  assert.equal("old", support.read(path))
  assert.equal("v.mp4", names)
end

-- Whole files --------------------------------------------------------------

describe("a download", function()
  after_each(support.clean)

  it("is the whole file", function()
    local _, url = serving(whole())
    assert_saved(save(url))
  end)

  it("takes what has no length", function()
    local _, url = serving(scripted.answer(200,
      { ["Transfer-Encoding"] = "chunked" },
      scripted.chunked { FILM:sub(1, 9), FILM:sub(10) }))
    assert_saved(save(url))
    _, url = serving("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" .. FILM)
    assert_saved(save(url))
  end)

  it("has no headers but the necessary ones", function()
    local server, url = serving(whole())
    assert_saved(save(url, nil, { headers = { ["X-Mine"] = "1" },
      user_agent = "me/1" }))
    assert.same({ ["accept-encoding"] = "identity", accept = "*/*",
      ["user-agent"] = "me/1", host = "127.0.0.1:" .. server.port },
      server:requests()[1].headers)
    assert.equal("/a/v.mp4?sig=1", server:requests()[1].path)
  end)

  it("leaves the old file until the new one is whole", function()
    local server = support.serve { default = { { "request" },
      { "send", broken {} }, { "gate", "rest" },
      { "send", FILM:sub(HALF + 1) } } }
    local folder, seen = support.tempdir(), nil
    local path = support.write(folder .. "/v.mp4", "old")
    assert(result_at(server.url .. "/x"):save(path, {
      on_progress = function(received)
        if received < #FILM then seen = support.read(path) end
        server:open "rest"
      end }))
    assert.equal("old", seen)
    assert.is_true(support.read(path) == FILM)
  end)

  it("reports its progress, and ends at the total", function()
    local bytes, steps, seen = whole(), { { "request" } }, {}
    for n = 1, 4 do
      steps[2 * n] = { "send", bytes:sub(20000 * n - 19999,
        n < 4 and 20000 * n or -1) }
      steps[2 * n + 1] = { "gate", tostring(n) }
    end
    steps[9] = nil
    local server = support.serve { default = steps }
    assert_saved(save(server.url .. "/x", { on_progress = function(received, total)
      assert.equal(#FILM, total)
      assert.truthy(received > (seen[#seen] or -1))
      seen[#seen + 1] = received
      server:open(tostring(#seen))
    end }))
    assert.truthy(#seen >= 3)
    assert.equal(#FILM, seen[#seen])
  end)

  it("reports no total where there is none", function()
    local _, url = serving(scripted.answer(200,
      { ["Transfer-Encoding"] = "chunked" }, scripted.chunked { FILM }))
    local last
    assert_saved(save(url, { on_progress = function(...) last = { ... } end }))
    assert.same({ #FILM }, last)
  end)

  it("ends with what on_progress raises, and leaves nothing behind", function()
    local _, url = serving(whole())
    local folder = support.tempdir()
    local path = support.write(folder .. "/v.mp4", "old")
    local ok, problem = pcall(function()
      return result_at(url):save(path, { on_progress = function()
        error("mine", 0)
      end })
    end)
    assert.same({ false, "mine" }, { ok, problem })
    assert.equal("old", support.read(path))
    assert.equal("v.mp4", names_in(folder))
  end)

  it("is of the kind that is asked for", function()
    local server = support.serve { routes = {
      ["/v1"] = { { "send", scripted.answer(200, {}, "v1") } },
      ["/v2"] = { { "send", scripted.answer(200, {}, "v2") } },
      ["/c"] = { { "send", scripted.answer(200, {}, "c") } },
      ["/llmage/v1/tasks"] = { { "send", scripted.answer(200, {}, "{}") } },
    } }
    local function at(path) return server.url .. path end
    local task = client_at(server.url):task("7")
    task._api = { task = function()
      return { status = "SUCCEEDED", result = { image = at "/c",
        images = { at "/c" }, video = at "/v1", videos = { at "/v1", at "/v2" },
        audios = {}, outputs = {} } }
    end }
    local folder = support.tempdir()
    local CASES = { { nil, "v1" }, { { index = 2 }, "v2" },
      { { kind = "image" }, "c" }, { { kind = "video", index = 2 }, "v2" } }
    for _, case in ipairs(CASES) do
      local path = assert(task:save(folder .. "/x", case[1]))
      assert.equal(case[2], support.read(path))
    end
    for _, options in ipairs { { kind = "audio" }, { index = 3 },
      { kind = "nothing" } } do
      local saved, err = task:save(folder .. "/y", options)
      assert.is_nil(saved)
      assert.same({ "not_found", "the result has no file of that kind", task },
        { err.kind, err.message, err.task })
    end
    assert.equal("x", names_in(folder))
  end)
end)

-- Breaks -------------------------------------------------------------------

describe("a download that breaks off", function()
  after_each(support.clean)

  it("goes on where it was", function()
    local server, url = serving(broken { ETag = ETAG }, part(HALF))
    local seen = {}
    assert_saved(save(url, { on_progress = function(received, total)
      assert.equal(#FILM, total)
      assert.truthy(received > (seen[#seen] or -1))
      seen[#seen + 1] = received
    end }))
    assert.same({ {}, { "bytes=" .. HALF .. "-", ETAG } }, ranges_of(server))
    assert.equal(#FILM, seen[#seen])
  end)

  -- Only the file itself has its length, neither the head nor the framing.
  local BOXES = "\0\0\0\8ftyp\0\0\0\16mdat12345678\0\0\0\8moov"

  it("without a length is known by the file's own end", function()
    local head = "HTTP/1.1 200 OK\r\n\r\n"
    local server, url = serving(head .. BOXES:sub(1, 20), head .. BOXES)
    local saved, err, path = save(url)
    assert.is_nil(err)
    assert.equal(path, saved)
    assert.is_true(support.read(path) == BOXES)
    assert.equal(2, #server:requests())
    server, url = serving(head .. BOXES:sub(1, 20))
    local _, broke, old, names = save(url)
    assert_untouched("truncated", nil, broke, old, names)
    assert.truthy(broke.message:find("20 bytes came", 1, true))
    assert.equal(4, #server:requests())
  end)

  it("is not inspected where the framing proves that it is whole", function()
    for _, answer in ipairs { scripted.answer(200, {}, BOXES:sub(1, 20)),
      scripted.answer(200, { ["Transfer-Encoding"] = "chunked" },
        scripted.chunked { BOXES:sub(1, 20) }) } do
      local server, url = serving(answer)
      local _, err, path = save(url)
      assert.is_nil(err)
      assert.equal(BOXES:sub(1, 20), support.read(path))
      assert.equal(1, #server:requests())
    end
  end)

  it("goes on by the date where there is no strong ETag", function()
    local DATE = "Sat, 21 Nov 2026 06:00:00 GMT"
    local server, url = serving(broken { ETag = 'W/"v1"',
      ["Last-Modified"] = DATE }, part(HALF))
    assert_saved(save(url))
    assert.same({ {}, { "bytes=" .. HALF .. "-", DATE } }, ranges_of(server))
  end)

  it("goes on as often as it gets further", function()
    local answers = {}
    for n = 0, 5 do
      answers[n + 1] = part(n * 10000, { ["Content-Length"] =
        tostring(#FILM - n * 10000) }):sub(1, -(#FILM - n * 10000) - 1)
        .. FILM:sub(n * 10000 + 1, (n + 1) * 10000)
    end
    answers[1] = broken({ ETag = ETAG }, 10000)
    answers[7] = part(60000)
    local server, url = serving((table.unpack or unpack)(answers))
    assert_saved(save(url))
    assert.equal(7, #server:requests())
    assert.equal("bytes=60000-", server:requests()[7].headers.range)
  end)

  it("goes on after a part that ends early, and reports it", function()
    local server, url = serving(broken { ETag = ETAG },
      scripted.answer(206, { ETag = ETAG, ["Content-Range"] =
        ("bytes %d-39999/%d"):format(HALF, #FILM) }, FILM:sub(HALF + 1, 40000)),
      part(40000))
    assert_saved(save(url))
    assert.equal(3, #server:requests())
  end)

  for name, second in pairs {
    ["does not know ranges"] = whole(),
    ["has another file by now"] = whole { ETag = '"v2"' },
  } do
    it("starts again where the server " .. name, function()
      local server = support.serve { connections = {
        { { "request" }, { "send", broken { ETag = ETAG } } } },
        default = { { "request" }, { "split", second, { 9000 }, 0.05 } } }
      local last = -1
      assert_saved(save(server.url .. "/x", { on_progress = function(received)
        assert.truthy(received > last)
        last = received
      end }))
      assert.equal(#FILM, last)
      assert.equal(2, #server:requests())
    end)
  end

  it("is another file when that is what there is by now", function()
    local server, url = serving(broken { ETag = ETAG },
      scripted.answer(200, { ETag = '"v2"' }, "short"))
    local saved, err, path, names = save(url)
    assert.is_nil(err)
    assert.same({ path, "short", "v.mp4" },
      { saved, support.read(path), names })
    assert.equal(2, #server:requests())
  end)

  it("starts again where nothing proves that the bytes are the same",
  function()
    local server, url = serving(broken {}, whole {})
    assert_saved(save(url))
    assert.same({ {}, {} }, ranges_of(server))
  end)

  it("starts again where the remaining bytes are gone", function()
    local server, url = serving(broken { ETag = ETAG },
      scripted.answer(416, { ["Content-Range"] = "bytes */9" }, ""), whole())
    local folder = support.tempdir()
    local result, task = result_at(url)
    task._api = nil -- and the task is not queried for another link
    local saved, err = result:save(folder .. "/v.mp4")
    assert_saved(saved, err, folder .. "/v.mp4", names_in(folder))
    assert.same({ {}, { "bytes=" .. HALF .. "-", ETAG }, {} }, ranges_of(server))
  end)

  it("starts again where its part has changed meanwhile", function()
    local server = support.serve { connections = {
      { { "request" }, { "send", broken { ETag = ETAG } }, { "gate", "end" } } },
      default = { { "request" }, { "send", whole() } } }
    local folder = support.tempdir()
    local path = folder .. "/v.mp4"
    local has_written = false
    local saved = result_at(server.url .. "/x"):save(path, {
      on_progress = function(received)
        if received >= HALF and received < #FILM and not has_written then
          has_written = true
          support.write(path .. ".part", "what another has written")
          server:open "end"
        end
      end })
    assert.equal(path, saved)
    assert.is_true(support.read(path) == FILM)
    assert.same({ {}, {} }, ranges_of(server))
  end)

  for name, range in pairs {
    ["a later part"] = ("bytes %d-%d/%d"):format(HALF + 1, #FILM - 1, #FILM),
    ["a part it does not name"] = "nonsense",
  } do
    it("is an error where it gets " .. name, function()
      local _, url = serving(broken { ETag = ETAG },
        part(HALF, { ["Content-Range"] = range }))
      assert_untouched("decode", save(url))
    end)
  end

  it("takes an earlier part for what it is", function()
    local _, url = serving(broken { ETag = ETAG }, part(HALF - 1000))
    assert_saved(save(url))
  end)

  it("is whole only at the length announced before", function()
    local server, url = serving(broken { ETag = ETAG },
      scripted.answer(206, { ETag = ETAG, ["Content-Range"] =
        ("bytes %d-39999/*"):format(HALF) }, FILM:sub(HALF + 1, 40000)),
      part(40000))
    assert_saved(save(url))
    assert.equal(3, #server:requests())
  end)

  it("is given up when it does not get any further", function()
    local server, url = serving(broken { ETag = ETAG })
    assert_untouched("truncated", save(url))
    assert.equal(5, #server:requests())
  end)

  it("in a chunk is not taken for a whole", function()
    local server, url = serving("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
      .. "\r\n\r\n" .. scripted.chunk(FILM:sub(1, HALF)), whole())
    assert_saved(save(url))
    assert.equal(2, #server:requests())
  end)
end)

-- Refusals and redirects ---------------------------------------------------

describe("a download that is refused", function()
  after_each(support.clean)

  -- A platform with the task, whose URL changes.
  local function task_at(server, first, later)
    local answers = {}
    for n, path in ipairs { first, later } do
      answers[n] = { "send", scripted.answer(200, {}, assert(json.encode {
        status = "SUCCEEDED", video = server.url .. path })) }
    end
    local platform = support.serve { default = { { "request" }, answers[1],
      { "repeat", 9, { { "request" }, answers[2] } } } }
    local task = client_at(platform.url):task("7")
    assert(task:await())
    return task, platform
  end

  for _, status in ipairs { 401, 403, 404, 410 } do
    it(("gets a new link from the task, once: %d"):format(status), function()
      local server = support.serve { routes = {
        ["/old"] = { { "send", scripted.answer(status, {}, "expired") } },
        ["/new"] = { { "send", whole() } } } }
      local task, platform = task_at(server, "/old", "/new")
      local folder = support.tempdir()
      local saved, err = task:save(folder .. "/v.mp4")
      assert_saved(saved, err, folder .. "/v.mp4", names_in(folder))
      assert.equal(server.url .. "/new", task.result.video)
      assert.equal(2, #platform:requests())
      assert.equal(2, #server:requests())
    end)
  end

  it("for good is an error, and leaves nothing behind", function()
    local server = support.serve { default = { { "request" },
      { "send", scripted.answer(403, {}, "<Error><Message>expired</Message>") } } }
    local task, platform = task_at(server, "/old", "/new")
    local folder = support.tempdir()
    local path = support.write(folder .. "/v.mp4", "old")
    local saved, err = task:save(path)
    assert_untouched("not_found", saved, err, path, names_in(folder))
    assert.same({ 403, task }, { err.status, err.task })
    assert.truthy(err.message:find("the link is not valid", 1, true))
    assert.same({ 2, 2 }, { #platform:requests(), #server:requests() })
  end)

  it("may be of a task that is not known any more", function()
    local server = support.serve { default = { { "request" },
      { "send", scripted.answer(404, {}, "gone") } } }
    local result, task = result_at(server.url .. "/x")
    task._api = { task = function() return { missing = true } end }
    local saved, err = result:save(support.tempdir() .. "/x")
    assert.is_nil(saved)
    assert.same({ "not_found", 404, task }, { err.kind, err.status, err.task })
    assert.equal(1, #server:requests())
  end)

  it("halfway leaves nothing behind", function()
    local _, url = serving(broken { ETag = ETAG },
      scripted.answer(500, {}, "oops"))
    assert_untouched("server", save(url))
  end)

  it("has no secret of its URL in the error", function()
    local _, url = serving(scripted.answer(500, {}, "oops"))
    local _, err = save(url)
    assert.is_nil(tostring(err):find("sig=1", 1, true))
  end)

  it("is never tried where only http and https are spoken", function()
    for _, url in ipairs { "file:///etc/passwd", "ftp://127.0.0.1/x", "",
      "http:///x", "javascript:alert(1)" } do
      assert_untouched("platform", save(url))
    end
  end)
end)

describe("a download that leads on", function()
  after_each(support.clean)

  it("is followed, without the key", function()
    local files = support.serve { default = { { "request" },
      { "send", whole() } } }
    local server = support.serve { default = { { "request" },
      { "send", scripted.answer(302, { Location = files.url .. "/b?sig=2" }, "")
      } } }
    local folder = support.tempdir()
    local result = result_at(server.url .. "/x",
      { headers = { ["X-Mine"] = "1" } }, server.url)
    assert.equal(folder .. "/v", (assert(result:save(folder .. "/v"))))
    assert.is_true(support.read(folder .. "/v") == FILM)
    for _, one in ipairs { server, files } do
      local headers = one:requests()[1].headers
      assert.is_nil(headers.authorization)
      assert.is_nil(headers["x-mine"])
    end
    assert.equal("/b?sig=2", files:requests()[1].path)
  end)

  for location, path in pairs { ["/c/d?x"] = "/c/d?x", ["e"] = "/a/e" } do
    it("may lead to a place of the same host: " .. location, function()
      local server = support.serve { default = { { "request" }, { "send",
        scripted.answer(302, { Location = location }, "") }, { "request" },
        { "send", whole() } } }
      assert_saved(save(server.url .. "/a/b?y=/z"))
      assert.equal(path, server:requests()[2].path)
    end)
  end

  it("may name the host alone", function()
    local files = support.serve { default = { { "request" },
      { "send", whole() } } }
    local _, url = serving(scripted.answer(302,
      { Location = files.url:match("//.*$") .. "/f" }, ""))
    assert_saved(save(url))
    assert.equal("/f", files:requests()[1].path)
  end)

  it("for ever is given up", function()
    local server = support.serve { default = { { "repeat", 99, { { "request" },
      { "send", scripted.answer(302, { Location = "/x" }, "") } } } } }
    assert_untouched("platform", save(server.url .. "/x"))
    assert.equal(12, #server:requests()) -- the task is queried in between
  end)

  it("is not followed to a file", function()
    local _, url = serving(scripted.answer(302,
      { Location = "file:///etc/hostname" }, ""))
    assert_untouched("platform", save(url))
  end)
end)

-- Names --------------------------------------------------------------------

local NAMES = {
  ["/a/v.mp4?x=/y"] = "v.mp4",
  ["/idfile?path=/data/8a/%E7%8C%AB.png&x=1"] = "猫.png",
  ["/idfile?x=1&path=a/b.png"] = "b.png",
  ["/%E7%8C%AB.mp4"] = "猫.mp4",
  ["/../../x"] = "x",
  ["/a/%2e%2e%2f%2e%2e%2fpasswd"] = "passwd",
  ["/a/%2e%2e"] = "download",
  ["/a/..%5c..%5cx.mp4"] = "x.mp4",
  ["/a/.bashrc"] = "bashrc",
  ["/a/b%00c.mp4"] = "b_c.mp4",
  ["/a/b%0ac%7f.mp4"] = "b_c_.mp4",
  ["/a/c%3a%2a%3f%22%3c%3e%7c.mp4"] = "c_______.mp4",
  ["/a/x%20y.mp4"] = "x y.mp4",
  ["/a/"] = "download",
  [""] = "download",
  ["/%2f%2f"] = "download",
  ["/a/...%20"] = "download",
  ["/" .. ("n"):rep(300) .. ".mp4"] = ("n"):rep(196) .. ".mp4",
  ["/x" .. ("%E7%8C%AB"):rep(90) .. ".mp4"] = ("猫"):rep(65) .. ".mp4",
}

describe("a download into a folder", function()
  after_each(support.clean)

  for path, name in pairs(NAMES) do
    it("gets a harmless name: " .. path:sub(1, 60), function()
      local _, url = serving(whole())
      local folder = support.tempdir()
      local saved = assert(result_at(url:match("^%a+://[^/]+") .. path)
        :save(folder .. "/"))
      assert.equal(folder .. "/" .. name, saved)
      assert.equal(name, names_in(folder))
      assert.is_true(support.read(saved) == FILM)
    end)
  end

  it("needs no slash where the folder is there", function()
    local _, url = serving(whole())
    local folder = support.tempdir()
    assert.equal(folder .. "/v.mp4", (result_at(url):save(folder)))
    assert.equal("v.mp4", names_in(folder))
  end)
end)

-- The disk -----------------------------------------------------------------

describe("a download to a place that will not do", function()
  after_each(support.clean)

  local function assert_no_place(path)
    local _, url = serving(whole())
    local saved, err = result_at(url):save(path)
    assert.is_nil(saved)
    assert.equal("io", err.kind)
    assert.truthy(err.message:find(path, 1, true), err.message)
    assert.equal("7", err.task.id)
  end

  it("is an error: no such folder", function()
    assert_no_place(support.tempdir() .. "/none/v.mp4")
  end)

  it("is an error: a file for a folder", function()
    local folder = support.tempdir()
    support.write(folder .. "/file", "old")
    assert_no_place(folder .. "/file/v.mp4")
    assert.equal("old", support.read(folder .. "/file"))
  end)

  it("is an error: nothing may be made there", function()
    assert_no_place("/proc/v.mp4")
  end)

  it("is an error: a folder is in the place of the part", function()
    local folder = support.tempdir()
    os.execute(("mkdir '%s/v.mp4.part'"):format(folder))
    assert_no_place(folder .. "/v.mp4")
    assert.equal("v.mp4.part", names_in(folder))
  end)

  it("is an error: the folder goes away meanwhile", function()
    local server = support.serve { default = { { "request" },
      { "send", broken {} }, { "gate", "rest" },
      { "send", FILM:sub(HALF + 1) } } }
    local folder = support.tempdir() .. "/sub"
    os.execute(("mkdir '%s'"):format(folder))
    local saved, err = result_at(server.url .. "/x"):save(folder .. "/v.mp4", {
      on_progress = function()
        os.execute(("rm -rf '%s'"):format(folder))
        server:open "rest"
      end })
    assert.is_nil(saved)
    assert.equal("io", err.kind)
  end)

  it("is an error: the disk is full", function()
    local folder = support.tempdir()
    local mounted = os.execute(("mount -t tmpfs -o size=16k none '%s' "
      .. "2>/dev/null"):format(folder))
    if mounted ~= true and mounted ~= 0 then
      return pending("a tmpfs can not be mounted here")
    end
    local _, url = serving(whole())
    local path = support.write(folder .. "/v.mp4", "old")
    local saved, err = result_at(url):save(path)
    local content, names = support.read(path), names_in(folder)
    os.execute(("umount '%s'"):format(folder))
    assert.is_nil(saved)
    assert.equal("io", err.kind)
    assert.truthy(err.message:find("No space left", 1, true), err.message)
    assert.same({ "old", "v.mp4" }, { content, names })
  end)
end)

-- Two at a time ------------------------------------------------------------

-- A shell command that runs the script in another Lua.
local function lua_command(script)
  return ("LUA_PATH='%s' LUA_CPATH='%s' exec %s '%s'"):format(package.path,
    package.cpath, child.interpreter(), script)
end

local CHILD = [[
  local task = require("yuanjing").new { api_key = "k",
    base_url = "http://127.0.0.1:1" }:task("7")
  task._api = { task = function() return { status = "SUCCEEDED",
    result = { video = %q, videos = { %q } } } end }
  print((task:save(%q)))
]]

local function start_child(url, path)
  local script = support.write(support.tempdir() .. "/child.lua",
    CHILD:format(url, url, path))
  local pipe = assert(io.popen(("echo $$; %s 2>&1"):format(lua_command(script))))
  return pipe, pipe:read("*l")
end

local function wait_for(is_met)
  assert.is_true(support.wait_until(is_met))
end

local function size_of(path)
  local file = io.open(path, "rb")
  local size = file and file:seek("end") or 0
  if file then file:close() end
  return size
end

-- A file whose second half comes when the gate "rest" is open.
local function in_halves()
  return support.serve { default = { { "request" },
    { "send", broken { ETag = ETAG } }, { "gate", "rest" },
    { "send", FILM:sub(HALF + 1) } } }
end

describe("two that save to one place", function()
  after_each(support.clean)

  it("are one too many, and the first is not disturbed", function()
    local path = support.write(support.tempdir() .. "/v.mp4", "old")
    local server = in_halves()
    local pipe = start_child(server.url .. "/x", path)
    wait_for(function() return size_of(path .. ".part") == HALF end)
    local _, url = serving(scripted.answer(200, {}, "mine"))
    local saved, err = result_at(url):save(path)
    assert.is_nil(saved)
    assert.equal("io", err.kind)
    assert.equal("old", support.read(path))
    assert.equal(HALF, size_of(path .. ".part"))
    server:open "rest"
    assert.equal(path, pipe:read("*l"))
    pipe:close()
    assert.is_true(support.read(path) == FILM)
    assert.is_false(support.exists(path .. ".part"))
    assert.equal(path, (assert(result_at(url):save(path))))
    assert.equal("mine", support.read(path))
  end)

  it("may follow each other when the first was killed", function()
    local folder = support.tempdir()
    local path = support.write(folder .. "/v.mp4", "old")
    local pipe, pid = start_child(in_halves().url .. "/x", path)
    wait_for(function() return size_of(path .. ".part") == HALF end)
    os.execute("kill -9 " .. pid)
    pipe:close()
    assert.equal("old", support.read(path))
    local _, url = serving(whole())
    assert.equal(path, (assert(result_at(url):save(path))))
    assert.is_true(support.read(path) == FILM)
    assert.equal("v.mp4", names_in(folder))
  end)
end)
