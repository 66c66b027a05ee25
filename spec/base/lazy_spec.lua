-- Lazy loading after the program has changed its surroundings. Each case is a
-- process that has loaded the module and called nothing yet.
local child = require "support.child"
local scripted = require "support.scripted"
local support = require "support"

local OK = scripted.answer(200, {},
  '{"content":"hi","choices":[{"message":{"content":"hi"}}]}')

local servers

setup(function()
  servers = {
    answers = support.serve { default = { { "request" }, { "send", OK } } },
    mute = support.serve { default = { { "request" } } }, -- closes at once
  }
end)

teardown(support.clean)

local CALLS = [[
  local function client(url)
    return yuanjing.new { base_url = url, api_key = "sk-test", retries = 0 }
  end
  local function tell(name, ...)
    local ok, value, err = ...
    print(name, ok and (err and err.kind or value.content or value)
      or tostring(value):match("^[^\n]*"))
  end
]]

local REST = [[
  local answers, mute = %q, %q
  tell("chat", pcall(function()
    return client(answers):chat { prompt = "x" }
  end))
  tell("unanswered", pcall(function()
    return client(mute):chat { prompt = "x" }
  end))
  tell("image", pcall(function()
    return client(mute):image { model = "wan2.2-t2i-plus", prompt = "x" }
  end))
  tell("job", pcall(function()
    return yuanjing.async(function()
      return client(answers):chat { prompt = "x" }
    end):await()
  end))
  tell("bytes", pcall(function()
    return { content = tostring(yuanjing.bytes("x", { name = "a.png" }) ~= nil) }
  end))
  tell("catalog", pcall(function()
    return { content = #yuanjing.catalog > 0 and "there" }
  end))
]]

-- The result of each call, by its name.
local function printed(change, before)
  local status, output = child.run((before or "") .. [[
    local yuanjing = require "yuanjing"
    ]] .. CALLS .. change
    .. REST:format(servers.answers.url, servers.mute.url))
  assert.equal(0, status, output)
  local answers = {}
  for name, text in output:gmatch("(%w+)\t([^\n]*)") do answers[name] = text end
  return answers
end

local ALL_WELL = { chat = "hi", unanswered = "outcome_unknown",
  image = "outcome_unknown", job = "hi", bytes = "true", catalog = "there" }

local function run_with_few_descriptors(script)
  local path = support.write(support.tempdir() .. "/script.lua",
    ("package.path, package.cpath = %q, %q\n"):format(package.path,
      package.cpath) .. script)
  -- NB: this process may pass dozens of its own descriptors on
  return support.output(("ulimit -n 250; timeout 120 %s %s 2>&1")
    :format(child.interpreter(), path)) .. "\n"
end

describe("what is loaded late", function()
  local CHANGES = {
    ["an emptied path"] = [[package.path, package.cpath = "", ""]],
    ["a path that is no text"] = [[package.path = nil]],
    ["no require()"] = [[require = nil]],
    ["neither"] = [[require, package.path, package.cpath = nil, "", ""]],
    ["another package"] = [[package = { loaded = {} }]],
  }
  for name, change in pairs(CHANGES) do
    it("is found with " .. name, function()
      assert.same(ALL_WELL, printed(change))
    end)
  end

  it("is found from another folder, by a path from the first", function()
    assert.same(ALL_WELL, printed([[require("lfs").chdir("/")]], [[
      package.path = "./lua/?.lua;./lua/?/init.lua;" .. package.path
    ]]))
  end)

  -- As in a .love: there is nothing to read, and what is kept is loaded at once.
  it("is found in an archive that only a searcher knows", function()
    assert.same(ALL_WELL, printed("", [[
      local path, compile = package.path, loadstring or load
      local searchpath, open = package.searchpath, io.open
      table.insert(package.searchers or package.loaders, 2, function(name)
        local found = name:find("^yuanjing%.?") and searchpath(name, path)
        local file = found and open(found, "rb")
        if not file then return nil end
        local source = file:read("*a")
        file:close()
        return assert(compile(source, "=archive/" .. name))
      end)
      package.path = package.path:gsub("[^;]*lua/%?[^;]*;?", "")
    ]]))
  end)

  it("leaves the path and require() as they were", function()
    local status, output = child.run(CALLS:gsub("^", [[
      local yuanjing = require "yuanjing"
    ]]) .. [[
      package.path, require = "./?.x", nil
      client("http://127.0.0.1:1"):chat { prompt = "x" }
      print(package.path, require)
    ]])
    assert.same({ 0, "./?.x\tnil" }, { status, output })
  end)

  -- A pool takes two descriptors, a connection one.
  it("that can not be read is an error of kind io, and nothing is sent",
    function()
      local sent = servers.answers:connections().opened
      local output = run_with_few_descriptors([[
        local yuanjing = require "yuanjing"
      ]] .. CALLS .. ([[
        local one = client(%q)
        local hold = {}
        repeat
          local file = io.open("/dev/null")
          hold[#hold + 1] = file
        until not file
        tell("chat", pcall(one.chat, one, { prompt = "x" }))
        tell("image", pcall(one.image, one, { model = "m", prompt = "x" }))
        tell("job", pcall(function()
          return yuanjing.async(function() return 1 end):await()
        end))
        for _, file in ipairs(hold) do file:close() end
        tell("later", pcall(one.chat, one, { prompt = "x" }))
      ]]):format(servers.answers.url))
      assert.same("chat\tio\nimage\tio\njob\tio\nlater\thi\n", output)
      assert.equal(sent + 1, servers.answers:connections().opened)
    end)

  it("never raises for want of a descriptor, however many are left", function()
    local path = support.tempdir() .. "/tasks.journal"
    for left = 0, 5 do
      local output = run_with_few_descriptors([[
        local yuanjing = require "yuanjing"
      ]] .. CALLS .. ([[
        local one = yuanjing.new { base_url = %q, api_key = "sk-test",
          retries = 0, journal = %q }
        assert(one:chat { prompt = "x" })
        local hold = {}
        repeat
          local file = io.open("/dev/null")
          hold[#hold + 1] = file
        until not file
        for _ = 1, %d do table.remove(hold):close() end
        print(pcall(one.image, one, { model = "wan2.2-t2i-plus", prompt = "x" }))
        print(pcall(function() return one.journal:find {} end))
        for _, file in ipairs(hold) do file:close() end
        print(pcall(function() return #assert(one.journal:unknown()) end))
      ]]):format(servers.answers.url, path, left))
      local _, raised = output:gsub("false\t", "")
      local _, reported = output:gsub("true\t", "")
      assert.same({ left, 0, 3 }, { left, raised, reported }, output)
    end
  end)

  it("reports why nothing can be read", function()
    local output = run_with_few_descriptors([[
      local yuanjing = require "yuanjing"
    ]] .. CALLS .. [[
      local one = client("http://127.0.0.1:1")
      repeat until not io.open("/dev/null")
      print(select(2, one:chat { prompt = "x" }).message)
    ]])
    assert.truthy(output:find("Too many open files", 1, true), output)
  end)

  it("is read in a locale whose point has several bytes", function()
    local status, output = child.run(CALLS:gsub("^", [[
      local yuanjing = require "yuanjing"
    ]]) .. ([[
      local locale = assert(os.setlocale("ps_AF.UTF-8", "numeric"))
      local one = client(%q)
      print(one:image { model = "wan2.2-t2i-plus", prompt = "x" })
      print(os.setlocale(nil, "numeric") == locale)
    ]]):format(servers.answers.url))
    assert.equal(0, status, output)
    assert.falsy(output:find("can not load", 1, true), output)
    assert.truthy(output:find("true$", 1), output)
  end)
end)

describe("a function of yuanjing", function()
  local function prints(script)
    local status, output = child.run('local yuanjing = require "yuanjing" '
      .. script)
    assert.equal(0, status, output)
    return output
  end

  it("is the module's own once it was called", function()
    assert.equal("true true", prints [[
      local early = yuanjing.update
      yuanjing.update()
      local own = require("yuanjing.runtime.job").update
      early()
      print(early ~= own, yuanjing.update == own)
    ]]:gsub("\t", " "))
  end)

  it("stays a program's own", function()
    assert.equal("mine", prints [[
      local theirs = yuanjing.update
      yuanjing.update = function() theirs() return "mine" end
      yuanjing.update()
      print(yuanjing.update())
    ]])
  end)
end)
