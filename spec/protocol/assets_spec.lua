-- The protocol of the assets: requests, read by other parsers than ours, and
-- the meaning of each answer, in both of its envelopes.
local cjson = require "cjson"
local embed = require "yuanjing.protocol.embed"
local http = require "yuanjing.http.call"
local loop = require "yuanjing.runtime.loop"
local scripted = require "support.scripted"
local support = require "support"
local wire = require "yuanjing.protocol.assets"
local yuanjing = require "yuanjing"

local join = support.join

local unpack = table.unpack or unpack
local KEY = "sk-assets"
local FOLDER = "/reallife_asset/api/"
local JPEG = "\255\216\255\224\0\16JFIF\0\n"

local function ok(data)
  return ('{"status":"ok","data":%s}'):format(data)
end

-- The same without the wrapping.
local function flat(data)
  return '{"success":true,' .. data:sub(2)
end

local SESSION = '{"id":"s-1","h5_link":"https://h/5","byted_token":"t"}'
local GROUPS = '{"groups":[{"vendor_group_id":"g-1","vendor":"v","name":"张三",'
  .. '"status":"active","create_time":"2026-05-28 15:30:00"}]}'
local UPLOADED = '{"id":"a-1","vendor_asset_id":"asset-1","status":"Processing"}'
local ACTIVE = '{"status":"Active","url":"https://h/1?sig=2"}'
local LIST = '{"assets":[{"id":"a-1","vendor_asset_id":"asset-1","name":"模特A",'
  .. '"asset_type":"Image","status":"Active","url":"https://h/1",'
  .. '"create_time":"2026-05-28 15:30:00"},{"id":"a-2","status":"Failed",'
  .. '"message":"no face"}],"total":3}'

-- Each call: its path, the JSON it sends, an answer's data, the call itself.
local CALLS = {
  verify = { path = "rl_verify.dspy", data = SESSION,
    json = { vendor = "volcengine", project_name = "p", name = "张三" },
    call = function(client)
      return wire.verify(client._settings, { vendor = "volcengine",
        project_name = "p", name = "张三" })
    end },
  groups = { path = "rl_query_groups.dspy", data = GROUPS,
    call = function(client) return client.assets:groups() end },
  upload = { path = "rl_upload.dspy", data = UPLOADED,
    json = { vendor_group_id = "g-1", source_url = "https://h/图.jpg",
      asset_type = "Image", name = "模特A" },
    call = function(client)
      return client.assets:upload { vendor_group_id = "g-1",
        source_url = "https://h/图.jpg", name = "模特A" }
    end },
  status = { path = "rl_status.dspy", data = ACTIVE,
    json = { asset_id = "a-1" },
    call = function(client) return client.assets:get("a-1") end },
  list = { path = "rl_assets.dspy", data = LIST,
    json = { vendor_group_id = "g-1" },
    call = function(client)
      return client.assets:list { vendor_group_id = "g-1" }
    end },
}

local BILLABLE = { verify = true, upload = true }

local function client_at(server, options)
  options = options or {}
  options.asset_url, options.api_key = server.url, KEY
  options.base_url = options.base_url or "http://127.0.0.1:1"
  options.retries = options.retries or 0
  return yuanjing.new(options)
end

-- A server that gives these answers one after the other, the last one for
-- ever. A body gets status 200; a complete answer is sent unchanged.
local function answering(...)
  local turns = {}
  for n, given in ipairs { ... } do
    local answer = given:find("^HTTP/") and given
      or scripted.answer(200, {}, given)
    turns[n] = { { "send", answer } }
  end
  return support.serve { turns = turns }
end

local function ask(name, ...)
  local server = answering(...)
  return server, CALLS[name].call(client_at(server))
end

-- What goes out -------------------------------------------------------------

