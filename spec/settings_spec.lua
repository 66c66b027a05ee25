local child = require "support.child"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local MODELS = scripted.answer(200, {}, '{"object":"list","data":[]}')

local function models_server()
  return support.serve { default = {
    { "repeat", 9, { { "request" }, { "send", MODELS } } },
  } }
end

local function raised_by(options)
  return support.raised(function() return (yuanjing.new(options)) end)
end

-- The Authorization header of a call made with that key.
local function sent_with(key)
  local server = models_server()
  assert(yuanjing.new { api_key = key, base_url = server.url }:models())
  return server:requests()[1].headers.authorization
end

-- The error of a call; nothing may have reached the server.
local function refused(options)
  local server = models_server()
  local base = options.base_url
  options.base_url = base and base:gsub("PORT", server.port) or server.url
  local client = yuanjing.new(options)
  for _, call in ipairs {
    function() return client:chat { prompt = "x" } end,
    function() return client:chat { prompt = "x", stream = true } end,
  } do
    local result, err = call()
    assert.is_nil(result)
    assert.equal("POST /llmage/v1/chat/completions", err.call)
  end
  local result, err = client:models()
  assert.is_nil(result)
  assert.equal(0, server:connections().opened)
  return support.fields(err, "kind", "message", "call", "attempts",
    "retryable", "hint")
end

