local ascii = require "yuanjing.base.ascii"
local support = require "support"

describe("ascii", function()
  it("folds the letters of ASCII and no other byte", function()
    for byte = 0, 255 do
      local char = string.char(byte)
      local is_upper = byte >= 65 and byte <= 90
      local is_lower = byte >= 97 and byte <= 122
      assert.equal(is_upper and byte + 32 or byte, ascii.lower(char):byte())
      assert.equal(is_lower and byte - 32 or byte, ascii.upper(char):byte())
    end
    assert.equal("failed i 一", ascii.lower "FAILED I 一")
    assert.equal("", ascii.upper "")
  end)

  it("sorts by bytes", function()
    local words = { "b", "一", "a", "", "B", "a\0", "ab", "_", "É", "Z" }
    table.sort(words, ascii.less)
    assert.same({ "", "B", "Z", "_", "a", "a\0", "ab", "b", "É", "一" }, words)
    assert.is_false(ascii.less("a", "a"))
  end)

  it("trims blanks, and soon where there are many", function()
    for given, wanted in pairs { [""] = "", [" \t\r\n"] = "", [" a b "] = "a b",
      ["\11a"] = "a", ["a\12"] = "a", ["\8a\14"] = "\8a\14",
      ["\194\160a"] = "\194\160a", ["一 "] = "一" } do
      assert.equal(wanted, ascii.trim(given))
    end
    local long = "a" .. (" "):rep(1e6) .. "b"
    local began = os.clock()
    assert.equal(long, ascii.trim(long))
    assert.is_true(os.clock() - began < 1)
  end)
end)

-- The sandbox's server always runs on LuaJIT, whose functions ignore the
-- locale.
local function sources()
  local files = {}
  for path in support.output("find lua -name '*.lua'"):gmatch("[^\n]+") do
    if not path:find("/sandbox/server/", 1, true)
      and not path:find("/meta/", 1, true) then
      files[path] = support.read(path)
    end
  end
  return files
end

-- Functions that follow the host's locale, and their replacements.
local FOLLOWING = {
  { "[:.]lower%(", "ascii.lower()" }, { "[:.]upper%(", "ascii.upper()" },
  { "table%.sort%([%w_.]+%)", "table.sort(list, ascii.less)" },
  { "%%%.?%d*g", "number.show()" },
  { "%%%d*%.[1-9]%d*[ef]", "number.fixed()" },
  { "%%[aAlLuUwWpP]", "a plain set such as [A-Za-z]" },
  { "%%[sS][*+]", "[ \\t-\\r] or its complement" },
  { "[^[]%%[sScC]%]", "[ \\t-\\r] and the like" },
  { ":find%(\"[^\"]*%%[sScC]", "[ \\t-\\r] and the like" },
  { ":match%(\"[^\"]*%%[sScC]", "[ \\t-\\r] and the like" },
  { ":gmatch%(\"[^\"]*%%[sScC]", "[ \\t-\\r] and the like" },
  { ":gsub%(\"[^\"]*%%[sScC]", "[ \\t-\\r] and the like" },
}

-- The code without comments, replacements and "%%".
local function code_of(text)
  text = text:gsub("%-%-[^\n]*", "")
  return (text:gsub("ascii%.%l+%(", ""):gsub("%%%%", ""))
end

describe("the Lua of this module", function()
  for path, text in pairs(sources()) do
    it("follows no locale in " .. path, function()
      local code = code_of(text)
      for _, row in ipairs(FOLLOWING) do
        local found = code:match("[^\n]*" .. row[1] .. "[^\n]*")
        if found and path ~= "lua/yuanjing/base/ascii.lua" then
          error(("write %s here: %s"):format(row[2], found), 0)
        end
      end
    end)
  end
end)
