-- Messages with media in them, and what is refused before anything is sent.
local media = require "yuanjing.base.media"
local support = require "support"
local talks = require "support.talks"
local yuanjing = require "yuanjing"

local JPEG = "\255\216\255\224" .. ("x"):rep(20)
local BASE64 = "/9j/4Hh4eHh4eHh4eHh4eHh4eHh4eHh4"

local folder
before_each(function() folder = support.tempdir() end)
after_each(support.clean)

local function user(...) return { { role = "user", content = { ... } } } end

local function sent(params, options)
  local server, client = talks.serve({ talks.plain { content = "t" } }, options)
  assert(client:chat(params))
  return talks.sent(server)[1]
end

local function refused(params, options)
  local server, client = talks.serve({}, options)
  local reply, err = client:chat(params)
  assert.is_nil(reply)
  assert.same({ "invalid_request", 0 },
    { err.kind, server:connections().opened })
  return err
end

describe("media in a message", function()
  local URI = "data:image/jpeg;base64," .. BASE64

  it("are read when they are sent, in every form", function()
    local path = support.write(folder .. "/cat.jpg", JPEG)
    for _, medium in ipairs { path, yuanjing.file(path), yuanjing.bytes(JPEG),
      URI } do
      for _, part in ipairs { { image = medium },
        { type = "image", image = medium } } do
        assert.same({ { type = "text", text = "?" },
          { type = "image_url", image_url = { url = URI } } },
          sent({ messages = user({ text = "?" }, part) }).messages[1].content)
      end
    end
  end)

  it("go as the URL that they are", function()
    assert.same({ { type = "image_url", image_url = {
      url = "https://h/a.png" } } },
      sent({ messages = user { image = "https://h/a.png" } })
        .messages[1].content)
    assert.equal("asset://7", sent({ messages = user {
      image = yuanjing.asset_ref "7" } }).messages[1].content[1].image_url.url)
  end)

  it("go in one of the wire's own parts as they are", function()
    local part = { type = "image_url", image_url = { url = "whatever" } }
    assert.same({ part }, sent({ messages = user(part) }).messages[1].content)
  end)

  it("have a name and a type of their own", function()
    local path = support.write(folder .. "/x", "%PDF-1.4 ...")
    assert.same({ { type = "file", file = { filename = "a.pdf",
      file_data = "data:application/pdf;base64,JVBERi0xLjQgLi4u" } } },
      sent({ messages = user { file = path, name = "a.pdf",
        media_type = "application/pdf" } }).messages[1].content)
  end)

  it("that can not be read are refused", function()
    local err = refused { messages = user({ text = "?" },
      { image = folder .. "/none.jpg" }) }
    assert.same({ ("messages[1].content[2].image: %s/none.jpg: No such file or "
      .. "directory"):format(folder) }, err.problems)
  end)

  it("are shown in a dry run by their names", function()
    local path = support.write(folder .. "/cat.jpg", JPEG)
    local client = yuanjing.new { api_key = "sk-x", dry_run = true }
    local described = client:chat { messages = user { image = path } }
    assert.truthy(described.json:find("<cat.jpg, image/jpeg, 24 bytes>", 1, true))
  end)
end)

describe("messages are refused, before anything is sent, with", function()
  local LARGE = ("x"):rep(10 * 2 ^ 20)

  it("more than the platform takes", function()
    local messages = { { role = "user", content = LARGE } }
    local err = refused { messages = messages }
    assert.truthy(err.message:find("^the request is 10.0 MiB and the platform "
      .. "takes 10 MiB: send fewer or smaller files"))
    local path = support.write(folder .. "/big.jpg", JPEG .. LARGE)
    err = refused { messages = user { image = path } }
    assert.truthy(err.message:find "^the request is 13.3 MiB")
  end)

  for problem, item in pairs {
    ["content: expected a text or a list of parts, got number"] =
      { role = "user", content = 5 },
    ["content[2]: missing, the list goes on behind it"] =
      { role = "user", content = { "a", nil, "c" } },
    ["content: expected a part, the list is empty"] =
      { role = "user", content = {} },
    ["tool_call_id: missing, it is the id of the call that this answers"] =
      { role = "tool", content = "r" },
    ["role: expected one of assistant, developer, function, system, tool, user"] =
      { content = "no role" },
  } do
    it(problem, function()
      local err = refused { messages = { { role = "user", content = "q" }, item } }
      assert.same({ "messages[2]." .. problem }, err.problems)
    end)
  end

  it("nothing of that where it is not wanted", function()
    sent({ messages = { { role = "usr", content = "q" } } }, { validate = false })
  end)
end)

describe("a medium as plain data", function()
  it("is a path, a data URI, or an id", function()
    local path = support.write(folder .. "/cat.jpg", JPEG)
    assert.same({ text = path, name = "a.jpg" },
      media.plain(yuanjing.file(path, { name = "a.jpg" })))
    assert.same({ text = "asset://7" }, media.plain(yuanjing.asset_ref "7"))
    assert.same({ text = "data:image/jpeg;base64," .. BASE64 },
      media.plain(yuanjing.bytes(JPEG)))
  end)

  it("has all bytes in base64", function()
    for _, bytes in ipairs { "f", "fo", "foo", "foob", "\0\255\254" } do
      local plain = media.plain(yuanjing.bytes(bytes, { type = "a/b" }))
      assert.is_true(media.is_plain_data(plain.text))
      assert.equal(bytes, media.decoded(media.read(plain.text)).data)
    end
  end)
end)
