local name = require "yuanjing.task.download.name"

describe("a file's name in a header", function()
  for header, expected in pairs {
    ['attachment; filename="cat.png"'] = "cat.png",
    ["attachment; filename=cat.png"] = "cat.png",
    ["attachment; FileName = cat.png ; x=1"] = "cat.png",
    ["attachment; filename=\"a.png\"; filename*=UTF-8''%E7%8C%AB.png"] =
      "猫.png",
    ["attachment; filename*=utf-8'zh'%E7%8C%AB.png; filename=a.png"] = "猫.png",
    ["attachment; filename*=\"UTF-8''%E7%8C%AB.png\""] = "猫.png",
    ["attachment; filename*=ISO-8859-1''caf%E9.png"] = "café.png",
    ['attachment; filename="猫.png"'] = "猫.png",
    ['attachment; filename="%E7%8C%AB.png"'] = "猫.png",
    ['attachment; filename="100%.png"'] = "100%.png",
    ['attachment; filename="a%FF.png"'] = "a%FF.png",
    ['attachment; filename="caf\233.png"'] = "caf_.png",
    ['attachment; filename="a\\"b;c.png"'] = "a'b;c.png",
    ['attachment; filename="../../etc/passwd"'] = "passwd",
    ['attachment; filename="..\\..\\x.mp4"'] = "x.mp4",
    ["attachment; filename*=UTF-8''%2e%2e%2f%2e%2e%2fx"] = "x",
    ['attachment; filename=".bashrc"'] = "bashrc",
    ['attachment; filename="a\0b\1.png"'] = "a_b_.png",
    ['attachment; filename="nul:*?.png"'] = "nul___.png",
  } do
    it("is found and harmless: " .. header:gsub("%c", "?"), function()
      assert.equal(expected, name.of_header(header))
    end)
  end

  it("may be missing", function()
    for _, header in ipairs { "", "inline", "attachment; filename=",
      'attachment; filename=""', 'attachment; filename=".."',
      "attachment; filename*=UTF-8''" } do
      assert.is_nil(name.of_header(header))
    end
    assert.is_nil(name.of_header(nil))
  end)

  it("is never longer than names may be", function()
    local header = ("attachment; filename=%s.png"):format(("猫"):rep(99))
    assert.equal(("猫"):rep(65) .. ".png", name.of_header(header))
  end)
end)
