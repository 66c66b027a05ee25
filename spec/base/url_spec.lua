local url = require "yuanjing.base.url"

local BASE = "http://host:8/a/b/c.png?n=x#y"

describe("a URL that another one leads to", function()
  for text, expected in pairs {
    ["?token=1"] = "http://host:8/a/b/c.png?token=1",
    ["./d.png"] = "http://host:8/a/b/d.png",
    ["d/../e.png"] = "http://host:8/a/b/e.png",
    ["../d.png"] = "http://host:8/a/d.png",
    ["../../../../d.png"] = "http://host:8/d.png",
    [".."] = "http://host:8/a/",
    ["."] = "http://host:8/a/b/",
    ["d/./"] = "http://host:8/a/b/d/",
    ["/d/?x=../y"] = "http://host:8/d/?x=../y",
    ["/d//../e"] = "http://host:8/d/e",
    ["d;x=1/../y"] = "http://host:8/a/b/y",
    ["//other:9/d"] = "http://other:9/d",
    [""] = "http://host:8/a/b/c.png?n=x",
    ["#z"] = "http://host:8/a/b/c.png?n=x",
    ["HTTPS://Other/d#z"] = "HTTPS://Other/d",
    ["http://other?x=/y/z"] = "http://other?x=/y/z",
    ["other:80/d"] = "http://other:80/d",
    ["127.0.0.1:80"] = "http://127.0.0.1:80",
    ["[::1]:80/d"] = "http://[::1]:80/d",
    ["javascript:alert(1)"] = "javascript:alert(1)",
  } do
    it("is found: " .. text, function()
      assert.equal(expected, url.resolve(BASE, text))
    end)
  end

  it("need not lead anywhere", function()
    for _, text in ipairs { "a\tb", "a\0b", "http://h/a\r\nX: 1", "a\127" } do
      assert.is_nil(url.resolve(BASE, text))
    end
    assert.equal("x", url.resolve("no URL", "x"))
  end)
end)

describe("a URL as users write it", function()
  for text, expected in pairs {
    [" http://h/a \n"] = "http://h/a",
    ["http://h/a b"] = "http://h/a%20b",
    ["http://h/猫"] = "http://h/%E7%8C%AB",
    ["http://h/%E7%8C%AB"] = "http://h/%E7%8C%AB",
    ["http://h/100%.png"] = "http://h/100%25.png",
    ["http://h/%4"] = "http://h/%254",
    ["http://h/%%41"] = "http://h/%25%41",
    ["http://h/\"<>\\^`{|}'[1]"] =
      "http://h/%22%3C%3E%5C%5E%60%7B%7C%7D'[1]",
    ["http://h/a?x=1&amp;sig=a%2Fb%3D"] = "http://h/a?x=1&sig=a%2Fb%3D",
  } do
    it("is made fit: " .. text, function()
      assert.equal(expected, url.resolve(BASE, text))
    end)
  end
end)

describe("a URL", function()
  local function parts_of(text)
    local parts = url.parse(text)
    return parts and { parts.scheme, parts.host, parts.port, parts.userinfo or "-",
      parts.path, parts.query or "-", parts.fragment or "-" }
  end

  it("has its parts", function()
    for text, parts in pairs {
      ["HTTPS://A.b/c"] = { "https", "A.b", 443, "-", "/c", "-", "-" },
      ["http://h:8?x"] = { "http", "h", 8, "-", "", "x", "-" },
      ["http://h:/x?#"] = { "http", "h", 80, "-", "/x", "", "" },
      ["http://[::1]:8/x"] = { "http", "::1", 8, "-", "/x", "-", "-" },
      ["http://[fe80::1%25a]"] = { "http", "fe80::1%25a", 80, "-", "", "-", "-" },
      ["http://u:p@a@h/@?a@b#c?d"] =
        { "http", "h", 80, "u:p@a", "/@", "a@b", "c?d" },
      ["http://h#a/b?c"] = { "http", "h", 80, "-", "", "-", "a/b?c" },
      ["http://h:65535"] = { "http", "h", 65535, "-", "", "-", "-" },
      ["http://h:65536"] = { "http", "h", false, "-", "", "-", "-" },
      ["http://h:1x"] = { "http", "h", false, "-", "", "-", "-" },
      ["http://[::1]x"] = { "http", "::1", false, "-", "", "-", "-" },
      ["http://::1/"] = { "http", "", false, "-", "/", "-", "-" },
      ["http:///x"] = { "http", "", 80, "-", "/x", "-", "-" },
    } do
      assert.same(parts, parts_of(text), text)
    end
    for _, text in ipairs { "/x", "//h/x", "h:80/x", "data:,x", "", "://h",
      "1http://h", "ht tp://h", " http://h" } do
      assert.is_nil(parts_of(text), text)
    end
  end)

  it("tells the values of its query", function()
    local query = url.parse("http://h?xpath=1&path=%2fa%20b+c&path=2&n=").query
    assert.same({ "/a b+c", "1" }, { url.parameter(query, "path"),
      url.parameter(query, "xpath") })
    assert.is_nil(url.parameter(query, "n"))
    assert.is_nil(url.parameter(query, "m"))
    assert.is_nil(url.parameter(nil, "path"))
  end)

  it("is of this machine, or is not", function()
    for text, is_local in pairs { ["http://LOCALHOST:8/x"] = true,
      ["http://127.1.2.3"] = true, ["https://[::1]:8"] = true,
      ["http://u@localhost"] = true, ["http://localhost.example"] = false,
      ["http://127.0.0.1.example"] = false, ["http://[::2]"] = false,
      ["http://h/@127.0.0.1"] = false } do
      assert.equal(is_local, url.is_local(url.parse(text)), text)
    end
  end)

  it("is shown without what may be a secret", function()
    assert.equal("http://h:8/a@b", url.shown "http://u:p@h:8/a@b?sig=x#y")
    assert.equal("http://h", url.shown "http://h#y?sig=x")
  end)
end)
