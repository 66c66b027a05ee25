-- The settings of a user: options, the environment, a file; and the key in it.
local command = require "support.command"
local config = require "yuanjing.cli.config"
local json = require "yuanjing.base.json"
local support = require "support"

-- A home with that file, or without one.
local function home(text, mode)
  local folder = support.tempdir()
  if text then
    os.execute("mkdir -p " .. folder .. "/yuanjing")
    support.write(folder .. "/yuanjing/config.json", text)
    os.execute(("chmod %s %s/yuanjing/config.json"):format(mode or "600", folder))
  end
  return folder
end

local function run(folder, arguments)
  arguments.env = arguments.env or {}
  arguments.env.XDG_CONFIG_HOME = folder
  return command.run(nil, arguments)
end

-- Calls f with those variables in the environment, and no others.
local function with(env, f, ...)
  local getenv = os.getenv
  os.getenv = function(name) return env[name] end -- luacheck: ignore
  local results = { pcall(f, ...) }
  os.getenv = getenv -- luacheck: ignore
  assert(results[1], results[2])
  return results[2], results[3]
end

-- What is in force for that folder: value and source of a setting.
local function setting(folder, name, env, arguments)
  env = env or {}
  env.XDG_CONFIG_HOME = folder
  local found = with(env, config.in_force, arguments or {})[name]
  return { found.value, found.source }
end

describe("the settings", function()
  local TEXT = '{"api_key":"sk-0123456789abcdef","lang":"zh","api":"legacy",'
    .. '"base_url":"http://127.0.0.1:1","models":{"image":"m"}}'

  it("are the options', then the environment's, then the file's", function()
    local folder = home(TEXT)
    local path = folder .. "/yuanjing/config.json"
    local URL = "YUANJING_BASE_URL"
    assert.same({ "http://127.0.0.1:1", path }, setting(folder, "base_url"))
    assert.same({ "http://127.0.0.1:2", "$" .. URL },
      setting(folder, "base_url", { [URL] = "http://127.0.0.1:2" }))
    assert.same({ "http://127.0.0.1:3", "--base-url" },
      setting(folder, "base_url", { [URL] = "http://127.0.0.1:2" },
        { base_url = "http://127.0.0.1:3" }))
    assert.same({ "http://127.0.0.1:1", path },
      setting(folder, "base_url", { [URL] = "" }))
    assert.same({ "legacy", path }, setting(folder, "api"))
    assert.same({ "m", path }, setting(folder, "models.image"))
    assert.same({}, setting(folder, "models.chat"))
    assert.same({ "https://opencomputing.ai", "default" },
      setting(home(), "base_url"))
  end)

  it("have the file's language before the locale's", function()
    local folder = home(TEXT)
    local path = folder .. "/yuanjing/config.json"
    assert.same({ "zh", path },
      setting(folder, "lang", { LANG = "en_US.UTF-8" }))
    assert.same({ "en", "$YUANJING_LANG" },
      setting(folder, "lang", { YUANJING_LANG = "en" }))
    assert.same({ "en", "--lang" },
      setting(folder, "lang", { YUANJING_LANG = "zh" }, { lang = "en" }))
    assert.same({ "zh", "$LANG" },
      setting(home(), "lang", { LANG = "zh_CN.UTF-8" }))
  end)

  it("are in ~/.config, or where XDG_CONFIG_HOME says", function()
    for path, env in pairs {
      ["/a/.config/yuanjing/config.json"] = { HOME = "/a" },
      ["/b/yuanjing/config.json"] = { HOME = "/a", XDG_CONFIG_HOME = "/b" },
      ["/c/.config/yuanjing/config.json"] = { HOME = "/c",
        XDG_CONFIG_HOME = "relative" },
    } do
      assert.equal(path, with(env, config.path))
    end
    assert.is_nil(with({}, config.path))
    assert.equal("v1", with({}, config.in_force, {}).api.value)
  end)

  it("of a file with a mistake are an error that names it", function()
    local CASES = { ['{"base-url":"x"}'] = 'did you mean "base_url"?',
      ['{"models":{"imge":"x"}}'] = 'did you mean "image"?',
      ['{"lang":"fr"}'] = "one of en, zh", ["{"] = "config.json: ",
      ["[1]"] = "unknown option", ["7"] = "JSON object",
      ['{"base_url":7}'] = "expected string" }
    for text, problem in pairs(CASES) do
      local found, err = with({ XDG_CONFIG_HOME = home(text) }, config.read)
      assert.is_nil(found)
      assert.equal("invalid_request", err.kind)
      assert.is_truthy(err.message:find(problem, 1, true), err.message)
    end
  end)

  it("stop a call if the file has a mistake, but no help", function()
    local folder = home "{"
    assert.equal(2, run(folder, { "models" }).status)
    assert.equal(0, run(folder, { "models", "--help" }).status)
  end)

  it("show little of the key", function()
    local ran = run(home(TEXT), { "config", "--lang", "en" })
    assert.is_truthy(ran.out:find("sk-...cdef", 1, true), ran.out)
    assert.is_nil(ran.out:find("0123456789", 1, true))
    assert.equal("***", config.masked "sk-short")
  end)

  it("have the model of a command", function()
    local folder = home '{"models":{"chat":"one"}}'
    local ran = run(folder, { "chat", "x", "--dry-run",
      env = { YUANJING_API_KEY = "k" } })
    assert.is_truthy(ran.out:find('"model":"one"', 1, true), ran.out .. ran.err)
  end)
end)

