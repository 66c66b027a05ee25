local url = require "yuanjing.http.url"

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

  it("has its parts", function()
    for text, parts in pairs {
      ["HTTPS://A.b/c"] = { "https", "A.b", 443 },
      ["http://h:8?x"] = { "http", "h", 8 },
      ["http://h:/x"] = { "http", "h", 80 },
      ["http://[::1]:8/x"] = { "http", "[::1]", 8 },
      ["http://[fe80::1%25a]"] = { "http", "[fe80::1%25a]", 80 },
      ["/x"] = {},
    } do
      assert.same(parts, { url.parts(text) })
    end
  end)
end)
