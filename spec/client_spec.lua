local cjson = require "cjson"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local CALL = "POST /llmage/v1/chat/completions"
local LONG = 10 -- seconds a server may wait for the client to close

local function client_at(server, options)
  options = options or {}
  options.base_url, options.api_key = server.url, "sk-test-key"
  return yuanjing.new(options)
end

-- A server that gives this answer to every request.
local function answering(answer, ...)
  return support.serve { default = {
    { "repeat", 9, { { "request" }, { "send", answer }, ... } },
  } }
end

local function chat(answer, ...)
  return client_at(answering(answer, ...)):chat { prompt = "x" }
end

local function html(text)
  return "<html><head><title>" .. text .. "</title></head></html>"
end

-- No cjson.null, or any other light userdata, however deep.
local function assert_plain(value, seen)
  seen = seen or {}
  assert.not_equal("userdata", type(value))
  if type(value) ~= "table" or seen[value] then return end
  seen[value] = true
  for key, item in pairs(value) do
    assert_plain(key, seen)
    assert_plain(item, seen)
  end
end

-- All fields of an error but its hint.
local function fields(err)
  local copy = support.fields(err)
  copy.hint = nil
  return copy
end

local REPLY = [[{"id":"chat-1","model":"qwen3-max","object":"x","created":1.5,
  "choices":[{"index":0,"finish_reason":"length","logprobs":null,"message":
    {"role":"assistant","content":"你好","reasoning_content":"hm",
     "tool_calls":null}}],
  "content":"你好","llmusageid":"936759404378734592","nothing":[null],
  "usage":{"prompt_tokens":10,"completion_tokens":2.0,"total_tokens":12,
           "details":{"cached":null}}}]]

local DELTA = '{"choices":[{"delta":{"content":"%s"}}],"finish":"0"}'
local LAST = '{"choices":[],"finish":"1","usage":{"total_tokens":7}}'

