-- Scenarios during which an allocation fails. Called with the name of a
-- scenario and the address of a server; returns run(), which performs it, and
-- check(), which checks the result when allocations work again.
local name, origin = ...

local MODULES = "^yuanjing"

local function client()
  return require("yuanjing").new { api_key = "sk-test", base_url = origin,
    asset_url = origin, retries = 0, timeout = 0.5, proxy = "" }
end

local function finish(stream)
  local reply, err = stream:finish()
  return reply and reply.content == "ab\ncd" and reply or nil, err
end

local function stream(to)
  local opened, err = to:chat { prompt = "x", stream = true }
  if not opened then return nil, err end
  local parts = {}
  for text in opened:text() do parts[#parts + 1] = text end
  assert(table.concat(parts) == "ab\ncd")
  return true
end

-- A failure while waiters are resumed is raised by the caller of step(): the
-- fiber that waits must get it as well.
local function resumed()
  local core = require "yuanjing.core"
  local pool = core.pool()
  local transfer = pool and pool:open { method = "POST", proxy = "",
    url = origin .. "/llmage/v1/chat/completions", body = '{"stream":true}',
    events = true }
  assert(transfer, "not enough memory")
  local got, text, event = "", nil, nil
  local fiber = coroutine.create(function()
    repeat
      text, event = transfer:text()
      got = got .. (text or "")
    until event
  end)
  assert(core.switch(fiber), "not enough memory")
  while coroutine.status(fiber) ~= "dead" do
    pool:wait(1)
    pcall(pool.dispatch, pool)
  end
  assert(event == "done", "not enough memory")
  assert(got == "ab\ncd")
  return true
end

local file = os.tmpname()
local target, journal = file .. ".out", file .. ".journal"

local function remove()
  os.remove(target)
  os.remove(target .. ".part")
  os.remove(journal)
  os.remove(journal .. ".lock")
end

local SCENARIOS = {
  open = function()
    for module in pairs(package.loaded) do
      if module:find(MODULES) then package.loaded[module] = nil end
    end
    require "yuanjing"
    return client() ~= nil
  end,
  chat = function()
    local c = client()
    return c:chat { prompt = "x" }
  end,
  finish = function()
    local opened, err = client():chat { prompt = "x", stream = true }
    if not opened then return nil, err end
    return finish(opened)
  end,
  stream = function() return stream(client()) end,
  multipart = function()
    return client():video { model = "viduq3-pro", prompt = "x",
      first_frame = file, last_frame = file }
  end,
  base64 = function()
    return client().assets:upload { vendor_group_id = "g", file = file }
  end,
  journal = function()
    local c = client():with { journal = journal }
    local task, err = c:video { model = "viduq3-pro", prompt = "x",
      first_frame = file, last_frame = file }
    if not task then return nil, err end
    return c.journal:find {}
  end,
  download = function()
    local result, err = client():task("7"):await { timeout = 0.5 }
    if not result then return nil, err end
    return result:save(target)
  end,
  jobs = function()
    local yuanjing = require "yuanjing"
    local c, jobs = client(), {}
    for i = 1, 3 do jobs[i] = yuanjing.async(stream, c) end
    local ok, err = true, nil
    for i = 1, 3 do
      local good, problem = jobs[i]:await(1)
      if not good then ok, err = nil, problem end
    end
    return ok, err
  end,
  resumed = resumed,
  cancel = function()
    local yuanjing = require "yuanjing"
    local c = client()
    local job = yuanjing.async(stream, c)
    yuanjing.sleep(0)
    job:cancel()
    return job.done
  end,
  -- The collector must close what is left open.
  drop = function()
    local c = client()
    local opened, err = c:chat { prompt = "x", stream = true }
    if not opened then return nil, err end
    return opened:next()
  end,
}

local png = assert(io.open(file, "wb"))
png:write("\137PNG\r\n\26\n", ("x"):rep(3000))
png:close()

local run = assert(SCENARIOS[name], name)
require "yuanjing"

local outcome

-- For code that needs a larger stack, one that can not grow is too large.
local WORDS = { "not enough memory", "out of memory", "stack overflow" }

local function is_memory(problem)
  for _, words in ipairs(WORDS) do
    if tostring(problem):find(words, 1, true) then return true end
  end
  return false
end

return {
  run = function()
    local value, err = run()
    outcome = { value, err }
  end,
  -- A returned error names its kind; a raised error is about memory. Without a
  -- failure there is none.
  check = function(returned, problem, has_failed)
    local value, err = outcome and outcome[1], outcome and outcome[2]
    outcome = nil
    local part = io.open(target .. ".part")
    remove()
    collectgarbage()
    collectgarbage()
    if not returned then
      local is_ours = type(problem) == "table" and problem.kind
      assert(has_failed and (is_ours or is_memory(problem)),
        tostring(problem))
    elseif not value then
      assert(has_failed, tostring(err))
      assert(type(err) == "table" and err.kind and #tostring(err) > 10,
        "no error: " .. tostring(err))
    end
    assert(not part or not value, "a part of a file is left")
    if part then part:close() end
  end,
}