describe("yuanjing login", function()
  it("keeps the key for its user alone, and the rest of the file", function()
    local folder = home('{"lang":"en"}', "644")
    local path = folder .. "/yuanjing/config.json"
    local ran = run(folder, { "login", stdin = " sk-0123456789abcdef \n" })
    assert.same({ 0, "" }, { ran.status, ran.err })
    assert.is_nil((ran.out .. ran.err):find("0123456789", 1, true))
    assert.equal("-rw-------", support.output("ls -l " .. path):sub(1, 10))
    assert.same({ lang = "en", api_key = "sk-0123456789abcdef" },
      json.decode(support.read(path)))
    assert.is_truthy(run(folder, { "chat", "x", "--dry-run" }).out
      :find("Bearer ***", 1, true))
    run(folder, { "logout" })
    assert.same({ lang = "en" }, json.decode(support.read(path)))
    assert.equal(3, run(folder, { "chat", "x" }).status)
  end)

  it("makes the folder, and takes no empty key", function()
    local folder = home()
    assert.equal(2, run(folder, { "login", stdin = "\n" }).status)
    assert.equal(2, run(folder, { "login", stdin = "" }).status)
    assert.equal("", support.output("ls " .. folder))
    assert.equal(0, run(folder, { "login", stdin = "sk-1234" }).status)
    assert.equal("config.json", support.output("ls " .. folder .. "/yuanjing"))
  end)

  it("shows nothing of what is typed at a terminal", function()
    local folder = home()
    local seen = command.at_terminal(nil, 80, { { "wait", "shown): " },
      { "send", "sk-hidden-1234\r" } },
      { "login", env = { XDG_CONFIG_HOME = folder } })
    assert.equal(0, seen.status, seen.raw)
    assert.is_nil(seen.raw:find("sk-hidden", 1, true))
    assert.is_truthy(support.read(folder .. "/yuanjing/config.json")
      :find("sk-hidden-1234", 1, true))
  end)

  it("has its key refused if others can read the file", function()
    local folder = home('{"api_key":"sk-0123456789abcdef"}', "640")
    local ran = run(folder, { "chat", "x" })
    assert.equal(3, ran.status)
    assert.is_truthy(ran.err:find("chmod 600 ", 1, true), ran.err)
    assert.is_nil(ran.err:find("0123456789", 1, true))
    local own = run(folder, { "chat", "x", "--dry-run",
      env = { YUANJING_API_KEY = "sk-of-the-environment" } })
    assert.same({ 0, "" }, { own.status, own.err })
  end)
end)
