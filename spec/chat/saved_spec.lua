-- Conversations that are kept: in a file, or as a text.
local json = require "yuanjing.base.json"
local support = require "support"
local talks = require "support.talks"
local yuanjing = require "yuanjing"

local folder
before_each(function() folder = support.tempdir() end)
after_each(support.clean)

local client = yuanjing.new { api_key = "k" }

local MESSAGES = { { role = "user", content = "看\n\"\\/\0" },
  { role = "assistant", content = "", reasoning_content = "hm", tool_calls = {
    { id = "0", type = "function", ["function"] = { name = "f",
      arguments = '{"x":' } } } },
  { role = "tool", tool_call_id = "0", content = "r" },
  { role = "user", content = { { type = "text", text = "t" },
    { type = "image", image = "a.png" } }, odd = { 1.5, 2, json.null, {} } } }

local function made()
  return assert(client:conversation { messages = MESSAGES, system = "s",
    model = "m", temperature = 0.1, stop = { "a" }, max_steps = 3,
    ledger = { { at = 5, usage = { total_tokens = 12 } } } })
end

describe("a kept conversation", function()
  it("is loaded into the same bytes", function()
    local path = folder .. "/talk.json"
    local talk = made()
    assert.is_true(talk:save(path))
    local bytes = support.read(path)
    assert.equal(bytes, talk:to_json())
    for _, from in ipairs { { load = path }, { from_json = bytes } } do
      local again = assert(client:conversation(from))
      assert.equal(bytes, again:to_json())
      assert.same({ "m", 0.1, 3 }, { again.params.model,
        again.params.temperature, again.params.max_steps })
      assert.equal(12, again.ledger[1].usage.total_tokens)
      assert.equal('{"x":', again.messages[3].tool_calls[1]["function"].arguments)
    end
  end)

  it("has a line for each message", function()
    local lines = select(2, made():to_json():gsub("\n", "\n"))
    assert.equal(12, lines)
  end)

  it("is the same where a number would be another text each time", function()
    local talk = assert(client:conversation { messages = { { role = "user",
      content = "x", n = 1e300, big = 123456789012345680, id = 0.1 + 0.2 } } })
    local text = talk:to_json()
    assert.equal(text, text and assert(client:conversation {
      from_json = text }):to_json())
  end)

  it("has its system replaced, and its options", function()
    local again = assert(client:conversation { from_json = made():to_json(),
      system = "other", model = "n" })
    assert.same({ "other", "n", 5 },
      { again.messages[1].content, again.params.model, #again.messages })
  end)

  it("replaces the file that was there, whole or not at all", function()
    local path = folder .. "/talk.json"
    support.write(path, "old")
    os.execute(("chmod 600 '%s' && ln -s talk.json '%s/link'"):format(path,
      folder))
    assert.is_true(made():save(folder .. "/link"))
    assert.truthy(support.read(path):find "^{\"format\"")
    assert.equal("600", support.output(("stat -c %%a '%s'"):format(path)))
    assert.equal("link\ntalk.json", support.output(("ls '%s'"):format(folder)))
    local ok, err = made():save(folder .. "/none/talk.json")
    assert.same({ nil, "io" }, { ok, err.kind })
    assert.truthy(err.message:find("No such file or directory", 1, true))
  end)

  it("is not written with what is no data in it", function()
    local talk = made()
    talk.params.callback = print
    local ok, err = talk:save(folder .. "/talk.json")
    assert.same({ nil, "invalid_request", "params.callback: a function can not be "
      .. "written as JSON" }, { ok, err.kind, err.message })
    assert.is_false(support.exists(folder .. "/talk.json") or false)
  end)

  for problem, text in pairs {
    ["no JSON"] = "hello", ["it breaks off"] = '{"messages":[',
    ["it is no saved conversation"] = '{"messages":5}',
    ["it was saved by a newer version of yuanjing"] =
      '{"version":2,"messages":[]}',
    ["messages[1].role: expected one of assistant, developer, function, system, "
      .. "tool, user, got number"] = '{"messages":[{"role":5}]}',
  } do
    it("can not be read: " .. problem, function()
      local path = support.write(folder .. "/x.json", text)
      local talk, err = client:conversation { load = path }
      assert.same({ nil, "decode", path .. ": " .. problem },
        { talk, err.kind, err.message })
    end)
  end

  it("can not be read where there is none", function()
    local _, err = client:conversation { load = folder .. "/none.json" }
    assert.equal("io", err.kind)
    _, err = client:conversation { load = folder }
    assert.equal("io", err.kind)
  end)

  it("goes on, and can be sent", function()
    local server, other = talks.serve { talks.plain { content = "t" } }
    local again = assert(other:conversation { from_json = made():to_json() })
    again.messages[5].content = "q"
    again.messages[5].odd = nil
    assert(again:ask "on")
    talks.check(talks.sent(server)[1])
  end)
end)
