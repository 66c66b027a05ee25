local envelope = require "yuanjing.protocol.answer.envelope"
local errors = require "yuanjing.errors"
local json = require "yuanjing.base.json"

local ID = "936759404378734592"

-- A decoded document, as received.
local function failure(text)
  return envelope.failure((assert(json.decode(text))))
end

-- What read() gives for a body, without what repeats the body.
local function read(body)
  local document, problem = envelope.read(body)
  if document then return document, problem end
  problem.body, problem.document = nil, nil
  return nil, problem
end

local function refuse(status, body, headers)
  return envelope.refusal(status, headers or {}, body)
end

describe("envelope.failure", function()
  local failures = {
    { '{"error":"Insufficient balance"}', { message = "Insufficient balance" } },
    { '{"error":{"message":"no such model","type":"invalid","code":"m1"}}',
      { message = "no such model", type = "invalid", code = "m1" } },
    { '{"error":{"message":"x","code":1301}}', { message = "x", code = "1301" } },
    { '{"error":{"code":"InsufficientFunds"}}',
      { message = "InsufficientFunds", code = "InsufficientFunds" } },
    { '{"error":{"error":{"message":"deep"}}}', { message = "deep" } },
    { '{"error":["first","second"]}', { message = "first" } },
    { '{"error":true,"message":"why"}', { message = "why" } },
    { '{"error":true}',
      { message = "the platform reported a failure without a text" } },
    -- a failure that can not be encoded as JSON is still a failure
    { '{"error":{"a":nan}}',
      { message = "the platform reported a failure without a text" } },
    { '{"error":{"a":"\255"},"status":"failed"}', { state = "FAILED",
      message = "the platform reported the status FAILED" } },
    { '{"error":{"a":"\255"}}',
      { message = "the platform reported a failure without a text" } },
    { '{"status":"error","data":{"message":"no vendor"}}',
      { message = "no vendor", state = "ERROR" } },
    { '{"status":"Error","message":"m"}', { message = "m", state = "ERROR" } },
    { '{"status":"error"}', { state = "ERROR",
      message = "the platform reported the status ERROR" } },
    { '{"success":false,"message":"m"}', { message = "m" } },
    { '{"success":false,"error":"e"}', { message = "e" } },
    { '{"errcode":40001,"errmsg":"bad"}', { message = "bad", code = "40001" } },
    { '{"errcode":"40001","errmsg":"bad"}',
      { message = "bad", code = "40001" } },
    { '{"error":"ERROR:vendor said no","status":"FAILED"}',
      { message = "ERROR:vendor said no", state = "FAILED" } },
    { '{"status":"ok","data":{"status":"FAILED","error":"x"}}',
      { message = "x", state = "FAILED" } },
    { '{"status":"ok","data":{"resposne":{"taskstatus":"failed","error":"x"}}}',
      { message = "x", state = "FAILED" } },
    { '{"error":"  spaced  "}', { message = "spaced" } },
    { '{"choices":[{"delta":{"content":"a"}}],"error":"late"}',
      { message = "late" } },
  }
  for _, row in ipairs(failures) do
    it("finds it in " .. row[1], function()
      row[2].kind = "platform"
      assert.same(row[2], failure(row[1]))
    end)
  end

  local no_failures = {
    "{}", "[]", '[{"error":"x"}]', '{"error":null}', '{"error":""}',
    '{"error":" "}', '{"error":false}', '{"error":0}', '{"error":{}}',
    '{"error":[]}', '{"error":{"message":"","code":0}}', '{"error":"None"}',
    '{"success":true,"message":"ok"}', '{"success":null}',
    '{"errcode":0,"errmsg":"ok"}', '{"errcode":"0"}',
    '{"status":"ok","data":{"message":"all well"}}',
    '{"status":"RUNNING","taskid":"1"}', '{"status":"SUCCEEDED","error":null}',
    '{"status":"CREATED"}', '{"status":"ok","data":{"status":"Active"}}',
    '{"status":"ok","data":{"resposne":{"status":"PENDING","error":""}}}',
    '{"content":"an error: the status is FAILED"}',
    '{"choices":[{"message":{"content":"{\\"error\\":\\"x\\"}"}}]}',
    '{"data":[{"id":"error","status":"error"}]}',
    '{"data":{"groups":[{"status":"failed"}]}}', '{"status":200}',
    '{"errors":"x"}', '{"code":0,"message":"success"}',
  }
  for _, text in ipairs(no_failures) do
    it("finds none in " .. text, function()
      assert.is_nil(failure(text))
    end)
  end

  it("finds none in what is no document", function()
    for _, value in ipairs { "error", 5, true, false } do
      assert.is_nil(envelope.failure(value))
    end
    assert.is_nil(envelope.failure(nil))
  end)

  it("stops in a document that wraps itself deeper and deeper", function()
    local text = ('{"data":'):rep(50) .. '{"error":"x"}' .. ("}"):rep(50)
    assert.is_nil(failure(text))
  end)

  local tasks = {
    '{"status":"FAILED","error":"x","taskid":"%s"}',
    '{"status":"FAILED","error":"x","taskid":%s}',
    '{"status":"FAILED","error":"x","task_id":"%s"}',
    '{"status":"FAILED","error":"x","data":{"taskid":"%s"}}',
    '{"taskid":"%s","data":{"status":"FAILED","error":"x"}}',
  }
  for _, text in ipairs(tasks) do
    it("keeps the task's id of " .. text, function()
      assert.equal(ID, failure(text:format(ID)).task.id)
    end)
  end

  local known = {
    ["无效的素材组合ID或无权访问"] = { "group_not_found", "not_found" },
    ["素材不存在或无权访问"] = { "asset_not_found", "not_found" },
    ["供应商配置不存在"] = { "vendor_not_configured", "platform" },
    ["供应商服务已停用"] = { "vendor_disabled", "platform" },
    ["尚未完成认证或认证失败"] = { "verification_incomplete", "platform" },
  }
  for text, meaning in pairs(known) do
    it("knows " .. text, function()
      local reported = failure('{"status":"error","data":{"message":"' .. text
        .. '"}}')
      assert.same({ text, meaning[1], meaning[2] },
        { reported.message, reported.code, reported.kind })
      assert.equal(meaning[2],
        select(2, read('{"success":false,"message":"' .. text .. '"}')).kind)
    end)
  end
end)

