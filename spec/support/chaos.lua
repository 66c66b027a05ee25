-- Workers and a submitter on a Redis with all possible faults: a master and
-- its replica change roles and lose the last records, their clocks differ,
-- connections stall and are reset, and every process is killed or stopped at
-- times.
local child = require "support.child"
local ports = require "yuanjing.sandbox.ports"
local redis = require "support.redis"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

local chaos = {}

local LEASE = 8

local CLIENT = [[
  local yuanjing = require "yuanjing"
  local client = yuanjing.new { base_url = %q, api_key = "sk-sandbox",
    journal = %q, retries = 0 }
]]

-- Notes the beginning and the end of each task.
local WORKER = [[
  local log = assert(io.open(arg[1], "a"))
  log:setvbuf("no")
  local function note(word, text)
    log:write(("%%s %%s %%s\n"):format(word, arg[2], text))
  end
  repeat
    client.journal:work { concurrency = 8, lease = %d, interval = 0.3,
      on_result = function(task)
        note("begin", task.note)
        yuanjing.sleep(0.3)
        note("end", task.note)
      end }
    yuanjing.sleep(0.3) -- Redis may be away when it begins
  until false
]]

-- Checks its notes before it pays.
local SUBMITTER = [[
  local function is_known(note)
    local found = client.journal:find { note = note }
    if not found then return nil end
    for _, entry in ipairs(found) do
      if entry.state ~= "refused" then return true end
    end
    return false
  end
  for i = 1, %d do
    local note = "n" .. i
    repeat
      local known = is_known(note)
      if known == nil then yuanjing.sleep(0.3) end
      if known == false then
        client:image { model = "wan2.2-t2i-plus", prompt = note, note = note }
      end
    until known
    yuanjing.sleep(0.15)
  end
]]

local function script_of(state, name, text)
  return support.write(state.folder .. "/" .. name,
    ("package.path, package.cpath = %q, %q\n"):format(package.path,
      package.cpath) .. CLIENT:format(state.server.url, state.url) .. text)
end

local function skew_of(seconds)
  local so = support.tempdir() .. "/skew.so"
  assert(os.execute("cc -shared -fPIC -o " .. so .. " spec/support/skew.c"))
  return ("env LD_PRELOAD=%s YJ_SKEW=%d"):format(so, seconds)
end

local function start(state, script, environment)
  state.started = state.started + 1
  local number = state.started
  local pid = support.output(("exec %s %s %s %s %d >>%s/said 2>&1 </dev/null & "
    .. "echo $!"):format(environment or "", child.interpreter(), script,
    state.log, number, state.folder))
  return { pid = pid, number = number }
end

local function signal(process, name)
  os.execute(("kill -%s %s 2>/dev/null"):format(name, process.pid))
end

local function command_proxy(state, words)
  state.proxy:write(words, "\n")
  state.proxy:flush()
end

-- The second worker's clock is an hour behind.
local function start_worker(state, i)
  return start(state, state.worker_script, i == 2 and skew_of(-3600) or nil)
end

local function random(from, to) return from + (to - from) * math.random() end

local function for_a_while(seconds, begin, finish)
  begin()
  support.sleep(random(0.5, seconds))
  finish()
end

-- The replica becomes the master and lacks the last records; the old master
-- comes back as its replica. No other process is killed meanwhile: only the
-- writers know the lost records.
local function fail_over(state)
  local old, new = state.master, state.replica
  new:cli("replicaof no one")
  support.sleep(0.3)
  old:kill()
  command_proxy(state, "to " .. new.port)
  state.master, state.replica = new, old
  support.sleep(4)
  old:restart()
  old:cli("replicaof 127.0.0.1 " .. new.port)
  support.wait_until(function()
    return old:cli("info replication"):find("master_link_status:up", 1, true)
  end)
end