describe("the options of a client", function()
  after_each(support.clean)

  local SECONDS = "timeout: expected a number of seconds above 0"
  local KNOWN = " (known: api, api_key, asset_url, base_url, ca_file, dry_run, "
    .. "headers, journal, limits, max_body, on_event, proxy, reconcile, "
    .. "retries, timeout, "
    .. "trust_redirects, "
    .. "user_agent, validate)"

  for _, case in ipairs {
    { { api_kee = "x" }, 'unknown option "api_kee", did you mean "api_key"?' },
    { { "sk-test" }, 'unknown option "1"' .. KNOWN },
    { { api_key = 5 }, "api_key: expected string or function, got number" },
    { { api_key = false }, "api_key: expected string or function, got boolean" },
    { { base_url = 5 }, "base_url: expected string, got number" },
    { { asset_url = {} }, "asset_url: expected string, got table" },
    { { api = "v2" }, 'api: expected one of v1, legacy, got "v2"' },
    { { api = 1 }, "api: expected one of v1, legacy, got number" },
    { { proxy = true }, "proxy: expected string, got boolean" },
    { { max_body = 0 }, "max_body: expected a whole number, 1 or more, got 0" },
    { { max_body = 1.5 },
      "max_body: expected a whole number, 1 or more, got 1.5" },
    { { ca_file = 1 }, "ca_file: expected string, got number" },
    { { user_agent = 1 },
      "user_agent: expected a string without control characters, got number" },
    { { user_agent = "a\r\nb" },
      "user_agent: expected a string without control characters" },
    { { validate = "no" }, "validate: expected boolean, got string" },
    { { on_event = {} }, "on_event: expected function, got table" },
    { { dry_run = 1 }, "dry_run: expected boolean, got number" },
    { { limits = 4 }, "limits: expected table, got number" },
    { { limits = { per_hour = 1 } }, 'limits: unknown option "per_hour" '
      .. "(known: cost, in_flight, per_minute, total)" },
    { { limits = { 4 } }, 'limits: unknown option "1" '
      .. "(known: cost, in_flight, per_minute, total)" },
    { { limits = { in_flight = "4" } },
      "limits.in_flight: expected a whole number, 1 or more, got string" },
    { { limits = { in_flight = 0 } }, "limits.in_flight: expected a whole number, 1 or more, got 0" },
    { { limits = { per_minute = 0 } }, "limits.per_minute: expected a whole number, 1 or more, got 0" },
    { { limits = { total = -1 } },
      "limits.total: expected a whole number, 0 or more, got -1" },
    { { retries = -1 }, "retries: expected a whole number, 0 or more, got -1" },
    { { retries = 1.5 }, "retries: expected a whole number, 0 or more, got 1.5" },
    { { retries = "2" }, "retries: expected a whole number, 0 or more, got string" },
    { { retries = math.huge },
      "retries: expected a whole number, 0 or more, got inf" },
    { { timeout = "5" }, SECONDS .. ", or a table, got string" },
    { { timeout = 0 }, SECONDS .. ", or a table, got 0" },
    { { timeout = -1 }, SECONDS .. ", or a table, got -1" },
    { { timeout = 0 / 0 }, SECONDS .. ", or a table, got " .. tostring(0 / 0) },
    { { timeout = { idle = -1 } }, "timeout.idle: expected a number of seconds above 0, got -1" },
    { { timeout = { first = "1" } },
      "timeout.first: expected a number of seconds above 0, got string" },
    { { timeout = { read = 1 } },
      'timeout: unknown option "read" (known: connect, first, idle, total)' },
    { { headers = "X: y" }, "headers: expected table, got string" },
    { { headers = { "X: y" } }, 'headers: "1" is no header name' },
    { { headers = { ["X Y"] = "z" } }, 'headers: "X Y" is no header name' },
    { { headers = { ["X:"] = "z" } }, 'headers: "X:" is no header name' },
    { { headers = { ["X"] = "a\r\nCookie: b" } },
      "headers: X: expected a string without control characters" },
    { { headers = { ["X"] = "a\0" } },
      "headers: X: expected a string without control characters" },
    { { headers = { ["X"] = 5 } },
      "headers: X: expected a string without control characters, got number" },
    { { headers = { AUTHORIZATION = "Basic x" } },
      "headers: AUTHORIZATION can not be set here (api_key says it)" },
    { { headers = { Cookie = "a=b" } },
      "headers: Cookie can not be set here" },
    { { headers = { Host = "x" } },
      "headers: Host can not be set here (base_url says it)" },
    { { headers = { Expect = "100-continue" } },
      "headers: Expect can not be set here" },
    { { headers = { ["Content-Length"] = "1" } },
      "headers: Content-Length can not be set here" },
    { { headers = { ["Transfer-Encoding"] = "chunked" } },
      "headers: Transfer-Encoding can not be set here" },
    { { headers = { ["Content-Type"] = "text/plain" } },
      "headers: Content-Type can not be set here" },
    { { headers = { ["accept-encoding"] = "gzip" } },
      "headers: accept-encoding can not be set here" },
    { { headers = { TE = "gzip" } },
      "headers: TE can not be set here" },
    { { headers = { Range = "bytes=0-" } },
      "headers: Range can not be set here" },
    { { headers = { ["If-Range"] = "x" } },
      "headers: If-Range can not be set here" },
    { { headers = { ["User-Agent"] = "x" } },
      "headers: User-Agent can not be set here (user_agent says it)" },
  } do
    it("are refused where they are written: " .. case[2]:sub(1, 60), function()
      assert.equal(case[2], raised_by(case[1]))
      local client = yuanjing.new()
      assert.equal(case[2], support.raised(function()
        return (client:with(case[1]))
      end))
    end)
  end

  it("hold no header name with a line end", function()
    local message = raised_by { headers = { ["X\r\nY"] = "z" } }
    assert.truthy(message:find("is no header name$"), message)
  end)

  it("are a table", function()
    assert.equal("options: expected table, got string", raised_by("sk-test"))
    assert.equal("options: expected table, got nil", support.raised(function()
      return (yuanjing.new():with())
    end))
  end)

  it("are copied", function()
    local server = models_server()
    local options = { api_key = "sk-one", base_url = server.url,
      headers = { ["X-One"] = "1" }, timeout = { idle = 5 } }
    local client = yuanjing.new(options)
    options.api_key, options.headers["X-One"] = "sk-two", "2"
    options.timeout.idle = "broken"
    assert(client:models())
    local headers = server:requests()[1].headers
    assert.same({ "Bearer sk-one", "1" }, { headers.authorization,
      headers["x-one"] })
  end)

  it("are changed by `with` for the derived client alone", function()
    local server = models_server()
    local client = yuanjing.new { api_key = "sk-one", base_url = server.url,
      headers = { ["X-One"] = "1", ["X-Two"] = "1" }, user_agent = "parent" }
    local derived = client:with { api_key = "sk-two", user_agent = "child",
      headers = { ["X-Two"] = "2" } }
    assert(client:models())
    assert(derived:models())
    assert(client:models())
    local seen = {}
    for i, request in ipairs(server:requests()) do
      local h = request.headers
      seen[i] = { h.authorization, h["user-agent"], h["x-one"], h["x-two"] }
    end
    local parent = { "Bearer sk-one", "parent", "1", "1" }
    assert.same({ parent, { "Bearer sk-two", "child", "1", "2" }, parent }, seen)
  end)

  it("keep the limits that `with` does not name", function()
    local server = support.serve { default = {
      { "request" }, { "send", scripted.answer(200, {
        ["Content-Length"] = "9" }, "12") }, { "wait_close", 120 },
    } }
    local client = yuanjing.new { api_key = "sk-test", base_url = server.url,
      timeout = { idle = 0.1 }, retries = 0 }
    local took, list, err = support.timed(function()
      return client:with({ timeout = 100 }):models()
    end)
    assert.is_nil(list)
    assert.same({ kind = "timeout",
      message = "nothing more came within the idle limit" },
      support.fields(err, "kind", "message"))
    assert.truthy(took < support.SOON, took)
  end)
end)