describe("a plain chat", function()
  after_each(support.clean)

  it("has the whole answer", function()
    local reply = assert(chat(scripted.answer(200, {}, REPLY)))
    local raw = reply.raw
    reply.raw = nil
    local message = { role = "assistant", content = "你好",
      reasoning_content = "hm" }
    assert.same({ { index = 0, content = "你好", reasoning_content = "hm",
      finish_reason = "length", ended_by = "length", message = message } },
      reply.choices)
    assert.same(message, reply.message)
    reply.choices, reply.message = nil, nil
    assert.same({ id = "chat-1", model = "qwen3-max", content = "你好",
      reasoning_content = "hm", finish_reason = "length", ended_by = "length",
      usage = { prompt_tokens = 10, completion_tokens = 2, total_tokens = 12,
        details = {} } }, reply)
    assert.equal("10 2 12", table.concat({ reply.usage.prompt_tokens,
      reply.usage.completion_tokens, reply.usage.total_tokens }, " "))
    assert.equal("936759404378734592", raw.llmusageid)
    assert.same({ yuanjing.null }, raw.nothing)
    raw.nothing = nil
    assert_plain(raw)
  end)

  for name, case in pairs {
    ["content at the top alone"] = { '{"content":"a"}', "a", nil, "stop" },
    ["content null in the message"] = {
      '{"choices":[{"message":{"content":null}}],"content":"a"}', "a", nil,
      "stop" },
    ["no content in the message"] = { '{"choices":[{"message":{"content":null,'
      .. '"tool_calls":[{}]},"finish_reason":"tool_calls"}]}', "", "tool_calls",
      "tool_calls" },
    ["an empty content"] = { '{"content":""}', "", nil, "stop" },
    ["a finish_reason"] = {
      '{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}', "a",
      "stop", "stop" },
    ["two JSON values"] = { '{"content":"a"}\n{"error":"late"}', "a", nil,
      "stop" },
    ["two JSON values without a blank"] = { '{"content":"a"}{"content":"b"}',
      "a", nil, "stop" },
    ["a byte order mark"] = { '\239\187\191 {"content":"a"}\n', "a", nil,
      "stop" },
    ["events"] = { ("data: %s\n\ndata: %s\n\ndata: %s\n\ndata: [DONE]\n\n")
      :format(DELTA:format("a"), DELTA:format("b"), LAST), "ab", nil, "stop" },
    ["events behind a comment"] = { (": hi\n\ndata: %s\n\ndata: [DONE]")
      :format(DELTA:format("a")), "a", nil, "stop" },
    ["bare JSON lines"] = { DELTA:format("a") .. "\n" .. DELTA:format("b") ..
      "\n" .. LAST .. "\n", "ab", nil, "stop" },
  } do
    it("is read from a body with " .. name, function()
      local reply, err = chat(scripted.answer(200,
        { ["Content-Type"] = "text/html" }, case[1]))
      assert.is_nil(err)
      assert.same({ case[2], case[3], case[4] }, { reply.content,
        reply.finish_reason, reply.ended_by })
      assert_plain(reply)
    end)
  end

  it("adds up the usage of an answer in events", function()
    local reply = assert(chat(scripted.answer(200, {}, ("data: %s\n\n"
      .. "data: %s\n\ndata: [DONE]\n\n"):format(DELTA:format("a"), LAST))))
    assert.same({ total_tokens = 7 }, reply.usage)
    assert.equal("7", tostring(reply.usage.total_tokens))
  end)

  for name, tail in pairs {
    ["is closed too early"] = { "close" }, ["is reset"] = { "reset" },
  } do
    it("uses a whole answer whose connection " .. name, function()
      local reply, err = chat(scripted.answer(200, { ["Content-Length"] = "999" },
        REPLY), { "sleep", 0.05 }, tail)
      assert.is_nil(err)
      assert.equal("你好", reply.content)
    end)
  end

  it("is read from chunks, and from a body that ends with the connection",
    function()
      local chunked = scripted.answer(200, { ["Transfer-Encoding"] = "chunked" },
        scripted.chunked { REPLY:sub(1, 100), REPLY:sub(101) })
      assert.equal("你好", assert(chat(chunked)).content)
      local open = scripted.answer(200, {}) .. REPLY
      assert.equal("你好", assert(chat(open, { "close" })).content)
    end)
end)