local EVENTS = {
  { 0.25, "kill a worker", function(state)
    local i = math.random(#state.workers)
    signal(state.workers[i], "KILL")
    state.workers[i] = start_worker(state, i)
  end },
  { 0.2, "stop a worker", function(state)
    local worker = state.workers[math.random(#state.workers)]
    for_a_while(3, function() signal(worker, "STOP") end,
      function() signal(worker, "CONT") end)
  end },
  { 0.15, "reset the connections", function(state)
    command_proxy(state, "reset")
  end },
  { 0.15, "stall Redis", function(state)
    for_a_while(2.5, function() command_proxy(state, "stall") end,
      function() command_proxy(state, "pass") end)
  end },
  { 0.1, "kill Redis", function(state)
    state.master:kill()
    command_proxy(state, "reset")
    support.sleep(0.4)
    state.master:restart()
  end },
  { 0.07, "kill the submitter", function(state)
    signal(state.submitter, "KILL")
    state.submitter = start(state, state.submitter_script)
  end },
  { 0.08, "fail over", fail_over },
}

local function happen(state)
  local dice = math.random()
  for _, event in ipairs(EVENTS) do
    dice = dice - event[1]
    if dice < 0 then
      state.counts[event[2]] = (state.counts[event[2]] or 0) + 1
      return event[3](state)
    end
  end
end

-- Judging -----------------------------------------------------------------

local function handled_of(state)
  local handled = {}
  for note in support.read(state.log):gmatch("end %d+ (n%d+)") do
    handled[note] = true
  end
  return handled
end

local function submits_of(server)
  local counts = {}
  for _, request in ipairs(server:requests "image") do
    local prompt = request.fields and request.fields.prompt
    if prompt then counts[prompt] = (counts[prompt] or 0) + 1 end
  end
  return counts
end

local function add(list, item, is_wanted)
  if is_wanted then list[#list + 1] = item end
end

local function judge(state, client, count)
  local found = { twice = {}, lost = {}, stuck = {}, unhandled = {},
    unknown = {}, submits = 0 }
  local entries, handled = {}, handled_of(state)
  for _, entry in ipairs(assert(client.journal:find {})) do
    if entry.note and entry.state ~= "refused" then
      entries[entry.note] = entry
    end
  end
  local submits = submits_of(state.server)
  for i = 1, count do
    local note = "n" .. i
    local entry, n = entries[note], submits[note] or 0
    local standing = entry and entry.state
    found.submits = found.submits + n
    add(found.twice, note, n > 1)
    add(found.lost, note, not entry)
    add(found.unknown, note, standing == "unknown" or standing == "sending")
    add(found.stuck, note, standing == "running")
    add(found.unhandled, note .. (entry and entry.dead
      and " (" .. entry.dead.error .. ")" or ""),
      standing == "done" and not handled[note])
  end
  return found
end

local function set_up()
  local ahead = redis.start("", skew_of(60))
  local right = redis.start("--replicaof 127.0.0.1 " .. ahead.port)
  local folder = support.tempdir()
  local port = ports.candidates(folder, 1)[1]
  local state = { server = assert(sandbox.start { task_seconds = 0.5 }),
    folder = folder, log = support.write(folder .. "/log", ""), counts = {},
    started = 0, workers = {}, master = ahead, replica = right,
    url = ("redis://127.0.0.1:%d"):format(port),
    proxy = assert(io.popen(("exec python3 spec/support/proxy.py %d %d"):format(
      port, ahead.port), "w")) }
  support.sleep(2)
  return state
end

local function wait_for_end(state, client)
  local store, ends = client._settings.journal.store, support.now() + 90
  while os.execute("kill -0 " .. state.submitter.pid .. " 2>/dev/null") == 0
    or support.output("kill -0 " .. state.submitter.pid .. " 2>&1") == "" do
    support.sleep(0.5)
    if support.now() > ends then break end
  end
  while store:left() ~= 0 and support.now() < ends do support.sleep(0.5) end
end

--- Submits and handles so many tasks, with random faults for so many seconds.
--- Returns lists of notes that were bought `twice`, are `lost`, `stuck` in
--- running, or done and `unhandled`; and a log of the faults.
---@param plan { tasks: integer, seconds: number }
function chaos.run(plan)
  local state = set_up()
  state.worker_script = script_of(state, "worker.lua", WORKER:format(LEASE))
  state.submitter_script = script_of(state, "submitter.lua",
    SUBMITTER:format(plan.tasks))
  for i = 1, 4 do state.workers[i] = start_worker(state, i) end
  state.submitter = start(state, state.submitter_script)
  local ends = support.now() + plan.seconds
  while support.now() < ends do
    support.sleep(random(0.3, 1.2))
    happen(state)
  end
  signal(state.submitter, "KILL")
  state.submitter = start(state, state.submitter_script)
  local client = yuanjing.new { base_url = state.server.url,
    api_key = "sk-sandbox", journal = state.url }
  assert(client.journal:pending())
  wait_for_end(state, client)
  local found = judge(state, client, plan.tasks)
  found.counts, found.left = state.counts,
    client._settings.journal.store:left()
  found.printed = support.read(state.folder .. "/said")
  for _, worker in ipairs(state.workers) do signal(worker, "KILL") end
  signal(state.submitter, "KILL")
  state.proxy:close()
  state.server:stop()
  redis.clean()
  return found
end

return chaos