describe("the key", function()
  after_each(support.clean)

  it("goes out as it is, after the word Bearer", function()
    assert.equal("Bearer sk-aB3+/=._~ x", sent_with("sk-aB3+/=._~ x"))
  end)

  it("loses the blanks and line ends around it", function()
    assert.equal("Bearer sk-test", sent_with(" \t sk-test \r\n"))
  end)

  it("may come from a function, which each call asks", function()
    local server, asked = models_server(), 0
    local client = yuanjing.new { base_url = server.url, api_key = function()
      asked = asked + 1
      return ("sk-%d\n"):format(asked)
    end }
    assert.equal(0, asked)
    assert(client:models())
    assert(client:models())
    assert.same({ "Bearer sk-1", "Bearer sk-2" }, {
      server:requests()[1].headers.authorization,
      server:requests()[2].headers.authorization })
  end)

  for name, case in pairs {
    ["is missing"] = { function() end, "no API key" },
    ["is empty"] = { "", "the API key is empty" },
    ["is blank"] = { " \r\n", "the API key is empty" },
    ["has a line end in it"] = { "sk-a\nsk-b",
      "the API key has control characters in it" },
    ["has a zero byte in it"] = { "sk-a\0b",
      "the API key has control characters in it" },
    ["comes from a function that raises"] = {
      function() error("sk-secret") end, "api_key: the function failed" },
    ["comes from a function as a number"] = { function() return 5 end,
      "api_key: the function returned no string" },
  } do
    it("that " .. name .. " is an error of each call", function()
      assert.same({ kind = "auth", message = case[2], attempts = 0,
        call = "GET /llmage/v1/models", retryable = false,
        hint = "pass api_key, or set YUANJING_API_KEY" },
        refused { api_key = case[1] })
    end)
  end
end)

describe("the base URL", function()
  after_each(support.clean)

  for url, message in pairs {
    ["127.0.0.1:PORT"] = "no scheme in the URL",
    [""] = "no scheme in the URL",
    ["//127.0.0.1:PORT"] = "no scheme in the URL",
    ["ftp://127.0.0.1:PORT"] = "only http and https are spoken",
    ["file:///etc/passwd"] = "only http and https are spoken",
    ["http://"] = "no host in the URL",
    ["http:///x"] = "no host in the URL",
    ["http://:PORT"] = "no host in the URL",
    ["http://127.0.0.1:PORT9999"] = "no good port in the URL",
    ["http://127.0.0.1:x"] = "no good port in the URL",
    ["http://u:p@127.0.0.1:PORT"] = "no user or password may stand in the URL",
    ["http://127.0.0.1:PORT?a=b"] = "only a host and a path may stand in the URL",
    ["http://127.0.0.1:PORT/x#y"] = "only a host and a path may stand in the URL",
    ["http://127.0.0.1:PORT/a b"] = "only a host and a path may stand in the URL",
    ["http://127.0.0.1:PORT/a\nb"] =
      "only a host and a path may stand in the URL",
  } do
    it(("that is %q is an error of each call"):format(url), function()
      assert.same({ kind = "invalid_request", message = "base_url: " .. message,
        attempts = 0, call = "GET /llmage/v1/models", retryable = false,
        hint = "it should look like https://opencomputing.ai" },
        refused { base_url = url, api_key = "sk-test" })
    end)
  end

  it("may have a path, blanks around it and slashes at its end", function()
    local server = models_server()
    assert(yuanjing.new { api_key = "sk-test",
      base_url = " HTTP://localhost:" .. server.port .. "/a/b//\n" }:models())
    local request = server:requests()[1]
    assert.same({ "/a/b/llmage/v1/models", "localhost:" .. server.port },
      { request.path, request.headers.host })
  end)

  it("does not show its password when the client is printed", function()
    local client = yuanjing.new { base_url = "http://me:secret@x.test/a?k=sk-1" }
    assert.equal("yuanjing.Client (http://x.test/a)", tostring(client))
  end)
end)

