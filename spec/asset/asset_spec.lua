-- An asset: query, await, save.
local answering = require("support.answering").serve
local clock = require "support.clock"
local json = require "yuanjing.base.json"
local loop = require "yuanjing.runtime.loop"
local polling = require "yuanjing.task.polling"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local KEY = "sk-secret"
local FAST = { interval = 0.01 }
local HOURS = 3600
local PHOTO = ("0123456789abcdef"):rep(400)
local NO_ASSET = { status = "error",
  data = { message = "素材不存在或无权访问" } }

local function ok(data)
  return { status = "ok", data = data }
end

local PROCESSING = ok { status = "Processing" }

local function client_at(url, options)
  options = options or {}
  options.asset_url, options.base_url = url, "http://127.0.0.1:1"
  options.api_key, options.retries = KEY, options.retries or 0
  return yuanjing.new(options)
end

-- An uploaded asset, and its server, which gave the other answers after it.
local function uploaded(list, options)
  table.insert(list, 1, ok { id = "a-1", vendor_asset_id = "asset-1",
    status = "Processing" })
  local server = answering(list)
  local client = client_at(server.url, options)
  return assert(client.assets:upload { vendor_group_id = "g-1", name = "模特A",
    file = yuanjing.bytes("?", { type = "image/png" }) }), server
end

local function active(url)
  return ok { status = "Active", url = url }
end

-- A medium -----------------------------------------------------------------

describe("an asset in a video", function()
  after_each(support.clean)

  local function images_of(asset)
    local client = yuanjing.new { api_key = KEY, dry_run = true }
    local request, err = client:video { model = "happyhorse-1.0-r2v",
      prompt = "x", reference_images = { asset } }
    return err and err.problems or json.decode(request.json).image_files
  end

  it("goes out by its lasting id", function()
    local asset = uploaded { active("http://h/1") }
    assert.same({ "reference_images[1]: the asset a-1 is still Processing: "
      .. "await it first" }, images_of(asset))
    assert(asset:await(FAST))
    assert.same({ "asset://asset-1" }, images_of(asset))
  end)

  it("is none where it has failed, or its lasting id is not known", function()
    local failed = uploaded { ok { status = "Failed" } }
    failed:await(FAST)
    assert.same({ "reference_images[1]: the asset a-1 has failed" },
      images_of(failed))
    local server = answering { active("http://h/1") }
    local asset = assert(client_at(server.url).assets:get("a-2"))
    assert.same({ "reference_images[1]: of the asset a-2 no vendor_asset_id is "
      .. "known: upload() and list() tell it" }, images_of(asset))
  end)

  it("is of the kind that it was uploaded as", function()
    local server = answering { ok { total = 2, assets = {
      { id = "1", vendor_asset_id = "v-1", status = "Active",
        asset_type = "Video" },
      { id = "2", vendor_asset_id = "v-2", status = "Active" } } } }
    local list = assert(client_at(server.url).assets:list {
      vendor_group_id = "g" })
    assert.same({ "reference_images[1]: expected image, got video" },
      images_of(list[1]))
    assert.same({ "asset://v-2" }, images_of(list[2]))
  end)
end)

-- Asking and waiting --------------------------------------------------------