-- { status, headers, body, the error }; the fields of every error are added.
local REFUSALS = {
  ["200 with a text"] = { 200, {}, '{"error":"boom"}',
    { kind = "platform", message = "boom" } },
  ["200 with an object"] = { 200, {},
    '{"error":{"message":"boom","type":"t","code":"c1"}}',
    { kind = "platform", message = "boom", type = "t", code = "c1" } },
  ["200 with status error"] = { 200, {},
    '{"status":"error","data":{"message":"boom"}}',
    { kind = "platform", message = "boom" } },
  ["200 with success false"] = { 200, {}, '{"success":false,"message":"boom"}',
    { kind = "platform", message = "boom" } },
  ["200 with success false and an error"] = { 200, {},
    '{"success":false,"error":"boom"}', { kind = "platform", message = "boom" } },
  ["200 with FAILED"] = { 200, {}, '{"status":"FAILED","error":"ERROR:boom"}',
    { kind = "platform", message = "ERROR:boom" } },
  ["200 with a message beside the status"] = { 200, {},
    '{"status":"error","message":"boom"}', { kind = "platform",
    message = "boom" } },
  ["200 with an errcode"] = { 200, {}, '{"errcode":40001,"errmsg":"boom"}',
    { kind = "platform", message = "boom", code = "40001" } },
  ["200 with a Python dict"] = { 200, {}, "{'error': 'no \"x\" here', 'a': None}",
    { kind = "platform", message = 'no "x" here' } },
  ["200 with an error and an answer"] = { 200, {},
    '{"error":"boom","choices":[{"message":{"content":"a"}}]}',
    { kind = "platform", message = "boom" } },
  ["200 with two errors in a row"] = { 200, {}, '{"error":"boom"}{"error":"b"}',
    { kind = "platform", message = "boom" } },
  ["200 with HTML"] = { 200, {}, html "Bad  Gateway",
    { kind = "decode", message = "the answer is HTML: Bad Gateway" } },
  ["200 with nothing"] = { 200, {}, "",
    { kind = "decode", message = "the answer is empty" } },
  ["200 with blanks"] = { 200, {}, " \r\n",
    { kind = "decode", message = "the answer is empty" } },
  ["200 with half of a JSON value"] = { 200, {}, '{"content":"a',
    { kind = "truncated", message = "the answer's JSON breaks off" } },
  ["200 with null"] = { 200, {}, "null", { kind = "decode" } },
  ["200 with a list"] = { 200, {}, '["a"]',
    { kind = "decode", message = "the answer is no JSON object" } },
  ["200 with a string"] = { 200, {}, '"fine"', { kind = "decode" } },
  ["200 with a number"] = { 200, {}, "5", { kind = "decode" } },
  ["200 with an empty object"] = { 200, {}, "{}",
    { kind = "decode", message = "the answer holds no text" } },
  ["200 with no choice"] = { 200, {}, '{"choices":[],"content":null}',
    { kind = "decode", message = "the answer holds no text" } },
  ["200 with a plain text"] = { 200, {}, "hello there",
    { kind = "decode", message = "the answer is no JSON: hello there" } },
  ["200 with an error in events"] = { 200, {},
    'data: {"error":"ERROR: quota","status":"FAILED"}\n\ndata: [DONE]\n\n',
    { kind = "platform", message = "ERROR: quota", partial = "" } },
  ["200 with events that break off"] = { 200, {}, "data: " ..
    DELTA:format("half") .. "\n\n", { kind = "truncated", partial = "half",
    message = "the stream ended before its answer was complete" } },
  ["200 with a task"] = { 200, {},
    '{"taskid":"936759404378734592","status":"CREATED"}',
    { kind = "platform", task = { id = "936759404378734592",
      status = "CREATED" },
      message = "the platform answered with a task instead of a text" } },
  ["200 with a task whose id is a number"] = { 200, {},
    '{"taskid":936759404378734592}', { kind = "platform",
    task = { id = "936759404378734592" },
    message = "the platform answered with a task instead of a text" } },
  ["200 with no id of a task"] = { 200, {}, '{"taskid":{},"task":false}',
    { kind = "decode", message = "the answer holds no text" } },
  ["400"] = { 400, {}, '{"error":"Missing prompt"}',
    { kind = "invalid_request", message = "Missing prompt" } },
  ["400 for a lack of funds"] = { 400, {}, '{"error":"InsufficientFunds"}',
    { kind = "balance", message = "InsufficientFunds" } },
  ["401 in JSON"] = { 401, {}, '{"error":"invalid key"}',
    { kind = "auth", message = "invalid key" } },
  ["401 in a plain text"] = { 401, {}, "401: Unauthorized",
    { kind = "auth", message = "401: Unauthorized" } },
  ["403 in a plain text"] = { 403, {}, "403: Forbidden",
    { kind = "auth", message = "403: Forbidden" } },
  ["404"] = { 404, {}, '{"error":"no such page"}',
    { kind = "not_found", message = "no such page" } },
  ["405"] = { 405, {}, "", { kind = "platform",
    message = "the platform gave no reason" } },
  ["413"] = { 413, {}, "Maximum request body size 10485760 exceeded",
    { kind = "platform", message = "the request body was too large for the "
      .. "platform (N bytes): Maximum request body size 10485760 exceeded" } },
  ["429 for the balance"] = { 429, {}, '{"error":"Insufficient balance"}',
    { kind = "balance", message = "Insufficient balance" } },
  ["429 without a word"] = { 429, {}, "", { kind = "balance",
    message = "the platform gave no reason" } },
  ["429 for the rate"] = { 429, {}, '{"error":"rate limit exceeded"}',
    { kind = "rate_limit", message = "rate limit exceeded",
      retryable = true } },
  ["500"] = { 500, {}, '{"error":"oops"}', { kind = "server",
    message = "oops" } },
  ["502 in HTML"] = { 502, {}, html "502 Bad Gateway",
    { kind = "server", message = "502 Bad Gateway" } },
  ["503 in HTML"] = { 503, {}, html "503", { kind = "server",
    message = "503" } },
  ["503 with Retry-After"] = { 503, { ["Retry-After"] = "3600" }, "busy",
    { kind = "server", message = "busy", retry_after = 3600,
      retryable = true } },
}

