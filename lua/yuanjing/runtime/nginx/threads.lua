--- Concurrent functions in an nginx worker: in a light thread of the request, or
-- in a timer.
local nginx = require "yuanjing.runtime.nginx"

local ngx = rawget(_G, "ngx")
local threads = {}

local WEAK_KEYS = { __mode = "k" }

-- A light thread that has ended stays with its parent until the parent waits
-- for it. So this is done now and then; otherwise a timer that runs for days
-- would keep them all.
local function reap(children)
  local left = 0
  for thread in pairs(children.all) do
    if coroutine.status(thread) == "zombie" then
      children.all[thread] = nil
      ngx.thread.wait(thread)
    else
      left = left + 1
    end
  end
  children.n, children.most = left, 2 * left + 8
end

local function run_with_waiter(job, run)
  local waiter = nginx.waiter()
  waiter.job = job
  nginx.bind(waiter)
  run(waiter)
  nginx.forget_waiter()
end

local function spawn_thread(waiter, job, run)
  nginx.bind(waiter)
  local children = waiter.threads
  if not children then
    children = { all = setmetatable({}, WEAK_KEYS), n = 0, most = 8 }
    waiter.threads = children
  end
  if children.n >= children.most then reap(children) end
  children.n = children.n + 1
  children.all[assert(ngx.thread.spawn(run_with_waiter, job, run))] = true
end

-- A worker that shuts down calls its timers early.
local function run_timed(premature, job, run)
  if premature and job then job:cancel() end
  run_with_waiter(job, run)
end

--- Runs a function in a timer. NB: nginx may have too many timers and never
--- run it.
---@param job? yuanjing.Job
---@param run fun(waiter: yuanjing.NginxWaiter)
---@return true?
---@return string? problem
function threads.detach(job, run)
  return nginx.timer_at(0, run_timed, job, run)
end

--- Runs a function in a timer after so many seconds, or at once where there
--- are too many timers.
---@param seconds number
---@param run fun()
function threads.after(seconds, run)
  if not nginx.timer_at(seconds, run) then run() end
end

--- Runs a function in a light thread of this request, or in a timer where the
--- request can have none.
---@param job yuanjing.Job
---@param run fun(waiter: yuanjing.NginxWaiter)
function threads.spawn(job, run)
  local waiter = nginx.waiter()
  if waiter then return spawn_thread(waiter, job, run) end
  assert(threads.detach(job, run))
end

return threads
