-- The libcurl at run time is another one than at build time.
local certificate = require "support.certificate"
local child = require "support.child"
local scripted = require "support.scripted"
local support = require "support"

-- The sanitizers' library would have to be preloaded first.
local IS_SANITIZED = (os.getenv("YJ_BUILD") or ""):find("asan")
local it = IS_SANITIZED and pending or it

-- The output of a script with such a libcurl; other_libcurl.c has its variants. NB:
-- LuaSocket makes this process ignore SIGPIPE, and a child would inherit that: no
-- shell can undo it.
local function run_with(libcurl, script)
  local folder = support.tempdir()
  local path = support.write(folder .. "/script.lua",
    ("package.path, package.cpath = %q, %q\n"):format(package.path,
      package.cpath) .. script)
  return support.output(([[
    cc -shared -fPIC -o %s/other.so spec/support/other_libcurl.c \
      $(pkg-config --cflags libcurl) -ldl || exit
    python3 -c 'import os, signal, sys
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
os.execvp("env", ["env"] + sys.argv[1:])' %s LD_PRELOAD='%s/other.so libcurl.so.4' \
      timeout 120 %s %s 2>&1
    echo "status $?"]]):format(folder, libcurl, folder, child.interpreter(),
    path))
end

describe("a libcurl at run time", function()
  after_each(support.clean)

  it("that is too old is refused by require, with both versions", function()
    for _, name in ipairs { "yuanjing", "yuanjing.core" } do
      local said = run_with("CURL_VERSION=074f01",
        ("print(select(2, pcall(require, %q)))"):format(name))
      assert.truthy(said:find("^yuanjing needs libcurl 7%.80 or later, but the "
        .. "one that is loaded is libcurl 7%.79%.1, from %S+\nstatus 0$"), said)
    end
  end)

  it("that lacks what is needed is refused, whatever its version", function()
    local said = run_with("CURL_OPTIONS=312",
      [[print(select(2, pcall(require, "yuanjing")))]])
    assert.truthy(said:find("^yuanjing needs libcurl 7%.80 or later, but the "
      .. "one that is loaded is libcurl [%d.]+, from %S+, without "
      .. "CURLOPT_PREREQFUNCTION\nstatus 0$"), said)
  end)

  it("that is older than the headers serves, from 7.80 on", function()
    local server = support.serve { default = { { "request" }, { "send",
      scripted.answer(200, {}, '{"data":[{"id":"a"}]}') } } }
    for version, options in pairs { ["075000"] = 315, ["075400"] = 318,
      ["075500"] = 320, ["075700"] = 323 } do
      local said = run_with(("CURL_VERSION=%s CURL_OPTIONS=%d"):format(version,
        options), ([[
        local yuanjing = require "yuanjing"
        local client = yuanjing.new { api_key = "k", base_url = %q, proxy = "" }
        print(assert(client:models())[1]) ]]):format(server.url))
      assert.equal("a\nstatus 0", said)
    end
  end)

  it("whose TLS knows no folders of certificates uses its bundle", function()
    local authority = certificate.authority(support.tempdir())
    local pair = certificate.server(authority)
    local server = support.serve { default = { { "tls", pair.cert, pair.key },
      { "request" }, { "send", scripted.answer(200, {},
        '{"data":[{"id":"a"}]}') } } }
    local said = run_with("NO_CAPATH=1", ([[
      local yuanjing = require "yuanjing"
      for _, ca_file in ipairs { %q, false } do
        local client = yuanjing.new { api_key = "k", base_url = %q, proxy = "",
          ca_file = ca_file or nil, retries = 0 }
        local models, err = client:models()
        print(models and models[1] or err.message:match "certificate")
      end ]]):format(authority.cert, server.url:gsub("^http", "https")))
    assert.equal("a\ncertificate\nstatus 0", said)
  end)

  -- The server resets each connection while libcurl keeps it. Then libcurl closes
  -- it, and sends the end of TLS to the reset socket.
  it("that raises SIGPIPE does not end the host", function()
    local authority = certificate.authority(support.tempdir())
    local pair = certificate.server(authority)
    local server = support.serve { default = { { "tls", pair.cert, pair.key },
      { "request" }, { "send", scripted.answer(200, {},
        '{"data":[{"id":"a"}]}') }, { "sleep", 0.1 }, { "reset" } } }
    local said = run_with("CURL_VERSION=075100 CURL_OPTIONS=315", ([[
      local yuanjing = require "yuanjing"
      local client = yuanjing.new { api_key = "k", base_url = %q, proxy = "",
        ca_file = %q, retries = 0 }
      for _ = 1, 3 do
        print(assert(client:models())[1])
        yuanjing.sleep(0.3)
      end ]]):format(server.url:gsub("^http", "https"), authority.cert))
    assert.equal("a\na\na\nstatus 0", said)
  end)
end)
