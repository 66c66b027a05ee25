--- What must be the same in whatever way yuanjing is driven: cases, each written
-- once, as a user writes a job. A case runs on the sandbox, in any host, and
-- returns plain data; what that must be stands beside it. So a host may be a
-- process of its own: it performs the cases, and who started it looks at the
-- records, and at what the sandbox saw (support.verdict).
--
-- A case has
--   name       which its requests carry in the header X-Case
--   run        fun(world): table   what it does; the calls are a user's
--   expected   what run must return
--   breaks     the path of a request that must end early, as the server sees it
--   beside     a heartbeat of the host's own must go on meanwhile
--   idle       the processor must have next to nothing to do meanwhile
--   driven     what run must return where the host calls in, and nobody may block
--   sends      how many requests the server must have seen of it; { n, driven n }
local core = require "yuanjing.core"
local fibers = require "yuanjing.runtime.fibers"
local yuanjing = require "yuanjing"

local conformance = {}

local CHAT, FILE = "/llmage/v1/chat/completions", "/idfile"
local TEXT = "一二三四五六七八九十甲乙丙丁戊己庚辛"

-- The world of a case ---------------------------------------------------------

---@class conformance.World
---@field url string of the sandbox
---@field key string
---@field folder string for files; there must be one
---@field host string its name, for that of the case
---@field case? string
---@field task? string whose file the case downloads
---@field is_driven boolean the host calls in: a job must not block
---@field heartbeats? { count: integer, longest: number, last: number }
local World = {}
World.__index = World

--- A client that names its case and a scenario in each request.
function World:client(scenario, options)
  local all = { base_url = self.url, api_key = self.key, retries = 0,
    headers = { ["X-Case"] = self.case, ["X-Sandbox"] = scenario } }
  for name, value in pairs(options or {}) do all[name] = value end
  return yuanjing.new(all)
end

function World:stream(scenario, options)
  return assert(self:client(scenario, options):chat { prompt = "x",
    stream = true })
end

--- A task of the sandbox: an image.
function World:submit(scenario, options)
  local task = assert(self:client(scenario, options):image {
    model = "wan2.2-t2i-flash", prompt = "x" })
  self.task = task.id
  return task
end

function World:path(name)
  return ("%s/%s-%s"):format(self.folder, self.host, name)
end

--- For the host, about a hundred times a second.
function World:heartbeat()
  local heartbeats, now = self.heartbeats, core.now()
  heartbeats.count = heartbeats.count + 1
  heartbeats.longest = math.max(heartbeats.longest, now - heartbeats.last)
  heartbeats.last = now
end

---@param fields { url: string, key: string, folder: string, host: string }
---@return conformance.World
function conformance.world(fields)
  return setmetatable(fields, World)
end

local function exists(path)
  local file = io.open(path, "rb")
  return file ~= nil and file:close() and true
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("*a")
  file:close()
  return bytes
end

-- Waits until the sandbox has seen the case's request to this path end. Where it
-- does not end, the time of the case tells.
function World:wait_for_end(path)
  local ends = core.now() + 40
  local function has_ended()
    for line in io.lines(self.folder .. "/access.log") do
      if line:find(path, 1, true) and (line:find(self.case, 1, true)
        or self.task and line:gsub("/", ""):find(self.task, 1, true)) then
        return true
      end
    end
  end
  repeat yuanjing.sleep(0.05) until has_ended() or core.now() > ends
end

-- Cancels a job when it has begun to wait: the kind of error that await()
-- returns.
local function cancel(job, is_there)
  repeat yuanjing.sleep(0.01) until not is_there or is_there()
  job:cancel()
  local _, err = job:await()
  return err.kind
end

local function soon()
  local ends = core.now() + 2 -- a chat has left by then
  return function() return core.now() >= ends end
end

-- Seconds until which what comes before a limit has come.
local LIMIT = 2

-- Whether the problem reports in one sentence that nothing can wait there.
local function refuses(problem)
  return tostring(problem):find("a job can not wait", 1, true) ~= nil
