local coding = require "yuanjing.speech.coding"

local function read(name, text)
  local reader, problem = coding.reader(name, text)
  if not reader then return nil, problem end
  local parts = {}
  for bytes in reader do parts[#parts + 1] = bytes end
  return table.concat(parts), #parts
end

describe("a sound in a text", function()
  local all = {}
  for code = 0, 255 do all[#all + 1] = string.char(code) end
  all = table.concat(all)

  it("is read by its coding, which the text alone does not tell", function()
    assert.equal("\222\173", (read("hex", "dEaD")))
    assert.equal("\117\230\131", (read("base64", "deaD")))
  end)

  it("comes a slice at a time, however long it is", function()
    local hex = all:gsub(".", function(char)
      return ("%02x"):format(char:byte())
    end)
    local bytes, count = read("hex", hex:rep(1000))
    assert.is_true(bytes == all:rep(1000))
    assert.is_true(count >= 7, count)
    local text = ("AAEC"):rep(50000)
    bytes, count = read("base64", text)
    assert.is_true(bytes == ("\0\1\2"):rep(50000))
    assert.is_true(count >= 3, count)
  end)

  it("may be in lines", function()
    assert.equal("ABCDEF", (read("base64", "QUJD\r\nREVG\n")))
    assert.equal("AB", (read("hex", "41\n42")))
  end)

  for name, texts in pairs {
    base64 = { "QUJ!", "QUJ", "QUJDR", "QQ==QUJD", "data:,x" },
    hex = { "4", "414", "4g", "0x41" },
  } do
    it("is refused as a whole where it is no " .. name, function()
      for _, text in ipairs(texts) do
        local bytes, problem = read(name, text)
        assert.is_nil(bytes, text)
        assert.equal("string", type(problem), text)
      end
    end)
  end
end)
