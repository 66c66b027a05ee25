-- Every case of support.conformance on every host, each host in its own
-- process.
local absent = require "support.absent"
local child = require "support.child"
local conformance = require "support.conformance"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local verdict = require "support.verdict"

-- The hosts, with their modules.
local HOSTS = {
  { name = "blocking" }, { name = "coroutine" }, { name = "jobs" },
  { name = "frames" }, { name = "cqueues", module = "cqueues" },
  { name = "luv", module = "luv" }, { name = "copas", module = "copas" },
  { name = "neovim", module = "vim", command = "nvim --headless -u NONE "
    .. "-i NONE -n -c 'luafile %s' -c 'qall!'" },
}

local PROGRAM = [[require("support.hosts").main(%q, %q, %q, %q)]]

-- Runs all hosts at once, because they mostly wait: the output of each, by
-- name.
local function perform_all(server, folder)
  local started = {}
  for _, host in ipairs(HOSTS) do
    if not absent(host.module) then
      started[host.name] = child.start_under(
        host.command or child.interpreter() .. " %s",
        PROGRAM:format(host.name, server.url, server.api_key, folder))
    end
  end
  local outcomes = {}
  for name, process in pairs(started) do
    local status, output = process()
    outcomes[name] = { status = status, output = output }
  end
  return outcomes
end

local outcomes, requests

setup(function()
  local server = assert(sandbox.start { latency = 0.001, task_seconds = 0 })
  local folder = support.tempdir()
  os.execute(("ln -s '%s' '%s/access.log'"):format(server.logs.access, folder))
  outcomes = perform_all(server, folder)
  requests = server:requests()
  server:stop()
end)

teardown(support.clean)

local function describe_host(host)
  describe("driven by " .. host.name, function()
    local records, rest
    setup(function()
      records, rest = verdict.read(outcomes[host.name].output)
    end)

    it("the program ends without an error, and reports what failed on purpose",
    function()
      assert.equal(0, outcomes[host.name].status)
      local reported = {}
      for line in rest:gmatch("[^\n]+") do
        if not line:find("^\t") and line ~= "stack traceback:"
          and not line:find "interrupted!$" then
          reported[#reported + 1] = line
        end
      end
      assert.same({ "yuanjing: a job failed and nobody awaited it: on purpose" },
        reported)
    end)

    for _, case in ipairs(conformance.cases) do
      it(case.name .. " is as anywhere", function()
        verdict.check(case, records[host.name .. "/" .. case.name], requests)
      end)
    end
  end)
end

for _, host in ipairs(HOSTS) do
  local reason = absent(host.module)
  if reason then
    it(("driven by %s is not there: %s"):format(host.name, reason), function()
      assert.is_false((pcall(require, host.module)))
    end)
  else
    describe_host(host)
  end
end
