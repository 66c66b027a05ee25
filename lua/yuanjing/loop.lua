--- Waiting. The only room that decides to wait, and how: whoever needs an
-- answer opens a transfer here and asks for news of it. Today there is one way,
-- blocking; the pool moves everything else that is in flight meanwhile.
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

-- A signal ends a wait early: back in Lua, its hook (Ctrl-C) may run.
local function move(seconds)
  local moved, problem = loop.pool():wait(seconds)
  if not moved and problem ~= "interrupted" then error(problem, 0) end
end

--- Returns when there may be news of the transfer.
---@param transfer yuanjing.core.Transfer
function loop.wait(transfer)
  if not transfer:done() then move() end
end

--- Returns when the head of the answer is here, or none will come.
---@param transfer yuanjing.core.Transfer
function loop.wait_head(transfer)
  while not transfer:status() and not transfer:done() do move() end
end

--- Returns when nothing more will come.
---@param transfer yuanjing.core.Transfer
function loop.wait_done(transfer)
  while not transfer:done() do move() end
end

local lingering = {}

--- Lets a transfer whose answer is read run out by itself for a moment, so that
--- its connection can serve again; nobody waits for it.
---@param transfer yuanjing.core.Transfer
function loop.linger(transfer)
  for other in pairs(lingering) do
    if other:done() then
      lingering[other] = nil
      other:close()
    end
  end
  transfer:discard(2)
  loop.pool():step()
  if transfer:done() then return transfer:close() end
  lingering[transfer] = true
end

--- Waits, and lets everything in flight go on.
---@param seconds number
function loop.sleep(seconds)
  local ends = core.now() + seconds
  repeat
    local left = ends - core.now()
    move(left > 0 and left or 0)
  until core.now() >= ends
end

loop.now = core.now

return loop
