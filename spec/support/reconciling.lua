-- Batches that carry numbers (`reconcile = true`), killed at random moments; then
-- their unknown entries are settled by histories of each kind, and compared with
-- what the sandbox has.
local child = require "support.child"
local json = require "yuanjing.base.json"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

local reconciling = {}

-- A batch that goes on where it was, four pictures at a time. The pause is where
-- the intent is in the journal and nothing has left.
local PROGRAM = [[
local core = require "yuanjing.core"
local yuanjing = require "yuanjing"
math.randomseed(tonumber(arg[2]))
local client = yuanjing.new { journal = arg[1], reconcile = true, retries = 0,
  headers = { ["X-Sandbox"] = "stall-head=0.02" },
  on_event = function(event)
    if event.type ~= "request" or math.random() < 0.5 then return end
    local ends = core.now() + math.random() * 0.02
    repeat until core.now() > ends
  end }
local bought, begun = {}, 0
for _, entry in ipairs(assert(client.journal:find {})) do
  if entry.state ~= "refused" then bought[entry.note] = true end
end
local function work()
  while begun < tonumber(arg[3]) do
    begun = begun + 1
    local note = "picture " .. begun
    if not bought[note] then
      client:image { model = "wan2.2-t2i-flash", prompt = note, note = note }
    end
  end
end
local jobs = {}
for i = 1, 4 do jobs[i] = yuanjing.async(work) end
for _, job in ipairs(jobs) do job:await() end
]]

local function command(server, folder, count)
  return ("YUANJING_BASE_URL=%s YUANJING_API_KEY=%s LUA_PATH='%s' LUA_CPATH='%s' "
    .. "exec %s %s/batch.lua %s/tasks.journal %d %d"):format(server.url,
    server.api_key, package.path, package.cpath, child.interpreter(), folder,
    folder, math.random(1e6), count)
end

-- Runs it for so many seconds; returns whether it was killed.
local function live(line, seconds)
  return support.output(([[(%s) >/dev/null 2>&1 </dev/null & sleep %.3f
    kill -9 $! 2>/dev/null; wait $! 2>/dev/null; echo $?]]):format(line, seconds))
    :find("137", 1, true) ~= nil
end

-- The prompts that the sandbox has, with their tasks.
local function truth_of(server)
  local text = support.output(("curl -s %s/sandbox/tasks"):format(server.url))
  local tasks = {}
  for _, task in ipairs(assert(json.decode(text)).tasks) do
    tasks[task.prompt] = task.id
  end
  return tasks
end

-- Scenarios of the history, and whether each entry must be settled by it.
local HISTORIES = { [""] = true, ["history-lag=3"] = true }
for _, name in ipairs { "drop=2", "drop=3", "drop=7", "shifted", "nameless",
  "unreadable", "refused", "empty", "moved", "page", "other" } do
  HISTORIES["history-" .. name] = false
end

local function is_wrong(entry, truth)
  local id = truth[entry.note]
  if entry.outcome == "billed" then return entry.id ~= id end
  return entry.outcome == "not_received" and id ~= nil
end

-- Settles a copy of the journal.
local function settle(server, folder, scenario, seconds, truth, found)
  local path = ("%s/%s.journal"):format(folder, (scenario:gsub("%W", "_")))
  support.write(path, support.read(folder .. "/tasks.journal"))
  local client = yuanjing.new { base_url = server.url, api_key = server.api_key,
    reconcile = true, journal = path,
    headers = { ["X-Sandbox"] = scenario ~= "" and scenario or nil } }
  local counts = { billed = 0, not_received = 0, still_unknown = 0 }
  for _, entry in ipairs(assert(client.journal:settle { timeout = seconds })) do
    counts[entry.outcome] = counts[entry.outcome] + 1
    if is_wrong(entry, truth) then
      found.wrong[#found.wrong + 1] = ("%s: %s is %s"):format(scenario,
        entry.note, entry.outcome)
    end
  end
  for _, entry in ipairs(HISTORIES[scenario] and client.journal:unknown() or {}) do
    found.unknown[#found.unknown + 1] = scenario .. ": " .. entry.note
  end
  found.counts[#found.counts + 1] = ("%-20s %d billed, %d not received, %d "
    .. "unknown"):format(scenario, counts.billed, counts.not_received,
    counts.still_unknown)
end

local function settle_all(server, folder, seconds, found)
  local truth, jobs = truth_of(server), {}
  for scenario, is_good in pairs(HISTORIES) do
    jobs[#jobs + 1] = yuanjing.async(settle, server, folder, scenario,
      is_good and 90 or seconds, truth, found)
  end
  for _, job in ipairs(jobs) do assert(select("#", job:await()) == 0) end
  table.sort(found.counts)
end

--- Kills batches so often, then settles. Returns lists of entries that are left
--- `unknown` and those that were settled `wrong`, and a line of `counts` for each
--- history.
---@param kills integer
---@param seconds number how long a history that can not be relied on is asked
---@return table<string, string[]> found
function reconciling.run(kills, seconds)
  local server = assert(sandbox.start { task_seconds = 0 })
  local folder, hits = support.tempdir(), 0
  support.write(folder .. "/batch.lua", PROGRAM)
  -- NB: a history is believed for the calls that are known to be in it.
  local start = support.timed(os.execute, "(" .. command(server, folder, 1)
    .. ") >/dev/null 2>&1 </dev/null")
  local most, is_bought = 0.12, false
  repeat
    local line = command(server, folder, 1e6)
    if live(line, start * 0.8 + math.random() * most) then hits = hits + 1 end
    -- nothing yet: the machine has become slower since the start was timed
    is_bought = is_bought or next(truth_of(server)) ~= nil
    if not is_bought then most = 1.5 * most end
  until hits >= kills and is_bought
  support.sleep(1)
  local found = { unknown = {}, wrong = {}, counts = {} }
  settle_all(server, folder, seconds, found)
  server:stop()
  return found
end

return reconciling