describe("an asset", function()
  after_each(function()
    clock.reset()
    support.clean()
  end)

  it("is awaited until it is active", function()
    local asset, server = uploaded { PROCESSING, ok { status = "processing" },
      { success = true, status = "Processing" }, active "https://h/1?sig=x" }
    assert.same({ "a-1", "asset-1", "Processing", false, "模特A", "Image",
      "g-1" }, { asset.id, asset.vendor_asset_id, asset.status, asset.done,
      asset.name, asset.asset_type, asset.vendor_group_id })
    assert.is_nil(asset.url)
    assert.is_nil(asset.url_expires_at)
    local before = os.time()
    assert.equal(asset, (assert(asset:await(FAST))))
    assert.same({ "Active", true, "https://h/1?sig=x", "a-1", "asset-1",
      "模特A" }, { asset.status, asset.done, asset.url, asset.id,
      asset.vendor_asset_id, asset.name })
    local left = asset.url_expires_at - before
    assert.truthy(left >= 12 * HOURS - 1 and left <= 12 * HOURS + 1, left)
    assert.equal(asset, (asset:await()))
    local requests = server:requests()
    assert.equal(5, #requests)
    for n = 2, 5 do
      assert.same({ "POST", "/reallife_asset/api/rl_status.dspy",
        { asset_id = "a-1" } }, { requests[n].method, requests[n].path,
        json.decode(requests[n].body) })
    end
  end)

  it("has a link whose time counts from before the request", function()
    local server = answering { active "https://h/" }
    local before = os.time()
    local asset = assert(client_at(server.url, { on_event = function(event)
      if event.type == "response" then clock.advance(100) end
    end }).assets:get("a-1"))
    local left = asset.url_expires_at - before
    assert.truthy(left >= 12 * HOURS and left <= 12 * HOURS + 1, left)
  end)

  it("reports each status once", function()
    local asset = uploaded { PROCESSING, PROCESSING, ok { status = "review" },
      "reset", ok { status = "REVIEW" }, active "https://h/" }
    local seen = {}
    assert(asset:await { interval = 0.01, on_update = function(given)
      assert.equal(asset, given)
      seen[#seen + 1] = given.status
    end })
    assert.same({ "Processing", "Review", "Active" }, seen)
  end)

  it("goes on with any word but two", function()
    local list = {}
    for _, word in ipairs { "Processing", "PENDING", "审核中", "Rejected?", "ok",
      "Succeeded", "1" } do
      list[#list + 1] = ok { status = word, url = "" }
    end
    list[#list + 1] = active "https://h/"
    local asset, server = uploaded(list)
    assert(asset:await(FAST))
    assert.equal(9, #server:requests())
  end)

  local FAILED = {
    ["with its reason"] = { ok { status = "Failed", error = "no face" },
      "no face" },
    ["with a message"] = { ok { status = "failed", message = "no face" },
      "no face" },
    ["flat"] = { { success = true, status = "Failed", message = "no face" },
      "no face" },
    ["without a reason"] = { ok { status = "FAILED" },
      "the platform reported the status FAILED" },
  }
  for how, case in pairs(FAILED) do
    it("that failed is an error with the asset: " .. how, function()
      for _, call in ipairs { "await", "refresh", "save" } do
        local asset, server = uploaded { case[1] }
        local function ask()
          return asset[call](asset, call == "save"
            and support.tempdir() .. "/x" or nil)
        end
        local value, err = ask()
        assert.is_nil(value)
        assert.same({ "task_failed", case[2], false },
          { err.kind, err.message, err.retryable })
        assert.equal(asset, err.asset)
        assert.equal(err, asset.error)
        assert.same({ "Failed", true, "a-1" },
          { asset.status, asset.done, asset.id })
        assert.truthy(tostring(err):find("asset a-1", 1, true), tostring(err))
        assert.equal(err, select(2, ask()))
        assert.equal(2, #server:requests())
      end
    end)
  end

  it("that failed long ago is in the error of get", function()
    local server = answering { ok { status = "Failed", error = "no face" } }
    local asset, err = client_at(server.url).assets:get("a-7")
    assert.is_nil(asset)
    assert.same({ "task_failed", "a-7", "Failed" },
      { err.kind, err.asset.id, err.asset.status })
  end)

  it("is refreshed by one query, and has a fresh link each time", function()
    local asset, server = uploaded { PROCESSING, active "https://h/1",
      active "https://h/2", ok { status = "Active" } }
    assert.equal(asset, (asset:refresh()))
    assert.same({ "Processing", false }, { asset.status, asset.done })
    assert.equal(asset, (asset:refresh()))
    assert.equal("https://h/1", asset.url)
    clock.advance(HOURS)
    assert.equal(asset, (asset:refresh()))
    assert.equal("https://h/2", asset.url)
    local expires = asset.url_expires_at
    assert.truthy(expires >= os.time() + 12 * HOURS - 2)
    clock.advance(2 * HOURS)
    assert.equal(asset, (asset:refresh()))
    assert.same({ "https://h/2", expires },
      { asset.url, asset.url_expires_at })
    assert.equal(5, #server:requests())
  end)

  it("keeps what it is", function()
    local asset = uploaded { ok { id = "other", status = "Active",
      url = "https://h/", asset_type = "Video", name = "neu" } }
    assert(asset:await(FAST))
    assert.same({ "a-1", "asset-1", "Video", "neu" }, { asset.id,
      asset.vendor_asset_id, asset.asset_type, asset.name })
  end)

  it("prints as what it is", function()
    assert.equal("yuanjing.Asset a-1 (Processing)",
      tostring((uploaded { PROCESSING })))
  end)

  it("has no key in what it shows", function()
    local asset = uploaded { scripted.answer(401, {},
      '{"error":"bad key Bearer ' .. KEY .. '"}') }
    local _, err = asset:refresh()
    assert.equal("auth", err.kind)
    assert.is_nil((tostring(err) .. err.body .. tostring(asset))
      :find(KEY, 1, true))
  end)
end)

-- What passes and what does not ---------------------------------------------

local PASSING = {
  ["a 500"] = scripted.answer(500, {}, "oops"),
  ["a reset"] = "reset",
  ["HTML"] = scripted.answer(200, {}, "<html><title>Gateway</title></html>"),
  ["an empty answer"] = scripted.answer(200, {}, ""),
  ["half an answer"] = scripted.answer(200, {}, '{"status":"ok","data":{"st'),
  ["a query that failed"] = { status = "error", data = { message = "busy" } },
  ["one that FAILED"] = { status = "FAILED", error = "ERROR: busy" },
  ["one without success"] = { success = false, message = "busy" },
  ["an error inside"] = ok { status = "error", message = "busy" },
  ["a failure inside"] = ok { success = false, message = "busy" },
  ["an answer about nothing"] = ok { other = 1 },
  ["a rate limit"] = scripted.answer(429, {}, '{"error":"too many requests"}'),
  ["a redirect"] = scripted.answer(302, { Location = "/login" }, ""),
}

local LASTING = {
  ["an unknown id"] = { NO_ASSET, "not_found", "asset_not_found" },
  ["an unknown id, flat"] = { { success = false,
    message = "素材不存在或无权访问" }, "not_found", "asset_not_found" },
  ["a wrong key"] = { scripted.answer(401, {}, '{"error":"key"}'), "auth" },
  ["a bad request"] = { scripted.answer(400, {}, '{"error":"asset_id"}'),
    "invalid_request" },
}

describe("a wait for an asset", function()
  after_each(support.clean)

  for name, answer in pairs(PASSING) do
    it("goes on after " .. name, function()
      local asset = uploaded { answer, answer, PROCESSING, answer,
        active "https://h/" }
      assert.equal("https://h/", assert(asset:await(FAST)).url)
    end)

    it("is not what refresh does after " .. name, function()
      local asset = uploaded { answer }
      local same, err = asset:refresh()
      assert.is_nil(same)
      assert.equal(asset, err.asset)
      assert.same({ "Processing", false }, { asset.status, asset.done })
      assert.is_nil(asset.error)
    end)
  end

  for name, case in pairs(LASTING) do
    it("ends with " .. name, function()
      local asset, server = uploaded { case[1] }
      local same, err = asset:await(FAST)
      assert.is_nil(same)
      assert.same({ kind = case[2], code = case[3], asset = asset },
        support.fields(err, "kind", "code", "asset"))
      assert.is_false(asset.done)
      assert.equal(2, #server:requests())
    end)
  end

  it("that takes too long leaves it as it is", function()
    local asset = uploaded { PROCESSING, PROCESSING, PROCESSING,
      active "https://h/" }
    local took, same, err = support.timed(asset.await, asset,
      { timeout = 2, interval = 1.2 })
    assert.is_nil(same)
    assert.truthy(took >= 1.99 and took < support.SOON, took)
    assert.same({ "timeout", true, "Processing", false }, { err.kind,
      err.retryable, asset.status, asset.done })
    assert.equal(asset, err.asset)
    assert.truthy(err.message:find('client.assets:get("a-1")', 1, true))
    assert.equal("still Processing", err.summary)
    assert.equal("https://h/", assert(asset:await(FAST)).url)
  end)

  it("ends in time when the query hangs", function()
    local asset = uploaded { 120 }
    local took, same, err = support.timed(asset.await, asset,
      { timeout = 0.3 })
    assert.same({ nil, "timeout" }, { same, err.kind })
    assert.truthy(took >= 0.29 and took < support.SOON, took)
  end)

  it("goes on when a query takes too long", function()
    local asset = uploaded({ 120, active "https://h/" },
      { timeout = { total = 2 } })
    assert.equal("https://h/", assert(asset:await(FAST)).url)
  end)

  it("that took too long reports the last query", function()
    local asset = uploaded { scripted.answer(500, {}, "out of order") }
    local _, err = asset:await { timeout = 2, interval = 0.1 }
    assert.equal("timeout", err.kind)
    assert.truthy(err.message:find("out of order", 1, true))
  end)

  it("asks every 1.5 to 10 seconds", function()
    local sleep, naps = loop.sleep, {}
    finally(function() loop.sleep = sleep end)
    loop.sleep = function(seconds) naps[#naps + 1] = seconds end
    local list = {}
    for n = 1, 12 do list[n] = PROCESSING end
    list[13] = active "https://h/"
    assert(uploaded(list):await())
    assert.equal(12, #naps)
    assert.truthy(naps[1] >= 1.5 and naps[1] <= 2, naps[1])
    for n = 1, 12 do assert.truthy(naps[n] >= 1.5 and naps[n] <= 10, naps[n]) end
    assert.truthy(naps[12] >= 7.5, naps[12])
  end)

  it("takes half an hour by default", function()
    local run, given = polling.run, nil
    finally(function() polling.run = run end)
    polling.run = function(_, wait)
      given = wait.timeout
      return true
    end
    assert.is_true((uploaded { PROCESSING }:await()))
    assert.equal(1800, given)
  end)

  it("refuses unknown options, at the caller's line", function()
    local asset, server = uploaded { PROCESSING }
    for _, case in ipairs {
      { { timout = 5 }, 'asset:await: unknown option "timout", did you mean "timeout"?' },
      { { in_flight = 5 }, 'asset:await: unknown option "in_flight" '
        .. "(known: interval, on_update, timeout)" },
      { { timeout = "5" }, "asset:await: timeout: expected number, got string" },
      { 5, "asset:await: expected table, got number" },
    } do
      assert.same({ 1, case[2] }, { support.raised_at(function()
        local same = asset:await(case[1])
        return same
      end) })
    end
    assert.equal(1, #server:requests())
  end)
end)

-- Saving --------------------------------------------------------------------

-- A storage with the photo at each of the paths; other paths get the refusal.
local function storage(paths, refusal)
  local routes = {}
  for _, path in ipairs(paths) do
    routes[path] = { { "send", scripted.answer(200, { ETag = '"1"' }, PHOTO) } }
  end
  return support.serve { routes = routes,
    default = { { "send", refusal or scripted.answer(404, {}, "") } } }
end

local function paths_of(server)
  local list = {}
  for n, request in ipairs(server:requests()) do list[n] = request.path end
  return list
end

local EXPIRED = {
  ["403, of XML"] = scripted.answer(403, {}, '<?xml version="1.0"?><Error><Code>'
    .. "AccessDenied</Code><Message>Request has expired</Message></Error>"),
  ["401"] = scripted.answer(401, {}, '{"error":"expired token"}'),
  ["400"] = scripted.answer(400, {}, "<Error><Code>ExpiredToken</Code></Error>"),
  ["404"] = scripted.answer(404, {}, ""),
  ["410"] = scripted.answer(410, {}, "Gone"),
}

describe("asset:save", function()
  local folder
  before_each(function() folder = support.tempdir() end)
  after_each(function()
    clock.reset()
    support.clean()
  end)

  it("waits first, then saves, without the key", function()
    local files = storage { "/a.jpg?sig=1" }
    local asset = uploaded({ active(files.url .. "/a.jpg?sig=1") },
      { headers = { ["X-Mine"] = "1" } })
    local seen = {}
    local path = assert(asset:save(folder .. "/out.jpg", {
      on_progress = function(received, total)
        assert.equal(#PHOTO, total)
        seen[#seen + 1] = received
      end }))
    assert.equal(folder .. "/out.jpg", path)
    assert.equal(PHOTO, support.read(path))
    assert.equal(#PHOTO, seen[#seen])
    local request = files:requests()[1]
    assert.equal("/a.jpg?sig=1", request.path)
    assert.is_nil((request.head):find(KEY, 1, true))
    assert.is_nil(request.headers.authorization)
    assert.is_nil(request.headers["x-mine"])
  end)

  it("names the file after the link in a folder", function()
    local files = storage { "/x/%E7%85%A7.jpg" }
    local asset = uploaded { active(files.url .. "/x/%E7%85%A7.jpg?sig=1") }
    assert.equal(folder .. "/照.jpg", (assert(asset:save(folder))))
    assert.equal(PHOTO, support.read(folder .. "/照.jpg"))
  end)

  it("asks no more while the link is good", function()
    local files = storage { "/1" }
    local asset, server = uploaded { active(files.url .. "/1") }
    for n = 1, 3 do
      assert(asset:save(folder .. "/" .. n))
    end
    clock.advance(12 * HOURS - 60)
    assert(asset:save(folder .. "/4"))
    assert.equal(2, #server:requests())
    assert.equal(4, #files:requests())
  end)

  it("asks for a fresh link first when the old one is past its time", function()
    local files = storage { "/old", "/new" }
    local asset, server = uploaded { active(files.url .. "/old"),
      active(files.url .. "/new") }
    assert(asset:await(FAST))
    clock.advance(12 * HOURS + 1)
    assert(asset:save(folder .. "/a.jpg"))
    assert.same({ "/new" }, paths_of(files))
    assert.equal(3, #server:requests())
    asset.url_expires_at = os.time() - 1
    assert(asset:save(folder .. "/b.jpg"))
    assert.equal(4, #server:requests())
  end)

  for what, refusal in pairs(EXPIRED) do
    it("asks for a fresh link when the storage refuses it: " .. what, function()
      local files = storage({ "/new" }, refusal)
      local asset, server = uploaded { active(files.url .. "/old"),
        active(files.url .. "/new") }
      assert(asset:save(folder .. "/a.jpg"))
      assert.equal(PHOTO, support.read(folder .. "/a.jpg"))
      assert.same({ "/old", "/new" }, paths_of(files))
      assert.equal(3, #server:requests())
      assert.equal("a.jpg", support.output("ls -A '" .. folder .. "'"))
    end)
  end

  it("asks once, and then it is an error", function()
    local files = storage({}, EXPIRED["403, of XML"])
    local asset, server = uploaded { active(files.url .. "/old?sig=s3cret"),
      active(files.url .. "/new?sig=s3cret") }
    local path = support.write(folder .. "/a.jpg", "old")
    local saved, err = asset:save(path)
    assert.is_nil(saved)
    assert.same({ kind = "not_found", status = 403, asset = asset },
      support.fields(err, "kind", "status", "asset"))
    assert.truthy(err.message:find("Request has expired", 1, true))
    assert.is_nil(tostring(err):find("s3cret", 1, true))
    assert.same({ 3, 2 }, { #server:requests(), #files:requests() })
    assert.equal("old", support.read(path))
    assert.is_nil(asset.error)
  end)

  it("has the storage's refusal where there is no fresh link", function()
    local files = storage({}, EXPIRED["403, of XML"])
    local asset = uploaded { active(files.url .. "/old"), NO_ASSET }
    local _, err = asset:save(folder .. "/a.jpg")
    assert.same({ "not_found", 403 }, { err.kind, err.status })
  end)

  it("works on an asset of a list, and on one by its id", function()
    local files = storage { "/1", "/2" }
    local server = answering {
      ok { assets = { { id = "a-1", status = "Active",
        url = files.url .. "/1" }, { id = "a-2", status = "Processing" } } },
      PROCESSING, active(files.url .. "/2") }
    local list = assert(client_at(server.url).assets:list {
      vendor_group_id = "g-1" })
    assert(list[1]:save(folder .. "/1"))
    assert.equal(1, #server:requests())
    local sleep = loop.sleep
    finally(function() loop.sleep = sleep end)
    loop.sleep = function() end
    assert(list[2]:save(folder .. "/2"))
    assert.equal(3, #server:requests())
    local asset = assert(client_at(server.url).assets:get("a-2"))
    assert(asset:save(folder .. "/3"))
    assert.equal(PHOTO, support.read(folder .. "/3"))
  end)

  it("is an error where the platform gives no link", function()
    local asset = uploaded { ok { status = "Active" } }
    local saved, err = asset:save(folder .. "/a.jpg")
    assert.is_nil(saved)
    assert.same({ kind = "not_found", call = "asset:save", asset = asset },
      support.fields(err, "kind", "call", "asset"))
  end)

  it("is an error where the link is none", function()
    local asset = uploaded { active "ftp://h/a" }
    local saved, err = asset:save(folder .. "/a.jpg")
    assert.is_nil(saved)
    assert.same({ "platform", asset }, { err.kind, err.asset })
  end)

  it("is an error where the folder is not there", function()
    local files = storage { "/1" }
    local asset = uploaded { active(files.url .. "/1") }
    local saved, err = asset:save(folder .. "/none/a.jpg")
    assert.is_nil(saved)
    assert.same({ "io", asset }, { err.kind, err.asset })
  end)

  it("refuses a mistake before it waits, at the line that made it", function()
    local asset, server = uploaded { PROCESSING }
    for _, case in ipairs {
      { {}, "save: path: expected a path" },
      { { "" }, "save: path: expected a path" },
      { { "x", { on_progres = print } },
        'save: unknown option "on_progres", did you mean "on_progress"?' },
      { { "x", { kind = "video" } }, "save: kind, index: an asset is one file" },
      { { "x", { index = 1 } }, "save: kind, index: an asset is one file" },
    } do
      assert.same({ 1, case[2] }, { support.raised_at(function()
        local saved = asset:save(case[1][1], case[1][2])
        return saved
      end) })
    end
    assert.equal(1, #server:requests())
  end)
end)
