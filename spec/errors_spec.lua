local core = require "yuanjing.core"
local errors = require "yuanjing.errors"

local KEY = "sk-Ab/12+cd==_long-enough"

local function count(text, part)
  local found, from = 0, 1
  while true do
    local first, last = text:find(part, from, true)
    if not first then return found end
    found, from = found + 1, last + 1
  end
end

describe("errors.new", function()
  it("keeps the fields of an error and nothing else", function()
    local fields = { kind = "server", message = "down", code = "x",
      type = "y", status = 502, call = "GET /a", body = "b", attempts = 3,
      retryable = true, retry_after = 1.5, partial = "so far",
      task = { id = "1" }, problems = { "p" }, hint = "h", time = 1,
      faults = { { parameter = "p", text = "t" } }, step = "tls", summary = "s",
      model = "m", category = "t2v", digest = "d", document = {},
      state = "FAILED" }
    local err = errors.new(fields)
    fields.document, fields.state = nil, nil
    assert.same(fields, setmetatable(err, nil))
  end)

  it("has a boolean whether another try may help", function()
    assert.is_false(errors.new { kind = "io", message = "x" }.retryable)
    assert.is_true(errors.new { kind = "io", message = "x",
      retryable = 1 }.retryable)
  end)

  it("does not change what it is given", function()
    local fields = { kind = "platform", message = "Bearer " .. KEY,
      body = ("x"):rep(5000) }
    errors.new(fields, KEY)
    assert.same({ kind = "platform", message = "Bearer " .. KEY,
      body = ("x"):rep(5000) }, fields)
  end)

  it("takes an error, too", function()
    local first = errors.new { kind = "auth", message = "no", status = 401 }
    assert.equal(tostring(first), tostring(errors.new(first)))
    assert.is_nil(rawget(errors.new(first), "hint"))
  end)

  for _, kind in ipairs { "", "Auth", "unknown", 5, true } do
    it("raises for the kind " .. tostring(kind), function()
      local ok, message = pcall(errors.new, { kind = kind, message = "x" })
      assert.is_false(ok)
      assert.truthy(message:find("unknown kind", 1, true))
    end)
  end

  it("raises without a kind", function()
    assert.is_false((pcall(errors.new, { message = "x" })))
  end)

  it("knows the kinds of the design", function()
    local names = {}
    for name in pairs(errors.kinds) do names[#names + 1] = name end
    table.sort(names)
    assert.equal("auth balance cancelled decode invalid_request io limit "
      .. "not_found outcome_unknown platform rate_limit server task_failed timeout "
      .. "transport truncated", table.concat(names, " "))
  end)
end)

describe("an error as text", function()
  local lines = {
    { "kind and message", { kind = "io", message = "no such file" },
      "io: no such file" },
    { "status, call, hint",
      { kind = "balance", message = "Insufficient balance", status = 429,
        call = "POST /llmage/v1/chat/completions", attempts = 1 },
      "balance: Insufficient balance (HTTP 429, "
        .. "POST /llmage/v1/chat/completions); top up at https://ai.opencomputing.cn" },
    { "attempts where there were several",
      { kind = "server", message = "down", status = 502, attempts = 3 },
      "server: down (HTTP 502, 3 attempts)" },
    { "code and task",
      { kind = "task_failed", message = "bad face", code = "E7",
        task = { id = "936759404378734592" } },
      "task_failed: bad face (code E7, task 936759404378734592)" },
    { "how long to wait",
      { kind = "server", message = "busy", retry_after = 2.5 },
      "server: busy (retry after 2.5 s)" },
    { "line breaks folded",
      { kind = "platform", message = "a\r\n\tb\27[31m\0c\194\155d" },
      "platform: a b [31m c d" },
    { "text beyond ASCII whole", { kind = "platform", message = "余额不足 🐱" },
      "platform: 余额不足 🐱" },
    { "a percent sign as it is", { kind = "platform", message = "100%d %s" },
      "platform: 100%d %s" },
    { "no hint where none is wanted",
      { kind = "auth", message = "no key", hint = false }, "auth: no key" },
    { "a hint of its own", { kind = "io", message = "x", hint = "do y" },
      "io: x; do y" },
  }
  for _, row in ipairs(lines) do
    it("shows " .. row[1], function()
      assert.equal(row[3], tostring(errors.new(row[2])))
    end)
  end

  it("is one line for every kind", function()
    for kind in pairs(errors.kinds) do
      local line = tostring(errors.new { kind = kind, message = "a\nb" })
      assert.equal(1, (line:find(kind .. ": a b", 1, true)))
      assert.is_nil(line:find("%c"))
    end
  end)

  it("joins on both sides", function()
    local err = errors.new { kind = "io", message = "x" }
    assert.equal("io: x!", err .. "!")
    assert.equal("! io: x", "! " .. err)
    assert.equal("io: xio: x", err .. err)
  end)

  it("passes through error() as it is", function()
    local err = errors.new { kind = "io", message = "x" }
    local _, raised = pcall(error, err)
    assert.equal(err, raised)
  end)
end)

describe("err.hint", function()
  local hints = { auth = "YUANJING_API_KEY", balance = "top up",
    outcome_unknown = "billed", decode = "err.body" }
  for kind, part in pairs(hints) do
    it("has advice about " .. kind, function()
      local hint = errors.new { kind = kind, message = "x" }.hint
      assert.truthy(hint:find(part, 1, true), hint)
    end)
  end

  it("is absent where there is no advice", function()
    assert.is_nil(errors.new { kind = "io", message = "x" }.hint)
  end)
end)

describe("errors.is", function()
  it("knows its own", function()
    assert.is_true(errors.is(errors.new { kind = "io", message = "x" }))
  end)

  it("refuses all else", function()
    for _, value in ipairs { "io: x", 5, true, {}, { kind = "io" }, print } do
      assert.is_false(errors.is(value))
    end
    assert.is_false(errors.is(nil))
  end)
end)

describe("errors.cap", function()
  it("leaves a short text alone", function()
    assert.equal("abc", errors.cap("abc", 3))
  end)

  it("keeps to the limit, and to itself", function()
    local cut = errors.cap(("x"):rep(100), 10)
    assert.equal("xxxxxxx...", cut)
    assert.equal(cut, errors.cap(cut, 10))
  end)

  it("never cuts a character", function()
    local text = ("猫🐱é"):rep(20)
    for limit = 4, #text do
      local kept = errors.cap(text, limit):gsub("%.%.%.$", "")
      assert.equal(text:sub(1, #kept), kept)
      local next_byte = text:byte(#kept + 1)
      assert.is_false(next_byte ~= nil and next_byte >= 128 and next_byte < 192)
    end
  end)

  it("comes to an end in bytes that are no text", function()
    assert.is_true(#errors.cap(("\128"):rep(100), 50) <= 50)
  end)
end)

describe("errors.redact", function()
  local texts = {
    { "a header", "Authorization: Bearer sk-1234 x",
      "Authorization: Bearer *** x" },
    { "any case", "bEARER  abc", "bEARER  ***" },
    { "inside quotes", '{"h":"Bearer abc","b":1}', '{"h":"Bearer ***","b":1}' },
    { "inside single quotes", "{'h': 'Bearer abc'}", "{'h': 'Bearer ***'}" },
    { "twice", "Bearer a Bearer b", "Bearer *** Bearer ***" },
    { "what is redacted", "Bearer ***", "Bearer ***" },
    { "nothing", "no secret", "no secret" },
  }
  for _, row in ipairs(texts) do
    it("takes Bearer out of " .. row[1], function()
      assert.equal(row[3], errors.redact(row[2]))
    end)
  end

  local shapes = {
    ["as it is"] = KEY,
    ["in JSON with escaped slashes"] = "sk-Ab\\/12+cd==_long-enough",
    ["in a URL"] = "sk-Ab%2F12%2Bcd%3D%3D_long-enough",
  }
  for name, shape in pairs(shapes) do
    it("takes the key out " .. name, function()
      assert.equal("a *** b ***!", errors.redact(
        "a " .. shape .. " b " .. shape .. "!", KEY))
    end)
  end

  it("takes a key with quotes out of JSON", function()
    assert.equal('"***"', errors.redact('"sk-a\\"b\\\\c"', 'sk-a"b\\c'))
  end)

  it("takes every character of a key as itself", function()
    local key = "%d+.*[a-z]^$-(x)?%"
    assert.equal("<***> 12ab", errors.redact("<" .. key .. "> 12ab", key))
  end)

  it("does not take a short key for one", function()
    assert.equal("abc abc", errors.redact("abc abc", "abc"))
    assert.equal("abc", errors.redact("abc", ""))
  end)
end)

describe("a secret", function()
  local function everything(err)
    local parts = { tostring(err) }
    for _, value in pairs(err) do parts[#parts + 1] = tostring(value) end
    return table.concat(parts, "\n")
  end

  it("is in no text of an error", function()
    local err = errors.new({ kind = "platform", message = "bad " .. KEY,
      code = KEY, type = KEY, call = "GET /?k=" .. KEY, hint = KEY,
      body = '{"key":"' .. KEY .. '"}' }, KEY)
    assert.equal(0, count(everything(err), KEY))
  end)

  it("is in no field of a task from an answer", function()
    local task = { id = KEY, status = "BEARER " .. KEY }
    local err = errors.new({ kind = "platform", message = "x", task = task },
      KEY)
    assert.same({ id = "***", status = "BEARER ***" }, err.task)
    assert.equal(0, count(tostring(err), KEY))
    assert.equal(KEY, task.id)
  end)

  it("does not cost a task that is a handle", function()
    local task = setmetatable({ id = "1" }, {})
    assert.equal(task, errors.new({ kind = "platform", message = "x",
      task = task }, KEY).task)
  end)

  it("leaves whole characters where a long text was mostly secrets", function()
    for offset = 0, 3 do
      local err = errors.new({ kind = "platform", message = ("a"):rep(offset)
        .. KEY:rep(156) .. ("猫"):rep(2000) }, KEY)
      assert.is_nil(core.utf8_error(err.message))
    end
  end)

  it("leaves no half of itself where a body is cut", function()
    for offset = -2 * #KEY, 2 * #KEY do
      for _, length in ipairs { 2048, 8 * 2048 } do
        local body = ("."):rep(length + offset) .. KEY .. ("."):rep(30000)
        local err = errors.new({ kind = "platform", message = "x",
          body = body }, KEY)
        assert.is_nil(err.body:find(KEY:sub(1, 4), 1, true))
        assert.is_true(#err.body <= 2048)
      end
    end
  end)

  it("leaves no half of itself where a message is cut", function()
    for length = 500 - 2 * #KEY, 500 + #KEY do
      local err = errors.new({ kind = "platform",
        message = ("."):rep(length) .. KEY .. ("."):rep(9000) }, KEY)
      assert.is_nil(err.message:find(KEY:sub(1, 4), 1, true))
    end
  end)

  it("does not cost the model's own text", function()
    local partial = "use 'Authorization: Bearer YOUR_KEY' in curl"
    local err = errors.new({ kind = "truncated", message = "x",
      partial = partial }, KEY)
    assert.equal(partial, err.partial)
  end)
end)
