local links = require "yuanjing.protocol.task.links"

local BASE = "https://h.example:8443/base"
local PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
local JPEG = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQE"

-- A text, and the address in it.
local TEXTS = {
  ["http://a.example:443/1.png?x=1&y=%20"] = true,
  ["HTTPS://a.example/a[1].png"] = true,
  ["https://a.example/猫.png"] = true,
  ["https://a.example/my cat.png"] = "https://a.example/my%20cat.png",
  [" https://a.example/1.png\n"] = "https://a.example/1.png",
  ["//a.example/1.png"] = "https://a.example/1.png",
  ["/idfile?path=/tmp/a b.png"] = "https://h.example:8443/idfile?path=/tmp/a%20b.png",
  ["idfile?path=/tmp/a.png"] = "https://h.example:8443/idfile?path=/tmp/a.png",
  ["tmp/a.png"] = "https://h.example:8443/tmp/a.png",
  ["a.png"] = "https://h.example:8443/a.png",
  ["127.0.0.1:80/a.png"] = "https://127.0.0.1:80/a.png",
  ["a.example/1.png"] = "https://a.example/1.png",
  ["data:image/png;base64,iVBORw=="] = true,
  [PNG] = "data:image/png;base64," .. PNG,
  [JPEG] = "data:image/jpeg;base64," .. JPEG,
  ["a cat on the moon"] = true, -- of a field that holds any text
}

describe("an address", function()
  for text, link in pairs(TEXTS) do
    it("is made of " .. text:sub(1, 40), function()
      local expected = link == true and text or link
      assert.same({ { expected }, {} }, { links.of(text, BASE) })
    end)
  end

  it("is nil where nothing is given", function()
    for _, none in ipairs { "", "  ", "None", "null", {}, 7, true } do
      assert.same({ {}, {} }, { links.of(none, BASE) })
    end
  end)

  it("is in objects", function()
    local url = "http://a.example/1"
    for _, object in ipairs { { url = url }, { video_url = url },
      { imageUrl = url }, { url = { url = url } }, { file = { uri = url } },
      { url = " " .. url .. " ", width = 1 }, { url = "", image = url } } do
      assert.same({ url }, (links.of(object, BASE)))
      assert.same({ url, url }, (links.of({ object, object }, BASE)))
    end
    assert.same({ "data:image/png;base64," .. PNG },
      (links.of({ { b64_json = PNG } }, BASE)))
  end)

  it("that is missing from a list is reported, with its reason", function()
    local found, lost = links.of({ "http://a/1", "",
      { error = { message = "no face" } }, { url = "http://a/4" }, {} }, BASE)
    assert.same({ "http://a/1", "http://a/4" }, found)
    assert.same({ [2] = "no address came", [3] = "no face",
      [5] = "no address came" }, lost)
  end)

  it("is only what is plainly one where any value may be", function()
    for text, expected in pairs { ["http://a/1"] = "http://a/1", ok = false,
      ["v1.2"] = false, ["a/b"] = false, ["/tmp/1"] = "https://h.example:8443/tmp/1" } do
      assert.equal(expected or nil, links.of(text, BASE, true)[1])
    end
  end)

  it("stays as it is where there is no platform to ask", function()
    assert.same({ "/a.png" }, (links.of("/a.png", "")))
  end)
end)
