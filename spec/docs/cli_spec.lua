-- docs/cli.md: its shell blocks print the documented output. And the manual
-- page.
local child = require "support.child"
local exits = require "yuanjing.cli.exits"
local sandbox = require "yuanjing.sandbox"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"

-- Once is enough: the other Lua runs cli/terminal_spec.
if rawget(_G, "jit") then return end

local PAGE = support.read "docs/cli.md"

-- The person that confirms: opens the link on stdin and presses the button.
local CONFIRM = "#!/bin/sh\nread -r link\nexec curl -fsS -o confirmed -X POST "
  .. "\"$link\"\n"

-- The blocks of a script, each with the block directly behind it, if any.
local function examples()
  local list = {}
  for script, rest in PAGE:gmatch("```sh\n(.-)```\n()") do
    list[#list + 1] = { script = script,
      output = PAGE:match("^```\n(.-)```\n", rest) }
  end
  return list
end

-- A pattern for a text in which `...` matches anything.
local function pattern_of(text)
  return "^" .. text:gsub("%p", "%%%0"):gsub("%%%.%%%.%%%.", ".*") .. "$"
end

describe("docs/yuanjing.1", function()
  it("is what the command prints about itself (else: make docs)", function()
    local made = support.output(("LUA_PATH=%s LUA_CPATH=%s %s tools/man.lua")
      :format(shell.quote(package.path), shell.quote(package.cpath),
      shell.quote(child.interpreter())))
    assert.equal(made .. "\n", support.read("docs/yuanjing.1"))
  end)
end)

describe("docs/cli.md", function()
  local server, folder

  setup(function()
    server = assert(sandbox.start { latency = 0, task_seconds = 0 })
    folder = support.output "mktemp -d"
    local program = shell.quote(support.output "pwd" .. "/bin/yuanjing")
    support.write(folder .. "/confirm", CONFIRM)
    support.write(folder .. "/yuanjing", ("#!/bin/sh\nexec %s %s \"$@\"\n")
      :format(shell.quote(child.interpreter()), program))
    os.execute("chmod +x " .. folder .. "/confirm " .. folder .. "/yuanjing")
  end)
  teardown(function()
    server:stop()
    os.execute("rm -rf " .. folder)
  end)

  local function run(script)
    return support.output(("cd %s && env -u NO_COLOR -u http_proxy "
      .. "-u https_proxy -u all_proxy -u YUANJING_LANG LC_ALL=C.UTF-8 PATH=%s:$PATH "
      .. "XDG_CONFIG_HOME=%s/settings KEY=sk-0123456789 "
      .. "YUANJING_API_KEY=%s YUANJING_BASE_URL=%s YUANJING_ASSET_URL=%s "
      .. "timeout 120 sh -c %s 2>&1; echo \"[$?]\""):format(folder, folder, folder,
      server.api_key, server.url, server.asset_url, shell.quote(script)))
  end

  for _, example in ipairs(examples()) do
    it("runs " .. example.script:match("[^\n]+"), function()
      local printed, status = run("set -e\n" .. example.script)
        :match("^(.*)%[(%d+)%]$")
      assert.equal("0", status, printed)
      assert.is_truthy(printed:find(pattern_of(example.output or "")), printed)
    end)
  end

  it("has the exit statuses as they are", function()
    for _, row in ipairs(exits) do
      local line = ("| %d | %s | %s |"):format(row.status, row.meaning,
        "`" .. table.concat(row.kinds, "` `") .. "`"):gsub("``", "")
      assert.is_truthy(PAGE:find(line, 1, true), line)
    end
  end)

  it("has a part for each command", function()
    local help = run "yuanjing --help"
    for name in help:match("Commands:\n(.-)\n\n"):gmatch("\n? ? ? (%l+)  ") do
      assert.is_truthy(PAGE:find("\n## [^\n]*%f[%w]" .. name .. "%f[%W]"), name)
    end
  end)
end)
