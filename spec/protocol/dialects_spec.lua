-- Answers in many dialects: every reader reads each of them, and streams are split
-- at every place.
local dialects = require "support.dialects"
local read_stream = require "support.read_stream"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local function texts_of(choices)
  local list = {}
  for n, choice in ipairs(choices) do list[n] = choice.content end
  return list
end

local function check_reply(case, reply, where)
  assert.same({ case.text, case.reasoning, case.refusal },
    { reply.content, reply.reasoning_content, reply.refusal }, where)
  assert.equal(case.ended_by or "stop", reply.ended_by, where)
  assert.same(case.choices or { case.text }, texts_of(reply.choices), where)
  assert.equal(reply.content, reply.message.content, where)
end

local function check_error(case, err, where)
  assert.same({ case.kind, case.code }, { err.kind, err.code }, where)
  if case.message then assert.equal(case.message, err.message, where) end
end

local function check_stream(case, pieces, name, where)
  local stream = read_stream.open(pieces)
  local text, err = read_stream.readers[name](stream)
  where = ("%s, %s"):format(name, where)
  assert.equal(case.kind, err and err.kind, where .. ": " .. tostring(err))
  if err then
    check_error(case, err, where)
    assert.equal(case.text, err.partial, where)
  else
    assert.equal(case.text, text, where)
    check_reply(case, assert(stream:finish()), where)
  end
end

local NAMES = { "text", "next", "finish" }

-- The readers take turns at the cuts.
local function check_everywhere(case, body)
  for _, name in ipairs(NAMES) do
    check_stream(case, { body }, name, "at once")
    check_stream(case, read_stream.bytes(body), name, "byte by byte")
  end
  for at = 1, #body - 1 do
    check_stream(case, read_stream.cut(body, at), NAMES[at % 3 + 1],
      "cut at " .. at)
  end
end

describe("a stream of another dialect", function()
  for _, case in ipairs(dialects.streams) do
    it("is read with " .. case.name, function()
      check_everywhere(case, case.body)
    end)
  end

  for _, sign in ipairs(dialects.signs_of_life) do
    it("passes over " .. sign, function()
      check_everywhere({ text = "ab" }, dialects.around(sign))
    end)
  end

  for _, row in ipairs(dialects.failures) do
    it("fails by " .. row[1], function()
      local case = { kind = row[5] or "platform", message = row[3],
        code = row[4], text = "a" }
      check_everywhere(case, dialects.around(row[2]))
      check_everywhere(case, dialects.around(row[2], ""))
      case.text = ""
      check_everywhere(case, "data: " .. row[2] .. "\n\ndata: [DONE]\n\n")
    end)
  end
end)

local HEAD = { ["Content-Type"] = "text/html" }

local function chat(body, status)
  local server = support.serve { default = {
    { "request" }, { "send", scripted.answer(status or 200, HEAD, body) } } }
  return yuanjing.new({ base_url = server.url, api_key = "sk-test",
    retries = 0 }):chat { prompt = "x" }
end

describe("a plain answer of another dialect", function()
  after_each(support.clean)

  for _, case in ipairs(dialects.plain) do
    it("is read with " .. case[1], function()
      local reply, err = chat(case[2])
      assert.equal(case.kind, err and err.kind, tostring(err))
      if err then check_error(case, err) else check_reply(case, reply) end
    end)
  end

  for _, row in ipairs(dialects.failures) do
    it("fails by " .. row[1], function()
      local case = { kind = row[5] or "platform", message = row[3],
        code = row[4] }
      for _, body in ipairs { row[2], "data: " .. row[2] .. "\n\n" } do
        local reply, err = chat(body)
        assert.is_nil(reply)
        check_error(case, err)
      end
    end)
  end

  it("is the same with an error status, in events and without", function()
    local document = '{"error":{"message":"no such model","code":"m"}}'
    for _, body in ipairs { document, "data: " .. document .. "\n\n",
      "event: error\ndata: " .. document .. "\n\ndata: [DONE]\n\n" } do
      local reply, err = chat(body, 400)
      assert.is_nil(reply)
      assert.same({ "invalid_request", "no such model", "m", 400 },
        { err.kind, err.message, err.code, err.status })
    end
  end)
end)
