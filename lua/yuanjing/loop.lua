--- Waiting. The only room that decides to wait, and how: whoever needs an
-- answer opens a transfer here and asks for news of it. The program itself
-- blocks, and the pool moves everything else that is in flight meanwhile; a job
-- (a coroutine that loop.start made) gives way to it.
local core = require "yuanjing.core"

local loop = {}

local pool -- of this process

--- This process's pool. A pool made before a fork belongs to the parent.
---@return yuanjing.core.Pool
function loop.pool()
  if not pool or not pool:is_mine() then pool = assert(core.pool()) end
  return pool
end

--- Starts an exchange.
---@param request yuanjing.core.Request
---@return yuanjing.core.Transfer?
---@return string? message
---@return integer? code libcurl's
function loop.open(request)
  return loop.pool():open(request)
end

-- Jobs: coroutines of our own that give way instead of blocking.
local waiting = {}  -- transfer -> the job that waits for its news
local sleeping = {} -- job -> when it wants to go on
local current       -- the job that runs now

local function resume(job)
  local outer = current
  current = job
  local ok, problem = coroutine.resume(job)
  current = outer
  if not ok then error(debug.traceback(job, tostring(problem)), 0) end
end

local function is_in_job()
  return current ~= nil and coroutine.running() == current
end

local function give_way()
  coroutine.yield()
end

-- Seconds until the first sleeper, or nil.
local function until_first_sleeper()
  local first
  for _, at in pairs(sleeping) do
    if not first or at < first then first = at end
  end
  return first and math.max(0, first - core.now())
end

local function wake_sleepers()
  local now, due = core.now(), {}
  for job, at in pairs(sleeping) do
    if at <= now then due[#due + 1] = job end
  end
  for _, job in ipairs(due) do
    sleeping[job] = nil
    resume(job)
  end
end

local function wake_waiters()
  local transfer = loop.pool():ready()
  while transfer do
    local job = waiting[transfer]
    waiting[transfer] = nil
    if job then resume(job) end
    transfer = loop.pool():ready()
  end
end

-- Waits until something happens, and lets the jobs it concerns go on. A signal
-- ends the wait early: back in Lua, its hook (Ctrl-C) may run.
local function move(seconds)
  local nap = until_first_sleeper()
  if nap and (not seconds or nap < seconds) then seconds = nap end
  local moved, problem = loop.pool():wait(seconds)
  if not moved and problem ~= "interrupted" then error(problem, 0) end
  wake_waiters()
  wake_sleepers()
end

local function wait_news(transfer)
  if not is_in_job() then return move() end
  waiting[transfer] = current
  give_way()
end

--- Starts a job: `run` goes on by itself while anybody waits for anything. It
--- must not raise.
---@param run fun()
function loop.start(run)
  resume(coroutine.create(run))
end

--- Returns when `is_met()` is true; the jobs make it so. Not for jobs.
---@param is_met fun(): boolean
function loop.wait_until(is_met)
  while not is_met() do move() end
end

--- Returns when there may be news of the transfer.
---@param transfer yuanjing.core.Transfer
function loop.wait(transfer)
  if not transfer:done() then wait_news(transfer) end
end

--- Returns when the head of the answer is here, or none will come.
---@param transfer yuanjing.core.Transfer
function loop.wait_head(transfer)
  while not transfer:status() and not transfer:done() do
    wait_news(transfer)
  end
end

--- Returns when nothing more will come.
---@param transfer yuanjing.core.Transfer
function loop.wait_done(transfer)
  while not transfer:done() do wait_news(transfer) end
end

local lingering = {}

--- Lets a transfer whose answer is read run out by itself for a moment, so that
--- its connection can serve again; nobody waits for it. What it holds stays with
--- whoever holds it.
---@param transfer yuanjing.core.Transfer
function loop.linger(transfer)
  for other in pairs(lingering) do
    if other:done() then lingering[other] = nil end
  end
  transfer:discard(2)
  loop.pool():step()
  if not transfer:done() then lingering[transfer] = true end
end

--- Waits, and lets everything in flight go on.
---@param seconds number
function loop.sleep(seconds)
  local ends = core.now() + seconds
  if is_in_job() then
    sleeping[current] = ends
    return give_way()
  end
  repeat
    local left = ends - core.now()
    move(left > 0 and left or 0)
  until core.now() >= ends
end

loop.now = core.now

--- A number from 0 to 1, so that not everybody comes back at the same moment.
--- Not math.random: its sequence is the host's.
---@return number
function loop.jitter()
  return (core.now() * 1e4) % 1
end

return loop