describe("envelope.read", function()
  it("gives a document", function()
    local document, warning = envelope.read('{"taskid":"1","status":"PENDING"}')
    assert.same({ taskid = "1", status = "PENDING" }, document)
    assert.is_nil(warning)
  end)

  it("gives the first of two, with a warning", function()
    local document, warning = envelope.read('{"a":1}{"error":"x"}')
    assert.same({ a = 1 }, document)
    assert.truthy(warning:find("ignored", 1, true))
  end)

  it("does not warn of blanks", function()
    assert.is_nil(select(2, envelope.read('\n{"a":1}\r\n\r\n')))
  end)

  it("takes a failure in the first of two for one", function()
    local _, reported = read('{"error":"x"}{"a":1}')
    assert.same({ kind = "platform", message = "x" }, reported)
  end)

  it("keeps the body and the document of a failure", function()
    local body = '{"status":"FAILED","usage":{"credits":1}}'
    local _, reported = envelope.read(body)
    assert.equal(body, reported.body)
    assert.same({ credits = 1 }, reported.document.usage)
  end)

  local platform = {
    { "401: Unauthorized", "401: Unauthorized" },
    { "ERROR: vendor said no", "ERROR: vendor said no" },
    { "ERROR:x", "ERROR:x" },
    { '"ERROR: in quotes"', "ERROR: in quotes" },
    { "500 Internal Server Error", "500 Internal Server Error" },
    { "Missing prompt\n", "Missing prompt" },
    { "错误:余额不足", "错误:余额不足" },
    { "{'error': 'plain'}", "plain" },
    { [[{'error': 'it\'s "bad"'}]], [[it's "bad"]] },
    { [[{'error': "it's bad"}]], "it's bad" },
    { [[{'error': 'a\nb\\c'}]], "a\nb\\c" },
    { [[{'error': '\u4f59\u989d'}]], "余额" },
    { [[{'error': 'caf\xe9'}]], "café" },
    { "{'error': '余额不足'}", "余额不足" },
    { "{'ok': True, 'x': None, 'error': {'message': 'deep', 'no': False}}",
      "deep" },
    { "{'x': (1,), 'y': (), 'n': -1.5e3, 'error': 'behind'}", "behind" },
    { "{'success': False, 'message': 'm'}", "m" },
    { "{'error': ValueError('x')}", "{'error': ValueError('x')}" },
    { "{'error': 'cut", "{'error': 'cut" },
  }
  for _, row in ipairs(platform) do
    it("takes for the platform's: " .. row[1], function()
      local document, reported = read(row[1])
      assert.is_nil(document)
      assert.same({ kind = "platform", message = row[2] }, reported)
    end)
  end

  local unreadable = {
    { "", "empty" }, { " \r\n", "empty" },
    { "<!DOCTYPE html><html><head><TITLE>502 Bad\n Gateway</TITLE></head>",
      "HTML: 502 Bad Gateway" },
    { "<html><body><h1>A &amp; B &lt;i&gt;</h1></body></html>", "A & B <i>" },
    { "<Error><Code>X</Code><Message>denied</Message></Error>", "denied" },
    { "<Error><Code>X</Code><Message>denied</Message></Error>",
      "the answer is XML" },
    { '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>'
      .. "<Message>Access Denied</Message></Error>", "the answer is XML: Access" },
    { '<?xml version="1.0"?><ListBucketResult/>', "the answer is XML" },
    { '<?xml version="1.0"?><!DOCTYPE html><html><title>502</title></html>',
      "the answer is HTML: 502" },
    { "<!DOCTYPE html><message>no</message>", "the answer is HTML: no" },
    { "<html></html>", "the answer is HTML" },
    { "<html><title>never closed", "the answer is HTML" },
    { '{"a":', "breaks off", "truncated" },
    { '{"error":"Insuff', "breaks off", "truncated" },
    { '{"id":"' .. ID .. '","content":"abc\\', "breaks off", "truncated" },
    { '[{"a":1}', "breaks off", "truncated" },
    { '{"a" 1}', "broken JSON" }, { "[1,]", "broken JSON" },
    { "Once upon a time there was an error", "no JSON: Once upon" },
    { "42", "no JSON" }, { "true", "no JSON" }, { "null", "no JSON" },
    { '"just a text"', "no JSON: just a text" },
    { "{'a': foo()}", "broken JSON" },
    { "\255\254\0x", "no JSON" },
  }
  for _, row in ipairs(unreadable) do
    it(("can not read %q"):format(row[1]), function()
      local document, reported = read(row[1])
      assert.is_nil(document)
      assert.equal(row[3] or "decode", reported.kind)
      assert.truthy(reported.message:find(row[2], 1, true), reported.message)
    end)
  end

  it("has the code of an object store's error", function()
    local _, told = envelope.read('<?xml version="1.0"?><Error>'
      .. "<Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
    assert.equal("AccessDenied", told.code)
  end)

  it("takes no body for an empty one", function()
    assert.same({ kind = "decode", message = "the answer is empty" },
      select(2, read(nil)))
  end)

  it("reads a Python dict that is no failure, with a warning", function()
    local document, warning = envelope.read("{'taskid': '" .. ID .. "'}")
    assert.same({ taskid = ID }, document)
    assert.truthy(warning:find("Python", 1, true))
  end)

  it("does not take an answer's words for a failure", function()
    local body = '{"choices":[{"message":{"content":"ERROR: {\'error\'}"}}]}'
    assert.is_table((envelope.read(body)))
  end)

  it("makes an error that is short, however long the body", function()
    for _, body in ipairs { '{"error":"' .. ("余"):rep(50000) .. '"}',
      ("\255"):rep(100000), "<html>" .. ("<p>"):rep(50000) } do
      local err = errors.new((select(2, envelope.read(body))))
      assert.is_true(#err.body <= 2048)
      assert.is_true(#tostring(err) <= 2048)
    end
  end)

  it("comes to an end wherever a body is cut", function()
    for _, body in ipairs {
      '{"id":' .. ID .. ',"c":"a\\\\\\"\\u4e00","error":{"message":"x"}}',
      [[{'error': {'message': 'it\'s \u4f59 ]] .. ID .. [[', 'x': (1,)}}]],
      "<html><head><title>a &amp; b</title></head></html>" } do
      for length = 0, #body - 1 do
        local document, reported = envelope.read(body:sub(1, length))
        assert.is_nil(document)
        assert.is_string(reported.message)
      end
    end
  end)
end)

describe("envelope.refusal", function()
  local kinds = {
    { 400, '{"error":"Missing required parameter: prompt"}',
      "invalid_request", "Missing required parameter: prompt" },
    { 400, '{"error":"InsufficientFunds"}', "balance", "InsufficientFunds" },
    { 400, '{"error":{"code":"InsufficientFunds","message":"no"}}', "balance",
      "no" },
    { 400, '{"error":"余额不足"}', "balance", "余额不足" },
    { 400, '{"error":"white_balance must be a number"}', "invalid_request",
      "white_balance must be a number" },
    { 401, '{"error":"Invalid API Key"}', "auth", "Invalid API Key" },
    { 401, "401: Unauthorized", "auth", "401: Unauthorized" },
    { 403, "403: Forbidden", "auth", "403: Forbidden" },
    { 402, "", "balance", "the platform gave no reason" },
    { 404, '{"detail":"Not Found"}', "not_found", "Not Found" },
    { 405, "405: Method Not Allowed", "platform", "405: Method Not Allowed" },
    { 413, "Maximum request body size 10485760 exceeded", "platform",
      "the request body was too large for the platform: "
        .. "Maximum request body size 10485760 exceeded" },
    { 413, "", "platform", "the request body was too large for the platform" },
    { 429, '{"error":"Insufficient balance"}', "balance",
      "Insufficient balance" },
    { 429, "", "balance", "the platform gave no reason" },
    { 429, '{"error":"can not generate now"}', "balance",
      "can not generate now" },
    { 429, '{"error":"rate limit exceeded"}', "rate_limit",
      "rate limit exceeded" },
    { 429, '{"error":{"code":"rate_limit_exceeded","message":"slow down"}}',
      "rate_limit", "slow down" },
    { 429, "<html><title>429 Too Many Requests</title></html>", "rate_limit",
      "429 Too Many Requests" },
    { 429, '{"error":"请求过于频繁"}', "rate_limit", "请求过于频繁" },
    { 429, '{"error":"已限流"}', "rate_limit", "已限流" },
    { 500, "{'error': 'boom'}", "server", "boom" },
    { 502, "<html><head><title>502 Bad Gateway</title></head></html>",
      "server", "502 Bad Gateway" },
    { 503, "", "server", "the platform gave no reason" },
    { 500, '{"detail":[{"loc":["x"],"msg":"bad x"}]}', "server", "bad x" },
    { 400, '{"status":"error","data":{"message":"素材不存在或无权访问"}}',
      "not_found", "素材不存在或无权访问" },
    { 502, '{"id":"' .. ID .. '","content":"abc\\', "server",
      '{"id":"' .. ID .. '","content":"abc\\' },
  }
  for _, row in ipairs(kinds) do
    it(("takes %d %s for %s"):format(row[1], row[2], row[3]), function()
      local reported = refuse(row[1], row[2])
      assert.same({ row[1], row[3], row[4], row[2] },
        { reported.status, reported.kind, reported.message, reported.body })
    end)
  end

  it("keeps code, type and the body", function()
    local reported = refuse(400,
      '{"error":{"message":"m","type":"t","code":"c"}}')
    assert.same({ "m", "t", "c" }, { reported.message, reported.type, reported.code })
  end)

  it("does without headers and body", function()
    assert.equal("server", envelope.refusal(500, nil, nil).kind)
  end)

  it("takes no longer for many blanks", function()
    local before = os.clock()
    local refused = envelope.refusal(500, {}, "a" .. (" "):rep(1000000) .. "b ")
    assert.equal("server", refused.kind)
    assert.is_true(os.clock() - before < 2)
  end)

  it("names the size of what was too large", function()
    local function message(sent)
      return envelope.refusal(413, {}, "413", sent).message
    end
    assert.equal("the request body was too large for the platform "
      .. "(13981014.0 MB): 413", message(13981014e6))
    assert.equal("the request body was too large for the platform "
      .. "(10.5 MB): 413", message(10485760))
    assert.equal("the request body was too large for the platform "
      .. "(99999 bytes): 413", message(99999))
  end)

  local waits = {
    { "2", 2 }, { " 1.5 ", 1.5 }, { "0", 0 }, { "-5" }, { "soon" }, { "" },
    { "Sun, 06 Nov 1994 08:50:07 GMT", 30 },
    { "Sun, 06 Nov 1994 08:49:00 GMT", 0 },
    { "Mon, 07 Nov 1994 08:49:37 GMT", 86400 },
  }
  for _, row in ipairs(waits) do
    it(("waits %s for %q"):format(tostring(row[2]), row[1]), function()
      local reported = refuse(503, "", { ["retry-after"] = row[1],
        date = "Sun, 06 Nov 1994 08:49:37 GMT" })
      assert.equal(row[2], reported.retry_after)
    end)
  end

  it("reckons from its own clock where the answer has no date", function()
    local reported = refuse(503, "",
      { ["retry-after"] = os.date("!%a, %d %b %Y %H:%M:%S GMT",
        os.time() + 100) })
    assert.is_true(reported.retry_after > 95 and reported.retry_after <= 100)
  end)

  it("takes Retry-After for a rate, but not against the text", function()
    local headers = { ["retry-after"] = "1" }
    assert.equal("rate_limit", refuse(429, "", headers).kind)
    assert.equal("balance",
      refuse(429, '{"error":"Insufficient balance"}', headers).kind)
  end)

  local redirects = {
    { "https://login.example/x?sig=secret", "login.example" },
    { "https://user:pass@other.example:8443/", "other.example:8443" },
    { "//other.example/x", "other.example" },
    { "/login?next=secret", "elsewhere on the same host" },
    { nil, "to nowhere" },
    { " ", "to nowhere" },
  }
  for _, row in ipairs(redirects) do
    it("names where a redirect points: " .. tostring(row[1]), function()
      local reported = refuse(302, "<html><title>Found</title>",
        { location = row[1] })
      assert.equal("platform", reported.kind)
      assert.truthy(reported.message:find(row[2], 1, true), reported.message)
      assert.is_nil(reported.message:find("secret", 1, true))
      assert.is_nil(reported.message:find("pass", 1, true))
    end)
  end

  it("fits an error as it is", function()
    local err = errors.new(refuse(429, '{"error":"Insufficient balance"}'))
    assert.equal("balance: Insufficient balance (HTTP 429); "
      .. "top up at https://ai.opencomputing.cn", tostring(err))
  end)
end)
