local base64 = require "yuanjing.base.base64"
local core = require "yuanjing.core"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"

describe("base64", function()
  after_each(support.clean)

  it("is read as the command base64 writes it, for every length", function()
    local folder = support.tempdir()
    for length = 0, 20 do
      local bytes = length == 0 and "" or core.random(math.min(16, length))
        .. ("\0\255"):rep(2):sub(1, math.max(0, length - 16))
      local path = support.write(folder .. "/x", bytes)
      local text = shell.read('base64 -w0 "$1"', path)
      assert.is_nil(base64.problem(text), text)
      assert.equal(bytes, base64.decode(text))
      assert.equal(text, base64.encode(bytes))
      assert.equal(bytes, base64.decode_any(text))
    end
  end)

  it("says where it is none", function()
    for text, problem in pairs {
      ["QUJ!"] = "byte 4 is no base64", ["QU=J"] = "byte 3 is no base64",
      ["QUJD\n"] = "byte 5 is no base64", ["===="] = "byte 1 is no base64",
      ["QQ==QQ=="] = "byte 3 is no base64", ["QU-_"] = "byte 3 is no base64",
      ["QUJ"] = "its last four characters are not all there",
      ["QQ="] = "its last four characters are not all there",
      ["Q==="] = "byte 2 is no base64",
    } do
      assert.equal(problem, base64.problem(text), text)
    end
  end)

  it("may be read as people write it", function()
    assert.equal("\251\255", base64.decode_any " -_\n8 ")
    assert.equal("A", base64.decode_any "QQ")
    assert.is_nil(base64.decode_any "Q")
    assert.is_nil(base64.decode_any "Q*==")
  end)
end)
