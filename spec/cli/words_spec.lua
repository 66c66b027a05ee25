-- The command line before it is run: the language of its texts, options that become
-- fields, names of models, completion.
local cells = require "yuanjing.cli.terminal.cells"
local cli = require "yuanjing.cli"
local errors = require "yuanjing.errors"
local fields = require "yuanjing.cli.fields"
local language = require "yuanjing.base.language"
local localize = require "yuanjing.cli.localize"
local names = require "yuanjing.cli.catalog.names"
local purposes = require "yuanjing.cli.catalog.purposes"
local support = require "support"
local wrap = require "yuanjing.cli.terminal.wrap"

local function commands_of(parser)
  local list = { parser }
  for _, command in ipairs(parser._commands) do
    for _, one in ipairs(commands_of(command)) do list[#list + 1] = one end
  end
  return list
end

describe("the help in Chinese", function()
  local parser

  setup(function()
    language.choose "zh"
    parser = cli.parser()
  end)
  teardown(function() language.choose(nil) end)

  it("has no line that is wider than 80 cells", function()
    for _, command in ipairs(commands_of(parser)) do
      for line in command:get_help():gmatch("[^\n]+") do
        assert.is_true(cells.width(line) <= 80, line)
      end
    end
  end)

  it("has no English sentence", function()
    for _, command in ipairs(commands_of(parser)) do
      local text = command:get_help():gsub("^.-\n\n", ""):gsub("`[^`]*`", "")
      assert.is_nil(text:match("%l+ %l+ %l+ %l+"), text)
      assert.is_nil(text:match("default:"), text)
    end
  end)

  it("is that of a wrong command line", function()
    local CASES = {
      ["unknown option '--durtion'\nDid you mean '--duration'?"] =
        "没有选项 '--durtion'。你是不是想写 '--duration'？",
      ["missing option '--group'"] = "缺少选项 '--group'",
      ["too many arguments"] = "参数太多",
      ["argument for option '--api' must be one of 'v1', 'legacy'"] =
        "选项 '--api'的值必须是其中之一：'v1', 'legacy'",
      ["option '-m' must be used at most 1 time"] = "选项 '-m'最多只能用 1 次",
      ["something new"] = "something new",
    }
    for english, chinese in pairs(CASES) do
      assert.equal(chinese, localize.problem(english))
    end
  end)
end)

describe("wrap", function()
  it("ends a line behind a Chinese character, or at a blank", function()
    assert.equal("一二三\n四五", wrap("一二三四五", 6))
    assert.equal("一二\nabc 三", wrap("一二abc 三", 6))
    assert.equal("ab cd\nef", wrap("ab cd ef", 5))
    assert.equal("  ab\ncd\n\nx", wrap("  ab cd\n\nx", 5))
  end)

  it("begins no line with a closing sign, and ends none with an opening one",
    function()
      for width = 4, 40 do
        for line in wrap("选项优先，其次是环境变量（默认）；最后是“文件”。", width)
          :gmatch("[^\n]+") do
          for _, sign in ipairs { "，", "）", "；", "”", "。" } do
            assert.are_not.equal(1, (line:find(sign, 1, true)))
          end
          assert.is_nil(line:find("（$"))
        end
      end
    end)

  it("loses nothing", function()
    local text = "参考图片；可以 again 多次给出。（1800）"
    for width = 2, 50 do
      assert.equal(text:gsub("%s", ""), (wrap(text, width):gsub("%s", "")))
    end
  end)
end)

describe("an option that a command does not have", function()
  local parser = cli.parser()

  local function read(...)
    local words, problem = fields.as_extra(parser, { ... })
    return words and table.concat(words, " ") or problem
  end

  it("is a field of the request", function()
    assert.equal("image x --extra seed=7", read("image", "x", "--seed", "7"))
    assert.equal("image --extra seed=-1 x", read("image", "--seed", "-1", "x"))
    assert.equal("image --extra prompt_extend=true x",
      read("image", "--prompt-extend=true", "x"))
    assert.equal("chat --lang zh hi --extra temperature=0.2",
      read("chat", "--lang", "zh", "hi", "--temperature", "0.2"))
    assert.equal("--lang zh video --extra seed=7",
      read("--lang", "zh", "video", "--seed", "7"))
  end)

  it("is refused if it is near one that the command has", function()
    for word, meant in pairs { ["--durtion"] = "--duration",
      ["--negative"] = "--negative-prompt", ["--firstframe"] = "--first-frame",
      ["--outptu"] = "--output" } do
      local problem = read("video", word, "5")
      assert.is_truthy(problem:find("Did you mean '" .. meant .. "'", 1, true),
        problem)
    end
  end)

  it("needs a value", function()
    for _, words in ipairs { { "image", "--watermark" },
      { "image", "--watermark", "--seed", "7" } } do
      assert.is_truthy(read((table.unpack or unpack)(words))
        :find("--watermark=true", 1, true))
    end
  end)

  it("stays what it is behind --, for the key, and in other commands", function()
    for _, line in ipairs { "image -- --seed 7", "image --key 7",
      "image --api-key 7", "models --seed 7", "image --extra seed=7 x",
      "nosuch --seed 7", "video -m x --duration=5", "image --duration 5",
      "image --first-frame a.png" } do
      local words = {}
      for word in line:gmatch("%S+") do words[#words + 1] = word end
      assert.equal(line, read((table.unpack or unpack)(words)))
    end
  end)
end)

describe("the name of a model", function()
  local MODELS = { "wan2.2-t2i-plus", "wan2.5-t2i", "vidu" }

  it("that is only a part is told with those that have it", function()
    assert.is_true(names.is_part("wan", MODELS))
    assert.is_true(names.is_part("WAN2.5", MODELS))
    for _, name in ipairs { "vidu", "sora", "" } do
      assert.is_false(names.is_part(name, MODELS))
    end
    assert.equal("did you mean wan2.2-t2i-plus, wan2.5-t2i?",
      names.hint("wan", MODELS))
    assert.equal("did you mean vidu?", names.hint("viud", MODELS))
    assert.is_nil(names.hint("nothing-like-it", MODELS))
  end)

  it("is asked about when the platform has refused it", function()
    local function hint_of(model, attempts, hint)
      local err = errors.new { kind = "invalid_request", message = "x",
        attempts = attempts, hint = hint }
      names.add_hint(err, model, MODELS)
      return err.hint
    end
    assert.equal("did you mean vidu?", hint_of("viud", 1))
    assert.equal("other", hint_of("viud", 1, "other"))
    local auth = errors.new { kind = "auth", message = "x", attempts = 1 }
    local hint = auth.hint
    names.add_hint(auth, "viud", MODELS)
    assert.equal(hint, auth.hint)
    for _, case in ipairs { { "viud", 0 }, { "vidu", 1 }, { nil, 1 } } do
      assert.is_nil(hint_of(case[1], case[2]))
    end
  end)

  it("is found for a purpose", function()
    local list = setmetatable({ "a", "viduq3-pro", "wan2.2-t2i-plus", "b" },
      { __index = { categories = { a = { t2t = true }, b = {},
        ["viduq3-pro"] = { i2v = true }, ["wan2.2-t2i-plus"] = { t2i = true } },
        usable = { { model = "viduq3-pro", kind = "video", params = {
          { role = "last_frame" } } } } } })
    assert.same({ "a", "b" }, purposes.among(list, "chat"))
    assert.same({ "viduq3-pro", "b" }, purposes.among(list, "video"))
    assert.same({ "viduq3-pro" }, purposes.among(list, "last-frame"))
    assert.same({ "wan2.2-t2i-plus", "b" }, purposes.among(list, "image"))
  end)
end)

describe("completion", function()
  -- What bash offers for a command line.
  local function offered(line)
    local script = support.tempdir() .. "/completion"
    support.write(script, cli.parser(true):get_bash_complete())
    return support.output(([[bash -c 'source %s; COMP_WORDS=(%s "")
      COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _yuanjing
      printf "%%s " "${COMPREPLY[@]}"']]):format(script, line))
  end

  it("knows commands, models, and the values of options", function()
    assert.is_truthy(offered("yuanjing"):find("login ", 1, true))
    assert.is_truthy(offered("yuanjing image -m")
      :find("wan2.2-t2i-plus ", 1, true))
    assert.is_truthy(offered("yuanjing video --resolution")
      :find("720P ", 1, true))
    assert.equal("en zh ", offered("yuanjing chat --lang"))
    assert.is_truthy(offered("yuanjing models --for")
      :find("last-frame ", 1, true))
    assert.is_truthy(offered("yuanjing account --category")
      :find("ref2v ", 1, true))
  end)
end)