describe("on the wire", function()
  after_each(support.clean)

  for name, case in pairs(CALLS) do
    for _, api in ipairs { "v1", "legacy" } do
      it(("%s is what is documented, on %s, too"):format(name, api), function()
        local other = support.serve {}
        local server = answering(ok(case.data))
        assert(case.call(client_at(server, { api = api,
          base_url = other.url })))
        local request = server:requests()[1]
        assert.same({ "POST", FOLDER .. case.path, "Bearer " .. KEY, true },
          { request.method, request.path, request.headers.authorization,
            request.complete })
        assert.equal(tostring(#request.body), request.headers["content-length"])
        if case.json then
          assert.equal("application/json", request.headers["content-type"])
          assert.same(case.json, cjson.decode(request.body))
        else
          assert.equal("", request.body)
        end
        assert.equal(1, #server:requests())
        assert.equal(0, other:connections().opened)
      end)
    end
  end

  it("has a proxy's path in front, where asset_url has one", function()
    local server = answering(ok(GROUPS))
    local client = yuanjing.new { asset_url = server.url .. "/gate/",
      api_key = KEY }
    assert(client.assets:groups())
    assert.equal("/gate" .. FOLDER .. "rl_query_groups.dspy",
      server:requests()[1].path)
  end)
end)

-- Decodes the files in JSON, with Python: each body has the file's content
-- instead of its data URI.
local DECODE = [[
import base64, json, sys
bodies = []
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        body = json.loads(file.read().decode("utf-8"))
    body["head"], _, text = body.pop("source_url").partition(",")
    data = base64.b64decode(text, validate=True)
    assert base64.b64encode(data).decode() == text
    body["hex"] = data.hex()
    bodies.append(body)
json.dump(bodies, sys.stdout)
]]

local function hex(bytes)
  return (bytes:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

-- The bodies of that many uploads.
local function bodies_of(server, folder)
  local script = support.write(folder .. "/decode.py", DECODE)
  local command = { "python3 '" .. script .. "'" }
  for n, request in ipairs(server:requests()) do
    assert(request.complete)
    assert.equal(tostring(#request.body), request.headers["content-length"])
    assert.is_nil(request.headers["transfer-encoding"])
    command[n + 1] = "'" .. support.write(("%s/body-%d"):format(folder, n),
      request.body) .. "'"
  end
  return cjson.decode(support.output(table.concat(command, " ")))
end

local EVERY_BYTE = {}
for n = 0, 65535 do
  EVERY_BYTE[n + 1] = string.char(n % 256, math.floor(n / 256))
end
EVERY_BYTE = table.concat(EVERY_BYTE)

-- Around what the core encodes at a time (3072 bytes), what libcurl takes at a
-- time (65536 bytes as sent, 49152 before), and several of those.
local LENGTHS = {}
for n = 1, 70 do LENGTHS[n] = n end
for _, block in ipairs { 3072, 6144, 49152, 65536, 98304, 131072 - 2 } do
  for n = block - 2, block + 2 do LENGTHS[#LENGTHS + 1] = n end
end

describe("a file in a request", function()
  local folder, server, client
  before_each(function()
    folder = support.tempdir()
    server = answering(ok(UPLOADED))
    client = client_at(server)
  end)
  after_each(support.clean)

  local function upload(file, more)
    local params = { vendor_group_id = "g-1", file = file }
    for name, value in pairs(more or {}) do params[name] = value end
    return assert(client.assets:upload(params))
  end

  it("is its base64, at every length", function()
    local path = folder .. "/a.png"
    for _, length in ipairs(LENGTHS) do
      local data = EVERY_BYTE:sub(1, length)
      upload(support.write(path, data))
      upload(yuanjing.bytes(data, { name = "a.png" }))
    end
    local bodies = bodies_of(server, folder)
    assert.equal(2 * #LENGTHS, #bodies)
    for n, body in ipairs(bodies) do
      local length = LENGTHS[math.floor((n + 1) / 2)]
      assert.same({ "data:image/png;base64", "Image", "g-1" },
        { body.head, body.asset_type, body.vendor_group_id })
      assert.is_true(hex(EVERY_BYTE:sub(1, length)) == body.hex, length)
    end
  end)

  it("has the type of its content", function()
    local CASES = {
      { JPEG, "lies.png", "image/jpeg", "Image" },
      { "\137PNG\r\n\26\n....", "none", "image/png", "Image" },
      { "GIF89a....", "照 片's (1).JPG", "image/gif", "Image" },
      { "\0\0\0\24ftypisom....", "film.mp4", "video/mp4", "Video" },
      { "\0\0\0\24ftypqt  ....", "片.jpg", "video/quicktime", "Video" },
      { "ID3\4....", "a.mp3", "audio/mpeg", "Audio" },
      { "no such thing", "b.webp", "image/webp", "Image" },
      { "no such thing", "b.WebM", "video/webm", "Video" },
    }
    for _, case in ipairs(CASES) do
      upload(support.write(folder .. "/" .. case[2], case[1]))
      upload(yuanjing.bytes(case[1], { name = case[2] }))
    end
    for n, body in ipairs(bodies_of(server, folder)) do
      local case = CASES[math.floor((n + 1) / 2)]
      assert.same({ "data:" .. case[3] .. ";base64", case[4], hex(case[1]) },
        { body.head, body.asset_type, body.hex })
    end
  end)

  it("has the declared type", function()
    upload(yuanjing.bytes("x", { type = "image/x-canon-cr3" }))
    upload(yuanjing.file(support.write(folder .. "/a.bin", "x"),
      { type = "video/x-own" }), { asset_type = "video" })
    upload(yuanjing.bytes("x"), { asset_type = "3DModel" })
    upload(yuanjing.bytes("\0\0\0\24ftypisom....", { name = "a.mp4" }),
      { asset_type = "Audio" })
    local seen = {}
    for n, body in ipairs(bodies_of(server, folder)) do
      seen[n] = body.head .. " " .. body.asset_type
    end
    assert.same({ "data:image/x-canon-cr3;base64 Image",
      "data:video/x-own;base64 Video",
      "data:application/octet-stream;base64 3DModel",
      "data:video/mp4;base64 Audio" }, seen)
  end)

  it("leaves texts alone that look like the mark of a file", function()
    local TEXTS = { "yjfile0x1;", "yjfile0x1;yjfile00x1; yjfile000x1;",
      "yjfile", "yjfile0", "yjfile" .. ("0"):rep(5000) .. "x1;",
      "yjfile99999999999999999999x1;", '"yjfile0x1;\\"模特,}' }
    for _, text in ipairs(TEXTS) do
      upload(yuanjing.bytes(JPEG), { name = text, extra = { note = text } })
    end
    upload(yuanjing.bytes("own" .. JPEG, { type = "image/yjfile0x1" }))
    for n, body in ipairs(bodies_of(server, folder)) do
      assert.same({ TEXTS[n], TEXTS[n], hex((TEXTS[n] and "" or "own") .. JPEG) },
        { body.name, body.note, body.hex })
      assert.equal(TEXTS[n] and "data:image/jpeg;base64"
        or "data:image/yjfile0x1;base64", body.head)
    end
  end)
end)

describe("files in JSON", function()
  it("have the length of their base64", function()
    for size, coded in pairs { [1] = 4, [2] = 4, [3] = 4, [4] = 8,
      [3 * 2 ^ 40] = 4 * 2 ^ 40 } do
      local embedded, length = embed.files({}, { { name = "a",
        medium = { type = "image/png", path = "p", size = size } } })
      assert.equal(coded, length)
      assert.same({ { path = "p", base64 = true, type = "image/png",
        size = size } }, embedded.pieces)
    end
  end)

  it("are none where there are none", function()
    assert.same({}, { embed.files({}, {}) })
  end)
end)

-- Answers -------------------------------------------------------------------

-- The result of each call, as plain fields.
local MEANINGS = {
  verify = function(session)
    assert.same({ "s-1", "https://h/5", "t" },
      { session.id, session.h5_link, session.byted_token })
  end,
  groups = function(groups)
    assert.same({ { vendor_group_id = "g-1", vendor = "v", name = "张三",
      status = "active", create_time = "2026-05-28 15:30:00" } }, groups)
  end,
  upload = function(asset)
    assert.same({ "a-1", "asset-1", "Processing", "模特A", "Image", "g-1" },
      { asset.id, asset.vendor_asset_id, asset.status, asset.name,
        asset.asset_type, asset.vendor_group_id })
  end,
  status = function(asset)
    assert.same({ "a-1", "Active", "https://h/1?sig=2", true },
      { asset.id, asset.status, asset.url, asset.done })
  end,
  list = function(list, total)
    assert.same({ 2, 3 }, { #list, total })
    local first, second = list[1], list[2]
    assert.same({ "a-1", "asset-1", "模特A", "Image", "Active", "https://h/1",
      "2026-05-28 15:30:00", "g-1", true }, { first.id, first.vendor_asset_id,
      first.name, first.asset_type, first.status, first.url, first.create_time,
      first.vendor_group_id, first.done })
    assert.is_nil(first.error)
    assert.same({ "a-2", "Failed", true, "task_failed", "no face" },
      { second.id, second.status, second.done, second.error.kind,
        second.error.message })
  end,
}

local ENVELOPES = {
  ["status ok"] = ok,
  ["success alone"] = flat,
  ["success and data"] = function(data)
    return ('{"success":true,"data":%s}'):format(data)
  end,
  ["status ok, with more"] = function(data)
    return ('{"status":"OK","message":"操作成功","code":0,"error":null,"data":%s}')
      :format(data)
  end,
}

describe("an answer", function()
  after_each(support.clean)

  for name in pairs(CALLS) do
    for shape, wrap in pairs(ENVELOPES) do
      it(("of %s is read: %s"):format(name, shape), function()
        local _, value, more = ask(name, wrap(CALLS[name].data))
        assert(value, more)
        MEANINGS[name](value, more)
      end)
    end

    it(("of %s that lacks what it is for is no answer"):format(name),
      function()
        local UNFIT = { '{"status":"ok"}', '{"success":true}',
          ok '{"other":1}', ok '"text"', ok "5",
          ok '{"groups":{"a":1},"assets":{"a":1}}',
          ok '{"groups":["a"],"assets":["a"]}' }
        local client = client_at(answering(unpack(UNFIT)))
        for _, unfit in ipairs(UNFIT) do
          local value, err = CALLS[name].call(client)
          assert.is_nil(value, unfit)
          assert.same({ "decode", 200, "POST " .. FOLDER .. CALLS[name].path,
            unfit }, { err.kind, err.status, err.call, err.body })
        end
      end)
  end

  it("has ids that are texts, whatever type they were sent as", function()
    local _, asset = ask("upload", ok('{"id":12,"vendor_asset_id":'
      .. '936759404378734592,"status":"processing"}'))
    assert.same({ "12", "936759404378734592", "Processing" },
      { asset.id, asset.vendor_asset_id, asset.status })
    local _, session = ask("verify", ok '{"id":5,"h5_link":"https://h/5"}')
    assert.equal("5", session.id)
    local _, groups = ask("groups",
      ok '{"groups":[{"vendor_group_id":7,"status":1,"name":""}]}')
    assert.same({ { vendor_group_id = "7", status = "1" } }, groups)
  end)

  it("may be an empty list, or the list alone", function()
    for _, list in ipairs { ok '{"groups":[]}', ok "[]" } do
      local _, groups = ask("groups", list)
      assert.same({}, groups)
    end
    local _, list, total = ask("list", ok '{"assets":[]}')
    assert.same({ {}, 0 }, { list, total })
    _, list, total = ask("list", ok '[{"id":"a-9","status":"Active"}]')
    assert.same({ "a-9", 1 }, { list[1].id, total })
  end)

  it("counts what the platform counts, else what there is", function()
    for text, count in pairs { ["41"] = 41, ['"41"'] = 41, ["null"] = 1,
      ['"many"'] = 1, ["[]"] = 1 } do
      local _, _, total = ask("list", ok('{"assets":[{"id":"a","status":"x"}],'
        .. '"total":' .. text .. "}"))
      assert.equal(count, total)
    end
  end)

  it("has a whole list, however long", function()
    local rows = {}
    for n = 1, 3000 do
      rows[n] = ('{"id":"a-%d","status":"Active"}'):format(n)
    end
    local _, list, total = ask("list", ok(('{"assets":[%s],"total":3000}')
      :format(table.concat(rows, ","))))
    assert.same({ 3000, 3000, "a-1", "a-3000" },
      { #list, total, list[1].id, list[3000].id })
  end)

  it("of an upload that failed at once is its error", function()
    for shape, wrap in pairs(ENVELOPES) do
      local data = '{"id":"a-1","status":"Failed","error":"no face"}'
      local _, asset, err = ask("upload", wrap(data))
      assert.is_nil(asset, shape)
      assert.same({ "task_failed", "no face", "a-1", "Failed" },
        { err.kind, err.message, err.asset.id, err.asset.status })
    end
  end)
end)

-- Failures ------------------------------------------------------------------

local TEXTS = {
  ["供应商配置不存在"] = { "platform", "vendor_not_configured" },
  ["供应商服务已停用"] = { "platform", "vendor_disabled" },
  ["无效的素材组合ID或无权访问"] = { "not_found", "group_not_found" },
  ["素材不存在或无权访问"] = { "not_found", "asset_not_found" },
  ["尚未完成认证或认证失败"] = { "platform", "verification_incomplete" },
  ["从未见过的错误"] = { "platform" },
  ["something else, 素材"] = { "platform" },
}

-- Refusals, with their HTTP status.
local REFUSALS = {
  ["status error"] = { '{"status":"error","data":{"message":"%s"}}', 200 },
  ["status error, flat"] = { '{"status":"error","message":"%s"}', 200 },
  ["success false"] = { '{"success":false,"message":"%s"}', 200 },
  ["success false, error"] = { '{"success":false,"error":"%s"}', 200 },
  ["success false, data"] = { '{"success":false,"data":{"message":"%s"}}',
    200 },
  ["error alone"] = { '{"error":"%s"}', 200 },
  ["with more around it"] = { '{"status":"error","data":{"message":"失败:%s。"}}',
    200 },
  ["with 418"] = { '{"success":false,"message":"%s"}', 418 },
}

describe("a refusal", function()
  after_each(support.clean)

  for name, case in pairs(CALLS) do
    for shape, refusal in pairs(REFUSALS) do
      it(("of %s has its meaning: %s"):format(name, shape), function()
        local texts, answers = {}, {}
        for text in pairs(TEXTS) do
          texts[#texts + 1] = text
          answers[#texts] = scripted.answer(refusal[2], {},
            refusal[1]:format(text))
        end
        local server = answering(unpack(answers))
        local client = client_at(server)
        for _, text in ipairs(texts) do
          local value, err = case.call(client)
          assert.is_nil(value)
          assert.same({ kind = TEXTS[text][1], code = TEXTS[text][2],
            status = refusal[2], attempts = 1, retryable = false,
            body = refusal[1]:format(text),
            call = "POST " .. FOLDER .. case.path },
            support.fields(err, "kind", "code", "status", "attempts",
              "retryable", "body", "call"))
          assert.truthy(err.message:find(text, 1, true), err.message)
        end
        assert.equal(#texts, #server:requests())
      end)
    end

    it(("of %s may come from any server"):format(name), function()
      local CASES = {
        { scripted.answer(401, {}, '{"error":"Invalid API Key"}'), "auth" },
        { scripted.answer(401, {}, "401: Unauthorized"), "auth" },
        { scripted.answer(429, {}, '{"error":"Insufficient balance"}'),
          "balance" },
        { scripted.answer(404, {}, "Not Found"), "not_found" },
        { scripted.answer(400, {}, "{'error': 'name'}"), "invalid_request" },
        { scripted.answer(302, { Location = "http://127.0.0.1:1/" }, ""),
          "platform" },
        { scripted.answer(200, {}, "<html><title>Gateway</title></html>"),
          "decode" },
        { scripted.answer(200, {}, ""), "decode" },
        { scripted.answer(500, {}, "oops"), "server" },
      }
      local answers = {}
      for n, row in ipairs(CASES) do answers[n] = row[1] end
      local server = answering(unpack(answers))
      local client = client_at(server)
      for _, row in ipairs(CASES) do
        local value, err = case.call(client)
        assert.is_nil(value)
        assert.same({ row[2], 1 }, { err.kind, err.attempts })
      end
      assert.equal(#CASES, #server:requests())
    end)
  end
end)

-- At most once, and as often as it takes ------------------------------------

-- The first connection follows the steps; any other gets a good answer.
local function serve_once(name, ...)
  local fine = { { "repeat", 9, { { "request" },
    { "send", scripted.answer(200, {}, ok(CALLS[name].data)) } } } }
  return support.serve { connections = { join(...) }, default = fine }
end

local HALF = "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"
  .. '{"status":"ok","data":{"id":"a-1"'

-- The steps after the request; the error of a call that is not repeated.
local FAULTS = {
  ["a reset"] = { { { "request" }, { "reset" } }, "outcome_unknown" },
  ["a close"] = { { { "request" }, { "close" } }, "outcome_unknown" },
  ["silence"] = { { { "request" }, { "sleep", 3 } }, "outcome_unknown" },
  ["half an answer"] = { { { "request" }, { "send", HALF }, { "close" } },
    "truncated" },
  ["a 500"] = { { { "request" }, { "send", scripted.answer(500,
    { Connection = "close" }, "") } }, "server" },
  ["a 503"] = { { { "request" }, { "send", scripted.answer(503,
    { Connection = "close" }, "") } }, "server" },
}

describe("a query", function()
  it("is given a minute, for it may hang; other calls take their time",
    function()
      local send, totals = http.send, {}
      finally(function() http.send = send end)
      local name
      http.send = function(_, request)
        totals[name] = request.total or "none"
        return nil, { kind = "timeout" }
      end
      for each, case in pairs(CALLS) do
        name = each
        case.call(client_at { url = "http://127.0.0.1:1" })
      end
      assert.same({ groups = 60, status = 60, list = "none", verify = "none",
        upload = "none" }, totals)
    end)
end)

describe("a call", function()
  local sleep = loop.sleep
  before_each(function() loop.sleep = function() sleep(0.001) end end)
  after_each(function()
    loop.sleep = sleep
    support.clean()
  end)

  for name, case in pairs(CALLS) do
    for fault, row in pairs(FAULTS) do
      it(("to %s, after %s, is %s"):format(name, fault, BILLABLE[name]
        and "not made again" or "made again"), function()
        local server = serve_once(name, row[1])
        local value, err = case.call(client_at(server,
          { retries = 2, timeout = { first = 0.3 } }))
        if BILLABLE[name] then
          assert.is_nil(value)
          assert.same({ row[2], 1, false },
            { err.kind, err.attempts, err.retryable })
          assert.equal(1, #server:requests())
        else
          assert(value, err)
          assert.equal(2, #server:requests())
        end
      end)
    end

    it(("to %s is made again where no server listened"):format(name),
    function()
      local server = support.serve {}
      server:stop()
      local value, err = case.call(client_at(server, { retries = 1 }))
      assert.is_nil(value)
      assert.same({ "transport", 2, true },
        { err.kind, err.attempts, err.retryable })
    end)

    it(("to %s is made again where it was clearly not taken"):format(name),
      function()
        local server = serve_once(name, { { "request" }, { "send",
          scripted.answer(503, { ["Retry-After"] = "0",
            Connection = "close" }, "") } })
        assert(case.call(client_at(server, { retries = 1 })))
        local requests = server:requests()
        assert.equal(requests[1].body, requests[2].body)
      end)
  end

  for name in pairs(BILLABLE) do
    it(("to %s is not made again on a connection used before"):format(name),
      function()
        for _, death in ipairs { { { "head" }, { "reset" } },
          { { "request" }, { "close" } }, { { "request" }, { "reset" } } } do
          local used = { { "request" }, { "send", scripted.answer(200, {},
            ok(GROUPS)) } }
          local server = serve_once(name, used, death)
          local client = client_at(server, { retries = 2 })
          assert(client.assets:groups())
          local value, err = CALLS[name].call(client)
          assert.is_nil(value)
          assert.same({ "outcome_unknown", 1 }, { err.kind, err.attempts })
          assert.equal(2, #server:requests())
        end
      end)
  end
end)
