local child = require "support.child"
local redirect = require "yuanjing.task.download.redirect"
local support = require "support"

describe("a redirect", function()
  local function problem(from, to, is_public)
    local err = redirect.refusal(from, to, is_public)
    return err and err.message:match("it leads (.*)$")
  end

  it("is refused from https to http", function()
    assert.equal("from https to http", problem("https://a/x", "http://a/x"))
    assert.equal("from https to http", problem("HTTPS://a/x", "HTTP://b/x"))
    assert.is_nil(problem("http://a/x", "https://b/x"))
    assert.is_nil(problem("http://a/x", "http://b/x"))
  end)

  it("is refused to where it can not lead", function()
    assert.equal("a control character in its URL", problem("http://a/x", nil))
  end)

  it("is refused from a public host to what is known to be private", function()
    for _, host in ipairs { "127.0.0.1", "10.0.0.1:80", "[::1]", "LocalHost",
      "a.localhost", "localhost.", "0", "[::ffff:192.168.0.1]:8" } do
      local url = ("http://%s/x"):format(host)
      assert.truthy(problem("http://a/x", url, true), host)
      assert.is_nil(problem("http://a/x", url, false), host)
    end
    assert.is_nil(problem("http://a/x", "http://8.8.8.8/x", true))
    assert.is_nil(problem("http://a/x", "http://localhost.example/x", true))
  end)

  it("comes from a public host by default", function()
    assert.is_true(redirect.is_public("http://a.example/x", false))
    assert.is_false(redirect.is_public("http://a.example/x", true))
    assert.is_false(redirect.is_public("http://127.0.0.1/x", false))
    assert.is_false(redirect.is_public("http://localhost:80/x", nil))
  end)
end)

-- With public addresses, in an isolated network.
describe("a download between networks", function()
  after_each(support.clean)

  local SCRIPT = [[
    local download = require "yuanjing.task.download"
    local settings = require "yuanjing.settings"
    local mine = settings.derive(settings.defaults(), { api_key = "k",
      proxy = "", timeout = 9, trust_redirects = %s }, 1)
    local saved, err = download.save(mine, %q, %q, {})
    print(saved and "saved" or err.message)
  ]]

  -- The requests, and the result.
  local function download(url, is_trusted)
    local folder = support.tempdir()
    local script = support.write(folder .. "/script.lua",
      SCRIPT:format(is_trusted and "true" or "nil", url, folder .. "/x"))
    return support.output(("LUA_PATH='%s' LUA_CPATH='%s' timeout 120 "
      .. "unshare -n -m python3 spec/support/networks.py %s '%s' 2>&1")
      :format(package.path, package.cpath, child.interpreter(), script))
  end

  local function it_if_possible(name, test)
    it(name, function()
      if support.output("unshare -n -m true 2>&1") ~= "" then
        return pending("a network of its own needs root")
      end
      test()
    end)
  end

  local REFUSED = "the redirect is not followed: it leads from a public "
    .. "address to a private one"

  it_if_possible("asks no private address for a public one", function()
    for _, place in ipairs { "http://10.9.9.9:8080/x", "http://127.1:8080/x",
      "http://[::ffff:127.0.0.1]:8080/x" } do
      assert.equal(("8.8.8.8/to?%s\n%s"):format(place, REFUSED),
        download("http://8.8.8.8:8080/to?" .. place))
    end
  end)

  it_if_possible("asks nothing of a name that has a private address", function()
    local names = { outside = "8.8.8.8/x\nsaved", inside = REFUSED }
    for name, outcome in pairs(names) do
      local place = ("http://%s.example:8080/x"):format(name)
      assert.equal(("8.8.8.8/to?%s\n%s"):format(place, outcome),
        download("http://outside.example:8080/to?" .. place))
    end
  end)

  it_if_possible("by way of a private one remembers where it was", function()
    local url = "http://10.9.9.9:8080/to?http://8.8.8.8:8080/to?"
      .. "http://127.0.0.1:8080/x"
    assert.equal(REFUSED, download(url):match("[^\n]*$"))
    assert.equal("127.0.0.1/x\nsaved",
      download(url, true):match("[^\n]*\n[^\n]*$"))
  end)

  it_if_possible("may lead from private to private, and to public", function()
    assert.equal("127.0.0.1/x\nsaved", download(
      "http://10.9.9.9:8080/to?http://127.0.0.1:8080/x"):match("[^\n]*\n[^\n]*$"))
    assert.equal("8.8.8.8/x\nsaved", download(
      "http://10.9.9.9:8080/to?http://8.8.8.8:8080/x"):match("[^\n]*\n[^\n]*$"))
  end)
end)
