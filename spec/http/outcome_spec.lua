-- The error of a call whose outcome is unknown, and the guide about it.
local digest = require "yuanjing.base.digest"
local support = require "support"
local yuanjing = require "yuanjing"

local load_text = rawget(_G, "loadstring") or load
local setfenv = rawget(_G, "setfenv")

-- A client of a server that reads a request and closes.
local function client_of_the_void()
  local server = support.serve { default = { { "request" }, { "close" } } }
  return yuanjing.new { base_url = server.url, asset_url = server.url,
    api_key = "sk-void" }
end

local function picture(bytes)
  return yuanjing.bytes("\137PNG\r\n\26\n" .. bytes, { name = "cat.png" })
end

local CALLS = {
  chat = function(client)
    return client:chat { model = "m", prompt = "一只猫", catelogid = "t2t" }
  end,
  stream = function(client)
    return client:chat { model = "m", prompt = "x", stream = true }
  end,
  image = function(client, text)
    return client:image { model = "wan2.2-t2i-plus", prompt = text or "一只猫" }
  end,
  video = function(client, bytes)
    return client:video { model = "happyhorse-1.0-i2v", prompt = "x",
      first_frame = picture(bytes or "1234") }
  end,
  upload = function(client, bytes)
    return client.assets:upload { vendor_group_id = "g",
      file = picture(bytes or "1234") }
  end,
  request = function(client, text)
    return client:request { path = "/x", json = { a = text or "b" } }
  end,
}

local ABOUT = {
  chat = { "m", "t2t" }, stream = { "m" },
  image = { "wan2.2-t2i-plus", "t2i" }, video = { "happyhorse-1.0-i2v", "i2v" },
  upload = {}, request = {},
}

describe("an unknown outcome", function()
  after_each(support.clean)

  for name, call in pairs(CALLS) do
    it("reports what to look for: " .. name, function()
      local from = os.time()
      local value, err = call(client_of_the_void())
      assert.is_nil(value)
      assert.same({ "outcome_unknown", ABOUT[name][1], ABOUT[name][2] },
        { err.kind, err.model, err.category })
      assert.is_true(err.time >= from and err.time <= os.time())
      assert.truthy(err.digest:find("^%x+$") and #err.digest == 64)
      assert.truthy(err.message:find(os.date("!(it left at %Y-%m-%dT%H:%M:%SZ)",
        err.time), 1, true), err.message)
    end)
  end

  it("is shown in one line with what to do", function()
    local _, err = CALLS.image(client_of_the_void())
    local line = tostring(err)
    assert.is_nil(line:find("\n"))
    for _, part in ipairs { "outcome_unknown: ", "model wan2.2-t2i-plus",
      "category t2i", "digest " .. err.digest:sub(1, 12),
      "look for it in the platform's console at that time before you send it" }
    do
      assert.truthy(line:find(part, 1, true), line)
    end
  end)

  it("has the digest of the parameters, the same for each caller", function()
    for _, name in ipairs { "image", "video", "upload", "request" } do
      local call = CALLS[name]
      local _, one = call(client_of_the_void())
      local _, same = call(client_of_the_void())
      local _, other = call(client_of_the_void(), "12345")
      assert.equal(one.digest, same.digest)
      assert.not_equal(one.digest, other.digest, name)
    end
    local _, err = CALLS.request(client_of_the_void())
    assert.equal(digest { a = "b" }, err.digest)
  end)

  it("has the time of the attempt that was sent", function()
    local server = support.serve { connections = { { { "request" }, { "send",
      "HTTP/1.1 503 x\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n" },
      { "close" } } }, default = { { "request" }, { "close" } } }
    local from = os.time()
    local _, err = CALLS.chat(yuanjing.new { base_url = server.url,
      api_key = "sk-void" })
    assert.same({ "outcome_unknown", 2 }, { err.kind, err.attempts })
    assert.is_true(err.time > from)
  end)

  it("is no part of other errors", function()
    local server = support.serve { default = { { "request" }, { "send",
      "HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n" } } }
    local _, err = CALLS.image(yuanjing.new { base_url = server.url,
      api_key = "sk-void" })
    assert.equal("server", err.kind)
    assert.same({}, support.fields(err, "time", "model", "category", "digest"))
  end)

  it("is what the guide describes", function()
    local code = support.read("docs/guide/outcome_unknown.md")
      :match("```lua\n(.-)```")
    local printed = {}
    local env = { client = client_of_the_void(), os = os,
      print = function(...)
        for _, word in ipairs { ... } do printed[#printed + 1] = tostring(word) end
      end }
    local chunk = assert(load_text(code, "=guide", "t", env))
    if setfenv then setfenv(chunk, env) end
    chunk()
    assert.truthy(printed[1]:find("^%d+%-%d+%-%d+T%d+:%d+:%d+Z$"), printed[1])
    assert.same({ "wan2.2-t2i-plus", "t2i" }, { printed[2], printed[3] })
    assert.truthy(printed[4]:find("^%x+$"))
    assert.truthy(printed[5]:find(printed[1], 1, true), printed[5])
    assert.equal(5, #printed)
  end)
end)
