--- Waiting in an nginx worker (OpenResty, or nginx with its Lua module): who
-- waits has a seat, which gives way to nginx; one timer's thread, the pump, moves
-- everything on while something is in flight, and ends with it. It waits for the
-- core's descriptor in a thread of nginx's own (`thread_pool yuanjing
-- threads=1;`, or one that is called default), else it looks every few
-- milliseconds.
local semaphore = require "ngx.semaphore"

local owner_of = require "yuanjing.owner"

local ngx = rawget(_G, "ngx")
local nginx = {}

-- Where a wait can give way; elsewhere it blocks.
local YIELDABLE = { rewrite = true, server_rewrite = true, access = true,
  content = true, timer = true, ssl_cert = true }

-- The longest that a semaphore is waited for in one go.
local LONG = 86400

-- Seats --------------------------------------------------------------------

---@class yuanjing.Seat of one of nginx's light threads
---@field job? yuanjing.Job
local Seat = {}
Seat.__index = Seat

local seats = setmetatable({}, { __mode = "k" })

--- The seat of whoever runs here, or nil: here nothing can give way.
---@return yuanjing.Seat?
function nginx.seat()
  if not YIELDABLE[ngx.get_phase()] then return nil end
  local thread = coroutine.running()
  local seat = seats[thread]
  if not seat then
    seat = setmetatable({ semaphore = assert(semaphore.new()),
      is_parked = false, is_woken = false }, Seat)
    seats[thread] = seat
  end
  return seat
end

-- NB: one that catches its end again and again gives way at least.
local function raise_problem(self)
  ngx.sleep(0)
  error(self.problem, 0)
end

--- See yuanjing.Waiter.
function Seat:park(seconds)
  if self.problem then raise_problem(self) end
  self.is_parked, self.is_woken = true, false
  self.semaphore:wait(math.min(seconds or LONG, LONG))
  self.is_parked = false
  if self.problem then raise_problem(self) end
end

function Seat:wake()
  if not self.is_parked or self.is_woken then return end
  self.is_woken = true
  self.semaphore:post(1)
end

function Seat:stop(problem)
  self.problem = problem
  if seats[coroutine.running()] == self then error(problem, 0) end
  self:wake()
end

--- Whether its request has ended while it waited: nginx takes those that wait
--- away without a word.
function Seat:is_gone()
  return self.is_parked and not self.is_woken and self.semaphore:count() >= 0
end

--- Runs it in a light thread of this request.
function nginx.spawn(job, run)
  assert(ngx.thread.spawn(function()
    local seat = nginx.seat()
    seat.job = job
    run(seat)
  end))
end

-- Requests -----------------------------------------------------------------

local OWNER = {}

-- Ends the request as nginx itself does when the client leaves.
local function leave(owner)
  owner:cancel()
  ngx.exit(499)
end

-- NB: only with `lua_check_client_abort on`, and where the user has no handler
-- of his own; else the pump finds out that nobody waits any more.
local function watch_client(owner)
  pcall(ngx.on_abort, function() leave(owner) end)
end

--- Who answers for what is begun here: the job, or the request.
---@return yuanjing.Owner|yuanjing.Job|nil
function nginx.owner()
  local seat = nginx.seat()
  if not seat then return nil end
  if seat.job then return seat.job end
  local context = ngx.ctx
  if not context[OWNER] then
    context[OWNER] = owner_of.new()
    watch_client(context[OWNER])
  end
  return context[OWNER]
end

-- The pump -----------------------------------------------------------------

-- No longer, or the worker could not end meanwhile.
local WATCH = 0.2
local SHORTEST_NAP, LONGEST_NAP = 0.001, 0.01
local SWEEP = 1

local POOLS = { "yuanjing", "default" }
local pool_name = ngx.run_worker_thread and 1 or nil
local is_pumping = false

-- Whether a thread did the waiting.
local function watch(fd)
  while fd and pool_name do
    local ok, problem = ngx.run_worker_thread(POOLS[pool_name],
      "yuanjing.core", "pollfd", fd, WATCH)
    if ok then return true end
    pool_name = POOLS[pool_name + 1] and pool_name + 1 or nil
    ngx.log(ngx.INFO, "yuanjing: no thread watches: ", problem)
  end
  return false
end

local function pump(loop)
  local fd, nap, swept = loop.watched_fd(), SHORTEST_NAP, loop.now()
  while loop.pool():count() > 0 do
    if not watch(fd) then ngx.sleep(nap) end
    nap = loop.step() and SHORTEST_NAP or math.min(LONGEST_NAP, nap * 2)
    if loop.now() - swept > SWEEP then
      swept = loop.now()
      loop.drop_gone()
    end
  end
end

local function run_pump(_, loop)
  local ok, problem = pcall(pump, loop)
  is_pumping = false
  if not ok then ngx.log(ngx.ERR, "yuanjing: ", problem) end
end

--- Has the pump run while something is in flight.
function nginx.keep_moving(loop)
  if is_pumping or ngx.get_phase() == "init" then return end
  is_pumping = ngx.timer.at(0, run_pump, loop) or false
end

return nginx
