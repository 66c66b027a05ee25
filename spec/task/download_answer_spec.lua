local answer = require "yuanjing.task.download.answer"

describe("the head of an answer", function()
  local function place(status, headers, known)
    return answer.place({ status = status, headers = headers },
      known or { received = 100, total = 200, validator = '"v1"' })
  end

  it("has where the bytes belong", function()
    assert.same({ from = 0, length = 200, total = 200 },
      place(200, { ["content-length"] = "200" }))
    assert.same({ from = 0 }, place(200, {}))
    assert.same({ from = 100, last = 199, length = 100, total = 200 },
      place(206, { ["content-range"] = "bytes 100-199/200",
        ["content-length"] = "100" }))
    assert.same({ from = 50, last = 199, total = nil },
      place(200, { ["content-range"] = "bytes=50-199/*" }))
    assert.same({ from = 0 }, place(200, { ["content-range"] = "bytes */200" }))
  end)

  for range, problem in pairs {
    [""] = "another part", ["bytes */200"] = "another part",
    ["items 100-199/200"] = "another part",
    ["bytes 101-199/200"] = "another part",
    ["bytes 0-99/200"] = "another part",
    ["bytes 100-50/200"] = "another part",
    ["bytes 100-200/200"] = "another part",
    ["bytes 100-199/201"] = "has changed",
  } do
    it("is refused with the range: " .. range, function()
      local found, why = place(206, { ["content-range"] = range })
      assert.is_nil(found)
      assert.truthy(why:find(problem, 1, true), why)
    end)
  end

  it("is refused where the remaining bytes are of another version, or packed",
  function()
    for name, value in pairs { etag = '"v2"', ["content-encoding"] = "gzip",
      ["content-length"] = "99" } do
      local headers = { ["content-range"] = "bytes 100-199/200" }
      headers[name] = value
      assert.is_nil(place(206, headers))
    end
    for name, value in pairs { etag = '"v1"', ["content-encoding"] = "identity",
      ["last-modified"] = "some other day" } do
      local headers = { ["content-range"] = "bytes 100-199/200" }
      headers[name] = value
      assert.truthy(place(206, headers), name)
    end
  end)

  it("names the version by what is strong enough", function()
    assert.equal('"1"', answer.validator { etag = '"1"',
      ["last-modified"] = "x" })
    assert.equal("x", answer.validator { etag = 'W/"1"',
      ["last-modified"] = "x" })
    assert.is_nil(answer.validator { etag = 'W/"1"' })
  end)
end)
