--- The command `yuanjing`, run through pipes or at a terminal.
local assert = require "luassert"
local child = require "support.child"
local json = require "yuanjing.base.json"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"

local command = {}

local PROGRAM = shell.quote(child.interpreter()) .. " "
  .. shell.quote(support.output "pwd" .. "/bin/yuanjing")

-- The environment of a user, with the variables for the sandbox only.
local function assignments(server, env)
  local words = { "env -u NO_COLOR -u http_proxy -u https_proxy -u all_proxy",
    "-u YUANJING_API_KEY -u YUANJING_LANG LC_ALL=C.UTF-8 TERM=xterm",
    "XDG_CONFIG_HOME=/nonexistent" }
  if server then
    words[#words + 1] = ("YUANJING_API_KEY=%s YUANJING_BASE_URL=%s "
      .. "YUANJING_ASSET_URL=%s"):format(server.api_key, server.url,
      server.asset_url)
  end
  for name, value in pairs(env or {}) do
    words[#words + 1] = ("%s=%s"):format(name, shell.quote(value))
  end
  return table.concat(words, " ")
end

local function words_of(arguments)
  local words = { PROGRAM }
  for i, word in ipairs(arguments) do words[i + 1] = shell.quote(word) end
  return table.concat(words, " ")
end

---@class CommandRun
---@field out string
---@field err string
---@field status integer

--- Runs it through pipes.
---@param server? yuanjing.Sandbox whose address and key it gets
---@param arguments table words; and `env`, `stdin`, `before` (a prefix), `out`
--- (a path)
---@return CommandRun
function command.run(server, arguments)
  local folder = support.tempdir()
  support.write(folder .. "/in", arguments.stdin or "")
  os.execute(("%s timeout 120 %s %s <%s/in >%s 2>%s/err; "
    .. "echo $? >%s/status"):format(
    assignments(server, arguments.env), arguments.before or "",
    words_of(arguments), folder, arguments.out or folder .. "/out", folder,
    folder))
  return { out = not arguments.out and support.read(folder .. "/out") or "",
    err = support.read(folder .. "/err"),
    status = tonumber(support.read(folder .. "/status")) }
end

--- The stdout of a run without an error; its stderr must be empty.
---@param server? yuanjing.Sandbox
---@param arguments table as of run()
---@return string
function command.output_of(server, arguments)
  local ran = command.run(server, arguments)
  assert.same({ status = 0, err = "" }, { status = ran.status, err = ran.err })
  return ran.out
end

--- A run that must fail with this exit status: its stderr, of one line.
---@param server? yuanjing.Sandbox
---@param status integer
---@param arguments table as of run()
---@return string
---@return CommandRun
function command.failed(server, status, arguments)
  local ran = command.run(server, arguments)
  assert.equal(status, ran.status, ran.err)
  assert.is_truthy(ran.err:find("^yuanjing: [^\n]+\n$"), ran.err)
  return ran.err, ran
end

---@class CommandScreen
---@field status integer
---@field screen string[]
---@field wraps integer
---@field raw string

--- Runs a shell line at a terminal of that width; see spec/support/terminal.py
--- for the steps.
---@param columns integer
---@param steps table[]
---@param line string
---@param env? string assignments
---@return CommandScreen
function command.watch(columns, steps, line, env)
  local text = #steps > 0 and assert(json.encode(steps)) or "[]"
  local printed = support.output(("%s timeout 120 python3 "
    .. "spec/support/terminal.py %d %s %s 2>&1 </dev/null"):format(env or "",
    columns, shell.quote(text), line))
  return assert(json.decode(printed), printed)
end

-- A PATH on which chafa and qrencode are these shell lines.
local function path_with(viewers)
  local folder = support.tempdir()
  for _, name in ipairs { "chafa", "qrencode" } do
    support.write(folder .. "/" .. name, "#!/bin/sh\n" .. viewers .. "\n")
    os.execute("chmod +x " .. folder .. "/" .. name)
  end
  return folder .. ":" .. os.getenv "PATH"
end

--- Runs the command at a terminal of that width.
---@param server? yuanjing.Sandbox
---@param columns integer
---@param steps table[]
---@param arguments table words; and `env`, `viewers` (a line of the shell)
---@return CommandScreen
function command.at_terminal(server, columns, steps, arguments)
  local env = { PATH = path_with(arguments.viewers or "exit 0") }
  for name, value in pairs(arguments.env or {}) do env[name] = value end
  return command.watch(columns, steps, words_of(arguments),
    assignments(server, env))
end

return command
