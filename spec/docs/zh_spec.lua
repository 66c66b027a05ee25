-- The Chinese pages say what the English ones say, with the same code: so the code
-- of both is run (docs_spec.lua). tools/zh.lua compares them.
local child = require "support.child"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"

-- Pure text: once is enough.
if rawget(_G, "jit") then return end

local TOOL = support.output "pwd" .. "/tools/zh.lua"

-- What it prints in that folder, and its status.
local function zh(folder, ...)
  local printed = shell.read([[
    cd "$1" && shift && "$@" 2>&1; echo "status $?"]], folder,
    child.interpreter(), TOOL, ...)
  local output, status = printed:match("^(.*)status (%d+)\n$")
  return output, tonumber(status)
end

it("the Chinese pages are up to date (lua5.4 tools/zh.lua check)", function()
  assert.same({ "", 0 }, { zh(".", "check") })
end)

local ENGLISH = [[
# Text

## Ask

It answers.

| a | b |
|---|---|

```lua
print("-- a", 1)  -- prints
```

### And more
]]

local CHINESE = [[
# 文本

## 提问

它会回答。

| 甲 | 乙 |
|---|---|

```lua
print("-- a", 1)  -- 打印
```

### 还有
]]

describe("tools/zh.lua", function()
  local folder

  local function edit(path, from, to)
    local file = folder .. "/" .. path
    local text, count = support.read(file):gsub(from, to)
    assert.equal(1, count)
    support.write(file, text)
  end

  before_each(function()
    folder = support.tempdir()
    os.execute(("mkdir -p %s/docs/guide %s/docs/zh/guide"):format(folder, folder))
    for page, text in pairs { ["README.md"] = "# A\n", ["README.zh-CN.md"] = "# 一\n",
      ["docs/README.md"] = "# B\n", ["docs/zh/README.md"] = "# 二\n",
      ["docs/guide/chat.md"] = ENGLISH, ["docs/zh/guide/chat.md"] = CHINESE } do
      support.write(folder .. "/" .. page, text)
    end
    assert.equal("", (zh(folder, "stamp", "docs/zh/guide/chat.md",
      "README.zh-CN.md", "docs/zh/README.md")))
  end)
  after_each(support.clean)

  it("stamps each section and links the pages", function()
    assert.same({ "", 0 }, { zh(folder, "check") })
    local chinese = support.read(folder .. "/docs/zh/guide/chat.md")
    assert.is_truthy(chinese:find("^%[English%]%(%.%./%.%./guide/chat%.md%) · 中文\n"
      .. "\n# 文本\n<!%-%- en: %x+ %-%->\n\n## 提问\n<!%-%- en: %x+ %-%->\n"))
    assert.is_truthy(support.read(folder .. "/docs/guide/chat.md")
      :find("^English · %[中文%]%(%.%./zh/guide/chat%.md%)\n\n# Text\n"))
  end)

  it("stamps twice as once", function()
    local chinese = support.read(folder .. "/docs/zh/guide/chat.md")
    zh(folder, "stamp", "docs/zh/guide/chat.md")
    assert.equal(chinese, support.read(folder .. "/docs/zh/guide/chat.md"))
  end)

  it("reports a page that is missing", function()
    os.remove(folder .. "/docs/zh/README.md")
    local missing = "docs/zh/README.md: is missing\n"
    assert.same({ missing, 1 }, { zh(folder, "check") })
  end)

  for name, case in pairs {
    ["another sentence"] = { "guide/chat.md", "answers", "replies",
      "## 提问: is out of date" },
    ["other code in English"] = { "guide/chat.md", ", 1", ", 2",
      "## 提问: is out of date" },
    ["other code in Chinese"] = { "zh/guide/chat.md", ", 1", ", 2",
      "## 提问: block 1 is not" },
    ["other code after a mark in a string"] = { "zh/guide/chat.md", "%-%- a",
      "-- b", "## 提问: block 1 is not" },
    ["a comment that says how to run it"] = { "zh/guide/chat.md", "\n```lua",
      "\n<!-- with: local a -->\n```lua", "## 提问: block 1 is not" },
    ["a lost row"] = { "zh/guide/chat.md", "|%-%-%-|%-%-%-|\n", "",
      "## 提问: has 1 rows of tables where English has 2" },
    ["a lost section"] = { "zh/guide/chat.md", "### 还有\n", "",
      "lacks the section ### And more" },
    ["another level"] = { "zh/guide/chat.md", "### 还有", "## 还有",
      'has "## 还有" where English has "### And more"' },
    ["a section without a stamp"] = { "zh/guide/chat.md",
      "提问\n<!%-%- en: %x+ %-%->", "提问", "## 提问: has no stamp" },
    ["a lost link"] = { "guide/chat.md", "English ·", "",
      "docs/guide/chat.md: its first line" },
  } do
    it("reports " .. name, function()
      edit("docs/" .. case[1], case[2], case[3])
      local output, status = zh(folder, "check")
      assert.is_truthy(output:find(case[4], 1, true), output)
      assert.equal(1, status)
    end)
  end

  for name, case in pairs {
    ["a translated comment"] = { "zh/guide/chat.md", "打印", "打印出来" },
    ["a paragraph that is wrapped anew"] = { "guide/chat.md", "It answers",
      "It\nanswers" },
  } do
    it("accepts " .. name, function()
      edit("docs/" .. case[1], case[2], case[3])
      assert.same({ "", 0 }, { zh(folder, "check") })
    end)
  end
end)