end

-- The cases -------------------------------------------------------------------

local cases = {}

local function case(row)
  cases[#cases + 1] = row
end

case { name = "a chat", expected = { content = TEXT, ended_by = "stop" },
  run = function(world)
    local reply = assert(world:client("say=" .. TEXT):chat { prompt = "x" })
    return { content = reply.content, ended_by = reply.ended_by }
  end }

case { name = "a refusal", expected = { kind = "balance" },
  run = function(world)
    local reply, err = world:client("balance"):chat { prompt = "x" }
    return { reply = reply and reply.content, kind = err.kind }
  end }

case { name = "a stream, by its texts",
  expected = { text = TEXT, again = TEXT, pieces = 4 },
  run = function(world)
    local stream, texts = world:stream("say=" .. TEXT), {}
    for text in stream:text() do texts[#texts + 1] = text end
    return { text = table.concat(texts), pieces = #texts,
      again = assert(stream:finish()).content }
  end }

case { name = "a stream, by its chunks",
  expected = { text = TEXT, reason = "stop" },
  run = function(world)
    local text, reason = "", nil
    for chunk in world:stream("say=" .. TEXT):chunks() do
      text = text .. chunk.content
      reason = reason or chunk.finish_reason
    end
    return { text = text, reason = reason }
  end }

case { name = "a stream that is slow",
  expected = { text = TEXT, took_its_time = true },
  run = function(world)
    local from = core.now()
    local reply = assert(world:stream("slow=0.03; say=" .. TEXT):finish())
    return { text = reply.content, took_its_time = core.now() - from > 0.1 }
  end }

case { name = "a stream that is left early", breaks = CHAT,
  expected = { text = "一二" },
  run = function(world)
    local stream, seen = world:stream("stall=60; after=2; say=" .. TEXT), ""
    for text in stream:text() do
      seen = seen .. text
      if seen ~= "" then break end
    end
    stream:close() -- in 5.4 the loop has done it
    world:wait_for_end(CHAT)
    return { text = seen }
  end }

case { name = "a task", expected = { last = "SUCCEEDED", has_image = true },
  run = function(world)
    local last
    local result = assert(world:submit("task=0.1"):await { interval = 0.02,
      on_update = function(task) last = task.status end })
    return { last = last,
      has_image = result.image:find("^http://.*%.png$") ~= nil }
  end }

case { name = "an upload", expected = { bytes = 300000, has_id = true },
  run = function(world)
    local sent = 0
    local client = world:client("unchecked", { on_event = function(event)
      if event.type == "upload" then sent = event.total end
    end })
    local task = assert(client:video { model = "viduq3-pro", prompt = "x",
      first_frame = yuanjing.bytes(("x"):rep(300000), { name = "a.png" }),
      last_frame = yuanjing.bytes("y", { name = "b.png" }) })
    return { has_id = task.id ~= nil, bytes = sent > 300000 and 300000 or sent }
  end }

case { name = "a download",
  expected = { bytes = 200000, reported = 200000, is_png = true, part = false },
  run = function(world)
    local path, reported = world:path("a.png"), nil
    local saved = assert(world:submit("task=0; size=200000"):save(path, {
      on_progress = function(bytes) reported = bytes end }))
    local bytes = read(saved)
    return { bytes = #bytes, reported = reported, part = exists(path .. ".part"),
      is_png = bytes:find("^\137PNG\r\n") ~= nil }
  end }

-- Cancelling ---------------------------------------------------------------

case { name = "cancelling a chat", breaks = CHAT,
  expected = { kind = "cancelled" },
  run = function(world)
    local job = yuanjing.async(function()
      return world:client("stall-head=60"):chat { prompt = "x" }
    end)
    local kind = cancel(job, soon())
    world:wait_for_end(CHAT)
    return { kind = kind }
  end }

case { name = "cancelling in the midst of a stream", breaks = CHAT,
  expected = { kind = "cancelled", text = "一二" },
  run = function(world)
    local seen = ""
    local job = yuanjing.async(function()
      for text in world:stream("stall=60; after=2; say=" .. TEXT):text() do
        seen = seen .. text
      end
    end)
    local kind = cancel(job, function() return seen ~= "" end)
    world:wait_for_end(CHAT)
    return { kind = kind, text = seen }
  end }

case { name = "cancelling a sleep",
  expected = { kind = "cancelled", cleaned_up = "cancelled" },
  run = function()
    local raised
    local job = yuanjing.async(function()
      raised = select(2, pcall(yuanjing.sleep, 60))
    end)
    local kind = cancel(job)
    return { kind = kind, cleaned_up = raised.kind }
  end }

case { name = "cancelling what waits for a task",
  expected = { kind = "cancelled", asked = true, asks_on = false },
  run = function(world)
    local asked = 0
    local task = world:submit("task-never", { on_event = function(event)
      if event.type == "request" then asked = asked + 1 end
    end })
    local job = yuanjing.async(task.await, task, { interval = 0.02 })
    repeat yuanjing.sleep(0.01) until asked > 3
    job:cancel()
    local before = asked
    local kind = cancel(job)
    yuanjing.sleep(0.5)
    return { kind = kind, asked = before > 3, asks_on = asked > before }
  end }

case { name = "cancelling a download", breaks = FILE,
  expected = { kind = "cancelled", had_part = true, part = false,
    whole = false },
  run = function(world)
    local task = world:submit("task=0; file-stall=60; size=200000")
    local path, received = world:path("b.png"), 0
    local job = yuanjing.async(task.save, task, path, {
      on_progress = function(bytes) received = bytes end })
    local had_part
    local kind = cancel(job, function()
      had_part = exists(path .. ".part")
      return received > 0
    end)
    world:wait_for_end(FILE)
    return { kind = kind, had_part = had_part, whole = exists(path),
      part = exists(path .. ".part") }
  end }

-- Limits -------------------------------------------------------------------

case { name = "the idle limit", breaks = CHAT,
  expected = { kind = "timeout", partial = "一二" },
  run = function(world)
    local reply, err = world:stream("stall=60; after=2; say=" .. TEXT,
      { timeout = { idle = LIMIT } }):finish()
    world:wait_for_end(CHAT)
    return { reply = reply, kind = err.kind, partial = err.partial }
  end }

case { name = "the total limit", breaks = CHAT,
  expected = { kind = "timeout", partial = "一二" },
  run = function(world)
    local reply, err = world:stream("stall=60; after=2; say=" .. TEXT,
      { timeout = { total = LIMIT } }):finish()
    world:wait_for_end(CHAT)
    return { reply = reply, kind = err.kind, partial = err.partial }
  end }

case { name = "the total limit, before any answer", breaks = CHAT,
  expected = { kind = "outcome_unknown" },
  run = function(world)
    local reply, err = world:client("stall-head=60", { timeout = LIMIT })
      :chat { prompt = "x" }
    world:wait_for_end(CHAT)
    return { reply = reply, kind = err.kind }
  end }

case { name = "the limit of an await",
  expected = { first = "timeout", at_last = TEXT },
  run = function(world)
    local job = yuanjing.async(function()
      return assert(world:client("stall-head=4; say=" .. TEXT)
        :chat { prompt = "x" }).content
    end)
    local _, err = job:await(0.1)
    return { first = err.kind, at_last = job:await(60) }
  end }

-- Many at once -------------------------------------------------------------

case { name = "fifty at once", expected = { right = 50, together = true },
  run = function(world)
    local jobs, right, from = {}, 0, core.now()
    for n = 1, 50 do
      jobs[n] = yuanjing.async(function()
        return assert(world:client("stall-head=0.2; say=" .. n)
          :chat { prompt = "x" }).content
      end)
    end
    for n, job in ipairs(jobs) do
      if job:await() == tostring(n) then right = right + 1 end
    end
    return { right = right, together = core.now() - from < 5 }
  end }

case { name = "jobs that await jobs", expected = { sum = 21 },
  run = function(world)
    local job = yuanjing.async(function()
      return tonumber(assert(world:client("say=1"):chat { prompt = "x" })
        .content)
    end)
    for _ = 1, 20 do
      local before = job
      job = yuanjing.async(function() return 1 + before:await() end)
    end
    return { sum = job:await() }
  end }

local function tasks_of(world)
  local tasks = { fails = world:submit("task=0.1; task-fails") }
  for n = 1, 4 do tasks["t" .. n] = world:submit("task=0.1") end
  return tasks
end

case { name = "many tasks in a loop, in a job",
  expected = { t1 = "there", t2 = "there", t3 = "there", t4 = "there",
    fails = "task_failed" },
  run = function(world)
    return (yuanjing.async(function()
      local seen = {}
      for key, result, err in yuanjing.as_completed(tasks_of(world),
        { interval = 0.02 }) do
        seen[key] = result and result.image and "there" or err.kind
      end
      return seen
    end):await())
  end }

case { name = "many tasks at a time", expected = { there = 4, failed = 1 },
  run = function(world)
    local results, failures = yuanjing.await_all(tasks_of(world),
      { interval = 0.02 })
    local counts = { there = 0, failed = 0 }
    for _ in pairs(results) do counts.there = counts.there + 1 end
    for _ in pairs(failures) do counts.failed = counts.failed + 1 end
    return counts
  end }

-- Odd ways -----------------------------------------------------------------

case { name = "an error in a job",
  expected = { ok = false, has_message = true, has_place = true, kept = true },
  run = function()
    local job = yuanjing.async(function()
      yuanjing.sleep(0.01)
      error("oh")
    end)
    local ok, problem = pcall(job.await, job)
    return { ok = ok, kept = problem == job.traceback,
      has_message = problem:find("conformance.lua:%d+: oh\n") ~= nil,
      has_place = problem:find("stack traceback:.*conformance.lua") ~= nil }
  end }

case { name = "an error of ours in a job", expected = { kind = "balance" },
  run = function(world)
    local result, err = yuanjing.async(function()
      return assert(world:client("balance"):chat { prompt = "x" })
    end):await()
    return { result = result, kind = err.kind }
  end }

case { name = "a yield of the user's in a job",
  expected = { order = "other, after", brings = 0, content = "x" },
  run = function(world)
    local order, brings = {}, nil
    local awaited = yuanjing.async(yuanjing.sleep, 60)
    yuanjing.async(function()
      awaited:await()
      order[#order + 1] = "other"
    end)
    local content = yuanjing.async(function()
      yuanjing.sleep(0.01)
      awaited:cancel()
      brings = select("#", coroutine.yield("to whom?"))
      order[#order + 1] = "after"
      return assert(world:client("say=x"):chat { prompt = "x" }).content
    end):await()
    return { order = table.concat(order, ", "), brings = brings,
      content = content }
  end }

case { name = "a stream that another job has opened",
  expected = { text = TEXT },
  run = function(world)
    local stream = yuanjing.async(function()
      return world:stream("slow=0.01; say=" .. TEXT)
    end):await()
    local reader = yuanjing.async(function()
      return assert(stream:finish()).content
    end)
    return { text = (reader:await()) }
  end }

case { name = "a stream in a coroutine of the user's", sends = { 1, 0 },
  expected = { text = TEXT, pieces = 4 }, driven = { refused = true },
  run = function(world)
    yuanjing.sleep(0.01)
    local texts = coroutine.wrap(function()
      for text in world:stream("say=" .. TEXT):text() do
        coroutine.yield(text)
      end
    end)
    local seen = {}
    local ok, problem = pcall(function()
      for text in texts do seen[#seen + 1] = text end
    end)
    if not ok then return { refused = refuses(problem) or problem } end
    return { text = table.concat(seen), pieces = #seen }
  end }

-- Places that no yield can cross, in both Luas.
local BELOW_C = {
  ["gsub()"] = function(ask)
    return (("x"):gsub("x", ask))
  end,
  ["table.sort()"] = function(ask)
    local answer
    table.sort({ 1, 2 }, function(a, b)
      answer = answer or ask()
      return a < b
    end)
    return answer
  end,
  ["require()"] = function(ask)
    local answer
    package.loaded.page, package.preload.page = nil, function()
      answer = ask()
      return true
    end
    require "page"
    return answer
  end,
}

for place, below in pairs(BELOW_C) do
  case { name = "a chat below " .. place, sends = { 1, 0 },
    expected = { content = TEXT }, driven = { refused = true },
    run = function(world)
      yuanjing.sleep(0.01)
      local client = world:client("say=" .. TEXT)
      local ok, content = pcall(below, function()
        return assert(client:chat { prompt = "x" }).content
      end)
      if ok then return { content = content } end
      return { refused = refuses(content) or content }
    end }
end

case { name = "many at once below gsub()", sends = { 3, 0 },
  expected = { content = TEXT }, driven = { refused = true },
  run = function(world)
    yuanjing.sleep(0.01)
    local client = world:client("say=" .. TEXT)
    local ok, content = pcall(string.gsub, "x", "x", function()
      local replies = yuanjing.map({ 1, 2, 3 }, function()
        return client:chat { prompt = "x" }
      end)
      return replies[3].content
    end)
    if ok then return { content = content } end
    return { refused = refuses(content) or content }
  end }

case { name = "a stream that is read below gsub()",
  expected = { text = "begun", rest = TEXT },
  driven = { text = "refused", rest = TEXT },
  run = function(world)
    yuanjing.sleep(0.01)
    local stream = world:stream("stall-start=3; say=" .. TEXT)
    local ok, text = pcall(string.gsub, "x", "x", function()
      return assert(stream:next()) and "begun"
    end)
    if not ok then text = refuses(text) and "refused" or text end
    return { text = text, rest = assert(stream:finish()).content }
  end }

case { name = "a sleep and an await below gsub()",
  expected = { message = "slept, done" }, driven = { message = "refused, refused" },
  run = function()
    yuanjing.sleep(0.01)
    local job = yuanjing.async(yuanjing.sleep, 0.05)
    local function below(wait, word)
      local ok, printed = pcall(string.gsub, "x", "x", function()
        wait()
        return word
      end)
      return ok and printed or refuses(printed) and "refused" or printed
    end
    return { message = below(function() yuanjing.sleep(0.01) end, "slept") .. ", "
      .. below(function() job:await() end, "done") }
  end }

-- Failures -----------------------------------------------------------------

case { name = "a job that fails and that nobody awaits",
  expected = { soon = true, message = "on purpose", has_place = true },
  run = function()
    local reported, message, traceback
    yuanjing.on_error = function(err, where)
      reported, message, traceback = core.now(), err, where
    end
    local from = core.now()
    yuanjing.async(function()
      yuanjing.sleep(0)
      error("on purpose", 0)
    end)
    repeat yuanjing.sleep(0.01) until reported or core.now() - from > 60
    yuanjing.on_error = nil
    return { soon = reported ~= nil and reported - from < 30, message = message,
      has_place = traceback ~= nil
        and traceback:find("conformance.lua", 1, true) ~= nil }
  end }

-- Sleeping jobs, and jobs that wait for those, and an error at the n-th
-- instruction; returns whether it was raised. NB: LuaJIT's hook is for all
-- coroutines; a host that runs this in its own job is excluded.
local function strike(n)
  local jobs, is_over, was_struck = {}, false, false
  local in_job = fibers.innermost() ~= nil
  local function hook()
    local fiber = fibers.innermost()
    if in_job and not (fiber and fiber.job) then return end
    debug.sethook()
    if is_over then return end
    was_struck = true
    error("interrupted!", 0)
  end
  pcall(function()
    debug.sethook(hook, "", n)
    for _ = 1, 2 do
      local nap = yuanjing.async(yuanjing.sleep, 0.001)
      jobs[#jobs + 1] = nap
      jobs[#jobs + 1] = yuanjing.async(function() pcall(nap.await, nap) end)
    end
    yuanjing.sleep(0.002)
    jobs[1]:cancel()
    is_over = true
  end)
  debug.sethook()
  return jobs, was_struck
end

case { name = "an error that may come at any instruction",
  expected = { left = 0, swept = true },
  run = function()
    local jobs, n, was_struck, jit = {}, 1, true, rawget(_G, "jit")
    if jit then jit.off() end -- compiled code does not call hooks
    while was_struck and n < 5000 do
      local struck
      struck, was_struck = strike(n)
      for _, job in ipairs(struck) do jobs[#jobs + 1] = job end
      n = n + 13
    end
    if jit then jit.on() end
    local left, ends = 0, core.now() + 60
    for _, job in ipairs(jobs) do
      while not job.done and core.now() < ends do yuanjing.sleep(0.005) end
      if not job.done then left = left + 1 end
      pcall(job.await, job, 0)
    end
    return { left = left, swept = n > 300 }
  end }

case { name = "a program that has emptied its path", sends = { 1, 1 },
  expected = { kind = "outcome_unknown" },
  run = function(world)
    local client = world:client("stall-head=60", { timeout = LIMIT })
    local path, cpath, load = package.path, package.cpath, require
    package.path, package.cpath = "", ""
    rawset(_G, "require", nil)
    local ok, reply, err = pcall(client.chat, client, { prompt = "x" })
    package.path, package.cpath = path, cpath
    rawset(_G, "require", load)
    return { kind = ok and err.kind or tostring(reply) }
  end }

-- The host -----------------------------------------------------------------

case { name = "a host that is not held up", beside = true,
  expected = { text = TEXT, content = TEXT },
  run = function(world)
    local reply = assert(world:client("stall-head=5; say=" .. TEXT)
      :chat { prompt = "x" })
    return { content = reply.content,
      text = assert(world:stream("slow=0.05; say=" .. TEXT):finish()).content }
  end }

case { name = "a host with nothing to do", idle = true,
  expected = { status = "PENDING" },
  run = function(world)
    local stream = world:stream("stall=60; after=2")
    local task = world:submit("task=10")
    local job = yuanjing.async(task.await, task, { interval = 0.3 })
    local sleeper = yuanjing.async(yuanjing.sleep, 60)
    yuanjing.sleep(0.5)
    job:cancel()
    sleeper:cancel()
    stream:close()
    return { status = task.status == "CREATED" and "PENDING" or task.status }
  end }

case { name = "nothing that is left", expected = { in_flight = 0 },
  run = function()
    local pool = require("yuanjing.runtime.loop").pool()
    local ends = core.now() + 60
    while pool:count() > 0 and core.now() < ends do yuanjing.sleep(0.02) end
    return { in_flight = pool:count() }
  end }

conformance.cases = cases

-- Performing -------------------------------------------------------------------

--- Performs a case: its record, of plain data. `drive(main, heartbeat)` runs main
--- in the host and returns when it is over, and calls heartbeat about a hundred times
--- a second if it is given one.
---@param row table a case
---@param world conformance.World
---@param drive fun(main: fun(), heartbeat: fun()?)
---@return table record
function conformance.perform(row, world, drive)
  world.case = world.host .. "/" .. row.name
  world.task = nil
  world.heartbeats = { count = 0, longest = 0, last = core.now() }
  local record = { name = world.case, error = "it has not run",
    is_driven = world.is_driven }
  local from, clock = core.now(), os.clock()
  drive(function()
    local ok, value = xpcall(row.run, debug.traceback, world)
    record.value, record.error = ok and value or nil, not ok and value or nil
  end, row.beside and function() world:heartbeat() end or nil)
  record.took, record.cpu = core.now() - from, os.clock() - clock
  record.task, record.heartbeats = world.task, row.beside and world.heartbeats or nil
  return record
end

return conformance
