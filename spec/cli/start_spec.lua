-- How bin/yuanjing finds a Lua that can run it.
local support = require "support"

local PROGRAM = support.output "pwd" .. "/bin/yuanjing"

-- What a shell line prints, and its status.
local function run(line)
  local text = support.output("{ " .. line .. "; } 2>&1; echo \"status $?\"")
  local printed, status = text:match("^(.-)\n?status (%d+)$")
  return printed, tonumber(status)
end

-- A folder with those programs, each a link to what the machine has.
local function path_with(...)
  local folder = support.tempdir()
  for _, name in ipairs { "sh", "env", "stty", ... } do
    os.execute(("ln -s \"$(command -v %s)\" %s/%s"):format(name, folder, name))
  end
  return folder
end

describe("bin/yuanjing", function()
  it("starts by itself, and with each Lua that is here", function()
    for _, lua in ipairs { "", "sh", "lua5.4", "luajit" } do
      local printed, status = run(lua .. " " .. PROGRAM .. " --version")
      assert.same({ "yuanjing " .. require "yuanjing.version", 0 },
        { printed, status })
    end
  end)

  it("goes on with another Lua where the first can not run it", function()
    local has_puc = support.output "command -v lua5.1" ~= ""
    if not has_puc then pending("no PUC 5.1 here") end
    local printed, status = run("lua5.1 " .. PROGRAM
      .. " chat --wait \"it's\" '你好'")
    assert.equal(2, status)
    assert.is_truthy(printed:find("^yuanjing: unknown option '%-%-wait'"), printed)
    assert.equal(0, select(2, run("lua5.1 " .. PROGRAM .. " catalog")))
  end)

  it("says in one line that there is no Lua, or none that can run it", function()
    local shell = "env PATH=%s sh %s"
    assert.same({ "yuanjing: it needs Lua: lua5.4 or luajit", 1 },
      { run(shell:format(path_with(), PROGRAM)) })
    local alone = support.tempdir() .. "/yuanjing"
    os.execute(("cp %s %s"):format(PROGRAM, alone))
    local printed, status = run("env -u LUA_PATH -u LUA_CPATH "
      .. shell:format(path_with "lua5.4", alone))
    assert.equal(1, status)
    assert.is_truthy(printed:find("^yuanjing: neither Lua 5.4 nor[^\n]*$"),
      printed)
  end)
end)
