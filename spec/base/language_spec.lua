-- The language of texts for people, and its tables.
local errors = require "yuanjing.errors"
local language = require "yuanjing.base.language"
local support = require "support"
local texts = require "support.texts"

local TABLES = { "command", "help", "hints", "messages", "usage" }

-- Literals of the command that look like a sentence, and that nobody reads: lines
-- of the shell, and patterns.
local CODE = { "^mother%(%)", "^command %-v", "^LC_ALL=C ls", "^mkdir ", "^ls %-",
  "^%^unknown option", "^unknown option '%-%-%%s'\n" }

local function each_table(take)
  for _, name in ipairs(TABLES) do
    take(require("yuanjing.base.language.zh." .. name), name)
  end
end

-- The places of a format in order: %s %d %%.
local function places_in(text)
  local places = {}
  for place in text:gmatch("%%[%-0-9.]*%a") do places[#places + 1] = place end
  return places
end

local function is_code(text)
  for _, pattern in ipairs(CODE) do
    if text:find(pattern) then return true end
  end
  return false
end

local function literals_in(folder)
  local found = {}
  for _, path in ipairs(texts.files(folder)) do
    if not path:find("/language/zh/") then
      for _, literal in ipairs(texts.of(support.read(path))) do
        found[literal.text] = path
      end
    end
  end
  return found
end

-- The language in force with those variables, and no others, and its source.
local function found_with(assignments, configured)
  local env, getenv = {}, os.getenv
  for name, value in assignments:gmatch("(%S-)=(%S*)") do env[name] = value end
  os.getenv = function(name) return env[name] end -- luacheck: ignore
  local name, source = language.find(configured)
  os.getenv = getenv -- luacheck: ignore
  return name, source
end

describe("the language", function()
  after_each(function() language.choose(nil) end)

  it("is that of a locale or of a tag", function()
    local known = { ["zh"] = "zh", ["zh_CN.UTF-8"] = "zh", ["zh-Hans-CN"] = "zh",
      ["ZH_TW"] = "zh", ["zh_CN@pinyin"] = "zh", ["en"] = "en",
      ["en_US.UTF-8"] = "en", ["EN"] = "en" }
    for locale, name in pairs(known) do
      assert.equal(name, language.of(locale), locale)
    end
    for _, locale in ipairs { "de_DE.UTF-8", "C", "POSIX", "", "zhx", "1", "_" } do
      assert.is_nil(language.of(locale), locale)
    end
  end)

  it("is the first that is set of its variables; C and POSIX are none", function()
    local CASES = {
      { "", "en" }, { "LANG=zh_CN.UTF-8", "zh" }, { "LC_ALL=C LANG=zh_CN", "en" },
      { "LC_ALL= LC_MESSAGES= LANG=zh_CN", "zh" }, { "LC_ALL=POSIX LANG=zh", "en" },
      { "LC_ALL=C.UTF-8 LANG=zh_CN", "en" },
      { "LC_MESSAGES=en_US LANG=zh_CN", "en" },
      { "LC_ALL=zh_CN LC_MESSAGES=en_US LANG=en_US", "zh" },
      { "YUANJING_LANG=en LC_ALL=zh_CN.UTF-8", "en" },
      { "YUANJING_LANG=zh LC_ALL=C", "zh" }, { "YUANJING_LANG= LANG=zh", "zh" },
      { "YUANJING_LANG=fr LANG=zh", "en" }, { "LANG=de_DE.UTF-8", "en" },
    }
    for _, case in ipairs(CASES) do
      assert.equal(case[2], (found_with(case[1])), case[1])
    end
  end)

  it("tells where it is said", function()
    local function source_with(...) return select(2, found_with(...)) end
    assert.equal("$LANG", source_with "LANG=de_DE")
    assert.equal("default", source_with "LANG=POSIX")
    assert.equal("default", source_with "LC_ALL=C.UTF-8 LANG=zh_CN")
    assert.equal("file", source_with("LANG=zh_CN", "en"))
    assert.equal("$YUANJING_LANG", source_with("YUANJING_LANG=zh", "en"))
  end)

  it("shows a text with its values, or in English what it does not have",
    function()
      assert.equal("task 7", language.say("task %s", 7))
      language.choose "zh"
      assert.equal("任务 7", language.say("task %s", 7))
      assert.equal("100 % of nothing", language.say("100 % of nothing"))
      assert.equal("no such text 7", language.say("no such text %d", 7))
    end)

  it("is that of hints, but not of messages and kinds", function()
    language.choose "zh"
    local err = errors.new { kind = "auth", message = "no API key",
      hint = "pass api_key, or set YUANJING_API_KEY" }
    assert.equal("auth: no API key; 请传入 api_key，或设置 YUANJING_API_KEY",
      tostring(err))
    assert.equal("请到 https://ai.opencomputing.cn 充值",
      errors.new({ kind = "balance", message = "x" }).hint)
    assert.is_nil(errors.new({ kind = "io", message = "x" }).hint)
  end)

  it("loads no table for a reader of English", function()
    local loaded = support.output(("YUANJING_LANG=en %s -e '%s'"):format(
      require("support.child").interpreter(), [[
        local errors = require "yuanjing.errors"
        local before = package.loaded["yuanjing.base.language"]
        local hint = errors.new { kind = "balance", message = "x" }.hint
        for name in pairs(package.loaded) do
          if name:find("language.zh", 1, true) then before = name end
        end
        io.write(tostring(before), " ", tostring(hint ~= nil))]]))
    assert.equal("nil true", loaded)
  end)
end)

describe("the Chinese texts", function()
  it("have the places of the English ones, in their order", function()
    each_table(function(list, name)
      for english, chinese in pairs(list) do
        assert.same(places_in(english), places_in(chinese),
          name .. ": " .. english)
        assert.is_truthy(chinese:find("[\227-\239]") or english:find("^%%s of"),
          name .. ": " .. english)
      end
    end)
  end)

  it("stand in one table each", function()
    local seen = {}
    each_table(function(list, name)
      for english in pairs(list) do
        assert.is_nil(seen[english], english)
        seen[english] = name
      end
    end)
  end)

  it("are of texts that the code has", function()
    local found = literals_in("lua/yuanjing")
    local ARGPARSE = { ["Show this help message and exit."] = true,
      ["call"] = true, ["second"] = true }
    each_table(function(list, name)
      for english in pairs(list) do
        local is_there = found[english] or ARGPARSE[english]
          or found[(english:gsub("%-%-no%-validate", "validate = false"))]
        assert.is_truthy(is_there, name .. ": " .. english)
      end
    end)
  end)

  it("leave no sentence of the command in English", function()
    language.choose "zh"
    for text, path in pairs(literals_in("lua/yuanjing/cli")) do
      local is_sentence = text:find("%a[%a',;:]* %a") and not is_code(text)
      assert.is_false(is_sentence and language.say(text) == text or false,
        path .. ": " .. text)
    end
    language.choose(nil)
  end)

  it("have every hint of the library", function()
    language.choose "zh"
    for kind, hint in pairs(errors.kinds) do
      assert.is_true(hint == "" or language.say(hint) ~= hint, kind)
    end
    for _, path in ipairs(texts.files "lua/yuanjing") do
      for _, literal in ipairs(texts.of(support.read(path))) do
        local is_hint = not path:find("/cli/")
          and literal.before:find("[{ ,]hint = $")
        assert.is_true(not is_hint or language.say(literal.text) ~= literal.text,
          path .. ": " .. literal.text)
      end
    end
    language.choose(nil)
  end)
end)
