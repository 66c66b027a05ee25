-- client:request { form = }, as a server receives it that parses forms with Python's
-- email package.
local cjson = require "cjson"
local digest = require "yuanjing.base.digest"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local PARSER = debug.getinfo(1, "S").source
  :match("^@(.*)protocol/user_form_spec%.lua$") .. "support/parse_form.py"
local PNG = "\137PNG\r\n\26\n" .. "\0\r\n--\255\1\r\n"

local function hex(bytes)
  return (bytes:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

local function serve()
  return support.serve { default = { { "request" }, { "send",
    scripted.answer(200, {}, '{"status":"ok"}') } } }
end

local function client_at(server, options)
  options = options or {}
  options.base_url, options.api_key = server.url, "sk-form"
  return yuanjing.new(options)
end

-- The parser's result for a form, and its request.
local function sent(form, options)
  local server = serve()
  local answer = assert(client_at(server, options):request {
    path = "/x", form = form })
  assert.same({ 200, "ok" }, { answer.status, answer.json.status })
  server:stop()
  local request = server:requests()[1]
  local path = support.write(support.tempdir() .. "/1",
    request.head .. "\r\n\r\n" .. request.body)
  local output = support.output(("python3 '%s' '%s'"):format(PARSER, path))
  return cjson.decode(output)[1], request
end

local function texts(parsed)
  local list = {}
  for n, field in ipairs(parsed.fields) do
    assert.equal(cjson.null, field[2]) -- no type
    list[n] = field[1] .. "=" .. field[3]
  end
  return list
end

describe("a form of any call", function()
  after_each(support.clean)

  it("is a POST of its fields by their names", function()
    local parsed, request = sent { b = "x\n\"猫\"", a = 1.5, c = true, d = false,
      e = 2^53 / 8, f = { "1", 2, true }, ["名"] = "", g = "/no/path.png" }
    assert.truthy(request.head:find("^POST /x HTTP"))
    assert.same({ "a=1.5", 'b=x\n"猫"', "c=true", "d=false",
      "e=1125899906842624", "f=1", "f=2", "f=true", "g=/no/path.png", "名=" },
      texts(parsed))
  end)

  it("keeps the order of a list, with files among the texts", function()
    local path = support.write(support.tempdir() .. "/猫.png", PNG)
    local parsed = sent { { "z", 1 }, { "file", yuanjing.file(path) },
      { "a", "x" }, { "more", { yuanjing.bytes("ID3\4\0\0\0",
        { name = "a b.mp3" }), "text", yuanjing.asset_ref "a-1" } },
      { "z", 2 } }
    assert.equal("text file text file text text text", parsed.order)
    assert.same({ "z=1", "a=x", "more=text", "more=asset://a-1", "z=2" },
      texts(parsed))
    assert.same({
      { name = "file", file_name = "猫.png", type = "image/png", hex = hex(PNG) },
      { name = "more", file_name = "a b.mp3", type = "audio/mpeg",
        hex = hex "ID3\4\0\0\0" } }, parsed.files)
  end)

  it("takes another method, a query and the user's headers", function()
    local server = serve()
    assert(client_at(server, { headers = { ["X-A"] = "b" } }):request {
      method = "PUT", path = "/x", query = { a = 1 }, form = { b = "c" } })
    local request = server:requests()[1]
    assert.truthy(request.head:find("^PUT /x%?a=1 HTTP"))
    assert.truthy(request.head:find("X-A: b", 1, true))
    assert.truthy(request.head:find("Content-Type: multipart/form-data", 1, true))
  end)

  it("names all that can not go out, and sends nothing", function()
    local server, none = serve(), {}
    none[1] = none
    local nan, folder = 0 / 0, support.tempdir()
    for _, case in ipairs {
      { { a = nan, b = { 1, math.huge } }, "^a: a form has no %-?nan; "
        .. "b%[2%]: a form has no inf$" },
      { { a = { x = 1 } }, "^a: a table can not go out in a form: " },
      { { a = { { 1 } } }, "^a%[1%]: a table can not go out in a form: " },
      { { a = {} }, "^a: a table can not go out in a form: " },
      { { a = none }, "^a%[1%]: a table can not go out in a form: " },
      { { a = { 1, nil, 3 } }, "^a: a table can not go out in a form: " },
      { { a = print }, "^a: a function can not go out in a form: " },
      { { a = cjson.null }, "^a: a null can not go out in a form: " },
      { { a = 2^53 + 2 }, "^a: an integer of more than 15 digits" },
      { { a = "\255" }, "^a: the text is not UTF%-8$" },
      { { ["a\r\nb"] = "c" }, "a control character stands in the name" },
      { { ["a\255"] = "c" }, "the text is not UTF%-8$" },
      { { [""] = "c" }, "^form: a field needs a name$" },
      { {}, "^form: expected fields$" },
      { yuanjing.bytes "x", "^form: expected fields$" },
      { { "a", "b" }, "^form%[1%]: a field needs a name; form%[2%]: " },
      { { { "a", 1 }, b = 2 }, "^form%[1%]: a field needs a name$" },
      { { { "a", 1 }, { "b" } }, "^form%[2%]: expected { name, value }$" },
      { { a = yuanjing.file(folder) }, "^a: " },
      { { a = yuanjing.file(folder .. "/none") }, "^a: .*none: " },
      { { a = { "x", yuanjing.bytes "" } }, "^a%[2%]: no bytes$" },
    } do
      local answer, err = client_at(server):request { path = "/x",
        form = case[1] }
      assert.is_nil(answer)
      assert.same({ "invalid_request", 0, "client:request" },
        { err.kind, err.attempts, err.call })
      assert.truthy(err.message:find(case[2]), err.message)
      assert.equal(#err.problems, #err.faults)
    end
    assert.equal(0, server:connections().opened)
  end)

  it("raises along with json, and where it is no table", function()
    local client = client_at(serve())
    for message, form in pairs {
      ["client:request: json, form: give one of them"] = { a = "b" },
      ["client:request: form: expected table, got string"] = "a=b",
    } do
      local ok, problem = pcall(client.request, client, { path = "/x",
        json = type(form) == "table" and {} or nil, form = form })
      assert.is_false(ok)
      assert.truthy(problem:find(message, 1, true), problem)
    end
  end)

  it("is shown by a dry run", function()
    local client = yuanjing.new { api_key = "sk-form", dry_run = true }
    local shown = assert(client:request { path = "/x", form = {
      { "a", { 1, "sk-form" } }, { "file", yuanjing.bytes(PNG,
        { name = "a.png" }) } } })
    assert.same({ { name = "a", value = "1" }, { name = "a", value = "***" },
      { name = "file", file = "a.png", type = "image/png", bytes = #PNG } },
      shown.form)
    assert.equal("POST", shown.method)
  end)

  it("tells of its upload, and is sent once", function()
    local events, server = {}, support.serve { default = { { "request" },
      { "close" } } }
    local _, err = client_at(server, { retries = 3, on_event = function(event)
      if event.type == "upload" then events[#events + 1] = event end
    end }):request { path = "/x", form = { a = yuanjing.bytes(PNG) } }
    assert.same({ "outcome_unknown", 1 }, { err.kind, err.attempts })
    assert.equal(digest { a = yuanjing.bytes(PNG) }, err.digest)
    assert.equal(1, #server:requests())
    assert.equal(#PNG, events[#events].total)
  end)
end)