describe("the environment", function()
  after_each(support.clean)

  local MODELS_CALL = "print(require('yuanjing').new():models())"

  it("gives the key and the base URL", function()
    local server = models_server()
    local output = child.output({ YUANJING_API_KEY = "sk-env ",
      YUANJING_BASE_URL = server.url .. "/env" }, MODELS_CALL)
    assert.truthy(output:find("^table:"), output)
    local request = server:requests()[1]
    assert.same({ "/env/llmage/v1/models", "Bearer sk-env" },
      { request.path, request.headers.authorization })
  end)

  it("yields to what is given", function()
    local server = models_server()
    child.output({ YUANJING_API_KEY = "sk-env", YUANJING_BASE_URL = "http://no.invalid" },
      ("require('yuanjing').new { api_key = 'sk-said', base_url = %q }:models()")
        :format(server.url))
    assert.equal("Bearer sk-said", server:requests()[1].headers.authorization)
  end)

  it("gives nothing where a variable is empty or missing", function()
    for _, value in ipairs { "", false } do
      local output = child.output({ YUANJING_API_KEY = value, YUANJING_BASE_URL = value,
        YUANJING_ASSET_URL = value }, [[
          local client = require("yuanjing").new()
          local settings = client._settings
          print(client, settings.asset_url, (select(2, client:models())))
        ]])
      assert.equal("yuanjing.Client (https://opencomputing.ai)\t"
        .. "https://token.opencomputing.cn\t"
        .. "auth: no API key (GET /llmage/v1/models); "
        .. "pass api_key, or set YUANJING_API_KEY", output)
    end
  end)

  it("has no proxy for this machine", function()
    local server = models_server()
    local output = child.output({ http_proxy = "http://127.0.0.1:1",
      YUANJING_API_KEY = "sk-test", YUANJING_BASE_URL = server.url },
      MODELS_CALL)
    assert.truthy(output:find("^table:"), output)
  end)

  it("is not changed, nor anything of the host, by loading the module", function()
    assert.equal("same", child.output({}, [[
      local cjson = require "cjson"
      local socket = pcall(require, "socket")
      local function cjson_settings()
        return table.concat({
          tostring(select(1, cjson.encode_sparse_array())),
          tostring(select(2, cjson.encode_sparse_array())),
          tostring(select(3, cjson.encode_sparse_array())),
          tostring(cjson.encode_max_depth()), tostring(cjson.decode_max_depth()),
          tostring(cjson.encode_number_precision()),
          tostring(cjson.encode_keep_buffer()),
          tostring(cjson.encode_invalid_numbers()),
          tostring(cjson.decode_invalid_numbers()),
        }, " ")
      end
      local function snapshot()
        local copy = { settings = cjson_settings() }
        for _, room in ipairs { "_G", "string", "table", "math", "io", "os",
          "debug", "coroutine" } do
          for name, value in pairs(_G[room]) do
            copy[room .. "." .. tostring(name)] = value
          end
        end
        copy.string_metatable = getmetatable("").__index
        return copy
      end
      local before = snapshot()
      math.randomseed(42)
      local first = math.random(1e6)
      math.randomseed(42)
      local client = require("yuanjing").new { api_key = "k",
        base_url = "http://127.0.0.1:1", retries = 1 }
      client:models()
      client:chat { prompt = "x", messages = { { 1, 2 } } }
      assert(math.random(1e6) == first, "math.random")
      local after = snapshot()
      for name, value in pairs(before) do
        assert(after[name] == value, name)
        after[name] = nil
      end
      assert(next(after) == nil, next(after))
      print "same"
    ]]))
  end)
end)