local function expected(case)
  local want = { call = CALL, status = case[1], attempts = 1,
    retryable = false, body = case[3] }
  for name, value in pairs(case[4]) do want[name] = value end
  return want
end

-- The errors of a stream lack the bodies that its reader has parsed.
local function same_error(case, err)
  local want, got = expected(case), fields(err)
  if not case[4].message then got.message = nil end
  got.message = got.message and got.message:gsub("%(%d+ bytes%)", "(N bytes)")
  if case[4].partial then want.body, got.body = nil, nil end
  assert.same(want, got)
  assert_plain(got)
end

describe("a plain chat's refusal:", function()
  after_each(support.clean)

  for name, case in pairs(REFUSALS) do
    it(name, function()
      local server = answering(scripted.answer(case[1], case[2], case[3]))
      local reply, err = client_at(server, { retries = 0 }):chat { prompt = "x" }
      assert.is_nil(reply)
      same_error(case, err)
      assert.equal(1, #server:requests())
      assert.truthy(tostring(err):find("^" .. err.kind .. ": "))
      assert.is_nil(tostring(err):find("\n", 1, true))
    end)
  end

  for name, tail in pairs {
    ["is closed"] = { "close" }, ["is reset"] = { "reset" },
  } do
    it("half of an answer, then the connection " .. name, function()
      local server = answering(scripted.answer(200, { ["Content-Length"] = "99" },
        '{"content":"half'), { "sleep", 0.05 }, tail)
      local reply, err = client_at(server):chat { prompt = "x" }
      assert.is_nil(reply)
      assert.same({ kind = "truncated", status = 200, attempts = 1, call = CALL,
        retryable = false, body = '{"content":"half' }, support.fields(err,
        "kind", "status", "attempts", "call", "retryable", "body", "partial"))
      assert.equal(1, #server:requests())
    end)
  end

  it("a whole error, then the connection is reset", function()
    local _, err = chat(scripted.answer(200, { ["Content-Length"] = "99" },
      '{"error":"boom"}'), { "sleep", 0.05 }, { "reset" })
    assert.same({ kind = "platform", message = "boom", status = 200,
      attempts = 1, call = CALL, retryable = false,
      body = '{"error":"boom"}' }, fields(err))
  end)

  it("half of an answer in events, then the connection is closed", function()
    local reply, err = chat(scripted.answer(200, { ["Content-Length"] = "999" },
      "data: " .. DELTA:format("half") .. "\n\n"), { "sleep", 0.05 }, { "close" })
    assert.is_nil(reply)
    assert.same({ kind = "truncated", partial = "half", status = 200,
      attempts = 1 }, support.fields(err, "kind", "partial", "status",
      "attempts"))
  end)

  it("half of an answer in events, then silence", function()
    local server = answering(scripted.answer(200, { ["Content-Length"] = "999" },
      "data: " .. DELTA:format("half") .. "\n\n"), { "wait_close", LONG })
    local reply, err = client_at(server, { timeout = { idle = 0.6 } })
      :chat { prompt = "x" }
    assert.is_nil(reply)
    assert.same({ kind = "timeout", partial = "half", status = 200,
      attempts = 1, message = "nothing more came within the idle limit" },
      support.fields(err, "kind", "partial", "status", "attempts", "message"))
  end)

  it("a large page is cut", function()
    local _, err = chat(scripted.answer(502, {}, ("<p>页</p>"):rep(9000)))
    assert.truthy(#err.body <= 2048)
    assert.equal("...", err.body:sub(-3))
    assert.truthy(#tostring(err) < 4096)
  end)

  it("all the same where a stream was asked for", function()
    for name, case in pairs(REFUSALS) do
      if case[1] ~= 200 then
        local server = answering(scripted.answer(case[1], case[2], case[3]))
        local stream, err = client_at(server, { retries = 0 }):chat {
          prompt = "x", stream = true }
        assert.is_nil(stream, name)
        same_error(case, err)
        assert.equal(1, #server:requests())
        server:stop()
      end
    end
  end)
end)

local function body_sent(params, options)
  local server = answering(scripted.answer(200, {}, '{"content":"a"}'))
  assert(client_at(server, options):chat(params))
  local request = server:requests()[1]
  assert.same({ "POST", "/llmage/v1/chat/completions", "application/json",
    tostring(#request.body) }, { request.method, request.path,
    request.headers["content-type"], request.headers["content-length"] })
  return cjson.decode(request.body), request.body
end

describe("what a chat asks", function()
  after_each(support.clean)

  it("is the prompt, the model and whether to stream", function()
    assert.same({ prompt = "你是谁 \"\\\n\0/", model = "qwen3-max",
      stream = false }, (body_sent { prompt = "你是谁 \"\\\n\0/" }))
    assert.same({ prompt = "a", sys_prompt = "b", model = "m", stream = false,
      catelogid = "t2t" }, (body_sent { prompt = "a", sys_prompt = "b",
      model = "m", stream = false, catelogid = "t2t" }))
  end)

  it("is true where it streams", function()
    local server = answering(scripted.answer(200, {}, "data: [DONE]\n\n"))
    assert(client_at(server):chat { prompt = "a", stream = true }):finish()
    assert.same({ prompt = "a", model = "qwen3-max", stream = true },
      cjson.decode(server:requests()[1].body))
  end)

  it("has all that we do not know in it, untouched", function()
    local params = { model = "m", temperature = 0.7, seed = 12345678901234,
      stop = { "a", "b" }, extra = { deep = { true, false, { x = 1 } } },
      messages = { { role = "system", content = "短" },
        { role = "user", content = { { type = "text", text = "é" } } } } }
    local sent, text = body_sent(params)
    assert.is_false(sent.stream)
    sent.stream = nil
    assert.same(params, sent)
    assert.truthy(text:find('"seed":12345678901234[,}]'), text)
    assert.is_nil(params.stream)
  end)

  it("does not change with the table it came in", function()
    local params = { prompt = "a" }
    body_sent(params)
    assert.same({ prompt = "a" }, params)
  end)

  it("goes out unchecked on the client's option", function()
    assert.same({ model = 5, stream = false }, (body_sent({ model = 5 },
      { validate = false })))
  end)

  for name, case in pairs {
    ["no prompt"] = { {}, { "prompt: missing" } },
    ["an empty prompt"] = { { prompt = "" }, { "prompt: missing" } },
    ["a misspelt prompt"] = { { promt = "x" },
      { 'prompt: missing, did you mean it by "promt"?' } },
    ["a number for a prompt"] = { { prompt = 5 },
      { "prompt: expected string, got number" } },
    ["many faults"] = { { model = {}, sys_prompt = true, stream = "yes" },
      { "model: expected string, got table", "prompt: missing",
        "stream: expected boolean, got string",
        "sys_prompt: expected string, got boolean" } },
    ["a text for stream"] = { { prompt = "a", stream = "false" },
      { "stream: expected boolean, got string" } },
    ["a text for messages"] = { { messages = "hi" },
      { "messages: expected table, got string" } },
  } do
    it("is refused with " .. name, function()
      local server = answering(scripted.answer(200, {}, "{}"))
      local reply, err = client_at(server):chat(case[1])
      assert.is_nil(reply)
      assert.same({ kind = "invalid_request", problems = case[2],
        message = table.concat(case[2], "; "), call = "client:chat",
        attempts = 0, retryable = false }, fields(err))
      assert.equal(0, server:connections().opened)
    end)
  end

  for name, case in pairs {
    ["a prompt that is not UTF-8"] = { { prompt = "gut\255" },
      "prompt: the text is not UTF-8" },
    ["a surrogate in the prompt"] = { { prompt = "\237\160\128" },
      "prompt: the text is not UTF-8" },
    ["a message that is not UTF-8"] = {
      { messages = { { content = "a" }, { content = { "b", "\192\175" } } } },
      "messages[2].content[2]: the text is not UTF-8" },
    ["a name that is not UTF-8"] = { { prompt = "a", extra = { ["\255"] = 1 } },
      "extra.\255: in the name: the text is not UTF-8" },
    ["a function"] = { { prompt = "a", callback = print },
      "callback: a function can not be written as JSON" },
    ["NaN"] = { { prompt = "a", temperature = 0 / 0 }, "temperature: JSON has no" },
    ["a double that may be a rounded integer"] = { { prompt = "a",
      seed = 2 ^ 53 }, "seed: an integer of more than 15 digits may have been "
      .. "rounded: send it as a string" },
  } do
    it("is refused with " .. name, function()
      local server = answering(scripted.answer(200, {}, "{}"))
      for _, stream in ipairs { false, true } do
        case[1].stream = stream
        local reply, err = client_at(server):chat(case[1])
        assert.is_nil(reply)
        assert.same({ kind = "invalid_request", call = CALL, attempts = 0,
          retryable = false }, support.fields(err, "kind", "call", "attempts",
          "retryable", "status", "body"))
        assert.equal(case[2], err.message:sub(1, #case[2]))
      end
      assert.equal(0, server:connections().opened)
    end)
  end
end)

describe("any other call", function()
  after_each(support.clean)

  it("sends no local path, and no handle, inside JSON", function()
    local server = answering(scripted.answer(200, {}, "{}"))
    local client = client_at(server)
    local asset = setmetatable({ id = "a" }, { __medium = function() end })
    for place, body in pairs { json = yuanjing.file "/a.png",
      ["json.image"] = { image = yuanjing.bytes "x" },
      ["json[1].image"] = { { image = asset } } } do
      local answer, err = client:request { path = "/x", json = body }
      assert.is_nil(answer)
      assert.same({ "invalid_request", 0,
        { place .. ": a file can not go out inside JSON" } },
        { err.kind, err.attempts, err.problems })
    end
    assert.equal(0, server:connections().opened)
  end)
end)

describe("a call that is written wrong raises:", function()
  local client = yuanjing.new { api_key = "k", base_url = "http://127.0.0.1:1" }

  for message, call in pairs {
    ["client:chat: expected table, got string"] = function()
      return (client:chat("hi"))
    end,
    ["client:chat: expected table, got nil"] = function()
      return (client:chat())
    end,
    ["client.chat: call it with a colon, client:chat"] = function()
      return (client.chat { prompt = "x" })
    end,
    ["client.models: call it with a colon, client:models"] = function()
      return (client.models())
    end,
    ["client.task: call it with a colon, client:task"] = function()
      return (client.task "1")
    end,
    ["client.account.balance: call it with a colon, client.account:balance"] =
      function()
        return (client.account.balance())
      end,
    ["client.assets.groups: call it with a colon, client.assets:groups"] =
      function()
        return (client.assets.groups {})
      end,
    ["talk.ask: call it with a colon, talk:ask"] = function()
      return (client:conversation().ask "x")
    end,
    ["task.await: call it with a colon, task:await"] = function()
      return (client:task("1").await { timeout = 1 })
    end,
    ["client:models: expected table, got string"] = function()
      return (client:models("t2v"))
    end,
    ['client:models: unknown option "categry", did you mean "category"?'] = function()
      return (client:models { categry = "t2v" })
    end,
    ["client:models: category: expected string, got number"] = function()
      return (client:models { category = 5 })
    end,
    ["client:request: expected table, got nil"] = function()
      return (client:request())
    end,
    ['client:request: unknown option "url" '
      .. "(known: base, form, json, method, path, query)"] = function()
      return (client:request { url = "http://x" })
    end,
    ["client:request: json: expected table, got string"] = function()
      return (client:request { path = "/x", json = "{}" })
    end,
    ["client:request: path: expected a path that starts with /"] = function()
      return (client:request { path = "http://x/" })
    end,
    ["client:request: method: expected a word in capitals"] = function()
      return (client:request { path = "/x", method = "get" })
    end,
    ["client:request: base: expected one of base_url, asset_url, got \"api_key\""] =
      function()
        return (client:request { path = "/x", base = "api_key" })
      end,
  } do
    it(message, function() assert.equal(message, support.raised(call)) end)
  end

  it("a path with a line end", function()
    for _, path in ipairs { "/x\r\nCookie: a", "/x y", "x", "" } do
      assert.equal("client:request: path: expected a path that starts with /",
        support.raised(function() return (client:request { path = path }) end))
    end
  end)
end)

local MODELS = '{"object":"list","data":[{"id":"a","created":1.5},'
  .. '{"id":"b","x":null},{"id":"a","catelogid":"t2t"},{"name":"no id"}]}'

describe("the list of models", function()
  after_each(support.clean)

  it("names each model once, with the platform's own list beside it", function()
    local list = assert(client_at(answering(scripted.answer(200, {}, MODELS)))
      :models())
    local raw = list.raw
    list.raw = nil
    assert.same({ "a", "b", categories = { a = { t2t = true }, b = {} } }, list)
    assert.equal(4, #raw.data)
    assert.equal(1.5, raw.data[1].created)
    assert_plain(raw)
  end)

  it("may be of one category, escaped as it must be", function()
    local server = answering(scripted.answer(200, {}, MODELS))
    assert(client_at(server):models { category = "t2v" })
    assert(client_at(server):models { category = "a b&c=你/" })
    local first, second = (table.unpack or unpack)(server:requests(), 1, 2)
    assert.same({ "GET", "/llmage/v1/models?catelogid=t2v", 0 },
      { first.method, first.path, first.body_length })
    assert.is_nil(first.headers["content-type"])
    assert.equal("/llmage/v1/models?catelogid=a%20b%26c%3D%E4%BD%A0%2F",
      second.path)
  end)

  for name, case in pairs {
    ["no list"] = { '{"object":"list"}', "decode", "no list of models came" },
    ["an error"] = { '{"error":"boom"}', "platform", "boom" },
    ["HTML"] = { html "Down", "decode", "the answer is HTML: Down" },
  } do
    it("is an error with " .. name, function()
      local server = answering(scripted.answer(200, {}, case[1]))
      local list, err = client_at(server):models()
      assert.is_nil(list)
      assert.same({ kind = case[2], message = case[3], body = case[1],
        call = "GET /llmage/v1/models", status = 200, attempts = 1,
        retryable = false }, fields(err))
    end)
  end
end)

describe("the body of an answer that can not be read", function()
  after_each(support.clean)

  it("is kept whole, for it may be paid for, without the key", function()
    local body = '{"choices":[{"message":{"content":"'
      .. ("paid text "):rep(5000) .. 'sk-test-key"}}}'
    local server = answering(scripted.answer(200, {}, body))
    local reply, err = client_at(server):chat { prompt = "x" }
    assert.is_nil(reply)
    assert.same({ "decode", (body:gsub("sk%-test%-key", "***")) },
      { err.kind, err.body })
    assert.is_true(#tostring(err) < 1000)
  end)
end)

describe("the messages of a chat", function()
  after_each(support.clean)

  local MESSAGE = { role = "user", content = "a" }
  for name, case in pairs {
    ["a hole"] = { { MESSAGE, nil, MESSAGE },
      "messages[2]: missing, the list goes on behind it" },
    ["a wide hole"] = { { [1] = MESSAGE, [100] = MESSAGE },
      "messages[2]: missing, the list goes on behind it" },
    ["a hole at the front"] = { { [2] = MESSAGE },
      "messages[1]: missing, the list goes on behind it" },
    ["nothing in them"] = { {}, "messages: expected a message, the list is empty" },
    ["a single message"] = { MESSAGE, "messages: expected a list; a single "
      .. "message goes into one as well: { { role = ..., content = ... } }" },
    ["a text"] = { { "hi" }, "messages[1]: expected a table, got string" },
    ["a null"] = { { MESSAGE, yuanjing.null },
      "messages[2]: expected a table, got userdata" },
  } do
    it("are refused with " .. name, function()
      local server = answering(scripted.answer(200, {}, "{}"))
      for _, validate in ipairs { true, false } do
        for _, stream in ipairs { true, false } do
          local reply, err = client_at(server, { validate = validate }):chat {
            messages = case[1], stream = stream }
          assert.is_nil(reply)
          assert.same({ "invalid_request", 0, case[2] },
            { err.kind, err.attempts, err.message })
        end
      end
      assert.equal(0, server:connections().opened)
    end)
  end
end)

describe("the escape hatch", function()
  after_each(support.clean)

  it("makes any call", function()
    local server = answering(scripted.answer(201, { ["X-One"] = "1" },
      '{"a":[1,null]}'))
    local answer = assert(client_at(server):request { path = "/x/y",
      query = { b = "2 3", a = 1 }, json = { n = 5 } })
    assert.same({ status = 201, body = '{"a":[1,null]}', json = { a = { 1, yuanjing.null } },
      headers = { ["x-one"] = "1", ["content-length"] = "14" } }, answer)
    local request = server:requests()[1]
    assert.same({ "POST", "/x/y?a=1&b=2%203", '{"n":5}', "application/json",
      "Bearer sk-test-key" }, { request.method, request.path, request.body,
      request.headers["content-type"], request.headers.authorization })
  end)

  it("gives what is no JSON as it came", function()
    local server = answering(scripted.answer(200, {}, "\0\255<html>"))
    local answer = assert(client_at(server):request { path = "/idfile" })
    assert.same({ "GET", "\0\255<html>" }, { server:requests()[1].method,
      answer.body })
    assert.is_nil(answer.json)
  end)

  it("speaks every method", function()
    for _, method in ipairs { "GET", "HEAD", "POST", "PUT", "DELETE" } do
      local server = answering(scripted.answer(200, { ["Content-Length"] = "0" }))
      local answer = assert(client_at(server):request { path = "/x",
        method = method })
      assert.same({ method, "" }, { server:requests()[1].method, answer.body })
    end
  end)

  it("goes to the other host on request", function()
    local server, other = answering(""), answering(scripted.answer(200, {}, "{}"))
    assert(client_at(server, { asset_url = other.url }):request {
      base = "asset_url", path = "/x" })
    assert.same({ 0, 1 }, { server:connections().opened, #other:requests() })
  end)

  it("has the errors of all calls", function()
    local server = answering(scripted.answer(200, {},
      '{"status":"error","data":{"message":"boom"}}'))
    local answer, err = client_at(server):request { path = "/x" }
    assert.is_nil(answer)
    assert.same({ kind = "platform", message = "boom", call = "GET /x",
      status = 200, attempts = 1, retryable = false,
      body = '{"status":"error","data":{"message":"boom"}}' }, fields(err))
  end)
end)

describe("client:models", function()
  it("has the rows of the catalog that the key can use now", function()
    local box = assert(require("yuanjing.sandbox").start())
    local client = require("yuanjing").new { base_url = box.url,
      api_key = box.api_key }
    local seen = {}
    for _, row in ipairs(assert(client:models()).usable) do
      seen[row.model .. " " .. row.category] = row.api
    end
    assert.equal("v1", seen["viduq3-pro i2v"])
    assert.is_nil(seen["seedance2.0 t2v"])
    for _, row in ipairs(assert(client:models { category = "t2i" }).usable) do
      assert.equal("t2i", row.category)
    end
    local list = assert(client:models())
    assert.is_nil(list.other)
    assert.is_true(list.categories["viduq3-pro"].i2v)
    list.raw = nil
    assert.equal('["', cjson.encode(list):sub(1, 2)) -- a list in JSON
    box:stop()
  end)
end)
