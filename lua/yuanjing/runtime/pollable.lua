--- `yuanjing.loop`: what another event loop needs to drive this one. It polls
-- one descriptor for reading and calls step() when the descriptor is
-- readable; timers make it readable too. cqueues polls the object itself.
-- Make calls that wait in jobs: elsewhere they would block the other loop.
local loop = require "yuanjing.runtime.loop"

---@class yuanjing.Loop
local pollable = {}

--- The descriptor to poll; nil on Windows, and where there is no epoll and no kqueue.
---@return integer?
function pollable.pollfd()
  return loop.watched_fd()
end

--- What to poll for: "r".
---@return string
function pollable.events()
  return "r"
end

--- Seconds until a timer needs step(), or nil. A loop that polls the
--- descriptor need not ask.
---@return number?
function pollable.timeout()
  loop.watched_fd()
  return loop.pool():timeout()
end

--- Does the work that is ready, for about so many seconds at most; never
--- waits.
---@param budget? number seconds; without it all of the work
function pollable.step(_, budget)
  if budget ~= nil then loop.check_seconds("loop:step", budget) end
  loop.drive(budget)
end

return pollable
