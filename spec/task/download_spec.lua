-- Downloads from servers with wrong headers. result_spec has the correct ones.
local certificate = require "support.certificate"
local download = require "yuanjing.task.download"
local scripted = require "support.scripted"
local settings = require "yuanjing.settings"
local support = require "support"

local PNG = "\137PNG\r\n\26\n" .. ("0123456789"):rep(5000)
local HALF = 20000
local ETAG = '"v1"'

local function answer(status, headers, body)
  headers.Connection = "close"
  return scripted.answer(status, headers, body)
end

local function range(from, last, total)
  return ("bytes %d-%d/%s"):format(from, last, total)
end

local function whole(headers) return answer(200, headers or { ETag = ETAG }, PNG) end

-- The bytes before the connection breaks.
local function broken(headers)
  headers = headers or { ETag = ETAG }
  headers["Content-Length"] = tostring(#PNG)
  return answer(200, headers, PNG:sub(1, HALF))
end

-- The remaining bytes, correct except for the changes.
local function rest(changes, status, body)
  local headers = { ETag = ETAG,
    ["Content-Range"] = range(HALF, #PNG - 1, #PNG) }
  for name, value in pairs(changes or {}) do headers[name] = value end
  return answer(status or 206, headers, body or PNG:sub(HALF + 1))
end

local function serving(...)
  local connections = {}
  for n, one in ipairs { ... } do
    connections[n] = { { "request" }, { "send", one }, { "close" } }
  end
  return support.serve { connections = connections,
    default = connections[#connections] }
end

local function settings_with(options)
  options.api_key, options.retries = "k", 0
  options.proxy = options.proxy or ""
  return settings.derive(settings.defaults(), options, 1)
end

-- Saves over an old file: the result, the file's content, and other files
-- beside it.
local function save(url, options, kind)
  local folder = support.tempdir()
  local path = support.write(folder .. "/v.png", "old")
  local saved, err = download.save(settings_with(options or {}), url, path, {},
    kind)
  assert.equal("v.png", support.output("ls -A " .. folder))
  return saved, err, support.read(path)
end

local function ranges_of(server)
  local list = {}
  for n, request in ipairs(server:requests()) do
    list[n] = request.headers.range or "all"
  end
  return table.concat(list, " ")
end

local RANGE = ("bytes=%d-"):format(HALF)
local AGAIN = ("all %s all"):format(RANGE)

-- Attempts ------------------------------------------------------------------

describe("a download in several attempts", function()
  after_each(support.clean)

  -- The events of a download, each as "type attempt", and the error.
  local function told_by(server, retries, timeout)
    local told = {}
    local options = settings_with { timeout = timeout, on_event = function(event)
      told[#told + 1] = ("%s %d"):format(event.type, event.attempt)
    end }
    options.retries = retries or 0
    local _, err = download.save(options, server.url .. "/v.png",
      support.tempdir() .. "/v.png", {})
    return table.concat(told, ", "), err
  end

  it("tells of each, and why it is made", function()
    local told, err = told_by(serving(broken(), rest()))
    assert.is_nil(err)
    assert.equal("request 1, response 1, error 1, retry 1, "
      .. "request 2, response 2", told)
  end)

  it("is one call with its redirects", function()
    local server = serving(answer(302, { Location = "/a" }, ""), broken(),
      answer(302, { Location = "/b" }, ""), rest())
    local told, err = told_by(server)
    assert.is_nil(err)
    assert.equal("request 1, error 1, request 1, response 1, error 1, retry 1, "
      .. "request 2, error 2, request 2, response 2", told)
  end)

  it("says how many there were when it is given up", function()
    local lie = rest { ETag = '"v2"' }
    local _, err = told_by(serving(broken(), lie, broken(), lie))
    assert.same({ "decode", 4, "the file has changed meanwhile" },
      { err.kind, err.attempts, err.message })
    _, err = told_by(serving(answer(500, {}, "")), 1)
    assert.same({ "server", 2 }, { err.kind, err.attempts })
    _, err = told_by(serving(answer(302, { Location = "ftp://a/" }, "")))
    assert.same({ "platform", 1 }, { err.kind, err.attempts })
    _, err = told_by { url = "ftp://a" }
    assert.same({ "platform", 0 }, { err.kind, err.attempts })
  end)

  it("waits as long as the server asks, and not beyond its time", function()
    local busy = answer(503, { ["Retry-After"] = "1" }, "")
    local took, told = support.timed(told_by, serving(busy, whole()), 1)
    assert.equal("request 1, error 1, retry 1, request 2, response 2", told)
    assert.is_true(took >= 1 and took < support.SOON, took)
    local err
    busy = answer(503, { ["Retry-After"] = "60" }, "")
    took, told, err = support.timed(told_by, serving(busy), 9, 59)
    assert.same({ "request 1, error 1", "server", 1 },
      { told, err.kind, err.attempts })
    assert.is_true(took < support.SOON, took)
  end)
end)

-- Parts --------------------------------------------------------------------

describe("a download whose remaining bytes are not what was requested",
function()
  after_each(support.clean)

  -- The answer to the second request; the third is correct.
  local LIES = {
    ["another place"] = rest { ["Content-Range"] =
      range(HALF + 5, #PNG - 1, #PNG) },
    ["no place"] = rest { ["Content-Range"] = "" },
    ["a place beyond the end"] = rest { ["Content-Range"] =
      range(HALF, #PNG, #PNG) },
    ["an end before the place"] = rest { ["Content-Range"] =
      range(HALF, 5, #PNG) },
    ["another length than its place has"] = rest({}, 206, PNG),
    ["another total"] = rest { ["Content-Range"] =
      range(HALF, #PNG - 1, #PNG + 7) },
    ["another version, though If-Range was sent"] = rest { ETag = '"v2"' },
    ["what is there already"] = rest({ ["Content-Range"] =
      range(0, 99, #PNG) }, 206, PNG:sub(1, 100)),
    ["several parts"] = rest { ["Content-Range"] = "",
      ["Content-Type"] = "multipart/byteranges; boundary=x" },
    ["the beginning, under the name of the rest"] = rest({}, 206,
      PNG:sub(1, #PNG - HALF)),
    ["packed"] = rest { ["Content-Encoding"] = "gzip" },
    ["a page to log in"] = answer(200, {}, "<!doctype html><p>Sign in"),
    ["nothing"] = answer(200, {}, ""),
    ["403, for the signature has expired"] = answer(403, {}, "expired"),
    ["412"] = answer(412, {}, ""),
    ["416"] = answer(416, { ["Content-Range"] = "bytes */9" }, ""),
    ["500, of a server that knows no ranges"] = answer(500, {}, ""),
  }

  for name, lie in pairs(LIES) do
    it("is fetched whole once more: " .. name, function()
      local server = serving(broken(), lie, whole())
      local saved, err, now = save(server.url .. "/v.png")
      assert.is_nil(err)
      assert.truthy(saved)
      assert.is_true(now == PNG)
      assert.equal(AGAIN, ranges_of(server))
    end)

    it("is given up where that does not help: " .. name, function()
      local server = serving(broken(), lie, broken(), lie)
      local saved, err, now = save(server.url .. "/v.png")
      assert.is_nil(saved)
      assert.truthy(err.kind)
      assert.equal("old", now)
      assert.equal(AGAIN .. " " .. RANGE, ranges_of(server))
    end)
  end

  local TRUTHS = {
    ["a rest of which the status is 200"] = rest({}, 200),
    ["a rest whose version is not told"] = answer(206,
      { ["Content-Range"] = range(HALF, #PNG - 1, #PNG) }, PNG:sub(HALF + 1)),
    ["a rest without a total"] = rest { ["Content-Range"] =
      range(HALF, #PNG - 1, "*") },
    ["more than was asked for"] = rest({ ["Content-Range"] =
      range(100, #PNG - 1, #PNG) }, 206, PNG:sub(101)),
    ["a rest that is named oddly"] = rest { ["Content-Range"] =
      ("Bytes=%d - %d / %d"):format(HALF, #PNG - 1, #PNG) },
    ["all of it"] = whole(),
    ["all of it, of another version"] = whole { ETag = '"v2"' },
    ["all of it, by the name of a part"] = rest({ ["Content-Range"] =
      range(0, #PNG - 1, #PNG) }, 206, PNG),
  }

  for name, truth in pairs(TRUTHS) do
    it("takes " .. name, function()
      local server = serving(broken(), truth)
      local saved, err, now = save(server.url .. "/v.png")
      assert.is_nil(err)
      assert.truthy(saved)
      assert.is_true(now == PNG)
      assert.equal("all " .. RANGE, ranges_of(server))
    end)
  end

  it("is not whole before the length announced for that version", function()
    local short = "HTTP/1.1 200 OK\r\nETag: " .. ETAG
      .. "\r\nConnection: close\r\n\r\n" .. PNG:sub(1, 5000)
    local _, err, now = save(serving(broken(), short).url .. "/v.png")
    assert.equal("truncated", err.kind)
    assert.equal("old", now)
  end)

  it("goes on from a part that was not requested", function()
    local first = answer(206, { ETag = ETAG,
      ["Content-Range"] = range(0, HALF - 1, #PNG) }, PNG:sub(1, HALF))
    local server = serving(first, rest())
    local _, err, now = save(server.url .. "/v.png")
    assert.is_nil(err)
    assert.is_true(now == PNG)
  end)

  it("begins at the first URL again, for a signed one may have expired",
    function()
      local files = serving(broken(), answer(403, {}, ""), whole())
      local function to(n)
        return answer(302, { Location = files.url .. "/s?sig=" .. n }, "")
      end
      local server = serving(to(1), to(2), to(3))
      local _, err, now = save(server.url .. "/v.png")
      assert.is_nil(err)
      assert.is_true(now == PNG)
      local paths = {}
      for n, request in ipairs(files:requests()) do paths[n] = request.path end
      assert.same({ "/s?sig=1", "/s?sig=2", "/s?sig=3" }, paths)
    end)
end)

-- Packed -------------------------------------------------------------------

describe("a download that comes packed unasked", function()
  after_each(support.clean)

  local PACKED = answer(200, { ETag = ETAG, ["Content-Encoding"] = "gzip" },
    "\31\139\8\0" .. PNG:sub(9))

  it("is fetched once more", function()
    local server = serving(PACKED, whole())
    local _, err, now = save(server.url .. "/v.png")
    assert.is_nil(err)
    assert.is_true(now == PNG)
    assert.equal("all all", ranges_of(server))
  end)

  it("is an error where that does not help", function()
    local server = serving(PACKED)
    local saved, err, now = save(server.url .. "/v.png")
    assert.is_nil(saved)
    assert.same({ "decode", "the file came packed (gzip), which was not asked "
      .. "for", "old" }, { err.kind, err.message, now })
    assert.equal("all all", ranges_of(server))
  end)

  it("is taken as it is where only its label differs", function()
    local server = serving(answer(200, { ["Content-Encoding"] = "x-gzip" }, PNG))
    local _, err, now = save(server.url .. "/v.png")
    assert.is_nil(err)
    assert.is_true(now == PNG)
    assert.equal("all", ranges_of(server))
  end)
end)

-- Redirects ----------------------------------------------------------------

describe("a download that is sent elsewhere", function()
  after_each(support.clean)

  local function leading_to(url)
    return serving(answer(302, { Location = url }, ""))
  end

  it("is not sent from https to http, unless that is wanted", function()
    local inside = serving(whole())
    local authority = certificate.authority(support.tempdir())
    local pair = certificate.server(authority)
    local ca = authority.cert
    local server = support.serve { default = { { "tls", pair.cert, pair.key },
      { "request" }, { "send", answer(302, { Location = inside.url .. "/x" },
        "") } } }
    local url = ("https://localhost:%s/v.png"):format(server.port)
    local saved, err, now = save(url, { ca_file = ca })
    assert.is_nil(saved)
    assert.same({ "platform", "the redirect is not followed: it leads from "
      .. "https to http", "trust_redirects = true follows it" },
      { err.kind, err.message, err.hint })
    assert.equal("old", now)
    assert.equal(0, #inside:requests())
    now = select(3, save(url, { ca_file = ca, trust_redirects = true }))
    assert.is_true(now == PNG)
  end)

  it("may go from one private address to another", function()
    local inside = serving(whole())
    local server = leading_to(inside.url .. "/x")
    assert.is_true(select(3, save(server.url .. "/v.png")) == PNG)
  end)

  it("is not sent from a proxy's hosts to an address of a private network",
    function()
      for _, place in ipairs { "http://127.0.0.1/x", "http://127.1/x",
        "http://[::ffff:10.0.0.1]/x", "http://0/x", "http://2130706433/x",
        "http://169.254.169.254/latest/meta-data", "http://localhost/x",
        "http://[fe80::1%25eth0]/x", "http://a.localhost./x" } do
        local proxy = serving(answer(302, { Location = place }, ""), whole())
        local saved, err, now = save("http://files.example/v.png",
          { proxy = proxy.url })
        assert.is_nil(saved)
        assert.equal("the redirect is not followed: it leads from a public "
          .. "address to a private one", err.message)
        assert.equal("old", now)
        assert.equal(1, #proxy:requests())
      end
      local proxy = serving(answer(302, { Location = "http://b.example/x" }, ""),
        whole())
      assert.is_true(select(3, save("http://files.example/v.png",
        { proxy = proxy.url })) == PNG)
    end)
end)

-- Data URIs and odd addresses ----------------------------------------------

describe("a result that is no URL of its own", function()
  after_each(support.clean)

  it("may be the file itself", function()
    local _, err, now = save("data:image/png;base64,iVBORw0KGgo=")
    assert.is_nil(err)
    assert.equal("\137PNG\r\n\26\n", now)
    for uri, kind in pairs { ["data:image/png;base64,!"] = "decode",
      ["data:image/png"] = "decode", ["data:text/html,<p>no"] = "decode" } do
      local saved, why, old = save(uri)
      assert.same({ nil, kind, "old" }, { saved, why.kind, old })
    end
  end)

  it("is found from the platform's own", function()
    local server = serving(whole())
    for _, text in ipairs { "/a b/猫.png", " /x.png\n", "x.png",
      "//127.0.0.1:" .. server.port .. "/x.png", "127.0.0.1:" .. server.port } do
      local _, err, now = save(text, { base_url = server.url })
      assert.is_nil(err)
      assert.is_true(now == PNG)
    end
    assert.equal("/a%20b/%E7%8C%AB.png", server:requests()[1].path)
  end)
end)

-- Folders ------------------------------------------------------------------

describe("a download into a folder", function()
  after_each(support.clean)

  local function saved_in(folder, headers, path, body)
    local server = serving(answer(200, headers, body or PNG))
    local saved = assert(download.save(settings_with {}, server.url .. path,
      folder, {}))
    return saved:sub(#folder + 1)
  end

  it("has the name that the server gives it, and the ending that it needs",
    function()
      local folder = support.tempdir() .. "/made/for/it/"
      local DISPOSITION = "Content-Disposition"
      assert.equal("猫.png", saved_in(folder, { [DISPOSITION] =
        "attachment; filename=\"cat.png\"; filename*=UTF-8''%E7%8C%AB.png" },
        "/download?id=5"))
      assert.equal("cat.png", saved_in(folder, { [DISPOSITION] =
        'attachment; filename="cat.jpg"' }, "/x"))
      assert.equal("x.png", saved_in(folder, {}, "/x"))
      assert.equal("download.png", saved_in(folder, {}, "/"))
      assert.equal("y.mp4", saved_in(folder, {}, "/y.mp4", "unknown bytes"))
    end)

  it("keeps a file whose name the server has just made up", function()
    local folder = support.tempdir() .. "/"
    local headers = { ["Content-Disposition"] = "attachment; filename=a.png" }
    assert.equal("a.png", saved_in(folder, headers, "/1"))
    assert.equal("a-2.png", saved_in(folder, headers, "/2"))
    assert.equal("download.png", saved_in(folder, {}, "/?id=1"))
    assert.equal("download-2.png", saved_in(folder, {}, "/?id=2"))
    assert.equal("b.png", saved_in(folder, {}, "/b.png"))
    assert.equal("b.png", saved_in(folder, {}, "/b.png"))
  end)
end)
