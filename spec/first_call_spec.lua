-- What a call loads, and when: each case is a process with one call.
local child = require "support.child"
local scripted = require "support.scripted"
local support = require "support"

-- Runs a call, and prints how it ended, and the modules that were looked for, and
-- the files that were opened, since its request left.
local SCRIPT = [[
  local is_sent, opened = false, {}
  local function note(what)
    if is_sent then opened[#opened + 1] = what end
  end
  local searchers, open = package.searchers or package.loaders, io.open
  local search = searchers[2]
  searchers[2] = function(name)
    note(name)
    return search(name)
  end
  io.open = function(path, ...)
    note(path)
    return open(path, ...)
  end
  local client = require("yuanjing").new { base_url = %q, api_key = "sk-test",
    retries = 0, on_event = function(event)
      is_sent = is_sent or event.type == "request"
    end }
  local function call() %s end
  local answer, err = call()
  print(err and err.kind or answer.content or answer.id,
    #opened == 0 and "nothing" or table.concat(opened, " "))
]]

local JSON = { ["Content-Type"] = "application/json" }
local REPLY = '{"choices":[{"message":{"content":"hi"}}]}'
local CHUNK = 'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n'
local CALLS = '"tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]'

local function stream_of(text)
  return scripted.answer(200, { ["Content-Type"] = "text/event-stream" }, text)
end

local CHAT = 'return client:chat { prompt = "x" }'
local STREAM = [[
  local stream, err = client:chat { prompt = "x", stream = true }
  if not stream then return nil, err end
  local ok, problem = pcall(function() for _ in stream:text() do end end)
  if not ok then return nil, problem end
  return stream:finish()
]]
local IMAGE = 'return client:image { model = "wan2.2-t2i-plus", prompt = "x" }'

local function page(status)
  return scripted.answer(status, {}, "<html><title>Bad Gateway</title></html>")
end

local function json(text, status)
  return scripted.answer(status or 200, JSON, text)
end

-- The call, what is answered, and what comes of it. A call that is not answered is
-- left out: its error has a digest, or none where that can not be loaded.
local CASES = {
  { "a chat", CHAT, json(REPLY), "hi" },
  { "a chat with calls", CHAT,
    json('{"choices":[{"message":{"content":"hi",' .. CALLS .. "}}]}"), "hi" },
  { "a chat that is answered as a stream", CHAT,
    stream_of(CHUNK .. "data: [DONE]\n\n"), "hi" },
  { "a chat that is answered with a chunk", CHAT,
    json(CHUNK:match "{.*}"), "truncated" },
  { "a chat that is answered in Python", CHAT,
    json "{'error': 'no'}", "platform" },
  { "a chat that fails in a 200", CHAT,
    json '{"code":"InvalidApiKey","message":"no"}', "auth" },
  { "a chat that is answered with a page", CHAT, page(200), "decode" },
  { "a chat that is refused with a page", CHAT, page(502), "server" },
  { "a chat that is refused with events", CHAT,
    scripted.answer(400, {}, 'data: {"error":{"message":"no"}}\n\n'),
    "invalid_request" },
  { "a chat that is refused with JSON", CHAT,
    json('{"error":{"message":"no","code":"x"}}', 429), "balance" },
  { "a chat that is led elsewhere", CHAT,
    scripted.answer(302, { Location = "https://example.com/?a=b" }, ""),
    "platform" },
  { "a chat that breaks off", CHAT,
    json(REPLY):sub(1, -5), "truncated" },
  { "a stream", STREAM, stream_of(CHUNK .. "data: [DONE]\n\n"), "hi" },
  { "a stream of texts that grow", STREAM, stream_of(CHUNK
    .. CHUNK:gsub("hi", "hi, you there") .. CHUNK:gsub("hi", "hi, you there too")
    .. "data: [DONE]\n\n"), "hi, you there too" },
  { "a stream with a sound in pieces", STREAM, stream_of(CHUNK
    .. 'data: {"choices":[{"delta":{"audio":{"id":"a","data":"QQ=="}}}]}\n\n'
    .. 'data: {"choices":[{"delta":{"audio":{"data":"QkM="}}}]}\n\n'
    .. "data: [DONE]\n\n"), "hi" },
  { "a stream with thoughts in its text",
    STREAM:gsub("true }", "true, think_tags = true }"), stream_of(
      CHUNK:gsub("hi", "<think>a</think>hi") .. "data: [DONE]\n\n"), "hi" },
  { "a stream with calls", STREAM, stream_of(CHUNK
    .. 'data: {"choices":[{"delta":{' .. CALLS .. "}}]}\n\ndata: [DONE]\n\n"),
    "hi" },
  { "a stream that tells a failure", STREAM,
    stream_of(CHUNK .. 'data: {"error":{"message":"no"}}\n\n'), "platform" },
  { "a stream of words", STREAM, stream_of "data: overloaded\n\n", "decode" },
  { "a stream that is a page", STREAM, page(200), "decode" },
  { "a stream that is refused", STREAM, page(502), "server" },
  { "a stream that breaks off", STREAM, stream_of(CHUNK):sub(1, -3),
    "truncated" },
  { "an image", IMAGE, json '{"taskid":"1","status":"CREATED"}', "1" },
  { "an image that fails", IMAGE, json '{"error":"no"}', "platform" },
  { "an image that is refused", IMAGE, page(502), "server" },
  { "a task", 'return client:task("1"):refresh()',
    json '{"taskid":"1","status":"RUNNING"}', "1" },
  { "a task that failed", 'return client:task("1"):refresh()',
    json '{"taskid":"1","status":"FAILED","message":"no"}', "task_failed" },
}

describe("nothing is loaded once the request has left, by", function()
  after_each(support.clean)

  for _, case in ipairs(CASES) do
    local name, call, answer, outcome = case[1], case[2], case[3], case[4]
    it(name, function()
      local server = support.serve { default = { { "request" },
        { "send", answer }, { "close" } } }
      local status, output = child.run(SCRIPT:format(server.url, call))
      assert.same({ 0, outcome .. "\tnothing" }, { status, output })
    end)
  end
end)

-- What is compiled for it. A module that comes along here costs each program that
-- starts: see what it is for, and whether it can be loaded later.
local LOADED = [[
  base.ascii base.certificates base.check base.dependency base.finalizer base.heap
  base.json base.json.cjson base.lazy base.memoize base.number base.percent base.url
  chat.call chat.params client core events http.address http.call http.exchange
  http.request_builder http.retry protocol protocol.answer.document protocol.answer.envelope protocol.answer.failure
  protocol.answer.failure.code protocol.answer.reading protocol.answer.record
  protocol.category protocol.chat.assembly protocol.chat.call
  protocol.chat.choice protocol.chat.endings protocol.chat.merge
  protocol.chat.parameters protocol.chat.pieces protocol.chat.reply
  protocol.chat.sse protocol.endpoints protocol.sending protocol.v1
  runtime.fibers runtime.job_failures runtime.loop settings spending.dry_run
  spending.usage version ]]

local OF_REQUIRE = "base.dependency base.finalizer base.json.cjson base.lazy core "
  .. "runtime.job_failures version"

-- The modules that are loaded, in their order.
local function loaded_after(script)
  local _, output = child.run([[local yuanjing = require "yuanjing"
    ]] .. script .. [[
    local names = {}
    for name in pairs(package.loaded) do
      names[#names + 1] = name:match "^yuanjing%.(.*)"
    end
    table.sort(names)
    print(table.concat(names, " "))
  ]])
  return output
end

describe("no more is loaded than is used, by", function()
  after_each(support.clean)

  it("require", function()
    assert.equal(OF_REQUIRE, loaded_after "")
  end)

  it("a plain first chat", function()
    local server = support.serve { default = { { "request" },
      { "send", json(REPLY) } } }
    local names = LOADED:gsub("^[ \n]+", ""):gsub("[ \n]+$", "")
      :gsub("[ \n]+", " ")
    assert.equal(names, loaded_after(([[
      local client = yuanjing.new { base_url = %q, api_key = "sk-test" }
      assert(client:chat { prompt = "x" })
    ]]):format(server.url)))
  end)
end)
