-- Workers that are killed repeatedly, on a Redis that is restarted once, and
-- the results of their tasks.
local child = require "support.child"
local redis = require "support.redis"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

local workers = {}

-- Notes the beginning and the end of each task in one file, in order.
local WORKER = [[
  local yuanjing = require "yuanjing"
  local log = assert(io.open(arg[1], "ab"))
  log:setvbuf("no")
  local function note(word, id)
    log:write(("%%s %%s %%s\n"):format(word, arg[2], id))
  end
  local client = yuanjing.new { base_url = %q, api_key = "sk-sandbox",
    journal = %q }
  repeat -- Redis may be away when it begins
    client.journal:work { concurrency = 10, lease = %d, interval = 0.2,
      on_result = function(task, result)
        assert(result.image)
        note("begin", task.id)
        yuanjing.sleep(0.5)
        note("end", task.id)
      end }
    yuanjing.sleep(0.5)
  until false
]]

local function start(state)
  state.started = state.started + 1
  local pid = support.output(("exec %s %s %s %d >>%s/said 2>&1 </dev/null & "
    .. "echo $!"):format(child.interpreter(), state.script, state.log,
    state.started, state.folder))
  return { pid = pid, number = state.started }
end

-- NB: its last note is written before the kill is noted.
local function kill(state, worker)
  os.execute(("kill -9 %s; sleep 0.05; echo killed %d >>%s"):format(
    worker.pid, worker.number, state.log))
end

-- The times when two workers held a task, and how often each task was handled.
local function read_log(path)
  local holder, done, overlaps = {}, {}, {}
  for line in support.read(path):gmatch("[^\n]+") do
    local word, worker, id = line:match("^(%l+) (%d+) ?(%d*)$")
    if word == "begin" then
      if holder[id] then overlaps[#overlaps + 1] = id end
      holder[id] = worker
    elseif word == "end" then
      holder[id], done[id] = nil, (done[id] or 0) + 1
    else
      for other, who in pairs(holder) do
        if who == worker then holder[other] = nil end
      end
    end
  end
  return done, overlaps
end

-- Submits the tasks that the journal does not have; returns whether all are
-- there now.
local function submit(client, count)
  local entries = client.journal:find {}
  if not entries then return false end
  local known = {}
  for _, entry in ipairs(entries) do
    known[entry.note] = entry.state ~= "refused"
  end
  for i = 1, count do
    local note = "task " .. i
    if not known[note] and not client:image { model = "wan2.2-t2i-plus",
      prompt = note, note = note } then
      return false
    end
  end
  return true
end

local function judge(state, server, client)
  local done, overlaps = read_log(state.log)
  local found = { overlaps = overlaps, unhandled = {}, twice = {},
    unknown = #assert(client.journal:unknown()), handled = 0 }
  for _, entry in ipairs(assert(client.journal:find {})) do
    if entry.id and not done[entry.id] then
      found.unhandled[#found.unhandled + 1] = entry.note
    end
    found.handled = found.handled + (done[entry.id] or 0)
  end
  local submits = {}
  for _, request in ipairs(server:requests()) do
    local prompt = request.fields and request.fields.prompt
    if prompt then
      if submits[prompt] then found.twice[#found.twice + 1] = prompt end
      submits[prompt] = true
    end
  end
  return found
end

local function restart(box)
  box:stop()
  support.sleep(0.5)
  box:restart()
end

-- One of four workers is killed and replaced every `pause` seconds, and Redis
-- is restarted in the middle; new tasks arrive all the time.
local function torment(state, box, client, plan)
  local list, from, is_restarted, part = {}, support.now(), false, 0
  for i = 1, 4 do list[i] = start(state) end
  repeat
    submit(client, math.ceil(plan.tasks * math.min(1, part + 0.1)))
    support.sleep(plan.pause)
    local i = math.random(4)
    kill(state, list[i])
    list[i] = start(state)
    part = (support.now() - from) / plan.seconds
    if not is_restarted and part > 0.5 then
      restart(box)
      is_restarted = true
    end
  until part > 1 and is_restarted
  return list
end

--- Four workers handle so many `tasks`; for so many `seconds` one of them is
--- killed every `pause` seconds. Returns lists of tasks with `overlaps`, that
--- are `unhandled` or were submitted `twice`.
---@param plan { tasks: integer, seconds: number, pause: number, lease: number }
function workers.run(plan)
  local box, server = redis.start(), assert(sandbox.start { task_seconds = 0.5 })
  local folder = support.tempdir()
  local state = { folder = folder, started = 0, log = folder .. "/log",
    script = support.write(folder .. "/worker.lua",
      ("package.path, package.cpath = %q, %q\n"):format(package.path,
        package.cpath) .. WORKER:format(server.url, box.url, plan.lease)) }
  support.write(state.log, "")
  local client = yuanjing.new { base_url = server.url, api_key = "sk-sandbox",
    journal = box.url }
  local list = torment(state, box, client, plan)
  assert(submit(client, plan.tasks))
  local store, ends = client._settings.journal.store, support.now() + 60
  repeat support.sleep(0.1) until store:left() == 0 or support.now() > ends
  for _, worker in ipairs(list) do kill(state, worker) end
  local found = judge(state, server, client)
  found.kills, found.left = state.started - 4, store:left()
  found.printed = support.read(folder .. "/said")
  server:stop()
  redis.clean()
  return found
end

return workers
